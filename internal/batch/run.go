package batch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"runtime/debug"
	"time"

	"skytower/internal/blob"
)

const (
	// firstBusy and mostBusy bound the wait before a busy upstream is asked again.
	firstBusy = time.Second
	mostBusy  = 2 * time.Minute
	// leastRest and mostRest bound how long a batch rests that the limits refuse.
	leastRest = 50 * time.Millisecond
	mostRest  = time.Minute
)

// handOut gives lines to as many runners as there may be.
func (s *Service) handOut() {
	slots := make(chan struct{}, s.o.Workers)
	for {
		select {
		case slots <- struct{}{}:
		case <-s.leaving.Done():
			return
		}
		l := s.nextLine()
		if l == nil {
			return
		}
		s.lines.Go(func() {
			defer func() { <-slots }()
			s.run(l)
		})
	}
}

// nextLine waits for a line; nil: the service stops.
func (s *Service) nextLine() *line {
	for s.leaving.Err() == nil {
		l, from, soon := s.board.turn(time.Now())
		switch {
		case l != nil:
			return l
		case from != nil:
			s.takeLines(*from)
		default:
			s.awaitWork(soon)
		}
	}
	return nil
}

// takeLines takes lines of a batch. Where the database fails, the next look tries again.
func (s *Service) takeLines(b Batch) {
	lines, err := s.claim(s.leaving, b, min(claimMost, 2*s.o.Workers))
	if err != nil && s.leaving.Err() == nil {
		s.o.Log.Warn("lines of a batch could not be taken; it is tried again", "batch", b.ID, "error", err)
	}
	if gone := s.board.add(b.ID, lines); len(gone) > 0 {
		s.giveBack(gone)
	}
}

// awaitWork waits for a change, or for a time unless it is zero.
func (s *Service) awaitWork(soon time.Time) {
	var due <-chan time.Time
	if !soon.IsZero() {
		timer := time.NewTimer(time.Until(soon))
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-s.leaving.Done():
	case <-s.board.changed:
	case <-due:
	}
}

// run has a line answered, and notes what came of it.
func (s *Service) run(l *line) {
	if l.taken > mostTaken {
		s.settle(failure(l, "try_limit", fmt.Sprintf("The line was begun %d times, and each time the server was stopped, or the model was busy.", mostTaken)))
		return
	}
	ctx, cancel := context.WithTimeout(s.working, lineTime)
	defer cancel()
	r, failed := s.answer(ctx, l)
	switch {
	case s.working.Err() != nil && r.Verdict == Cut:
		s.settle(&result{line: l, act: back, unsure: true})
	case failed != nil:
		s.settle(failed)
	case r.Verdict == Limited:
		s.rest(l, r.After)
	case r.Verdict == Busy && l.taken < mostTaken:
		s.settle(&result{line: l, act: later, unsure: r.Unsure, again: s.o.Now().Add(pause(l.taken, r.After))})
	default:
		s.settle(&result{line: l, ok: r.Status >= 200 && r.Status < 300, status: r.Status, answer: oneLine(r.Body), usage: r.Usage, charged: r.Charged, unsure: r.Unsure})
	}
}

// answer asks for the line's answer; failed is the end of a line that has none.
func (s *Service) answer(ctx context.Context, l *line) (r Reply, failed *result) {
	defer func() {
		if p := recover(); p != nil {
			s.o.Log.Error("a line of a batch panicked", "batch", l.batch, "line", l.number, "request_id", l.request, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			r, failed = Reply{}, failure(l, "internal_error", "The server met an unexpected condition.")
			failed.unsure = true
		}
	}()
	text, err := s.o.Files.Range(ctx, l.input, l.place, l.size)
	switch {
	case errors.Is(err, blob.ErrNotFound):
		return r, failure(l, "file_not_found", "The input file was removed while the batch ran.")
	case err != nil && s.working.Err() != nil:
		return Reply{Verdict: Cut}, nil
	case err != nil:
		return Reply{Verdict: Busy, Status: http.StatusServiceUnavailable, Body: []byte(`{"error":{"message":"The input file could not be read."}}`)}, nil
	}
	body, err := bodyOf(text)
	if err != nil {
		return r, failure(l, "invalid_request", err.Error())
	}
	r = s.o.Answer(ctx, Call{Account: l.account, Key: l.key, Request: l.request, Endpoint: l.endpoint, Body: body, Again: l.unsure})
	if r.Verdict == Cut && s.working.Err() == nil {
		failed = failure(l, "line_timeout", fmt.Sprintf("The line was not answered within %s.", lineTime))
		failed.unsure = true
	}
	return r, failed
}

// rest has the line, and others of its batch, wait until the limits allow them.
func (s *Service) rest(l *line, after time.Duration) {
	until := time.Now().Add(min(max(after, leastRest), mostRest))
	if s.leaving.Err() != nil || !s.board.putBack(l, until) {
		s.settle(&result{line: l, act: back})
	}
}

// pause is the wait before try number n+1 of a line.
func pause(n int64, least time.Duration) time.Duration {
	wait := mostBusy
	if doublings := max(n-1, 0); doublings < 7 {
		wait = min(firstBusy<<doublings, mostBusy)
	}
	return max(wait/2+rand.N(wait), least)
}

// failure is the result of a line that no endpoint has answered.
func failure(l *line, code, message string) *result {
	text, err := json.Marshal(lineError{code, message})
	if err != nil { // two texts
		panic(err)
	}
	return &result{line: l, answer: text}
}
