package developer

import (
	"slices"
	"time"

	"skytower/internal/console/ui"
	"skytower/internal/skytells"
)

// metric is what a chart of usage can show.
type metric struct {
	Name, Label string
	value       func(skytells.UsageFigures) float64
	format      func(float64) string
}

// metrics are all of them; the first is shown unless another is asked for.
func metrics() []metric {
	return []metric{
		{"spend", "Spend", func(f skytells.UsageFigures) float64 { return float(f.Amount) }, spoken},
		{"requests", "Requests", func(f skytells.UsageFigures) float64 { return float64(f.Requests) }, nil},
		{"tokens", "Tokens", func(f skytells.UsageFigures) float64 { return float64(f.TokensIn + f.TokensOut) }, nil},
		{"errors", "Errors", func(f skytells.UsageFigures) float64 { return float64(f.Errors) }, nil},
	}
}

// figuresChart draws one metric by day, a colour for each group.
func figuresChart(s skytells.UsageSeries, m metric) ui.Chart {
	c := ui.Chart{Title: m.Label + " by day", X: "Day (UTC)", Format: m.format}
	at := map[string]int{}
	var groups []string
	for _, g := range s.Groups {
		groups = append(groups, g.Group)
	}
	for _, p := range s.Data {
		day := p.At.UTC().Format(time.DateOnly)
		if _, ok := at[day]; !ok {
			at[day] = len(c.Labels)
			c.Labels = append(c.Labels, p.At.UTC().Format("2 Jan"))
		}
		if !slices.Contains(groups, p.Group) {
			groups = append(groups, p.Group)
		}
	}
	c.Series = make([]ui.Series, len(groups))
	for i, g := range groups {
		c.Series[i] = ui.Series{Name: groupName(g, m.Label), Values: make([]float64, len(c.Labels))}
	}
	for _, p := range s.Data {
		c.Series[slices.Index(groups, p.Group)].Values[at[p.At.UTC().Format(time.DateOnly)]] = m.value(p.UsageFigures)
	}
	return c
}

func groupName(group, metric string) string {
	switch group {
	case "":
		return metric
	case "*":
		return "All others"
	}
	return group
}

// requestsChart stacks what was served and what was not.
func requestsChart(s skytells.UsageSeries) ui.Chart {
	c := ui.Chart{Title: "Requests by day", X: "Day (UTC)", Series: []ui.Series{{Name: "Served"}, {Name: "Errors"}}}
	for _, p := range s.Data {
		c.Labels = append(c.Labels, p.At.UTC().Format("2 Jan"))
		c.Series[0].Values = append(c.Series[0].Values, float64(p.Requests-p.Errors))
		c.Series[1].Values = append(c.Series[1].Values, float64(p.Errors))
	}
	return c
}
