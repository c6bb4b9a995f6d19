package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"skytower/internal/skytells"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

// A version is replaced under load, one process after the other: the one before runs beside
// the new one on the migrated database, and is started once more on it, as who goes back
// does. No call fails, and each is charged once.
func TestVersionBeforeRunsBeside(t *testing.T) {
	t.Parallel()
	before, now := buildBefore(t), buildProgram(t)
	f := newFleet(t, before, "postgres", 2)
	f.grant(f.account, "100000")
	calls := startTraffic(f)
	calls.passes("the version before, alone")
	for _, step := range []struct {
		node    int
		program string
		what    string
	}{
		{0, now, "the new version beside the one before"},
		{0, before, "the version before, started on the new schema"},
		{0, now, "the new version again"},
		{1, now, "the new version alone"},
	} {
		calls.replace(step.node, step.program)
		calls.passes(step.what)
		f.crosses(step.what)
	}
	sent := calls.end()
	f.awaitBalance(f.account, 100_000*10_000-sent)
	f.verify()
	f.stop()
	f.audit()
}

// crosses makes a key at each process and uses it at the other one.
func (f *fleet) crosses(what string) {
	f.t.Helper()
	for i, one := range f.nodes {
		key, err := f.adminAt(one).CreateKey(f.t.Context(), skytells.KeyRequest{Account: f.account})
		if err != nil {
			f.t.Fatalf("%s: a key at process %d: %v", what, i, err)
		}
		if status, answer, err := f.send(f.nodes[1-i], key.Secret, http.MethodGet, "/v1/models", ""); err != nil || status != http.StatusOK {
			f.t.Errorf("%s: the key of process %d at the other one: %d %s %v", what, i, status, answer, err)
		}
	}
}

// traffic calls the processes that take calls, until it is ended. None of its calls may fail.
type traffic struct {
	f     *fleet
	gates []sync.RWMutex // held by calls; a process is replaced when it has none
	stop  chan struct{}
	done  sync.WaitGroup

	answered []atomic.Int64 // by process
	tokens   atomic.Int64   // of whole answers
}

const callers = 8

func startTraffic(f *fleet) *traffic {
	l := &traffic{f: f, gates: make([]sync.RWMutex, len(f.nodes)), stop: make(chan struct{}), answered: make([]atomic.Int64, len(f.nodes))}
	for i := range callers {
		random := rand.New(rand.NewPCG(uint64(i), 1)) //nolint:gosec // which call comes next
		l.done.Go(func() {
			for {
				select {
				case <-l.stop:
					return
				default:
					l.call(random)
				}
			}
		})
	}
	f.t.Cleanup(func() { l.end() })
	return l
}

// call makes one call of a process that takes calls.
func (l *traffic) call(random *rand.Rand) {
	at := random.IntN(len(l.gates))
	for !l.gates[at].TryRLock() {
		at = (at + 1) % len(l.gates)
	}
	defer l.gates[at].RUnlock()
	tokens := 1 + random.IntN(50)
	body := chat(tokens)
	if random.IntN(2) == 0 {
		body = strings.Replace(body, `"max_tokens"`, `"stream":true,"max_tokens"`, 1)
	}
	status, answer, err := l.f.send(l.f.nodes[at], l.f.key, http.MethodPost, "/v1/chat/completions", body)
	if err != nil || status != http.StatusOK || strings.Contains(body, "stream") && !strings.HasSuffix(answer, "data: [DONE]\n\n") {
		l.f.t.Errorf("a call of process %d failed: %d %v %.300s", at, status, err, answer)
	}
	l.tokens.Add(int64(tokens))
	l.answered[at].Add(1)
}

// passes waits until each process has answered some more calls.
func (l *traffic) passes(what string) {
	l.f.t.Helper()
	const enough = 20
	for i := range l.answered {
		from := l.answered[i].Load()
		l.f.await(fmt.Sprintf("%s: process %d answers", what, i), func() bool { return l.f.t.Failed() || l.answered[i].Load() >= from+enough })
	}
}

// replace ends a process, as an operator does, when it has no call, and starts another
// program in its place.
func (l *traffic) replace(i int, program string) {
	l.f.t.Helper()
	l.gates[i].Lock()
	defer l.gates[i].Unlock()
	n := l.f.nodes[i]
	terminate(l.f.t, n)
	l.f.program = program
	l.f.start(n)
	l.f.everywhere("book")
}

func (l *traffic) end() (tokens int64) {
	select {
	case <-l.stop:
	default:
		close(l.stop)
	}
	l.done.Wait()
	return l.tokens.Load()
}

func terminate(t *testing.T, n *node) {
	t.Helper()
	_ = n.cmd.Process.Signal(os.Interrupt)
	if err := n.cmd.Wait(); err != nil {
		t.Errorf("a process did not end well: %v\n%s", err, n.out)
	}
	n.cmd = nil
}

// On one machine the file goes forth and back as well: the version before starts on what the
// new one has migrated, and nothing is lost.
func TestVersionBeforeOnSQLite(t *testing.T) {
	t.Parallel()
	before, now := buildBefore(t), buildProgram(t)
	f := newFleet(t, before, "sqlite", 1)
	f.grant(f.account, "100")
	want := int64(100 * 10_000)
	for _, program := range []string{before, now, before, now} {
		terminate(t, f.nodes[0])
		f.program = program
		f.start(f.nodes[0])
		status, answer, err := f.send(f.nodes[0], f.key, http.MethodPost, "/v1/chat/completions", chat(7))
		if err != nil || status != http.StatusOK {
			t.Fatalf("%d %s %v\n%s", status, answer, err, f.nodes[0].out)
		}
		want -= 7
		f.awaitBalance(f.account, want)
	}
	f.verify()
	f.stop()
	f.audit()
}

// A migration that is killed at any moment leaves a database that the next one brings to
// the same schema as a new database has.
func TestMigrationKilled(t *testing.T) {
	t.Parallel()
	program := buildProgram(t)
	for d, fresh := range map[store.Dialect]func(testing.TB) string{store.SQLite: storetest.SQLite, store.Postgres: storetest.Postgres} {
		t.Run(d.String(), func(t *testing.T) {
			t.Parallel()
			want := schema(t, fresh(t))
			text := readFile(t, "../../internal/store/testdata/versions/0.1.0."+d.String()+".sql")
			for round := range killRounds(2, 20) {
				url := storetest.Load(t, d, text)
				killMigration(t, program, url, rand.New(rand.NewPCG(uint64(round), 2))) //nolint:gosec // when it is killed
				if got := schema(t, url); got != want {
					t.Fatalf("round %d: the schema is another one than a new database has:\n%s", round, difference(got, want))
				}
			}
		})
	}
}

// killMigration kills a migration some times, and then lets it end.
func killMigration(t *testing.T, program, url string, random *rand.Rand) {
	t.Helper()
	for range 5 {
		cmd := migration(t, program, url)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		wait := make(chan error, 1)
		go func() { wait <- cmd.Wait() }()
		select {
		case err := <-wait:
			if err != nil {
				t.Fatalf("the migration failed: %v\n%s", err, cmd.Stderr)
			}
			return
		case <-time.After(time.Duration(20+random.IntN(200)) * time.Millisecond): // any moment will do
			_ = cmd.Process.Kill()
			<-wait
		}
	}
	if err := migration(t, program, url).Run(); err != nil {
		t.Fatalf("after the kills the migration failed: %v", err)
	}
}

func migration(t *testing.T, program, url string) *exec.Cmd {
	data := t.TempDir()
	cmd := exec.Command(program, "migrate", "--data", data, "--database", url)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + data, "SKYTOWER_MASTER_KEY=" + strings.Repeat("0123456789abcdef", 4)}
	cmd.Stderr = &bytes.Buffer{}
	return cmd
}

// schema is every table, column and index of ours as text, but for partitions, which are by
// the months that there are. A table that was left half made would show.
func schema(t *testing.T, url string) string {
	t.Helper()
	db, err := store.Inspect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // it was read only
	query := db.Dialect().Pick(
		`select type || ' ' || name || ' ' || coalesce(sql, '') from sqlite_master where name not like 'sqlite_%' and name not like 'river%'`,
		`select 'column ' || table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '')
			from information_schema.columns where table_schema = current_schema() and table_name not like 'river%' and table_name not in (select inhrelid::regclass::text from pg_inherits)
		 union all select 'index ' || indexdef from pg_indexes where schemaname = current_schema() and tablename not like 'river%' and tablename not in (select inhrelid::regclass::text from pg_inherits)`)
	var lines []string
	err = db.Read(t.Context(), func(tx *store.Tx) error {
		lines = nil
		return tx.Each(t.Context(), query, func(scan func(...any) error) error {
			var line string
			err := scan(&line)
			lines = append(lines, strings.Join(strings.Fields(line), " "))
			return err
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// difference is what stands in one text of lines only.
func difference(got, want string) string {
	var out strings.Builder
	for _, side := range []struct{ sign, a, b string }{{"+", got, want}, {"-", want, got}} {
		for line := range strings.Lines(side.a) {
			if !strings.Contains(side.b, strings.TrimSpace(line)) {
				out.WriteString(side.sign + " " + line + "\n")
			}
		}
	}
	return out.String()
}

// buildBefore gives the newest released version with another schema than this one's: the
// program that an upgrade meets.
func buildBefore(t *testing.T) string {
	t.Helper()
	earlier.once.Do(func() { earlier.err = earlier.buildCommit(t) })
	if earlier.err != nil {
		t.Fatal(earlier.err)
	}
	return earlier.program()
}

// earlier is the version before, for all tests.
var earlier program

func (p *program) buildCommit(t *testing.T) (err error) {
	if p.folder, err = os.MkdirTemp("", "skytower-program-"); err != nil {
		return err
	}
	commit, err := commitBefore()
	if err != nil {
		return err
	}
	source := filepath.Join(p.folder, "source")
	if err := os.Mkdir(source, 0o700); err != nil {
		return err
	}
	t.Logf("the version before is %s", commit)
	for _, step := range []string{
		fmt.Sprintf("cd ../.. && git archive %s | tar -x -C %s", commit, source),
		fmt.Sprintf("cd %s && go build -trimpath -ldflags=-w -o %s ./cmd/skytower", source, p.program()),
	} {
		cmd := exec.Command("sh", "-c", step)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("build the version before: %w\n%s", err, out)
		}
	}
	return nil
}

// commitBefore reads the changelog, newest version first.
func commitBefore() (string, error) {
	text, err := os.ReadFile("../../CHANGELOG.md")
	if err != nil {
		return "", err
	}
	now, err := filepath.Glob("../../internal/store/migrations/*.sql")
	if err != nil {
		return "", err
	}
	for _, m := range regexp.MustCompile("(?m)^Commit `([0-9a-f]{7,40})`").FindAllStringSubmatch(string(text), -1) {
		out, err := exec.Command("git", "ls-tree", "--name-only", "--full-tree", m[1], "internal/store/migrations/").CombinedOutput()
		if err != nil {
			return "", fmt.Errorf("look at commit %s (a shallow clone has no earlier versions): %w\n%s", m[1], err, out)
		}
		if len(strings.Fields(string(out))) < len(now) {
			return m[1], nil
		}
	}
	return "", fmt.Errorf("the changelog has no version with another schema")
}
