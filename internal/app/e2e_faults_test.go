package app_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"skytower/internal/config"
	"skytower/internal/provider/faultsite"
	"skytower/internal/provider/providertest"
	"skytower/internal/skytells"
)

// The table of faults: what the client of a faulty upstream gets, and what it pays. Each
// row runs for each API, plain and streamed, with the faulty target alone and with a sound
// one behind it (contract 9.4, 8.1, 8.2 and 12; design, "Routing").
//
// Rows are grouped by the server that they need: bounds on silence are short only where
// silence is the fault, so that nothing else can run into them on a slow machine.
func TestFaults(t *testing.T) {
	t.Parallel()
	for name, bounds := range map[string]struct {
		firstByte, idle time.Duration
	}{
		anyBounds: {patience, patience},
		shortHead: {300 * time.Millisecond, patience},
		shortIdle: {patience, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, options{
				flags: map[string]string{"breaker-failures": "0", "retry-percent": "1000"},
				change: func(c *config.Config) {
					c.FirstByteTimeout, c.IdleTimeout, c.KeepAlive = bounds.firstByte, bounds.idle, time.Hour
				},
			})
			b := &faultBench{server: s, sites: map[string]*faultsite.Site{}}
			b.build(faultRows(), name)
			b.run()
			b.checkMoney()
			b.checkRecords()
		})
	}
}

// A fault without a row would be tested by nothing.
func TestEveryFaultHasItsRow(t *testing.T) {
	t.Parallel()
	rows := map[string]int{}
	for _, row := range faultRows() {
		rows[row.fault.Name]++
	}
	for _, f := range faultsite.All() {
		if rows[f.Name] != 1 {
			t.Errorf("%s has %d rows", f.Name, rows[f.Name])
		}
	}
}

// The servers of the table.
const (
	anyBounds = "anyBounds"
	shortHead = "shortHead" // waits but a moment for the head of an answer
	shortIdle = "shortIdle" // likewise for more of it
)

// faultAPI is a way to ask, and what a sound upstream answers to it.
type faultAPI struct {
	name     string
	provider string // suffix of the provider's name
	path     string
	stream   bool
	two      bool   // with a second target too
	body     string // of the request, with the model's place
}

func faultAPIs() []faultAPI {
	chat := `{"model":"%s","messages":[{"role":"user","content":"hi%s"}]}`
	resp := `{"model":"%s","input":"hi%s"}`
	mess := `{"model":"%s","max_tokens":50,"messages":[{"role":"user","content":"hi%s"}]}`
	streamed := func(body string) string { return strings.Replace(body, "{", `{"stream":true,`, 1) }
	return []faultAPI{
		{"chat", "-chat", chatPath, false, true, chat},
		{"chat-stream", "-chat", chatPath, true, true, streamed(chat)},
		{"translated", "-chat", respPath, false, false, resp},
		{"translated-stream", "-chat", respPath, true, false, streamed(resp)},
		{"native", "-native", respPath, false, false, resp},
		{"native-stream", "-native", respPath, true, true, streamed(resp)},
		{"messages-chat", "-chat", messagesPath, false, false, mess},
		{"messages-chat-stream", "-chat", messagesPath, true, false, streamed(mess)},
		{"messages", "-anthropic", messagesPath, false, false, mess},
		{"messages-stream", "-anthropic", messagesPath, true, true, streamed(mess)},
		{"embeddings", "-chat", embedPath, false, false, `{"model":"%s","input":"hi%s"}`},
	}
}

func (a faultAPI) is(name string) bool { return strings.TrimSuffix(a.name, "-stream") == name }

// faultCase is a row with an API, and with or without a second target.
type faultCase struct {
	row  faultRow
	api  faultAPI
	two  bool
	want faultEnd
	site *faultsite.Site

	body string
	got  reply
	err  error
}

func (c *faultCase) name() string {
	targets := "one"
	if c.two {
		targets = "two"
	}
	return c.row.fault.Name + "/" + c.api.name + "/" + targets
}

// slug is the model's. Cases share models, and so targets, but where an upstream's answer
// changes what the server does next.
func (c *faultCase) slug() string {
	name := c.row.fault.Name + c.api.provider
	switch {
	case c.row.own:
		name = c.row.fault.Name + "-" + c.api.name
	case c.api.path == embedPath:
		name = c.row.fault.Name + "-embeddings"
	}
	if c.two {
		name += "-two"
	}
	return name
}

// moved reports whether the sound target has to serve.
func (c *faultCase) moved() bool { return c.two && c.row.moves }

// faultBench is a server with its cases.
type faultBench struct {
	*server
	cases   []*faultCase
	sites   map[string]*faultsite.Site
	sound   *faultsite.Site
	granted int64 // nano-dollars
}

// build makes the sites, the providers that stand for them, and the models of the cases.
func (b *faultBench) build(rows []faultRow, server string) {
	b.t.Helper()
	res, made := skytells.Resources{}, map[string]bool{}
	b.sound = faultsite.New(b.t, faultsite.Wire()[0], soundAnswer)
	res.Providers = append(res.Providers, faultProviders("backup", b.sound)...)
	for _, row := range rows {
		if row.server != server {
			continue
		}
		site := faultsite.New(b.t, row.fault, soundAnswer)
		b.sites[row.fault.Name] = site
		res.Providers = append(res.Providers, faultProviders(row.fault.Name, site)...)
		for _, c := range row.cases() {
			c.site = site
			b.cases = append(b.cases, c)
			if m := c.model(); !made[m.Slug] {
				made[m.Slug] = true
				res.Models = append(res.Models, m)
			}
		}
	}
	if _, err := b.admin().Apply(b.t.Context(), skytells.ApplyRequest{Source: "test", Resources: res}); err != nil {
		b.t.Fatal(err)
	}
	b.grant("1000")
	b.granted = 1000_000_000_000
}

func faultProviders(name string, site *faultsite.Site) []skytells.ProviderSpec {
	base := site.URL.JoinPath("v1").String()
	return []skytells.ProviderSpec{
		{Name: name + "-chat", Kind: "openai", BaseURL: base, Credential: upKey, Responses: "chat"},
		{Name: name + "-native", Kind: "openai", BaseURL: base, Credential: upKey, Responses: "native"},
		{Name: name + "-anthropic", Kind: "anthropic", BaseURL: base, Credential: upKey},
	}
}

func (c *faultCase) model() skytells.ModelSpec {
	m := skytells.ModelSpec{
		Slug: c.slug(), Type: "text", API: "chat", Pricing: &skytells.PricingSpec{Unit: "million_token", Input: inputPrice, Output: outputPrice, CachedInput: "0.25"},
		Targets: []skytells.TargetSpec{{Provider: c.row.fault.Name + c.api.provider, Model: "inner/" + c.slug()}},
	}
	if c.api.path == embedPath {
		m.API, m.Pricing = "embeddings", &skytells.PricingSpec{Unit: "million_token", Input: inputPrice}
	}
	if c.two {
		m.Targets = append(m.Targets, skytells.TargetSpec{Provider: "backup" + c.api.provider, Model: "inner/" + c.slug(), Priority: 1})
	}
	return m
}

// run asks all cases, some at a time: those that hang wait together.
func (b *faultBench) run() {
	room := make(chan struct{}, 24)
	var all sync.WaitGroup
	for _, c := range b.cases {
		all.Go(func() {
			room <- struct{}{}
			defer func() { <-room }()
			c.ask(b.server)
		})
	}
	all.Wait()
	for _, c := range b.cases {
		if c.err != nil {
			b.t.Errorf("%s: no whole answer: %v after %q", c.name(), c.err, c.got.body)
			continue
		}
		b.check(c)
	}
}

// largeInput is more than the buffers of a connection hold.
const largeInput = 4 << 20

func (c *faultCase) ask(s *server) {
	pad := ""
	if c.row.fault.Large() {
		pad = strings.Repeat(" hi", largeInput/3)
	}
	c.body = fmt.Sprintf(c.api.body, c.slug(), pad)
	var res *http.Response
	if res, c.err = s.client.Do(s.request(http.MethodPost, c.api.path, c.body, "X-Api-Key", s.key)); c.err != nil {
		return
	}
	defer res.Body.Close() //nolint:errcheck // read to its end
	var text []byte
	text, c.err = io.ReadAll(res.Body)
	c.got = reply{res.StatusCode, res.Header, string(text)}
}

// check compares what the client got, and how often the upstreams were asked.
func (b *faultBench) check(c *faultCase) {
	b.t.Helper()
	fail := func(format string, args ...any) {
		b.t.Helper()
		b.t.Errorf("%s: %s\n%d %v %s", c.name(), fmt.Sprintf(format, args...), c.got.status, c.got.header, faultClip(c.got.body))
	}
	for _, hidden := range []string{faultsite.Secret, upKey, "inner/"} {
		if strings.Contains(c.got.body, hidden) {
			fail("the caller reads %q", hidden)
		}
	}
	if c.got.header.Get("X-Skytells-Model") != c.slug() {
		fail("x-skytells-model is not the model's slug")
	}
	for _, problem := range c.want.problems(c) {
		fail("%s", problem)
	}
	id := c.got.id()
	if n, want := c.site.Requests(id), c.row.seen(); n != want {
		fail("the faulty upstream was asked %d times, want %d", n, want)
	}
	want := 0
	if c.moved() {
		want = 1
	}
	if n := b.sound.Requests(id); n != want {
		fail("the sound upstream was asked %d times, want %d", n, want)
	}
}

func faultClip(s string) string {
	if len(s) > 2000 {
		return s[:2000] + "…"
	}
	return s
}

// faultCharge is what a case has to cost.
type faultCharge struct {
	In, Out, Cached int64
	Counted         bool
	Amount          int64 // nano-dollars
	Outcome         string
}

// checkMoney compares the charges that the account can read with the table, and their sum
// with its balance; then it spends all that is left, so that nothing can be set aside.
func (b *faultBench) checkMoney() {
	b.t.Helper()
	expected, spent := 0, int64(0)
	for _, c := range b.cases {
		if c.err == nil && c.want.charge(c).Amount > 0 {
			expected++
		}
	}
	// On a slow disk the server writes charges beside the database first.
	lines := b.charges()
	for end := time.Now().Add(patience); len(lines) < expected && time.Now().Before(end); {
		lines = b.charges()
	}
	for _, c := range b.cases {
		if c.err != nil {
			continue
		}
		want, got := c.want.charge(c), lines[c.got.id()]
		delete(lines, c.got.id())
		if want.Amount == 0 {
			if got != nil {
				b.t.Errorf("%s: charged %+v, want nothing", c.name(), *got)
			}
			continue
		}
		spent += want.Amount
		if got == nil {
			b.t.Errorf("%s: nothing was charged, want %+v", c.name(), want)
			continue
		}
		if string(got.Amount) != faultNanos(want.Amount) || want.Outcome != "" && got.Outcome != want.Outcome || got.Counted != want.Counted || got.Model != c.slug() {
			b.t.Errorf("%s: charged %+v, want %+v", c.name(), *got, want)
		}
	}
	for id := range lines {
		b.t.Errorf("a charge of a request that no case made: %s", id)
	}
	balance := b.balance()
	if string(balance.Balance) != faultNanos(b.granted-spent) || balance.Available != balance.Balance || balance.Reserved != "0.00" {
		b.t.Errorf("the balance is %+v, want %s", balance, faultNanos(b.granted-spent))
	}
	b.spendAll(b.granted - spent)
	b.clean()
}

// charges reads all of the account's charges, page by page.
func (b *faultBench) charges() map[string]*skytells.ChargeLine {
	b.t.Helper()
	out := map[string]*skytells.ChargeLine{}
	var page skytells.List[skytells.ChargeLine]
	decode(b.t, b.call(http.MethodGet, "/v1/charges?limit=1000", "").body, &page)
	for i := range page.Data {
		if out[page.Data[i].Request] != nil {
			b.t.Errorf("charged twice: %+v", page.Data[i])
		}
		out[page.Data[i].Request] = &page.Data[i]
	}
	if len(page.Data) == 1000 {
		b.t.Error("there are more charges than a page holds")
	}
	return out
}

// faultNanos is an amount as the API writes it.
func faultNanos(n int64) string {
	whole, part := n/1_000_000_000, strconv.FormatInt(n%1_000_000_000+1_000_000_000, 10)[1:]
	for len(part) > 2 && strings.HasSuffix(part, "0") {
		part = part[:len(part)-1]
	}
	return fmt.Sprintf("%d.%s", whole, part)
}

// spendAll asks for as much output as the whole balance covers: the limit goes upstream
// unlowered only where nothing of it is set aside for a call that has ended.
func (b *faultBench) spendAll(left int64) {
	b.t.Helper()
	up := providertest.NewUpstream(b.t, providertest.HTTP1)
	up.On(chatPath, jsonScript(chatAnswer))
	_, err := b.admin().Apply(b.t.Context(), skytells.ApplyRequest{Source: "probe", Resources: skytells.Resources{
		Providers: []skytells.ProviderSpec{{Name: "probe", Kind: "openai", BaseURL: up.URL.JoinPath("v1").String()}},
		Models: []skytells.ModelSpec{{
			Slug: "probe", Type: "text", API: "chat", Pricing: &skytells.PricingSpec{Unit: "million_token", Input: inputPrice, Output: outputPrice},
			Targets: []skytells.TargetSpec{{Provider: "probe", Model: "probe"}},
		}},
	}})
	if err != nil {
		b.t.Fatal(err)
	}
	const body = `{"model":"probe","messages":[],"max_tokens":%09d}`
	input := int64(len(fmt.Sprintf(body, 0))+2) / 3
	asked := fmt.Sprintf(`"max_tokens":%d}`, (left-input*1000)/4000)
	r := b.post(chatPath, strings.Replace(body, `"max_tokens":%09d}`, asked, 1))
	if r.status != http.StatusOK || !strings.Contains(up.Last().Body, asked) {
		b.t.Errorf("of %s something is still set aside: %d %s; %s went upstream", faultNanos(left), r.status, r.body, up.Last().Body)
	}
}

// checkRecords stops the server and compares the rows that it leaves of each request.
func (b *faultBench) checkRecords() {
	b.t.Helper()
	lines, log := map[string][]string{}, map[string][]string{}
	for _, row := range b.rows("select request, target, units_in, units_out, units_cached, outcome from charge_line") {
		lines[row[0]] = row[1:]
	}
	for _, row := range b.rows("select request, target, status, outcome, error_id, tokens_in, tokens_out from request_log where account <> ''") {
		log[row[0]] = row[1:]
	}
	for _, c := range b.cases {
		if c.err != nil {
			continue
		}
		want := c.want.charge(c)
		target := c.row.fault.Name + c.api.provider + "/inner/" + c.slug()
		if c.moved() {
			target = "backup" + c.api.provider + "/inner/" + c.slug()
		}
		number := func(n int64) string { return strconv.FormatInt(n, 10) }
		if row := []string{target, number(want.In), number(want.Out), number(want.Cached), want.Outcome}; want.Amount > 0 && !slices.Equal(row, lines[c.got.id()]) {
			b.t.Errorf("%s: the charge is %q, want %q", c.name(), lines[c.got.id()], row)
		}
		row := []string{target, strconv.Itoa(c.got.status), want.Outcome, c.want.id(c), number(want.In), number(want.Out)}
		if !slices.Equal(row, log[c.got.id()]) {
			b.t.Errorf("%s: the record is %q, want %q", c.name(), log[c.got.id()], row)
		}
	}
	if live := b.rows("select id, amount, used from lease where state = 'live'"); len(live) > 0 {
		b.t.Errorf("leases that were not given back: %v", live)
	}
}
