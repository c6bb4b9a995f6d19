package scale

import (
	"bytes"
	"time"

	"github.com/jackc/pgx/v5"

	"skytower/internal/blob"
	"skytower/internal/secret"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

// files compares the bucket with the table of files. What killed processes left may be
// there, and goes by a day's sweeps, two days later.
func (v *verdict) files() {
	v.f.t.Helper()
	missing, orphans := v.compareFiles()
	v.sums["objects that the sweeps still had to remove"] = len(orphans)
	if len(orphans) > 0 {
		v.sweep()
		missing, orphans = v.compareFiles()
	}
	for _, key := range append(missing, orphans...) {
		v.fault("there is a file without content, or content without a file: %s", key)
	}
	v.sums["files kept"] = len(v.keptFiles())
}

func (v *verdict) keptFiles() []string {
	return rows(v.f.database, pgx.RowTo[string], `select id from file where state = 'kept'`)
}

// compareFiles lists rows without content, and content without a row.
func (v *verdict) compareFiles() (missing, orphans []string) {
	objects := v.f.storage.objects(v.f.t)
	for _, id := range v.keptFiles() {
		key := id[len(id)-2:] + "/" + id
		if !objects[key] {
			missing = append(missing, id)
		}
		delete(objects, key)
	}
	for key := range objects {
		orphans = append(orphans, key)
	}
	return missing, orphans
}

// sweep does what the workers do in a day, two days later.
func (v *verdict) sweep() {
	v.f.t.Helper()
	db := storetest.OpenWith(v.f.t, v.f.database.url(v.f.database.address), store.Options{})
	key, err := secret.NewMasterKey(bytes.Repeat([]byte("0123456789abcdef"), 2))
	if err != nil {
		v.f.t.Fatal(err)
	}
	now := time.Now().Add(48 * time.Hour)
	files, err := blob.Open(v.f.t.Context(), blob.Options{
		DB: db, URL: v.f.storage.url(v.f.storage.address), Links: secret.NewRing(key), Now: func() time.Time { return now },
	})
	if err != nil {
		v.f.t.Fatal(err)
	}
	defer files.Close() //nolint:errcheck // only swept
	for end := now.Add(25 * time.Hour); now.Before(end); now = now.Add(time.Minute) {
		if err := files.Sweep(v.f.t.Context()); err != nil {
			v.f.t.Fatal(err)
		}
	}
}
