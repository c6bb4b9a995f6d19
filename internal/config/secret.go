package config

import (
	"fmt"
	"io"
	"log/slog"
	"net/url"
)

const redacted = "[redacted]"

// Secret is a text that shows itself to nobody who does not ask with Reveal:
// fmt, encoding/json, YAML and log/slog print "[redacted]".
//
// Three holes are left, as it is a text to Go all the same: fmt can't call methods
// on an unexported field and prints the bare text there, so keep it in exported
// ones; encoding/json writes it bare as the key of a map; and %p, which go vet
// reports.
type Secret string

// Reveal is the text itself.
func (s Secret) Reveal() string { return string(s) }

// String hides the text.
func (s Secret) String() string { return redacted }

// GoString hides the text from %#v.
func (s Secret) GoString() string { return redacted }

// Format hides the text from every verb: without it, %d and other wrong verbs
// would print the text in their complaint.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalJSON hides the text.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// MarshalText hides the text from encoders other than JSON's.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue hides the text.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// DatabaseURL is the database's address. It prints without the password.
type DatabaseURL string

// Reveal is the address with its password.
func (d DatabaseURL) Reveal() string { return string(d) }

// String is the address with its password, and any password among its
// parameters, hidden.
func (d DatabaseURL) String() string {
	if d == "" || d.Engine() == "sqlite" {
		return string(d)
	}
	u, err := url.Parse(string(d))
	if err != nil {
		return redacted
	}
	const hidden = "redacted" // the brackets would be escaped
	if _, ok := u.User.Password(); ok {
		u.User = url.UserPassword(u.User.Username(), hidden)
	}
	query := u.Query()
	for _, name := range []string{"password", "sslpassword", "passfile"} {
		if query.Has(name) {
			query.Set(name, hidden)
		}
	}
	u.RawQuery = query.Encode()
	return u.String()
}

// GoString is String, for %#v.
func (d DatabaseURL) GoString() string { return d.String() }

// Format prints String for every verb.
func (d DatabaseURL) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, d.String()) }

// MarshalText is String, for encoders.
func (d DatabaseURL) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// LogValue is String, for the log.
func (d DatabaseURL) LogValue() slog.Value { return slog.StringValue(d.String()) }
