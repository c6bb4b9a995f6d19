package batch

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"skytower/internal/blob"
	"skytower/internal/store"
)

const (
	// insertAtOnce is how many lines one transaction brings into the table.
	insertAtOnce = 500
	// maxProblems bounds what is told of an input.
	maxProblems = 100
)

// errLost says that a batch is somebody else's by now, or was cancelled.
var errLost = errors.New("the batch is no longer this process's")

// check reads the input of a batch whose lease this process has. A good one is in progress
// afterwards, with its lines in the table; a bad one has failed, with what is wrong. It can
// be done again where it was broken off.
func (s *Service) check(ctx context.Context, b Batch) error {
	c := &checking{s: s, b: b, rules: newRules(b.Endpoint, s.o.MaxLine), seen: map[[16]byte]int64{}}
	err := c.all(ctx)
	switch {
	case errors.Is(err, blob.ErrNotFound):
		c.add(problem("file_not_found", "input_file_id", "The input file is gone."))
	case err != nil:
		return err
	case c.count == 0 && len(c.problems) == 0:
		c.add(problem("empty_batch", "", "The file has no lines."))
	}
	if len(c.problems) > 0 {
		return c.fail(ctx)
	}
	return c.begin(ctx)
}

// checking is one input that is read.
type checking struct {
	s        *Service
	b        Batch
	rules    *rules
	seen     map[[16]byte]int64 // where a custom_id was met, by its digest
	count    int64
	rows     []row // that are still to be inserted
	problems []Problem
}

func (c *checking) add(p *Problem) { c.problems = append(c.problems, *p) }

func (c *checking) all(ctx context.Context) error {
	f, err := c.s.o.Files.Get(ctx, c.b.Account, c.b.Input)
	if err != nil {
		return err
	}
	content, err := c.s.o.Files.Content(ctx, f)
	if err != nil {
		return err
	}
	defer content.Close() //nolint:errcheck // only read
	lines := newReader(content, c.s.o.MaxLine)
	for len(c.problems) < maxProblems {
		l, err := lines.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("read the input of batch %s: %w", c.b.ID, err)
		}
		if c.count++; c.count > int64(c.s.o.MaxLines) {
			c.add(problem("too_many_tasks", "", "The file has more than %d lines.", c.s.o.MaxLines))
			break
		}
		if err := c.take(ctx, l); err != nil {
			return err
		}
	}
	return c.flush(ctx)
}

// take checks a line.
func (c *checking) take(ctx context.Context, l found) error {
	custom, p := c.rules.check(l)
	if p == nil {
		p = c.unique(custom, l.number)
	}
	if p != nil {
		c.add(p)
		return nil
	}
	if len(c.problems) > 0 { // nothing of it will run
		return nil
	}
	c.rows = append(c.rows, row{Line: l.number, Custom: custom, Place: l.place, Size: int64(len(l.text))})
	if len(c.rows) < insertAtOnce {
		return nil
	}
	return c.flush(ctx)
}

func (c *checking) unique(custom string, number int64) *Problem {
	sum := sha256.Sum256([]byte(custom))
	key := [16]byte(sum[:])
	if at, there := c.seen[key]; there {
		p := problem("duplicate_custom_id", "custom_id", "The custom_id is that of line %d already.", at)
		p.Line = number
		return p
	}
	c.seen[key] = number
	return nil
}

// flush brings lines into the table, as long as the batch is ours.
func (c *checking) flush(ctx context.Context) error {
	if len(c.rows) == 0 {
		return nil
	}
	err := c.s.db.Write(ctx, func(tx *store.Tx) error {
		if err := c.s.hold(ctx, tx, c.b); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `insert into batch_line (batch, line, custom_id, place, size, request, state, taken, again_at, runner, lease_until, ok, status)
			select $1, e_line, e_custom, e_place, e_size, '', 'waiting', 0, 0, '', 0, false, 0 from `+these(tx.Dialect(), 2)+`
			where true on conflict (batch, line) do nothing`, c.b.ID, rowsOf(c.rows))
		return err
	})
	c.rows = c.rows[:0]
	if err != nil {
		return fmt.Errorf("keep lines of batch %s: %w", c.b.ID, err)
	}
	return nil
}

// begin lets the lines be run.
func (c *checking) begin(ctx context.Context) error {
	return c.end(ctx, InProgress, `update batch set lines = $2, model = $3 where id = $1`, c.count, c.rules.model())
}

// fail ends the batch.
func (c *checking) fail(ctx context.Context) error {
	text, err := json.Marshal(c.problems)
	if err != nil {
		return err
	}
	return c.end(ctx, Failed, `update batch set problems = $2 where id = $1`, string(text))
}

func (c *checking) end(ctx context.Context, to State, note string, values ...any) error {
	err := c.s.db.Write(ctx, func(tx *store.Tx) error {
		if err := c.s.hold(ctx, tx, c.b); err != nil {
			return err
		}
		if moved, err := c.s.move(ctx, tx, c.b.ID, Validating, to); err != nil || !moved {
			return errors.Join(err, errLost)
		}
		_, err := tx.Exec(ctx, note, append([]any{c.b.ID}, values...)...)
		return err
	})
	if err != nil {
		return fmt.Errorf("end the check of batch %s: %w", c.b.ID, err)
	}
	return nil
}
