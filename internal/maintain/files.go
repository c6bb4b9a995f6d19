package maintain

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"skytower/internal/blob"
	"skytower/internal/store"
)

// FilesReport is what became of the files.
type FilesReport struct {
	Files   int64 `json:"files"`
	Bytes   int64 `json:"bytes"`
	Written int64 `json:"written"` // by this run
	// Missing are records of the database without a file, at most twenty of them by name.
	Missing      int64    `json:"missing"`
	MissingNames []string `json:"missing_names,omitempty"`
}

// mostNamed bounds the names of missing files.
const mostNamed = 20

func (r *FilesReport) miss(id string) {
	r.Missing++
	if len(r.MissingNames) < mostNamed {
		r.MissingNames = append(r.MissingNames, id)
	}
}

func (r *FilesReport) print(w io.Writer) {
	fmt.Fprintf(w, "Files: %d with %s (%d written now).\n", r.Files, size(r.Bytes), r.Written)
	if r.Missing > 0 {
		fmt.Fprintf(w, "%d records of the database have no file, such as %s.\n", r.Missing, r.MissingNames[0])
	}
}

// files copies the files, where that was asked for; else it says what to do with them.
func (c *copying) files(ctx context.Context) error {
	from, fromPlace := blob.Place(c.o.FilesFrom)
	if c.o.FilesTo == "" {
		switch {
		case from != "file":
			c.note("Files stay in the bucket %s: give the servers the same 'blob'.", fromPlace)
		case c.to.engine() == "postgres":
			c.note("Files stay in %s. Servers on one machine may go on with it (blob: %s); for several, run the command again with --files-to s3://BUCKET?region=…, which copies them.", fromPlace, fromPlace)
		default:
			c.note("Files stay in %s: name it as 'blob', or copy them with --files-to.", fromPlace)
		}
		return nil
	}
	report, err := copyFiles(ctx, c.o.FilesFrom, c.o.FilesTo, c.p)
	if err != nil {
		return fmt.Errorf("copy the files (the database is copied; the same command goes on with them): %w", err)
	}
	if err := c.compareFiles(ctx, report); err != nil {
		return err
	}
	c.report.Files = report
	return nil
}

// copyFiles copies what the second storage does not have yet.
func copyFiles(ctx context.Context, from, to string, p *progress) (*FilesReport, error) {
	r := &FilesReport{}
	source, err := blob.OpenObjects(ctx, from, true)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil // no file was ever kept
	}
	if err != nil {
		return nil, err
	}
	defer source.Close() //nolint:errcheck // only read
	target, err := blob.OpenObjects(ctx, to, false)
	if err != nil {
		return nil, err
	}
	err = source.Each(ctx, func(o blob.Object) error {
		r.Files++
		r.Bytes += o.Size
		p.tick("copying files: %d, %s", r.Files, size(r.Bytes))
		if n, err := target.Size(ctx, o.Key); err == nil && n == o.Size {
			return nil
		} else if err != nil && !errors.Is(err, blob.ErrNotFound) {
			return err
		}
		content, err := source.Open(ctx, o.Key)
		if err != nil {
			return err
		}
		defer content.Close() //nolint:errcheck // only read
		if _, err := target.Put(ctx, o.Key, content, nil); err != nil {
			return err
		}
		r.Written++
		return nil
	})
	return r, errors.Join(err, target.Close())
}

// compareFiles finds records of the target without a file in the new storage.
func (c *copying) compareFiles(ctx context.Context, r *FilesReport) error {
	have, err := listed(ctx, c.o.FilesTo)
	if err != nil {
		return err
	}
	return missing(ctx, c.target, have, time.Now(), r)
}

// listed are the objects of a storage with their sizes; none where there is no folder.
func listed(ctx context.Context, address string) (map[string]int64, error) {
	have := map[string]int64{}
	objects, err := blob.OpenObjects(ctx, address, true)
	if errors.Is(err, fs.ErrNotExist) {
		return have, nil
	}
	if err != nil {
		return nil, err
	}
	defer objects.Close() //nolint:errcheck // only read
	err = objects.Each(ctx, func(o blob.Object) error {
		have[o.Key] = o.Size
		return nil
	})
	return have, err
}

// missing adds the records to the report whose files are not among those that are there
// with their size.
func missing(ctx context.Context, db *store.DB, have map[string]int64, now time.Time, r *FilesReport) error {
	r.Missing, r.MissingNames = 0, nil
	err := db.Read(ctx, func(tx *store.Tx) error {
		return tx.Each(ctx, `select id, size from file where state = 'kept' and (expires_at = 0 or expires_at > $1) order by id`, func(scan func(...any) error) error {
			var id string
			var n int64
			if err := scan(&id, &n); err != nil {
				return err
			}
			if got, ok := have[blob.KeyOf(id)]; !ok || got != n {
				r.miss(id)
			}
			return nil
		}, store.Micros(now))
	})
	if err != nil {
		return fmt.Errorf("compare files with their records: %w", err)
	}
	return nil
}
