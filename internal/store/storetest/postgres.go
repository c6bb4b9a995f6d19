package storetest

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"skytower/internal/store"
)

const (
	template      = "skytower_template" // has the newest schema
	emptyTemplate = "skytower_empty"
	binariesEnv   = "SKYTOWER_TEST_PG_BIN"
	startPatience = time.Minute
	nobody        = 65534 // PostgreSQL refuses to run as root
)

// The server is one for the process, since tests share nothing else that could
// own it. It is started by the first test that asks.
var (
	server   = sync.OnceValues(startServer)
	prepared sync.Map // by name: func() error
	counter  atomic.Int64
	creating sync.Mutex // one copy of a template at a time
)

// freshPostgres copies a template database for one test.
func freshPostgres(t testing.TB, from string) string {
	t.Helper()
	s, err := server()
	if err != nil {
		t.Fatalf("start PostgreSQL: %v", err)
	}
	name := fmt.Sprintf("test_%d", counter.Add(1))
	ctx := context.WithoutCancel(t.Context())
	if err := s.admin(ctx, s.copyOf(name, from)); err != nil {
		t.Fatalf("make a database: %v", err)
	}
	t.Cleanup(func() {
		if err := s.admin(ctx, "drop database "+name+" with (force)"); err != nil {
			t.Errorf("drop the database: %v", err)
		}
	})
	return s.url(name)
}

// PostgresFrom is [Postgres] for tests that need more than the schema: prepare runs
// once in a test process, on the database that all of that name are copies of.
func PostgresFrom(t testing.TB, name string, prepare func(ctx context.Context, url string) error) string {
	t.Helper()
	from := "skytower_" + name
	once, _ := prepared.LoadOrStore(from, sync.OnceValue(func() error {
		s, err := server()
		if err != nil {
			return err
		}
		ctx := context.Background()
		if err := s.admin(ctx, s.copyOf(from, template)); err != nil {
			return err
		}
		return prepare(ctx, s.url(from))
	}))
	if make, ok := once.(func() error); ok {
		if err := make(); err != nil {
			t.Fatalf("prepare a template: %v", err)
		}
	}
	return freshPostgres(t, from)
}

// fileCopy has a database copied file by file. To write each page to the log instead, as
// PostgreSQL does since version 15, takes three to four times the processor's time.
const fileCopy = " strategy file_copy"

type postgres struct {
	address  string
	folder   string
	strategy string    // fileCopy, or ""
	held     io.Closer // the supervisor's input: open, by this reference too, as long as the process lives
	conn     *pgx.Conn // admin's; nil until there is one
}

func (s *postgres) url(database string) string {
	return "postgres://skytower@" + s.address + "/" + database + "?sslmode=disable"
}

func (s *postgres) copyOf(name, from string) string {
	return "create database " + name + " template " + from + s.strategy
}

// admin runs one statement. Its connection is one for the process, since the server starts
// another process for each: that takes as long as to copy a database. It has no goroutine,
// so it does not look like a leak to the tests.
func (s *postgres) admin(ctx context.Context, statement string) (err error) {
	creating.Lock()
	defer creating.Unlock()
	if s.conn == nil || s.conn.IsClosed() {
		if s.conn, err = pgx.Connect(ctx, s.url("postgres")); err != nil {
			return err
		}
	}
	_, err = s.conn.Exec(ctx, statement)
	return err
}

func startServer() (*postgres, error) {
	bin, err := FindPostgres()
	if err != nil {
		return nil, err
	}
	// The free port that we find may be taken by another before the server
	// binds it.
	const attempts = 3
	made := madeFolder(bin)
	for attempt := 1; ; attempt++ {
		s, err := launch(bin, made)
		if err == nil {
			_ = os.Rename(filepath.Join(s.folder, "made"), made) // it fails where another process was quicker, or this one copied
			return s, s.makeTemplates()
		}
		_ = os.RemoveAll(made) // perhaps half of it was tidied away
		if attempt == attempts {
			return nil, err
		}
	}
}

// madeFolder names where initdb's folder of these programs is kept for the processes to
// come: to make it takes ten times as long as to copy it.
func madeFolder(bin string) string {
	of := fnv.New64a()
	fmt.Fprint(of, bin)
	if is, err := os.Stat(filepath.Join(bin, "initdb")); err == nil {
		fmt.Fprint(of, is.Size(), is.ModTime().UnixNano())
	}
	return filepath.Join(temporary(), fmt.Sprintf("skytower-initdb-%d-%x", os.Getuid(), of.Sum64()))
}

// makeTemplates makes the databases that tests get copies of. They sort like a
// language, as production databases usually do, so that a test notices where
// our SQL counts on byte order.
func (s *postgres) makeTemplates() error {
	ctx, cancel := context.WithTimeout(context.Background(), startPatience)
	defer cancel()
	err := s.admin(ctx, "create database "+emptyTemplate+" template template0 encoding 'UTF8' locale 'C' locale_provider icu icu_locale 'en'")
	if err != nil { // before version 15, or built without ICU
		err = s.admin(ctx, "create database "+emptyTemplate+" template template0")
	}
	if err != nil {
		return fmt.Errorf("make a template: %w", err)
	}
	s.strategy = fileCopy
	if err := s.admin(ctx, s.copyOf(template, emptyTemplate)); err != nil { // before version 15, which knows no other way
		s.strategy = ""
		if err := s.admin(ctx, s.copyOf(template, emptyTemplate)); err != nil {
			return fmt.Errorf("make a template: %w", err)
		}
	}
	db, err := store.Open(ctx, s.url(template), store.Options{})
	if err != nil {
		return err
	}
	return db.Close()
}

// FindPostgres finds the folder of PostgreSQL's programs: SKYTOWER_TEST_PG_BIN,
// the newest of Debian's folders, or where PATH has initdb.
func FindPostgres() (string, error) {
	if bin := os.Getenv(binariesEnv); bin != "" {
		return bin, nil
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	best, newest := "", 0
	for _, initdb := range found {
		bin := filepath.Dir(initdb)
		if major, err := strconv.Atoi(filepath.Base(filepath.Dir(bin))); err == nil && major > newest {
			best, newest = bin, major
		}
	}
	if best != "" {
		return best, nil
	}
	initdb, err := exec.LookPath("initdb")
	if err != nil {
		return "", fmt.Errorf("no PostgreSQL server programs: install Debian's postgresql, or set %s to their folder", binariesEnv)
	}
	return filepath.Dir(initdb), nil
}

// supervise makes a server in folder $1 with the programs in $2 on port $3, and
// removes everything when its standard input ends: the test process holds the
// other end, so that happens however that process ends. The signal is repeated,
// for a server that has only begun to start ignores it. $4 is a data folder to copy, if
// it is there and ours; else "made" in $1 becomes one.
const supervise = `
exec 3<&0 </dev/null
umask 077
if [ -O "$4" ] && [ -f "$4/PG_VERSION" ]; then
	cp -R "$4" "$1/data"
else
	"$2/initdb" --no-sync --auth=trust --username=skytower --encoding=UTF8 --locale=C --pgdata="$1/data" >&2 && cp -R "$1/data" "$1/made"
fi || { rm -rf "$1"; exit 1; }
"$2/postgres" -D "$1/data" -p "$3" -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
	-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c autovacuum=off -c jit=off \
	-c max_connections=300 -c shared_buffers=32MB -c dynamic_shared_memory_type=mmap -c wal_level=minimal -c max_wal_senders=0 3<&- &
server=$!
( cat <&3 >/dev/null; while kill -QUIT $server; do sleep 0.1; done ) 2>/dev/null &
exec 3<&-
wait $server
rm -rf "$1"
`

func launch(bin, made string) (*postgres, error) {
	folder, owner, err := makeFolder()
	if err != nil {
		return nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	log, err := unnamedFile()
	if err != nil {
		return nil, err
	}
	defer log.Close() //nolint:errcheck // the server has its own handle
	_, port, _ := strings.Cut(address, ":")
	cmd := exec.Command("/bin/sh", "-c", supervise, "sh", folder, bin, port, made)
	cmd.Dir = folder
	cmd.Stderr = log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: owner} // a session of its own: an interrupt is for the tests
	held, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	s := &postgres{address: address, folder: folder, held: held}
	if err := s.awaitReady(cmd.Process.Pid); err != nil {
		return nil, errors.Join(err, held.Close(), errors.New(tail(log)))
	}
	return s, nil
}

// makeFolder makes the server's folder, owned by whom it runs as.
func makeFolder() (string, *syscall.Credential, error) {
	folder, err := os.MkdirTemp(temporary(), "skytower-postgres-")
	if err != nil || os.Getuid() != 0 {
		return folder, nil, err
	}
	if err := os.Chown(folder, nobody, nobody); err != nil {
		return "", nil, err
	}
	return folder, &syscall.Credential{Uid: nobody, Gid: nobody}, nil
}

// temporary is the folder of what is temporary, as far as the server's user can enter it.
func temporary() string {
	dir := os.TempDir()
	if os.Getuid() == 0 && !isOpen(dir) {
		return "/tmp"
	}
	return dir
}

// isOpen reports whether every user can enter a folder.
func isOpen(dir string) bool {
	is, err := os.Stat(dir)
	if err != nil || is.Mode().Perm()&1 == 0 {
		return false
	}
	above := filepath.Dir(dir)
	return above == dir || isOpen(above)
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

func unnamedFile() (*os.File, error) {
	f, err := os.CreateTemp("", "skytower-postgres-*.log")
	if err != nil {
		return nil, err
	}
	return f, os.Remove(f.Name())
}

// awaitReady waits until the server answers, or its supervisor has ended. There
// is no goroutine in os/exec's Wait, for the sake of tests that count them.
func (s *postgres) awaitReady(supervisor int) error {
	ctx, cancel := context.WithTimeout(context.Background(), startPatience)
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		err := s.answers(ctx)
		if err == nil {
			return nil
		}
		ended, waitErr := syscall.Wait4(supervisor, nil, syscall.WNOHANG, nil)
		if waitErr != nil || ended == supervisor {
			return fmt.Errorf("the server ended: %w", errors.Join(err, waitErr))
		}
		select {
		case <-ctx.Done():
			return err
		case <-again.C:
		}
	}
}

// answers checks that our server answers, and not one of another test process
// that was quicker to take the port.
func (s *postgres) answers(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, s.url("postgres"))
	if err != nil {
		return err
	}
	var data string
	err = conn.QueryRow(ctx, "show data_directory").Scan(&data)
	if err == nil && data != filepath.Join(s.folder, "data") {
		err = errors.New("another server took the port")
	}
	return errors.Join(err, conn.Close(ctx))
}

// tail is the end of what the server said.
func tail(log *os.File) string {
	const most = 2000
	size, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return err.Error()
	}
	text := make([]byte, min(size, most))
	n, _ := log.ReadAt(text, size-int64(len(text))) // as much as there is
	return string(text[:n])
}
