package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"skytower/internal/config"
	"skytower/internal/maintain"
)

// maintenance is a command on a database, with flags of its own besides the settings.
type maintenance struct {
	words   []string // such as db copy
	operand string   // what stands behind the words, such as FOLDER; "": nothing
	help    string
	own     func(*flag.FlagSet)
	run     func(ctx context.Context, cfg *config.Config, operand string, t maintain.Terminal) error
}

// maintenanceCommands are made anew for each run: their flags are variables of it.
func maintenanceCommands() []maintenance {
	return []maintenance{migrateCommand(), copyCommand(), verifyCommand(), backupCommand(), restoreCommand()}
}

func migrateCommand() maintenance {
	var dryRun bool
	return maintenance{
		words: []string{"migrate"},
		help:  "Brings the database to this version. A server does so too when it starts.",
		own: func(set *flag.FlagSet) {
			set.BoolVar(&dryRun, "dry-run", false, "Show what would be done, with the SQL, and whether servers that run now may stay; the database is only read.")
		},
		run: func(ctx context.Context, cfg *config.Config, _ string, t maintain.Terminal) error {
			if dryRun {
				return maintain.PlanMigration(ctx, cfg, t)
			}
			return maintain.Migrate(ctx, cfg, t)
		},
	}
}

func copyCommand() maintenance {
	var o maintain.CopyOptions
	return maintenance{
		words: []string{"db", "copy"},
		help: `Copies a database into an empty one, from SQLite to PostgreSQL or the other way, and
verifies that every row came over. No server may run on either. A copy that was broken
off goes on where it stopped. The source keeps all its rows; its schema is brought to
this version.`,
		own: func(set *flag.FlagSet) {
			set.StringVar(&o.From, "from", "", "`DATABASE` that is copied: sqlite:PATH or postgres://…; the configured one, if not given.")
			set.StringVar(&o.To, "to", "", "`DATABASE` that it goes to. env:NAME or file:PATH keep a password out of the process list.")
			set.StringVar(&o.FilesTo, "files-to", "", "Copy the files as well, to this storage: a `URL` as of the setting blob.")
			set.StringVar(&o.FilesFrom, "files-from", "", "Where the files are, if not where the settings say: a `URL` likewise.")
			set.BoolVar(&o.DryRun, "dry-run", false, "Check all that can be checked, count the rows, and change nothing.")
		},
		run: func(ctx context.Context, cfg *config.Config, _ string, t maintain.Terminal) error {
			if o.To == "" {
				return wrongUse("say where the database goes: --to postgres://USER@HOST/NAME")
			}
			return maintain.Copy(ctx, cfg, o, t)
		},
	}
}

func backupCommand() maintenance {
	var o maintain.BackupOptions
	return maintenance{
		words: []string{"backup"},
		help: `Copies the SQLite database, also of a running server, and its files. A folder with an
earlier backup gets what is new. For PostgreSQL it prints the commands that make a
backup, and checks whether they could work. 'skytower backup verify FOLDER|FILE.tar'
reads a backup and tells whether it is whole.`,
		own: func(set *flag.FlagSet) {
			set.StringVar(&o.To, "to", "", "`FOLDER|FILE.tar` that the backup goes to.")
			set.BoolVar(&o.WithMasterKey, "with-master-key", false, "Also back up master.key and operator.key: keep such a backup as you keep those.")
			set.BoolVar(&o.WithoutFiles, "without-files", false, "Leave out the files.")
			set.BoolVar(&o.Check, "check", false, "Make none; check the configured database, its ledger, sealed values and files.")
		},
		run: func(ctx context.Context, cfg *config.Config, _ string, t maintain.Terminal) error {
			if o.To == "" && !o.Check && cfg.Database.Engine() == "sqlite" {
				return wrongUse("say where the backup goes: --to FOLDER, or --to FILE.tar")
			}
			return maintain.Backup(ctx, cfg, o, t)
		},
	}
}

func verifyCommand() maintenance {
	return maintenance{
		words: []string{"backup", "verify"}, operand: "FOLDER|FILE.tar",
		help: "Reads all of a backup: every file by its SHA-256, the database, its ledger, and whether\neach record of a file has one.",
		own:  func(*flag.FlagSet) {},
		run: func(ctx context.Context, _ *config.Config, operand string, t maintain.Terminal) error {
			return maintain.VerifyBackup(ctx, operand, t)
		},
	}
}

func restoreCommand() maintenance {
	var o maintain.RestoreOptions
	return maintenance{
		words: []string{"restore"},
		help: `Puts a backup of a SQLite database into an empty data folder (--data). Nothing is put in
place before it was checked. After pg_restore, --check looks at the database on PostgreSQL.`,
		own: func(set *flag.FlagSet) {
			set.StringVar(&o.From, "from", "", "`FOLDER|FILE.tar` that 'skytower backup' made.")
			set.BoolVar(&o.Check, "check", false, "Restore nothing; check the configured database, its ledger, sealed values and files.")
		},
		run: func(ctx context.Context, cfg *config.Config, _ string, t maintain.Terminal) error {
			if o.From == "" && !o.Check && cfg.Database.Engine() == "sqlite" {
				return wrongUse("say which backup is restored: --from FOLDER or --from FILE.tar")
			}
			return maintain.Restore(ctx, cfg, o, t)
		},
	}
}

// wrongUse is a mistake on the command line, found before anything was done.
type wrongUse string

func (e wrongUse) Error() string { return string(e) }

// runMaintenance runs a command of this file; ok is false where args name none.
func runMaintenance(ctx context.Context, args []string, stdout, stderr io.Writer) (code int, ok bool) {
	for _, m := range maintenanceCommands() {
		if rest, ok := cutWords(args, m.words); ok {
			return m.main(ctx, rest, stdout, stderr), true
		}
	}
	if args[0] == "db" {
		if len(args) > 1 && (args[1] == "--help" || args[1] == "-h" || args[1] == "help") {
			fmt.Fprint(stdout, "Usage: skytower db copy [flags]\n\nCopies a database into an empty one. See: skytower db copy --help\n")
			return 0, true
		}
		fmt.Fprintln(stderr, "skytower: what about the database? There is: skytower db copy --from DATABASE --to DATABASE")
		return exitUsage, true
	}
	return 0, false
}

func cutWords(args, words []string) (rest []string, ok bool) {
	if len(args) < len(words) {
		return nil, false
	}
	for i, w := range words {
		if args[i] != w {
			return nil, false
		}
	}
	return args[len(words):], true
}

// settingsOf are the settings that say which database is meant.
func settingsOf() []string {
	return []string{"data", "database", "blob", "master_key_file"}
}

func (m maintenance) main(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	t := maintain.Terminal{Out: stdout, Err: stderr, Version: version}
	operand := ""
	if m.operand != "" && len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		operand, args = args[0], args[1:]
	}
	own := func(set *flag.FlagSet) {
		m.own(set)
		set.BoolVar(&t.JSON, "json", false, "Print the result as JSON.")
	}
	src, err := config.ParseCommand(args, own)
	if errors.Is(err, flag.ErrHelp) {
		m.usage(stdout, own)
		return 0
	}
	if err == nil && m.operand != "" && operand == "" {
		err = wrongUse(fmt.Sprintf("which one? skytower %s %s", strings.Join(m.words, " "), m.operand))
	}
	if err != nil {
		fmt.Fprintln(stderr, "skytower:", err)
		return exitUsage
	}
	src.Env = os.Environ()
	cfg, err := config.Load(src)
	if err == nil {
		err = m.run(ctx, cfg, operand, t)
	} else {
		err = wrongUse(err.Error())
	}
	if err == nil {
		return 0
	}
	fmt.Fprintln(stderr, "skytower:", err)
	if _, ok := errors.AsType[wrongUse](err); ok {
		return exitUsage
	}
	return exitFailure
}

func (m maintenance) usage(w io.Writer, own func(*flag.FlagSet)) {
	head := strings.Join(m.words, " ")
	if m.operand != "" {
		head += " " + m.operand
	}
	fmt.Fprintf(w, "Usage: skytower %s [flags]\n\n%s\n\nFlags:\n", head, m.help)
	set := flag.NewFlagSet("", flag.ContinueOnError)
	own(set)
	set.VisitAll(func(f *flag.Flag) {
		kind, doc := flag.UnquoteUsage(f)
		fmt.Fprintf(w, "%s\n        %s\n", strings.TrimRight("  --"+f.Name+" "+kind, " "), doc)
	})
	if m.operand != "" { // it looks at what it is given, and no database
		return
	}
	fmt.Fprintf(w, "\nThe settings of 'skytower serve' say which database is meant (flags, environment, file):\n%s", config.UsageOf(settingsOf()...))
}
