package prediction

import (
	"context"
	"fmt"
	"time"

	"skytower/internal/store"
	"skytower/internal/webhook"
)

// claim is a job that asks for its run.
type claim struct {
	args RunArgs

	rec Record
	ok  bool
	err error
}

func (c *claim) key() string { return c.args.ID }

// claim takes a run by compare-and-set: nobody has taken it since it was queued, or who
// did shows no life. ok is false where somebody else has it, or it has ended. The claims
// of this process that come at the same time share a transaction.
func (s *Service) claim(ctx context.Context, args RunArgs) (rec Record, ok bool, err error) {
	if err := ctx.Err(); err != nil {
		return Record{}, false, err
	}
	c := &claim{args: args, err: errUnwritten}
	s.claims.do(c, func(all []*claim) { s.writeClaims(context.WithoutCancel(ctx), all) })
	if c.err != nil {
		return Record{}, false, fmt.Errorf("take prediction %s: %w", args.ID, c.err)
	}
	if c.ok {
		s.wake(args.ID)
	}
	return c.rec, c.ok, nil
}

// writeClaims takes the runs in one transaction, or, where one of them fails it, each in
// its own.
func (s *Service) writeClaims(ctx context.Context, all []*claim) {
	all = inOrder(all)
	err := s.tryClaims(ctx, all)
	if err == nil || len(all) == 1 || s.unavailable(err) {
		return
	}
	for _, c := range all {
		if !s.unavailable(err) {
			err = s.tryClaims(ctx, []*claim{c})
		}
	}
}

func (s *Service) tryClaims(ctx context.Context, all []*claim) error {
	ctx, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	err := s.o.DB.Write(ctx, func(tx *store.Tx) error { return s.takeRuns(ctx, tx, all) })
	for _, c := range all {
		c.err = err
	}
	return err
}

func (s *Service) takeRuns(ctx context.Context, tx *store.Tx, all []*claim) error {
	if err := byIndex(ctx, tx); err != nil {
		return err
	}
	type row struct {
		ID       string `json:"e_id"`
		Attempt  int64  `json:"e_attempt"`
		Deadline int64  `json:"e_deadline"`
	}
	now := s.o.Now()
	byID, rows := map[string]*claim{}, make([]row, len(all))
	for i, c := range all {
		c.rec, c.ok = Record{}, false
		byID[c.args.ID] = c
		rows[i] = row{c.args.ID, c.args.Attempt, store.Micros(now.Add(s.deadline(c.args.Model)))}
	}
	e, arg := rowsOf(tx.Dialect(), 1, rows, "e_id text", "e_attempt bigint", "e_deadline bigint")
	err := tx.Each(ctx, `update prediction set attempt = attempt + 1, version = version + 1, beat = $3, updated_at = $3,
			status = case when status = 'pending' then 'starting' else status end,
			started_at = case when started_at = 0 then $3 else started_at end,
			deadline = case when deadline = 0 then e_deadline else deadline end
		from `+e+` where id = e_id and handed and `+live+` and (attempt = e_attempt or beat < $2) returning `+columns,
		func(row func(...any) error) error {
			rec, err := scan(row)
			if err == nil {
				c := byID[rec.ID]
				c.rec, c.ok = rec, true
			}
			return err
		}, arg, store.Micros(now.Add(-s.stale())), store.Micros(now))
	if err != nil {
		return err
	}
	for _, c := range all {
		if err := s.begun(ctx, tx, c); err != nil {
			return err
		}
	}
	return nil
}

// begun tells the subscriber of a first attempt, and drops what an earlier one made.
func (s *Service) begun(ctx context.Context, tx *store.Tx, c *claim) error {
	if !c.ok {
		return nil
	}
	if c.rec.Attempt == 1 {
		return s.tell(ctx, tx, c.rec, webhook.Started)
	}
	return s.o.Files.DropOf(ctx, tx, c.rec.ID, c.rec.Attempt)
}

// deadline is how long a run of a model may take.
func (s *Service) deadline(model string) time.Duration {
	if m := s.model(model); m != nil && m.Deadline > 0 {
		return m.Deadline
	}
	return defaultDeadline
}
