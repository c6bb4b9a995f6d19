package response

import (
	"context"
	"fmt"
	"testing"
	"time"

	"skytower/internal/store"
)

func TestLingeringItemsAreFoundAtOnceAndUntilTheirTime(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r *rig) {
		other := r.another()
		r.save("stored", "")
		r.Linger(us, "passing", messages("p1", "p2"))
		r.wantRows("response_item", 2) // nothing of it yet
		r.finds("p1 p2 stored-in stored-out none", "p1 p2 stored-in stored-out")
		other.finds("p1 stored-out", "stored-out")
		r.must(r.flush(r.ctx()))
		if len(r.linger.byID) != 0 || r.linger.size != 0 {
			t.Errorf("%d items are still kept in memory, %d bytes", len(r.linger.byID), r.linger.size)
		}
		r.finds("p1 p2", "p1 p2")
		other.finds("p1 p2 none", "p1 p2")
		r.wantRows("response", 1) // it is an item, not a response
		r.clock.pass(lingering10)
		r.Linger(us, "late", messages("p3"))
		other.finds("p1 p2", "")
		r.finds("p1 p3", "p3")
		r.sweep()
		r.wantRows("response_item", 2)
		r.clock.pass(lingering10)
		r.finds("p3", "") // in memory, but over
	})
}

func TestItemsAskOnceMoreForWhatAnotherProcessIsWriting(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r *rig) {
		other := r.another()
		other.Linger(us, "passing", messages("p1"))
		waited := 0
		r.wait = func(ctx context.Context, d time.Duration) error {
			waited++
			if d != lingerLag {
				t.Errorf("waited for %s", d)
			}
			return other.flush(ctx)
		}
		if r.db.Dialect() == store.SQLite { // where there is no other process
			r.finds("p1", "")
			if waited > 0 {
				t.Error("waited for nobody")
			}
			return
		}
		r.finds("p1", "p1")
		r.finds("p1", "p1")
		if waited != 1 {
			t.Errorf("waited %d times, want once", waited)
		}
	})
}

func TestLingerIsBounded(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r *rig) {
		const most = lingerBatch + 10
		r.linger.most = most
		for n := range most + 5 {
			r.Linger(us, fmt.Sprintf("r%d", n), messages(fmt.Sprintf("i%d", n)))
		}
		r.finds(fmt.Sprintf("i0 i%d i%d", most-1, most), fmt.Sprintf("i0 i%d", most-1))
		r.must(r.flush(r.ctx()))
		r.wantRows("response_item", most)
		huge := message("huge")
		huge.Body = make([]byte, lingerBytes+1)
		r.Linger(us, "huge", []Item{huge})
		r.finds("huge", "")
		r.Linger(us, "again", messages("again")) // there is room again
		r.finds("again", "again")
	})
}

func TestTheWriterWritesAndStopFlushes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r *rig) {
		r.must(r.Start(r.ctx()))
		if err := r.Start(r.ctx()); err == nil {
			t.Error("it started twice")
		}
		for n := range lingerBatch + 1 {
			r.Linger(us, fmt.Sprintf("r%d", n), messages(fmt.Sprintf("i%d", n)))
		}
		r.must(r.Stop(r.ctx()))
		r.must(r.Stop(r.ctx()))
		r.wantRows("response_item", lingerBatch+1)
	})
}

func TestAFailedWriteIsDoneLater(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r *rig) {
		r.Linger(us, "passing", messages("p1"))
		over, cancel := context.WithCancel(r.ctx())
		cancel()
		if err := r.flush(over); err == nil {
			t.Fatal("a write was done whose context is over")
		}
		r.finds("p1", "p1")
		r.must(r.flush(r.ctx()))
		r.another().finds("p1", "p1")
	})
}

func TestNothingLingersWhereItIsOff(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r *rig) {
		r.o.Linger = 0
		r.Linger(us, "passing", messages("p1"))
		r.finds("p1", "")
		if len(r.waits) > 0 {
			t.Error("waited for what can't come")
		}
	})
}

func TestAnOutputCountsBeforeInputsThatRepeatItsID(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r *rig) {
		rec := record("a", "")
		rec.Output[0].Body = []byte(`{"id":"a-out","the":"output"}`)
		r.must(r.Save(r.ctx(), rec))
		rec = record("b", "")
		rec.Input = messages("a-out")
		r.must(r.Save(r.ctx(), rec))
		found, err := r.Items(r.ctx(), us, []string{"a-out"})
		r.must(err)
		if field(t, found["a-out"], "the") != "output" {
			t.Errorf("found %s", found["a-out"])
		}
	})
}

func TestALaterItemOfTheSameIDIsNotForgotten(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r *rig) {
		r.Linger(us, "first", messages("p"))
		r.Linger(us, "second", messages("p"))
		r.linger.written(1)
		r.finds("p", "p")
		r.linger.written(1)
		r.finds("p", "")
	})
}
