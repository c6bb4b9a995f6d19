package inference_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"skytower/internal/account"
	"skytower/internal/catalog"
	"skytower/internal/inference"
	"skytower/internal/ledger"
	"skytower/internal/limit"
	"skytower/internal/money"
	"skytower/internal/price"
	"skytower/internal/provider"
	"skytower/internal/route"
)

// quiet is a service's rooms that do nothing, so that what is measured is this room.
type quiet struct {
	limit.Off
	model  *catalog.Model
	answer provider.Answer
	events []provider.Event
	recall *inference.Recall
}

func (q *quiet) Resolve(name string, _ catalog.Viewer, _ string) (catalog.Resolved, error) {
	return catalog.Resolved{Model: q.model, Asked: name, Show: name}, nil
}
func (q *quiet) Candidates([]string, catalog.Viewer, string) []*catalog.Model { return nil }
func (q *quiet) Adapter(string) (any, error)                                  { return q, nil }
func (q *quiet) Reserve(context.Context, ledger.Estimate) (*ledger.Reservation, error) {
	return nil, nil
}
func (q *quiet) Grow(context.Context, *ledger.Reservation, money.Nanos) bool      { return true }
func (q *quiet) Commit(context.Context, *ledger.Reservation, ledger.Charge) error { return nil }
func (q *quiet) Balance(context.Context, string) (ledger.Balance, error) {
	return ledger.Balance{}, nil
}
func (q *quiet) Release(*ledger.Reservation) {}
func (q *quiet) Admit(inference.Admission)   {}
func (q *quiet) Answer([]byte) error         { return nil }
func (q *quiet) Event(string, []byte) error  { return nil }
func (q *quiet) Flush() error                { return nil }
func (q *quiet) Chat(context.Context, *provider.Call) (*provider.Answer, error) {
	return &q.answer, nil
}
func (q *quiet) ChatStream(context.Context, *provider.Call) (provider.Stream, error) {
	return &quietStream{events: q.events}, nil
}

type quietStream struct {
	events []provider.Event
	n      int
}

func (s *quietStream) Next() (provider.Event, error) {
	if s.n == len(s.events) {
		return provider.Event{}, io.EOF
	}
	s.n++
	return s.events[s.n-1], nil
}
func (s *quietStream) Ready() bool  { return true }
func (s *quietStream) Close() error { return nil }

func (q *quiet) service() *inference.Service {
	return &inference.Service{
		Catalog: q, Adapters: q, Limits: q, Meter: q, Log: slog.New(slog.DiscardHandler), Now: time.Now, SettleTimeout: time.Minute,
		Routes: route.New(route.Options{}), Recall: q.recall,
	}
}

func newQuiet() *quiet {
	q := &quiet{
		model:  &catalog.Model{Slug: "slug", Targets: []catalog.Target{{Name: "a/up", Provider: "a", Model: "up", FetchInputs: catalog.FetchPass}}},
		answer: provider.Answer{Body: []byte("{}"), Usage: provider.Usage{Reported: true, Input: 5, Output: 5}},
	}
	for range 1000 {
		q.events = append(q.events, chunk("word "))
	}
	q.events = append(q.events, usage(5, 1000))
	return q
}

// benchmark measures whole calls; a stream has 1,000 chunks.
func benchmark(b *testing.B, q *quiet, body string) {
	svc, parser := q.service(), inference.NewParser()
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		req, err := parser.Parse(inference.Chat, []byte(body), false)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := svc.Do(b.Context(), account.Principal{Account: "acct"}, req, q); err != nil {
			b.Fatal(err)
		}
	}
}

func longChat(stream bool) string {
	return fmt.Sprintf(`{"model":"m","stream":%v,"messages":[{"role":"user","content":%q}]}`, stream, strings.Repeat("How do I add a model? ", 5000))
}

func priced(q *quiet) *quiet {
	q.model.Price = &price.Price{Version: 1, Unit: price.MillionTokens, Input: 500, Output: 1500, Cached: 250, Reasoning: 1500}
	return q
}

func BenchmarkPlainFree(b *testing.B)       { benchmark(b, newQuiet(), plainChat) }
func BenchmarkPlainLongFree(b *testing.B)   { benchmark(b, newQuiet(), longChat(false)) }
func BenchmarkStreamFree(b *testing.B)      { benchmark(b, newQuiet(), streamedChat) }
func BenchmarkPlainPriced(b *testing.B)     { benchmark(b, priced(newQuiet()), plainChat) }
func BenchmarkPlainLongPriced(b *testing.B) { benchmark(b, priced(newQuiet()), longChat(false)) }
func BenchmarkStreamPriced(b *testing.B)    { benchmark(b, priced(newQuiet()), streamedChat) }
