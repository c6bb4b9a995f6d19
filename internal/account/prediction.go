package account

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"skytower/internal/fault"
	"skytower/internal/skytells"
	"skytower/internal/store"
)

// Bounds of an account's settings for predictions.
const (
	minRetention   = time.Second
	maxRetention   = 3660 * 24 * time.Hour
	maxConcurrency = 10_000
)

// serversRetention in the table stands for the server's default.
const serversRetention = -1

// PredictionSettings are what an account's predictions follow.
type PredictionSettings struct {
	Retention   time.Duration // how long data is kept; 0: for ever; negative: the server's default
	Concurrency int           // runs at the same time; 0: the server's default
	WebhookKey  string        // the webhook secret, "" if there is none
	// WebhookErr says why a secret that there is can't be opened, as after a change of
	// the master key. It is no error of the settings: what runs must be able to end.
	WebhookErr error
}

// settingsColumns are what scanSettings reads.
const settingsColumns = `id, retention, concurrency, own_concurrency, webhook_secret`

// PredictionSettings reads them in tx.
func (s *Service) PredictionSettings(ctx context.Context, tx *store.Tx, account string) (PredictionSettings, error) {
	_, p, err := s.scanSettings(tx.QueryRow(ctx, `select `+settingsColumns+` from account where id = $1`, account).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return PredictionSettings{}, notFound("account", account)
	}
	if err != nil {
		return PredictionSettings{}, fmt.Errorf("read settings of account %s: %w", account, err)
	}
	return p, nil
}

// PredictionSettingsOf reads those of several accounts, all of which there must be.
func (s *Service) PredictionSettingsOf(ctx context.Context, tx *store.Tx, accounts []string) (map[string]PredictionSettings, error) {
	all := make(map[string]PredictionSettings, len(accounts))
	d := tx.Dialect()
	err := tx.Each(ctx, `select `+settingsColumns+` from account where `+d.In("id", 1), func(row func(...any) error) error {
		id, p, err := s.scanSettings(row)
		all[id] = p
		return err
	}, d.Strings(accounts))
	if err != nil {
		return nil, fmt.Errorf("read settings of %d accounts: %w", len(accounts), err)
	}
	for _, account := range accounts {
		if _, ok := all[account]; !ok {
			return nil, notFound("account", account)
		}
	}
	return all, nil
}

func (s *Service) scanSettings(row func(...any) error) (id string, p PredictionSettings, err error) {
	var retention, given, own int64
	var sealed string
	if err := row(&id, &retention, &given, &own, &sealed); err != nil {
		return "", PredictionSettings{}, err
	}
	p = PredictionSettings{Retention: time.Duration(retention) * time.Microsecond, Concurrency: int(s.runs(given, own))}
	p.WebhookKey, p.WebhookErr = s.openWebhookSecret(id, sealed)
	return id, p, nil
}

// UpdateAccount changes the fields that the request names: name, retention, concurrency,
// tier, keep_bodies.
func (s *Service) UpdateAccount(ctx context.Context, by Operator, id string, r skytells.AccountRequest) (skytells.Account, error) {
	if r.Reason != "" {
		return skytells.Account{}, fault.Invalid("reason", "A reason belongs to a suspension: POST …/suspend.")
	}
	var a accountRow
	err := s.change(ctx, by, func(tx *store.Tx) (err error) {
		if a, err = openAccount(ctx, tx, id); err != nil {
			return err
		}
		before := a
		if err := s.editAccount(&a, r); err != nil || a == before {
			return err
		}
		return s.storeAccount(ctx, tx, by, before, &a)
	})
	if err != nil {
		return skytells.Account{}, fmt.Errorf("update account: %w", err)
	}
	return a.wire(), nil
}

func (s *Service) storeAccount(ctx context.Context, tx *store.Tx, by Operator, before accountRow, a *accountRow) error {
	a.changed = sql.NullInt64{Int64: s.micros(), Valid: true}
	_, err := tx.Exec(ctx, `update account set name = $2, retention = $3, concurrency = $4, changed_at = $5, tier = $6,
		own_concurrency = $7, keep_bodies = $8 where id = $1`, a.id, a.name, a.retention, a.concurrency, a.changed, a.tier, a.own, a.bodies)
	if err != nil {
		return err
	}
	return s.record(ctx, tx, by, act{"account.update", a.id, a.differs(before), ChangeAccount, a.id})
}

// ceiling is the most runs at the same time that an account may choose for itself; 0: it
// may choose nothing.
func (s *Service) ceiling(given int64) int64 {
	if given > 0 {
		return given
	}
	return int64(s.most)
}

// runs are those at the same time, from what the account is given and what it chose.
func (s *Service) runs(given, own int64) int64 {
	if most := s.ceiling(given); own > 0 && own < most {
		return own
	}
	return given
}

// edit takes over what the request names.
func (a *accountRow) edit(r skytells.AccountRequest) error {
	if name := strings.TrimSpace(r.Name); name != "" {
		a.name = name
	}
	if err := checkName(a.name); err != nil {
		return err
	}
	if r.Retention != nil {
		micros, err := parseRetention(*r.Retention)
		if err != nil {
			return err
		}
		a.retention = micros
	}
	if r.Concurrency != nil {
		if *r.Concurrency < 0 || *r.Concurrency > maxConcurrency {
			return fault.Invalid("concurrency", "'concurrency' must be from 1 to %d, or 0 for the server's default.", maxConcurrency)
		}
		a.concurrency = int64(*r.Concurrency)
	}
	return nil
}

// differs says for the audit what an edit changed.
func (a *accountRow) differs(before accountRow) string {
	var d difference
	d.add("name", before.name, a.name)
	d.add("retention", retentionText(before.retention), retentionText(a.retention))
	d.add("concurrency", strconv.FormatInt(before.concurrency, 10), strconv.FormatInt(a.concurrency, 10))
	d.add("own concurrency", strconv.FormatInt(before.own, 10), strconv.FormatInt(a.own, 10))
	d.add("tier", before.tier, a.tier)
	d.add("keep_bodies", bodiesText(before.bodies), bodiesText(a.bodies))
	return d.String()
}

// parseRetention reads a duration into the table's form: "" is the server's default, "0"
// keeps for ever. Days may be written too (30d).
func parseRetention(text string) (micros int64, err error) {
	text = strings.TrimSpace(text)
	switch text {
	case "":
		return serversRetention, nil
	case "0":
		return 0, nil
	}
	d, ok := parseDays(text, maxRetention)
	switch {
	case !ok:
		return 0, fault.Invalid("retention", "'retention' must be a duration such as 24h, 5m or 30d, 0 to keep everything, or empty for the server's default.")
	case d == 0:
		return 0, nil
	case d < minRetention || d > maxRetention || d%time.Second != 0:
		return 0, fault.Invalid("retention", "'retention' must be whole seconds, from 1s to 3660d; 0 keeps everything.")
	}
	return d.Microseconds(), nil
}

// parseDays reads a duration such as 24h, or whole days (30d). Days beyond most may come
// out as fewer, but still beyond it.
func parseDays(text string, most time.Duration) (time.Duration, bool) {
	days, ok := strings.CutSuffix(text, "d")
	if !ok {
		d, err := time.ParseDuration(text)
		return d, err == nil
	}
	n, err := strconv.Atoi(days)
	return time.Duration(min(max(n, -1), int(most/(24*time.Hour))+1)) * 24 * time.Hour, err == nil
}

// retentionText is the shortest text that parseRetention reads as this.
func retentionText(micros int64) string {
	switch {
	case micros < 0:
		return ""
	case micros == 0:
		return "0"
	}
	text := (time.Duration(micros) * time.Microsecond).String() // such as 24h0m0s
	if short, ok := strings.CutSuffix(text, "m0s"); ok {
		text = short + "m"
	}
	if short, ok := strings.CutSuffix(text, "h0m"); ok {
		text = short + "h"
	}
	return text
}
