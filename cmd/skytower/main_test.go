package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"skytower/internal/app"
	"skytower/internal/jobs/jobstest"
)

// patience bounds what waits for another process. Nothing depends on its length.
const patience = 3 * time.Minute

func TestMain(m *testing.M) {
	app.Child()
	testscript.Main(tests{m}, map[string]func(){"skytower": main})
}

// tests run, and leave no program behind.
type tests struct{ *testing.M }

func (t tests) Run() int {
	defer os.RemoveAll(built.folder)
	defer os.RemoveAll(earlier.folder)
	return t.M.Run()
}

// TestScripts plays the stories in testdata/script with the real program. Their servers
// run under the race detector; the hundred short-lived clients, which mostly start and
// end, are the program as people run it. Further commands:
//
//	server start [FLAG…]   serve on a free port; sets SKYTOWER_URL when it answers
//	server stop            end it; what it wrote is then in server.out, server.err
//	exits CODE ARG…        run skytower and compare its exit code
//	upstream MODEL…        an upstream that lists these models; sets UPSTREAM
//	container FILE         a Cog container that describes itself so; sets CONTAINER
//	keep NAME              put the last standard output into a variable
//	fetch STATUS PATH KEY  GET from the server with an API key; answer to body.json
func TestScripts(t *testing.T) {
	t.Parallel()
	clients := filepath.Dir(buildProgram(t))
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", RequireUniqueNames: true,
		Setup: func(env *testscript.Env) error {
			if err := migrated(t, env); err != nil {
				return err
			}
			env.Setenv("PATH", clients+string(filepath.ListSeparator)+env.Getenv("PATH"))
			s := &server{}
			env.Values[serverKey{}] = s
			env.Defer(s.kill)
			// Where the tests run as root, commands run as another user, who must get through.
			return os.Chmod(filepath.Dir(env.WorkDir), 0o711)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"server": serverCommand, "exits": exits, "upstream": upstream, "container": container, "keep": keep, "fetch": fetch,
		},
	})
}

// migrated gives each story but that of the first start a database with all tables, and
// nothing else, where the server would make one: under the race detector, making it takes
// longer than most stories.
func migrated(t *testing.T, env *testscript.Env) error {
	if filepath.Base(env.WorkDir) == "script-first_start" {
		return nil
	}
	content, err := os.ReadFile(strings.TrimPrefix(jobstest.SQLite(t), "sqlite:"))
	if err != nil {
		return err
	}
	data := filepath.Join(env.WorkDir, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(data, "skytower.db"), content, 0o600)
}

type serverKey struct{}

// server is the one server of a script.
type server struct {
	process *exec.Cmd
	drained chan struct{} // closed when its standard error has ended
}

func serverCommand(ts *testscript.TestScript, neg bool, args []string) {
	s, ok := ts.Value(serverKey{}).(*server)
	if neg || !ok || len(args) == 0 {
		ts.Fatalf("usage: server start [FLAG…] | server stop")
	}
	switch args[0] {
	case "start":
		s.start(ts, args[1:])
	case "stop":
		s.stop(ts)
	default:
		ts.Fatalf("server: unknown act %s", args[0])
	}
}

func (s *server) start(ts *testscript.TestScript, flags []string) {
	program, err := exec.LookPath("skytower") // in our own PATH, so that it is this binary
	ts.Check(err)
	flags = append([]string{"serve", "--listen", "127.0.0.1:0", "--operations-listen", "off", "--offer-ollama=false", "--drain-delay", "0"}, flags...)
	s.process = exec.Command(program, flags...)
	s.process.Dir = ts.MkAbs(".")
	s.process.Env = []string{"HOME=" + ts.Getenv("HOME"), "PATH=" + ts.Getenv("PATH"), "TMPDIR=" + ts.Getenv("TMPDIR")}
	s.process.Stdout = create(ts, "server.out")
	log := create(ts, "server.err")
	lines, err := s.process.StderrPipe()
	ts.Check(err)
	ts.Check(s.process.Start())
	address := make(chan string, 1)
	s.drained = make(chan struct{})
	go func() {
		defer close(s.drained)
		defer close(address)
		watch(lines, log, address)
	}()
	select {
	case at, ok := <-address:
		if !ok {
			ts.Fatalf("the server ended before it served:\n%s", ts.ReadFile("server.err"))
		}
		ts.Setenv("SKYTOWER_URL", at)
	case <-time.After(patience):
		ts.Fatalf("the server does not serve:\n%s", ts.ReadFile("server.err"))
	}
}

func create(ts *testscript.TestScript, name string) *os.File {
	file, err := os.Create(ts.MkAbs(name))
	ts.Check(err)
	ts.Defer(func() { file.Close() })
	return file
}

// watch keeps the log and tells the address once it says that it serves.
func watch(lines io.Reader, log io.Writer, address chan<- string) {
	scanner := bufio.NewScanner(lines)
	for scanner.Scan() {
		log.Write(append(scanner.Bytes(), '\n'))
		var line struct{ Msg, API string }
		if json.Unmarshal(scanner.Bytes(), &line) == nil && line.Msg == "serving" {
			address <- strings.TrimSuffix(line.API, "/v1")
		}
	}
}

func (s *server) stop(ts *testscript.TestScript) {
	if s.process == nil {
		ts.Fatalf("no server was started")
	}
	ts.Check(s.process.Process.Signal(syscall.SIGTERM))
	<-s.drained
	err := s.process.Wait()
	s.process = nil
	if err != nil {
		ts.Fatalf("the server ended with %v:\n%s", err, ts.ReadFile("server.err"))
	}
}

// kill ends the server of a script that failed.
func (s *server) kill() {
	if s.process == nil {
		return
	}
	_ = s.process.Process.Kill()
	<-s.drained
	_ = s.process.Wait()
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: exits CODE ARG…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec("skytower", args[1:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("skytower exited with %d, not %d", got, want)
	}
}

func upstream(ts *testscript.TestScript, neg bool, models []string) {
	type model struct {
		ID      string `json:"id"`
		Object  string `json:"object"`
		OwnedBy string `json:"owned_by"`
	}
	list := []model{}
	for _, id := range models {
		list = append(list, model{id, "model", "a mock"})
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/models", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(map[string]any{"object": "list", "data": list})
	})
	s := httptest.NewServer(mux)
	ts.Defer(s.Close)
	ts.Setenv("UPSTREAM", s.URL+"/v1")
}

func container(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: container FILE")
	}
	description := ts.ReadFile(args[0])
	mux := http.NewServeMux()
	mux.HandleFunc("GET /openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, description)
	})
	s := httptest.NewServer(mux)
	ts.Defer(s.Close)
	ts.Setenv("CONTAINER", s.URL)
}

func keep(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: keep NAME")
	}
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile("stdout")))
}

func fetch(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: fetch STATUS PATH KEY")
	}
	r, err := http.NewRequest(http.MethodGet, ts.Getenv("SKYTOWER_URL")+args[1], nil)
	ts.Check(err)
	r.Header.Set("X-Api-Key", args[2])
	reply, err := http.DefaultClient.Do(r)
	ts.Check(err)
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("body.json"), body, 0o600))
	if strconv.Itoa(reply.StatusCode) != args[0] {
		ts.Fatalf("%s: %s, not %s: %s", args[1], reply.Status, args[0], body)
	}
}
