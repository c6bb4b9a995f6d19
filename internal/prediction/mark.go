package prediction

import (
	"context"
	"fmt"
	"os"

	"skytower/internal/catalog"
	"skytower/internal/provider"
	"skytower/internal/store"
)

// The values of column submission.
const (
	submitting = "submitting"
	submitted  = "submitted"
)

// mark is what is durable about work at an upstream.
type mark struct{ target, submission, upstream string }

func (r *run) marked() mark {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.mark
}

// scratch makes an empty folder for the run.
func (r *run) scratch() (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over {
		return "", errLost
	}
	dir, err := os.MkdirTemp(r.s.o.Scratch, "run-")
	if err != nil {
		return "", fmt.Errorf("make a scratch folder: %w", err)
	}
	r.scratches = append(r.scratches, dir)
	return dir, nil
}

// clean removes what the run left on this machine.
func (r *run) clean() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.over = true
	for _, dir := range r.scratches {
		if err := os.RemoveAll(dir); err != nil {
			r.s.o.Log.Warn("a scratch folder could not be removed", "folder", dir, "error", err)
		}
	}
}

// watcher is the run as an adapter sees it.
type watcher struct {
	*run
	target catalog.Target
}

// Submitting makes durable that work is about to be sent. While the database is away,
// nothing is sent.
func (w watcher) Submitting(ctx context.Context) error {
	return w.persist(ctx, "work that is about to be sent", func() error {
		bounded, cancel := context.WithTimeout(ctx, settleTimeout)
		defer cancel()
		return w.save(bounded, mark{target: targetName(w.target), submission: submitting}, true)
	})
}

// Submitted makes the upstream's id of the work durable. The work is there, whatever
// became of the context.
func (w watcher) Submitted(ctx context.Context, upstream string) error {
	return w.persist(w.queue, "the upstream's id of work", func() error {
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
		defer cancel()
		return w.save(bounded, mark{target: targetName(w.target), submission: submitted, upstream: upstream}, false)
	})
}

// Progress tells news.
func (w watcher) Progress(p provider.Progress) {
	if len(p.Sound) > 0 {
		w.sound(p)
	}
	w.news.add(p)
}

// save writes a mark. begins is set for new work, which is not begun for a prediction
// that somebody asked to end.
func (r *run) save(ctx context.Context, m mark, begins bool) error {
	r.mu.Lock()
	over := r.over
	r.mu.Unlock()
	if over {
		return errLost
	}
	now := r.s.o.Now()
	var n int64
	err := r.s.o.DB.Write(ctx, func(tx *store.Tx) (err error) {
		n, err = affected(tx.Exec(ctx, `update prediction set target = $3, submission = $4, upstream = $5, beat = $6, updated_at = $6,
				version = version + 1, status = case when status = 'starting' then 'processing' else status end
			where id = $1 and attempt = $2 and `+live+` and not (cancel and $7)`,
			r.rec.ID, r.rec.Attempt, m.target, m.submission, m.upstream, store.Micros(now), begins))
		return err
	})
	if err != nil {
		return fmt.Errorf("save what is known of the work: %w", err)
	}
	if n == 0 {
		return r.refused(ctx)
	}
	r.mu.Lock()
	r.mark, r.beaten = m, now
	r.mu.Unlock()
	r.news.processing()
	r.s.wake(r.rec.ID)
	r.leave()
	return nil
}

// refused ends the run's context after a write that found another row than the run's.
func (r *run) refused(ctx context.Context) error {
	rec, err := r.s.Get(ctx, r.rec.Account, r.rec.ID)
	cause := errLost
	if err == nil && rec.Attempt == r.rec.Attempt && rec.Cancel && !rec.Status.Terminal() {
		cause = errCancelled
	}
	r.cancel(cause)
	return cause
}
