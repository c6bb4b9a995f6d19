package maintain

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"skytower/internal/catalog"
	"skytower/internal/config"
	"skytower/internal/secret"
	"skytower/internal/store"
)

const (
	sqliteScheme    = "sqlite:"
	lockFile        = "lock"
	spoolFolder     = "spool"
	operatorKeyFile = "operator.key"
	// alive is how old a sign of life may be of a process that is taken to run.
	alive = time.Minute
)

// place is a database with what lies beside it.
type place struct {
	address string
	data    string // the folder of master.key, spool/ and lock
	blob    string // address of the storage of files
}

// configured is the place that the settings name.
func configured(cfg *config.Config) place {
	return place{address: cfg.Database.Reveal(), data: cfg.Data, blob: cfg.Predictions.Blob}
}

// named is the place of an address that a flag gave. A SQLite file's data folder is the
// one that it lies in, unless the settings name another.
func named(cfg *config.Config, address string) (place, error) {
	if address == "" {
		return configured(cfg), nil
	}
	address, err := secret.Resolve(address)
	if err != nil {
		return place{}, fmt.Errorf("read the address of a database: %w", err)
	}
	p := place{address: address, data: cfg.Data, blob: cfg.Predictions.Blob}
	path, lite := strings.CutPrefix(address, sqliteScheme)
	if !lite {
		return p, nil
	}
	if path == "" {
		return place{}, errors.New("read the address of a database: write the file's path behind sqlite:, as in sqlite:data/skytower.db")
	}
	if !cfg.IsSet("data") {
		p.data = filepath.Dir(path)
	}
	if !cfg.IsSet("blob") {
		folder, err := filepath.Abs(filepath.Join(p.data, "files"))
		if err != nil {
			return place{}, fmt.Errorf("find the folder of files: %w", err)
		}
		p.blob = (&url.URL{Scheme: "file", Path: folder}).String()
	}
	return p, nil
}

// file is the path of a SQLite database; ok is false for PostgreSQL.
func (p place) file() (path string, ok bool) { return strings.CutPrefix(p.address, sqliteScheme) }

func (p place) engine() string {
	if _, ok := p.file(); ok {
		return store.SQLite.String()
	}
	return store.Postgres.String()
}

// shown is the address without its password.
func (p place) shown() string {
	if _, ok := p.file(); ok {
		return p.address
	}
	u, err := url.Parse(p.address)
	if err != nil {
		return "postgres://…"
	}
	return u.Redacted()
}

// lock takes the folders of a SQLite database, so that no server runs on it meanwhile.
func (p place) lock() (release func(), err error) {
	path, ok := p.file()
	if !ok {
		return func() {}, nil
	}
	var locks []*store.FolderLock
	release = func() {
		for _, l := range locks {
			l.Release()
		}
	}
	folders := []string{filepath.Dir(path), p.data}
	for i, folder := range folders {
		if _, err := os.Stat(folder); err != nil || i > 0 && sameFolder(folder, folders[0]) {
			continue
		}
		l, err := store.LockFolder(filepath.Join(folder, lockFile))
		if errors.Is(err, store.ErrFolderInUse) {
			release()
			return nil, fmt.Errorf("a server (or another command) uses %s: stop it first", folder)
		}
		if err != nil {
			release()
			return nil, err
		}
		locks = append(locks, l)
	}
	return release, nil
}

func sameFolder(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}

// unused fails where processes show life on a PostgreSQL database.
func unused(ctx context.Context, db *store.DB, which string) error {
	if db.Dialect() != store.Postgres {
		return nil
	}
	tables, err := db.Tables(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(tables, func(t store.Table) bool { return t.Name == "replica" }) {
		return nil
	}
	var hosts []string
	err = db.Read(ctx, func(tx *store.Tx) error {
		hosts = nil
		return tx.Each(ctx, `select host, role from replica
			where seen_at >= cast(extract(epoch from clock_timestamp()) * 1000000 as bigint) - $1 order by host`, func(scan func(...any) error) error {
			var host, role string
			err := scan(&host, &role)
			hosts = append(hosts, host+" ("+role+")")
			return err
		}, alive.Microseconds())
	})
	if err != nil {
		return fmt.Errorf("look which servers run: %w", err)
	}
	if len(hosts) > 0 {
		return fmt.Errorf("servers use the %s: %s showed life within the last minute; stop them first (one that was killed is forgotten after a minute)",
			which, strings.Join(hosts, ", "))
	}
	return nil
}

// spooled fails where charges wait on the disk for a database.
func (p place) spooled() error {
	entries, err := os.ReadDir(filepath.Join(p.data, spoolFolder))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for spooled charges: %w", err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() && info.Size() > 0 {
			return fmt.Errorf("charges wait in %s for the database, and they are money: start the server once and stop it, which writes them, and then copy", filepath.Join(p.data, spoolFolder))
		}
	}
	return nil
}

// keys are the master keys that the settings give, or else the data folder's file. ok is
// false where there is none.
func (p place) keys(cfg *config.Config) (ring *secret.Ring, fromFile, ok bool, err error) {
	if cfg.MasterKey == "" {
		key, err := secret.Load(p.data)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, false, false, nil
		}
		if err != nil {
			return nil, false, false, err
		}
		ring = secret.NewRing(key)
	} else {
		key, err := secret.NewMasterKey([]byte(cfg.MasterKey.Reveal()))
		if err != nil {
			return nil, false, false, err
		}
		ring = secret.NewRing(key)
	}
	var old []secret.MasterKey
	for _, one := range cfg.Fleet.OldMasterKeys {
		key, err := secret.NewMasterKey([]byte(one.Reveal()))
		if err != nil {
			return nil, false, false, err
		}
		old = append(old, key)
	}
	return secret.NewRing(ring.Current(), old...), cfg.MasterKey == "", true, nil
}

// sealedColumns are where sealed values stand besides the providers' credentials, which
// the catalogue can open.
func sealedColumns() map[string]string {
	return map[string]string{"account": "webhook_secret", "prediction": "webhook_key", "body": "sealed_key"}
}

// unopened counts the sealed values of a database, and says which of them the keys do
// not open, by kind. Without keys none opens.
func unopened(ctx context.Context, db *store.DB, ring *secret.Ring) (n int, problems []string, err error) {
	tables, err := db.Tables(ctx)
	if err != nil {
		return 0, nil, err
	}
	for _, t := range tables {
		column, ok := sealedColumns()[t.Name]
		switch {
		case t.Name == "catalog_provider":
			var sealer *secret.Sealer
			if ring != nil {
				if sealer, err = ring.Sealer(secret.ProviderCredentials); err != nil {
					return 0, nil, err
				}
			}
			sealed, wrong, err := catalog.CheckSealed(ctx, db, sealer)
			if err != nil {
				return 0, nil, err
			}
			n += sealed
			for _, name := range wrong {
				problems = append(problems, "the credential of provider "+name)
			}
		case ok && t.KindOf(column) == store.Text:
			sealed, wrong, err := foreignKeys(ctx, db, t.Name, column, ring)
			if err != nil {
				return 0, nil, err
			}
			n += sealed
			if wrong > 0 {
				problems = append(problems, fmt.Sprintf("%d of %s.%s", wrong, t.Name, column))
			}
		}
	}
	return n, problems, nil
}

// foreignKeys counts the sealed values of a column, and those whose master key the ring
// does not have.
func foreignKeys(ctx context.Context, db *store.DB, table, column string, ring *secret.Ring) (n, wrong int, err error) {
	err = db.Read(ctx, func(tx *store.Tx) error {
		n, wrong = 0, 0
		return tx.Each(ctx, `select substr(`+column+`, 1, 12), count(*) from `+table+` where `+column+` <> '' group by 1`, func(scan func(...any) error) error {
			var head string
			var rows int
			if err := scan(&head, &rows); err != nil {
				return err
			}
			n += rows
			if id, ok := secret.KeyID(head + "x"); !ok || ring == nil || !ring.Knows(id) {
				wrong += rows
			}
			return nil
		})
	})
	if err != nil {
		return 0, 0, fmt.Errorf("read the sealed values of %s: %w", table, err)
	}
	return n, wrong, nil
}
