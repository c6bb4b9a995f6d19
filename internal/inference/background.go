package inference

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"skytower/internal/account"
	"skytower/internal/catalog"
	"skytower/internal/fault"
	"skytower/internal/inference/translate"
	"skytower/internal/rawjson"
	"skytower/internal/response"
)

// Tasks keeps responses that are made in the background.
type Tasks interface {
	Queue(ctx context.Context, r response.Record, request json.RawMessage) error
	Waiting(ctx context.Context, account, id string) (response.Task, bool, error)
	Claim(ctx context.Context, account, id string) (response.Task, bool, error)
	Tell(ctx context.Context, t *response.Task, events []response.Event, body json.RawMessage) error
	Finish(ctx context.Context, t *response.Task, state response.State, model string, body json.RawMessage, output []response.Item, last []response.Event) error
	Cancelled(account, id string) (<-chan struct{}, func())
	Events(ctx context.Context, account, id string, after int64, limit int) ([]response.Event, bool, error)
	Changed(account, id string) (<-chan struct{}, func())
	Get(ctx context.Context, account, id string) (response.Record, error)
	Cancel(ctx context.Context, account, id string) (response.Record, error)
}

const (
	// TaskTime bounds the making of one response in the background.
	TaskTime = time.Hour
	// tellInterval is the time between two writes of what a response tells.
	tellInterval = 100 * time.Millisecond
	// cancelWait is how long a cancellation waits for the response to end, so that its
	// answer says so.
	cancelWait = 5 * time.Second
	// eventsAtOnce bounds one read of events.
	eventsAtOnce = 512
)

// taskRequest is what a response in the background needs to be made later.
type taskRequest struct {
	Who     account.Principal `json:"who"`
	Surface string            `json:"surface"`
	Body    json.RawMessage   `json:"body"`
}

// queue puts the request off to the background, once all is checked that can be checked
// now, and answers with the response as it stands; or with its events from the first.
func (r *run) queue(ctx context.Context, sink Sink) error {
	r.result.Outcome = Refused
	if r.svc.Tasks == nil {
		return fault.Invalid("background", "This surface makes no responses in the background; leave out 'background'.")
	}
	body := json.RawMessage(r.req.Body.Bytes())
	if err := r.check(ctx); err != nil {
		return err
	}
	if err := r.solvent(ctx); err != nil {
		return err
	}
	id := newID("resp_")
	t, err := translate.New(translate.Request{Body: r.req.Body.Bytes(), ID: id, Model: r.result.Model, Show: r.model.Show, Now: r.svc.Now})
	if err != nil {
		return err
	}
	shown := queuedForm(t.Created())
	request, err := json.Marshal(taskRequest{Who: r.who, Surface: r.req.Surface, Body: body})
	if err != nil {
		return fmt.Errorf("encode a request for the background: %w", err)
	}
	err = r.svc.Tasks.Queue(ctx, response.Record{
		Account: r.who.Account, ID: id, Key: r.who.Key, Previous: r.talk.previous, Model: r.result.Model, State: response.Queued,
		Background: true, Body: shown, Input: r.talk.own, Created: r.svc.Now(),
	}, request)
	if err != nil {
		return err
	}
	r.svc.Trace.Link(ctx, id)
	r.result.Outcome = Complete
	if !r.req.Stream {
		return sink.Answer(shown)
	}
	sink.Admit(Admission{Model: r.result.Model, Limits: r.limits})
	return r.svc.Follow(ctx, r.who.Account, id, -1, sink)
}

// solvent refuses at once what credit would not cover now. Nothing stays reserved.
func (r *run) solvent(ctx context.Context) error {
	estimate, err := r.estimate()
	if err != nil {
		return err
	}
	hold, err := r.svc.Meter.Reserve(ctx, estimate)
	if err != nil {
		return err
	}
	r.svc.Meter.Release(hold)
	return nil
}

// queuedForm is the response object of one that waits.
func queuedForm(doc []byte) []byte {
	doc = with(doc, "status", []byte(`"queued"`))
	return with(with(doc, "background", []byte("true")), "store", []byte("true"))
}

// Follow sends the events of a response in the background that come after a sequence
// number, as they are told, to their end.
func (s *Service) Follow(ctx context.Context, account, id string, after int64, sink Sink) error {
	changed, release := s.Tasks.Changed(account, id)
	defer release()
	for sent := false; ; {
		events, ended, err := s.Tasks.Events(ctx, account, id, after, eventsAtOnce)
		if err != nil {
			return err
		}
		for _, e := range events {
			if err := sink.Event(e.Name, e.Data); err != nil {
				return err
			}
			after = e.Sequence
		}
		if len(events) > 0 {
			sent = true
			if err := sink.Flush(); err != nil {
				return err
			}
			continue
		}
		if ended && !sent && after < 0 {
			return s.lastEvent(ctx, account, id, sink)
		}
		if ended {
			return nil
		}
		select {
		case <-changed:
		case <-s.Closing: // whoever follows comes again
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// CancelTask asks for the end of a response in the background, and waits for it a little.
func (s *Service) CancelTask(ctx context.Context, account, id string) (response.Record, error) {
	changed, release := s.Tasks.Changed(account, id)
	defer release()
	r, err := s.Tasks.Cancel(ctx, account, id)
	limit := time.NewTimer(cancelWait)
	defer limit.Stop()
	for err == nil && !r.State.Ended() {
		select {
		case <-changed:
		case <-limit.C:
			return r, nil
		case <-ctx.Done():
			return r, ctx.Err()
		}
		r, err = s.Tasks.Get(ctx, account, id)
	}
	return r, err
}

// lastEvent tells the end of a response whose events are kept no longer.
func (s *Service) lastEvent(ctx context.Context, account, id string, sink Sink) error {
	r, err := s.Tasks.Get(ctx, account, id)
	if err != nil {
		return err
	}
	name := "response." + string(r.State)
	if r.State == response.Cancelled {
		name = "response.incomplete" // the API has no event of its own for it
	}
	return sink.Event(name, fmt.Appendf(nil, `{"type":%q,"sequence_number":0,"response":%s}`, name, r.Body))
}

// Later is the error of RunTask where the limits do not allow the response now.
type Later struct{ After time.Duration }

// Error says so.
func (l *Later) Error() string { return "the limits are used up; later" }

// RunTask makes a response that waits in the background. It is safe to run twice: only
// one run takes the response. Whatever becomes of it is told in the response; the error is
// *Later, or the database's.
func (s *Service) RunTask(ctx context.Context, account, id string) error {
	task, ok, err := s.Tasks.Waiting(ctx, account, id)
	if err != nil || !ok {
		return err
	}
	r, err := s.taskRun(&task)
	if err != nil {
		return s.failTask(ctx, id, account, err)
	}
	if err := r.admit(ctx); err != nil {
		switch f := fault.From(err); {
		case f.ID == fault.RateLimited && !f.NoRetry:
			return &Later{After: max(f.RetryAfter, time.Second)}
		case f.ID == fault.ServiceUnavailable: // our own: nothing was sent yet
			return err
		}
		return s.failTask(ctx, id, account, r.explain(err))
	}
	task, ok, err = s.Tasks.Claim(ctx, account, id)
	if err != nil || !ok {
		_ = r.finish(ctx, errNotTaken, &taskSink{})
		return err
	}
	return s.serveTask(ctx, r, &task)
}

// errNotTaken ends an admitted run whose response is not ours to make.
var errNotTaken = errors.New("the response was taken or cancelled")

// taskRun is the run of a task.
func (s *Service) taskRun(task *response.Task) (*run, error) {
	var asked taskRequest
	if err := json.Unmarshal(task.Request, &asked); err != nil {
		return nil, fmt.Errorf("read the request of response %s: %w", task.ID, err)
	}
	req, err := s.Parser.Parse(Responses, asked.Body, true)
	if err != nil {
		return nil, err
	}
	req.ID, req.Surface = task.ID, asked.Surface
	return &run{svc: s, who: asked.Who, req: req, background: task.ID, began: task.Created}, nil
}

// failTask ends a response that could not begin.
func (s *Service) failTask(ctx context.Context, id, account string, cause error) error {
	task, ok, err := s.Tasks.Claim(ctx, account, id)
	if err != nil || !ok {
		return err
	}
	_, release := s.Tasks.Cancelled(account, id)
	defer release()
	sink := &taskSink{}
	body, events := failedForm(&task, sink, cause)
	return s.finishTask(ctx, &task, taskEnd{state: response.Failed, model: task.Model, body: body, events: events})
}

// taskEnd is how a response in the background ended.
type taskEnd struct {
	state  response.State
	model  string
	body   json.RawMessage
	output []response.Item
	events []response.Event
}

// finishAgain is the wait before the end of a response is written again: what was
// generated, and paid, is not given up for a database that is away for a moment.
const finishAgain = 500 * time.Millisecond

func (s *Service) finishTask(ctx context.Context, task *response.Task, end taskEnd) error {
	for {
		err := s.Tasks.Finish(ctx, task, end.state, end.model, end.body, end.output, end.events)
		if err == nil || errors.Is(err, response.ErrLost) { // deleted, or given up: nobody waits for it
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(finishAgain):
		}
	}
}

// serveTask makes the response, tells its events meanwhile, and ends it.
func (s *Service) serveTask(ctx context.Context, r *run, task *response.Task) error {
	asked, release := s.Tasks.Cancelled(task.Account, task.ID)
	defer release()
	running, cancel := context.WithTimeout(ctx, TaskTime)
	defer cancel()
	sink := &taskSink{}
	telling := s.tellEvents(running, cancel, task, sink, asked)
	err := r.serveTo(running, sink)
	cancel()
	<-telling
	settled, done := r.afterwards(ctx)
	defer done()
	end := r.taskEnd(task, sink, asked, err)
	end.events = sink.take()
	return s.finishTask(settled, task, end)
}

// tellEvents writes what the sink has, from time to time, until the run is over; it ends
// the run where the response was cancelled, or is no longer ours.
func (s *Service) tellEvents(ctx context.Context, stop context.CancelFunc, task *response.Task, sink *taskSink, asked <-chan struct{}) <-chan struct{} {
	over := make(chan struct{})
	go func() {
		defer close(over)
		clock := time.NewTicker(tellInterval)
		defer clock.Stop()
		body := with(task.Body, "status", []byte(`"in_progress"`))
		for {
			select {
			case <-ctx.Done():
				return
			case <-asked:
				stop()
				return
			case <-clock.C:
			}
			events := sink.take()
			if len(events) == 0 && body == nil {
				continue
			}
			if err := s.Tasks.Tell(ctx, task, events, body); err != nil {
				sink.putBack(events)
				if errors.Is(err, response.ErrLost) {
					stop()
				}
				continue
			}
			body = nil
		}
	}()
	return over
}

// taskEnd is how the response ended; a failure's event goes to the sink.
func (r *run) taskEnd(task *response.Task, sink *taskSink, asked <-chan struct{}, err error) taskEnd {
	if doc := sink.last(); err == nil && doc != nil {
		return taskEnd{state: stateOf(doc), model: r.result.Model, body: doc, output: outputItems(doc)}
	}
	select {
	case <-asked:
		return taskEnd{state: response.Cancelled, model: r.result.Model, body: with(task.Body, "status", []byte(`"cancelled"`))}
	default:
	}
	if err == nil {
		err = io.ErrUnexpectedEOF
	}
	if r.result.Outcome == HungUp {
		err = fault.New(fault.InferenceTimeout, "The response took too long, or the server stopped.")
	}
	body, events := failedForm(task, sink, err)
	sink.putBack(events)
	return taskEnd{state: response.Failed, model: r.result.Model, body: body}
}

// failedForm is the response object of one that failed, and its last event.
func failedForm(task *response.Task, sink *taskSink, cause error) (json.RawMessage, []response.Event) {
	f := fault.From(cause)
	code := f.Code
	if code == "" {
		code = "server_error"
		if f.ID == fault.InferenceRateLimited || f.ID == fault.RateLimited {
			code = "rate_limit_exceeded"
		}
	}
	if !sink.begun() {
		_ = sink.begin(task.Body)
	}
	told, _ := json.Marshal(map[string]string{"code": code, "message": f.Message}) // texts only
	body := with(with(task.Body, "status", []byte(`"failed"`)), "error", told)
	_ = sink.Event("response.failed", with([]byte(`{"type":"response.failed","sequence_number":0}`), "response", body))
	return body, sink.take()
}

// taskSink keeps the events of a response in the background until they are told.
type taskSink struct {
	mu      sync.Mutex
	next    int64
	waiting []response.Event
	final   json.RawMessage
}

// Admit has nothing to say to anybody.
func (*taskSink) Admit(Admission) {}

// Answer is not used: in the background every answer is a stream.
func (*taskSink) Answer([]byte) error { return nil }

// Flush does nothing: events are told by the clock.
func (*taskSink) Flush() error { return nil }

// begin tells what a stream begins with that was queued.
func (s *taskSink) begin(body []byte) error {
	queued := with(body, "status", []byte(`"queued"`))
	for _, name := range [...]string{"response.created", "response.queued"} {
		if err := s.tell(name, fmt.Appendf(nil, `{"type":%q,"sequence_number":0,"response":%s}`, name, queued)); err != nil {
			return err
		}
	}
	return nil
}

// begun reports whether anything was told.
func (s *taskSink) begun() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.next > 0
}

// Event takes one. Its sequence number is ours: an upstream's may have gaps.
func (s *taskSink) Event(name string, data []byte) error {
	switch name {
	case "response.created":
		return s.begin(lastOf(data))
	case "response.queued":
		return nil
	}
	return s.tell(name, data)
}

func (s *taskSink) tell(name string, data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if number, _ := rawjson.Get(data, "sequence_number"); number == nil {
		return nil // [DONE], or nothing that could be followed
	}
	data = with(data, "sequence_number", fmt.Appendf(nil, "%d", s.next))
	s.waiting = append(s.waiting, response.Event{Sequence: s.next, Name: name, Data: data})
	s.next++
	if doc := lastOf(data); doc != nil {
		s.final = doc
	}
	return nil
}

func (s *taskSink) take() []response.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	events := s.waiting
	s.waiting = nil
	return events
}

func (s *taskSink) putBack(events []response.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting = append(events, s.waiting...)
}

// last is the response object of the last event that had one, if the stream ended with it.
func (s *taskSink) last() json.RawMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch response.State(textMember(s.final, "status")) {
	case response.Completed, response.Incomplete, response.Failed:
		return s.final
	}
	return nil
}

var _ Catalog = (*catalog.Catalog)(nil)
