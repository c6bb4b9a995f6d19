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
	Show   keysShow   `cmd:"" help:"Show one API key with its restrictions, without the secret part."`
	Update keysUpdate `cmd:"" help:"Change an API key's name or restrictions, within two seconds everywhere."`
	Rotate keysRotate `cmd:"" help:"Make a new key of the same kind, which alone goes to standard output, and let the old one end after a while."`
	Revoke keysRevoke `cmd:"" help:"End an API key for good, within two seconds everywhere."`
}

type keysCreate struct {
	Name    string   `help:"What it is for."`
	Account string   `placeholder:"ID" help:"Account; may be left out if there is just one."`
	Scope   []string `aliases:"scopes" placeholder:"SCOPE,..." help:"What it may do: models:read, predictions:read, predictions:create, inference, files, usage:read, billing:read, billing:write. All, or all that the member's role allows, if left out."`
	Expires string   `placeholder:"30d|DATE" help:"Lifetime (12h, 30d) or date (2027-01-31, from 00:00 UTC on it is expired)."`
	Address []string `aliases:"addresses" placeholder:"RANGE,..." help:"Addresses that it may be used from: 203.0.113.7, 10.0.0.0/8, 2001:db8::/32. All if left out."`
	Model   []string `aliases:"models" placeholder:"SLUG,..." help:"Models that it may use. All if left out."`
	Budget  string   `placeholder:"DOLLARS" help:"What it may spend in a calendar month (UTC)."`
	Member  string   `placeholder:"ID" help:"The account's member (mem_…) that it is for: it has at most the scopes of the member's role, and ends with the membership."`
}

// Run makes the key. The note goes to standard error, so that a pipe or $(…) gets
// the key and nothing else.
func (k *keysCreate) Run(ctx context.Context, s *session) error {
	expires, err := parseExpiry(k.Expires, time.Now())
	if err != nil {
		return err
	}
	budget, err := parseBudget(k.Budget)
	if err != nil {
		return err
	}
	c, err := s.connect()
	if err != nil {
		return err
	}
	key, err := c.CreateKey(ctx, skytells.KeyRequest{
		Account: k.Account, Name: k.Name, Scopes: k.Scope, ExpiresAt: expires,
		Addresses: k.Address, Models: k.Model, Budget: budget, Member: k.Member,
	})
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
	return list(s, keys, []string{"ID", "NAME", "KEY", "ACCOUNT", "STATE", "CREATED", "EXPIRES", "USED", "SCOPES"}, func(k skytells.Key) []string {
		return []string{k.ID, k.Name, k.Masked, k.Account, keyState(k, now), day(k.CreatedAt), dayOr(k.ExpiresAt, "never"), dayOr(k.LastUsedAt, "never"), strings.Join(k.Scopes, ",")}
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

type keysShow struct {
	ID string `arg:"" help:"Id of the key (key_…), as 'keys list' shows it."`
}

// Run shows the key.
func (k *keysShow) Run(ctx context.Context, s *session) error {
	if err := checkKeyID(k.ID); err != nil {
		return err
	}
	c, err := s.connect()
	if err != nil {
		return err
	}
	key, err := c.Key(ctx, k.ID)
	return showKey(s, key, err)
}

func showKey(s *session, k skytells.Key, err error) error {
	if err != nil {
		return err
	}
	return s.show(k, func(t *table) {
		t.row("id", k.ID)
		t.row("name", k.Name)
		t.row("key", k.Masked)
		t.row("account", k.Account)
		t.row("member", firstOf(k.Member, "none"))
		t.row("state", keyState(k, time.Now()))
		t.row("created", day(k.CreatedAt))
		t.row("expires", dayOr(k.ExpiresAt, "never"))
		t.row("last used", dayOr(k.LastUsedAt, "never"))
		t.row("rotated to", k.RotatedTo)
		t.row("scopes", strings.Join(k.Scopes, ", "))
		t.row("addresses", firstOf(strings.Join(k.Addresses, ", "), everything))
		t.row("models", firstOf(strings.Join(k.Models, ", "), everything))
		t.row("budget", budgetText(k.Budget))
	})
}

// Words that take a restriction away.
const (
	everything = "all"
	noBudget   = "none"
)

func budgetText(b skytells.Amount) string {
	if b == "" {
		return noBudget
	}
	return "$" + string(b) + " a month"
}

type keysUpdate struct {
	ID      string   `arg:"" help:"Id of the key (key_…), as 'keys list' shows it."`
	Name    *string  `help:"New name."`
	Address []string `aliases:"addresses" placeholder:"RANGE,..." help:"Addresses that it may be used from, in place of the ones before; 'all' for everywhere."`
	Model   []string `aliases:"models" placeholder:"SLUG,..." help:"Models that it may use, in place of the ones before; 'all' for every one."`
	Budget  string   `placeholder:"DOLLARS" help:"What it may spend in a calendar month (UTC); 'none' for no bound."`
}

// Run changes the key.
func (k *keysUpdate) Run(ctx context.Context, s *session) error {
	if err := checkKeyID(k.ID); err != nil {
		return err
	}
	change := skytells.KeyChange{Name: k.Name, Addresses: restriction(k.Address), Models: restriction(k.Model)}
	if k.Budget != "" {
		text := k.Budget
		if text == noBudget {
			text = ""
		}
		budget, err := parseBudget(text)
		if err != nil {
			return err
		}
		change.Budget = &budget
	}
	if change == (skytells.KeyChange{}) {
		return usagef("say what to change: --name, --address, --model or --budget")
	}
	c, err := s.connect()
	if err != nil {
		return err
	}
	key, err := c.UpdateKey(ctx, k.ID, change)
	return showKey(s, key, err)
}

// restriction is nil where nothing was said.
func restriction(words []string) *[]string {
	if len(words) == 0 {
		return nil
	}
	if len(words) == 1 && words[0] == everything {
		words = []string{}
	}
	return &words
}

type keysRotate struct {
	ID      string `arg:"" help:"Id of the key (key_…), as 'keys list' shows it."`
	Overlap string `placeholder:"24h" help:"How long the old key still works: 0s to 90d; 24h if left out."`
}

// Run rotates the key. The note goes to standard error, as that of 'keys create'.
func (k *keysRotate) Run(ctx context.Context, s *session) error {
	if err := checkKeyID(k.ID); err != nil {
		return err
	}
	c, err := s.connect()
	if err != nil {
		return err
	}
	key, err := c.RotateKey(ctx, k.ID, skytells.RotateRequest{Overlap: k.Overlap})
	if err != nil {
		return err
	}
	s.note("Made the key %s in place of %s, which works for %s more. It can't be shown again:", key.ID, k.ID, firstOf(k.Overlap, "24h"))
	return s.show(key, func(t *table) { t.row(key.Secret) })
}

// checkKeyID keeps a key that was pasted by mistake from travelling in an address.
func checkKeyID(id string) error {
	if strings.HasPrefix(id, "sk-") || strings.HasPrefix(id, "op-") {
		return usagef("give the key's id (key_…), as 'skytower keys list' shows it, not the key itself")
	}
	return nil
}

// parseBudget reads dollars a month; "" is none.
func parseBudget(text string) (skytells.Amount, error) {
	budget := skytells.Amount(strings.TrimPrefix(text, "$"))
	if budget == "" {
		return "", nil
	}
	return budget, checkAmount(budget)
}

type keysRevoke struct {
	ID string `arg:"" help:"Id of the key (key_…), as 'keys list' shows it."`
}

// Run revokes the key.
func (k *keysRevoke) Run(ctx context.Context, s *session) error {
	if err := checkKeyID(k.ID); err != nil {
		return err
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
