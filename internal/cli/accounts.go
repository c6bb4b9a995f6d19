package cli

import (
	"context"
	"fmt"
	"strconv"

	"skytower/internal/skytells"
)

type accountsCommand struct {
	List          accountsList          `cmd:"" help:"List accounts."`
	Create        accountsCreate        `cmd:"" help:"Make an account."`
	Set           accountsSet           `cmd:"" help:"Change an account's name, its tier, what its predictions follow, or whether bodies of its requests are kept."`
	WebhookSecret accountsWebhookSecret `cmd:"" help:"Make the secret that signs an account's webhooks, in place of an older one; it alone goes to standard output, this once."`
	DeleteBodies  accountsDeleteBodies  `cmd:"" help:"Delete all kept bodies of an account's requests."`
	Suspend       accountsSuspend       `cmd:"" help:"Stop all keys of an account, within two seconds everywhere."`
	Resume        accountsResume        `cmd:"" help:"End a suspension."`
}

type accountsList struct{}

// Run lists accounts.
func (*accountsList) Run(ctx context.Context, s *session) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	accounts, err := c.Accounts(ctx)
	if err != nil {
		return err
	}
	return showAccounts(s, accounts)
}

func showAccounts(s *session, accounts []skytells.Account) error {
	return list(s, accounts, []string{"ID", "NAME", "STATE", "TIER", "CREATED", "REASON"}, func(a skytells.Account) []string {
		return []string{a.ID, a.Name, accountState(a), tier(a), day(a.CreatedAt), a.Reason}
	})
}

func accountState(a skytells.Account) string {
	if a.Suspended {
		return "suspended"
	}
	return "active"
}

type accountsCreate struct {
	Name string `arg:"" help:"Name of the account."`
}

// Run makes the account.
func (a *accountsCreate) Run(ctx context.Context, s *session) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	made, err := c.CreateAccount(ctx, skytells.AccountRequest{Name: a.Name})
	return showAccount(s, made, err)
}

type accountsSet struct {
	ID          string  `arg:"" name:"account" help:"Id of the account (acct_…)."`
	Name        string  `help:"New name."`
	Retention   *string `placeholder:"24h" help:"How long the data of predictions is kept: 24h, 5m, 30d; 0 keeps it; 'default' is the server's setting."`
	Concurrency *int    `placeholder:"N" help:"Predictions that run at the same time; 0 is the server's setting."`
	Tier        *string `placeholder:"NAME" help:"Tier, such as 3 or enterprise, whatever the account spends; 'auto' follows the spending."`
	KeepBodies  *string `placeholder:"7d" help:"How long the bodies of its requests are kept, sealed: 24h, 7d; 'off' keeps none from now on."`
}

// Run changes the account.
func (a *accountsSet) Run(ctx context.Context, s *session) error {
	if a.Name == "" && a.Retention == nil && a.Concurrency == nil && a.Tier == nil && a.KeepBodies == nil {
		return usagef("say what to change: --name, --retention, --concurrency, --tier or --keep-bodies")
	}
	if a.Tier != nil && *a.Tier == automatic {
		*a.Tier = ""
	}
	if a.Retention != nil && *a.Retention == serversDefault {
		*a.Retention = ""
	}
	c, err := s.connect()
	if err != nil {
		return err
	}
	changed, err := c.UpdateAccount(ctx, a.ID, skytells.AccountRequest{Name: a.Name, Retention: a.Retention, Concurrency: a.Concurrency, Tier: a.Tier, KeepBodies: a.KeepBodies})
	if err != nil {
		return err
	}
	return s.show(changed, func(t *table) {
		t.row(changed.ID, changed.Name, "retention "+retention(changed), "concurrency "+concurrency(changed), "tier "+tier(changed), "bodies "+keptBodies(changed))
	})
}

// serversDefault is the word for a setting that the account leaves to the server.
const serversDefault = "default"

// automatic is the word for a tier that follows the spending.
const automatic = "auto"

func tier(a skytells.Account) string {
	if a.TierFixed {
		return a.Tier + " (fixed)"
	}
	return a.Tier
}

func retention(a skytells.Account) string {
	switch a.Retention {
	case "":
		return serversDefault
	case "0":
		return "0 (kept)"
	}
	return a.Retention
}

func keptBodies(a skytells.Account) string {
	if a.KeepBodies == "" {
		return "not kept"
	}
	return "kept for " + a.KeepBodies
}

func concurrency(a skytells.Account) string {
	if a.Concurrency == 0 {
		return serversDefault
	}
	return strconv.Itoa(a.Concurrency)
}

type accountsDeleteBodies struct {
	ID string `arg:"" name:"account" help:"Id of the account (acct_…)."`
}

// Run deletes them.
func (a *accountsDeleteBodies) Run(ctx context.Context, s *session) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	deleted, err := c.DeleteBodies(ctx, a.ID)
	if err != nil {
		return err
	}
	return s.show(deleted, func(t *table) { t.row("deleted all kept bodies of requests of " + deleted.Account) })
}

type accountsWebhookSecret struct {
	ID     string `arg:"" name:"account" help:"Id of the account (acct_…)."`
	Remove bool   `help:"End the secret: webhooks are signed with the API key of their prediction again."`
}

// Run makes or removes the secret. The note goes to standard error, so that a pipe or
// $(…) gets the secret and nothing else.
func (a *accountsWebhookSecret) Run(ctx context.Context, s *session) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	if a.Remove {
		removed, err := c.RemoveWebhookSecret(ctx, a.ID)
		if err != nil {
			return err
		}
		return s.show(removed, func(t *table) { t.row(fmt.Sprintf("%s has no webhook secret.", a.ID)) })
	}
	made, err := c.MakeWebhookSecret(ctx, a.ID)
	if err != nil {
		return err
	}
	s.note("Made the webhook secret of account %s; an older one has ended. It can't be shown again:", made.Account)
	return s.show(made, func(t *table) { t.row(made.Secret) })
}

type accountsSuspend struct {
	ID     string `arg:"" help:"Id of the account (acct_…)."`
	Reason string `help:"Why; for the record."`
}

// Run suspends the account.
func (a *accountsSuspend) Run(ctx context.Context, s *session) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	changed, err := c.SuspendAccount(ctx, a.ID, a.Reason)
	return showAccount(s, changed, err)
}

type accountsResume struct {
	ID string `arg:"" help:"Id of the account (acct_…)."`
}

// Run resumes the account.
func (a *accountsResume) Run(ctx context.Context, s *session) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	changed, err := c.ResumeAccount(ctx, a.ID)
	return showAccount(s, changed, err)
}

func showAccount(s *session, a skytells.Account, err error) error {
	if err != nil {
		return err
	}
	return s.show(a, func(t *table) { t.row(a.ID, a.Name, accountState(a)) })
}
