package webhook

import (
	"context"
	"fmt"
	"time"

	"skytower/internal/jobs"
	"skytower/internal/store"
)

// DeliverArgs is the job of one try of a delivery.
type DeliverArgs struct {
	ID string `json:"id"`
}

// Kind names the job.
func (DeliverArgs) Kind() string { return "webhook_deliver" }

// retryWrite is the wait before a job runs again because the database was away; what a
// receiver does never leads here.
func retryWrite(attempt int) time.Duration {
	const longest = time.Minute
	return min(time.Second<<min(max(attempt, 1)-1, 6), longest)
}

// deliver is one try. It may run any number of times for a delivery: the claim lets one
// through, and a delivery that has ended, or is being sent, is left alone.
func (s *Service) deliver(ctx context.Context, job jobs.Job[DeliverArgs]) error {
	d, due, err := s.look(ctx, job.Args.ID)
	if err != nil || !due {
		return err
	}
	if wait := d.next.Sub(s.o.Now()); wait > 0 {
		return jobs.Snooze(wait)
	}
	free, wait := s.hosts.take(d.host)
	if wait > 0 {
		return jobs.Snooze(wait)
	}
	defer free()
	d, won, err := s.claim(ctx, d.id)
	if err != nil || !won {
		return err
	}
	a := s.tracedCall(ctx, d)
	if ctx.Err() != nil && !a.ok() {
		return s.giveBack(ctx, d)
	}
	return s.record(ctx, job, d, a)
}

// look reads a delivery; due is false where there is nothing to be done for it now.
func (s *Service) look(ctx context.Context, id string) (d delivery, due bool, err error) {
	err = s.o.DB.Read(ctx, func(tx *store.Tx) (err error) {
		d, due, err = readDelivery(ctx, tx, id, "")
		return err
	})
	if err != nil {
		return d, false, fmt.Errorf("read webhook delivery %s: %w", id, err)
	}
	return d, due && d.state == statePending && !d.next.IsZero(), nil
}

// claim makes the delivery this job's for the time of a call: another job of it, or of a
// process that takes this one for dead, would send it twice or out of order. won is
// false where one was quicker.
func (s *Service) claim(ctx context.Context, id string) (d delivery, won bool, err error) {
	err = s.o.DB.Write(ctx, func(tx *store.Tx) error {
		now := s.o.Now()
		result, err := tx.Exec(ctx, `update webhook_delivery set state = 'sending', next_at = $2
			where id = $1 and state = 'pending' and next_at > 0 and next_at <= $3`,
			id, store.Micros(now.Add(s.o.Timeout+leaseMargin)), store.Micros(now))
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		if won = n == 1; err != nil || !won {
			return err
		}
		d, _, err = readDelivery(ctx, tx, id, "")
		return err
	})
	if err != nil {
		return d, false, fmt.Errorf("claim webhook delivery %s: %w", id, err)
	}
	return d, won, nil
}

// giveBack undoes the claim of a call that the end of this process cut off: that was no
// try of the receiver's.
func (s *Service) giveBack(ctx context.Context, d delivery) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	err := s.o.DB.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `update webhook_delivery set state = 'pending', next_at = $2 where id = $1 and state = 'sending'`,
			d.id, store.Micros(s.o.Now()))
		return err
	})
	if err != nil {
		return fmt.Errorf("give back webhook delivery %s: %w", d.id, err)
	}
	return jobs.Snooze(0)
}

// record writes the attempt, what it makes of the delivery, and the end of the job.
func (s *Service) record(ctx context.Context, job jobs.Job[DeliverArgs], d delivery, a attempt) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	result := ""
	err := s.o.DB.Write(ctx, func(tx *store.Tx) (err error) {
		if err := s.o.Lock(ctx, tx, d.prediction); err != nil {
			return err
		}
		if result, err = s.settle(ctx, tx, d, a); err != nil {
			return err
		}
		return job.Complete(ctx, tx)
	})
	if err != nil {
		return fmt.Errorf("record webhook delivery %s: %w", d.id, err)
	}
	if s.o.OnAttempt != nil && result != "" {
		s.o.OnAttempt(result, a.took)
	}
	return nil
}

// settle says what came of the attempt: delivered, failed (it will be tried again), or
// given_up; "" where somebody else has settled it.
func (s *Service) settle(ctx context.Context, tx *store.Tx, d delivery, a attempt) (result string, err error) {
	open, err := openOf(ctx, tx, d.prediction)
	if err != nil {
		return "", err
	}
	self := indexOf(open, d.id)
	if self < 0 { // the lease ran out, and another job has sent it and said so
		return "", nil
	}
	if err := insertAttempt(ctx, tx, d.id, a); err != nil {
		return "", err
	}
	ended, err := s.move(ctx, tx, d, a, open[self:])
	if err != nil {
		return "", err
	}
	if ended {
		open = append(open[:self], open[self+1:]...)
		if err := s.release(ctx, tx, open); err != nil {
			return "", err
		}
	}
	return resultOf(a, ended), s.o.Attempted(ctx, tx, d.prediction, a.at, len(open) == 0)
}

func resultOf(a attempt, ended bool) string {
	switch {
	case a.ok():
		return "delivered"
	case ended:
		return "given_up"
	}
	return "failed"
}

// move writes the delivery's state after the attempt; ended is false where it will be
// tried again. open begins with it.
func (s *Service) move(ctx context.Context, tx *store.Tx, d delivery, a attempt, open []openDelivery) (ended bool, err error) {
	tries := open[0].tries + 1
	wait, again := s.nextWait(tries)
	switch {
	case a.ok():
		return true, setState(ctx, tx, d.id, stateDelivered)
	case endWaits(open[1:]):
		return true, setState(ctx, tx, d.id, stateSuperseded)
	case !again:
		return true, setState(ctx, tx, d.id, stateGivenUp)
	}
	at := s.o.Now().Add(wait)
	if err := setPending(ctx, tx, d.id, tries, at); err != nil {
		return false, err
	}
	return false, s.enqueue(ctx, tx, d.id, d.terminal, at)
}

// release makes a job for the first of the open deliveries if it waited for another.
func (s *Service) release(ctx context.Context, tx *store.Tx, open []openDelivery) error {
	if len(open) == 0 || !open[0].waits() {
		return nil
	}
	if err := setPending(ctx, tx, open[0].id, open[0].tries, s.o.Now()); err != nil {
		return err
	}
	return s.enqueue(ctx, tx, open[0].id, open[0].terminal, time.Time{})
}

// endWaits reports whether the prediction's end waits for the delivery before these.
func endWaits(open []openDelivery) bool {
	for _, o := range open {
		if o.terminal && o.waits() {
			return true
		}
	}
	return false
}

func indexOf(open []openDelivery, id string) int {
	for i, o := range open {
		if o.id == id {
			if o.state == stateSending {
				return i
			}
			return -1
		}
	}
	return -1
}

// maxAttempts bounds the attempts that are kept of one delivery; redeliveries add to them.
const maxAttempts = 50

func insertAttempt(ctx context.Context, tx *store.Tx, id string, a attempt) error {
	var n int64
	err := tx.QueryRow(ctx, `select coalesce(max(n), 0) + 1 from webhook_attempt where delivery = $1`, id).Scan(&n)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `insert into webhook_attempt (delivery, n, at, status, took, error, answer)
		values ($1, $2, $3, $4, $5, $6, $7)`, id, n, store.Micros(a.at), a.status, a.took.Microseconds(), a.failure, a.answer)
	if err != nil || n <= maxAttempts {
		return err
	}
	_, err = tx.Exec(ctx, `delete from webhook_attempt where delivery = $1 and n <= $2`, id, n-maxAttempts)
	return err
}
