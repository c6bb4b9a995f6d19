package cli

import (
	"context"
	"strconv"
	"strings"

	"skytower/internal/skytells"
)

type usageCommand struct {
	APIKey  string   `name:"api-key" placeholder:"sk-…" help:"Of this API key's account, also where there is an operator key (SKYTOWER_API_KEY or 'skytower login' is better)."`
	Account string   `placeholder:"ID" help:"Of operators: only this account."`
	From    string   `placeholder:"DATE" help:"First day (UTC); 30 days ago if left out."`
	To      string   `placeholder:"DATE" help:"Last day; today if left out."`
	By      []string `placeholder:"day,model,key" help:"What is told apart; day and model if left out."`
	Model   string   `help:"Only this model."`
	Key     string   `help:"Only this key's id."`
}

// Run shows usage.
func (a *usageCommand) Run(ctx context.Context, s *session) error {
	c, operator, err := accountKey{a.APIKey}.either(s)
	if err != nil {
		return err
	}
	ask := c.Usage
	if !operator {
		if a.Account != "" {
			return usagef("--account is for operators: an API key reads its own account")
		}
		ask = c.MyUsage
	}
	u, err := ask(ctx, skytells.UsageQuery{
		Account: a.Account, From: a.From, To: a.To, By: strings.Join(a.By, ","), Model: a.Model, Key: a.Key,
	})
	if err != nil {
		return err
	}
	return s.show(u, func(t *table) {
		t.row(usageCells(operator, "DAY", "MODEL", "KEY", "REQUESTS", "TOKENS IN", "TOKENS OUT", "CHARGED", "COST")...)
		for _, r := range u.Data {
			drawUsage(t, r, operator)
		}
		u.Total.Day = "total"
		drawUsage(t, u.Total, operator)
	})
}

func drawUsage(t *table, r skytells.UsageRow, operator bool) {
	n := func(n int64) string { return strconv.FormatInt(n, 10) }
	t.row(usageCells(operator, r.Day, r.Model, r.Key, n(r.Requests), n(r.TokensIn), n(r.TokensOut), dollars(r.Amount), dollars(r.Cost))...)
}

// usageCells leaves the last cell, what the upstreams took, to operators.
func usageCells(operator bool, cells ...string) []string {
	if operator {
		return cells
	}
	return cells[:len(cells)-1]
}

type limitsCommand struct {
	List   limitsList   `cmd:"" help:"List limits besides those of the tiers."`
	Set    limitsSet    `cmd:"" help:"Set a limit of an account (in place of its tier's) or of a key (on top)."`
	Delete limitsDelete `cmd:"" help:"Remove a limit."`
}

type limitsList struct {
	Account string `placeholder:"ID" help:"Only of this account."`
}

// Run lists limits.
func (a *limitsList) Run(ctx context.Context, s *session) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	rules, err := c.LimitRules(ctx, a.Account)
	return showLimits(s, rules, err)
}

func showLimits(s *session, rules []skytells.LimitRule, err error) error {
	if err != nil {
		return err
	}
	heads := []string{"ID", "ACCOUNT", "KEY", "SURFACE", "ROUTE", "MODEL", "REQUESTS", "TOKENS IN", "TOKENS OUT", "AT ONCE"}
	return list(s, rules, heads, func(r skytells.LimitRule) []string {
		return []string{
			r.ID, r.Account, r.Key, r.Surface, r.Route, r.Model, numberOr(r.Requests), numberOr(r.TokensIn), numberOr(r.TokensOut), numberOr(r.Concurrency),
		}
	})
}

func numberOr(n *int64) string {
	if n == nil {
		return "-"
	}
	return strconv.FormatInt(*n, 10)
}

type limitsSet struct {
	Account     string `required:"" placeholder:"ID" help:"Id of the account (acct_…)."`
	Key         string `placeholder:"ID" help:"Only calls with this key."`
	Surface     string `enum:",standard,edge" default:"" help:"standard or edge; each apart if left out."`
	Route       string `enum:",chat,responses,messages,embeddings,predictions" default:"" help:"One kind of call; each apart if left out."`
	Model       string `placeholder:"SLUG" help:"One model; '*' is all models together; each apart if left out."`
	Requests    *int64 `placeholder:"N" help:"Requests a minute."`
	TokensIn    *int64 `placeholder:"N" help:"Input tokens a minute."`
	TokensOut   *int64 `placeholder:"N" help:"Output tokens a minute."`
	Concurrency *int64 `placeholder:"N" help:"Calls at the same time."`
}

// Run sets the limit.
func (a *limitsSet) Run(ctx context.Context, s *session) error {
	if a.Requests == nil && a.TokensIn == nil && a.TokensOut == nil && a.Concurrency == nil {
		return usagef("say what is limited: --requests, --tokens-in, --tokens-out or --concurrency")
	}
	c, err := s.connect()
	if err != nil {
		return err
	}
	set, err := c.PutLimit(ctx, skytells.LimitRule{
		Account: a.Account, Key: a.Key, Surface: a.Surface, Route: a.Route, Model: a.Model,
		Requests: a.Requests, TokensIn: a.TokensIn, TokensOut: a.TokensOut, Concurrency: a.Concurrency,
	})
	return showLimits(s, []skytells.LimitRule{set}, err)
}

type limitsDelete struct {
	ID string `arg:"" help:"Id of the limit."`
}

// Run removes the limit.
func (a *limitsDelete) Run(ctx context.Context, s *session) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	if err := c.DeleteLimit(ctx, a.ID); err != nil {
		return err
	}
	return s.show(skytells.Done{Success: true}, func(t *table) { t.row("removed", a.ID) })
}
