package app

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"skytower/internal/account"
	"skytower/internal/batch"
	"skytower/internal/fault"
	"skytower/internal/store"
)

// SweepBatches deletes what ended batches leave, so that a test knows when it is gone.
func (a *App) SweepBatches(ctx context.Context) error { return a.batches.Sweep(ctx) }

// What the limits refuse waits, what is busy is tried again, and all else is final; an
// error has the form of its endpoint.
func TestBatchVerdicts(t *testing.T) {
	t.Parallel()
	l := &lineAnswers{App: &App{log: slog.New(slog.NewTextHandler(io.Discard, nil))}}
	for name, c := range map[string]struct {
		err    error
		want   batch.Verdict
		status int
	}{
		"limits":       {&fault.Error{ID: fault.RateLimited, RetryAfter: time.Second}, batch.Limited, 429},
		"too large":    {&fault.Error{ID: fault.RateLimited, NoRetry: true}, batch.Done, 429},
		"busy":         {fault.New(fault.InferenceRateLimited, "Busy."), batch.Busy, 429},
		"away":         {fault.New(fault.ServiceUnavailable, "Away."), batch.Busy, 503},
		"final 503":    {&fault.Error{ID: fault.ServiceUnavailable, NoRetry: true}, batch.Done, 503},
		"broke":        {fault.New(fault.InferenceError, "Broke."), batch.Done, 500},
		"slow":         {fault.New(fault.InferenceTimeout, "Slow."), batch.Done, 504},
		"poor":         {fault.New(fault.InsufficientCredits, "Poor."), batch.Done, 402},
		"unknown":      {errors.New("what?"), batch.Done, 500},
		"no answer":    {nil, batch.Done, 500},
		"bad":          {fault.Invalid("n", "Bad."), batch.Done, 400},
		"blocked":      {fault.New(fault.ContentPolicyViolation, "No."), batch.Done, 451},
		"no such key":  {fault.New(fault.Unauthorized, "Who?"), batch.Done, 401},
		"key unproven": {&fault.Error{ID: fault.ServiceUnavailable, RetryAfter: 5 * time.Second}, batch.Busy, 503},
	} {
		for endpoint, form := range map[string]string{"/v1/chat/completions": `{"error":{"message":`, "/v1/messages": `{"type":"error",`} {
			r := l.refused(t.Context(), batch.Call{Request: "req_1", Endpoint: endpoint}, c.err)
			if r.Verdict != c.want || r.Status != c.status || !strings.HasPrefix(string(r.Body), form) || !strings.Contains(string(r.Body), "req_1") {
				t.Errorf("%s at %s: %+v %s", name, endpoint, r, r.Body)
			}
		}
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if r := l.refused(over, batch.Call{}, errors.New("cut")); r.Verdict != batch.Cut {
		t.Errorf("at the end: %+v", r)
	}
}

// A key is asked for once, and again when something has changed; that it can't be known is
// not remembered.
func TestAbsentees(t *testing.T) {
	t.Parallel()
	asked := 0
	var err error
	a := &absentees{by: map[string]absentee{}, find: func(context.Context, string, string) (account.Principal, error) {
		asked++
		return account.Principal{Key: "k"}, err
	}}
	look := func() error {
		_, err := a.principal(t.Context(), "a", "k")
		return err
	}
	err = fault.New(fault.ServiceUnavailable, "Away.")
	if first, second := look(), look(); first == nil || second == nil || asked != 2 {
		t.Errorf("asked %d times: %v, %v", asked, first, second)
	}
	err = nil
	now := time.Now()
	if first, second := look(), look(); first != nil || second != nil || asked != 3 && time.Since(now) < absentFor {
		t.Errorf("asked %d times: %v, %v", asked, first, second)
	}
	before := asked
	err = fault.New(fault.Unauthorized, "Revoked.")
	if a.forget(t.Context(), nil) != nil || look() == nil || asked != before+1 {
		t.Errorf("asked %d times, %d before", asked, before)
	}
}

// LoseLine has a line that nobody has begun look as one whose process died in the request.
func (a *App) LoseLine(ctx context.Context, batch string, line int64, request string) error {
	return a.db.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `update batch_line set request = $3, taken = 1, unsure = true where batch = $1 and line = $2 and state = 'waiting'`, batch, line, request)
		return err
	})
}
