package webhook

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"skytower/internal/store"
)

// The queue runs it all: tries follow each other, and each event the one before.
func TestQueueDelivers(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *store.DB) {
		r := newRoom(t, db, live, atOnce)
		var n atomic.Int64
		to := newReceiver(t, func(w http.ResponseWriter, _ *http.Request) {
			if n.Add(1) <= 2 {
				w.WriteHeader(500)
			}
		})
		r.tell(to.sub, "p1", Started, `{}`)
		r.tell(to.sub, "p1", Logs, `{}`)
		r.tell(to.sub, "p1", Output, `{}`)
		r.start()
		r.settled("p1")
		var order []string
		for _, c := range to.got() {
			order = append(order, c.header.Get("X-Skytells-Event"))
		}
		if want := []string{"started", "started", "started", "logs", "output"}; !slices.Equal(order, want) {
			t.Errorf("came as %v, want %v", order, want)
		}
		r.want("p1", "started delivered", "logs delivered", "output delivered")
		to.answer = status(410)
		r.tell(to.sub, "p1", Succeeded, `{}`)
		r.settled("p1")
		end := r.list("p1")[3]
		if end.State != "given_up" || len(end.Attempts) != 4 {
			t.Errorf("the end is %+v", end)
		}
		to.answer = nil
		_, err := r.Redeliver(t.Context(), "acct_1", "p1", end.ID)
		must(t, err)
		r.settled("p1")
		if end := r.list("p1")[3]; end.State != "delivered" || len(end.Attempts) != 5 {
			t.Errorf("redelivered: %+v", end)
		}
	})
}

// A host that answers slowly has its few places, and no other host waits for it.
func TestSlowHostHoldsUpNobody(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *store.DB) {
		r := newRoom(t, db, live, func(o *Options) { o.PerHost, o.Timeout = 2, time.Minute })
		open := make(chan struct{})
		var busy, most atomic.Int64
		slow := newReceiver(t, func(_ http.ResponseWriter, req *http.Request) {
			now := busy.Add(1)
			for seen := most.Load(); now > seen && !most.CompareAndSwap(seen, now); seen = most.Load() {
			}
			select {
			case <-open:
			case <-req.Context().Done():
			}
			busy.Add(-1)
		})
		quick := newReceiver(t, nil)
		const crowd = 6 // more than there are workers
		for i := range crowd {
			r.tell(slow.sub, fmt.Sprintf("slow %d", i), Succeeded, `{}`)
		}
		r.start()
		<-slow.calls
		<-slow.calls
		r.tell(quick.sub, "quick", Succeeded, `{}`)
		r.settled("quick")
		close(open)
		for range crowd { // the tries of all of them
			<-r.tries
		}
		if most.Load() > 2 {
			t.Errorf("%d calls at the same time", most.Load())
		}
		for i := range crowd {
			r.want(fmt.Sprintf("slow %d", i), "completed delivered")
		}
	})
}

// A process that is told to stop cuts its calls off; the next one sends them again.
func TestStopHandsBack(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *store.DB) {
		leaving, staying := newRoom(t, db, live), newRoom(t, db, live)
		var n atomic.Int64
		to := newReceiver(t, func(_ http.ResponseWriter, req *http.Request) {
			if n.Add(1) == 1 {
				<-req.Context().Done()
			}
		})
		leaving.tell(to.sub, "p1", Succeeded, `{}`)
		must(t, leaving.jobs.Start(t.Context()))
		<-to.calls
		now, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
		cancel()
		must(t, leaving.jobs.Stop(now))
		if d := staying.list("p1")[0]; d.State != "pending" || len(d.Attempts) != 0 {
			t.Errorf("handed back: %+v", d)
		}
		staying.start()
		staying.settled("p1")
		staying.want("p1", "completed delivered")
	})
}

// A delivery whose process died in the call is taken up again.
func TestLostDeliveryIsTakenUp(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *store.DB) {
		r := newRoom(t, db, live)
		to := newReceiver(t, nil)
		r.tell(to.sub, "p1", Succeeded, `{}`)
		r.write(func(tx *store.Tx) error {
			_, err := tx.Exec(t.Context(), `update webhook_delivery set state = 'sending', next_at = $1`, store.Micros(time.Now().Add(-time.Second)))
			if err != nil {
				return err
			}
			_, err = tx.Exec(t.Context(), `delete from river_job`) // it has gone with the process
			return err
		})
		r.start()
		r.settled("p1")
		r.want("p1", "completed delivered")
	})
}
