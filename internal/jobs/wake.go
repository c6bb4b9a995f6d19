package jobs

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riversqlite"

	"skytower/internal/store"
)

const (
	insertTopic = "river_insert" // River's topic for new jobs
	// noticePatience bounds the sending of a notice; without it jobs wait for a poll.
	noticePatience = 5 * time.Second
)

// waker tells the workers of queues, after the commit, that something is there.
//
// River's own notices are switched off (see never). They are part of the inserting
// transaction, at most one in a cooldown: a job whose notice was left out, and whose
// transaction commits just after the look that an earlier notice caused, waits for the
// next poll. A waker's notice comes after the commit and is put off, never left out.
type waker interface {
	wake(queues ...Queue)
	run(ctx context.Context) // ends with ctx
}

func newWaker(db *store.DB, log *slog.Logger) waker {
	if db.Dialect() == store.SQLite {
		return &doorbell{due: newDue()}
	}
	return &notices{due: newDue(), exec: plainDriver(db).GetExecutor(), log: log}
}

// due is a set of queues that somebody waits for.
type due struct {
	ring chan struct{} // holds one

	mu     sync.Mutex
	queues map[Queue]struct{}
}

func newDue() *due { return &due{ring: make(chan struct{}, 1), queues: map[Queue]struct{}{}} }

func (d *due) wake(queues ...Queue) {
	d.mu.Lock()
	for _, q := range queues {
		d.queues[q] = struct{}{}
	}
	d.mu.Unlock()
	select {
	case d.ring <- struct{}{}:
	default:
	}
}

// take empties the set. It gives River's form of a notice for each queue.
func (d *due) take() (payloads []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for q := range d.queues {
		payloads = append(payloads, fmt.Sprintf(`{"queue": %q}`, q))
	}
	clear(d.queues)
	return payloads
}

// notices sends PostgreSQL's NOTIFY, which reaches every process.
type notices struct {
	*due
	exec riverdriver.Executor
	log  *slog.Logger
}

func (n *notices) run(ctx context.Context) {
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-n.ring:
		}
		n.send(ctx)
		select {
		case <-ctx.Done():
			n.send(ctx)
		case <-time.After(fetchCooldown):
		}
	}
}

func (n *notices) send(ctx context.Context) {
	payloads := n.take()
	if len(payloads) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noticePatience)
	defer cancel()
	err := n.exec.NotifyMany(ctx, &riverdriver.NotifyManyParams{Topic: insertTopic, Payload: payloads})
	if err != nil {
		n.log.WarnContext(ctx, "workers are not woken, and find their jobs a second later", "error", err)
	}
}

// doorbell wakes the workers of this process, in memory: on SQLite there are no others.
// River would poll a table for that, twenty times a second.
type doorbell struct {
	*due
	pending []string // of WaitForNotification, which one goroutine calls at a time
}

func (b *doorbell) run(context.Context) {}

// sqliteDriver is River's driver with our listener and executor.
type sqliteDriver struct {
	*riversqlite.Driver
	bell   *doorbell
	reader *sql.DB
}

var _ riverdriver.Driver[*sql.Tx] = (*sqliteDriver)(nil)

// GetListener implements riverdriver.Driver.
func (d *sqliteDriver) GetListener(*riverdriver.GetListenenerParams) riverdriver.Listener {
	return &listener{bell: d.bell}
}

// listener is a doorbell in River's eyes. There is nothing to connect to.
type listener struct{ bell *doorbell }

func (*listener) Connect(context.Context) error          { return nil }
func (*listener) Close(context.Context) error            { return nil }
func (*listener) Ping(context.Context) error             { return nil }
func (*listener) Listen(context.Context, string) error   { return nil }
func (*listener) Unlisten(context.Context, string) error { return nil }
func (*listener) Schema() string                         { return "" }
func (*listener) SetAfterConnectExec(string)             {}

// WaitForNotification waits for the next wake.
func (l *listener) WaitForNotification(ctx context.Context) (*riverdriver.Notification, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if payload, ok := l.bell.next(); ok {
			return &riverdriver.Notification{Topic: insertTopic, Payload: payload}, nil
		}
		select {
		case <-ctx.Done():
		case <-l.bell.ring:
		}
	}
}

func (b *doorbell) next() (payload string, ok bool) {
	if len(b.pending) == 0 {
		b.pending = b.take()
	}
	if len(b.pending) == 0 {
		return "", false
	}
	payload, b.pending = b.pending[0], b.pending[1:]
	return payload, true
}
