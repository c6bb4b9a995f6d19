package prediction

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"skytower/internal/blob"
	"skytower/internal/fault"
	"skytower/internal/skytells"
	"skytower/internal/store"
)

// The names of a stream's events (contract 8.4), beside those of the stored ones.
const (
	eventStatus = "status"
	eventError  = "error"
	eventDone   = "done"
)

// outputNews is the stored data of partial outputs: ids of files, or new text.
type outputNews struct {
	Files []string `json:"files,omitempty"`
	Text  string   `json:"text,omitempty"`
}

// The ids of a stream's events. The first three are states and news number n follows as
// newsID+n; the end comes after all of them. So an id says what it stands for, in every
// process, and a client that comes again says how far it got.
const (
	pendingID    = 1
	startingID   = 2
	processingID = 3
	newsID       = 3
)

func endID(rec Record) int64 { return newsID + rec.EventCount + 1 }

const (
	// newsBatch bounds the news that are read at once.
	newsBatch = 200
	// recheck is how long a stream trusts that nothing has changed, in case it was not
	// told.
	recheck = 10 * time.Second
)

// Event is one event of a prediction's stream. ID 0: it has none, and the one before it
// stays the last.
type Event struct {
	ID   int64
	Name string
	Data []byte
}

// Stream gives what has happened to a prediction after an event, and then what happens,
// until its end. It is an interface so that edges can be tried on a script of events.
type Stream interface {
	// Next waits for events and returns them; io.EOF follows the last.
	Next(context.Context) ([]Event, error)
	Close()
}

type follower struct {
	s                 *Service
	account, id, base string
	after             int64
	begun, ended      bool
	progress          float64 // last shown
	changed           <-chan struct{}
	stop              func()
}

// Events opens the stream of an account's prediction after the event with the given id,
// 0 for all of it. The end is always told, also to one who has seen it.
func (s *Service) Events(ctx context.Context, account, id string, after int64, base string) (Stream, error) {
	if _, err := s.Get(ctx, account, id); err != nil {
		return nil, err
	}
	e := &follower{s: s, account: account, id: id, base: base, after: max(after, 0), progress: -1}
	e.changed, e.stop = s.Watch(id) // before the first read: nothing falls between
	return e, nil
}

// Close ends the stream.
func (e *follower) Close() { e.stop() }

// Next reads once for each change.
func (e *follower) Next(ctx context.Context) ([]Event, error) {
	for {
		if e.ended {
			return nil, io.EOF
		}
		events, err := e.read(ctx)
		if err != nil || len(events) > 0 {
			return events, err
		}
		if err := e.wait(ctx); err != nil {
			return nil, err
		}
	}
}

func (e *follower) wait(ctx context.Context) error {
	timer := time.NewTimer(recheck)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-e.changed:
	case <-timer.C:
	}
	return nil
}

// read looks at the prediction once.
func (e *follower) read(ctx context.Context) (events []Event, err error) {
	err = e.s.o.DB.Read(ctx, func(tx *store.Tx) error {
		rec, ok, err := read(ctx, tx, e.id, false)
		if err != nil {
			return fmt.Errorf("read prediction %s: %w", e.id, err)
		}
		if !ok || rec.Account != e.account {
			return fault.New(fault.PredictionFailed, "The prediction was deleted.")
		}
		e.clip(rec)
		stored, err := e.stored(ctx, tx, rec)
		if err != nil {
			return fmt.Errorf("read the news of prediction %s: %w", e.id, err)
		}
		files, err := e.s.filesOf(ctx, tx, []Record{rec})
		if err != nil {
			return err
		}
		events, err = e.events(rec, stored, files[rec.ID])
		return err
	})
	return events, err
}

// clip brings an id of the future, which a client made up, back to the present.
func (e *follower) clip(rec Record) {
	if !e.begun {
		e.after = min(e.after, endID(rec)-1)
	}
	e.begun = true
}

func (e *follower) stored(ctx context.Context, tx *store.Tx, rec Record) (out []event, err error) {
	seen := max(e.after-newsID, 0)
	if rec.EventCount <= seen {
		return nil, nil
	}
	err = tx.Each(ctx, `select seq, kind, data from prediction_event where prediction = $1 and seq > $2 order by seq limit $3`,
		func(scan func(...any) error) error {
			var n event
			if err := scan(&n.seq, &n.kind, &n.data); err != nil {
				return err
			}
			out = append(out, n)
			return nil
		}, e.id, seen, newsBatch)
	return out, err
}

// events are those that rec and the stored news add to what was sent, in order.
func (e *follower) events(rec Record, stored []event, files []blob.File) ([]Event, error) {
	var out []Event
	for _, state := range states(rec) {
		if e.after < state.id {
			out = append(out, e.shown(state.id, eventStatus, e.s.render(asOf(rec, state.status), files, e.base)))
		}
	}
	for _, n := range stored {
		if n.kind == eventCounts {
			e.after = newsID + n.seq
			continue
		}
		event, err := e.news(rec, n, files)
		if err != nil {
			return nil, err
		}
		out = append(out, event)
	}
	switch {
	case len(stored) == newsBatch: // there may be more before the end
	case rec.Status.Terminal():
		name := eventDone
		if rec.Status == Failed {
			name = eventError
		}
		out = append(out, e.shown(endID(rec), name, e.s.render(rec, files, e.base)))
		e.ended = true
	case len(out) == 0 && rec.Status != Pending && rec.Progress != e.progress:
		out = append(out, e.shown(0, eventStatus, e.s.render(asOf(rec, rec.Status), files, e.base)))
	}
	e.progress = rec.Progress
	return out, nil
}

func (e *follower) shown(id int64, name string, p skytells.Prediction) Event {
	if id > 0 {
		e.after = id
	}
	data, err := json.Marshal(p)
	if err != nil { // inputs and outputs were checked before they were stored
		data = []byte("null")
	}
	return Event{ID: id, Name: name, Data: data}
}

// news is the event of a stored row. An `output` event shows what is new in it.
func (e *follower) news(rec Record, n event, files []blob.File) (Event, error) {
	id := newsID + n.seq
	if n.kind == eventLogs {
		e.after = id
		return Event{ID: id, Name: eventLogs, Data: n.data}, nil
	}
	var o outputNews
	if err := json.Unmarshal(n.data, &o); err != nil {
		return Event{}, fmt.Errorf("decode news %d: %w", n.seq, err)
	}
	at := asOf(rec, Processing)
	if o.Text != "" {
		at.Output = string(marshal(o.Text))
	}
	files = slices.DeleteFunc(slices.Clone(files), func(f blob.File) bool {
		return f.Role != blob.Input && !slices.Contains(o.Files, f.ID)
	})
	return e.shown(id, eventOutput, e.s.render(at, files, e.base)), nil
}

type state struct {
	id     int64
	status Status
}

// states are the states before the end that a prediction is known to have been in.
// Whatever told news was processing, also where the step was not stored.
func states(rec Record) []state {
	out := []state{{pendingID, Pending}}
	if !rec.Started.IsZero() {
		out = append(out, state{startingID, Starting})
	}
	if rec.Status == Processing || rec.EventCount > 0 {
		out = append(out, state{processingID, Processing})
	}
	return out
}

// asOf is the record as it was in an earlier state, so far as is known.
func asOf(rec Record, status Status) Record {
	if rec.Status != status {
		rec.Progress = -1
	}
	rec.Status, rec.Completed = status, time.Time{}
	rec.Output, rec.Error, rec.ErrorID, rec.Logs = "null", "", "", ""
	if status == Pending {
		rec.Started = time.Time{}
	}
	return rec
}
