package reseal_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/reseal"
	"skytower/internal/secret"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

func master(t *testing.T, fill byte) secret.MasterKey {
	t.Helper()
	key, err := secret.NewMasterKey(append(bytes.Repeat([]byte{fill}, secret.Size-1), 1))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func contextOf(id string) []byte { return []byte("row " + id) }

func column() secret.Column {
	return secret.Column{
		Name: "things", Use: secret.ProviderCredentials, Table: "thing", ID: "id", Value: "hidden",
		Where: []string{"kind = 'a'", "kind <> 'a'"}, Context: contextOf,
	}
}

// things is a table of sealed values.
type things struct {
	t  *testing.T
	db *store.DB
}

func newThings(t *testing.T, db *store.DB) *things {
	t.Helper()
	x := &things{t, db}
	x.exec(`create table thing (id text not null primary key, kind text not null, hidden text not null)`)
	return x
}

func (x *things) exec(query string, args ...any) {
	x.t.Helper()
	err := x.db.Write(x.t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(x.t.Context(), query, args...)
		return err
	})
	if err != nil {
		x.t.Fatal(err)
	}
}

// put seals n values by a key.
func (x *things) put(by secret.MasterKey, name string, n int) {
	x.t.Helper()
	s := x.sealer(by)
	for i := range n {
		id := fmt.Sprint(name, i)
		x.exec(`insert into thing values ($1, $2, $3)`, id, string("ab"[i%2]), s.Seal([]byte("value of "+id), contextOf(id)))
	}
}

func (x *things) sealer(current secret.MasterKey, old ...secret.MasterKey) *secret.Sealer {
	x.t.Helper()
	s, err := secret.NewRing(current, old...).Sealer(secret.ProviderCredentials)
	if err != nil {
		x.t.Fatal(err)
	}
	return s
}

func (x *things) all() map[string]string {
	x.t.Helper()
	all := map[string]string{}
	err := x.db.Read(x.t.Context(), func(tx *store.Tx) error {
		return tx.Each(x.t.Context(), `select id, hidden from thing where hidden <> ''`, func(scan func(...any) error) error {
			var id, text string
			err := scan(&id, &text)
			all[id] = text
			return err
		})
	})
	if err != nil {
		x.t.Fatal(err)
	}
	return all
}

func (x *things) counts() []reseal.Count {
	x.t.Helper()
	counts, err := reseal.CountAll(x.t.Context(), x.db, []secret.Column{column()})
	if err != nil {
		x.t.Fatal(err)
	}
	return counts
}

func (x *things) service(ring *secret.Ring, log *slog.Logger) *reseal.Service {
	x.t.Helper()
	s, err := reseal.New(reseal.Options{DB: x.db, Ring: ring, Columns: []secret.Column{column()}, Log: log})
	if err != nil {
		x.t.Fatal(err)
	}
	return s
}

func TestSweepSealsAnew(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		x := newThings(t, db)
		oldest, old, now, foreign := master(t, 1), master(t, 2), master(t, 3), master(t, 4)
		x.put(oldest, "oldest", 3)
		x.put(old, "old", 250) // several batches
		x.put(now, "now", 5)
		x.put(foreign, "foreign", 2)
		x.exec(`insert into thing values ('none', 'a', '')`)
		damaged := x.sealer(old).Seal([]byte("x"), []byte("row of another"))
		x.exec(`insert into thing values ('damaged', 'a', $1)`, damaged)
		x.exec(`insert into thing values ('junk', 'b', 'no sealed value')`)
		before := x.all()

		ring := secret.NewRing(now, old, oldest)
		if left, lost := reseal.Left(ring, x.counts()); left != 257 || lost != 3 {
			t.Errorf("before: %d left, %d lost", left, lost)
		}
		var log bytes.Buffer
		n, err := x.service(ring, slog.New(slog.NewTextHandler(&log, nil))).Sweep(t.Context())
		if err != nil || n != 253 {
			t.Fatalf("%d, %v", n, err)
		}
		if !strings.Contains(log.String(), "damaged") || strings.Contains(log.String(), "value of") {
			t.Errorf("log:\n%s", log.String())
		}
		current := x.sealer(now)
		for id, text := range x.all() {
			switch plain, err := current.Open(text, contextOf(id)); {
			case id == "damaged" || id == "junk" || strings.HasPrefix(id, "foreign") || strings.HasPrefix(id, "now"):
				if text != before[id] {
					t.Errorf("%s was touched", id)
				}
			case err != nil || string(plain) != "value of "+id:
				t.Errorf("%s: %q, %v", id, plain, err)
			}
		}
		if left, lost := reseal.Left(ring, x.counts()); left != 4 || lost != 3 {
			t.Errorf("after: %d left, %d lost: %+v", left, lost, x.counts())
		}
	})
}

func TestSweepWithoutOtherKeysDoesNothing(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		x := newThings(t, db)
		x.put(master(t, 1), "old", 2)
		before := x.all()
		n, err := x.service(secret.NewRing(master(t, 2)), slog.New(slog.DiscardHandler)).Sweep(t.Context())
		if n != 0 || err != nil || !cmp.Equal(before, x.all()) {
			t.Errorf("%d, %v", n, err)
		}
	})
}

// Sweeps of several processes at once, beside a writer that changes the values.
func TestSweepsAndWritersTogether(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		x := newThings(t, db)
		old, now := master(t, 1), master(t, 2)
		x.put(old, "thing", 120)
		ring := secret.NewRing(now, old)
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() {
				if _, err := x.service(ring, slog.New(slog.DiscardHandler)).Sweep(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		newer := x.sealer(now)
		for i := range 120 {
			id := fmt.Sprint("thing", i)
			if i%3 != 0 {
				continue
			}
			err := db.Write(t.Context(), func(tx *store.Tx) error {
				return change(t.Context(), tx, id, newer.Seal([]byte("changed"), contextOf(id)))
			})
			if err != nil {
				t.Error(err)
			}
		}
		all.Wait()
		if _, err := x.service(ring, slog.New(slog.DiscardHandler)).Sweep(t.Context()); err != nil {
			t.Error(err)
		}
		for i := range 120 {
			id := fmt.Sprint("thing", i)
			want := "value of " + id
			if i%3 == 0 {
				want = "changed"
			}
			if plain, err := newer.Open(x.all()[id], contextOf(id)); err != nil || string(plain) != want {
				t.Errorf("%s: %q, %v; want %q", id, plain, err, want)
			}
		}
	})
}

func change(ctx context.Context, tx *store.Tx, id, text string) error {
	_, err := tx.Exec(ctx, `update thing set hidden = $2 where id = $1`, id, text)
	return err
}
