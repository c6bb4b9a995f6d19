package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"gocloud.dev/blob"
	"golang.org/x/sync/errgroup"

	"skytower/internal/store"
)

// Bounds of one sweep.
const (
	sweepBatch     = 200
	sweepBatches   = 50
	deletesAtATime = 8
	deleteTime     = 30 * time.Second
)

// Sweep removes the content of doomed, expired and orphaned files. It is safe to run
// anywhere at any time, and is meant for about once a minute. A file that can not be
// removed is tried again by the next.
//
// First files are doomed, which nothing undoes, then their content goes, and only then
// their rows: a process that dies in between leaves what the next sweep finds.
func (s *Store) Sweep(ctx context.Context) error {
	return errors.Join(s.doom(ctx), s.removeDoomed(ctx), s.compareFolder(ctx))
}

// doom marks what has expired, and what was never kept.
func (s *Store) doom(ctx context.Context) error {
	now := s.now()
	expired := store.Micros(now)
	orphaned := store.Micros(now.Add(-s.orphans))
	// Conditions are repeated: those of the inner select choose, by an index, and those
	// of the outer are asked again where another transaction was quicker. The state that
	// is compared twice is how SQLite sees that the partial index will do.
	err := s.doomBy(ctx, `update file set state = 'doomed' where state = 'kept' and expires_at > 0 and expires_at <= $1 and id in
		(select id from file where expires_at > 0 and expires_at <= $1 and state = 'kept' order by expires_at limit $2)`, expired)
	return errors.Join(err, s.doomBy(ctx, `update file set state = 'doomed' where state = 'new' and created_at < $1 and id in
		(select id from file where state = 'new' and state <> 'kept' and created_at < $1 order by created_at limit $2)`, orphaned))
}

func (s *Store) doomBy(ctx context.Context, statement string, before int64) error {
	for range sweepBatches {
		var n int64
		err := s.db.Write(ctx, func(tx *store.Tx) (err error) {
			n, err = affected(tx.Exec(ctx, statement, before, sweepBatch))
			return err
		})
		if err != nil {
			return fmt.Errorf("doom files: %w", err)
		}
		if n < sweepBatch {
			return nil
		}
	}
	return nil
}

// doomed is a file that is to go.
type doomed struct {
	id      string
	created int64
}

// removeDoomed removes content and rows, in batches by age. One that fails stays, and the
// others go on, unless a whole batch fails: then the storage is away.
func (s *Store) removeDoomed(ctx context.Context) error {
	var last doomed
	var failed error
	failures := 0
	for range sweepBatches {
		batch, err := s.nextDoomed(ctx, last)
		if err != nil || len(batch) == 0 {
			return errors.Join(failed, err)
		}
		last = batch[len(batch)-1]
		gone, n, err := s.removeContents(ctx, batch)
		if err != nil {
			failures += n
			failed = fmt.Errorf("remove the content of %d files: %w", failures, err)
		}
		if err := s.forget(ctx, gone); err != nil || len(gone) == 0 {
			return errors.Join(failed, err)
		}
	}
	return failed
}

func (s *Store) nextDoomed(ctx context.Context, after doomed) (batch []doomed, err error) {
	err = s.db.Read(ctx, func(tx *store.Tx) error {
		batch = nil
		return tx.Each(ctx, `select id, created_at from file where state = 'doomed' and state <> 'kept'
			and (created_at, id) > ($1, $2) order by created_at, id limit $3`, func(scan func(...any) error) error {
			var d doomed
			err := scan(&d.id, &d.created)
			batch = append(batch, d)
			return err
		}, after.created, after.id, sweepBatch)
	})
	if err != nil {
		return nil, fmt.Errorf("list doomed files: %w", err)
	}
	return batch, nil
}

// removeContents returns the ids of those whose content is gone, how many it is not of,
// and why not of one of them.
func (s *Store) removeContents(ctx context.Context, batch []doomed) (gone []string, failures int, failed error) {
	var mu sync.Mutex
	var group errgroup.Group
	group.SetLimit(deletesAtATime)
	for _, d := range batch {
		group.Go(func() error {
			ctx, cancel := context.WithTimeout(ctx, deleteTime)
			defer cancel()
			err := s.deleteContent(ctx, d.id)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				failures++
				failed = err
			} else {
				gone = append(gone, d.id)
			}
			return nil
		})
	}
	_ = group.Wait() // the tasks return none
	return gone, failures, failed
}

// forget deletes the rows of files whose content is gone.
func (s *Store) forget(ctx context.Context, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `delete from file where state = 'doomed' and `+tx.Dialect().In("id", 1), tx.Dialect().Strings(ids))
		return err
	})
	if err != nil {
		return fmt.Errorf("delete rows of files: %w", err)
	}
	return nil
}

const (
	// strayAge is how old content without a row must be. Rows come first, so that there
	// is none at all but after a database was restored or a process died at the worst moment.
	strayAge = 24 * time.Hour
	// strayMost bounds what one sweep compares.
	strayMost = 20_000
)

// folderAlphabet is that of httpx.NewID.
const folderAlphabet = "0123456789abcdefghjkmnpqrstvwxyz"

// compareFolder removes content without a row from one of the folders. Listing a bucket
// is expensive, so every sweep lists one folder at most, chosen by the clock in such a
// way that all of them have their turn in a day.
func (s *Store) compareFolder(ctx context.Context) error {
	turn, folder := folderAt(s.now())
	if s.swept.Swap(turn) == turn {
		return nil
	}
	return s.removeStrays(ctx, folder)
}

// folderAt returns the folder whose turn it is, and the number of the turn.
func folderAt(now time.Time) (turn int64, folder string) {
	const n = int64(len(folderAlphabet))
	turn = now.Unix() / (int64(strayAge/time.Second) / (n * n))
	i := turn % (n * n)
	return turn, string([]byte{folderAlphabet[i/n], folderAlphabet[i%n]})
}

// removeStrays removes old content without a row from a folder. It touches nothing that
// does not look like a file of ours, half-written ones included.
func (s *Store) removeStrays(ctx context.Context, folder string) error {
	keys, err := s.oldKeys(ctx, folder)
	if err != nil || len(keys) == 0 {
		return err
	}
	known, err := s.known(ctx, keys)
	if err != nil {
		return err
	}
	var failed error
	for _, key := range keys {
		if known[idOf(key)] {
			continue
		}
		if err := s.told("delete", ignoreMissing(s.bucket.Delete(ctx, key))); err != nil {
			failed = fmt.Errorf("remove stray content: %w", err)
		}
	}
	return failed
}

func idOf(key string) string { return key[fanOut+1:] }

func (s *Store) oldKeys(ctx context.Context, folder string) (keys []string, err error) {
	before := s.now().Add(-strayAge)
	list := s.bucket.List(&blob.ListOptions{Prefix: folder + "/"})
	for range strayMost {
		object, err := list.Next(ctx)
		if object == nil {
			return keys, s.told("list", endOfList(err))
		}
		if !object.IsDir && object.ModTime.Before(before) && strings.HasPrefix(idOf(object.Key), "file-") {
			keys = append(keys, object.Key)
		}
	}
	return keys, nil
}

func endOfList(err error) error {
	if err == io.EOF {
		return nil
	}
	return fmt.Errorf("list the bucket: %w", err)
}

// known tells which of the keys' ids have rows.
func (s *Store) known(ctx context.Context, keys []string) (map[string]bool, error) {
	ids := make([]string, len(keys))
	for i, key := range keys {
		ids[i] = idOf(key)
	}
	known := make(map[string]bool, len(ids))
	err := s.db.Read(ctx, func(tx *store.Tx) error {
		return tx.Each(ctx, `select id from file where `+tx.Dialect().In("id", 1), func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			known[id] = true
			return err
		}, tx.Dialect().Strings(ids))
	})
	if err != nil {
		return nil, fmt.Errorf("look for rows of content: %w", err)
	}
	return known, nil
}
