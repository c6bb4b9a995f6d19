package scale

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"skytower/internal/store/storetest"
)

// database is a PostgreSQL server that may be stopped and started again. A commit is in
// its log before it is acknowledged; that the log is on the disk does not matter, since
// processes die here and no machine does.
type database struct {
	*child
	address string
	pool    *pgxpool.Pool // the test's own way in, past all faults
}

// nobody is who PostgreSQL runs as where the tests run as root.
const nobody = 65534

func newDatabase(t *testing.T, p *ports, logs string) *database {
	t.Helper()
	bin, err := storetest.FindPostgres()
	if err != nil {
		t.Fatal(err)
	}
	folder, owner := ownedFolder(t)
	data := filepath.Join(folder, "data")
	made := exec.Command(filepath.Join(bin, "initdb"), "--no-sync", "--auth=trust", "--username=skytower", "--encoding=UTF8", "--locale=C", "--pgdata="+data)
	made.Dir = folder
	bind(made, owner)
	if out, err := made.CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	d := &database{address: p.take(t)}
	_, port, _ := net.SplitHostPort(d.address)
	d.child = newChild(t, "postgres", logs, func() *exec.Cmd {
		cmd := exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-p", port,
			"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "full_page_writes=off",
			"-c", "jit=off", "-c", "max_connections=300", "-c", "shared_buffers=64MB", "-c", "dynamic_shared_memory_type=mmap")
		cmd.Dir = folder
		bind(cmd, owner)
		return cmd
	})
	d.start()
	d.open()
	return d
}

// ownedFolder makes a folder that PostgreSQL's user owns.
func ownedFolder(t *testing.T) (string, *syscall.Credential) {
	t.Helper()
	if os.Getuid() != 0 {
		return t.TempDir(), nil
	}
	folder, err := os.MkdirTemp("/tmp", "skytower-scale-postgres-") // TMPDIR may be a folder that only root can enter
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	if err := os.Chown(folder, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	return folder, &syscall.Credential{Uid: nobody, Gid: nobody}
}

// open waits until the server answers.
func (d *database) open() {
	d.t.Helper()
	config, err := pgxpool.ParseConfig(d.url(d.address))
	if err != nil {
		d.t.Fatal(err)
	}
	config.MaxConns = 4
	config.ConnConfig.RuntimeParams["application_name"] = "scale"
	pool, err := pgxpool.NewWithConfig(d.t.Context(), config)
	if err != nil {
		d.t.Fatal(err)
	}
	d.pool = pool
	d.t.Cleanup(pool.Close)
	d.awaitAnswer()
}

func (d *database) awaitAnswer() {
	await(d.t, "PostgreSQL answers", func() bool {
		ctx, cancel := context.WithTimeout(d.t.Context(), 5*time.Second)
		defer cancel()
		return d.pool.Ping(ctx) == nil
	}, d.tail)
}

// url is how a process reaches the database at an address.
func (d *database) url(address string) string {
	return "postgres://skytower@" + address + "/postgres?sslmode=disable"
}

// restart stops the server, fast (SIGINT) or at once as a crash does (SIGQUIT), and starts
// it again.
func (d *database) restart(s syscall.Signal) {
	_ = d.terminate(s)
	d.start()
	d.awaitAnswer()
}

// cutBackends ends the connections of others that the server has, but for the test's own.
func (d *database) cutBackends(ctx context.Context, most int) {
	_, err := d.pool.Exec(ctx, `select pg_terminate_backend(pid) from pg_stat_activity
		where backend_type = 'client backend' and pid <> pg_backend_pid() and application_name <> 'scale' order by random() limit $1`, most)
	if err != nil && ctx.Err() == nil {
		d.t.Errorf("end connections of PostgreSQL: %v", err)
	}
}

// number is the answer to a question whose answer is one number.
func (d *database) number(query string, args ...any) (n int64) {
	d.t.Helper()
	if err := d.pool.QueryRow(d.t.Context(), query, args...).Scan(&n); err != nil {
		d.t.Fatalf("%s: %v", query, err)
	}
	return n
}

// rows are all answers to a question, scanned by position.
func rows[T any](d *database, scan func(pgx.CollectableRow) (T, error), query string, args ...any) []T {
	d.t.Helper()
	found, err := d.pool.Query(d.t.Context(), query, args...)
	if err != nil {
		d.t.Fatalf("%s: %v", query, err)
	}
	all, err := pgx.CollectRows(found, scan)
	if err != nil {
		d.t.Fatalf("%s: %v", query, err)
	}
	return all
}

// cache is a Redis without a memory on disk: started again, it has forgotten everything.
type cache struct {
	*child
	address string
}

func newCache(t *testing.T, p *ports, logs string) *cache {
	t.Helper()
	r := &cache{address: p.take(t)}
	_, port, _ := net.SplitHostPort(r.address)
	folder := t.TempDir()
	r.child = newChild(t, "redis", logs, func() *exec.Cmd {
		cmd := exec.Command("redis-server", "--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no", "--dir", folder)
		bind(cmd, nil)
		return cmd
	})
	r.start()
	awaitPort(t, "Redis", r.address)
	return r
}

// storage is an S3-compatible server.
type storage struct {
	address string
	backend *s3mem.Backend
}

// bucket is where the fleet keeps its files.
const bucket = "skytower-files"

func newStorage(t *testing.T, p *ports) *storage {
	t.Helper()
	s := &storage{address: p.take(t), backend: s3mem.New()}
	if err := s.backend.CreateBucket(bucket); err != nil {
		t.Fatal(err)
	}
	serve(t, s.address, gofakes3.New(s.backend).Server())
	return s
}

// url is how a process reaches the bucket at an address.
func (s *storage) url(address string) string {
	return fmt.Sprintf("s3://%s?region=us-east-1&use_path_style=true&endpoint=http://%s", bucket, address)
}

// objects are the names of all that lies in the bucket.
func (s *storage) objects(t *testing.T) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	list, err := s.backend.ListBucket(bucket, nil, gofakes3.ListBucketPage{})
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range list.Contents {
		found[object.Key] = true
	}
	return found
}

// serve runs a handler on an address until the test ends.
func serve(t *testing.T, address string, handler http.Handler) *http.Server {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener) // it ends when it is closed
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	return server
}
