package inference_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"skytower/internal/account"
	"skytower/internal/cache"
	"skytower/internal/catalog"
	"skytower/internal/fault"
	"skytower/internal/inference"
	"skytower/internal/ledger"
	"skytower/internal/limit"
	"skytower/internal/money"
	"skytower/internal/provider"
	"skytower/internal/skytells"
)

// deskTime is when a desk's services believe to be.
func deskTime() time.Time { return time.Unix(1_700_000_000, 0) }

// memories keep answers by a clock that the test moves; what they are asked is written down.
type memories struct {
	*cache.Memory
	at    time.Time
	asked []cache.Key
	hits  []bool
}

func newMemories() *memories {
	m := &memories{at: deskTime()}
	m.Memory = cache.NewMemory(1<<22, func() time.Time { return m.at })
	return m
}

func (m *memories) Find(ctx context.Context, k cache.Key) cache.Found {
	m.asked = append(m.asked, k)
	return m.Memory.Find(ctx, k)
}

func (m *memories) recall() *inference.Recall {
	return &inference.Recall{Answers: m, Key: []byte("secret"), TTL: 5 * time.Minute, Percent: 10, OnAsked: func(hit bool) { m.hits = append(m.hits, hit) }}
}

// recalling is a desk with a cache, whose model keeps its answers for ten minutes.
func recalling(u any) (*desk, *memories) {
	d, m := newDesk(u), newMemories()
	d.recall = m.recall()
	d.model.Cache = &catalog.Caching{TTL: 10 * time.Minute, Percent: -1}
	d.now = func() time.Time { return m.at }
	return d, m
}

func (d *desk) wish(w inference.CacheWish) *desk {
	d.edit = func(r *inference.Request) { r.Cache = w }
	return d
}

// marks are what the admissions said of the cache.
func (d *desk) marks() (marks []string) {
	for _, a := range d.admits {
		marks = append(marks, a.Cache)
	}
	return marks
}

// boundChat is a plain chat whose output is within the first step, which any credit has to
// cover.
const boundChat = `{"model":"m","max_tokens":50,"messages":[{"role":"user","content":"hi"}]}`

// calls serves the same request several times.
func (d *desk) calls(t *testing.T, api inference.API, body string, times int) {
	t.Helper()
	for range times {
		if _, err := d.call(t.Context(), t, api, body); err != nil {
			t.Fatal(err)
		}
	}
}

func answered(text string, used provider.Usage) *upstream {
	return &upstream{
		answer: provider.Answer{Body: fmt.Appendf(nil, `{"id":"chatcmpl-1","choices":[{"message":{"content":%q},"finish_reason":"stop"}]}`, text), Usage: used, Bytes: len(text)},
		events: []provider.Event{chunk(text), chunk(" more"), stop("stop"), {Data: []byte(`{"choices":[]}`), Usage: used, UsageOnly: true}},
	}
}

func TestAHitAsksNoUpstreamAndCostsItsShare(t *testing.T) {
	t.Parallel()
	used := provider.Usage{Reported: true, Input: 7, Output: 3, Cached: 2, Reasoning: 1}
	u := answered("hello", used)
	d, m := recalling(u)
	d.model.Price = tokenPrice()
	d.calls(t, inference.Chat, boundChat, 1)
	first := d.answer
	d.journal, m.at = nil, m.at.Add(90*time.Second)
	result, err := d.call(t.Context(), t, inference.Chat, boundChat)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"resolve chat", "take", "reserve", "admit", "commit", "answer", "settle"}, d.journal); diff != "" {
		t.Errorf("order of steps: %s", diff)
	}
	if len(u.calls) != 1 || d.answer != first || !slices.Equal(d.marks(), []string{"miss", "hit"}) || d.admits[1].Age != 90*time.Second {
		t.Errorf("%d calls, %s and then %s, admitted %+v", len(u.calls), first, d.answer, d.admits)
	}
	whole := (5*inPrice + 2*cachedPrice + 3*outPrice)
	charge := ledger.Charge{
		Request: "req_1", Account: "acct", Key: "key", Model: "slug", Target: "cache", Input: 7, Output: 3, Cached: 2, Reasoning: 1,
		Outcome: "ok", At: m.at, Amount: whole / 10, PriceVersion: 7,
	}
	if diff := cmp.Diff(charge, d.charges[1]); diff != "" || d.charges[0].Amount != whole {
		t.Errorf("%s, the first cost %d", diff, d.charges[0].Amount)
	}
	if result.Target != "cache" || result.Usage != used || result.Tries != 0 || result.Charged != whole/10 || result.Outcome != inference.Complete {
		t.Errorf("got %+v", result)
	}
	// A request counts in the limits, its tokens do not.
	if diff := cmp.Diff([]limit.Use{{TokensIn: 7, TokensOut: 3}, {}}, d.settled); diff != "" || len(d.drawn) != 2 {
		t.Errorf("settled %s, drawn %d times", diff, len(d.drawn))
	}
	if d.estimates[1].Amount != whole/10 || d.estimates[1].Least != whole/10 || !slices.Equal(m.hits, []bool{false, true}) {
		t.Errorf("set aside %+v, heard %v", d.estimates[1], m.hits)
	}
}

func TestAStreamIsReplayedEventByEvent(t *testing.T) {
	t.Parallel()
	for _, body := range []string{streamedChat, `{"model":"m","stream":true,"stream_options":{"include_usage":true},"messages":[]}`} {
		u := answered("hello", provider.Usage{Reported: true, Input: 7, Output: 3})
		d, _ := recalling(u)
		d.model.Price = tokenPrice()
		d.calls(t, inference.Chat, body, 1)
		first := slices.Clone(d.events)
		d.journal, d.events = nil, nil
		d.calls(t, inference.Chat, body, 1)
		if diff := cmp.Diff(first, d.events); diff != "" || len(u.calls) != 1 {
			t.Errorf("%s, %d calls", diff, len(u.calls))
		}
		commit, done, flush := slices.Index(d.journal, "commit"), slices.Index(d.journal, "event [DONE]"), slices.Index(d.journal, "flush")
		if commit < 0 || done < commit || flush < 0 || flush > commit {
			t.Errorf("steps: %v", d.journal)
		}
		// plain and streamed answers are not mixed up
		d.calls(t, inference.Chat, strings.Replace(body, `"stream":true`, `"stream":false`, 1), 1)
		if len(u.calls) != 2 {
			t.Error("a plain request was answered by a stream")
		}
	}
}

// Responses' last event waits for the charge, also when it is replayed.
func TestAResponsesStreamIsReplayed(t *testing.T) {
	t.Parallel()
	last := provider.Event{Name: "response.completed", Final: true, Usage: provider.Usage{Reported: true, Input: 5, Output: 2},
		Data: []byte(`{"type":"response.completed","response":{"id":"resp_1","status":"completed","output":[]}}`)}
	u := &upstream{events: []provider.Event{{Name: "response.created", Data: []byte(`{"type":"response.created"}`)},
		{Name: "response.output_text.delta", Data: []byte(`{"type":"response.output_text.delta","delta":"hi"}`), Output: true, Bytes: 2}, last}}
	d, _ := recalling(responder{&upstream{}, u})
	const body = `{"model":"m","stream":true,"input":"hi"}`
	d.calls(t, inference.Responses, body, 1)
	first := slices.Clone(d.events)
	d.journal, d.events = nil, nil
	d.calls(t, inference.Responses, body, 1)
	if diff := cmp.Diff(first, d.events); diff != "" || len(u.calls) != 1 || len(first) != 3 {
		t.Errorf("%s, %d calls", diff, len(u.calls))
	}
	if slices.Index(d.journal, "event response.completed") < slices.Index(d.journal, "commit") {
		t.Errorf("steps: %v", d.journal)
	}
}

func TestEmbeddingsAreKept(t *testing.T) {
	t.Parallel()
	u := answered("", provider.Usage{Reported: true, Input: 4})
	d, _ := recalling(u)
	d.model.Price = tokenPrice()
	d.calls(t, inference.Embeddings, `{"model":"m","input":["a","b"]}`, 2)
	d.calls(t, inference.Embeddings, `{"model":"m","input":["a","c"]}`, 1)
	if len(u.calls) != 2 || d.charges[1].Amount != 4*inPrice/10 || d.charges[1].Target != "cache" {
		t.Errorf("%d calls, charged %+v", len(u.calls), d.charges)
	}
}

// The header, against models that keep answers always, by header, or not at all.
func TestWhatTheHeaderAsksFor(t *testing.T) {
	t.Parallel()
	const on, off, refresh, leave = inference.CacheOn, inference.CacheOff, inference.CacheRefresh, inference.CacheAsModel
	always, byHeader := &catalog.Caching{TTL: time.Hour, Percent: -1}, &catalog.Caching{TTL: time.Hour, Percent: -1, ByHeader: true}
	for name, c := range map[string]struct {
		model *catalog.Caching
		modes []inference.CacheMode
		ttl   time.Duration // of the server
		want  string        // an h, m or - for each
	}{
		"nothing":                      {nil, []inference.CacheMode{leave, leave}, time.Minute, "--"},
		"the request asks":             {nil, []inference.CacheMode{on, on, leave}, time.Minute, "mh-"},
		"requests can't ask":           {nil, []inference.CacheMode{on, on}, 0, "--"},
		"the model keeps":              {always, []inference.CacheMode{leave, leave, on}, 0, "mhh"},
		"the model keeps by header":    {byHeader, []inference.CacheMode{leave, on, leave, on}, 0, "-m-h"},
		"off looks for nothing":        {always, []inference.CacheMode{leave, off, leave}, 0, "m-h"},
		"off stores nothing":           {always, []inference.CacheMode{off, leave}, 0, "-m"},
		"refresh replaces":             {always, []inference.CacheMode{leave, refresh, leave}, 0, "mmh"},
		"refresh asks for the storing": {nil, []inference.CacheMode{refresh, on}, time.Minute, "mh"},
	} {
		u := answered("hello", provider.Usage{Reported: true, Input: 7, Output: 3})
		d, _ := recalling(u)
		d.model.Cache, d.recall.TTL = c.model, c.ttl
		for i, mode := range c.modes {
			u.answer.Body = fmt.Appendf(nil, `{"n":%d}`, i)
			d.wish(inference.CacheWish{Mode: mode}).calls(t, inference.Chat, plainChat, 1)
		}
		got := ""
		for _, mark := range d.marks() {
			got += map[string]string{"": "-", "hit": "h", "miss": "m"}[mark]
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		if c.want == "mmh" && d.answer != `{"n":1}` {
			t.Errorf("the answer before was given: %s", d.answer)
		}
	}
}

func TestLives(t *testing.T) {
	t.Parallel()
	const minute = time.Minute
	for name, c := range map[string]struct {
		model     *catalog.Caching
		ask, then time.Duration // the headers of the first and the second request
		after     time.Duration
		hit       bool
	}{
		"the model's life":                     {&catalog.Caching{TTL: 10 * minute}, 0, 0, 10*minute - 1000, true},
		"is over":                              {&catalog.Caching{TTL: 10 * minute}, 0, 0, 10 * minute, false},
		"the header bounds it":                 {&catalog.Caching{TTL: 10 * minute}, minute, 0, minute, false},
		"and does not lengthen it":             {&catalog.Caching{TTL: 10 * minute}, 20 * minute, 20 * minute, 10 * minute, false},
		"the server's, where only it asks":     {nil, 20 * minute, 20 * minute, 5 * minute, false},
		"not yet":                              {nil, 20 * minute, 20 * minute, 5*minute - 1000, true},
		"an answer that is older than allowed": {&catalog.Caching{TTL: 10 * minute}, 0, 2 * minute, 2 * minute, false},
		"one that is not":                      {&catalog.Caching{TTL: 10 * minute}, 0, 2 * minute, 2*minute - 1000, true},
	} {
		d, m := recalling(answered("hello", provider.Usage{Reported: true, Input: 7, Output: 3}))
		d.model.Cache = c.model
		ask := func(ttl time.Duration) {
			wish := inference.CacheWish{TTL: ttl}
			if ttl > 0 {
				wish.Mode = inference.CacheOn
			}
			d.wish(wish).calls(t, inference.Chat, plainChat, 1)
		}
		ask(c.ask)
		m.at = m.at.Add(c.after)
		ask(c.then)
		if got := d.marks()[1] == "hit"; got != c.hit {
			t.Errorf("%s: hit is %v", name, got)
		}
	}
}

// Shares and discounts are one factor, and the whole is rounded once, half to even.
func TestShares(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		percent, discount int
		in, out           int64
		first, then       money.Nanos
	}{
		{percent: -1, in: 7, out: 3, first: 44_000, then: 4_400},
		{percent: 100, in: 7, out: 3, first: 44_000, then: 44_000},
		{percent: 0, in: 7, out: 3, first: 44_000, then: 0},
		{percent: 25, discount: 50, in: 7, out: 3, first: 22_000, then: 5_500},
		{percent: 33, discount: 33, in: 1, out: 0, first: 1_340, then: 442}, // 2000 × 0.33 × 0.67 = 442.2
		{percent: 10, discount: 100, in: 7, out: 3, first: 0, then: 0},
	} {
		d, _ := recalling(answered("hello", provider.Usage{Reported: true, Input: c.in, Output: c.out}))
		d.model.Price, d.model.Cache.Percent = tokenPrice(), c.percent
		d.edit = func(r *inference.Request) { r.Discount = c.discount }
		d.calls(t, inference.Chat, boundChat, 2)
		if d.charges[0].Amount != c.first || d.charges[1].Amount != c.then || d.charges[1].Input != c.in || d.charges[1].Outcome != "ok" {
			t.Errorf("%+v: charged %d and %d", c, d.charges[0].Amount, d.charges[1].Amount)
		}
		if free := d.charges[1].PriceVersion == 0; free != (c.then == 0) {
			t.Errorf("%+v: explained by version %d", c, d.charges[1].PriceVersion)
		}
	}
	// 25 nano-dollars: a tenth is 2.5, and 35: 3.5.
	for rate, want := range map[money.Nanos]money.Nanos{25: 2, 35: 4} {
		d, _ := recalling(answered("hello", provider.Usage{Reported: true, Input: 1}))
		d.model.Price = tokenPrice()
		d.model.Price.Input = rate * money.PerMillion
		d.calls(t, inference.Chat, boundChat, 2)
		if d.charges[1].Amount != want {
			t.Errorf("a tenth of %d is %d", rate, d.charges[1].Amount)
		}
	}
}

// Whatever is not a complete answer is not kept, and neither is one that has effects.
func TestWhatIsNotKept(t *testing.T) {
	t.Parallel()
	used := provider.Usage{Reported: true, Input: 7, Output: 3}
	broken := failure(provider.Broken, 0)
	const store = `{"model":"m","input":"hi","store":true}`
	for name, c := range map[string]struct {
		u    *upstream
		api  inference.API
		body string
	}{
		"refused":                {&upstream{err: broken}, inference.Chat, plainChat},
		"a stream that is cut":   {&upstream{events: []provider.Event{chunk("x"), usage(3, 9)}, end: failure(provider.Cut, 0)}, inference.Chat, streamedChat},
		"a stream that fails":    {&upstream{events: []provider.Event{chunk("x")}, end: broken}, inference.Chat, streamedChat},
		"content_filter":         {&upstream{answer: provider.Answer{Body: []byte(`{"choices":[{"finish_reason":"content_filter"}]}`), Usage: used}}, inference.Chat, plainChat},
		"content_filter, midway": {&upstream{events: []provider.Event{chunk("x"), stop("content_filter"), usage(1, 1)}}, inference.Chat, streamedChat},
		"a response that failed": {&upstream{answer: provider.Answer{Body: []byte(`{"id":"resp_1","status":"failed"}`)}}, inference.Responses, `{"model":"m","input":"hi"}`},
		"one that is filtered": {&upstream{answer: provider.Answer{Body: []byte(`{"id":"resp_1","status":"incomplete","incomplete_details":{"reason":"content_filter"}}`), Usage: used}},
			inference.Responses, `{"model":"m","input":"hi"}`},
		"one that is stored":     {&upstream{answer: provider.Answer{Body: []byte(`{"id":"resp_1","status":"completed"}`), Usage: used}}, inference.Responses, store},
		"a completion likewise":  {answered("x", used), inference.Chat, `{"model":"m","messages":[],"store":true}`},
		"a stream that is large": {&upstream{events: []provider.Event{chunk(strings.Repeat("x", cache.MostBytes)), usage(1, 1)}}, inference.Chat, streamedChat},
		"an answer likewise":     {answered(strings.Repeat("x", cache.MostBytes), used), inference.Chat, plainChat},
	} {
		d, _ := recalling(responder{c.u, c.u})
		for range 2 {
			_, _ = d.call(t.Context(), t, c.api, c.body)
		}
		if len(c.u.calls) != 2 || slices.Contains(d.marks(), "hit") {
			t.Errorf("%s: asked %d times, %v", name, len(c.u.calls), d.marks())
		}
	}
	// Quoting the word is no filter.
	u := answered(`it says "content_filter"`, used)
	d, _ := recalling(u)
	d.calls(t, inference.Chat, plainChat, 2)
	if len(u.calls) != 1 {
		t.Error("an answer that quotes the word was not kept")
	}
}

func TestAHangUpKeepsNothing(t *testing.T) {
	t.Parallel()
	u := answered("hello", provider.Usage{Reported: true, Input: 7, Output: 3})
	d, _ := recalling(u)
	d.sinkErr = io.ErrClosedPipe
	_, _ = d.call(t.Context(), t, inference.Chat, streamedChat)
	d.sinkErr = nil
	d.calls(t, inference.Chat, streamedChat, 1)
	if len(u.calls) != 2 {
		t.Error("a stream whose caller left was kept")
	}
}

// A kept answer costs its share, however much of it the caller takes.
func TestAHangUpInAReplayCostsTheShare(t *testing.T) {
	t.Parallel()
	d, _ := recalling(answered("hello", provider.Usage{Reported: true, Input: 7, Output: 3}))
	d.model.Price = tokenPrice()
	d.calls(t, inference.Chat, streamedChat, 1)
	d.sinkErr = io.ErrClosedPipe
	result, err := d.call(t.Context(), t, inference.Chat, streamedChat)
	if err == nil || result.Outcome != inference.HungUp || len(d.charges) != 2 || d.charges[1].Amount != 4_400 || d.charges[1].Outcome != "hang_up" {
		t.Errorf("%v, %+v, charged %+v", err, result, d.charges)
	}
}

func TestNoAnswerWithoutADurableCharge(t *testing.T) {
	t.Parallel()
	d, _ := recalling(answered("hello", provider.Usage{Reported: true, Input: 7, Output: 3}))
	d.calls(t, inference.Chat, plainChat, 1)
	d.answer, d.commit = "", errors.New("the disk is full")
	if _, err := d.call(t.Context(), t, inference.Chat, plainChat); !fault.Is(err, fault.ServiceUnavailable) || d.answer != "" {
		t.Errorf("got %v, answered %q", err, d.answer)
	}
}

func TestLimitsAndCreditBoundHits(t *testing.T) {
	t.Parallel()
	d, m := recalling(answered("hello", provider.Usage{Reported: true, Input: 7, Output: 3}))
	d.model.Price = tokenPrice()
	d.calls(t, inference.Chat, boundChat, 1)
	d.reserve = fault.New(fault.InsufficientCredits, "none")
	if _, err := d.call(t.Context(), t, inference.Chat, boundChat); !fault.Is(err, fault.InsufficientCredits) || len(d.admits) != 1 {
		t.Errorf("got %v", err)
	}
	d.reserve, d.decision = nil, limit.Decision{Dimension: "requests", Limit: 1}
	asked := len(m.asked)
	if _, err := d.call(t.Context(), t, inference.Chat, boundChat); !fault.Is(err, fault.RateLimited) || len(m.asked) != asked {
		t.Errorf("got %v, looked %d times", err, len(m.asked)-asked)
	}
}

// What is counted by us, since no usage was reported, is so in a hit.
func TestACountStaysACount(t *testing.T) {
	t.Parallel()
	d, _ := recalling(answered("hello", provider.Usage{}))
	d.calls(t, inference.Chat, plainChat, 2)
	one, two := d.charges[0], d.charges[1]
	two.Target = one.Target
	if diff := cmp.Diff(one, two); diff != "" || !one.Counted {
		t.Error(diff)
	}
}

// Two accounts, and definitions of a model, never share an answer; two keys of one account
// do.
func TestWhoseAnswerItIs(t *testing.T) {
	t.Parallel()
	u := answered("hello", provider.Usage{Reported: true, Input: 7, Output: 3})
	d, _ := recalling(u)
	d.calls(t, inference.Chat, plainChat, 1)
	for name, c := range map[string]struct {
		change func()
		hit    bool
	}{
		"another key":        {func() { d.who.Key = "key_2" }, true},
		"another account":    {func() { d.who = account.Principal{Account: "acct_2", Key: "key"} }, false},
		"another definition": {func() { d.who, d.model.Definition = account.Principal{Account: "acct"}, catalog.Definition{1} }, false},
	} {
		d.admits = nil
		c.change()
		d.calls(t, inference.Chat, plainChat, 1)
		if got := d.marks()[0] == "hit"; got != c.hit {
			t.Errorf("%s: hit is %v", name, got)
		}
		d.who, d.model.Definition = account.Principal{Account: "acct", Key: "key"}, catalog.Definition{}
	}
}

// question is everything that decides an answer.
type question struct {
	account, surface string
	api              inference.API
	stream           bool
	definition       byte
	header           http.Header
	body             string
}

func drawQuestion(t *rapid.T) question {
	q := question{
		account: rapid.SampledFrom([]string{"acct_a", "acct_b", "acct_ab"}).Draw(t, "account"),
		surface: rapid.SampledFrom([]string{limit.Standard, limit.Edge}).Draw(t, "surface"),
		api:     rapid.SampledFrom([]inference.API{inference.Chat, inference.Embeddings}).Draw(t, "api"),
		stream:  rapid.Bool().Draw(t, "stream"), definition: rapid.ByteRange(0, 1).Draw(t, "definition"), header: http.Header{},
	}
	for _, name := range []string{"Openai-Beta", "Accept-Language"} {
		if values := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "ab", ""}), 0, 2).Draw(t, name); len(values) > 0 {
			q.header[name] = values
		}
	}
	content := rapid.SampledFrom([]string{"", "a", "b", "a ", "acct_a"}).Draw(t, "content")
	if q.api == inference.Embeddings {
		q.stream = false
		q.body = fmt.Sprintf(`{"model":"m","input":%q}`, content)
	} else {
		q.body = fmt.Sprintf(`{"model":"m","messages":[{"role":"user","content":%q}]}`, content)
	}
	if rapid.Bool().Draw(t, "extra") {
		q.body = strings.Replace(q.body, "{", `{"x":1,`, 1)
	}
	return q
}

// Keys are equal exactly where everything is that decides the answer.
func TestKeysAreOfTheWholeRequest(t *testing.T) {
	t.Parallel()
	u := answered("hello", provider.Usage{Reported: true, Input: 7, Output: 3})
	keyOf := func(rt *rapid.T, q question) cache.Key {
		d, m := recalling(u)
		d.who.Account, d.model.Definition = q.account, catalog.Definition{q.definition}
		req, err := inference.NewParser().Parse(q.api, []byte(q.body), q.stream)
		if err != nil {
			rt.Fatal(err)
		}
		req.Surface, req.Header = q.surface, q.header
		if _, err := d.service().Do(t.Context(), d.who, req, d); err != nil {
			rt.Fatal(err)
		}
		return m.asked[0]
	}
	rapid.Check(t, func(rt *rapid.T) {
		one, two := drawQuestion(rt), drawQuestion(rt)
		if rapid.Bool().Draw(rt, "nearly equal") {
			two = one
			switch rapid.IntRange(0, 5).Draw(rt, "difference") {
			case 0:
				two.account = "acct_c"
			case 1:
				two.body = strings.Replace(one.body, ":", ": ", 1)
			case 2:
				two.header = http.Header{"Accept-Language": {"c"}}
			case 3:
				two.definition++
			case 4:
				two.surface = map[string]string{limit.Standard: limit.Edge, limit.Edge: limit.Standard}[one.surface]
			}
		}
		same := cmp.Equal(one, two, cmp.AllowUnexported(question{}))
		a, b := keyOf(rt, one), keyOf(rt, two)
		if (a == b) != same || (a.Digest == b.Digest) != same || a.Account != one.account {
			rt.Fatalf("%+v and %+v: equal is %v, of keys %v", one, two, same, a == b)
		}
	})
}

// What stands under a key and can't be read is a miss.
func TestADamagedAnswerIsAMiss(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func([]byte) []byte{
		"another version": func(b []byte) []byte { return append([]byte{b[0] + 1}, b[1:]...) },
		"cut":             func(b []byte) []byte { return b[:len(b)-1] },
		"empty":           func([]byte) []byte { return []byte{} },
	} {
		u := answered("hello", provider.Usage{Reported: true, Input: 7, Output: 3})
		d, m := recalling(u)
		d.calls(t, inference.Chat, streamedChat, 1)
		found := m.Memory.Find(t.Context(), m.asked[0])
		found.Body = damage(bytes.Clone(found.Body))
		m.Memory.Keep(t.Context(), m.asked[0], found.Answer, found.Since)
		d.calls(t, inference.Chat, streamedChat, 1)
		if len(u.calls) != 2 {
			t.Errorf("%s: it was given", name)
		}
	}
}

func TestParseCacheWish(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]inference.CacheWish{
		"on": {Mode: inference.CacheOn}, "off": {Mode: inference.CacheOff}, "refresh": {Mode: inference.CacheRefresh},
		"10m": {Mode: inference.CacheOn, TTL: 10 * time.Minute}, "90": {Mode: inference.CacheOn, TTL: 90 * time.Second}, "1h30m": {Mode: inference.CacheOn, TTL: 90 * time.Minute},
	} {
		if got, err := inference.ParseCacheWish(text); err != nil || got != want {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "ON", "yes", "0", "-5", "0s", "-1m", "10 m", "99999999999", "on, off", "1e3"} {
		if _, err := inference.ParseCacheWish(text); !fault.Is(err, fault.InvalidParameter) || fault.From(err).Param != "X-Skytells-Cache" {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// The ledger is real: both books agree after a miss, hits and a hit without credit.
func TestHitsInTheBooks(t *testing.T) {
	t.Parallel()
	eachBooks(t, func(t *testing.T, b *books) {
		b.name = "recall"
		d, m := recalling(answered("hello", provider.Usage{Reported: true, Input: 100, Output: 50}))
		own, till := b.desk(nil, 2*money.Dollar)
		d.who, d.model.Price, d.meter, till.d = own.who, tokenPrice(), till, d
		whole := 100*inPrice + 50*outPrice
		for i := range 4 {
			d.request = fmt.Sprintf("req_recall_%s_%d", d.who.Account, i)
			d.calls(t, inference.Chat, plainChat, 1)
		}
		balance, err := b.l.Balance(t.Context(), d.who.Account)
		if want := 2*money.Dollar - whole - 3*(whole/10); err != nil || balance.Balance != want || balance.Available != want {
			t.Errorf("%+v, %v; want %d", balance, err, want)
		}
		if !slices.Equal(m.hits, []bool{false, true, true, true}) {
			t.Errorf("hits: %v", m.hits)
		}
	})
}

// An answer that credit made short is kept for nobody; one that is whole is given also
// where credit would not cover a new one.
func TestShortCredit(t *testing.T) {
	t.Parallel()
	const body = `{"model":"m","max_tokens":1000,"messages":[{"role":"user","content":"hi"}]}`
	eachBooks(t, func(t *testing.T, b *books) {
		for name, c := range map[string]struct {
			credit money.Nanos
			short  bool
			marks  []string
		}{
			"short": {600 * outPrice, true, []string{"miss", "miss"}}, // for some 600 of the 1,000 tokens
			"whole": {1030 * outPrice, false, []string{"miss", "hit"}},
		} {
			b.name = name
			u := answered("hello", provider.Usage{Reported: true, Input: 10, Output: 300})
			if !c.short {
				u.answer.Usage.Output = 990 // what is left covers a share, and no first step of 256
			}
			d, _ := recalling(u)
			own, till := b.desk(nil, c.credit)
			d.who, d.model.Price, d.meter, till.d = own.who, tokenPrice(), till, d
			d.model.Cache.Percent = 1
			for i := range 2 {
				d.request = fmt.Sprintf("req_%s_%s_%d", name, d.who.Account, i)
				d.calls(t, inference.Chat, body, 1)
			}
			if got := u.calls[0].MaxTokens < 1000; got != c.short || !slices.Equal(d.marks(), c.marks) {
				t.Errorf("%s: %d tokens of 1,000, %v", name, u.calls[0].MaxTokens, d.marks())
			}
		}
	})
}

// BenchmarkPlainPriced and the others of bench_test.go are without a cache; these are with
// one that the model does not want, and with hits.
func BenchmarkPlainCacheUnwanted(b *testing.B) {
	q := priced(newQuiet())
	q.recall = newMemories().recall()
	benchmark(b, q, plainChat)
}

func BenchmarkPlainHit(b *testing.B) {
	q, m := priced(newQuiet()), newMemories()
	q.model.Cache, q.recall = &catalog.Caching{TTL: time.Hour, Percent: -1}, &inference.Recall{Answers: m.Memory, Key: []byte("secret"), Percent: 10}
	m.at = time.Now()
	benchmark(b, q, plainChat)
}

func BenchmarkStreamHit(b *testing.B) {
	q, m := priced(newQuiet()), newMemories()
	q.model.Cache, q.recall = &catalog.Caching{TTL: time.Hour, Percent: -1}, &inference.Recall{Answers: m.Memory, Key: []byte("secret"), Percent: 10}
	m.at = time.Now()
	benchmark(b, q, streamedChat)
}

// A server with a cache, and a model that does not want it, allocates as one without.
func TestAnUnwantedCacheCostsNothing(t *testing.T) {
	per := func(recall *inference.Recall) float64 {
		q := priced(newQuiet())
		q.recall = recall
		svc, parser := q.service(), inference.NewParser()
		return testing.AllocsPerRun(200, func() {
			req, err := parser.Parse(inference.Chat, []byte(plainChat), false)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := svc.Do(t.Context(), account.Principal{Account: "acct"}, req, q); err != nil {
				t.Fatal(err)
			}
		})
	}
	if without, with := per(nil), per(newMemories().recall()); with != without {
		t.Errorf("%v allocations without a cache, %v with one", without, with)
	}
}

// The Messages API ends with two events that wait for the charge: a replay has both, after
// its own.
func TestMessagesAreKept(t *testing.T) {
	t.Parallel()
	chat := answered("hello", provider.Usage{Reported: true, Input: 7, Output: 3})
	native := &upstream{answer: provider.Answer{Body: []byte(`{"id":"msg_1","stop_reason":"end_turn"}`), Usage: provider.Usage{Reported: true, Input: 3, Output: 1}}, events: nativeEvents()}
	for name, u := range map[string]any{"over chat": chat, "native": messenger{native: native}} {
		for _, body := range []string{plainMessage, streamedMessage} {
			d, _ := recalling(u)
			d.calls(t, inference.Messages, body, 1)
			answer, first := d.answer, slices.Clone(d.events)
			d.answer, d.journal, d.events = "", nil, nil
			d.calls(t, inference.Messages, body, 1)
			if diff := cmp.Diff(first, d.events); diff != "" || d.answer != answer || !slices.Equal(d.marks(), []string{"miss", "hit"}) {
				t.Errorf("%s: %v, %s, %s and then %s", name, d.marks(), diff, answer, d.answer)
			}
			if stop := slices.Index(d.journal, "event message_stop"); body == streamedMessage && stop < slices.Index(d.journal, "commit") {
				t.Errorf("%s: the end came before the charge: %v", name, d.journal)
			}
		}
	}
	if len(chat.calls) != 2 || len(native.calls) != 2 {
		t.Errorf("asked %d and %d times", len(chat.calls), len(native.calls))
	}
	refused := &upstream{answer: provider.Answer{Body: []byte(`{"id":"msg_1","stop_reason":"refusal"}`), Usage: provider.Usage{Reported: true, Input: 3, Output: 1}}}
	d, _ := recalling(messenger{native: refused})
	d.calls(t, inference.Messages, plainMessage, 2)
	if len(refused.calls) != 2 {
		t.Error("a refusal was kept")
	}
}

// moderator can't judge, or can.
type moderator struct {
	*upstream
	err error
}

func (m *moderator) Moderate(context.Context, string, []string) ([]provider.Judgement, error) {
	return []provider.Judgement{{}}, m.err
}

// What a guard let pass though it could not judge it is not kept; what it passed is.
func TestWhatNobodyJudgedIsNotKept(t *testing.T) {
	t.Parallel()
	u := &moderator{upstream: answered("hello", provider.Usage{Reported: true, Input: 7, Output: 3}), err: errors.New("away")}
	d, _ := recalling(u)
	spec := skytells.GuardSpec{Name: "g", Kind: "moderation", On: "prompt", Action: "block", Provider: "a", Model: "judge", Unsure: "pass"}
	d.model.Guards = []*catalog.Guard{{Spec: spec}}
	d.calls(t, inference.Chat, plainChat, 2)
	if len(u.calls) != 2 || slices.Contains(d.marks(), "hit") {
		t.Errorf("it was kept: %v", d.marks())
	}
	u.err = nil
	d.calls(t, inference.Chat, plainChat, 2)
	if len(u.calls) != 3 {
		t.Errorf("what was judged was not kept: %v", d.marks())
	}
}
