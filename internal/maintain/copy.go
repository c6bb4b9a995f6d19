package maintain

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"skytower/internal/config"
	"skytower/internal/jobs"
	"skytower/internal/ledger"
	"skytower/internal/money"
	"skytower/internal/store"
)

// CopyOptions are the flags of `skytower db copy`.
type CopyOptions struct {
	From, To string // addresses, or env:NAME or file:PATH; From "": the configured database
	// FilesTo is the address of the storage that files are copied to; "": they stay.
	// FilesFrom is where they are; "": where the settings say.
	FilesFrom, FilesTo string
	DryRun             bool

	batchRows int                // tests make it small
	wrote     func(table string) // tests hear of each batch
}

// CopyReport is what `db copy --json` prints.
type CopyReport struct {
	From    string        `json:"from"`
	To      string        `json:"to"`
	Schema  int64         `json:"schema"`
	State   string        `json:"state"` // planned, copied, already
	Resumed bool          `json:"resumed"`
	Tables  []TableReport `json:"tables"`
	Rows    int64         `json:"rows"`
	Written int64         `json:"written"` // by this run
	Jobs    int           `json:"jobs"`    // waiting ones, made anew
	// Mended counts texts with bytes that PostgreSQL can't hold: U+FFFD stands there now.
	Mended   int64        `json:"mended_texts"`
	Accounts int          `json:"accounts"`
	Balance  string       `json:"balance"` // of all accounts, in dollars
	Files    *FilesReport `json:"files,omitempty"`
	Notes    []string     `json:"notes"`
}

// TableReport is one table of a copy.
type TableReport struct {
	Table string `json:"table"`
	Rows  int64  `json:"rows"`
}

// copied is the key in schema_info that tells a finished copy.
const copied = "copied"

// copying is one run of the command.
type copying struct {
	cfg      *config.Config
	o        CopyOptions
	t        Terminal
	p        *progress
	from, to place
	source   *store.DB
	target   *store.DB
	tables   []tableCopy
	report   CopyReport
	// identity tells databases apart, so that a copy goes on from its own source only.
	identity string
}

// Copy copies a database, of which no server runs, into an empty one, perhaps of the other
// engine. A copy that was broken off goes on where it stopped; one that is whole is left
// alone. Nothing of the source changes but its schema.
func Copy(ctx context.Context, cfg *config.Config, o CopyOptions, t Terminal) error {
	c, err := newCopying(cfg, o, t)
	if err != nil {
		return err
	}
	release, err := c.lockBoth()
	if err != nil {
		return err
	}
	defer release()
	if err := c.look(ctx); err != nil {
		return err
	}
	if o.DryRun {
		return c.plan(ctx)
	}
	if err := c.open(ctx); err != nil {
		return err
	}
	defer c.close()
	if err := c.run(ctx); err != nil {
		if ctx.Err() != nil {
			return errors.New("stopped; the same command goes on where it stopped")
		}
		return err
	}
	return t.result(c.report, c.print)
}

func newCopying(cfg *config.Config, o CopyOptions, t Terminal) (*copying, error) {
	if o.batchRows == 0 {
		o.batchRows = defaultBatchRows
	}
	c := &copying{cfg: cfg, o: o, t: t, p: t.progress(), report: CopyReport{Notes: []string{}, Tables: []TableReport{}}}
	var err error
	if c.from, err = named(cfg, o.From); err != nil {
		return nil, err
	}
	if c.to, err = named(cfg, o.To); err != nil {
		return nil, err
	}
	if c.from.address == c.to.address {
		return nil, errors.New("both addresses name the same database")
	}
	if o.FilesFrom == "" {
		c.o.FilesFrom = c.from.blob
	}
	c.report.From, c.report.To = c.from.engine(), c.to.engine()
	return c, nil
}

func (c *copying) lockBoth() (func(), error) {
	if path, ok := c.from.file(); ok {
		if _, err := os.Stat(path); err != nil {
			return nil, fmt.Errorf("look for the source: %w", err)
		}
	}
	if path, ok := c.to.file(); ok {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, fmt.Errorf("make the target's folder: %w", err)
		}
	}
	first, err := c.from.lock()
	if err != nil {
		return nil, err
	}
	if _, ok := c.to.file(); !ok {
		return first, nil
	}
	second, err := (place{address: c.to.address, data: c.to.data}).lock()
	if err != nil {
		first()
		return nil, err
	}
	return func() { second(); first() }, nil
}

// look checks, before anything is written, what could stop the copy later.
func (c *copying) look(ctx context.Context) error {
	db, err := store.Inspect(ctx, c.from.address)
	if err != nil {
		return fmt.Errorf("open the source: %w", err)
	}
	defer db.Close() //nolint:errcheck // only read
	plan, err := db.Plan(ctx)
	if err != nil {
		return fmt.Errorf("look at the source: %w", err)
	}
	if plan.Schema == 0 {
		return fmt.Errorf("the source %s has no tables of Skytower's", c.from.shown())
	}
	if err := unused(ctx, db, "source"); err != nil {
		return err
	}
	if err := c.from.spooled(); err != nil {
		return err
	}
	return c.lookKey(ctx, db)
}

// lookKey makes sure that the servers on the target will open what is sealed.
func (c *copying) lookKey(ctx context.Context, db *store.DB) error {
	ring, fromFile, ok, err := c.from.keys(c.cfg)
	if err != nil {
		return err
	}
	n, problems, err := unopened(ctx, db, ring)
	if err != nil {
		return err
	}
	file := filepath.Join(c.from.data, "master.key")
	take := fmt.Sprintf("where it came from a data folder, SKYTOWER_MASTER_KEY_FILE=%s gives it", file)
	switch {
	case len(problems) > 0 && !ok:
		return fmt.Errorf("the source holds %d sealed values, and there is no master key for them: set SKYTOWER_MASTER_KEY or SKYTOWER_MASTER_KEY_FILE to the key that sealed them; %s", n, take)
	case len(problems) > 0:
		return fmt.Errorf("the master key %s does not open %s: set SKYTOWER_MASTER_KEY or SKYTOWER_MASTER_KEY_FILE to the key that sealed them; %s", ring.Current().ID(), join(problems), take)
	case fromFile && c.to.engine() == "postgres":
		c.note("Give the servers the same master key: SKYTOWER_MASTER_KEY_FILE=%s, or its content as SKYTOWER_MASTER_KEY.", file)
	case !ok && c.to.engine() == "postgres":
		c.note("Give all servers one master key as SKYTOWER_MASTER_KEY; there was none.")
	case fromFile && !sameFolder(c.from.data, c.to.data):
		c.note("Copy %s into %s.", file, c.to.data)
	}
	return nil
}

func (c *copying) note(format string, args ...any) {
	c.report.Notes = append(c.report.Notes, fmt.Sprintf(format, args...))
}

// open opens both databases, and brings them to the same schema.
func (c *copying) open(ctx context.Context) (err error) {
	c.p.say("Bringing both databases to this version.")
	if c.source, err = openMigrated(ctx, c.from, "source"); err != nil {
		return err
	}
	if c.target, err = openMigrated(ctx, c.to, "target"); err != nil {
		return errors.Join(err, c.source.Close())
	}
	return nil
}

func openMigrated(ctx context.Context, at place, which string) (*store.DB, error) {
	db, err := store.Open(ctx, at.address, store.Options{Copying: which == "target"})
	if err != nil {
		return nil, fmt.Errorf("open the %s: %w", which, err)
	}
	if err := jobs.Migrate(ctx, db); err != nil {
		return nil, errors.Join(fmt.Errorf("open the %s: %w", which, err), db.Close())
	}
	return db, nil
}

func (c *copying) close() {
	_ = c.source.Close() // what counts is committed
	_ = c.target.Close()
}

func (c *copying) run(ctx context.Context) error {
	if err := unused(ctx, c.target, "target"); err != nil {
		return err
	}
	var err error
	if c.report.Schema, err = c.target.SchemaVersion(ctx); err != nil {
		return err
	}
	schema, err := c.source.SchemaVersion(ctx)
	if err != nil {
		return err
	}
	if schema != c.report.Schema {
		return fmt.Errorf("the source has schema %d, and the target %d: a newer version made one of them; use that version for the copy", schema, c.report.Schema)
	}
	if c.tables, err = matched(ctx, c.source, c.target); err != nil {
		return err
	}
	state, err := c.state(ctx)
	if err != nil {
		return err
	}
	if state == already {
		return c.wasCopied(ctx)
	}
	if err := c.begin(ctx, state); err != nil {
		return err
	}
	for i := range c.tables {
		if err := c.copyTable(ctx, &c.tables[i]); err != nil {
			return err
		}
	}
	if err := c.verify(ctx); err != nil {
		return err
	}
	if err := c.finish(ctx); err != nil {
		return err
	}
	c.report.State = "copied"
	return c.files(ctx)
}

// The states of a target.
type targetState int

const (
	fresh targetState = iota
	begun
	already
)

// mark is what the target says of the copy into it.
type mark struct {
	Identity string    `json:"source"`
	From     string    `json:"from"`
	Schema   int64     `json:"schema"`
	At       time.Time `json:"at"`
	Rows     int64     `json:"rows"`
}

// state reads what the target is, and refuses one that has something else in it.
func (c *copying) state(ctx context.Context) (targetState, error) {
	var err error
	if c.identity, err = identityOf(ctx, c.source); err != nil {
		return 0, err
	}
	for key, state := range map[string]targetState{copied: already, store.CopyUnfinished: begun} {
		m, ok, err := c.readMark(ctx, key)
		if err != nil {
			return 0, err
		}
		if !ok {
			continue
		}
		if m.Identity != c.identity {
			return 0, fmt.Errorf("the target holds a copy of another database, begun %s: name an empty one", m.At.Format(time.DateTime))
		}
		if state == begun && m.Schema != c.report.Schema {
			return 0, fmt.Errorf("the copy was begun with schema %d, and this program has %d: go on with the version that began it, or begin anew in an empty database", m.Schema, c.report.Schema)
		}
		return state, nil
	}
	return fresh, c.empty(ctx)
}

func (c *copying) readMark(ctx context.Context, key string) (m mark, ok bool, err error) {
	err = c.target.Read(ctx, func(tx *store.Tx) error {
		ok = false
		return tx.Each(ctx, `select value from schema_info where key = $1`, func(scan func(...any) error) error {
			var text string
			if err := scan(&text); err != nil {
				return err
			}
			ok = true
			return json.Unmarshal([]byte(text), &m)
		}, key)
	})
	if err != nil {
		return m, false, fmt.Errorf("look for an earlier copy in the target: %w", err)
	}
	return m, ok, nil
}

// identityOf is a digest of what a database began with.
func identityOf(ctx context.Context, db *store.DB) (string, error) {
	sum := sha256.New()
	err := db.Read(ctx, func(tx *store.Tx) error {
		sum.Reset()
		for _, table := range []string{"operator", "account"} {
			err := tx.Each(ctx, `select id, created_at from `+table+` order by created_at, id limit 1`, func(scan func(...any) error) error {
				var id string
				var at int64
				err := scan(&id, &at)
				fmt.Fprintln(sum, table, id, at)
				return err
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("look at the source: %w", err)
	}
	return hex.EncodeToString(sum.Sum(nil)[:16]), nil
}

// empty refuses a target that has more than a migration puts there.
func (c *copying) empty(ctx context.Context) error {
	seeded, err := seeds(ctx)
	if err != nil {
		return err
	}
	for _, t := range c.tables {
		n, err := count(ctx, c.target, t.name())
		if err != nil {
			return err
		}
		if n > 0 && !slices.Contains(seeded, t.name()) {
			return fmt.Errorf("the target is not empty: table %s has %d rows. Name a database without any, such as one that createdb has just made", t.name(), n)
		}
	}
	return nil
}

// seeds are the tables that have rows in a new database.
func seeds(ctx context.Context) (names []string, err error) {
	folder, err := os.MkdirTemp("", "skytower-copy-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for a moment: %w", err)
	}
	defer os.RemoveAll(folder) //nolint:errcheck // the system's folder for what is temporary
	db, err := store.Open(ctx, sqliteScheme+filepath.Join(folder, "new.db"), store.Options{})
	if err != nil {
		return nil, fmt.Errorf("see what a new database has: %w", err)
	}
	defer db.Close() //nolint:errcheck // it goes
	tables, err := db.Tables(ctx)
	if err != nil {
		return nil, err
	}
	for _, t := range tables {
		n, err := count(ctx, db, t.Name)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			names = append(names, t.Name)
		}
	}
	return names, nil
}

func count(ctx context.Context, db *store.DB, table string) (n int64, err error) {
	if err := db.Reader().QueryRowContext(ctx, `select count(*) from `+table).Scan(&n); err != nil {
		return 0, fmt.Errorf("count the rows of %s: %w", table, err)
	}
	return n, nil
}

// begin marks the target, so that no server takes it for whole, or reads how far an
// earlier run came.
func (c *copying) begin(ctx context.Context, state targetState) error {
	if state == begun {
		c.report.Resumed = true
		c.p.say("Going on with a copy that was begun.")
		return c.readProgress(ctx)
	}
	// What a server would do first, so that what is past its time is not copied as if it
	// were not, and the ledgers can be compared.
	books := ledger.New(c.source, ledger.Options{})
	if err := books.Expire(ctx); err != nil {
		return fmt.Errorf("end what is past its time in the source: %w", err)
	}
	report, err := books.Verify(ctx)
	if err != nil {
		return err
	}
	if !report.Clean() {
		return fmt.Errorf("the ledger of the source is not clean, so it is not copied: %s", join(report.Problems))
	}
	text, err := json.Marshal(mark{Identity: c.identity, From: c.from.engine(), Schema: c.report.Schema, At: time.Now().UTC()})
	if err != nil {
		return err
	}
	err = c.target.Write(ctx, func(tx *store.Tx) error {
		for _, t := range slices.Backward(c.tables) { // children first
			if _, err := tx.Exec(ctx, `delete from `+t.name()); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, `create table `+progressTable+` (name text not null primary key, copied bigint not null, last text not null, done boolean not null)`); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `insert into schema_info (key, value) values ($1, $2)`, store.CopyUnfinished, string(text))
		return err
	})
	if err != nil {
		return fmt.Errorf("begin the copy: %w", err)
	}
	return nil
}

// finish makes the target a database that servers may use, all at once.
func (c *copying) finish(ctx context.Context) error {
	counters := map[string]int64{}
	for _, t := range c.tables {
		if t.source.Serial == "" {
			continue
		}
		n, err := c.source.Counter(ctx, t.source)
		if err != nil {
			return err
		}
		counters[t.name()] = n
	}
	text, err := json.Marshal(mark{Identity: c.identity, From: c.from.engine(), Schema: c.report.Schema, At: time.Now().UTC(), Rows: c.report.Rows})
	if err != nil {
		return err
	}
	err = c.target.Write(ctx, func(tx *store.Tx) error {
		for _, t := range c.tables {
			if n, ok := counters[t.name()]; ok {
				if err := tx.SetCounter(ctx, t.target, n); err != nil {
					return err
				}
			}
		}
		if c.report.Jobs, err = jobs.Move(ctx, c.source, c.target, tx); err != nil {
			return err
		}
		if err := c.copyInfo(ctx, tx); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `insert into schema_info (key, value) values ($1, $2)`, copied, string(text)); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `drop table `+progressTable)
		return err
	})
	if err != nil {
		return fmt.Errorf("finish the copy: %w", err)
	}
	return nil
}

// copyInfo copies what the schema says of itself, but for what is said of copies.
func (c *copying) copyInfo(ctx context.Context, tx *store.Tx) error {
	info := map[string]string{}
	err := c.source.Read(ctx, func(tx *store.Tx) error {
		clear(info)
		return tx.Each(ctx, `select key, value from schema_info`, func(scan func(...any) error) error {
			var key, value string
			err := scan(&key, &value)
			info[key] = value
			return err
		})
	})
	if err != nil {
		return fmt.Errorf("read schema_info: %w", err)
	}
	delete(info, copied)
	for key, value := range info {
		_, err := tx.Exec(ctx, `insert into schema_info (key, value) values ($1, $2) on conflict (key) do update set value = excluded.value`, key, value)
		if err != nil {
			return fmt.Errorf("write schema_info: %w", err)
		}
	}
	_, err = tx.Exec(ctx, `delete from schema_info where key = $1`, store.CopyUnfinished)
	return err
}

// wasCopied reports a copy that an earlier run has ended.
func (c *copying) wasCopied(ctx context.Context) error {
	m, _, err := c.readMark(ctx, copied)
	if err != nil {
		return err
	}
	c.report.State, c.report.Rows = "already", m.Rows
	c.report.Notes = append(c.report.Notes, fmt.Sprintf("The database was copied at %s; no row was written now.", m.At.Format(time.DateTime+" MST")))
	return c.files(ctx)
}

// plan tells what a copy would do.
func (c *copying) plan(ctx context.Context) error {
	db, err := store.Inspect(ctx, c.from.address)
	if err != nil {
		return fmt.Errorf("open the source: %w", err)
	}
	defer db.Close() //nolint:errcheck // only read
	plan, err := db.Plan(ctx)
	if err != nil {
		return err
	}
	c.report.State, c.report.Schema = "planned", plan.Newest
	tables, err := db.Tables(ctx)
	if err != nil {
		return err
	}
	for _, t := range tables {
		n, err := count(ctx, db, t.Name)
		if err != nil {
			return err
		}
		c.report.Tables = append(c.report.Tables, TableReport{t.Name, n})
		c.report.Rows += n
	}
	if len(plan.Steps) > 0 {
		c.note("The source is migrated from schema %d to %d first.", plan.Schema, plan.Newest)
	}
	if target, err := planMigration(ctx, c.to); err != nil && !errors.Is(err, store.ErrUnfinishedCopy) {
		return fmt.Errorf("look at the target: %w", err)
	} else if err != nil {
		c.note("The target holds a part of a copy, which goes on where it stopped.")
	} else if target.Schema > 0 {
		c.note("The target has tables already; they must be empty.")
	}
	return c.t.result(c.report, c.print)
}

func (c *copying) print(w io.Writer) {
	r := c.report
	switch r.State {
	case "planned":
		for _, t := range r.Tables {
			if t.Rows > 0 {
				fmt.Fprintf(w, "%-20s %10d rows\n", t.Table, t.Rows)
			}
		}
		fmt.Fprintf(w, "%d rows of %d tables would be copied from %s to %s. Nothing was changed.\n", r.Rows, len(r.Tables), c.from.shown(), c.to.shown())
	case "copied":
		fmt.Fprintf(w, "Copied %d rows of %d tables from %s to %s (%d of them now), and made %d waiting jobs anew.\n", r.Rows, len(r.Tables), c.from.shown(), c.to.shown(), r.Written, r.Jobs)
		fmt.Fprintf(w, "Verified: each table has the same rows, the ledgers are clean, and the balances of %d accounts agree (%s USD).\n", r.Accounts, r.Balance)
		if r.Mended > 0 {
			fmt.Fprintf(w, "%d texts had bytes that PostgreSQL can't hold; the sign U+FFFD stands there now.\n", r.Mended)
		}
	}
	if r.Files != nil {
		r.Files.print(w)
	}
	for _, note := range r.Notes {
		fmt.Fprintln(w, note)
	}
	if r.State == "copied" {
		fmt.Fprintf(w, "Start servers on the new database, and none on the old one any more.\n")
	}
}

// balances adds up what each account has.
func balances(ctx context.Context, db *store.DB) (of map[string]money.Nanos, err error) {
	err = db.Read(ctx, func(tx *store.Tx) error {
		of = map[string]money.Nanos{}
		return tx.Each(ctx, `select p.owner, cast(sum(b.balance) as bigint) from purse p join bucket b on b.purse = p.id
			where p.kind = 'account' group by p.owner`, func(scan func(...any) error) error {
			var account string
			var n int64
			err := scan(&account, &n)
			of[account] = money.Nanos(n)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("add up the balances: %w", err)
	}
	return of, nil
}

// join lists at most five sentences.
func join(problems []string) string {
	const most = 5
	rest := ""
	if len(problems) > most {
		rest = fmt.Sprintf("; and %d more", len(problems)-most)
		problems = problems[:most]
	}
	text := ""
	for i, p := range problems {
		if i > 0 {
			text += "; "
		}
		text += p
	}
	return text + rest
}
