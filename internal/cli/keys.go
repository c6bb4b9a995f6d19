package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"skytower/internal/skytells"
)

type keysCommand struct {
	Create keysCreate `cmd:"" help:"Make an API key; the key alone goes to standard output, this once."`
	List   keysList   `cmd:"" help:"List API keys, without the secret part."`
	Revoke keysRevoke `cmd:"" help:"End an API key for good, within two seconds everywhere."`
}

type keysCreate struct {
	Name    string   `help:"What it is for."`
	Account string   `placeholder:"ID" help:"Account; may be left out if there is just one."`
	Scope   []string `placeholder:"SCOPE,..." help:"What it may do: models:read, predictions:read, predictions:create, inference, files, usage:read. All if left out."`
	Expires string   `placeholder:"30d|DATE" help:"Lifetime (12h, 30d) or date (2027-01-31, from 00:00 UTC on it is expired)."`
}

// Run makes the key. The note goes to standard error, so that a pipe or $(…) gets
// the key and nothing else.
func (k *keysCreate) Run(ctx context.Context, s *session) error {
	expires, err := parseExpiry(k.Expires, time.Now())
	if err != nil {
		return err
	}
	c, err := s.connect()
	if err != nil {
		return err
	}
	key, err := c.CreateKey(ctx, skytells.KeyRequest{Account: k.Account, Name: k.Name, Scopes: k.Scope, ExpiresAt: expires})
	if err != nil {
		return err
	}
	s.note("Made the key %s of account %s. It can't be shown again:", key.ID, key.Account)
	return s.show(key, func(t *table) { t.row(key.Secret) })
}

type keysList struct {
	Account string `placeholder:"ID" help:"Only keys of this account."`
}

// Run lists keys.
func (k *keysList) Run(ctx context.Context, s *session) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	keys, err := c.Keys(ctx, k.Account)
	if err != nil {
		return err
	}
	now := time.Now()
	return list(s, keys, []string{"ID", "NAME", "KEY", "ACCOUNT", "STATE", "CREATED", "EXPIRES", "SCOPES"}, func(k skytells.Key) []string {
		return []string{k.ID, k.Name, k.Masked, k.Account, keyState(k, now), day(k.CreatedAt), dayOr(k.ExpiresAt, "never"), strings.Join(k.Scopes, ",")}
	})
}

func keyState(k skytells.Key, now time.Time) string {
	switch {
	case k.RevokedAt != nil:
		return "revoked"
	case k.ExpiresAt != nil && !k.ExpiresAt.After(now):
		return "expired"
	}
	return "active"
}

type keysRevoke struct {
	ID string `arg:"" help:"Id of the key (key_…), as 'keys list' shows it."`
}

// Run revokes the key.
func (k *keysRevoke) Run(ctx context.Context, s *session) error {
	if strings.HasPrefix(k.ID, "sk-") || strings.HasPrefix(k.ID, "op-") {
		return usagef("give the key's id (key_…), as 'skytower keys list' shows it, not the key itself")
	}
	c, err := s.connect()
	if err != nil {
		return err
	}
	key, err := c.RevokeKey(ctx, k.ID)
	if err != nil {
		return err
	}
	return s.show(key, func(t *table) { t.row(fmt.Sprintf("Revoked %s (%s).", key.ID, key.Masked)) })
}

// parseExpiry reads a lifetime from now (a number with w, d, h or m) or a date; nil
// for no text.
func parseExpiry(text string, now time.Time) (*time.Time, error) {
	if text == "" {
		return nil, nil
	}
	at, ok := expiry(text, now)
	if !ok {
		return nil, usagef("--expires: %q is neither a lifetime (12h, 30d, 4w) nor a date (2027-01-31, or 2027-01-31T18:00:00Z)", text)
	}
	if !at.After(now) {
		return nil, usagef("--expires: %s is past already", text)
	}
	return &at, nil
}

func expiry(text string, now time.Time) (time.Time, bool) {
	units := map[byte]time.Duration{'w': 7 * 24 * time.Hour, 'd': 24 * time.Hour, 'h': time.Hour, 'm': time.Minute}
	if unit, ok := units[text[len(text)-1]]; ok {
		const most = 52_560_000 // minutes of a century: times a week still no overflow
		n, err := strconv.ParseUint(text[:len(text)-1], 10, 32)
		if err != nil || n > most || time.Duration(n) > (100*365*24*time.Hour)/unit {
			return time.Time{}, false
		}
		return now.Add(time.Duration(n) * unit), true
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}
