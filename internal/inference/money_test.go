package inference_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/account"
	"skytower/internal/fault"
	"skytower/internal/inference"
	"skytower/internal/ledger"
	"skytower/internal/limit"
	"skytower/internal/money"
	"skytower/internal/price"
	"skytower/internal/provider"
	"skytower/internal/skytells"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

// Nano-dollars of one token of the tests' price.
const (
	inPrice, outPrice, cachedPrice money.Nanos = 2000, 10_000, 500
)

func tokenPrice() *price.Price {
	return &price.Price{
		Version: 7, Unit: price.MillionTokens, Input: inPrice * money.PerMillion, Output: outPrice * money.PerMillion,
		Cached: cachedPrice * money.PerMillion, Reasoning: outPrice * money.PerMillion,
	}
}

// till is the real ledger, whose acts the desk writes down.
type till struct {
	*ledger.Ledger
	d     *desk
	grown money.Nanos
	asked ledger.Estimate
}

func (t *till) Reserve(ctx context.Context, e ledger.Estimate) (*ledger.Reservation, error) {
	t.d.note("reserve")
	t.asked = e
	return t.Ledger.Reserve(ctx, e)
}

func (t *till) Grow(ctx context.Context, r *ledger.Reservation, by money.Nanos) bool {
	ok := t.Ledger.Grow(ctx, r, by)
	if ok {
		t.grown += by
	}
	return ok
}

func (t *till) Commit(ctx context.Context, r *ledger.Reservation, c ledger.Charge) error {
	t.d.note("commit")
	t.d.charges = append(t.d.charges, c)
	return t.Ledger.Commit(ctx, r, c)
}

func (t *till) Release(r *ledger.Reservation) {
	t.d.note("release")
	t.Ledger.Release(r)
}

// books are a ledger with accounts of the test's own making.
type books struct {
	t  *testing.T
	db *store.DB
	l  *ledger.Ledger
	n  int

	name string // makes the accounts its own
}

func eachBooks(t *testing.T, fn func(*testing.T, *books)) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		b := &books{t: t, db: storetest.Open(t, url)}
		b.l = ledger.New(b.db, ledger.Options{})
		if err := b.l.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := b.l.Stop(context.WithoutCancel(t.Context())); err != nil {
				t.Errorf("stop: %v", err)
			}
		})
		fn(t, b)
		report, err := b.l.Verify(t.Context())
		if err != nil || !report.Clean() {
			t.Errorf("the ledger is not clean: %v %v", report.Problems, err)
		}
	})
}

// desk gives a new account with so much credit, which asks a model of the tests' price.
func (b *books) desk(adapter any, credit money.Nanos) (*desk, *till) {
	b.t.Helper()
	b.n++
	d := newDesk(adapter)
	d.who = account.Principal{Account: fmt.Sprintf("acct_%s_%d", b.name, b.n), Key: fmt.Sprintf("key_%s_%d", b.name, b.n)}
	d.request = fmt.Sprintf("req_%s_%d", b.name, b.n)
	d.model.Price = tokenPrice()
	meter := &till{Ledger: b.l, d: d}
	d.meter = meter
	if credit > 0 {
		err := b.db.Write(b.t.Context(), func(tx *store.Tx) error {
			_, err := b.l.Credit(b.t.Context(), tx, ledger.Credit{
				ID: "grant_" + d.who.Account, Account: d.who.Account, Kind: "grant", Bucket: ledger.Deposited, Amount: credit, Actor: "test", Reason: "test",
			})
			return err
		})
		if err != nil {
			b.t.Fatal(err)
		}
	}
	return d, meter
}

// left checks that the account has so much, and all of it at hand: nothing stays set
// aside.
func (b *books) left(name string, d *desk, want money.Nanos) {
	b.t.Helper()
	got, err := b.l.Balance(b.t.Context(), d.who.Account)
	if err != nil || got.Balance != want {
		b.t.Errorf("%s: the balance is %d, not %d (%v)", name, got.Balance, want, err)
	}
	if want <= 0 {
		return
	}
	r, err := b.l.Reserve(b.t.Context(), ledger.Estimate{Request: "all", Account: d.who.Account, Amount: want, Least: want})
	if err != nil {
		b.t.Errorf("%s: not all of the balance is at hand: %v", name, err)
	}
	b.l.Release(r)
}

func tokens(body string) money.Nanos  { return money.Nanos(len(body)+2) / 3 } // reserved for the input
func counted(body string) money.Nanos { return money.Nanos(len(body)) / 4 }   // of the input, where no usage is reported

const plenty = money.Dollar

// TestMoney asks priced models on real books, on both databases.
func TestMoney(t *testing.T) {
	t.Parallel()
	eachBooks(t, func(t *testing.T, b *books) {
		for name, test := range map[string]func(*testing.T, *books){
			"unfinished work": unfinishedWork, "a book": bookEndsWhereCreditDoes, "plain": plainAnswerIsLowered, "limit": streamKeepsToItsLimit,
			"budget": budgetAndDebt, "embeddings": embeddingsReserveInput, "free": freeModelsReserveNothing, "dry run": dryRuns, "dry run beside leases": quoteCountsLeases,
		} {
			t.Run(name, func(t *testing.T) { test(t, &books{t: t, db: b.db, l: b.l, name: name}) })
		}
	})
}

// Contract 12's table: who pays for unfinished work.
func unfinishedWork(t *testing.T, b *books) {
	used := provider.Usage{Reported: true, Input: 100, Output: 50, Cached: 40, Reasoning: 10}
	amount := 60*inPrice + 40*cachedPrice + 50*outPrice
	half := []provider.Event{chunk("0123456789"), chunk("x")} // 11 bytes: 3 tokens
	byCount := counted(streamedChat)*inPrice + 3*outPrice
	withUsage := []provider.Event{chunk("x")}
	withUsage[0].Usage = provider.Usage{Reported: true, Input: 9, Output: 4}
	cases := map[string]struct {
		up      *upstream
		plain   bool
		sinkErr error
		leave   bool // the caller leaves at the stream's end, or during a plain call
		outcome inference.Outcome
		amount  money.Nanos
		counted bool
	}{
		"plain":                             {up: &upstream{answer: provider.Answer{Body: []byte("{}"), Usage: used}}, plain: true, outcome: "ok", amount: amount},
		"plain, no usage":                   {up: &upstream{answer: provider.Answer{Body: []byte("{}"), Bytes: 9}}, plain: true, outcome: "ok", amount: counted(plainChat)*inPrice + 3*outPrice, counted: true},
		"plain, refused":                    {up: &upstream{err: failure(provider.Rejected, 400)}, plain: true, outcome: "error"},
		"plain, failed":                     {up: &upstream{err: failure(provider.Broken, 500)}, plain: true, outcome: "error"},
		"plain, hang-up, usage":             {up: &upstream{answer: provider.Answer{Body: []byte("{}"), Usage: used}}, plain: true, leave: true, outcome: "hang_up", amount: amount},
		"plain, hang-up, no usage":          {up: &upstream{answer: provider.Answer{Body: []byte("{}"), Bytes: 4}}, plain: true, leave: true, outcome: "hang_up", amount: counted(plainChat)*inPrice + outPrice, counted: true},
		"plain, hang-up, then failed":       {up: &upstream{err: failure(provider.Broken, 500)}, plain: true, leave: true, outcome: "hang_up"},
		"stream":                            {up: &upstream{events: append(half, stop("stop"), provider.Event{Usage: used, UsageOnly: true})}, outcome: "ok", amount: amount},
		"stream, no usage":                  {up: &upstream{events: half}, outcome: "ok", amount: byCount, counted: true},
		"stream, refused":                   {up: &upstream{err: failure(provider.Busy, 429)}, outcome: "error"},
		"stream, failed before output":      {up: &upstream{end: failure(provider.Broken, 0)}, outcome: "error"},
		"stream, cut":                       {up: &upstream{events: half, end: failure(provider.Cut, 0)}, outcome: "cut", amount: byCount, counted: true},
		"stream, cut, usage so far":         {up: &upstream{events: withUsage, end: failure(provider.Cut, 0)}, outcome: "cut", amount: 9*inPrice + 4*outPrice},
		"stream, hang-up, no usage":         {up: &upstream{events: half, end: failure(provider.Broken, 0)}, leave: true, outcome: "hang_up", amount: byCount, counted: true},
		"stream, hang-up, usage so far":     {up: &upstream{events: withUsage, end: failure(provider.Broken, 0)}, leave: true, outcome: "hang_up", amount: 9*inPrice + 4*outPrice},
		"stream, hang-up before any output": {up: &upstream{end: failure(provider.Broken, 0)}, leave: true, outcome: "hang_up"},
	}
	for name, c := range cases {
		up := *c.up
		ctx, leave := context.WithCancel(t.Context())
		up.during = func(called context.Context) {
			if c.leave && c.plain {
				leave()
				if called.Err() != nil {
					t.Errorf("%s: the upstream was left with its caller", name)
				}
			}
		}
		up.before = func(n int) {
			if c.leave && n == len(up.events) {
				leave()
			}
		}
		d, _ := b.desk(&up, plenty)
		body := streamedChat
		if c.plain {
			body = plainChat
		}
		result, _ := d.call(ctx, t, inference.Chat, body)
		leave()
		if result.Outcome != c.outcome || result.Counted != c.counted {
			t.Errorf("%s: %+v", name, result)
		}
		if c.amount == 0 && (d.times("commit") != 0 || d.times("release") != 1) || c.amount > 0 && (len(d.charges) != 1 || d.times("release") != 0) || d.times("settle") != 1 {
			t.Errorf("%s: steps %v", name, d.journal)
		}
		if c.amount > 0 && (d.charges[0].Amount != c.amount || d.charges[0].PriceVersion != 7 || d.charges[0].Counted != c.counted) {
			t.Errorf("%s: charged %+v, want %d", name, d.charges[0], c.amount)
		}
		b.left(name, d, plenty-c.amount)
	}
}

// A stream that would never end has credit for three steps: that much is delivered, to
// the token, and the answer ends as if the caller's limit had been reached.
func bookEndsWhereCreditDoes(t *testing.T, b *books) {
	up := &upstream{book: []byte("word")} // one token by any count
	body := strings.Replace(streamedChat, `"stream":true`, `"stream":true,"stream_options":{"include_usage":true}`, 1)
	credit := tokens(body)*inPrice + 3*256*outPrice
	d, meter := b.desk(up, credit+outPrice-1)
	result, err := d.call(t.Context(), t, inference.Chat, body)
	if err != nil || result.Outcome != inference.OutOfCredit || !result.Counted {
		t.Fatalf("%+v, %v", result, err)
	}
	if up.sent != 769 || up.closed != 1 || meter.asked.Amount != tokens(body)*inPrice+256*outPrice || meter.grown != 512*outPrice {
		t.Errorf("%d chunks pulled, closed %d times, asked for %+v, grew by %d", up.sent, up.closed, meter.asked, meter.grown)
	}
	want := fmt.Sprintf(`{"choices":[{"index":0,"delta":{},"finish_reason":"length"}]}|{"choices":[],"usage":{"prompt_tokens":%d,"completion_tokens":768,`+
		`"total_tokens":%d,"prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}}}|[DONE]`, counted(body), 768+counted(body))
	if diff := cmp.Diff(want, strings.Join(d.events[768:], "|")); diff != "" {
		t.Error(diff)
	}
	amount := counted(body)*inPrice + 768*outPrice
	if d.charges[0].Amount != amount || d.charges[0].Outcome != "out_of_credit" {
		t.Errorf("charged %+v, want %d", d.charges[0], amount)
	}
	b.left("book", d, credit+outPrice-1-amount)
	d, _ = b.desk(up, tokens(body)*inPrice+256*outPrice-1)
	if _, err := d.call(t.Context(), t, inference.Chat, body); !fault.Is(err, fault.InsufficientCredits) || d.times("settle") != 1 || d.settled[0] != (limit.Use{}) || len(up.calls) != 1 {
		t.Errorf("less than a step: %v, steps %v", err, d.journal)
	}
}

// A plain answer cannot grow: what credit covers goes upstream as its limit.
func plainAnswerIsLowered(t *testing.T, b *books) {
	type terms struct{ maxOutput, context int64 }
	for name, c := range map[string]struct {
		fields string
		terms  terms
		credit money.Nanos // in tokens of output, besides the input
		want   int64       // that goes upstream; 0: it is refused
	}{
		"all of it":             {`"max_tokens":1000`, terms{}, 1000, 1000},
		"a part of it":          {`"max_tokens":1000`, terms{}, 300, 300},
		"less than a token":     {`"max_tokens":1000`, terms{}, 255, 0},
		"little wanted":         {`"max_tokens":10`, terms{}, 10, 10},
		"little wanted, less":   {`"max_tokens":10`, terms{}, 9, 0},
		"unset":                 {`"n":1`, terms{}, 10_000, 8192},
		"unset, a part":         {`"n":1`, terms{}, 5000, 5000},
		"unset, a modest model": {`"n":1`, terms{maxOutput: 2000}, 10_000, 2000},
		"unset, a short memory": {`"n":1`, terms{4000, 1500}, 10_000, 1500},
		"more than it can":      {`"max_tokens":9000000000000000000`, terms{maxOutput: 2000}, 10_000, 2000},
		"more than there is":    {`"max_tokens":9000000000000000000`, terms{}, 10_000, 10_000},
		"two choices":           {`"max_tokens":1000,"n":2`, terms{}, 1401, 700},
		"two choices, one step": {`"max_tokens":1000,"n":2`, terms{}, 511, 0},
		"both names":            {`"max_completion_tokens":300,"max_tokens":9000`, terms{}, 10_000, 300},
	} {
		body := `{"model":"m",` + c.fields + `,"messages":[]}`
		up := &upstream{answer: provider.Answer{Body: []byte("{}"), Usage: provider.Usage{Reported: true, Input: 5, Output: 5}}}
		d, _ := b.desk(up, tokens(body)*inPrice+c.credit*outPrice)
		d.model.MaxOutput, d.model.ContextLength = c.terms.maxOutput, c.terms.context
		_, err := d.call(t.Context(), t, inference.Chat, body)
		if c.want == 0 {
			if !fault.Is(err, fault.InsufficientCredits) || len(up.calls) != 0 || d.times("settle") != 1 {
				t.Errorf("%s: %v, steps %v", name, err, d.journal)
			}
			continue
		}
		if err != nil || up.calls[0].MaxTokens != c.want {
			t.Errorf("%s: %d goes upstream, not %d (%v)", name, up.calls[0].MaxTokens, c.want, err)
		}
		b.left(name, d, tokens(body)*inPrice+c.credit*outPrice-5*inPrice-5*outPrice)
	}
}

// The last step is no longer than the caller's limit, and once all of that is reserved,
// short text for its tokens does not end the answer.
func streamKeepsToItsLimit(t *testing.T, b *books) {
	body := strings.Replace(streamedChat, `"stream":true`, `"stream":true,"max_tokens":300`, 1)
	up := &upstream{}
	for range 300 {
		up.events = append(up.events, chunk("sixteen bytes, a")) // tokens of 16 bytes: 4 by our count
	}
	up.events = append(up.events, stop("length"), usage(20, 300))
	d, meter := b.desk(up, tokens(body)*inPrice+300*outPrice)
	result, err := d.call(t.Context(), t, inference.Chat, body)
	if err != nil || result.Outcome != inference.Complete || meter.grown != 44*outPrice || up.calls[0].MaxTokens != 300 {
		t.Errorf("%+v, %v, grew by %d, %d went upstream", result, err, meter.grown, up.calls[0].MaxTokens)
	}
	b.left("limit", d, (tokens(body)-20)*inPrice)
	// Less than a step is wanted: no more than that has to be there. And an event is a
	// token at least, however short.
	little := strings.Replace(streamedChat, `"stream":true`, `"stream":true,"max_tokens":10`, 1)
	up = &upstream{events: []provider.Event{chunk("hi"), usage(1, 1)}}
	d, _ = b.desk(up, tokens(little)*inPrice+10*outPrice)
	if _, err := d.call(t.Context(), t, inference.Chat, little); err != nil {
		t.Errorf("ten tokens: %v", err)
	}
	up = &upstream{book: []byte("x")}
	d, _ = b.desk(up, tokens(streamedChat)*inPrice+256*outPrice)
	if _, err := d.call(t.Context(), t, inference.Chat, streamedChat); err != nil || up.sent != 257 {
		t.Errorf("one-byte tokens: %d were pulled, %v", up.sent, err)
	}
	// An upstream that does not keep to the limit is stopped all the same.
	up = &upstream{book: []byte("word")}
	d, _ = b.desk(up, tokens(body)*inPrice+300*outPrice)
	if result, err = d.call(t.Context(), t, inference.Chat, body); err != nil || result.Outcome != inference.OutOfCredit || result.Usage.Output != 1200 {
		t.Errorf("%+v, %v", result, err)
	}
}

func budgetAndDebt(t *testing.T, b *books) {
	up := &upstream{book: []byte("word")}
	d, _ := b.desk(up, plenty)
	d.who.Budgeted, d.who.Budget = true, tokens(streamedChat)*inPrice+512*outPrice
	result, err := d.call(t.Context(), t, inference.Chat, streamedChat)
	if err != nil || result.Outcome != inference.OutOfCredit || result.Usage.Output != 512 {
		t.Errorf("a budget of two steps: %+v, %v", result, err)
	}
	// An answer can cost more than our count of it let expect; then there is a debt,
	// and no further call.
	up = &upstream{answer: provider.Answer{Body: []byte("{}"), Usage: provider.Usage{Reported: true, Input: 1000, Output: 10}}}
	d, _ = b.desk(up, tokens(plainChat)*inPrice+8192*outPrice)
	if _, err := d.call(t.Context(), t, inference.Chat, plainChat); err != nil {
		t.Error(err)
	}
	up.answer.Usage.Output = 9000
	d.request += "b"
	if _, err := d.call(t.Context(), t, inference.Chat, plainChat); err != nil {
		t.Error(err)
	}
	d.request += "c"
	if _, err := d.call(t.Context(), t, inference.Chat, plainChat); !fault.Is(err, fault.PaymentRequired) {
		t.Errorf("in debt: %v", err)
	}
	d.model.Price = nil
	if _, err := d.call(t.Context(), t, inference.Chat, plainChat); err != nil {
		t.Errorf("what is free costs a debtor nothing: %v", err)
	}
}

// A quote takes nothing, tells what the call would be asked for, and whether it would be
// let in.
func dryRuns(t *testing.T, b *books) {
	for name, c := range map[string]struct {
		api        inference.API
		body       string
		in, out    int64
		credit     money.Nanos
		budget     money.Nanos
		sufficient bool
	}{
		"chat":                    {inference.Chat, `{"model":"m","max_tokens":100,"n":2,"messages":[]}`, 17, 200, plenty, 0, true},
		"chat, too dear":          {inference.Chat, `{"model":"m","max_tokens":100,"n":2,"messages":[]}`, 17, 200, 17*inPrice + 200*outPrice - 1, 0, false},
		"chat, just enough":       {inference.Chat, `{"model":"m","max_tokens":100,"n":2,"messages":[]}`, 17, 200, 17*inPrice + 200*outPrice, 0, true},
		"chat, beyond the budget": {inference.Chat, `{"model":"m","max_tokens":100,"n":2,"messages":[]}`, 17, 200, plenty, 200 * outPrice, false},
		"stream":                  {inference.Chat, `{"model":"m","stream":true,"messages":[]}`, 14, 8192, plenty, 0, true},
		"responses":               {inference.Responses, `{"model":"m","max_output_tokens":5,"input":"hi"}`, 16, 5, plenty, 0, true},
		"embeddings":              {inference.Embeddings, `{"model":"m","input":"some text"}`, 11, 0, plenty, 0, true},
	} {
		up := &upstream{}
		d, _ := b.desk(up, c.credit)
		d.who.Budget, d.who.Budgeted = c.budget, c.budget > 0
		if _, err := d.call(t.Context(), t, c.api, `{"dry_run":true,`+c.body[1:]); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var got skytells.DryRun
		if err := json.Unmarshal([]byte(d.answer), &got); err != nil {
			t.Fatal(err)
		}
		estimate := money.Nanos(c.in)*inPrice + money.Nanos(c.out)*outPrice
		want := skytells.DryRun{
			DryRun: true, Model: "slug", PriceVersion: 7, Currency: "USD", Estimate: amountOf(estimate), Balance: amountOf(c.credit), Available: amountOf(c.credit),
			After: amountOf(c.credit - estimate), Sufficient: c.sufficient, Lines: got.Lines,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if len(got.Lines) == 0 || got.Lines[0].What != "input tokens" || got.Lines[0].Quantity != skytells.Amount(fmt.Sprint(c.in)) {
			t.Errorf("%s: explained by %+v", name, got.Lines)
		}
		if d.times("take", "admit", "try", "commit", "settle") != 0 || len(up.calls) != 0 {
			t.Errorf("%s: steps %v", name, d.journal)
		}
		b.left(name, d, c.credit)
	}
}

// What this process has leased and does not use counts for its callers.
func quoteCountsLeases(t *testing.T, b *books) {
	up := &upstream{answer: provider.Answer{Body: []byte("{}"), Usage: provider.Usage{Reported: true, Input: 5, Output: 5}}}
	d, _ := b.desk(up, plenty)
	if _, err := d.call(t.Context(), t, inference.Chat, plainChat); err != nil {
		t.Fatal(err)
	}
	left := plenty - 5*inPrice - 5*outPrice
	for more, want := range map[money.Nanos]bool{0: true, 1: false} {
		body := `{"model":"m","max_tokens":%d,"messages":[]}`
		out := (left-tokens(fmt.Sprintf(body, 99_999))*inPrice)/outPrice + more
		if _, err := d.call(t.Context(), t, inference.Chat, `{"dry_run":true,`+fmt.Sprintf(body, out)[1:]); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(d.answer, `"sufficient":true`) != want {
			t.Errorf("%d tokens more than there is credit for: %s", more, d.answer)
		}
	}
	b.left("quote", d, left)
}

func amountOf(n money.Nanos) skytells.Amount { return skytells.Amount(n.String()) }

func embeddingsReserveInput(t *testing.T, b *books) {
	for body, in := range map[string]money.Nanos{
		`{"model":"m","input":"some text"}`:         11,
		`{"model":"m","input":[1,2,3,4,5,6,7,8,9]}`: 21, // two bytes an id
		`{"model":"m","input":[[1,2],[3,4]]}`:       18,
	} {
		up := &upstream{answer: provider.Answer{Body: []byte("{}"), Usage: provider.Usage{Reported: true, Input: 4}}}
		d, meter := b.desk(up, in*inPrice)
		if _, err := d.call(t.Context(), t, inference.Embeddings, body); err != nil || meter.asked.Amount != in*inPrice || up.calls[0].MaxTokens != 0 {
			t.Errorf("%s: %v, asked for %+v, %+v", body, err, meter.asked, up.calls)
		}
		b.left(body, d, (in-4)*inPrice)
	}
}

// A free model's caller sees no trace of prices.
func freeModelsReserveNothing(t *testing.T, b *books) {
	up := &upstream{answer: provider.Answer{Body: []byte("{}"), Usage: provider.Usage{Reported: true, Input: 5, Output: 5}}}
	d, meter := b.desk(up, 0)
	d.model.Price = nil
	d.targets[0].Cost = tokenPrice()
	if _, err := d.call(t.Context(), t, inference.Chat, plainChat); err != nil {
		t.Fatal(err)
	}
	if meter.asked.Amount != 0 || up.calls[0].MaxTokens != 0 || d.charges[0].Amount != 0 || d.charges[0].PriceVersion != 0 {
		t.Errorf("asked for %+v, sent %+v, charged %+v", meter.asked, up.calls[0], d.charges[0])
	}
	if want := 5*inPrice + 5*outPrice; d.charges[0].Cost != want {
		t.Errorf("it costs %d, not %d", d.charges[0].Cost, want)
	}
}

// An amount beyond all bounds is our error, and is not lost to the record.
func TestAmountsBeyondBounds(t *testing.T) {
	t.Parallel()
	up := &upstream{answer: provider.Answer{Body: []byte("{}"), Usage: provider.Usage{Reported: true, Input: 1 << 40, Output: 1 << 40}}}
	d := newDesk(up)
	d.model.Price = &price.Price{Version: 7, Unit: price.MillionTokens, Input: 1, Output: 1 << 50}
	_, err := d.call(t.Context(), t, inference.Chat, plainChat)
	if !fault.Is(fault.From(err), fault.InternalError) || d.answer != "" || len(d.charges) != 1 || d.charges[0].Output != 1<<40 || d.charges[0].Amount != 0 || d.times("settle") != 1 {
		t.Errorf("%v, charged %+v, steps %v", err, d.charges, d.journal)
	}
	d.model.Price.Output, d.journal = 1<<62, nil
	if _, err = d.call(t.Context(), t, inference.Chat, `{"model":"m","max_tokens":1000000000,"messages":[]}`); !fault.Is(fault.From(err), fault.InternalError) || d.times("take", "reserve") != 0 {
		t.Errorf("%v, steps %v", err, d.journal)
	}
}

// An answer that costs is waited for when its caller has left, but not for ever.
func TestPatienceEnds(t *testing.T) {
	t.Parallel()
	ctx, leave := context.WithCancel(t.Context())
	d := newDesk(&upstream{wait: true, during: func(context.Context) { leave() }})
	d.model.Price, d.patience = tokenPrice(), time.Millisecond
	result, err := d.call(ctx, t, inference.Chat, plainChat)
	if err == nil || result.Outcome != inference.HungUp || d.times("release") != 1 || d.times("settle") != 1 {
		t.Errorf("%+v, %v, steps %v", result, err, d.journal)
	}
}

func TestPanicGivesBackWhatWasTaken(t *testing.T) {
	t.Parallel()
	d := newDesk(&upstream{during: func(context.Context) { panic("adapter") }})
	func() {
		defer func() { _ = recover() }()
		_, _ = d.call(t.Context(), t, inference.Chat, plainChat)
	}()
	if d.times("release") != 1 || d.times("settle") != 1 || d.times("commit") != 0 {
		t.Errorf("steps %v", d.journal)
	}
}
