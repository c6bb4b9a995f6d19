package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"text/tabwriter"

	"skytower/internal/config"
	"skytower/internal/secret"
	"skytower/internal/skytells"
	"skytower/internal/store"
)

// Exit codes of MasterKey, those of all commands (docs/cli.md).
const (
	exitFailure = 1
	exitUsage   = 2
)

const masterKeyUsage = `Usage: skytower master-key COMMAND [--json] [flags]

  new     Print a new master key. Nothing is changed.
  status  Show which master keys this machine has, and what in the database needs which.
  rotate  Put a new master key into the data folder (SQLite); the one before stays in
          master.key.old until nothing needs it.
  drop    Remove master.key.old, once nothing in the database needs it. The server is
          stopped meanwhile.

The manual has the whole procedure, also for several servers on PostgreSQL: "Change the
master key" in docs/operations.md.

`

// MasterKey runs 'skytower master-key' and returns its exit code. It works on this
// machine's configuration and database, with a server or without.
func MasterKey(ctx context.Context, args, environ []string, stdout, stderr io.Writer) int {
	err := masterKeyCommand(ctx, args, environ, stdout, stderr)
	if err == nil {
		return 0
	}
	fmt.Fprintln(stderr, "skytower:", err)
	if _, ok := errors.AsType[wrongUse](err); ok {
		return exitUsage
	}
	return exitFailure
}

// wrongUse is an error of the command line or the configuration.
type wrongUse struct{ error }

func masterKeyCommand(ctx context.Context, args, environ []string, stdout, stderr io.Writer) error {
	acts := map[string]func(context.Context, *config.Config, printer) error{
		"new": makeKey, "status": keyStatus, "rotate": rotateKey, "drop": dropKeys,
	}
	if len(args) == 0 || args[0] == "--help" || args[0] == "-h" {
		_, err := fmt.Fprint(stdout, masterKeyUsage)
		return err
	}
	act, ok := acts[args[0]]
	if !ok {
		return wrongUse{fmt.Errorf("there is no command master-key %q; there are new, status, rotate and drop", args[0])}
	}
	asJSON := slices.Contains(args, "--json")
	if slices.Contains(args, "--help") || slices.Contains(args, "-h") {
		_, err := fmt.Fprintf(stdout, "%sFlags besides --json:\n\n%s", masterKeyUsage, config.Usage())
		return err
	}
	src, err := config.ParseFlags(slices.DeleteFunc(slices.Clone(args[1:]), func(arg string) bool { return arg == "--json" }))
	if err != nil {
		return wrongUse{err}
	}
	src.Env = environ
	if args[0] == "new" { // it needs no configuration, which may want the key that is to be made
		return act(ctx, nil, printer{stdout, stderr, asJSON})
	}
	cfg, err := config.Load(src)
	if err != nil {
		return wrongUse{err}
	}
	return act(ctx, cfg, printer{stdout, stderr, asJSON})
}

// printer is where a command writes, for people or for programs.
type printer struct {
	out, note io.Writer
	json      bool
}

// show writes v as JSON, or what text writes.
func (p printer) show(v any, text func(io.Writer)) error {
	if p.json {
		encoder := json.NewEncoder(p.out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(v)
	}
	table := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	text(table)
	return table.Flush()
}

func makeKey(_ context.Context, _ *config.Config, p printer) error {
	text, key, err := secret.NewKeyText()
	if err != nil {
		return err
	}
	if !p.json {
		fmt.Fprintf(p.note, "A new master key, with the id %s. Nothing uses it yet.\n", key.ID())
	}
	return p.show(map[string]string{"id": key.ID(), "key": text}, func(w io.Writer) { fmt.Fprintln(w, text) })
}

// keyState is the answer of 'master-key status'.
type keyState struct {
	skytells.SystemMasterKey
	Processes []keyProcess `json:"processes"`
	Next      string       `json:"next"`
}

// keyProcess is a living process with the keys that it has.
type keyProcess struct {
	ID         string   `json:"id"`
	Host       string   `json:"host"`
	MasterKeys []string `json:"master_keys"`
}

func keyStatus(ctx context.Context, cfg *config.Config, p printer) error {
	ring, err := ringOf(cfg)
	if err != nil {
		return err
	}
	db, err := store.Inspect(ctx, cfg.Database.Reveal())
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	defer db.Close() //nolint:errcheck // only read
	sealed, err := sealedStatus(ctx, db, ring)
	if err != nil {
		return err
	}
	state := keyState{SystemMasterKey: sealed.SystemMasterKey, Processes: []keyProcess{}}
	if db.Dialect() == store.Postgres {
		replicas, err := db.Replicas(ctx, aliveWithin)
		if err != nil {
			return err
		}
		for _, r := range replicas {
			state.Processes = append(state.Processes, keyProcess{r.ID, r.Host, append([]string{}, r.MasterKeys...)})
		}
	}
	state.Next = state.advise()
	return p.show(state, state.write)
}

// advise says what is to be done now.
func (s *keyState) advise() string {
	for _, one := range s.Processes {
		if len(one.MasterKeys) > 0 && !slices.Contains(one.MasterKeys, s.Current) {
			return fmt.Sprintf("The process %s on %s does not have the key %s: give it as master_key_old, then start it again.", one.ID, one.Host, s.Current)
		}
	}
	switch {
	case s.Lost > 0:
		return "Some values need a key that is not here: give it as master_key_old, or enter those values anew."
	case s.Left > 0:
		return "Wait: the server that leads seals the rest anew within a minute or two of its start with the new key."
	case len(s.Others) > 0:
		return "No value in the database needs another key than the current one. Drop the others once links of files that were made before may end."
	}
	return "Nothing is to be done."
}

func (s *keyState) write(w io.Writer) {
	fmt.Fprintf(w, "current key\t%s\n", s.Current)
	if len(s.Others) > 0 {
		fmt.Fprintf(w, "other keys\t%s\n", strings.Join(s.Others, ", "))
	}
	for _, one := range s.Processes {
		fmt.Fprintf(w, "process\t%s on %s has %s\n", one.ID, one.Host, strings.Join(one.MasterKeys, ", "))
	}
	fmt.Fprintf(w, "\nSEALED\tBY KEY\tVALUES\t\n")
	for _, one := range s.Sealed {
		mark := ""
		switch {
		case !one.Opens:
			mark = "no key here opens them"
		case one.Key != s.Current:
			mark = "to be sealed anew"
		}
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\n", one.Name, one.Key, one.Values, mark)
	}
	fmt.Fprintf(w, "\n%s\n", s.Next)
}

// rotateKey works beside a running server too: that one goes on with the key that it has
// read, and finds both at its next start.
func rotateKey(_ context.Context, cfg *config.Config, p printer) error {
	if cfg.MasterKey != "" {
		return wrongUse{fmt.Errorf("the master key comes from %s, not from the data folder: change it there, with the one before as master_key_old (see \"Change the master key\" in the manual)",
			masterKeyPlace(cfg))}
	}
	now, before, err := secret.Rotate(cfg.Data)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no master key in %s; --data names another folder: %w", cfg.Data, err)
	}
	if err != nil {
		return err
	}
	next := "Start the server: it seals anew, by the new key, what the one before sealed."
	if lock, err := lockFolder((&App{cfg: cfg}).path("lock")); err != nil {
		next = "Start the server again: until then it uses the key before."
	} else {
		lock.release()
	}
	return p.show(map[string]string{"current": now.ID(), "before": before.ID(), "next": next}, func(w io.Writer) {
		fmt.Fprintf(w, "The master key is now %s. The one before, %s, stays in %s.\n%s\n", now.ID(), before.ID(), secret.OldMasterKeyFile, next)
	})
}

// masterKeyPlace is where a configured master key comes from.
func masterKeyPlace(cfg *config.Config) string {
	if cfg.MasterKeyFile != "" {
		return cfg.MasterKeyFile
	}
	return cfg.Origin("master_key").String()
}

// dropKeys wants the server stopped: a running one may still seal by an earlier key.
func dropKeys(ctx context.Context, cfg *config.Config, p printer) error {
	if cfg.MasterKey != "" {
		return wrongUse{errors.New("the master keys are not in the data folder: take the earlier ones out of master_key_old")}
	}
	old, err := secret.LoadOld(cfg.Data)
	if err != nil {
		return err
	}
	if len(old) == 0 {
		return fmt.Errorf("there are no earlier master keys in %s", cfg.Data)
	}
	lock, err := lockFolder((&App{cfg: cfg}).path("lock"))
	if err != nil {
		return fmt.Errorf("stop the server first, it may still use an earlier master key: %w", err)
	}
	defer lock.release()
	current, err := secret.Load(cfg.Data)
	if err != nil {
		return err
	}
	db, err := store.Inspect(ctx, cfg.Database.Reveal())
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	defer db.Close() //nolint:errcheck // only read
	s, err := sealedStatus(ctx, db, secret.NewRing(current, old...))
	if err != nil {
		return err
	}
	if left := s.Left - s.Lost; left > 0 {
		return fmt.Errorf("%d values are still sealed by an earlier master key: start the server, which seals them anew within a minute, and try again", left)
	}
	if err := secret.DropOld(cfg.Data); err != nil {
		return err
	}
	return p.show(map[string]any{"current": current.ID(), "dropped": secret.NewRing(old[0], old[1:]...).IDs()}, func(w io.Writer) {
		fmt.Fprintf(w, "Dropped %d earlier master keys. Links and backups that were made with them need a copy of their own.\n", len(old))
	})
}
