package batch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"skytower/internal/blob"
	"skytower/internal/store"
)

const (
	// pageLines bounds the lines that are in memory while a file is written.
	pageLines = 50
	// maxOutput bounds a file, in bytes.
	maxOutput = 1 << 40
)

// lineError is why no endpoint has answered a line.
type lineError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// outLine is a line of a batch's files.
type outLine struct {
	ID       string          `json:"id"`
	CustomID string          `json:"custom_id"`
	Response *outResponse    `json:"response"`
	Error    json.RawMessage `json:"error"`
}

type outResponse struct {
	StatusCode int64           `json:"status_code"`
	RequestID  string          `json:"request_id"`
	Body       json.RawMessage `json:"body"`
}

// finish writes the files of a batch whose lines are done, or will not be, and ends it.
// This process has its lease. Each step can be done again where it was broken off.
func (s *Service) finish(ctx context.Context, b Batch) error {
	if err := s.refund(ctx, b); err != nil {
		return err
	}
	f := &finishing{s: s, b: b, left: leftError(b.State)}
	output, err := f.write(ctx, true)
	if err != nil {
		return err
	}
	failures, err := f.write(ctx, false)
	if err != nil {
		return err
	}
	if err := f.end(ctx, output, failures); err != nil {
		return err
	}
	_ = s.clearOne(ctx, b.ID) // what is left of it, a sweep removes
	return nil
}

// finishing is a batch whose files are written.
type finishing struct {
	s      *Service
	b      Batch
	left   json.RawMessage // the error of lines that were not done
	undone int64           // how many those are
}

// leftError is what lines that were not done are told.
func leftError(state State) json.RawMessage {
	told := lineError{"batch_expired", "This request could not be executed before the completion window expired."}
	if state == Cancelling {
		told = lineError{"batch_cancelled", "The batch was cancelled before this request was executed."}
	}
	text, err := json.Marshal(told)
	if err != nil { // two texts
		panic(err)
	}
	return text
}

// write puts one of the files into the storage; one without an id would be empty.
func (f *finishing) write(ctx context.Context, ok bool) (file blob.File, err error) {
	lines := &pages{ctx: ctx, f: f, ok: ok}
	head, err := lines.peek()
	if err != nil || !head {
		return blob.File{}, err
	}
	name := f.b.ID + "_output.jsonl"
	if !ok {
		name = f.b.ID + "_error.jsonl"
	}
	file, err = f.s.o.Files.Put(ctx, blob.New{
		Account: f.b.Account, Role: blob.Upload, Name: name, Type: "application/jsonl", Purpose: blob.BatchFiles, Limit: maxOutput,
	}, lines)
	if err != nil {
		return blob.File{}, fmt.Errorf("write %s: %w", name, err)
	}
	return file, nil
}

// end makes the files last, and the batch end.
func (f *finishing) end(ctx context.Context, output, failures blob.File) error {
	s, b := f.s, f.b
	last := Completed
	switch {
	case b.State == Cancelling:
		last = Cancelled
	case f.undone > 0:
		last = Expired
	}
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		if err := s.hold(ctx, tx, b); err != nil {
			return err
		}
		if moved, err := s.move(ctx, tx, b.ID, b.State, last); err != nil || !moved {
			return errors.Join(err, errLost)
		}
		for _, file := range []blob.File{output, failures} {
			if err := f.keep(ctx, tx, file); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `update batch set output_file = $2, error_file = $3, failed = failed + $4 where id = $1`, b.ID, output.ID, failures.ID, f.undone)
		return err
	})
	if err != nil {
		return fmt.Errorf("end batch %s: %w", b.ID, err) // its files are swept
	}
	return nil
}

// keep makes a file last: as long as the batch, or as the caller wished.
func (f *finishing) keep(ctx context.Context, tx *store.Tx, file blob.File) error {
	if file.ID == "" {
		return nil
	}
	ends := f.s.o.Now().Add(f.s.o.Retention)
	if f.b.OutputLife > 0 {
		ends = file.CreatedAt.Add(f.b.OutputLife)
	}
	return f.s.o.Files.Keep(ctx, tx, []string{file.ID}, ends)
}

// pages reads the lines of a file, some at a time, as the file's text.
type pages struct {
	ctx  context.Context
	f    *finishing
	ok   bool
	last int64 // number of the last line
	over bool
	text bytes.Buffer
}

// peek reports whether there is anything to write.
func (p *pages) peek() (bool, error) {
	if p.text.Len() == 0 && !p.over {
		if err := p.fill(); err != nil {
			return false, err
		}
	}
	return p.text.Len() > 0, nil
}

// Read implements io.Reader.
func (p *pages) Read(to []byte) (int, error) {
	more, err := p.peek()
	if err != nil {
		return 0, err
	}
	if !more {
		return 0, io.EOF
	}
	return p.text.Read(to)
}

// fill reads the next page. Lines that were not done are failures.
func (p *pages) fill() error {
	which := `state = 'done' and ok`
	if !p.ok {
		which = `not (state = 'done' and ok)`
	}
	p.text.Reset()
	var n int
	var undone int64
	last := p.last
	err := p.f.s.db.Read(p.ctx, func(tx *store.Tx) error {
		p.text.Reset()
		n, undone, last = 0, 0, p.last
		return tx.Each(p.ctx, `select line, custom_id, request, state, status, answer from batch_line where batch = $1 and line > $2 and `+which+`
			order by line limit $3`, func(scan func(...any) error) error {
			var custom, request, state string
			var status int64
			var answer []byte
			if err := scan(&last, &custom, &request, &state, &status, &answer); err != nil {
				return err
			}
			n++
			if state != "done" {
				undone++
				status, answer = 0, p.f.left
			}
			return p.line(outOf(p.f.b.ID, last, custom, request, status, answer))
		}, p.f.b.ID, p.last, pageLines)
	})
	if err != nil {
		return fmt.Errorf("read the answers of batch %s: %w", p.f.b.ID, err)
	}
	p.last, p.over = last, n < pageLines
	p.f.undone += undone
	return nil
}

func (p *pages) line(l outLine) error {
	encoder := json.NewEncoder(&p.text)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(l)
}

// outOf is a line as the files have it.
func outOf(batch string, number int64, custom, request string, status int64, answer []byte) outLine {
	l := outLine{CustomID: custom, Error: json.RawMessage("null")}
	if name, taken := strings.CutPrefix(request, "req_"); taken {
		l.ID = "batch_req_" + name
	} else {
		l.ID = fmt.Sprintf("batch_req_%s_%d", strings.TrimPrefix(batch, "batch_"), number)
	}
	if status == 0 {
		l.Error = answer
	} else {
		l.Response = &outResponse{StatusCode: status, RequestID: request, Body: answer}
	}
	return l
}
