package cli

import (
	"context"
	"strings"
	"time"

	"skytower/internal/skytells"
)

type creditsCommand struct {
	Grant   creditsGrant   `cmd:"" help:"Give an account credit."`
	Take    creditsTake    `cmd:"" help:"Take credit from an account, into debt if it must: a correction."`
	Balance creditsBalance `cmd:"" help:"Show an account's balance."`
	List    creditsList    `cmd:"" help:"List an account's credits and corrections, newest first."`
	Terms   creditsTerms   `cmd:"" help:"Set an account's credit line, or the order in which its kinds of credit are taken."`
}

type creditsGrant struct {
	Account   string `arg:"" help:"Id of the account (acct_…)."`
	Amount    string `arg:"" help:"Dollars, such as 10 or 0.50."`
	Kind      string `enum:"sponsored,deposited" default:"sponsored" help:"sponsored (a gift, may expire) or deposited (it was paid for)."`
	Expires   string `placeholder:"30d|DATE" help:"When sponsored credit ends: a time from now (12h, 30d) or a date."`
	Reason    string `required:"" help:"Why; for the record."`
	Reference string `help:"Your name for the act: the same one again is done once."`
}

// Run gives the credit.
func (a *creditsGrant) Run(ctx context.Context, s *session) error {
	expires, err := parseExpiry(a.Expires, time.Now())
	if err != nil {
		return err
	}
	return giveCredit(ctx, s, a.Account, skytells.CreditRequest{
		Amount: skytells.Amount(a.Amount), Kind: a.Kind, ExpiresAt: expires, Reason: a.Reason, Reference: a.Reference,
	})
}

type creditsTake struct {
	Account   string `arg:"" help:"Id of the account (acct_…)."`
	Amount    string `arg:"" help:"Dollars, such as 10 or 0.50."`
	Kind      string `enum:"sponsored,deposited" default:"deposited" help:"The kind of credit that goes first."`
	Reason    string `required:"" help:"Why; for the record."`
	Reference string `help:"Your name for the act: the same one again is done once."`
}

// Run takes the credit.
func (a *creditsTake) Run(ctx context.Context, s *session) error {
	return giveCredit(ctx, s, a.Account, skytells.CreditRequest{
		Amount: skytells.Amount("-" + a.Amount), Kind: a.Kind, Reason: a.Reason, Reference: a.Reference,
	})
}

func giveCredit(ctx context.Context, s *session, account string, r skytells.CreditRequest) error {
	if err := checkAmount(r.Amount); err != nil {
		return err
	}
	c, err := s.connect()
	if err != nil {
		return err
	}
	t, err := c.GiveCredit(ctx, account, r)
	if err != nil {
		return err
	}
	return s.show(t, func(tab *table) { tab.row(t.ID, t.Kind, dollars(t.Amount), t.Reason) })
}

// checkAmount finds a mistake before anything is sent.
func checkAmount(a skytells.Amount) error {
	var read skytells.Amount
	if err := read.UnmarshalJSON([]byte(a)); err != nil || a == "" {
		return usagef("%q is no amount of dollars: write it as 10 or 0.50", strings.TrimPrefix(string(a), "-"))
	}
	return nil
}

// dollars writes an amount for people.
func dollars(a skytells.Amount) string {
	if a == "" {
		return ""
	}
	if rest, negative := strings.CutPrefix(string(a), "-"); negative {
		return "-$" + rest
	}
	return "$" + string(a)
}

type creditsBalance struct {
	accountKey
	Account string `arg:"" optional:"" help:"Id of the account (acct_…), for operators; the API key's account if left out."`
}

// Run shows the balance.
func (a *creditsBalance) Run(ctx context.Context, s *session) error {
	c, account, err := a.ownOr(s, a.Account)
	if err != nil {
		return err
	}
	if account == "" {
		b, err := c.MyBalance(ctx)
		return showBalance(s, b, err)
	}
	b, err := c.Balance(ctx, account)
	return showBalance(s, b, err)
}

// ownOr makes the client of commands about one account: with the operator key for the one
// that is named, else with the API key for its own.
func (k accountKey) ownOr(s *session, account string) (*skytells.Client, string, error) {
	if account == "" {
		c, err := k.connect(s)
		return c, "", err
	}
	if k.Key != "" {
		return nil, "", usagef("--key is for the key's own account: leave the account's id out")
	}
	c, err := s.connect()
	return c, account, err
}

func showBalance(s *session, b skytells.Balance, err error) error {
	if err != nil {
		return err
	}
	return s.show(b, func(t *table) {
		t.row("account", b.Account)
		t.row("balance", dollars(b.Balance))
		t.row("available", dollars(b.Available))
		t.row("reserved", dollars(b.Reserved))
		t.row("credit line", dollars(b.CreditLine))
		t.row("drawn in the order", strings.Join(b.DrawOrder, ", "))
		for _, bucket := range b.Buckets {
			ends := ""
			if bucket.ExpiresAt != nil {
				ends = "until " + day(*bucket.ExpiresAt)
			}
			t.row("  "+bucket.Kind, dollars(bucket.Balance), ends)
		}
	})
}

type creditsList struct {
	Account string `arg:"" help:"Id of the account (acct_…)."`
	Limit   int    `default:"100" help:"How many."`
}

// Run lists transfers.
func (a *creditsList) Run(ctx context.Context, s *session) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	all, err := c.Transfers(ctx, a.Account, a.Limit)
	if err != nil {
		return err
	}
	return list(s, all, []string{"ID", "WHEN", "KIND", "AMOUNT", "BY", "REASON"}, func(t skytells.Transfer) []string {
		return []string{t.ID, day(t.CreatedAt), t.Kind, dollars(t.Amount), t.Actor, t.Reason}
	})
}

type creditsTerms struct {
	Account    string   `arg:"" help:"Id of the account (acct_…)."`
	CreditLine string   `placeholder:"DOLLARS" help:"How far below zero the balance may go (pay as you go)."`
	Order      []string `placeholder:"KIND,..." help:"All of sponsored, deposited and payg, in the wished order."`
}

// Run sets the terms.
func (a *creditsTerms) Run(ctx context.Context, s *session) error {
	if a.CreditLine == "" && len(a.Order) == 0 {
		return usagef("say what to change: --credit-line or --order")
	}
	terms := skytells.CreditTerms{DrawOrder: a.Order}
	if a.CreditLine != "" {
		line := skytells.Amount(a.CreditLine)
		if err := checkAmount(line); err != nil {
			return err
		}
		terms.CreditLine = &line
	}
	c, err := s.connect()
	if err != nil {
		return err
	}
	b, err := c.SetTerms(ctx, a.Account, terms)
	return showBalance(s, b, err)
}
