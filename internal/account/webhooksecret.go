package account

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"

	"skytower/internal/secret"
	"skytower/internal/skytells"
	"skytower/internal/store"
)

const (
	webhookSecretPrefix = "whsec_"
	webhookSecretBytes  = 32
)

var errNoSealer = errors.New("this process was given no key for webhook secrets")

// MakeWebhookSecret makes the secret that signs an account's webhooks, in place of any
// older one. The answer's Secret is its only readable copy. Events that were fixed
// before keep their signatures.
func (s *Service) MakeWebhookSecret(ctx context.Context, by Operator, account string) (skytells.WebhookSecret, error) {
	if s.sealer == nil {
		return skytells.WebhookSecret{}, fmt.Errorf("make webhook secret: %w", errNoSealer)
	}
	raw := newWebhookSecret()
	sealed := s.sealer.Seal([]byte(raw), webhookSecretContext(account))
	err := s.change(ctx, by, func(tx *store.Tx) error { return s.replaceWebhookSecret(ctx, tx, by, account, sealed) })
	if err != nil {
		return skytells.WebhookSecret{}, fmt.Errorf("make webhook secret: %w", err)
	}
	return skytells.WebhookSecret{Account: account, Set: true, Secret: raw}, nil
}

// RemoveWebhookSecret ends it: later webhooks are signed with the API key that made the
// prediction. Twice changes nothing.
func (s *Service) RemoveWebhookSecret(ctx context.Context, by Operator, account string) (skytells.WebhookSecret, error) {
	err := s.change(ctx, by, func(tx *store.Tx) error { return s.dropWebhookSecret(ctx, tx, by, account) })
	if err != nil {
		return skytells.WebhookSecret{}, fmt.Errorf("remove webhook secret: %w", err)
	}
	return skytells.WebhookSecret{Account: account}, nil
}

func (s *Service) replaceWebhookSecret(ctx context.Context, tx *store.Tx, by Operator, account, sealed string) error {
	a, err := openAccount(ctx, tx, account)
	if err != nil {
		return err
	}
	action := "webhook_secret.create"
	if a.webhookSecret != "" {
		action = "webhook_secret.rotate"
	}
	return s.storeWebhookSecret(ctx, tx, by, action, account, sealed)
}

func (s *Service) dropWebhookSecret(ctx context.Context, tx *store.Tx, by Operator, account string) error {
	a, err := accountByID(ctx, tx, account, tx.Dialect().ForUpdate())
	if err != nil || a.webhookSecret == "" {
		return err
	}
	return s.storeWebhookSecret(ctx, tx, by, "webhook_secret.remove", account, "")
}

func (s *Service) storeWebhookSecret(ctx context.Context, tx *store.Tx, by Operator, action, account, sealed string) error {
	_, err := tx.Exec(ctx, `update account set webhook_secret = $2, changed_at = $3 where id = $1`, account, sealed, s.micros())
	if err != nil {
		return err
	}
	return s.record(ctx, tx, by, act{action, account, "", ChangeAccount, account})
}

func (s *Service) openWebhookSecret(account, sealed string) (string, error) {
	if sealed == "" {
		return "", nil
	}
	if s.sealer == nil {
		return "", fmt.Errorf("open webhook secret of account %s: %w", account, errNoSealer)
	}
	raw, err := s.sealer.Open(sealed, webhookSecretContext(account))
	if err != nil {
		return "", fmt.Errorf("webhook secret of account %s: %w", account, err)
	}
	return string(raw), nil
}

// newWebhookSecret is the prefix and 256 random bits.
func newWebhookSecret() string {
	var b [webhookSecretBytes]byte
	rand.Read(b[:]) //nolint:errcheck // crypto/rand never fails
	return webhookSecretPrefix + hex.EncodeToString(b[:])
}

// SealedColumn describes the column with the accounts' sealed webhook secrets.
func SealedColumn() secret.Column {
	return secret.Column{
		Name: "webhook secrets of accounts", Use: secret.WebhookKeys,
		Table: "account", ID: "id", Value: "webhook_secret", Where: []string{"true"},
		Context: webhookSecretContext,
	}
}

// webhookSecretContext ties a sealed secret to its account.
func webhookSecretContext(account string) []byte {
	return []byte("webhook secret of account:" + account)
}
