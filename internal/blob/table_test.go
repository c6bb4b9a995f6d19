package blob

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"skytower/internal/store"
)

func names(files []File) (names []string) {
	for _, f := range files {
		names = append(names, f.Name)
	}
	return names
}

func TestUploads(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *box) {
		var ids []string
		for _, name := range []string{"a.txt", "b.txt", "c.txt", "d.txt"} {
			f := b.put(New{Name: name}, name)
			if name != "c.txt" {
				b.keep(time.Time{}, f)
			}
			ids = append(ids, f.ID)
			b.pass(time.Second)
		}
		b.keep(time.Time{}, b.put(New{Name: "other.txt", Account: "acct_two"}, "x"), b.put(New{Name: "output.txt", Prediction: "p", Role: Output}, "x"))
		for _, test := range []struct {
			after string
			n     int
			want  []string
		}{
			{"", 10, []string{"d.txt", "b.txt", "a.txt"}},
			{"", 2, []string{"d.txt", "b.txt"}},
			{ids[2], 10, []string{"b.txt", "a.txt"}},
			{ids[0], 10, nil},
		} {
			got, err := b.Uploads(t.Context(), "acct_one", test.after, test.n)
			if err != nil || !slices.Equal(names(got), test.want) {
				t.Errorf("after %q: %v, error %v, want %v", test.after, names(got), err, test.want)
			}
		}
		for _, after := range []string{"file-none", "x"} {
			if _, err := b.Uploads(t.Context(), "acct_two", after, 1); !errors.Is(err, ErrNotFound) {
				t.Errorf("after %s: error %v", after, err)
			}
		}
		if _, err := b.Uploads(t.Context(), "acct_two", ids[0], 1); !errors.Is(err, ErrNotFound) {
			t.Errorf("after another's: error %v", err)
		}
		if _, err := b.Get(t.Context(), "acct_two", ids[0]); !errors.Is(err, ErrNotFound) {
			t.Errorf("another's file: error %v", err)
		}
		drop := func(account, id string) error {
			return b.try(func(ctx context.Context, tx *store.Tx) error { return b.Drop(ctx, tx, account, id) })
		}
		for _, want := range []error{nil, ErrNotFound} { // the second time it is gone
			if err := errors.Join(drop("acct_one", ids[0])); !errors.Is(err, want) {
				t.Errorf("drop: error %v, want %v", err, want)
			}
		}
		if err := drop("acct_two", ids[1]); !errors.Is(err, ErrNotFound) {
			t.Errorf("drop another's: error %v", err)
		}
	})
}

func TestFilesOfPredictions(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *box) {
		put := func(prediction string, role Role, attempt, ordinal int64) {
			f := b.put(New{Name: "f.png", Prediction: prediction, Role: role, Attempt: attempt, Ordinal: ordinal}, png)
			b.keep(time.Time{}, f)
		}
		upload := b.put(New{}, "an upload")
		b.keep(time.Time{}, upload)
		put("p", Input, 0, 0)
		put("p", Output, 1, 1)
		put("p", Output, 2, 1)
		put("p", Output, 2, 0)
		put("p", Partial, 2, 3)
		put("q", Output, 1, 0)
		b.put(New{Name: "new.png", Prediction: "q", Role: Output, Ordinal: 1}, png)
		of := func(prediction string, roles ...Role) (names []string) {
			b.write(func(ctx context.Context, tx *store.Tx) error {
				names = nil
				by, err := b.Of(ctx, tx, []string{"p", "q", "none", ""}, roles...)
				for _, f := range by[prediction] {
					names = append(names, f.Name)
				}
				if len(by[""])+len(by["none"]) > 0 {
					t.Errorf("files of nothing: %v", by)
				}
				return err
			})
			return names
		}
		b.write(func(ctx context.Context, tx *store.Tx) error { return b.DropOf(ctx, tx, "p", 2) })
		for role, want := range map[Role][]string{Input: {"f.png"}, Output: {"f.png", "f-1.png"}, Partial: {"f-3.png"}, Upload: nil} {
			if got := of("p", role); !slices.Equal(got, want) {
				t.Errorf("%s: %v, want %v", role, got, want)
			}
		}
		if got := of("q", Output, Partial); !slices.Equal(got, []string{"f.png"}) {
			t.Errorf("the other's: %v", got)
		}
		b.write(func(ctx context.Context, tx *store.Tx) error {
			return errors.Join(b.Expire(ctx, tx, "p", b.now().Add(time.Minute)), b.Expire(ctx, tx, "", b.now()), b.DropOf(ctx, tx, "", 0))
		})
		b.pass(2 * time.Minute)
		if got := append(of("p", Output, Input, Partial), of("q", Output)...); !slices.Equal(got, []string{"f.png"}) {
			t.Errorf("after one's end: %v", got)
		}
		b.write(func(ctx context.Context, tx *store.Tx) error { return b.DropOf(ctx, tx, "q", 0) })
		b.sweep()
		b.holds(1)
		if b.read(upload) != "an upload" {
			t.Error("the upload is another")
		}
	})
}
