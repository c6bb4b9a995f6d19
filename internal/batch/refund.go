package batch

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"skytower/internal/rawjson"
	"skytower/internal/store"
)

// refund gives back what lines were charged that end without an answer: their process died
// after the charge, and nobody may run them again since the batch was cancelled or its window
// ended, or who did so failed. It comes before the files are written, so that what those say
// costs what it should; who takes the batch over asks for the same again.
func (s *Service) refund(ctx context.Context, b Batch) error {
	for {
		lines, err := s.unanswered(ctx, b)
		if err != nil || len(lines) == 0 {
			return err
		}
		if err := s.refundAll(ctx, lines); err != nil {
			return fmt.Errorf("give back charges of batch %s: %w", b.ID, err)
		}
		if err := s.sure(ctx, b, lines); err != nil {
			return err
		}
	}
}

// unanswered reads some lines that have no answer and may have been charged.
func (s *Service) unanswered(ctx context.Context, b Batch) (lines []*line, err error) {
	err = s.db.Read(ctx, func(tx *store.Tx) error {
		lines = nil
		return tx.Each(ctx, `select line, place, size, request from batch_line where batch = $1 and unsure and request <> '' and not (state = 'done' and ok)
			order by line limit $2`, func(scan func(...any) error) error {
			l := &line{batch: b.ID, account: b.Account, key: b.Key, endpoint: b.Endpoint, input: b.Input}
			lines = append(lines, l)
			return scan(&l.number, &l.place, &l.size, &l.request)
		}, b.ID, pageLines)
	})
	if err != nil {
		return nil, fmt.Errorf("look for lines of batch %s that may have been charged: %w", b.ID, err)
	}
	return lines, nil
}

// refundAll asks for some lines at the same time.
func (s *Service) refundAll(ctx context.Context, lines []*line) error {
	errs, slots := make([]error, len(lines)), make(chan struct{}, refundAtOnce)
	var all sync.WaitGroup
	for i, l := range lines {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			errs[i] = s.o.Refund(ctx, Unanswered{Account: l.account, Key: l.key, Batch: l.batch, Request: l.request, Model: s.modelOf(ctx, l)})
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// modelOf is the model that a line names, for the charge that is not made; "" where the line
// cannot be read any more.
func (s *Service) modelOf(ctx context.Context, l *line) string {
	text, err := s.o.Files.Range(ctx, l.input, l.place, l.size)
	if err != nil {
		return ""
	}
	body, err := bodyOf(text)
	if err != nil {
		return ""
	}
	doc, err := rawjson.Scan(body, rawjson.NewFields("model"))
	if err != nil {
		return ""
	}
	name, _, err := doc.String("model")
	if err != nil {
		return ""
	}
	return name
}

// sure notes that the lines cost nothing, as long as the batch is this process's.
func (s *Service) sure(ctx context.Context, b Batch, lines []*line) error {
	rows := make([]row, len(lines))
	for i, l := range lines {
		rows[i] = row{Line: l.number}
	}
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		if err := s.hold(ctx, tx, b); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `update batch_line set unsure = false from `+these(tx.Dialect(), 2)+` where batch = $1 and line = e_line`, b.ID, rowsOf(rows))
		return err
	})
	if err != nil {
		return fmt.Errorf("note what lines of batch %s cost: %w", b.ID, err)
	}
	return nil
}
