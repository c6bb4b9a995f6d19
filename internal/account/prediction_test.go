package account

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"skytower/internal/fault"
	"skytower/internal/secret"
	"skytower/internal/skytells"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

func sealer(t *testing.T, fill byte) *secret.Sealer {
	t.Helper()
	key, err := secret.NewMasterKey(bytes.Repeat([]byte{fill}, secret.Size))
	wantFault(t, err, "")
	s, err := secret.NewRing(key).Sealer(secret.WebhookKeys)
	wantFault(t, err, "")
	return s
}

func settingsOf(t *testing.T, db *store.DB, s *Service, account string) (p PredictionSettings, err error) {
	t.Helper()
	err = db.Read(t.Context(), func(tx *store.Tx) (err error) {
		p, err = s.PredictionSettings(t.Context(), tx, account)
		return err
	})
	return p, err
}

// TestSettingsOfSeveral: each account has its own, and none may be missing.
func TestSettingsOfSeveral(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx, s := t.Context(), NewService(db, ServiceOptions{})
		a, b := newAccount(t, s), newAccount(t, s)
		if _, err := s.UpdateAccount(ctx, System(), b.ID, skytells.AccountRequest{Concurrency: ptr(3)}); err != nil {
			t.Fatal(err)
		}
		of := func(accounts ...string) (all map[string]PredictionSettings, err error) {
			err = db.Read(ctx, func(tx *store.Tx) (err error) {
				all, err = s.PredictionSettingsOf(ctx, tx, accounts)
				return err
			})
			return all, err
		}
		if all, err := of(a.ID, b.ID); err != nil || len(all) != 2 || all[a.ID].Concurrency != 0 || all[b.ID].Concurrency != 3 {
			t.Errorf("settings %+v, %v", all, err)
		}
		if _, err := of(a.ID, "acct_missing"); !fault.Is(err, fault.InvalidParameter) {
			t.Errorf("with one missing: %v", err)
		}
	})
}

func ptr[T any](v T) *T { return &v }

func TestSettingsOfPredictions(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx, s := t.Context(), NewService(db, ServiceOptions{})
		acct := newAccount(t, s)
		if p, err := settingsOf(t, db, s, acct.ID); err != nil || p.Retention >= 0 || p.Concurrency != 0 || p.WebhookKey != "" {
			t.Errorf("a new account has %+v, %v", p, err)
		}
		if acct.Retention != "" || acct.Concurrency != 0 || acct.WebhookSecret {
			t.Errorf("shown as %+v", acct)
		}
		changed, err := s.UpdateAccount(ctx, System(), acct.ID, skytells.AccountRequest{Retention: ptr("5m"), Concurrency: ptr(20)})
		if err != nil || changed.Retention != "5m" || changed.Concurrency != 20 || changed.Name != acct.Name || changed.ChangedAt == nil {
			t.Errorf("changed %+v, %v", changed, err)
		}
		if p, err := settingsOf(t, db, s, acct.ID); err != nil || p.Retention != 5*time.Minute || p.Concurrency != 20 {
			t.Errorf("settings %+v, %v", p, err)
		}
		// What the request leaves out stays; the same again is no change.
		for range 2 {
			changed, err = s.UpdateAccount(ctx, System(), acct.ID, skytells.AccountRequest{Name: "Renamed", Retention: ptr("0")})
			if err != nil || changed.Retention != "0" || changed.Concurrency != 20 || changed.Name != "Renamed" {
				t.Errorf("changed %+v, %v", changed, err)
			}
		}
		if p, err := settingsOf(t, db, s, acct.ID); err != nil || p.Retention != 0 {
			t.Errorf("settings %+v, %v", p, err)
		}
		if n := count(acts(t, db), "system account.update "+acct.ID); n != 2 {
			t.Errorf("%d changes in the audit", n)
		}
		made, err := s.CreateAccount(ctx, System(), skytells.AccountRequest{Name: "x", Retention: ptr("24h"), Concurrency: ptr(3)})
		if got, _ := s.Account(ctx, made.ID); err != nil || got.Retention != "24h" || got.Concurrency != 3 {
			t.Errorf("made %+v, %v", got, err)
		}
		if _, err := settingsOf(t, db, s, "acct_x"); fault.From(err).HTTPStatus() != 404 {
			t.Errorf("settings of nobody: %v", err)
		}
	})
}

func count(all []string, one string) (n int) {
	for _, s := range all {
		if s == one {
			n++
		}
	}
	return n
}

func TestWrongSettings(t *testing.T) {
	t.Parallel()
	s := NewService(storetest.Open(t, storetest.SQLite(t)), ServiceOptions{})
	acct := newAccount(t, s)
	for name, r := range map[string]skytells.AccountRequest{
		"retention":   {Retention: ptr("soon")},
		"concurrency": {Concurrency: ptr(-1)},
		"name":        {Name: strings.Repeat("x", maxName+1)},
		"reason":      {Reason: "unpaid"},
	} {
		_, err := s.UpdateAccount(t.Context(), System(), acct.ID, r)
		if !fault.Is(err, fault.InvalidParameter) || fault.From(err).Param != name && name != "name" {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := s.UpdateAccount(t.Context(), System(), acct.ID, skytells.AccountRequest{Concurrency: ptr(maxConcurrency + 1)})
	wantFault(t, err, fault.InvalidParameter)
	_, err = s.UpdateAccount(t.Context(), System(), "acct_x", skytells.AccountRequest{})
	if fault.From(err).HTTPStatus() != 404 {
		t.Errorf("nobody: %v", err)
	}
	_, err = s.UpdateAccount(t.Context(), Operator{Role: RoleAuditor}, acct.ID, skytells.AccountRequest{Name: "x"})
	wantFault(t, err, fault.Forbidden)
	if got, err := s.Account(t.Context(), acct.ID); err != nil || got != acct {
		t.Errorf("afterwards %+v, %v", got, err)
	}
}

func TestRetentionTexts(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", "0": "0", "0s": "0", " 5m ": "5m", "24h": "24h", "1d": "24h", "90m": "1h30m", "30d": "720h",
		"1h0m30s": "1h0m30s", "1s": "1s", "3660d": "87840h", "10m": "10m",
	} {
		micros, err := parseRetention(text)
		if got := retentionText(micros); err != nil || got != want {
			t.Errorf("%q reads as %q, %v; want %q", text, got, err, want)
		}
		if again, err := parseRetention(want); err != nil || again != micros {
			t.Errorf("%q reads as %d, %v; want %d", want, again, err, micros)
		}
	}
	for _, text := range []string{"soon", "5", "-5m", "-1d", "500ms", "1500ms", "3661d", "99999999999999d", "d", "1.5d", "2540400h", "1h1"} {
		if micros, err := parseRetention(text); !fault.Is(err, fault.InvalidParameter) || micros != 0 {
			t.Errorf("%q reads as %d, %v", text, micros, err)
		}
	}
}

func TestWebhookSecret(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx, s := t.Context(), NewService(db, ServiceOptions{Sealer: sealer(t, 7)})
		acct, other := newAccount(t, s), newAccount(t, s)
		made := makeSecret(t, s, acct.ID)
		if !strings.HasPrefix(made.Secret, "whsec_") || len(made.Secret) != 6+64 || !made.Set || made.Account != acct.ID {
			t.Errorf("made %+v", made)
		}
		if p, err := settingsOf(t, db, s, acct.ID); err != nil || p.WebhookKey != made.Secret {
			t.Errorf("settings %+v, %v", p, err)
		}
		if got, err := s.Account(ctx, acct.ID); err != nil || !got.WebhookSecret {
			t.Errorf("shown as %+v, %v", got, err)
		}
		rotated := makeSecret(t, s, acct.ID)
		if p, err := settingsOf(t, db, s, acct.ID); err != nil || p.WebhookKey != rotated.Secret || rotated.Secret == made.Secret {
			t.Errorf("rotated: %+v, %v", p, err)
		}
		if p, err := settingsOf(t, db, s, other.ID); err != nil || p.WebhookKey != "" {
			t.Errorf("another account: %+v, %v", p, err)
		}
		for range 2 {
			removed, err := s.RemoveWebhookSecret(ctx, System(), acct.ID)
			if err != nil || removed.Set || removed.Secret != "" {
				t.Errorf("removed %+v, %v", removed, err)
			}
		}
		if p, err := settingsOf(t, db, s, acct.ID); err != nil || p.WebhookKey != "" {
			t.Errorf("removed: %+v, %v", p, err)
		}
		all := acts(t, db)
		for _, act := range []string{"create", "rotate", "remove"} {
			if n := count(all, "system webhook_secret."+act+" "+acct.ID); n != 1 {
				t.Errorf("%d acts of %s in the audit", n, act)
			}
		}
	})
}

func makeSecret(t *testing.T, s *Service, account string) skytells.WebhookSecret {
	t.Helper()
	made, err := s.MakeWebhookSecret(t.Context(), System(), account)
	wantFault(t, err, "")
	return made
}

// The secret is stored sealed, for its account and under this master key alone.
func TestWebhookSecretIsSealed(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, storetest.SQLite(t))
	s := NewService(db, ServiceOptions{Sealer: sealer(t, 7)})
	acct, thief := newAccount(t, s), newAccount(t, s)
	made := makeSecret(t, s, acct.ID)
	var all strings.Builder
	for _, table := range []string{"account", "audit", "change"} {
		dumpTable(t, db, table, &all)
	}
	if strings.Contains(all.String(), made.Secret[6:20]) || !strings.Contains(all.String(), "s1.") {
		t.Error("the secret is readable in the database")
	}
	wantFault(t, db.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(t.Context(), `update account set webhook_secret = (select webhook_secret from account where id = $1) where id = $2`,
			acct.ID, thief.ID)
		return err
	}), "")
	if p, err := settingsOf(t, db, s, thief.ID); err != nil || p.WebhookErr == nil || p.WebhookKey != "" {
		t.Errorf("a copied secret opens: %v", err)
	}
	for name, keeper := range map[string]*Service{
		"no key": NewService(db, ServiceOptions{}), "another key": NewService(db, ServiceOptions{Sealer: sealer(t, 8)}),
	} {
		p, err := settingsOf(t, db, keeper, acct.ID)
		if err != nil || p.WebhookKey != "" || p.Retention >= 0 || p.WebhookErr == nil || strings.Contains(p.WebhookErr.Error(), made.Secret[6:20]) {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
}

func TestWebhookSecretOfWhom(t *testing.T) {
	t.Parallel()
	s := NewService(storetest.Open(t, storetest.SQLite(t)), ServiceOptions{Sealer: sealer(t, 7)})
	acct := newAccount(t, s)
	for name, act := range map[string]func(context.Context, Operator, string) (skytells.WebhookSecret, error){
		"make": s.MakeWebhookSecret, "remove": s.RemoveWebhookSecret,
	} {
		if _, err := act(t.Context(), System(), "acct_x"); fault.From(err).HTTPStatus() != 404 {
			t.Errorf("%s, nobody's: %v", name, err)
		}
		_, err := act(t.Context(), Operator{Role: RoleAuditor}, acct.ID)
		wantFault(t, err, fault.Forbidden)
	}
}

func TestFirstAccountHasTheServersRetention(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, storetest.SQLite(t))
	s := NewService(db, ServiceOptions{})
	first, _, err := s.Bootstrap(t.Context(), nil)
	wantFault(t, err, "")
	if p, err := settingsOf(t, db, s, first.Account.ID); err != nil || p.Retention >= 0 {
		t.Errorf("settings %+v, %v", p, err)
	}
}
