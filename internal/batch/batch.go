// Package batch runs many requests of a file, one by one and at the lowest priority, and
// writes their answers to another.
//
// It knows lines, files and states; how one line is answered is a function that it is
// given. Its one invariant: each line has one answer and is charged once, whatever process
// dies on the way.
//
// A line is taken by a row that says who runs it, and since when that is known to live. Its
// request gets its id then, before anything is sent, and keeps it: the ledger charges an id
// once, so a line that is run again after a process died is answered again, and not charged
// again. Of a line that nobody can say it of, the row is unsure whether it was charged; where
// such a line ends without an answer, its charge is given back before the batch ends.
package batch

import (
	"context"
	"crypto/rand"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"skytower/internal/blob"
	"skytower/internal/money"
	"skytower/internal/store"
)

const (
	// lease is how long a process keeps a line without a sign of life.
	lease = 20 * time.Second
	// beatEvery is between two signs of life.
	beatEvery = 5 * time.Second
	// lookEvery is between two looks at the open batches where nothing wakes earlier.
	lookEvery = time.Second
	// lineTime bounds one try of a line.
	lineTime = 30 * time.Minute
	// claimMost bounds the lines that one transaction takes.
	claimMost = 32
	// openMost bounds the open batches that a look reads.
	openMost = 2000
	// openOfAccount bounds the batches of an account that have not ended.
	openOfAccount = 100
	// mostTaken is how often a line is taken before it fails: the upstream was busy each
	// time, or the process died.
	mostTaken = 8
	// tendAtOnce bounds the inputs that are checked, and the files that are written, at the
	// same time by a process.
	tendAtOnce = 2
	// tendAgain is the wait after one of those failed.
	tendAgain = 10 * time.Second
	// writeAgain is the wait before answers are written again.
	writeAgain = 500 * time.Millisecond
	// gatherMost bounds the answers of one transaction, and gatherBytes their size.
	gatherMost  = 64
	gatherBytes = 8 << 20
	// refundAtOnce bounds the lines whose charges are given back at the same time.
	refundAtOnce = 16
	// lastWrites is how long answers are still written after the end of a stop.
	lastWrites = 5 * time.Second
)

// Change is the kind of change that batches publish; its reference is a batch.
const Change = "batch"

// Call is one line that is to be answered.
type Call struct {
	Account, Key string // on whose behalf: ids
	Request      string // id of the request, the same at each try
	Endpoint     string // such as /v1/chat/completions
	Body         []byte
	// Again says that an earlier try may have been charged: its process died, or could not
	// tell.
	Again bool
}

// Verdict says what is to become of a line.
type Verdict int

// The verdicts.
const (
	Done    Verdict = iota // its answer is final, an error included
	Limited                // the account's limits refuse it now: it waits, as long as it must
	Busy                   // nothing was done: it is tried again, a bounded number of times
	Cut                    // this server ended it, since it stops: another takes it
)

// Reply is what came of a call.
type Reply struct {
	Verdict Verdict
	Status  int
	Body    []byte        // JSON: the answer, or the error as the endpoint tells it
	After   time.Duration // of Limited and Busy: not before
	Usage   Usage
	Charged money.Nanos // at any try
	// Unsure says that the try may have been charged, though its outcome is another.
	Unsure bool
}

// Usage is what lines took, in tokens.
type Usage struct {
	Input, Output     int64
	Cached, Reasoning int64 // of Input, and of Output
}

// Unanswered is a line that ends without an answer, though it may have been charged.
type Unanswered struct {
	Account, Key, Batch, Request string // ids
	Model                        string // as the line names it; "" where that is not known
}

// Options are what a Service is made of. Log, Now, Refund, Trusted, OnLine and CutCalls may be
// nil.
type Options struct {
	DB    *store.DB
	Files *blob.Store
	// Answer answers one line. Where ctx ends before, it says Cut.
	Answer func(ctx context.Context, c Call) Reply
	// Refund has a line cost nothing, whatever was charged or will be. It is asked again
	// where that failed, or where a process died.
	Refund    func(ctx context.Context, u Unanswered) error
	Endpoints []string // that lines may have
	Workers   int      // lines at the same time in this process; 0: none are run here
	MaxLines  int      // of one file
	MaxLine   int64    // bytes of a line
	Retention time.Duration
	Log       *slog.Logger
	Now       func() time.Time // the time of all processes
	// Trusted reports whether silence means death: not while others may have been unable to
	// show life. nil: it always does.
	Trusted func() bool
	// OnLine hears of every line that has its answer: "ok" or "error".
	OnLine func(result string)
	// CutCalls ends what outlives the contexts of calls, at the end of a stop.
	CutCalls func()

	lease time.Duration // tests replace it
}

// Service is safe for concurrent use.
type Service struct {
	o     Options
	db    *store.DB
	id    string        // of this process among the runners
	wake  chan struct{} // holds one: somebody changed a batch
	board board
	tends tends
	open  atomic.Bool // there were open batches at the last look

	mu      sync.Mutex
	started bool
	stopped bool

	leaving   context.Context // over when Stop begins: nothing new is begun
	leave     context.CancelFunc
	working   context.Context // over when calls in flight are cut
	cut       context.CancelFunc
	living    context.Context // over when this process has nothing left to show life for
	die       context.CancelFunc
	abandoned context.Context // over when answers can't be written any more
	abandon   context.CancelFunc
	loops     sync.WaitGroup
	lines     sync.WaitGroup
	writing   sync.WaitGroup
	results   chan *result
}

// New returns a service. Start begins to run lines; without it, batches can be made, read
// and cancelled.
func New(o Options) *Service {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Trusted == nil {
		o.Trusted = func() bool { return true }
	}
	if o.OnLine == nil {
		o.OnLine = func(string) {}
	}
	if o.Refund == nil {
		o.Refund = func(context.Context, Unanswered) error { return nil }
	}
	if o.CutCalls == nil {
		o.CutCalls = func() {}
	}
	if o.lease == 0 {
		o.lease = lease
	}
	s := &Service{o: o, db: o.DB, id: rand.Text(), wake: make(chan struct{}, 1), results: make(chan *result)}
	s.board.changed = make(chan struct{}, 1)
	s.tends.open = map[string]bool{}
	s.leaving, s.leave = context.WithCancel(context.Background())
	s.working, s.cut = context.WithCancel(context.Background())
	s.living, s.die = context.WithCancel(context.Background())
	s.abandoned, s.abandon = context.WithCancel(context.Background())
	return s
}

// feed is the part of the change feed that the service needs.
type feed interface {
	Subscribe(kind string, fn func(ctx context.Context, refs []string) error)
}

// Watch has changes by other processes noticed at once. Call it before the feed starts.
func (s *Service) Watch(f feed) {
	f.Subscribe(Change, func(context.Context, []string) error {
		s.rouse()
		return nil
	})
}

// rouse has the open batches looked at.
func (s *Service) rouse() { signal(s.wake) }

// signal fills a channel that holds one.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Start begins to run lines, where this process does. On SQLite, whose one process this
// is, what an earlier one had taken is taken back at once.
func (s *Service) Start(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.o.Workers <= 0 || s.started || s.stopped {
		return nil
	}
	if s.db.Dialect() == store.SQLite {
		if err := s.takeAllBack(ctx); err != nil {
			return err
		}
	}
	s.started = true
	s.loops.Go(s.keepLooking)
	s.loops.Go(s.handOut)
	s.writing.Go(s.writeResults)
	s.writing.Go(s.keepBeating)
	return nil
}

// Stop begins no further line, lets those in flight end until ctx is over, cuts what is
// left, and gives back what was taken. It may be called again, and before Start.
func (s *Service) Stop(ctx context.Context) {
	s.mu.Lock()
	first := !s.stopped
	s.stopped = true
	started := s.started
	s.mu.Unlock()
	s.leave()
	if !started || !first {
		return
	}
	cutting := context.AfterFunc(ctx, func() {
		s.cut()
		s.o.CutCalls()
		time.AfterFunc(lastWrites, s.abandon)
	})
	defer cutting()
	s.loops.Wait()
	s.lines.Wait()
	s.tends.all.Wait()
	s.returnLines(ctx)
	s.die()
	close(s.results)
	s.writing.Wait()
	s.cut()
	s.abandon()
}
