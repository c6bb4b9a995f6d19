package maintain

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"

	"skytower/internal/blob"
	"skytower/internal/config"
	"skytower/internal/ledger"
	"skytower/internal/store"
)

// CheckReport is what `backup --check` and `restore --check` find out about the database
// and the storage that the settings name.
type CheckReport struct {
	Engine   string       `json:"engine"`
	Schema   int64        `json:"schema"`
	Newest   int64        `json:"newest"` // that this program knows
	Sealed   int          `json:"sealed"` // values
	Charges  int64        `json:"charges"`
	Accounts int64        `json:"accounts"`
	Files    *FilesReport `json:"files"`
	Problems []string     `json:"problems"`
	Notes    []string     `json:"notes"`
}

func (r *CheckReport) fail(format string, args ...any) {
	r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
}

// errChecked is what a check that found problems ends with; they are told by then.
var errChecked = errors.New("the check found problems")

// Check looks whether a database is whole and what belongs to it is there: after a
// restore, or before one is needed. It only reads.
func Check(ctx context.Context, cfg *config.Config, t Terminal) error {
	at := configured(cfg)
	db, err := store.Inspect(ctx, at.address)
	if err != nil {
		return fmt.Errorf("check the database: %w", err)
	}
	defer db.Close() //nolint:errcheck // only read
	r := &CheckReport{Engine: at.engine(), Problems: []string{}, Notes: []string{}}
	if err := r.look(ctx, cfg, at, db, t.progress()); err != nil {
		return fmt.Errorf("check the database: %w", err)
	}
	if err := t.result(r, r.print); err != nil {
		return err
	}
	if len(r.Problems) > 0 {
		return errChecked
	}
	return nil
}

func (r *CheckReport) look(ctx context.Context, cfg *config.Config, at place, db *store.DB, p *progress) error {
	p.tick("looking at the schema")
	if err := r.lookSchema(ctx, db); err != nil || r.Schema == 0 {
		return err
	}
	faults, err := db.QuickCheck(ctx)
	if err != nil {
		return err
	}
	if len(faults) > 0 {
		r.fail("The database's file is damaged: %s.", join(faults))
		return nil
	}
	if r.Schema == r.Newest { // the statements are those of this version
		p.tick("verifying the ledger")
		if err := r.lookLedger(ctx, db); err != nil {
			return err
		}
	}
	ring, _, ok, err := at.keys(cfg)
	if err != nil {
		return err
	}
	var problems []string
	if r.Sealed, problems, err = unopened(ctx, db, ring); err != nil {
		return err
	}
	switch {
	case len(problems) > 0 && !ok:
		r.fail("There is no master key for %d sealed values: put master.key back into %s, or set SKYTOWER_MASTER_KEY.", r.Sealed, at.data)
	case len(problems) > 0:
		r.fail("The master key %s does not open %s: put the key back that sealed them.", ring.Current().ID(), join(problems))
	case !ok:
		r.Notes = append(r.Notes, "There is no master key here; nothing that is stored needs one.")
	}
	return r.lookFiles(ctx, at, db, p)
}

func (r *CheckReport) lookSchema(ctx context.Context, db *store.DB) error {
	plan, err := db.Plan(ctx)
	if errors.Is(err, store.ErrTooOld) || errors.Is(err, store.ErrUnfinishedCopy) {
		r.fail("%s.", err)
		return nil
	}
	if err != nil {
		return err
	}
	facts, err := db.Facts(ctx)
	if err != nil {
		return err
	}
	r.Schema, r.Newest = plan.Schema, facts.Newest
	switch {
	case r.Schema == 0:
		r.fail("The database has no tables of Skytower's.")
	case r.Schema < r.Newest:
		r.Notes = append(r.Notes, fmt.Sprintf("The schema is at %d, and the first start of this version brings it to %d. The ledger is checked only then.", r.Schema, r.Newest))
	case r.Schema > r.Newest:
		r.Notes = append(r.Notes, fmt.Sprintf("The schema is at %d, made by a newer version; the ledger is not checked by this one.", r.Schema))
	}
	return nil
}

func (r *CheckReport) lookLedger(ctx context.Context, db *store.DB) error {
	report, err := verifyAsleep(ctx, db)
	if err != nil {
		return err
	}
	r.Charges = report.Checked["charge_line"]
	for _, p := range report.Problems {
		r.fail("Ledger: %s", p)
	}
	r.Accounts, err = count(ctx, db, "account")
	return err
}

// verifyAsleep verifies the ledger of a database that perhaps nobody has used for long:
// what should have ended since then is no fault.
func verifyAsleep(ctx context.Context, db *store.DB) (ledger.Report, error) {
	now := time.Now()
	var ends int64
	err := db.Reader().QueryRowContext(ctx, `select coalesce(min(at), 0) from (
		select expires_at as at from lease where state = 'live'
		union all select expires_at from hold h where not exists (select 1 from hold_end e where e.hold = h.id)) open_ones`).Scan(&ends)
	if err != nil {
		return ledger.Report{}, fmt.Errorf("look when the ledger was used: %w", err)
	}
	if ends > 0 && ends < store.Micros(now) {
		now = store.Time(ends)
	}
	clock := func() time.Time { return now }
	return ledger.New(db, ledger.Options{Now: clock, DatabaseNow: clock}).Verify(ctx)
}

func (r *CheckReport) lookFiles(ctx context.Context, at place, db *store.DB, p *progress) error {
	p.tick("comparing the files with their records")
	have, err := listed(ctx, at.blob)
	if err != nil {
		return err
	}
	r.Files = &FilesReport{Files: int64(len(have))}
	for _, n := range have {
		r.Files.Bytes += n
	}
	if err := missing(ctx, db, have, time.Now(), r.Files); err != nil {
		return err
	}
	if r.Files.Missing > 0 {
		kind, place := blob.Place(at.blob)
		r.fail("%d records of files have none in %s %s, such as %s: bring the files back, or see that 'blob' names the right place.",
			r.Files.Missing, map[string]string{"file": "the folder"}[kind], place, r.Files.MissingNames[0])
	}
	return nil
}

func (r *CheckReport) print(w io.Writer) {
	if r.Schema > 0 {
		fmt.Fprintf(w, "The schema is at %d (this version: %d). %d charges of %s, %d sealed values.\n", r.Schema, r.Newest, r.Charges, plural(r.Accounts, "account"), r.Sealed)
	}
	if r.Files != nil {
		fmt.Fprintf(w, "Files: %d, %s.\n", r.Files.Files, size(r.Files.Bytes))
	}
	for _, note := range r.Notes {
		fmt.Fprintln(w, note)
	}
	for _, p := range r.Problems {
		fmt.Fprintln(w, "PROBLEM:", p)
	}
	if len(r.Problems) == 0 {
		fmt.Fprintln(w, "Nothing is wrong.")
	}
}

// PostgresReport is what `backup --json` prints for PostgreSQL.
type PostgresReport struct {
	Server   string   `json:"server"` // its version
	Bytes    int64    `json:"bytes"`
	Schema   int64    `json:"schema"`
	PgDump   string   `json:"pg_dump"` // its path, or "" where it was not found
	Version  string   `json:"pg_dump_version"`
	Commands []string `json:"commands"` // in their order
	Problems []string `json:"problems"`
	Notes    []string `json:"notes"`
}

// backupPostgres says how PostgreSQL is backed up, and whether that would work here.
func backupPostgres(ctx context.Context, cfg *config.Config, t Terminal) error {
	at := configured(cfg)
	db, err := store.Inspect(ctx, at.address)
	if err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	defer db.Close() //nolint:errcheck // only read
	facts, err := db.Facts(ctx)
	if err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	r := &PostgresReport{Server: facts.Version, Bytes: facts.Bytes, Schema: facts.Schema, Problems: []string{}, Notes: []string{}}
	r.lookDump(ctx)
	r.Commands = []string{"pg_dump --format=custom --file=skytower.dump --dbname='" + withoutPassword(at.address) + "'"}
	switch kind, place := blob.Place(at.blob); kind {
	case "file":
		r.Commands = append(r.Commands, "rsync --archive "+place+"/ BACKUP/files/")
		r.Notes = append(r.Notes, "Copy the files after the database: a file without a record goes in time, a record without a file is a dead link.")
	default:
		r.Notes = append(r.Notes, fmt.Sprintf("Files are in the bucket %s: switch on its versioning, or copy it with its own tools, after the database.", place))
	}
	r.Notes = append(r.Notes,
		"Give pg_dump the password by PGPASSWORD or ~/.pgpass. Keep the master key apart from the dump: it is not in it.",
		"To restore: createdb skytower; pg_restore --no-owner --dbname=skytower skytower.dump; then 'skytower restore --check' with the settings of the servers.")
	if err := t.result(r, r.print); err != nil {
		return err
	}
	if len(r.Problems) > 0 {
		return errChecked
	}
	return nil
}

// withoutPassword is an address that may stand in a shell's history.
func withoutPassword(address string) string {
	scheme, rest, _ := strings.Cut(address, "://")
	user, host, ok := strings.Cut(rest, "@")
	if !ok {
		return address
	}
	name, _, _ := strings.Cut(user, ":")
	return scheme + "://" + name + "@" + host
}

var majorVersion = regexp.MustCompile(`(\d+)(?:\.\d+)*`)

// lookDump finds pg_dump, which must not be older than the server.
func (r *PostgresReport) lookDump(ctx context.Context) {
	found, err := exec.LookPath("pg_dump")
	if err != nil {
		r.Problems = append(r.Problems, "pg_dump is not on this machine's PATH: install PostgreSQL's client programs, or run it where the database is.")
		return
	}
	r.PgDump = found
	text, err := exec.CommandContext(ctx, found, "--version").Output()
	if err != nil {
		r.Problems = append(r.Problems, fmt.Sprintf("%s --version failed: %s.", found, err))
		return
	}
	r.Version = majorVersion.FindString(string(text))
	if major(r.Version) < major(r.Server) {
		r.Problems = append(r.Problems, fmt.Sprintf("%s is of version %s, and refuses a server of %s: install a newer one.", found, r.Version, r.Server))
	}
}

func major(version string) int {
	m := majorVersion.FindStringSubmatch(version)
	if m == nil {
		return 0
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return 0
	}
	return n
}

func (r *PostgresReport) print(w io.Writer) {
	fmt.Fprintf(w, "The database is on PostgreSQL %s, has %s and answers. Its own tools back it up:\n\n", r.Server, size(r.Bytes))
	for _, c := range r.Commands {
		fmt.Fprintf(w, "  %s\n", c)
	}
	fmt.Fprintln(w)
	if r.PgDump != "" && len(r.Problems) == 0 {
		fmt.Fprintf(w, "%s (%s) fits the server.\n", r.PgDump, r.Version)
	}
	for _, note := range r.Notes {
		fmt.Fprintln(w, note)
	}
	for _, p := range r.Problems {
		fmt.Fprintln(w, "PROBLEM:", p)
	}
}
