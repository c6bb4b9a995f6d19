package batch

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"skytower/internal/fault"
)

// The same key and request give the first batch, also to those who ask at the same time;
// another request is refused, and another account's key is its own.
func TestIdempotencyKey(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		p := s.process(0, nil)
		r := Request{Account: "a", Key: "k", Input: s.upload("a", "batch", linesOf(1)), Endpoint: endpoint, Window: "24h", IdempotencyKey: "once", OutputLife: time.Hour}
		ids := make([]string, 8)
		var all sync.WaitGroup
		for i := range ids {
			all.Go(func() {
				b, _, err := p.Create(t.Context(), r)
				ids[i] = fmt.Sprint(b.ID, err)
			})
		}
		all.Wait()
		for _, id := range ids {
			if id != ids[0] || !strings.HasPrefix(id, "batch_") {
				t.Errorf("one request made %v", ids)
				break
			}
		}
		again := r
		again.Key, again.Metadata = "k2", map[string]string{}
		if b, replayed, err := p.Create(t.Context(), again); err != nil || !replayed || !strings.HasPrefix(ids[0], b.ID) || b.Key != "k" || b.OutputLife != time.Hour {
			t.Errorf("again: %+v, %v, %v", b, replayed, err)
		}
		for name, change := range map[string]func(*Request){
			"window": func(r *Request) { r.Window = "2d" }, "metadata": func(r *Request) { r.Metadata = map[string]string{"a": "b"} },
			"endpoint": func(r *Request) { r.Endpoint = "/v1/embeddings" }, "input": func(r *Request) { r.Input = "file-2" }, "life": func(r *Request) { r.OutputLife = 2 * time.Hour },
		} {
			other := r
			change(&other)
			_, _, err := p.Create(t.Context(), other)
			if f := fault.From(err); f.ID != fault.InvalidParameter || f.HTTPStatus() != 422 || f.Param != "Idempotency-Key" {
				t.Errorf("another %s: %v", name, err)
			}
		}
		other := r
		other.Account, other.Input = "b", s.upload("b", "batch", linesOf(1))
		if b, replayed, err := p.Create(t.Context(), other); err != nil || replayed || strings.HasPrefix(ids[0], b.ID) {
			t.Errorf("another account: %+v, %v, %v", b, replayed, err)
		}
		r.IdempotencyKey = strings.Repeat("x", maxKey+1)
		if _, _, err := p.Create(t.Context(), r); !fault.Is(err, fault.InvalidParameter) {
			t.Errorf("a long key: %v", err)
		}
	})
}

// The files go when the caller said, and the batch tells the model that all lines name.
func TestOutputLifeAndModel(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		p := s.process(2, s.answered)
		r := Request{Account: "a", Key: "k", Endpoint: endpoint, Window: "24h", Input: s.upload("a", "batch", linesOf(3))}
		for _, bad := range []time.Duration{time.Nanosecond, time.Hour - time.Second, 24*time.Hour + time.Second, -time.Hour} {
			r.OutputLife = bad
			if _, _, err := p.Create(t.Context(), r); !fault.Is(err, fault.InvalidParameter) || fault.From(err).Param != "output_expires_after.seconds" {
				t.Errorf("%s: %v", bad, err)
			}
		}
		r.OutputLife = 2 * time.Hour
		b, _, err := p.Create(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		b = s.until(p, b, Completed)
		f, err := s.files.Get(t.Context(), "a", b.Output)
		if err != nil || !f.ExpiresAt.Equal(f.CreatedAt.Add(2*time.Hour)) || b.Model != "m" {
			t.Errorf("%+v, %v of %+v", f, err, b)
		}
		mixed := s.create(p, "a", lineOf("a")+strings.Replace(lineOf("b"), `"model":"m"`, `"model":"n"`, 1))
		none := s.create(p, "a", strings.Replace(lineOf("a"), `"model":"m"`, `"model":7`, 1))
		if mixed, none = s.until(p, mixed, Completed), s.until(p, none, Completed); mixed.Model != "" || none.Model != "" {
			t.Errorf("models %q, %q", mixed.Model, none.Model)
		}
	})
}
