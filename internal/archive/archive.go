// Package archive keeps the bodies of requests and answers for the accounts that asked
// for it: sealed, in the storage of files, for as long as the account chose.
//
// It refuses to know what a body means, and who may read one: edges ask for an account's
// own. Its one invariant: no body is kept for an account that has not asked, and none
// outlives the retention.
package archive

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"skytower/internal/secret"
	"skytower/internal/store"
)

// Bounds of what is kept, and of what waits to be.
const (
	MaxPart = 1 << 20 // bytes of one body that are kept; the rest is cut off

	maxQueue  = 256      // exchanges that wait; more are lost
	maxMemory = 64 << 20 // bytes of all bodies in memory, of open requests too; more are lost
	workers   = 2
	keepTime  = 30 * time.Second // for one exchange
	tellEvery = time.Minute      // between two warnings about what was lost
)

// Files store content; what is known of it, and its end, is theirs. Content that was put and
// not kept goes by itself.
type Files interface {
	Put(ctx context.Context, account string, content []byte, expires time.Time) (id string, err error)
	Keep(ctx context.Context, tx *store.Tx, id string, expires time.Time) error
	// Drop removes a file; one that is gone is no error.
	Drop(ctx context.Context, tx *store.Tx, account, id string) error
	// Content is ErrNotFound of a file that is gone.
	Content(ctx context.Context, account, id string) (io.ReadCloser, error)
}

// ErrNotFound is what Files say of a file that is gone.
var ErrNotFound = errors.New("no such content")

// Options are what an Archive is made of. All but Now, Log, OnKept and OnLost are required.
type Options struct {
	DB     *store.DB
	Files  Files
	Sealer *secret.Sealer // of the use secret.RequestBodies
	// Wanted is how long the account has bodies kept now; 0: not at all, or it is closed. It
	// holds the account until the transaction ends, so that nobody closes it meanwhile.
	Wanted func(ctx context.Context, tx *store.Tx, account string) (time.Duration, error)
	// Most is the longest time that anything is kept.
	Most   time.Duration
	Now    func() time.Time
	Log    *slog.Logger
	OnKept func()
	OnLost func() // an exchange that was to be kept and was not
}

// Archive is safe for concurrent use.
type Archive struct {
	o     Options
	queue chan *Exchange
	held  atomic.Int64 // bytes in memory

	mu      sync.RWMutex // read-locked while an exchange is queued
	stopped bool
	done    sync.WaitGroup
	working context.Context // done when what is left must be given up
	abandon context.CancelFunc

	losses losses
}

// New returns an archive; nothing is kept before Start.
func New(o Options) *Archive {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	a := &Archive{o: o, queue: make(chan *Exchange, maxQueue)}
	a.working, a.abandon = context.WithCancel(context.Background())
	return a
}

// Start begins to keep what is queued.
func (a *Archive) Start() {
	for range workers {
		a.done.Go(func() {
			for e := range a.queue {
				a.keep(e)
			}
		})
	}
}

// Stop keeps what is queued, until ctx is over; what is left then is lost. It may be called
// again, and before Start.
func (a *Archive) Stop(ctx context.Context) {
	a.mu.Lock()
	if !a.stopped {
		a.stopped = true
		close(a.queue)
	}
	a.mu.Unlock()
	stop := context.AfterFunc(ctx, a.abandon)
	defer stop()
	a.done.Wait()
	a.abandon()
}

// enqueue queues an exchange, or loses it at once: nobody waits for the archive.
func (a *Archive) enqueue(e *Exchange) {
	if !a.mu.TryRLock() { // Stop is at work
		a.lose(e, errStopped)
		return
	}
	defer a.mu.RUnlock()
	if a.stopped {
		a.lose(e, errStopped)
		return
	}
	select {
	case a.queue <- e:
	default:
		a.lose(e, errBusy)
	}
}

// Why an exchange is lost.
var (
	errStopped  = errors.New("the server stops")
	errBusy     = errors.New("too many wait to be stored")
	errMemory   = errors.New("too much waits to be stored")
	errUnwanted = errors.New("the account has taken its wish back") // not a loss
)

// keep stores an exchange.
func (a *Archive) keep(e *Exchange) {
	ctx, cancel := context.WithTimeout(a.working, keepTime)
	defer cancel()
	err := a.store(ctx, e)
	switch {
	case errors.Is(err, errUnwanted):
		e.release()
	case err != nil:
		a.lose(e, err)
	default:
		e.release()
		if a.o.OnKept != nil {
			a.o.OnKept()
		}
	}
}

// lose gives an exchange up.
func (a *Archive) lose(e *Exchange, why error) {
	e.release()
	if a.o.OnLost != nil {
		a.o.OnLost()
	}
	if n := a.losses.count(a.o.Now()); n > 0 {
		a.o.Log.Warn("bodies of requests were not kept", "requests", n, "error", why)
	}
}

// losses counts what is lost between two warnings.
type losses struct {
	mu   sync.Mutex
	n    int
	told time.Time
}

// count counts one more, and returns how many there were where it is time to tell.
func (l *losses) count(now time.Time) (tell int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.n++
	if now.Sub(l.told) < tellEvery {
		return 0
	}
	tell, l.n, l.told = l.n, 0, now
	return tell
}
