package app

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"skytower/internal/account"
	"skytower/internal/api"
	"skytower/internal/api/batches"
	"skytower/internal/batch"
	"skytower/internal/fault"
	"skytower/internal/httpx"
	"skytower/internal/inference"
	"skytower/internal/ledger"
	"skytower/internal/limit"
	"skytower/internal/provider"
)

// lineRoom is what a line of a batch may have around its body, in bytes.
const lineRoom = 4 << 10

// makeBatches makes the room that answers the lines of files.
func (a *App) makeBatches(context.Context) error {
	workers := a.cfg.Answers.BatchWorkers
	if !a.cfg.Works() {
		workers = 0
	}
	absent := &absentees{find: a.keys.Absent, by: map[string]absentee{}}
	a.feed.Subscribe(account.ChangeKey, absent.forget)
	a.feed.Subscribe(account.ChangeAccount, absent.forget)
	answers := &lineAnswers{App: a, who: absent.principal}
	a.batches = batch.New(batch.Options{
		DB: a.db, Files: a.files, Answer: answers.answer, Refund: answers.refund, Endpoints: batchEndpoints(), Workers: workers,
		MaxLines: a.cfg.Answers.BatchLines, MaxLine: a.cfg.MaxBody + lineRoom, Retention: a.cfg.Answers.BatchRetention, Log: a.log, Now: a.clock.Now,
		Trusted: func() bool { return a.clock.Unbroken(afterOutage) }, OnLine: a.metrics.BatchLines.Inc, CutCalls: a.inference.Cut,
	})
	a.batches.Watch(a.feed)
	a.jobs.EverySteadily("sweep batches", sweepInterval, a.batches.Sweep)
	return nil
}

// batches writes the account's batches as the API shows them.
func (e *export) batches(ctx context.Context, w io.Writer) error {
	lines := json.NewEncoder(w)
	return e.App.batches.Each(ctx, e.account.ID, func(all []batch.Batch) error {
		for _, b := range all {
			if err := lines.Encode(batches.Show(b)); err != nil {
				return err
			}
		}
		return nil
	})
}

func (a *App) batchRows() []api.Route {
	return (&batches.Handlers{Batches: a.batches}).Rows()
}

// batchEndpoints are the routes that lines may go to, in their order.
func batchEndpoints() []string {
	return []string{"/v1/chat/completions", "/v1/responses", "/v1/embeddings", "/v1/messages"}
}

// apiOf is what an endpoint asks a model for.
func apiOf(endpoint string) inference.API {
	switch endpoint {
	case "/v1/responses":
		return inference.Responses
	case "/v1/embeddings":
		return inference.Embeddings
	case "/v1/messages":
		return inference.Messages
	}
	return inference.Chat
}

// absentFor is how long a key that works in the background is believed to be as it was,
// unless a change is heard of: keys end within two seconds everywhere.
const absentFor = time.Second

// absentees remembers for a moment who owns the keys that lines run with, so that the
// database is not asked for each of thousands.
type absentees struct {
	find func(ctx context.Context, account, key string) (account.Principal, error)

	mu sync.Mutex
	by map[string]absentee
}

type absentee struct {
	who  account.Principal
	err  error
	seen time.Time
}

func (a *absentees) principal(ctx context.Context, account, key string) (account.Principal, error) {
	a.mu.Lock()
	known, ok := a.by[key]
	a.mu.Unlock()
	if ok && time.Since(known.seen) < absentFor {
		return known.who, known.err
	}
	now := absentee{seen: time.Now()}
	if now.who, now.err = a.find(ctx, account, key); fault.Is(now.err, fault.ServiceUnavailable) {
		return now.who, now.err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for name, old := range a.by {
		if time.Since(old.seen) >= absentFor {
			delete(a.by, name)
		}
	}
	a.by[key] = now
	return now.who, now.err
}

// forget is told that keys or accounts have changed.
func (a *absentees) forget(context.Context, []string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.by)
	return nil
}

// lineAnswers answers lines of batches by the way of all calls.
type lineAnswers struct {
	*App
	who func(ctx context.Context, account, key string) (account.Principal, error)
}

// answer is batch.Options.Answer.
func (l *lineAnswers) answer(ctx context.Context, c batch.Call) batch.Reply {
	began := l.clock.Now()
	sink := &lineSink{}
	result, who, err := l.call(ctx, c, sink)
	reply := batch.Reply{Status: http.StatusOK, Body: sink.body}
	if err != nil || sink.body == nil {
		if reply = l.refused(ctx, c, err); reply.Verdict != batch.Done {
			// There is nothing to record. But where a model was at work, it was the charge
			// that failed, and it may have been made all the same.
			reply.Unsure = result.Usage != provider.Usage{}
			return reply
		}
	}
	reply.Usage = batch.Usage{Input: result.Usage.Input, Output: result.Usage.Output, Cached: result.Usage.Cached, Reasoning: result.Usage.Reasoning}
	reply.Charged = result.Charged
	l.keepLine(who, c, reply)
	l.record(c, result, err, reply, began)
	return reply
}

// call makes the call; its answer is in the sink.
func (l *lineAnswers) call(ctx context.Context, c batch.Call, sink *lineSink) (result inference.Result, who account.Principal, err error) {
	result.Outcome = inference.Refused
	if who, err = l.who(ctx, c.Account, c.Key); err != nil {
		return result, who, err
	}
	if err := who.Require(account.Inference); err != nil {
		return result, who, err
	}
	req, err := l.inference.Parser.Parse(apiOf(c.Endpoint), c.Body, false)
	if err != nil {
		return result, who, err
	}
	req.ID, req.Surface, req.Unhurried, req.Discount = c.Request, limit.Standard, true, 100-l.cfg.Answers.BatchPercent
	var before []ledger.Line
	if c.Again {
		// Charged is charged: what was lost with its process is made again for nothing.
		if before, err = l.ledger.ChargeOf(ctx, c.Account, c.Request); err != nil {
			return result, who, fault.Wrap(err, fault.ServiceUnavailable, "The server cannot look up what was charged; try again later.")
		}
		if len(before) > 0 {
			req.Discount = 100
		}
	}
	result, err = l.inference.Do(ctx, who, req, sink)
	for _, line := range before {
		result.Charged = line.Amount
	}
	return result, who, err
}

// refund is batch.Options.Refund.
func (l *lineAnswers) refund(ctx context.Context, u batch.Unanswered) error {
	given, err := l.ledger.Refund(ctx, ledger.Unanswered{
		Request: u.Request, Account: u.Account, Key: u.Key, Model: u.Model, Reason: "A line of batch " + u.Batch + " was charged and not answered",
	})
	if err == nil && given > 0 {
		l.log.Info("the charge of a batch's line that was not answered is given back", "batch", u.Batch, "request_id", u.Request, "account", u.Account)
	}
	return err
}

// refused is what becomes of a line that has no answer.
func (l *lineAnswers) refused(ctx context.Context, c batch.Call, err error) batch.Reply {
	if ctx.Err() != nil {
		return batch.Reply{Verdict: batch.Cut}
	}
	if err == nil {
		err = errors.New("the call ended without an answer")
	}
	f := fault.From(err)
	r := batch.Reply{Status: f.HTTPStatus(), After: f.RetryAfter}
	switch {
	case f.NoRetry:
	case f.ID == fault.RateLimited:
		r.Verdict = batch.Limited
	case f.ID == fault.InferenceRateLimited, f.ID == fault.ServiceUnavailable:
		r.Verdict = batch.Busy
	}
	r.Body, err = json.Marshal(lineEnvelope(c, f))
	if err != nil {
		l.log.Error("the error of a batch's line could not be encoded", "request_id", c.Request, "error", err)
		r.Body = []byte(`{"error":{}}`)
	}
	return r
}

// lineEnvelope is an error in the form of its endpoint.
func lineEnvelope(c batch.Call, f *fault.Error) any {
	if apiOf(c.Endpoint) == inference.Messages {
		return api.NewMessagesEnvelope(f, c.Request)
	}
	return api.InferenceEnvelope(f, c.Request)
}

// keepLine takes down the bodies of a line, where the account asked for that.
func (l *lineAnswers) keepLine(who account.Principal, c batch.Call, r batch.Reply) {
	keeper := l.keeper()
	if who.KeepBodies <= 0 || keeper == nil {
		return
	}
	kept := keeper.Begin(c.Request, who.Account, who.KeepBodies, c.Body)
	kept.Answer(r.Body)
	kept.End()
}

// record notes the call as the edge does with those of callers. Its time is when the line
// was taken: that is what the id of its request says.
func (l *lineAnswers) record(c batch.Call, r inference.Result, err error, reply batch.Reply, began time.Time) {
	l.metrics.TokensIn.Add(float64(r.Usage.Input))
	l.metrics.TokensOut.Add(float64(r.Usage.Output))
	at, named := httpx.IDTime("req_", c.Request)
	if !named {
		at = began
	}
	e := ledger.Entry{
		Request: c.Request, At: at, Method: http.MethodPost, Route: c.Endpoint, Path: c.Endpoint, Status: reply.Status,
		Outcome: string(r.Outcome), Account: c.Account, Key: c.Key, Model: r.Model, Target: r.Target, TokensIn: r.Usage.Input, TokensOut: r.Usage.Output,
		BytesIn: int64(len(c.Body)), BytesOut: int64(len(reply.Body)), Duration: l.clock.Now().Sub(began), Client: "batch",
	}
	if err != nil {
		e.ErrorID = string(fault.From(err).ID)
	}
	l.ledger.Log(e)
	if reply.Status >= http.StatusInternalServerError {
		l.log.Warn("a line of a batch failed", "request_id", c.Request, "model", r.Model, "target", r.Target, "error", err)
	}
}

// lineSink takes a plain answer.
type lineSink struct{ body []byte }

// Admit has nothing to say to anybody.
func (*lineSink) Admit(inference.Admission) {}

// Answer keeps the answer; what it is handed is valid only until it returns.
func (s *lineSink) Answer(body []byte) error {
	s.body = append([]byte{}, body...)
	return nil
}

// Event is not used: lines are not streamed.
func (*lineSink) Event(string, []byte) error { return nil }

// Flush is not used either.
func (*lineSink) Flush() error { return nil }
