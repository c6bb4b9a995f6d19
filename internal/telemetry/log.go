package telemetry

import (
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
)

const redacted = "[redacted]"

// LogOptions says how to log.
type LogOptions struct {
	Level  slog.Leveler // nil is Info; a *slog.LevelVar can change later
	Format string       // "text", "json", or "auto": text where the writer is a terminal
}

// NewLogger returns a logger to w (standard error, in the server). Attributes
// whose name says that they are secret lose their value: a second fence behind
// the types that hide themselves.
func NewLogger(w io.Writer, o LogOptions) *slog.Logger {
	options := &slog.HandlerOptions{Level: o.Level, ReplaceAttr: redact}
	if o.Format == "text" || (o.Format != "json" && isTerminal(w)) {
		return slog.New(slog.NewTextHandler(w, options))
	}
	return slog.New(slog.NewJSONHandler(w, options))
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	// The null device is a character device too; its form of log is no matter.
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// redact replaces the value of an attribute that is named like a secret, or that
// stands in a group named so, the values of such headers, and the password of a URL.
func redact(groups []string, attr slog.Attr) slog.Attr {
	for _, group := range groups {
		if isSecretName(group) {
			return slog.String(attr.Key, redacted)
		}
	}
	if isSecretName(attr.Key) {
		return slog.String(attr.Key, redacted)
	}
	if attr.Value.Kind() != slog.KindAny {
		return attr
	}
	switch v := attr.Value.Any().(type) {
	case http.Header:
		return slog.Any(attr.Key, redactHeader(v))
	case *url.URL:
		if v != nil {
			return slog.String(attr.Key, v.Redacted())
		}
	}
	return attr
}

func redactHeader(header http.Header) http.Header {
	safe := header.Clone()
	for name := range safe {
		if isSecretName(name) {
			safe[name] = []string{redacted}
		}
	}
	return safe
}

// isSecretName knows the names whole, so that key_id and tokens_in stay readable.
func isSecretName(name string) bool {
	switch strings.ReplaceAll(strings.ToLower(name), "-", "_") {
	case "key", "api_key", "x_api_key", "apikey", "master_key", "operator_key",
		"authorization", "proxy_authorization", "cookie", "set_cookie",
		"password", "passwd", "secret", "client_secret", "credential", "credentials", "token", "access_token", "bearer":
		return true
	}
	return false
}
