package inference_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"skytower/internal/account"
	"skytower/internal/catalog"
	"skytower/internal/egress"
	"skytower/internal/fault"
	"skytower/internal/inference"
	"skytower/internal/ledger"
	"skytower/internal/limit"
	"skytower/internal/money"
	"skytower/internal/provider"
	"skytower/internal/route"
)

// desk is a Service whose rooms are written down by hand: it plays the catalogue,
// the adapters, the limits, the ledger, the fetcher and the caller, and keeps a
// journal of what happened in which order.
type desk struct {
	targets  []catalog.Target
	adapters map[string]any
	decision limit.Decision
	limitErr error
	reserve  error
	commit   error
	contents map[string]egress.Fetched
	fetchErr error
	sinkErr  error // of every event and answer
	show     string
	model    catalog.Model // Slug and Targets are set by the desk

	board      *route.Board
	kept       inference.Conversations
	router     *catalog.Model   // behind the name "r"
	candidates []*catalog.Model // of it

	meter      inference.Meter // the desk itself if nil
	who        account.Principal
	request    string
	patience   time.Duration
	edit       func(*inference.Request) // before it is served
	balance    ledger.Balance
	balanceErr error
	recall     *inference.Recall
	now        func() time.Time // deskTime if nil

	mu      sync.Mutex
	journal []string
	charges []ledger.Charge
	settled []limit.Use
	drawn   []limit.Request

	estimates []ledger.Estimate
	admits    []inference.Admission
	answer    string
	events    []string
	fetched   []string
}

func newDesk(adapter any) *desk {
	return &desk{
		targets:  []catalog.Target{{Name: "a/up-a", Provider: "a", Model: "up-a", FetchInputs: catalog.FetchProxy}},
		adapters: map[string]any{"a": adapter}, decision: limit.Decision{Allowed: true}, show: "m",
		who: account.Principal{Account: "acct", Key: "key"}, request: "req_1", board: route.New(route.Options{}),
	}
}

func (d *desk) note(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.journal = append(d.journal, fmt.Sprintf(format, args...))
}

func (d *desk) Resolve(name string, _ catalog.Viewer, api string) (catalog.Resolved, error) {
	if name == "r" && d.router != nil {
		return catalog.Resolved{Asked: name, Show: name, Routed: true, Router: d.router}, nil
	}
	if name != "m" {
		return catalog.Resolved{}, fault.New(fault.ModelNotFound, "none")
	}
	d.note("resolve %s", api)
	m := d.model
	m.Slug, m.Targets = "slug", slices.Clone(d.targets)
	for i := range m.Targets { // one after another
		t := &m.Targets[i]
		t.Name, t.Priority, t.Weight = fmt.Sprintf("%s/%s", t.Provider, t.Model), i, 1
	}
	return catalog.Resolved{Model: &m, Asked: name, Show: d.show}, nil
}

func (d *desk) Candidates([]string, catalog.Viewer, string) []*catalog.Model { return d.candidates }

func (d *desk) Adapter(name string) (any, error) {
	d.note("try %s", name)
	if a, ok := d.adapters[name]; ok {
		return a, nil
	}
	return nil, errors.New("no such provider")
}

func (d *desk) Take(_ context.Context, r limit.Request) (limit.Ticket, limit.Decision, error) {
	d.note("take")
	d.drawn = append(d.drawn, r)
	return limit.Ticket{}, d.decision, d.limitErr
}

func (d *desk) Settle(ctx context.Context, _ limit.Ticket, used limit.Use) error {
	d.note("settle")
	d.settled = append(d.settled, used)
	return ctx.Err()
}

func (d *desk) Reserve(_ context.Context, e ledger.Estimate) (*ledger.Reservation, error) {
	d.note("reserve")
	d.estimates = append(d.estimates, e)
	return nil, d.reserve
}

func (d *desk) Commit(ctx context.Context, _ *ledger.Reservation, c ledger.Charge) error {
	d.note("commit")
	d.charges = append(d.charges, c)
	return errors.Join(d.commit, ctx.Err())
}

func (d *desk) Grow(context.Context, *ledger.Reservation, money.Nanos) bool { return true }

func (d *desk) Balance(context.Context, string) (ledger.Balance, error) {
	return d.balance, d.balanceErr
}

func (d *desk) Release(*ledger.Reservation) { d.note("release") }

func (d *desk) Fetch(_ context.Context, address string, _ egress.FetchLimits) (egress.Fetched, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fetched = append(d.fetched, address)
	if d.fetchErr != nil {
		return egress.Fetched{}, d.fetchErr
	}
	if f, ok := d.contents[address]; ok {
		return f, nil
	}
	return egress.Fetched{Body: []byte("PNG"), ContentType: "image/png"}, nil
}

func (d *desk) Admit(a inference.Admission) {
	d.note("admit")
	d.admits = append(d.admits, a)
}

func (d *desk) Answer(body []byte) error {
	d.note("answer")
	d.answer = string(body)
	return d.sinkErr
}

func (d *desk) Event(name string, data []byte) error {
	text := string(data)
	if name != "" {
		text = name + " " + text
	}
	d.note("event %s", strings.SplitN(text, " ", 2)[0])
	d.events = append(d.events, text)
	return d.sinkErr
}

func (d *desk) Flush() error {
	d.note("flush")
	return nil
}

// times counts the journal's lines that begin with any of the words.
func (d *desk) times(words ...string) int {
	n := 0
	for _, line := range d.journal {
		if slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(line, w) }) {
			n++
		}
	}
	return n
}

func (d *desk) service() *inference.Service {
	meter := d.meter
	if meter == nil {
		meter = d
	}
	now := d.now
	if now == nil {
		now = func() time.Time { return time.Unix(1_700_000_000, 0) }
	}
	return &inference.Service{
		Catalog: d, Adapters: d, Limits: d, Meter: meter, Inputs: d, Patience: d.patience, Log: slog.New(slog.DiscardHandler),
		Routes: d.board, Parser: inference.NewParser(), Conversations: d.kept,
		Recall: d.recall, Now: now, SettleTimeout: time.Minute,
	}
}

// call parses the body and serves it.
func (d *desk) call(ctx context.Context, t *testing.T, api inference.API, body string) (inference.Result, error) {
	t.Helper()
	req, err := inference.NewParser().Parse(api, []byte(body), false)
	if err != nil {
		t.Fatalf("parse: %v", err)
	}
	req.ID = d.request
	if d.edit != nil {
		d.edit(req)
	}
	return d.service().Do(ctx, d.who, req, d)
}

// upstream is an adapter that answers from what it was given, and remembers what it
// was sent.
type upstream struct {
	answer provider.Answer
	events []provider.Event
	err    error       // of the call
	end    error       // of the stream after its events; io.EOF if nil
	before func(n int) // runs before event n
	calls  []provider.Call
	closed int
	wait   bool                  // the call itself waits until its context ends
	during func(context.Context) // runs within the call
	book   []byte                // the stream never ends: this chunk again and again
	sent   int
	ready  bool // the next event is always here
	silent bool // after its events the stream waits until its context ends
	ctx    context.Context
}

func (u *upstream) note(ctx context.Context, c *provider.Call) error {
	u.calls = append(u.calls, *c)
	u.ctx = ctx
	if u.during != nil {
		u.during(ctx)
	}
	if u.wait {
		<-ctx.Done()
		return &provider.Error{Class: provider.Cancelled, Err: ctx.Err()}
	}
	return u.err
}

func (u *upstream) Chat(ctx context.Context, c *provider.Call) (*provider.Answer, error) {
	return &u.answer, u.note(ctx, c)
}

func (u *upstream) ChatStream(ctx context.Context, c *provider.Call) (provider.Stream, error) {
	return &stream{u: u}, u.note(ctx, c)
}

func (u *upstream) Embed(ctx context.Context, c *provider.Call) (*provider.Answer, error) {
	return &u.answer, u.note(ctx, c)
}

type stream struct {
	u *upstream
	n int
}

func (s *stream) Next() (provider.Event, error) {
	if s.u.before != nil {
		s.u.before(s.n)
	}
	if s.n < len(s.u.events) {
		s.n++
		return s.u.events[s.n-1], nil
	}
	if s.u.book != nil {
		s.u.sent++
		return chunk(string(s.u.book)), nil
	}
	if s.u.silent {
		<-s.u.ctx.Done()
		return provider.Event{}, &provider.Error{Class: provider.Cancelled, Err: s.u.ctx.Err()}
	}
	if s.u.end != nil {
		return provider.Event{}, s.u.end
	}
	return provider.Event{}, io.EOF
}

func (s *stream) Ready() bool { return s.u.ready }

func (s *stream) Close() error {
	s.u.closed++
	return nil
}

// responder has the Responses API too.
type responder struct {
	*upstream
	native *upstream
}

func (r responder) Respond(ctx context.Context, c *provider.Call) (*provider.Answer, error) {
	return r.native.Chat(ctx, c)
}

func (r responder) RespondStream(ctx context.Context, c *provider.Call) (provider.Stream, error) {
	return r.native.ChatStream(ctx, c)
}

func chunk(text string) provider.Event {
	return provider.Event{Data: []byte(fmt.Sprintf(`{"choices":[{"index":0,"delta":{"content":%q},"finish_reason":null}]}`, text)), Output: true, Bytes: len(text)}
}

func stop(reason string) provider.Event {
	return provider.Event{Data: []byte(fmt.Sprintf(`{"choices":[{"index":0,"delta":{},"finish_reason":%q}]}`, reason))}
}

func usage(in, out int64) provider.Event {
	return provider.Event{
		Data:  []byte(fmt.Sprintf(`{"choices":[],"usage":{"prompt_tokens":%d,"completion_tokens":%d}}`, in, out)),
		Usage: provider.Usage{Reported: true, Input: in, Output: out}, UsageOnly: true,
	}
}

const (
	plainChat    = `{"model":"m","messages":[{"role":"user","content":"hi"}]}`
	streamedChat = `{"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]}`
)
