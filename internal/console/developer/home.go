package developer

import (
	"fmt"
	"time"

	"skytower/internal/account"
	"skytower/internal/console/desk"
	"skytower/internal/console/ui"
	"skytower/internal/skytells"
)

// homeDays are what the charts of the first page show.
const homeDays = 14

type homeView struct {
	Account         string
	Alerts          []string
	Stats           []stat
	Requests, Spend ui.Chart
	Start           *firstSteps // nil once something was called
}

// firstSteps lead a new account to its first call.
type firstSteps struct {
	HasKey, MayMake bool
	Model, Curl     string // "" where no model is free
}

// home is the account's first page; visitors are led on, operators without an
// account their own pages.
func (p *Pages) home(d *desk.Desk) error {
	switch {
	case !d.Signed():
		return d.Redirect(p.o.Welcome)
	case d.V1 == nil && d.Seat.Suspended:
		return p.tell(d, "This account is suspended", "Nothing can be called until an operator of this server resumes it. Ask them why.")
	case d.V1 == nil && d.Admin != nil:
		return d.Redirect("/operator")
	case d.V1 == nil:
		return p.tell(d, "You have no account yet", "Ask an owner of one for an invitation, and open its link while you are signed in.")
	}
	summary, err := d.V1.MySummary(d.Ctx(), skytells.UsageView{})
	if err != nil {
		return err
	}
	from := time.Now().UTC().AddDate(0, 0, 1-homeDays).Format(time.DateOnly)
	series, err := d.V1.MySeries(d.Ctx(), skytells.UsageView{From: from, To: time.Now().UTC().Format(time.DateOnly), Step: "day"})
	if err != nil {
		return err
	}
	v := homeView{Account: d.Seat.AccountName, Stats: homeStats(summary), Requests: requestsChart(series), Spend: figuresChart(series, metrics()[0])}
	if err := p.addBalance(d, &v); err != nil {
		return err
	}
	if v.Alerts, err = alertWords(d); err != nil {
		return err
	}
	if series.Total.Requests == 0 && summary.Month.Now.Requests == 0 {
		if v.Start, err = p.firstSteps(d); err != nil {
			return err
		}
	}
	return p.show(d, "home", "Home", v)
}

func homeStats(s skytells.UsageSummary) []stat {
	today, month := s.Today, s.Month
	return []stat{
		{"Spend today", ui.Money(today.Now.Amount), ui.Money(today.Before.Amount) + " yesterday by now", "/usage"},
		{"Spend this month", ui.Money(month.Now.Amount), ui.Money(month.Before.Amount) + " last month by now", "/usage?days=30"},
		{"Requests today", ui.Number(today.Now.Requests), fmt.Sprintf("%s errors, %s", ui.Number(today.Now.Errors), ui.Percent(today.Now.Errors, today.Now.Requests)), "/requests"},
		{"Tokens today", ui.Number(today.Now.TokensIn + today.Now.TokensOut), fmt.Sprintf("%s in, %s out", ui.Number(today.Now.TokensIn), ui.Number(today.Now.TokensOut)), "/usage?show=tokens"},
		{"Half answered within", milliseconds(today.Now.P50), "95 in 100 within " + milliseconds(today.Now.P95), "/requests"},
	}
}

// addBalance shows the credit to those who may see it, and warns before it is gone.
func (p *Pages) addBalance(d *desk.Desk, v *homeView) error {
	if !sees(d, account.BillingRead) {
		return nil
	}
	b, err := d.V1.MyBalance(d.Ctx())
	if err != nil {
		return err
	}
	v.Stats = append([]stat{{"Balance", ui.Money(b.Balance), ui.Money(b.Available) + " available", "/billing"}}, v.Stats...)
	return nil
}

// firstSteps finds out what a new account has.
func (p *Pages) firstSteps(d *desk.Desk) (*firstSteps, error) {
	keys, err := p.o.Accounts.SeatKeys(d.Ctx(), d.Seat, account.Page{Limit: 1})
	if err != nil {
		return nil, err
	}
	s := &firstSteps{HasKey: len(keys) > 0, MayMake: makesKeys(d)}
	models, err := d.V1.Models(d.Ctx())
	if err != nil {
		return nil, err
	}
	if m, ok := firstFree(models); ok {
		s.Model, s.Curl = m.Namespace, snippet(curl, d.Base, m)
	}
	return s, nil
}

// firstFree is a model that a new account can chat with at once.
func firstFree(models []skytells.Model) (skytells.Model, bool) {
	for _, m := range models {
		if kindOf(m) == kindChat && !m.Billable && m.Status == "operational" {
			return m, true
		}
	}
	return skytells.Model{}, false
}
