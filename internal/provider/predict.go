package provider

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"time"
)

// Predictor does the slow work of a prediction model.
type Predictor interface {
	// Predict submits the run's work, or takes up again what an earlier try began
	// (Run.Upstream), and returns when the work has ended. When ctx ends, it asks the
	// upstream to stop, within a few seconds of its own, and returns an *Error of class
	// Cancelled; where ctx ended because of ErrHandBack (context.Cause), the work goes
	// on upstream and another process takes it up again.
	//
	// Work that failed upstream is an *Error of class Failed, whose Message the
	// caller reads.
	Predict(context.Context, *Run) (*Result, error)
}

// ErrHandBack is the cause with which a run's context ends when the process stops and
// the run goes on elsewhere: an adapter leaves the upstream's work alone.
const ErrHandBack handBack = "the run is handed back"

type handBack string

func (e handBack) Error() string { return string(e) }

// Run is one prediction on its way through one target.
type Run struct {
	// ID is the prediction's id, a UUID: the same in every try, so that an idempotent
	// upstream does the work once.
	ID string
	// Model is the name that the upstream knows the model by; Show is what the caller
	// knows it by. Messages for the caller never hold Model.
	Model, Show string
	// Kind is what the model puts out: image, video, audio, music or text.
	Kind string
	// Input is an object that satisfies the model's schema, with defaults filled in.
	// Addresses in it are as the target's policy wants them: left alone, or turned into
	// data URLs.
	Input json.RawMessage
	// Upstream is the id under which the upstream knows the work of an earlier try, ""
	// if none was saved.
	Upstream string
	// Unsure is set where an earlier try may have submitted the work and died before
	// it could save the upstream's id. An adapter whose upstream does not recognise
	// Run.ID then returns an *Error of class Ambiguous, and never submits again.
	Unsure bool
	// Scratch makes an empty folder that is removed after the run.
	Scratch func() (string, error)
	Watch   Watcher
}

// Watcher hears what becomes known of a run. It may be called from one goroutine at a
// time.
type Watcher interface {
	// Submitting makes durable that work is about to be sent. An adapter calls it right
	// before it sends work that would cost something twice, and does not send where it
	// fails. Work that dies with this process needs no such mark.
	Submitting(context.Context) error
	// Submitted makes the upstream's id of the work durable.
	Submitted(ctx context.Context, upstream string) error
	// Progress tells news. It never fails and does not wait for a disk.
	Progress(Progress)
}

// Progress is news of a run: fields that say nothing are zero.
type Progress struct {
	Percent float64  // of the whole, 0 to 100; it never goes back
	Logs    []string // new lines
	Output  []Output // new partial outputs, each complete in itself
	Text    string   // new text of a text model
	// Sound is the next bytes of the one file that the result will have, told only by a try
	// that no other one can follow. SoundType is the type that the upstream states.
	Sound     []byte
	SoundType string
}

// Result is what a run made. It has Files, or Text, or JSON.
type Result struct {
	Files []Output
	Text  *string
	JSON  json.RawMessage // an output that is neither files nor text
	// Took is the time that the model itself computed, 0 where the upstream does not
	// say: then our own clock counts.
	Took time.Duration
	// Counts is what the upstream says that the work took; nil where it does not say. It is
	// shown, and nobody is charged by it.
	Counts *Counts
}

// Counts is what an upstream counted of one run: tokens, or the seconds of a sound.
type Counts struct {
	Input  int64 `json:"input,omitempty"` // tokens, as the next two
	Output int64 `json:"output,omitempty"`
	Total  int64 `json:"total,omitempty"`
	// InputOf and OutputOf say of what: text_tokens, image_tokens, audio_tokens and
	// cached_tokens. They may be nil.
	InputOf  map[string]int64 `json:"input_of,omitempty"`
	OutputOf map[string]int64 `json:"output_of,omitempty"`
	Seconds  float64          `json:"seconds,omitempty"` // above 0, there are no tokens
}

// Add adds what another part of the work took. c is not changed.
func (c Counts) Add(o Counts) Counts {
	c.Input, c.Output, c.Total, c.Seconds = c.Input+o.Input, c.Output+o.Output, c.Total+o.Total, c.Seconds+o.Seconds
	c.InputOf, c.OutputOf = sums(c.InputOf, o.InputOf), sums(c.OutputOf, o.OutputOf)
	return c
}

func sums(a, b map[string]int64) map[string]int64 {
	if len(a)+len(b) == 0 {
		return nil
	}
	out := maps.Clone(a)
	if out == nil {
		out = map[string]int64{}
	}
	for name, n := range b {
		out[name] += n
	}
	return out
}

// Output is one file that a model made. Exactly one of URL, Data and Open is set.
type Output struct {
	// URL is an address at a third place; it is fetched under the foreign policy. A
	// data URL is allowed.
	URL  string
	Data []byte
	// Open reads content that only the adapter can reach, such as a file at the
	// operator's own host. The content's size is bounded by the reader's caller.
	Open func(context.Context) (io.ReadCloser, error)
	Name string // suggested file name, may be ""
	Type string // MIME type that the upstream states, may be ""; the content decides
}

// Describer describes models that are asked for by name, where an upstream has more
// than anybody would list.
type Describer interface {
	Describe(ctx context.Context, names []string) ([]Listed, error)
}
