package operator

import (
	"fmt"
	"time"

	"skytower/internal/console/desk"
	"skytower/internal/console/ui"
	"skytower/internal/skytells"
)

type overviewView struct {
	Stats    []stat
	Requests ui.Chart
	Money    ui.Chart
	Quiet    bool // nothing was called in the days of the charts
	Problems []problem
	Checks   checksView
	Start    *firstSteps // nil once there is a provider with a model
}

// problem is something that wants the operator's eye.
type problem struct{ Kind, Text, Href, Action string }

// firstSteps lead a new server to its first customer.
type firstSteps struct{ Provider, Models, Open, Key bool }

// chartDays are what the charts of the first page show.
const chartDays = 14

// overview is the operator's first page.
func (p *Pages) overview(d *desk.Desk) error {
	summary, err := d.Admin.Summary(d.Ctx(), skytells.UsageView{})
	if err != nil {
		return err
	}
	series, err := d.Admin.Series(d.Ctx(), skytells.UsageView{From: day(chartDays - 1), To: day(0), Step: "day"})
	if err != nil {
		return err
	}
	v := overviewView{Stats: todayStats(summary), Requests: requestsChart(series), Money: moneyChart(series), Quiet: series.Total.Requests == 0, Checks: p.lastFound()}
	if v.Problems, err = p.problems(d); err != nil {
		return err
	}
	if v.Start, err = p.firstSteps(d); err != nil {
		return err
	}
	return p.show(d, "overview", "Overview", v, "operator/checks.js")
}

func todayStats(s skytells.UsageSummary) []stat {
	now, before := s.Today.Now, s.Today.Before
	month := s.Month.Now
	return []stat{
		{"Requests today", ui.Number(now.Requests), ui.Number(before.Requests) + " yesterday by now", "/operator/requests"},
		{"Errors today", ui.Number(now.Errors), ui.Number(now.Failed) + " of them with a status of 500 or above", "/operator/requests?status=5xx"},
		{"Spend today", ui.Money(now.Amount), ui.Money(before.Amount) + " yesterday by now", "/operator/models?sort=amount"},
		{"Margin today", marginOf(now.Amount, now.Cost), "upstreams took " + ui.Money(now.Cost), "/operator/models?sort=amount"},
		{"This month", ui.Money(month.Amount), "margin " + marginOf(month.Amount, month.Cost), "/operator/models?sort=amount"},
		{"Half answered within", milliseconds(now.P50), "95 in 100 within " + milliseconds(now.P95), "/operator/targets"},
	}
}

func dayLabel(at time.Time) string { return at.UTC().Format("2 Jan") }

// requestsChart stacks what was served and what was not.
func requestsChart(s skytells.UsageSeries) ui.Chart {
	c := ui.Chart{Title: "Requests by day", X: "Day (UTC)", Series: []ui.Series{{Name: "Served"}, {Name: "Refused"}, {Name: "Failed"}}}
	for _, at := range s.Data {
		c.Labels = append(c.Labels, dayLabel(at.At))
		for i, n := range []int64{at.Requests - at.Errors, at.Errors - at.Failed, at.Failed} {
			c.Series[i].Values = append(c.Series[i].Values, float64(n))
		}
	}
	return c
}

// moneyChart draws what was charged, and what the upstreams took of it.
func moneyChart(s skytells.UsageSeries) ui.Chart {
	c := ui.Chart{Title: "Spend and upstreams' cost by day", X: "Day (UTC)", Lines: true, Format: spoken, Series: []ui.Series{{Name: "Charged to accounts"}, {Name: "Taken by upstreams"}}}
	for _, at := range s.Data {
		c.Labels = append(c.Labels, dayLabel(at.At))
		c.Series[0].Values = append(c.Series[0].Values, float(at.Amount))
		c.Series[1].Values = append(c.Series[1].Values, float(at.Cost))
	}
	return c
}

// spoken writes an amount of a chart.
func spoken(v float64) string {
	digits := 2
	for least := 1.0; v > 0 && v < least && digits < 9; least /= 10 {
		digits++
	}
	return ui.Money(fmt.Sprintf("%.*f", digits, v))
}

// problems are what targets, queues and the system say of themselves now.
func (p *Pages) problems(d *desk.Desk) ([]problem, error) {
	targets, err := d.Admin.Targets(d.Ctx())
	if err != nil {
		return nil, err
	}
	system, err := d.Admin.System(d.Ctx())
	if err != nil {
		return nil, err
	}
	return append(targetProblems(targets), systemProblems(system)...), nil
}

func targetProblems(targets []skytells.TargetHealth) []problem {
	var out []problem
	for _, t := range targets {
		name := t.Provider + "/" + t.Model
		switch t.State {
		case "open":
			out = append(out, problem{"bad", fmt.Sprintf("%s rests: it failed %d times in a row.", name, t.Failures), "/operator/targets", "See targets"})
		case "busy":
			out = append(out, problem{"warn", name + " asked to be left alone for a while.", "/operator/targets", "See targets"})
		case "half_open":
			out = append(out, problem{"warn", name + " failed and is being probed.", "/operator/targets", "See targets"})
		}
	}
	return out
}

// longWait is when a queue's oldest job has waited for long.
const longWait = time.Minute

func systemProblems(s skytells.System) []problem {
	var out []problem
	add := func(kind, format string, args ...any) {
		out = append(out, problem{kind, fmt.Sprintf(format, args...), "/operator/system", "See the system"})
	}
	for _, q := range s.Queues {
		if q.Oldest != nil && time.Since(*q.Oldest) > longWait {
			add("warn", "The queue %s has %s waiting, the oldest for %s.", q.Name, ui.Number(q.Waiting), ui.Duration(time.Since(*q.Oldest)))
		}
		if q.Failed > 0 {
			add("warn", "The queue %s gave up %s of its jobs in the last week.", q.Name, ui.Number(q.Failed))
		}
	}
	if s.RequestsLost > 0 {
		add("warn", "%s entries of the request log were dropped since the start: the database did not keep up.", ui.Number(s.RequestsLost))
	}
	if s.Spool.Batches > 0 {
		add("bad", "%s batches of charges wait on this process's disk for the database.", ui.Number(s.Spool.Batches))
	}
	if s.Redis.State == "away" {
		add("bad", "Redis does not answer: each process counts limits by itself.")
	}
	if s.Database.Schema != s.Database.Newest {
		add("warn", "The database is at migration %d, this server knows %d.", s.Database.Schema, s.Database.Newest)
	}
	for _, r := range s.Replicas {
		if r.Config != s.ConfigHash || r.Version != s.Version {
			add("warn", "The process %s on %s has another version or configuration than this one.", r.ID, r.Host)
		}
	}
	for _, w := range s.Warnings {
		add("warn", "%s", w)
	}
	return out
}

// firstSteps finds out what a new server has; nil where it has all.
func (p *Pages) firstSteps(d *desk.Desk) (*firstSteps, error) {
	providers, err := d.Admin.Providers(d.Ctx())
	if err != nil {
		return nil, err
	}
	specs, err := d.Admin.ModelSpecs(d.Ctx())
	if err != nil {
		return nil, err
	}
	s := &firstSteps{}
	for _, pr := range providers {
		s.Provider = s.Provider || pr.Kind != "local"
	}
	for _, m := range specs {
		if m.Managed == builtIn {
			continue
		}
		s.Models, s.Open = true, s.Open || m.Open
	}
	if s.Provider && s.Open {
		return nil, nil
	}
	return s, nil
}
