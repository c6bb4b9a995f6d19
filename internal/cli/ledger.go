package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sort"
	"strconv"

	"skytower/internal/skytells"
)

type ledgerCommand struct {
	Verify    ledgerVerify    `cmd:"" help:"Check the whole ledger: balances against postings, holds, leases, budgets and charges. Exit code 1 where something is wrong."`
	Statement ledgerStatement `cmd:"" help:"Make an account's statement of a month."`
	Charges   ledgerCharges   `cmd:"" help:"List an account's charges, newest first, with what explains them."`
}

type ledgerVerify struct{}

// errUnclean makes the exit code; what is wrong has been printed.
var errUnclean = errors.New("the ledger is not clean")

// Run checks the ledger.
func (*ledgerVerify) Run(ctx context.Context, s *session) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	v, err := c.VerifyLedger(ctx)
	if err != nil {
		return err
	}
	if err := s.show(v, func(t *table) { drawVerification(t, v) }); err != nil {
		return err
	}
	if !v.Clean {
		return errUnclean
	}
	return nil
}

func drawVerification(t *table, v skytells.Verification) {
	kinds := make([]string, 0, len(v.Checked))
	for kind := range v.Checked {
		kinds = append(kinds, kind)
	}
	sort.Strings(kinds)
	for _, kind := range kinds {
		t.row(kind, strconv.FormatInt(v.Checked[kind], 10), "checked")
	}
	for _, problem := range v.Problems {
		t.row("problem: " + problem)
	}
	if v.Clean {
		t.row("The ledger is clean.")
	}
}

type ledgerStatement struct {
	accountKey
	Account string `placeholder:"ID" help:"Id of the account (acct_…), for operators; the API key's account if left out."`
	Month   string `placeholder:"2026-11" help:"The month (UTC); the present one if left out."`
	Format  string `enum:"text,csv,html" default:"text" help:"text, csv, or html (a page to print). --json for programs."`
	Output  string `short:"o" type:"path" placeholder:"FILE" help:"Write it here, in place of standard output."`
}

// Run makes the statement.
func (a *ledgerStatement) Run(ctx context.Context, s *session) error {
	c, account, err := a.ownOr(s, a.Account)
	if err != nil {
		return err
	}
	if a.Format != "text" {
		content, err := a.content(ctx, c, account)
		if err != nil {
			return err
		}
		return a.write(s, content)
	}
	var statement skytells.Statement
	if account == "" {
		statement, err = c.MyStatement(ctx, a.Month)
	} else {
		statement, err = c.Statement(ctx, account, a.Month)
	}
	if err != nil {
		return err
	}
	return s.show(statement, func(t *table) { drawStatement(t, statement) })
}

func (a *ledgerStatement) content(ctx context.Context, c *skytells.Client, account string) ([]byte, error) {
	if account == "" {
		return c.MyStatementAs(ctx, a.Month, a.Format)
	}
	return c.StatementAs(ctx, account, a.Month, a.Format)
}

func (a *ledgerStatement) write(s *session, content []byte) error {
	if a.Output == "" {
		_, err := s.Stdout.Write(content)
		return err
	}
	if err := os.WriteFile(a.Output, content, 0o600); err != nil {
		return fmt.Errorf("write the statement: %w", err)
	}
	s.note("Wrote %s.", a.Output)
	return nil
}

func drawStatement(t *table, st skytells.Statement) {
	t.row("Statement "+st.Month, st.Name, st.Account)
	t.row("opening balance", "", dollars(st.Opening))
	for _, transfer := range st.Transfers {
		t.row(transfer.Kind, transfer.Reason, dollars(transfer.Amount))
	}
	for _, r := range st.ByModel {
		t.row("charges", fmt.Sprintf("%s (%d requests)", r.Model, r.Requests), dollars("-"+r.Amount))
	}
	t.row("closing balance", "", dollars(st.Closing))
}

type ledgerCharges struct {
	accountKey
	Account string `placeholder:"ID" help:"Id of the account (acct_…), for operators; the API key's account if left out."`
	Limit   int    `default:"20" help:"How many."`
}

// Run lists charges.
func (a *ledgerCharges) Run(ctx context.Context, s *session) error {
	c, account, err := a.ownOr(s, a.Account)
	if err != nil {
		return err
	}
	var charges []skytells.ChargeLine
	if account == "" {
		charges, err = c.MyCharges(ctx, skytells.ChargeQuery{Limit: a.Limit})
	} else {
		charges, err = c.Charges(ctx, account, a.Limit)
	}
	if err != nil {
		return err
	}
	return s.show(charges, func(t *table) {
		t.row("WHEN", "REQUEST", "MODEL", "WHAT", "QUANTITY", "RATE", "AMOUNT")
		for _, n := range charges {
			drawCharge(t, n)
		}
	})
}

func drawCharge(t *table, n skytells.ChargeLine) {
	t.row(day(n.CreatedAt), n.Request, n.Model, "price version "+strconv.FormatInt(n.PriceVersion, 10), "", "", dollars(n.Amount))
	for _, e := range n.Lines {
		t.row("", "", "", e.What, string(e.Quantity), dollars(e.Rate)+"/"+e.Unit, dollars(e.Amount))
	}
}
