package batch

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// ending is one way in which a batch ends early, after a process that ran lines of it died.
type ending struct {
	name string
	code string
	end  func(s *shop, b Batch)
}

func endings() []ending {
	return []ending{
		{"cancelled", "batch_cancelled", func(s *shop, b Batch) {
			if _, err := s.idle(0, nil).Cancel(s.t.Context(), b.Account, b.ID); err != nil {
				s.t.Fatal(err)
			}
		}},
		{"expired", "batch_expired", func(s *shop, _ Batch) { s.advance(25 * time.Hour) }},
	}
}

// Whatever dies when, a batch that ends early charges nothing for lines that it tells as not
// run: each step of its end is done, and left by a process that dies then.
func TestNoChargeWithoutAnAnswer(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		for _, how := range endings() {
			for steps := range 6 {
				account := fmt.Sprint(how.name, "-", steps)
				b, late := s.leftBehind(account)
				how.end(s, b)
				s.endPartly(b, steps)
				s.advance(time.Minute) // the dead show no life
				p := s.process(2, s.answered)
				b = s.until(p, b, State(how.name))
				s.calls.charge(late) // a process that was only believed to be dead
				bad := s.read(account, b.Errors)
				owed := s.calls.owed()
				if len(bad) != 10 || b.Completed != 0 || b.Failed != 10 || b.Charged != 0 || b.Usage != (Usage{}) || len(owed) != 0 {
					t.Errorf("%s: %d failures and %d charges of %+v", account, len(bad), len(owed), b)
				}
				for custom, o := range bad {
					if o.Error == nil || o.Error.Code != how.code {
						t.Errorf("%s, %s: %+v", account, custom, o)
					}
				}
				p.Stop(t.Context())
			}
		}
		if n := len(s.calls.refunded); n != 2*2*6 || len(s.calls.void) < 2*6 {
			t.Errorf("%d charges were given back, and %d will never be made", n, len(s.calls.void))
		}
		for request, model := range s.calls.void {
			if model != "m" {
				t.Errorf("what %s is not charged for is of the model %q", request, model)
			}
		}
	})
}

// leftBehind is a batch of which a process had three lines in flight when it died. Two of them
// were charged; late is the third, as that process may still charge it.
func (s *shop) leftBehind(account string) (b Batch, late Call) {
	s.t.Helper()
	begun, last := make(chan string, 3), make(chan Call, 1)
	var n atomic.Int64
	dead := s.process(3, func(ctx context.Context, c Call) Reply {
		if n.Add(1) <= 2 {
			s.calls.charge(c)
		} else {
			last <- c
		}
		begun <- c.Request
		<-ctx.Done() // the answer is never written
		return Reply{Verdict: Cut}
	})
	b = s.create(dead, account, linesOf(10))
	for range 3 {
		s.await(begun)
	}
	s.vanish(dead)
	return b, <-last
}

// endPartly does some steps of the end of a batch as a process does them, and leaves them.
func (s *shop) endPartly(b Batch, steps int) {
	s.t.Helper()
	ctx, p := s.t.Context(), s.idle(1, nil)
	if steps == 0 {
		return
	}
	s.advance(s.lease(p) + time.Second)
	var lines []*line
	f := &finishing{s: p}
	all := []func() error{
		func() error { return p.reclaim(ctx) },
		func() error {
			if b.State = s.state(p, b); b.State == InProgress {
				if err := p.expire(ctx, b); err != nil {
					return err
				}
				b.State = Finalizing
			}
			ours, err := p.lease(ctx, b)
			if err == nil && !ours {
				err = errors.New("the batch is not ours")
			}
			return err
		},
		func() (err error) {
			if lines, err = p.unanswered(ctx, b); err == nil {
				err = p.refundAll(ctx, lines)
			}
			return err
		},
		func() error { return p.sure(ctx, b, lines) },
		func() error {
			f.b, f.left = b, leftError(b.State)
			_, err := f.write(ctx, false)
			return err
		},
	}
	for i, step := range all[:steps] {
		if err := step(); err != nil {
			s.t.Fatalf("step %d: %v", i, err)
		}
	}
}

func (s *shop) state(p *Service, b Batch) State {
	s.t.Helper()
	now, err := p.Get(s.t.Context(), b.Account, b.ID)
	if err != nil {
		s.t.Fatal(err)
	}
	return now.State
}

// A line that was charged and lost, and cannot be made again, is given back: here the key was
// revoked meanwhile. What was answered again stays charged once, and is told in the cost.
func TestLostLinesThatFail(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		b, _ := s.leftBehind("a")
		s.advance(time.Minute)
		var again atomic.Int64
		p := s.process(1, func(ctx context.Context, c Call) Reply {
			if c.Again && again.Add(1) == 1 {
				return Reply{Status: 401, Body: []byte(`{"error":{}}`), Charged: 5}
			}
			r := s.answered(ctx, c)
			r.Charged, r.Usage = 5, Usage{Input: 4, Output: 3, Cached: 2, Reasoning: 1}
			return r
		})
		b = s.until(p, b, Completed)
		owed := s.calls.owed()
		if b.Completed != 9 || b.Failed != 1 || b.Charged != 45 || b.Usage != (Usage{Input: 36, Output: 27, Cached: 18, Reasoning: 9}) || len(owed) != 9 || again.Load() < 3 {
			t.Errorf("%+v, %d charges, %d run again", b, len(owed), again.Load())
		}
		for _, o := range s.read("a", b.Output) {
			if !owed[o.Response.RequestID] {
				t.Errorf("%s is answered and not charged", o.CustomID)
			}
		}
	})
}

// An end that cannot give charges back now waits until it can: nothing is told before.
func TestRefundThatFails(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		b, _ := s.leftBehind("a")
		endings()[0].end(s, b)
		s.advance(time.Minute)
		failed, can := make(chan string, 100), atomic.Bool{}
		p := s.idle(2, s.answered)
		p.o.Refund = func(ctx context.Context, u Unanswered) error {
			if !can.Load() {
				failed <- u.Request
				return errors.New("the database of the ledger is away")
			}
			return s.calls.refund(ctx, u)
		}
		if err := p.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer p.Stop(context.WithoutCancel(t.Context()))
		if !strings.HasPrefix(s.await(failed), "req_") {
			t.Error("a line without a request was asked for")
		}
		can.Store(true)
		p.tends.all.Wait() // it rests now
		if n := s.count(`select count(*) from batch where ended_at > 0`) + s.count(`select count(*) from file where purpose = 'batch_output'`); n != 0 {
			t.Error("it was told before the charges were given back")
		}
		s.advance(2 * tendAgain)
		p.rouse()
		s.until(p, b, Cancelled)
		if owed := s.calls.owed(); len(owed) != 0 {
			t.Errorf("%d charges are left", len(owed))
		}
	})
}
