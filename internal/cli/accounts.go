package cli

import (
	"context"

	"skytower/internal/skytells"
)

type accountsCommand struct {
	List    accountsList    `cmd:"" help:"List accounts."`
	Create  accountsCreate  `cmd:"" help:"Make an account."`
	Suspend accountsSuspend `cmd:"" help:"Stop all keys of an account, within two seconds everywhere."`
	Resume  accountsResume  `cmd:"" help:"End a suspension."`
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
	return list(s, accounts, []string{"ID", "NAME", "STATE", "CREATED", "REASON"}, func(a skytells.Account) []string {
		return []string{a.ID, a.Name, accountState(a), day(a.CreatedAt), a.Reason}
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
