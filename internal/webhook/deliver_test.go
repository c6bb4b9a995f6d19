package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/egress"
	"skytower/internal/fault"
	"skytower/internal/store"
)

func TestDelivery(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *store.DB) {
		r := newRoom(t, db)
		to := newReceiver(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"ok":true}`) })
		const object = `{"id":"p1",  "status":"succeeded"}` // sent as it is, spaces too
		r.tell(to.sub, "p1", Succeeded, object)
		waiting := r.list("p1")[0]
		if waiting.State != "pending" || waiting.NextAt == nil || !waiting.NextAt.Equal(base) || waiting.Attempts == nil {
			t.Errorf("before the try: %+v", waiting)
		}
		r.clock.add(time.Second)
		r.try(waiting.ID)
		calls := to.got()
		if len(calls) != 1 || calls[0].body != object || calls[0].path != "/hook?token=abc" {
			t.Fatalf("calls %+v", calls)
		}
		for name, want := range map[string]string{
			"Content-Type": "application/json", "X-Skytells-Signature": Sign("sk-test-key", []byte(object)),
			"X-Skytells-Event": "completed", "X-Skytells-Delivery": waiting.ID, "User-Agent": userAgent,
		} {
			if got := calls[0].header.Get(name); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
		d := r.list("p1")[0]
		if d.State != "delivered" || d.NextAt != nil || d.URL != to.sub.URL || d.Prediction != "p1" || len(d.Attempts) != 1 {
			t.Fatalf("afterwards %+v", d)
		}
		a := d.Attempts[0]
		if a.Status != 200 || a.Error != "" || a.Answer != `{"ok":true}` || !a.At.Equal(base.Add(time.Second)) || a.Duration <= 0 {
			t.Errorf("attempt %+v", a)
		}
		if h := r.next(); h != (heard{"p1", base.Add(time.Second), true}) {
			t.Errorf("heard %+v", h)
		}
		// The job runs again, as after a lost answer to its commit.
		if completed, err := r.run(d.ID); completed || err != nil || len(to.got()) != 0 {
			t.Errorf("again: completed %v, %v", completed, err)
		}
		if list, err := r.List(t.Context(), "acct_2", "p1"); err != nil || list == nil || len(list) != 0 {
			t.Errorf("another account sees %v, %v", list, err)
		}
	})
}

func TestNothingIsToldUnasked(t *testing.T) {
	t.Parallel()
	r := newRoom(t, sqlite(t))
	to := newReceiver(t, nil, "failed")
	r.tell(to.sub, "p1", Succeeded, `{}`)
	r.tell(Subscription{}, "p1", Failed, `{}`)
	r.want("p1")
	r.tell(to.sub, "p1", Failed, `{}`)
	r.want("p1", "failed pending")
}

func TestUnsignedWithoutKey(t *testing.T) {
	t.Parallel()
	r := newRoom(t, sqlite(t))
	to := newReceiver(t, nil)
	r.write(func(tx *store.Tx) error {
		return r.Tell(t.Context(), tx, to.sub, Event{Prediction: "p1", Account: "acct_1", Kind: Failed, Object: []byte(`{}`), At: base})
	})
	r.try(r.list("p1")[0].ID)
	if calls := to.got(); len(calls) != 1 || calls[0].header["X-Skytells-Signature"] != nil {
		t.Errorf("calls %+v", calls)
	}
}

func TestEnvelope(t *testing.T) {
	t.Parallel()
	r := newRoom(t, sqlite(t))
	to := newReceiver(t, nil, "output", "failed", "prediction.succeeded")
	r.tell(to.sub, "p1", Output, `{"id":"p1"}`)
	r.try(r.list("p1")[0].ID)
	r.tell(to.sub, "p1", Succeeded, `{"id":"p1"}`)
	r.try(r.list("p1")[1].ID)
	var kinds []string
	for _, c := range to.got() {
		var body struct {
			Type      string          `json:"type"`
			CreatedAt time.Time       `json:"created_at"`
			Data      json.RawMessage `json:"data"`
		}
		if err := json.Unmarshal([]byte(c.body), &body); err != nil || string(body.Data) != `{"id":"p1"}` || !body.CreatedAt.Equal(base) {
			t.Errorf("body %s, %v", c.body, err)
		}
		if c.header.Get("X-Skytells-Signature") != Sign("sk-test-key", []byte(c.body)) {
			t.Error("the signature is not of the envelope")
		}
		kinds = append(kinds, body.Type+" "+c.header.Get("X-Skytells-Event"))
	}
	if diff := cmp.Diff([]string{"prediction.output output", "prediction.succeeded prediction.succeeded"}, kinds); diff != "" {
		t.Error(diff)
	}
}

// A receiver that never takes it: every try on the schedule, the same bytes, then given up.
func TestSchedule6Tries(t *testing.T) {
	t.Parallel()
	r := newRoom(t, sqlite(t))
	to := newReceiver(t, status(503))
	r.tell(to.sub, "p1", Failed, `{"id":"p1"}`)
	id := r.list("p1")[0].ID
	waits := schedule()
	for i := range 6 {
		r.try(id)
		d := r.list("p1")[0]
		h := r.next()
		if len(d.Attempts) != i+1 || !h.at.Equal(r.clock.now()) || h.settled != (i == 5) {
			t.Fatalf("after try %d: %+v, heard %+v", i+1, d, h)
		}
		if i == len(waits) {
			break
		}
		wait := d.NextAt.Sub(r.clock.now())
		if d.State != "pending" || wait < waits[i] || wait > waits[i]+waits[i]/5 {
			t.Errorf("after try %d: %s, waits %v", i+1, d.State, wait)
		}
		// Too early, nothing happens.
		if completed, err := r.run(id); completed || err == nil {
			t.Errorf("before its time: completed %v, %v", completed, err)
		}
		r.clock.add(wait)
	}
	d := r.list("p1")[0]
	if d.State != "given_up" || d.NextAt != nil || d.Attempts[5].Status != 503 || d.Attempts[5].Error != "The receiver answered with status 503." {
		t.Errorf("in the end %+v", d)
	}
	calls := to.got()
	for _, c := range calls[1:] {
		if c.body != calls[0].body || !slices.Equal(c.header["X-Skytells-Signature"], calls[0].header["X-Skytells-Signature"]) ||
			c.header.Get("X-Skytells-Delivery") != id {
			t.Errorf("a try differs from the first: %+v", c)
		}
	}
	if len(calls) != 6 {
		t.Errorf("%d calls", len(calls))
	}
}

func TestBadReceivers(t *testing.T) {
	t.Parallel()
	elsewhere := newReceiver(t, nil)
	down := newReceiver(t, nil)
	redirects := newReceiver(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.sub.URL, http.StatusTemporaryRedirect)
	})
	talks := newReceiver(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(400)
		fmt.Fprint(w, strings.Repeat("no\x00\xff", 1000))
	})
	hangsUp := newReceiver(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	down.sub.URL = "http://127.0.0.1:1/hook" // nobody listens at port 1
	private := Subscription{URL: "http://10.255.255.1/hook"}
	r := newRoom(t, sqlite(t))
	for name, c := range map[string]struct {
		sub    Subscription
		status int
		says   string
	}{
		"down":      {down.sub, 0, "could not be reached"},
		"redirects": {redirects.sub, 307, "redirects are not followed"},
		"talks":     {talks.sub, 400, "status 400"},
		"hangs up":  {hangsUp.sub, 0, "connection ended"},
		"private":   {private, 0, "must not call"},
	} {
		t.Run(name, func(t *testing.T) {
			r.tell(c.sub, name, Succeeded, `{}`)
			r.try(r.list(name)[0].ID)
			d := r.list(name)[0]
			if d.State != "pending" || len(d.Attempts) != 1 || d.NextAt == nil {
				t.Fatalf("delivery %+v", d)
			}
			a := d.Attempts[0]
			if a.Status != c.status || !strings.Contains(a.Error, c.says) || len(a.Answer) > 1024 || strings.Contains(a.Error, "127.0.0.1") {
				t.Errorf("attempt %+v", a)
			}
			if name == "talks" && !strings.HasPrefix(a.Answer, "no??no??") {
				t.Errorf("answer %q", a.Answer)
			}
			if name == "redirects" && len(elsewhere.got()) != 0 {
				t.Error("the redirect was followed")
			}
		})
	}
}

func TestSlowReceiver(t *testing.T) {
	t.Parallel()
	r := newRoom(t, sqlite(t), func(o *Options) { o.Timeout = 50 * time.Millisecond })
	to := newReceiver(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	r.tell(to.sub, "p1", Succeeded, `{}`)
	r.try(r.list("p1")[0].ID)
	d := r.list("p1")[0]
	if d.State != "pending" || len(d.Attempts) != 1 || d.Attempts[0].Status != 0 || d.Attempts[0].Error != "No answer came within 0.05 seconds." {
		t.Errorf("delivery %+v", d)
	}
	// A 2xx counts, whatever becomes of the rest of the answer.
	broken := newReceiver(t, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "part")
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	r.o.Timeout = defaultTimeout
	r.tell(broken.sub, "p2", Succeeded, `{}`)
	r.try(r.list("p2")[0].ID)
	if d := r.list("p2")[0]; d.State != "delivered" || d.Attempts[0].Answer != "part" {
		t.Errorf("delivery %+v", d)
	}
}

// Killed between the call and its record: the same bytes are sent again.
func TestKilledBetweenCallAndRecord(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *store.DB) {
		died := errors.New("killed")
		dies := true
		r := newRoom(t, db, func(o *Options) {
			o.Lock = func(context.Context, *store.Tx, string) error {
				if dies {
					return died
				}
				return nil
			}
		})
		to := newReceiver(t, nil)
		r.tell(to.sub, "p1", Succeeded, `{"id":"p1"}`)
		id := r.list("p1")[0].ID
		if _, err := r.run(id); !errors.Is(err, died) {
			t.Fatalf("error %v", err)
		}
		dies = false
		// Its lease lasts: nobody sends it twice meanwhile, and it shows as pending.
		r.clock.add(10 * time.Second)
		must(t, r.Rescue(t.Context()))
		if completed, err := r.run(id); completed || err != nil {
			t.Errorf("within the lease: completed %v, %v", completed, err)
		}
		if d := r.list("p1")[0]; d.State != "pending" || d.NextAt != nil || len(d.Attempts) != 0 {
			t.Errorf("within the lease: %+v", d)
		}
		r.clock.add(10 * time.Second)
		must(t, r.Rescue(t.Context()))
		r.try(id)
		r.want("p1", "completed delivered")
		calls := to.got()
		if len(calls) != 2 || calls[0].body != calls[1].body || calls[0].header.Get("X-Skytells-Signature") != calls[1].header.Get("X-Skytells-Signature") {
			t.Errorf("calls %+v", calls)
		}
	})
}

// Of two jobs of one delivery, one calls.
func TestOneClaims(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *store.DB) {
		r := newRoom(t, db)
		r.tell(newReceiver(t, nil).sub, "p1", Succeeded, `{}`)
		id := r.list("p1")[0].ID
		var won atomic.Int64
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				if _, mine, err := r.claim(context.WithoutCancel(t.Context()), id); err != nil {
					t.Error(err)
				} else if mine {
					won.Add(1)
				}
			})
		}
		group.Wait()
		if won.Load() != 1 {
			t.Errorf("%d jobs have it", won.Load())
		}
	})
}

// The end of the process cuts a call off: no try of the receiver's, and sent again.
func TestCutOff(t *testing.T) {
	t.Parallel()
	r := newRoom(t, sqlite(t))
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	first := true
	to := newReceiver(t, func(_ http.ResponseWriter, r *http.Request) {
		if first {
			first = false
			stop()
			<-r.Context().Done()
		}
	})
	r.tell(to.sub, "p1", Succeeded, `{}`)
	id := r.list("p1")[0].ID
	if completed, err := r.runIn(ctx, id); completed || err == nil {
		t.Errorf("cut: completed %v, %v", completed, err)
	}
	if d := r.list("p1")[0]; d.State != "pending" || len(d.Attempts) != 0 || d.NextAt == nil || len(r.tries) != 0 {
		t.Errorf("cut: %+v", d)
	}
	r.try(id)
	r.want("p1", "completed delivered")
}

func TestOrder(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *store.DB) {
		r := newRoom(t, db)
		code := 500
		to := newReceiver(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) })
		r.tell(to.sub, "p1", Started, `{"n":1}`)
		r.tell(to.sub, "p1", Output, `{"n":2}`)
		r.tell(to.sub, "p2", Started, `{"n":0}`)
		list := r.list("p1")
		// The second waits for the first, and for its retries; another prediction doesn't.
		for range 2 {
			if completed, err := r.run(list[1].ID); completed || err != nil {
				t.Errorf("out of order: completed %v, %v", completed, err)
			}
			r.try(list[0].ID)
			if d := r.list("p1")[1]; d.State != "pending" || d.NextAt != nil {
				t.Errorf("the second is %+v", d)
			}
			r.clock.add(time.Hour)
		}
		code = 200
		r.try(r.list("p2")[0].ID)
		r.try(list[0].ID)
		r.want("p1", "started delivered", "output pending")
		r.try(list[1].ID)
		r.want("p1", "started delivered", "output delivered")
		var settled []bool
		for range 5 {
			if h := r.next(); h.prediction == "p1" {
				settled = append(settled, h.settled)
			}
		}
		if !slices.Equal(settled, []bool{false, false, false, true}) {
			t.Errorf("settled %v", settled)
		}
	})
}

// The end speaks for all that was not delivered yet.
func TestEndSupersedes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *store.DB) {
		r := newRoom(t, db)
		to := newReceiver(t, status(500))
		r.tell(to.sub, "p1", Started, `{}`)
		r.tell(to.sub, "p1", Logs, `{}`)
		r.try(r.list("p1")[0].ID) // fails
		to.got()
		to.answer = nil
		r.tell(to.sub, "p1", Succeeded, `{}`)
		r.want("p1", "started superseded", "logs superseded", "completed pending")
		r.clock.add(time.Hour)
		for _, d := range r.list("p1")[:2] {
			if completed, err := r.run(d.ID); completed || err != nil || d.NextAt != nil {
				t.Errorf("superseded: completed %v, %v", completed, err)
			}
		}
		r.try(r.list("p1")[2].ID)
		if calls := to.got(); len(calls) != 1 || calls[0].header.Get("X-Skytells-Event") != "completed" {
			t.Errorf("calls %+v", calls)
		}
	})
}

// One that is being sent when the end comes is waited for: its receiver must not hear of
// the end first. It is not tried again.
func TestEndWaitsForWhatIsBeingSent(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *store.DB) {
		r := newRoom(t, db)
		for code, became := range map[int]string{200: "delivered", 500: "superseded"} {
			id := fmt.Sprint("p", code)
			to := newReceiver(t, nil)
			to.answer = func(w http.ResponseWriter, _ *http.Request) {
				to.answer = nil
				r.tell(to.sub, id, Logs, `{}`)
				r.tell(to.sub, id, Failed, `{}`)
				if completed, err := r.run(r.list(id)[2].ID); completed || err != nil {
					t.Errorf("the end overtakes: completed %v, %v", completed, err)
				}
				w.WriteHeader(code)
			}
			r.tell(to.sub, id, Started, `{}`)
			r.try(r.list(id)[0].ID)
			r.want(id, "started "+became, "logs superseded", "failed pending")
			r.try(r.list(id)[2].ID)
			r.want(id, "started "+became, "logs superseded", "failed delivered")
			if a, b := r.next(), r.next(); a.settled || !b.settled {
				t.Errorf("settled %v, then %v", a.settled, b.settled)
			}
		}
	})
}

// A run that logs for hours before a dead receiver keeps few bodies.
func TestCrowdOfNews(t *testing.T) {
	t.Parallel()
	r := newRoom(t, sqlite(t))
	to := newReceiver(t, nil)
	r.tell(to.sub, "p1", Started, `{}`)
	for range 40 {
		r.tell(to.sub, "p1", Logs, `{"logs":"…"}`)
	}
	list := r.list("p1")
	open := slices.DeleteFunc(slices.Clone(r.states("p1")), func(s string) bool { return s != "logs pending" })
	if len(list) != 41 || len(open) > maxWaiting+1 || len(open) == 0 {
		t.Errorf("%d deliveries, of which %d wait", len(list), len(open))
	}
	// All that is left comes in order.
	for _, d := range list {
		if d.State == "pending" {
			r.try(d.ID)
		}
	}
	if n := len(to.got()); n != len(open)+1 {
		t.Errorf("%d calls", n)
	}
}

// Of news that have been delivered, only the newest keep their bodies.
func TestOldNewsAreForgotten(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *store.DB) {
		r := newRoom(t, db)
		to := newReceiver(t, nil)
		r.write(func(tx *store.Tx) error {
			for seq := int64(1); seq <= keptBodies; seq++ {
				d := delivery{id: fmt.Sprintf("whd_%d", seq), account: "acct_1", prediction: "p1", seq: seq, event: "logs",
					body: []byte(`{}`), state: stateDelivered, created: base}
				if seq == 2 {
					d.event = "started" // there is one of these
				}
				if err := insert(t.Context(), tx, d); err != nil {
					return err
				}
			}
			return nil
		})
		for range 3 {
			r.tell(to.sub, "p1", Logs, `{}`)
		}
		var empties []int64
		r.write(func(tx *store.Tx) error {
			empties = nil
			return tx.Each(t.Context(), `select seq from webhook_delivery where length(body) = 0 order by seq`, func(scan func(...any) error) error {
				var seq int64
				err := scan(&seq)
				empties = append(empties, seq)
				return err
			})
		})
		if !slices.Equal(empties, []int64{1, 3}) {
			t.Errorf("the bodies of %v are gone", empties)
		}
	})
}

func TestRedeliver(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *store.DB) {
		r := newRoom(t, db, func(o *Options) { o.Waits = []time.Duration{time.Minute} })
		to := newReceiver(t, status(500))
		r.tell(to.sub, "p1", Started, `{"n":1}`)
		r.tell(to.sub, "p1", Failed, `{"n":2}`) // supersedes the first
		end := r.list("p1")[1].ID
		for range 2 {
			r.try(end)
			r.clock.add(2 * time.Minute)
		}
		r.want("p1", "started superseded", "failed given_up")
		before := to.got()
		to.answer = nil
		for i, d := range r.list("p1") {
			for len(r.tries) > 0 {
				<-r.tries
			}
			again, err := r.Redeliver(t.Context(), "acct_1", "p1", d.ID)
			if err != nil || again.State != "pending" || again.NextAt == nil || len(again.Attempts) != len(d.Attempts) {
				t.Errorf("redelivery %d: %+v, %v", i, again, err)
			}
			if h := r.next(); h.settled || !h.at.Equal(r.clock.now()) {
				t.Errorf("heard %+v", h)
			}
			r.try(d.ID)
			if h := r.next(); !h.settled {
				t.Errorf("heard %+v", h)
			}
		}
		r.want("p1", "started delivered", "failed delivered")
		if after := to.got(); len(after) != 2 || after[1].body != before[0].body ||
			after[1].header.Get("X-Skytells-Signature") != before[0].header.Get("X-Skytells-Signature") {
			t.Errorf("calls %+v", after)
		}
		// A delivered one too, and with the whole schedule.
		to.answer = status(500)
		_, err := r.Redeliver(t.Context(), "acct_1", "p1", end)
		must(t, err)
		r.try(end)
		if d := r.list("p1")[1]; d.State != "pending" || len(d.Attempts) != 4 {
			t.Errorf("redelivered: %+v", d)
		}
		// One that waits for its next try is tried at once.
		now, err := r.Redeliver(t.Context(), "acct_1", "p1", end)
		if err != nil || !now.NextAt.Equal(r.clock.now()) {
			t.Errorf("redelivered at once: %+v, %v", now, err)
		}
	})
}

func TestRedeliverWhat(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *store.DB) {
		r := newRoom(t, db)
		to := newReceiver(t, nil)
		r.tell(to.sub, "p1", Started, `{}`)
		r.tell(to.sub, "p1", Output, `{}`)
		list := r.list("p1")
		for _, who := range [][3]string{
			{"acct_2", "p1", list[0].ID}, {"acct_1", "p2", list[0].ID}, {"acct_1", "p1", "whd_none"},
		} {
			if _, err := r.Redeliver(t.Context(), who[0], who[1], who[2]); !fault.Is(err, fault.EndpointNotFound) {
				t.Errorf("%v: %v", who, err)
			}
		}
		// One that waits for an earlier one keeps its place.
		if d, err := r.Redeliver(t.Context(), "acct_1", "p1", list[1].ID); err != nil || d.NextAt != nil {
			t.Errorf("waiting: %+v, %v", d, err)
		}
		r.try(list[0].ID)
		// Only what has ended is forgotten; what is left to be told is told.
		r.write(func(tx *store.Tx) error { return r.Forget(t.Context(), tx, "p1") })
		_, err := r.Redeliver(t.Context(), "acct_1", "p1", list[0].ID)
		if e := fault.From(err); e.ID != fault.InvalidRequest || e.HTTPStatus() != 410 || !strings.Contains(e.Message, "data was removed") {
			t.Errorf("forgotten: %v", err)
		}
		r.want("p1", "started delivered", "output pending")
		r.try(list[1].ID)
		r.want("p1", "started delivered", "output delivered")
	})
}

func TestAttemptsAreBounded(t *testing.T) {
	t.Parallel()
	r := newRoom(t, sqlite(t))
	to := newReceiver(t, nil)
	r.tell(to.sub, "p1", Failed, `{}`)
	id := r.list("p1")[0].ID
	r.try(id)
	r.write(func(tx *store.Tx) error { // as after many redeliveries
		for n := 2; n <= maxAttempts; n++ {
			_, err := tx.Exec(t.Context(), `insert into webhook_attempt select delivery, $1, at, status, took, error, answer from webhook_attempt where n = 1`, n)
			if err != nil {
				return err
			}
		}
		return nil
	})
	for range 2 {
		r.clock.add(time.Second)
		_, err := r.Redeliver(t.Context(), "acct_1", "p1", id)
		must(t, err)
		r.try(id)
	}
	if a := r.list("p1")[0].Attempts; len(a) != maxAttempts || !a[maxAttempts-1].At.Equal(r.clock.now()) {
		t.Errorf("%d attempts are kept", len(a))
	}
}

func TestTrim(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *store.DB) {
		r := newRoom(t, db)
		to := newReceiver(t, nil)
		for _, p := range []string{"old", "stuck", "new"} {
			r.tell(to.sub, p, Failed, `{}`)
			if p != "stuck" {
				r.try(r.list(p)[0].ID)
			}
			r.clock.add(time.Hour)
		}
		r.clock.add(kept - 2*time.Hour)
		must(t, r.Trim(t.Context()))
		r.want("old")
		r.want("new", "failed delivered")
		r.want("stuck", "failed pending")
		var attempts int
		must(t, db.Reader().QueryRowContext(t.Context(), `select count(*) from webhook_attempt`).Scan(&attempts))
		if attempts != 1 {
			t.Errorf("%d attempts are left", attempts)
		}
	})
}

func TestPending(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *store.DB) {
		r := newRoom(t, db)
		to := newReceiver(t, nil)
		pending := func() (is bool) {
			r.write(func(tx *store.Tx) (err error) { is, err = r.Pending(t.Context(), tx, "p1"); return err })
			return is
		}
		if pending() {
			t.Error("nothing was told")
		}
		r.tell(to.sub, "p1", Failed, `{}`)
		if !pending() {
			t.Error("one was told")
		}
		r.try(r.list("p1")[0].ID)
		if pending() {
			t.Error("it was delivered")
		}
	})
}

// The queries that run for each event use the small indexes, however many deliveries
// have ended.
func TestQueriesUseIndexes(t *testing.T) {
	t.Parallel()
	db := sqlite(t)
	for query, index := range map[string]string{
		`select id from webhook_delivery where prediction = $1 and ` + isOpen + ` order by seq`:                      "webhook_delivery_open",
		`select id from webhook_delivery where state = 'sending' and next_at < $1 order by next_at, id limit 10`:     "webhook_delivery_sending",
		`select coalesce(max(seq), 0) from webhook_delivery where prediction = $1`:                                   "webhook_delivery_prediction",
		`select exists (select 1 from webhook_delivery where prediction = $1 and ` + isOpen + `)`:                    "webhook_delivery_open",
		`select id from webhook_delivery where created_at < $1 and not (` + isOpen + `) order by created_at limit 9`: "webhook_delivery_created",
	} {
		var id, parent, unused int
		var plan string
		must(t, db.Reader().QueryRowContext(t.Context(), `explain query plan `+query, 1).Scan(&id, &parent, &unused, &plan))
		if !strings.Contains(plan, index) && !strings.Contains(plan, "SCALAR") && !strings.Contains(plan, "SCAN CONSTANT") {
			t.Errorf("%s: %s", query, plan)
		}
	}
}

var (
	_ Client    = egress.Upstream(nil)
	_ Addresses = (*egress.Policy)(nil)
)
