package llama

import (
	"context"
	"testing"
	"testing/synctest"
)

func TestQueueIsInTheOrderOfArrival(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(1, 3)
		leave, err := q.enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		order := make(chan int, 3)
		ctx, giveUp := context.WithCancel(t.Context())
		for i, ctx := range []context.Context{t.Context(), ctx, t.Context()} {
			go func() {
				leave, err := q.enter(ctx)
				if err != nil {
					return
				}
				order <- i
				leave()
			}()
			synctest.Wait()
		}
		if _, err := q.enter(t.Context()); err == nil || q.waits() != 3 {
			t.Errorf("a fourth waits: %v", err)
		}
		giveUp()
		synctest.Wait()
		leave()
		if a, b := <-order, <-order; a != 0 || b != 2 {
			t.Errorf("the order was %d, %d", a, b)
		}
		synctest.Wait()
		if q.free != 1 || q.waits() != 0 {
			t.Errorf("%d places are free, %d wait", q.free, q.waits())
		}
	})
}
