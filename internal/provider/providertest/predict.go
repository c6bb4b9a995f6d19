package providertest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"skytower/internal/egress"
	"skytower/internal/provider"
)

// Wait waits for d or ctx's end. The suite's own waits for nothing.
type Wait = func(ctx context.Context, d time.Duration) error

// NoWait waits for nothing.
func NoWait(ctx context.Context, _ time.Duration) error { return ctx.Err() }

// PredictDialect says how a kind of upstream is given work, and how it tells what
// became of it. Routes are "METHOD /path"; a nil one is a thing that it does not have.
type PredictDialect struct {
	// New makes the adapter under test, for an upstream below base.
	New func(t *testing.T, base *url.URL, credential string, client egress.Upstream, wait Wait) provider.Predictor

	Submit func(run string) string // sends a run's work
	Look   func(id string) string  // asks for it; nil: the submit's answer is the end
	Cancel func(id string) string

	// ID is the id that the upstream gives to a run's work.
	ID func(run string) string
	// Idempotent is an upstream that does the work of one id once, however often it
	// is sent.
	Idempotent bool

	Input  string // of the run; "": {"prompt":"a cat"}
	Status int    // of the answer to a submit
	// Answer is the work as the upstream writes it.
	Answer func(Work) string
	// Events are the answer to a submit as a stream, in pieces: one for each step.
	// Only the last piece is the proper end. nil: it has no streams.
	Events func(steps []Work) []string
	// Stream is where such a stream can be asked for, of an upstream that has Look too;
	// it does not answer a submit then.
	Stream func(id string) string
	// FilesOnly is an upstream whose answer holds files, and neither text nor a time.
	FilesOnly bool
	// Refusal is the body of an error with this message.
	Refusal func(message string) string
}

// The states of a Work.
const (
	Running   = "running"
	Succeeded = "succeeded"
	Failed    = "failed"
)

// Work is how far a work is. Lists hold everything so far.
type Work struct {
	ID       string
	State    string
	Percents []int // the last is where it is
	Logs     []string
	Files    []string // addresses that it put out; else
	Text     []string // pieces of text
	Error    string
	Took     time.Duration
}

// Log writes the lines, with a progress bar after each as Python's tqdm draws it.
func (w Work) Log() string {
	var log strings.Builder
	for i, line := range w.Logs {
		log.WriteString(line + "\n")
		if i < len(w.Percents) {
			fmt.Fprintf(&log, "%3d%%|####      | step\n", w.Percents[i])
		}
	}
	return log.String()
}

// Output is the output as JSON: an array of addresses or of pieces of text, or null.
func (w Work) Output() string {
	list := w.Files
	if list == nil {
		list = w.Text
	}
	if list == nil {
		return "null"
	}
	return Quote(list)
}

// Quote writes a value as JSON.
func Quote(v any) string {
	out, err := json.Marshal(v)
	if err != nil {
		panic(err) // only texts and lists of texts: it can't
	}
	return string(out)
}

const (
	runID     = "01938f6e-5d3a-7c1e-9d43-0a5b8c7e2f10"
	dataURL   = "data:image/png;base64,iVBORw0KGgo="
	foreign   = "https://files.example.test/some/b.png"
	ownFile   = "/out/a.png"
	ownBytes  = "the content of a.png"
	someInput = `{"prompt":"a cat"}`
)

// job is one run of the suite, with its upstream and everything that was seen.
type job struct {
	d       PredictDialect
	t       *testing.T
	up      *Upstream
	adapter provider.Predictor
	run     *provider.Run
	heard   *Heard
	ctx     context.Context
	end     context.CancelCauseFunc
}

// start makes an upstream, and a run for it.
func (d PredictDialect) start(t *testing.T, wire Wire) *job {
	t.Helper()
	j := &job{d: d, t: t, up: NewUpstream(t, wire), heard: &Heard{}}
	j.ctx, j.end = context.WithCancelCause(t.Context())
	j.heard.sent = func() int { return j.count(d.Submit(runID)) }
	j.adapter = d.New(t, j.up.URL, credential, j.up.Client, NoWait)
	input := d.Input
	if input == "" {
		input = someInput
	}
	j.run = &provider.Run{
		ID: runID, Model: upstreamModel, Show: shownModel, Kind: "image", Input: json.RawMessage(input), Watch: j.heard,
		Scratch: func() (string, error) { return t.TempDir(), nil },
	}
	return j
}

func (j *job) predict() (*provider.Result, error) { return j.adapter.Predict(j.ctx, j.run) }

func (j *job) id() string { return j.d.ID(runID) }

// work completes a step.
func (j *job) work(w Work) Work {
	w.ID = j.id()
	return w
}

// follows lets the upstream take the work, and be at each step once; it stays at the
// last. One that tells only the end goes there at once.
func (j *job) follows(steps ...Work) {
	for i := range steps {
		steps[i] = j.work(steps[i])
	}
	last := steps[len(steps)-1]
	switch {
	case j.d.Look != nil:
		var at sync.Mutex
		next := func(x *Exchange, status int) {
			at.Lock()
			step := steps[0]
			if len(steps) > 1 {
				steps = steps[1:]
			}
			at.Unlock()
			JSON(status, j.d.Answer(step))(x)
		}
		j.up.On(j.d.Submit(runID), func(x *Exchange) { next(x, j.d.Status) })
		j.up.On(j.d.Look(j.id()), func(x *Exchange) { next(x, 200) })
		if j.d.Stream != nil {
			j.up.On(j.d.Stream(j.id()), Events(j.d.Events(slices.Clone(steps))...))
		}
	case j.d.Events != nil:
		j.up.On(j.d.Submit(runID), Events(j.d.Events(steps)...))
	default:
		j.up.On(j.d.Submit(runID), JSON(j.d.Status, j.d.Answer(last)))
	}
}

// submits sets what answers a submit.
func (j *job) submits(s Script) { j.up.On(j.d.Submit(runID), s) }

// count is how often the upstream was asked a route.
func (j *job) count(route string) int {
	n := 0
	for _, r := range j.up.Requests() {
		if r.Method+" "+r.URL.Path == route {
			n++
		}
	}
	return n
}

func (j *job) wantSubmits(n int) {
	j.t.Helper()
	if got := j.count(j.d.Submit(runID)); got != n {
		j.t.Errorf("the work was sent %d times, want %d", got, n)
	}
}

// live reports whether the dialect tells anything before the end.
func (d PredictDialect) live() bool { return d.Look != nil || d.Events != nil }

// Heard is a Watcher that keeps what it hears.
type Heard struct {
	// Refuse is what Submitting and Submitted return.
	Refuse error

	mu        sync.Mutex
	sent      func() int // how often the work was sent
	marked    bool
	early     int // how often it had been sent before the first mark
	upstream  string
	wasMarked bool // by Submitting
	progress  []provider.Progress
}

// Submitting is as Watcher says.
func (h *Heard) Submitting(context.Context) error {
	h.mark()
	h.wasMarked = true
	return h.Refuse
}

// Submitted is as Watcher says.
func (h *Heard) Submitted(_ context.Context, upstream string) error {
	h.mark()
	h.upstream = upstream
	return h.Refuse
}

func (h *Heard) mark() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.marked && h.sent != nil {
		h.early = h.sent()
	}
	h.marked = true
}

// Progress is as Watcher says.
func (h *Heard) Progress(p provider.Progress) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.progress = append(h.progress, p)
}

// News is all progress so far.
func (h *Heard) News() []provider.Progress {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]provider.Progress(nil), h.progress...)
}

// Upstream is the id that was made durable.
func (h *Heard) Upstream() string { return h.upstream }

// Lines are all log lines so far.
func (h *Heard) Lines() []string {
	var lines []string
	for _, p := range h.News() {
		lines = append(lines, p.Logs...)
	}
	return lines
}

// Marked reports whether anything was made durable, or was to be.
func (h *Heard) Marked() bool { return h.marked }
