package blob

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"gocloud.dev/blob"

	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

func TestSweep(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *box) {
		kept, expiring, doomed := b.put(New{}, "kept"), b.put(New{}, "expiring"), b.put(New{}, "doomed")
		b.keep(time.Time{}, kept, doomed)
		b.keep(b.now().Add(10*time.Minute), expiring)
		b.put(New{}, "orphan")
		b.sweep()
		b.holds(4)

		b.write(func(ctx context.Context, tx *store.Tx) error { return b.Drop(ctx, tx, "acct_one", doomed.ID) })
		b.sweep()
		b.holds(3)

		b.pass(11 * time.Minute)
		if _, err := b.Get(t.Context(), "acct_one", expiring.ID); !errors.Is(err, ErrNotFound) {
			t.Errorf("an expired file before its sweep: error %v", err)
		}
		b.sweep()
		b.holds(2)

		b.pass(time.Hour)
		b.sweep()
		b.holds(1)
		if b.read(kept) != "kept" {
			t.Error("the kept file is another")
		}
	})
}

// A process can die between any two steps; the next sweeps leave whole files or nothing.
func TestKilledBetweenSteps(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *box) {
		noContent := b.put(New{}, "its row is all that was written")
		b.put(New{}, "whole, but what it belongs to was never committed")
		dooming := b.put(New{}, "doomed, its content still there")
		gone := b.put(New{}, "doomed, its content removed already")
		kept := b.put(New{}, "kept")
		b.keep(time.Time{}, kept, dooming, gone)
		b.write(func(ctx context.Context, tx *store.Tx) error {
			return errors.Join(b.Drop(ctx, tx, "acct_one", dooming.ID), b.Drop(ctx, tx, "acct_one", gone.ID))
		})
		for _, f := range []File{noContent, gone} {
			if err := b.bucket.Delete(t.Context(), keyOf(f.ID)); err != nil {
				t.Fatal(err)
			}
		}
		b.pass(2 * time.Hour)
		b.sweep()
		b.holds(1)
	})
}

// A file that a sweep took can't be kept: the transaction that counts on it fails.
func TestKeepAfterSweep(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *box) {
		early, late := b.put(New{}, "early"), File{}
		b.pass(2 * time.Hour)
		late = b.put(New{}, "late")
		b.sweep()
		err := b.try(func(ctx context.Context, tx *store.Tx) error {
			return b.Keep(ctx, tx, []string{early.ID, late.ID}, time.Time{})
		})
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("error %v", err)
		}
		b.keep(time.Time{}, late, late)
		b.keep(time.Time{}, late) // repeating it changes nothing
		b.pass(2 * time.Hour)
		b.sweep()
		b.holds(1)
	})
}

// One file that can not be removed stops no other.
func TestSweepGoesOn(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		disk := &fullDisk{}
		b := newBox(t, db, folderURL(t))
		b.bucket = blob.NewBucket(disk)
		const stuck = "file-0003"
		b.write(func(ctx context.Context, tx *store.Tx) error {
			for n := range sweepBatch + 10 {
				f := File{ID: fmt.Sprintf("file-%04d", n), Account: "a", Role: Upload, CreatedAt: b.now()}
				if err := insert(ctx, tx, f, []byte{}); err != nil {
					return err
				}
			}
			return nil
		})
		disk.stuck = keyOf(stuck)
		b.pass(2 * time.Hour)
		if err := b.Sweep(t.Context()); !errors.Is(err, syscall.EIO) || !strings.Contains(err.Error(), "1 files") {
			t.Errorf("error %v", err)
		}
		if b.rows() != 1 {
			t.Errorf("%d rows are left", b.rows())
		}
		disk.stuck = ""
		b.sweep()
		if b.rows() != 0 || !slices.Contains(disk.deleted, keyOf(stuck)) {
			t.Errorf("%d rows are left", b.rows())
		}
	})
}

// Content without a row is removed when it is a day old; what is not ours is not touched.
func TestStrays(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *box) {
		kept, stray := b.put(New{}, "kept"), b.put(New{}, "stray")
		b.keep(time.Time{}, kept, stray)
		foreign := folderOf(stray.ID) + "/somebody's"
		for _, key := range []string{foreign, keyOf(stray.ID) + ".17c.tmp"} {
			if err := b.bucket.WriteAll(t.Context(), key, []byte("x"), nil); err != nil {
				t.Fatal(err)
			}
		}
		b.write(func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `delete from file where id = $1`, stray.ID)
			return err
		})
		visit := func() {
			for _, f := range []File{kept, stray} {
				if err := b.removeStrays(t.Context(), folderOf(f.ID)); err != nil {
					t.Error(err)
				}
			}
		}
		visit()
		if keys := b.keys(); len(keys) != 4 {
			t.Errorf("young content was removed: %v", keys)
		}
		b.pass(25 * time.Hour)
		visit()
		want := []string{keyOf(kept.ID), foreign}
		slices.Sort(want)
		if keys := b.keys(); !slices.Equal(keys, want) {
			t.Errorf("left are %v, want %v", keys, want)
		}
	})
}

// Sweeps a minute apart come to every folder within a bit more than a day.
func TestSweepsCompareAllFolders(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for at := time.Unix(1_800_000_000, 0); at.Before(time.Unix(1_800_000_000, 0).Add(strayAge)); at = at.Add(time.Minute) {
		_, folder := folderAt(at)
		seen[folder] = true
	}
	if len(seen) != 1024 || !seen["00"] || !seen["zz"] {
		t.Errorf("%d folders were seen", len(seen))
	}
}
