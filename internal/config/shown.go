package config

import (
	"net/url"
	"slices"
)

// Shown is a setting as it may be shown to an operator.
type Shown struct {
	Setting
	Value  string // "[set]" for a secret
	Origin Origin
}

// hidden stands for a secret that has a value.
const hidden = "[set]"

// Shown returns the whole table with its values, secrets hidden.
func (c *Config) Shown() []Shown {
	table := Settings()
	shown := make([]Shown, len(table))
	for i, s := range table {
		value := s.shown(c)
		switch {
		case s.Key == keyBlob:
			value = ShownBucket(value)
		case s.Secret && s.Key != keyDatabase && value != "":
			value = hidden
		}
		shown[i] = Shown{Setting: s, Value: value, Origin: c.origins[s.Key]}
	}
	return shown
}

// ShownBucket is the address of a storage without what in its query may be a secret.
func ShownBucket(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return hidden
	}
	query := u.Query()
	known := []string{"region", "endpoint", "prefix", "use_path_style", "s3ForcePathStyle", "disable_https", "disableSSL"}
	for name := range query {
		if !slices.Contains(known, name) {
			query.Set(name, hidden)
		}
	}
	u.RawQuery = query.Encode()
	return u.String()
}
