package store_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

func TestInspectChangesNothing(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f, err := db.Facts(t.Context())
		if err != nil || f.Version == "" || f.Bytes <= 0 || f.Schema == 0 || f.Schema != f.Newest || f.Ping <= 0 {
			t.Errorf("facts %+v, %v", f, err)
		}
		if skew := f.Now.Sub(f.Asked).Abs(); db.Dialect() == store.Postgres && skew > time.Minute {
			t.Errorf("the clock of this machine's own PostgreSQL is %s away", skew)
		}
		if faults, err := db.QuickCheck(t.Context()); len(faults) > 0 || err != nil {
			t.Errorf("faults %v, %v", faults, err)
		}
	})
}

func TestInspectBesideAWriter(t *testing.T) {
	t.Parallel()
	url := storetest.SQLite(t)
	db := storetest.Open(t, url)
	seen, err := store.Inspect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer seen.Close() //nolint:errcheck // only read
	r := store.Replica{ID: "rep_1", Host: "here", Role: "all", Version: "1", Started: time.Now()}
	if err := db.Beat(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if list, err := seen.Replicas(t.Context(), time.Minute); err != nil || len(list) != 1 {
		t.Errorf("what was written meanwhile: %+v, %v", list, err)
	}
	if err := seen.Beat(t.Context(), r); err == nil || !strings.Contains(err.Error(), "readonly") && !strings.Contains(err.Error(), "read-only") {
		t.Errorf("writing: %v", err)
	}
}

func TestInspectMakesNoFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "none.db")
	if _, err := store.Inspect(t.Context(), "sqlite:"+path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("the file was made")
	}
	if _, err := store.Inspect(t.Context(), "postgres://u:hunter2@127.0.0.1:1/x"); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v", err)
	}
}

func TestReplicas(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		started := time.Now().Truncate(time.Microsecond)
		for _, id := range []string{"rep_1", "rep_2", "rep_1"} {
			if err := db.Beat(t.Context(), store.Replica{ID: id, Host: "h", Role: "all", Version: "v", Config: "c", Jobs: "j" + id, Started: started}); err != nil {
				t.Fatal(err)
			}
		}
		list, err := db.Replicas(t.Context(), time.Minute)
		if err != nil || len(list) != 2 || list[0].ID != "rep_1" || list[0].Jobs != "jrep_1" || !list[0].Started.Equal(started) || list[0].Seen.IsZero() {
			t.Fatalf("%+v, %v", list, err)
		}
		if err := db.Leave(t.Context(), "rep_1"); err != nil {
			t.Fatal(err)
		}
		err = db.Write(t.Context(), func(tx *store.Tx) error {
			_, err := tx.Exec(t.Context(), `update replica set seen_at = seen_at - 3600000000 where id = 'rep_2'`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if list, err = db.Replicas(t.Context(), time.Minute); err != nil || len(list) != 0 {
			t.Errorf("%+v, %v", list, err)
		}
	})
}
