// Package response keeps what the Responses API stores: responses with their items,
// conversations by previous_response_id, and responses that run in the background with
// the events they have told (contract 7.2).
//
// It refuses to know models, how an answer is made, and HTTP: bodies and items are JSON
// that it hands back as it got it. Its one invariant: nothing is ever found under another
// account than its own.
package response

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"time"

	"skytower/internal/jobs"
	"skytower/internal/store"
)

// FeedKind is the kind under which changes of background responses stand in the change
// feed; the ref is ACCOUNT/ID.
const FeedKind = "response"

// stopKind is the kind of those whose end was asked for, with the same refs. It is one of
// its own, so that a runner need not look at the database at all that is told.
const stopKind = "response_stop"

// Options are what the room is built from. DB is required.
type Options struct {
	DB   *store.DB
	Jobs *jobs.Jobs // runs the background; nil: there is none
	Log  *slog.Logger
	Now  func() time.Time
	// Retention is how long a conversation is kept after its last response.
	Retention time.Duration
	// Linger is how long the output of a response that is not stored can be referred to; 0: not at
	// all.
	Linger time.Duration
}

// Item is one item of a conversation, with its id in its JSON.
type Item struct {
	ID   string
	Body json.RawMessage
}

// Record is one response.
type Record struct {
	Account, ID string
	Key         string // the API key's id
	Previous    string // or ""
	Model       string // slug
	State       State
	Background  bool
	CancelAsked bool
	Body        json.RawMessage // the response object
	Input       []Item          // its own, without what came before
	Output      []Item
	Created     time.Time
	Ended       time.Time // zero: not yet
}

// Task is a response of the background that was taken to be run.
type Task struct {
	Record
	Request json.RawMessage // as it was given to Queue
	Attempt int64           // proves that it is still ours

	run *run
}

// Event is one event of a response in the background.
type Event struct {
	Sequence int64 // from 0, without gaps
	Name     string
	Data     json.RawMessage
}

// Run is the arguments of the job that runs a response.
type Run struct {
	Account string `json:"account"`
	ID      string `json:"id"`
}

// Kind names the job.
func (Run) Kind() string { return "response" }

var errStarted = errors.New("responses: already started")

// Store is safe for concurrent use.
type Store struct {
	o  Options
	db *store.DB
	// Tests replace these.
	wait func(context.Context, time.Duration) error
	most int // responses of one conversation

	linger linger
	runs   runs
	hub    hub

	mu   sync.Mutex
	stop context.CancelFunc // nil when not running
	done sync.WaitGroup
}

// New makes the room. Nothing runs before Start, and no job: the caller registers the
// worker of Run, and Sweep as something periodic.
func New(o Options) *Store {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Store{o: o, db: o.DB, wait: pause, most: maxChain, linger: linger{full: make(chan struct{}, 1), most: lingerMost}}
}

// Start begins the writer of lingering items and the heartbeats. Call it before the job
// queue starts: on SQLite, where one process owns the file, every response that stands as
// running is one that a dead process left, and the next Sweep may end it.
func (s *Store) Start(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stop != nil {
		return errStarted
	}
	if s.db.Dialect() == store.SQLite {
		if err := s.abandonAll(ctx); err != nil {
			return err
		}
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	s.done.Go(func() { s.writeLingering(running) })
	s.done.Go(func() { s.keepBeating(running) })
	return nil
}

// Stop ends both, and writes the items that wait until ctx is over. The job queue has
// stopped before. It may be called again, and before Start.
func (s *Store) Stop(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stop == nil {
		return nil
	}
	s.stop()
	s.stop = nil
	s.done.Wait()
	return s.flush(ctx)
}

// pause waits for d.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
