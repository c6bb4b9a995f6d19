package prediction

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"skytower/internal/fault"
	"skytower/internal/limit"
	"skytower/internal/webhook"
)

func TestCreateStoresAndQueues(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		p := r.process(0)
		rec := p.create(ask("acct", "m"))
		if id, err := uuid.Parse(rec.ID); err != nil || id.Version() != 7 {
			t.Errorf("id %q: %v", rec.ID, err)
		}
		stored := p.get(rec)
		if stored.Status != Pending || !stored.Handed || stored.Shown != "m" || stored.Progress != -1 || stored.PredictTime != -1 ||
			!stored.Created.Equal(rec.Created) || stored.Spelling != "canceled" || stored.Version != 1 {
			t.Errorf("stored %+v", stored)
		}
		if n := r.number(`select count(*) from river_job where kind = 'prediction_run'`); n != 1 {
			t.Errorf("%d jobs", n)
		}
		if n := r.lane("account", "acct"); n != 1 {
			t.Errorf("%d places", n)
		}
	})
}

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		p := r.process(0)
		for name, c := range map[string]struct {
			change func(*Create)
			want   fault.ID
		}{
			"unknown model": {func(c *Create) { c.Model = "nope" }, fault.ModelNotFound},
			"input":         {func(c *Create) { c.Input = json.RawMessage(`[1]`) }, fault.InvalidInput},
			"id":            {func(c *Create) { c.ID = "{" + uuid.NewString() + "}" }, fault.InvalidParameter},
			"edge webhook": {func(c *Create) {
				c.Surface, c.Webhook = limit.Edge, webhook.Subscription{URL: "http://hooks.example/x"}
			}, fault.InvalidParameter},
			"key": {func(c *Create) { c.IdempotencyKey = strings.Repeat("k", maxIdempotencyKey+1) }, fault.InvalidParameter},
		} {
			request := ask("acct", "m")
			c.change(&request)
			if _, _, err := p.Create(t.Context(), request); !fault.Is(err, c.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		for name, c := range map[string]struct {
			decision limit.Decision
			want     fault.ID
			message  string
			details  string
		}{
			"a minute": {limit.Decision{Dimension: "requests", Scope: "of this API key, all models together", Limit: 25, RetryAfter: 6500 * time.Millisecond}, fault.RateLimitExceeded,
				"The limit of this API key, all models together is 25 requests a minute, and it is used up; try again in 7 s.",
				"dimension: requests; limit: 25 a minute; scope: of this API key, all models together; retry after: 7 s"},
			"at once": {limit.Decision{Dimension: "concurrent calls", Scope: "of this account", Limit: 2, RetryAfter: time.Second}, fault.RateLimitExceeded,
				"The limit of this account is 2 concurrent calls, and it is used up; try again in 1 s.",
				"dimension: concurrent calls; limit: 2; scope: of this account; retry after: 1 s"},
			"no edge": {limit.Decision{NoEdge: true}, fault.Forbidden, "The edge surface is not part of this account's tier; use the standard one.", ""},
		} {
			r.decision = c.decision
			_, _, err := p.Create(t.Context(), ask("acct", "m"))
			var f *fault.Error
			if !errors.As(err, &f) || f.ID != c.want || f.RetryAfter != c.decision.RetryAfter || f.Message != c.message || f.Details != c.details {
				t.Errorf("%s: %+v", name, err)
			}
		}
		if r.settled != 0 {
			t.Errorf("%d denied requests were settled", r.settled)
		}
		if n := r.number(`select (select count(*) from prediction) + (select count(*) from river_job) + (select count(*) from prediction_lane)`); n != 0 {
			t.Errorf("%d rows were left", n)
		}
	})
}

func TestCreateAgainGivesTheFirst(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		p := r.process(0)
		keyed, named := ask("acct", "m"), ask("acct", "m")
		keyed.IdempotencyKey, named.ID = "key", strings.ToUpper(uuid.NewString())
		for name, request := range map[string]Create{"key": keyed, "id": named} {
			first := p.create(request)
			request.Input = json.RawMessage(`{"prompt":"a cat"}`) // the same, spaced otherwise
			again, replayed, err := p.Create(t.Context(), request)
			if err != nil || !replayed || again.ID != first.ID {
				t.Errorf("%s: %v, replayed %t, %s and %s", name, err, replayed, first.ID, again.ID)
			}
			for change, other := range map[string]func(*Create){
				"input":   func(c *Create) { c.Input = json.RawMessage(`{"prompt":"a dog"}`) },
				"stream":  func(c *Create) { c.Stream = true },
				"webhook": func(c *Create) { c.Webhook = webhook.Subscription{URL: "http://a.example/"} },
			} {
				request := request
				other(&request)
				_, _, err := p.Create(t.Context(), request)
				var f *fault.Error
				if !errors.As(err, &f) || f.ID != fault.InvalidParameter || f.HTTPStatus() != http.StatusUnprocessableEntity {
					t.Errorf("%s with another %s: %v", name, change, err)
				}
			}
		}
		keyed.Who = principal("other")
		if _, replayed, err := p.Create(t.Context(), keyed); err != nil || replayed {
			t.Errorf("another account's key: replayed %t, %v", replayed, err)
		}
		named.Who = principal("other")
		if _, _, err := p.Create(t.Context(), named); !fault.Is(err, fault.InvalidParameter) {
			t.Errorf("another account's id: %v", err)
		}
	})
}

func TestCreateAtTheSameTime(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		p := r.process(0)
		request := ask("acct", "m")
		request.IdempotencyKey = "key"
		const callers = 8
		var all sync.WaitGroup
		var mu sync.Mutex
		ids, fresh := map[string]bool{}, 0
		for range callers {
			all.Go(func() {
				rec, replayed, err := p.Create(t.Context(), request)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Errorf("create: %v", err)
				}
				if ids[rec.ID] = true; !replayed {
					fresh++
				}
			})
		}
		all.Wait()
		if len(ids) != 1 || fresh != 1 || r.number(`select count(*) from prediction`) != 1 || r.lane("account", "acct") != 1 {
			t.Errorf("%d ids, %d created, %d places", len(ids), fresh, r.lane("account", "acct"))
		}
	})
}

func TestHashTellsPartsApart(t *testing.T) {
	t.Parallel()
	a := Create{Model: "m", Input: json.RawMessage(`{}`), Webhook: webhook.Subscription{URL: "u", Events: []string{"ab", "c"}}}
	b := a
	b.Webhook.Events = []string{"a", "bc"}
	if string(a.hash()) == string(b.hash()) {
		t.Error("two requests have one hash")
	}
}
