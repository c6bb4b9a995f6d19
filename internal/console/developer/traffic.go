package developer

import (
	"slices"
	"strconv"
	"strings"

	"skytower/internal/console/desk"
	"skytower/internal/console/ui"
	"skytower/internal/skytells"
)

type requestsView struct {
	Filter   skytells.RequestFilter
	Requests []requestRow
	Statuses []ui.Choice
	Keys     []ui.Choice
	Slugs    []string
	Next     string
	Filtered bool
	More     bool // the rarer filters are used
}

type requestRow struct {
	skytells.LoggedRequest
	KeyName, Took string
	Kind          string // of the badge
}

func statusChoices(now string) []ui.Choice {
	out := []ui.Choice{{Value: "", Label: "All"}, {Value: "2xx", Label: "Succeeded (2xx)"}, {Value: "4xx", Label: "Caller's errors (4xx)"}, {Value: "5xx", Label: "Server's errors (5xx)"},
		{Value: "401", Label: "401 no valid key"}, {Value: "402", Label: "402 no credit"}, {Value: "429", Label: "429 over a limit"}}
	if !slices.ContainsFunc(out, func(c ui.Choice) bool { return c.Value == now }) {
		out = append(out, ui.Choice{Value: now, Label: now})
	}
	return out
}

// requests shows the request log.
func (p *Pages) requests(d *desk.Desk) error {
	f := skytells.RequestFilter{Status: d.Query("status"), Model: strings.TrimSpace(d.Query("model")), Key: d.Query("key"), ErrorID: strings.ToUpper(strings.TrimSpace(d.Query("error_id"))),
		Request: strings.TrimSpace(d.Query("request")), From: d.Query("from"), To: d.Query("to"), Cursor: d.Query("cursor")}
	names, err := p.keyNames(d)
	if err != nil {
		return err
	}
	v := requestsView{Filter: f, Statuses: statusChoices(f.Status), Keys: keyChoices(names, f.Key), Slugs: slugs(d),
		More: f.ErrorID+f.Request+f.From+f.To != ""}
	v.Filtered = v.More || f.Status+f.Model+f.Key != ""
	list, err := d.V1.MyRequests(d.Ctx(), f)
	if err != nil {
		if err := d.Say(err); err != nil {
			return err
		}
		return p.show(d, "requests", "Requests", v)
	}
	for _, r := range list.Data {
		v.Requests = append(v.Requests, requestRow{LoggedRequest: r, KeyName: nameOf(names, r.Key), Took: milliseconds(r.Duration), Kind: statusKind(r.Status)})
	}
	if list.Next != "" {
		v.Next = "/requests?" + queryOf("status", f.Status, "model", f.Model, "key", f.Key, "error_id", f.ErrorID, "request", f.Request, "from", f.From, "to", f.To, "cursor", list.Next)
	}
	return p.show(d, "requests", "Requests", v)
}

func keyChoices(names map[string]string, now string) []ui.Choice {
	const most = 200 // more are found from a key's own page
	var out []ui.Choice
	for id, name := range names {
		out = append(out, ui.Choice{Value: id, Label: name})
	}
	slices.SortFunc(out, func(a, b ui.Choice) int { return strings.Compare(a.Label+a.Value, b.Label+b.Value) })
	out = append([]ui.Choice{{Value: "", Label: "All"}}, out[:min(len(out), most)]...)
	if !slices.ContainsFunc(out, func(c ui.Choice) bool { return c.Value == now }) {
		out = append(out, ui.Choice{Value: now, Label: nameOf(names, now)})
	}
	return out
}

func nameOf(names map[string]string, key string) string {
	if name, ok := names[key]; ok {
		return name
	}
	return key
}

func statusKind(status int) string {
	switch {
	case status >= 500:
		return "bad"
	case status >= 400:
		return "warn"
	}
	return "good"
}

type requestView struct {
	requestRow
	Trouble       *trouble
	First         string
	MayHaveBodies bool
}

// request shows one with its charge.
func (p *Pages) request(d *desk.Desk) error {
	r, err := d.V1.MyRequest(d.Ctx(), d.Request.PathValue("id"))
	if err != nil {
		return p.refused(d, "Request", err)
	}
	names, err := p.keyNames(d)
	if err != nil {
		return err
	}
	v := requestView{requestRow: requestRow{LoggedRequest: r, KeyName: nameOf(names, r.Key), Took: milliseconds(r.Duration), Kind: statusKind(r.Status)}, First: milliseconds(r.FirstByte)}
	if r.ErrorID != "" {
		v.Trouble = troubleOf(r.ErrorID, "")
	}
	kept, err := keptBodies(d)
	if err != nil {
		return err
	}
	v.MayHaveBodies = kept != nil && kept.Oldest != nil && !r.CreatedAt.Before(kept.Oldest.Add(-bodiesSlack)) && slices.Contains(bodyRoutes(), r.Route)
	return p.show(d, "request", "Request "+r.ID, v)
}

type usageView struct {
	Days, By, Show, From, To, Model, Key string
	Spans, Groups, Shows, Keys           []ui.Choice
	Slugs                                []string
	Chart                                ui.Chart
	Stats                                []stat
	Rows                                 []usageRow
	First                                string // the table's first column
	CSV                                  string
	Latency                              bool
}

type usageRow struct {
	Name, Href       string
	Requests, Errors int64
	In, Out, Cached  int64
	Amount           skytells.Amount
	P50, P95         string
}

func usageFilter(d *desk.Desk) usageView {
	v := usageView{
		Days: d.Query("days"), By: d.Query("by"), Show: d.Query("show"), From: d.Query("from"), To: d.Query("to"), Model: strings.TrimSpace(d.Query("model")), Key: d.Query("key"),
		Spans:  []ui.Choice{{Value: "7", Label: "7 days"}, {Value: "30", Label: "30 days"}, {Value: "90", Label: "90 days"}, {Value: "365", Label: "A year"}, {Value: "own", Label: "From and to"}},
		Groups: []ui.Choice{{Value: "day", Label: "Day"}, {Value: "model", Label: "Model"}, {Value: "key", Label: "Key"}},
	}
	if v.Days == "" && v.From+v.To != "" {
		v.Days = "own"
	}
	if n, err := strconv.Atoi(v.Days); err == nil && n > 0 && n <= 365 {
		v.From, v.To = day(n-1), day(0)
	} else if v.Days != "own" {
		v.Days, v.From, v.To = "30", day(29), day(0)
	}
	if v.By != "model" && v.By != "key" {
		v.By = "day"
	}
	return v
}

// usage shows what was used over time.
func (p *Pages) usage(d *desk.Desk) error {
	v := usageFilter(d)
	names, err := p.keyNames(d)
	if err != nil {
		return err
	}
	v.Keys, v.Slugs = keyChoices(names, v.Key), slugs(d)
	m := metrics()[0]
	for _, c := range metrics() {
		v.Shows = append(v.Shows, ui.Choice{Value: c.Name, Label: c.Label})
		if c.Name == v.Show {
			m = c
		}
	}
	v.CSV = "/usage.csv?" + queryOf("from", v.From, "to", v.To, "by", v.By, "model", v.Model, "key", v.Key)
	if err := v.read(d, m, names); err != nil {
		if err := d.Say(err); err != nil {
			return err
		}
		v.CSV = ""
	}
	return p.show(d, "usage", "Usage", v)
}

// read asks for the chart and the table.
func (v *usageView) read(d *desk.Desk, m metric, names map[string]string) error {
	ask := skytells.UsageView{From: v.From, To: v.To, Step: "day", Model: v.Model, Key: v.Key}
	if v.By != "day" {
		ask.By = v.By
	}
	series, err := d.V1.MySeries(d.Ctx(), ask)
	if err != nil {
		return err
	}
	if v.By == "key" {
		for i := range series.Data {
			series.Data[i].Group = nameOf(names, series.Data[i].Group)
		}
		for i := range series.Groups {
			series.Groups[i].Group = nameOf(names, series.Groups[i].Group)
		}
	}
	v.Chart, v.Stats = figuresChart(series, m), usageStats(series.Total)
	if v.By == "day" {
		v.days(series)
		return nil
	}
	u, err := d.V1.MyUsage(d.Ctx(), skytells.UsageQuery{From: v.From, To: v.To, By: v.By, Model: v.Model, Key: v.Key})
	if err != nil {
		return err
	}
	v.groups(u, names)
	return nil
}

func usageStats(t skytells.UsageFigures) []stat {
	return []stat{
		{Label: "Spend", Value: ui.Money(t.Amount)}, {Label: "Requests", Value: ui.Number(t.Requests), Note: ui.Percent(t.Errors, t.Requests) + " errors"},
		{Label: "Tokens in", Value: ui.Number(t.TokensIn), Note: ui.Number(t.Cached) + " from a cache"}, {Label: "Tokens out", Value: ui.Number(t.TokensOut)},
		{Label: "Half answered within", Value: milliseconds(t.P50), Note: "95 in 100 within " + milliseconds(t.P95)},
	}
}

func (v *usageView) days(s skytells.UsageSeries) {
	v.First, v.Latency = "Day (UTC)", true
	for _, p := range slices.Backward(s.Data) {
		if p.Requests == 0 && p.Charges == 0 {
			continue
		}
		at := p.At.UTC().Format("2006-01-02")
		v.Rows = append(v.Rows, usageRow{Name: at, Href: "/requests?" + queryOf("from", at, "to", at, "model", v.Model, "key", v.Key), Requests: p.Requests, Errors: p.Errors,
			In: p.TokensIn, Out: p.TokensOut, Cached: p.Cached, Amount: p.Amount, P50: milliseconds(p.P50), P95: milliseconds(p.P95)})
	}
}

func (v *usageView) groups(u skytells.Usage, names map[string]string) {
	v.First = capital(v.By)
	for _, r := range u.Data {
		row := usageRow{Requests: r.Requests, In: r.TokensIn, Out: r.TokensOut, Cached: r.Cached, Amount: r.Amount, Name: r.Model, Href: "/models/" + escapePath(r.Model)}
		if v.By == "key" {
			row.Name, row.Href = nameOf(names, r.Key), ""
			if _, ok := names[r.Key]; ok {
				row.Href = "/keys/" + r.Key
			}
		}
		v.Rows = append(v.Rows, row)
	}
	slices.SortStableFunc(v.Rows, func(a, b usageRow) int { return compareAmounts(b.Amount, a.Amount) })
}

// usageCSV is the same as a file.
func (p *Pages) usageCSV(d *desk.Desk) error {
	by := d.Query("by")
	if by == "model" || by == "key" {
		by = "day," + by
	}
	text, err := d.V1.MyUsageCSV(d.Ctx(), skytells.UsageQuery{From: d.Query("from"), To: d.Query("to"), By: by, Model: d.Query("model"), Key: d.Query("key")})
	if err != nil {
		return p.refused(d, "Usage", err)
	}
	return file(d, "text/csv; charset=utf-8", "usage.csv", text)
}

// file sends a download.
func file(d *desk.Desk, kind, name string, content []byte) error {
	d.Protect()
	d.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	return d.Raw(200, kind, content)
}
