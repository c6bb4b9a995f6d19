package command

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"skytower/internal/config"
	"skytower/internal/provider"
)

func TestFilesAndProgress(t *testing.T) {
	t.Parallel()
	r := &try{}
	result, err := r.run(t, script(`
		echo progress 10; echo one; echo 'progress: 55.5%'; printf '%s\n' '{"progress":70,"log":"two\nthree"}'
		echo progress 20; echo "four in $PWD/x" >&2; echo '{"other":1}'; printf unended
		echo hello > out/b.txt; printf data > "{{out}}/a b.bin"; echo no > ignored`))
	if err != nil {
		t.Fatal(err)
	}
	got := files(t, result)
	if len(got) != 2 || got["b.txt"] != "hello\n" || got["a_b.bin"] != "data" || result.Text != nil || result.Took <= 0 {
		t.Errorf("files %q, text %v, took %v", got, result.Text, result.Took)
	}
	var percents []float64
	for _, p := range r.watch.news {
		if p.Percent > 0 {
			percents = append(percents, p.Percent)
		}
	}
	if !slices.Equal(percents, []float64{10, 55.5, 70}) {
		t.Errorf("progress %v", percents)
	}
	logs := r.watch.logs()
	slices.Sort(logs)
	if want := []string{"four in x", "one", "three", "two", "unended", `{"other":1}`}; !slices.Equal(logs, want) {
		t.Errorf("logs %q, want %q", logs, want)
	}
	if r.watch.overlap {
		t.Error("the watcher was called twice at a time")
	}
}

func TestInputComesAsJSON(t *testing.T) {
	t.Parallel()
	got := text(t, printed("cat"), `{"prompt":"a\u0000 <b> ü","n":1.50,"deep":{"big":123456789012345678901234567890}}`)
	if want := `{"deep":{"big":123456789012345678901234567890},"n":1.50,"prompt":"a\u0000 \u003cb\u003e ü"}`; !sameJSON(t, got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
	// A program that reads nothing is no failure, however long the input.
	long, _ := json.Marshal(map[string]string{"x": strings.Repeat("x", 1<<20)})
	if got := text(t, printed("echo done"), string(long)); got != "done" {
		t.Errorf("got %q", got)
	}
}

func sameJSON(t *testing.T, a, b string) bool {
	t.Helper()
	values := [2]any{}
	for i, text := range []string{a, b} {
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.UseNumber()
		if err := decoder.Decode(&values[i]); err != nil {
			t.Fatal(err)
		}
	}
	x, _ := json.Marshal(values[0])
	y, _ := json.Marshal(values[1])
	return string(x) == string(y)
}

// The text comes as it is written, no character cut in two, and ends without line ends.
func TestTextStreams(t *testing.T) {
	t.Parallel()
	r := &try{}
	result, err := r.run(t, printed(`printf 'gr\303'; printf '\274n\n'; printf '\n\nend\377\n\n'; echo log >&2`))
	if err != nil {
		t.Fatal(err)
	}
	var told strings.Builder
	for _, p := range r.watch.news {
		told.WriteString(p.Text)
	}
	if want := "grün\n\n\nend\uFFFD"; *result.Text != want || told.String() != want {
		t.Errorf("text %q, told %q, want %q", *result.Text, told.String(), want)
	}
	if logs := r.watch.logs(); !slices.Equal(logs, []string{"log"}) {
		t.Errorf("logs %q", logs)
	}
}

func TestEnvironmentIsOurs(t *testing.T) {
	t.Parallel()
	c := printed(`cd "{{scratch}}" && pwd && env | sort && ls`)
	c.Env = map[string]config.Secret{"EXTRA": "from the file", "LANG": "C"}
	lines := strings.Split(text(t, c, ""), "\n")
	work := lines[0]
	want := []string{work, "EXTRA=from the file", "HOME=" + work, "LANG=C", "PATH=/usr/local/bin:/usr/bin:/bin", "PWD=" + work, "TMPDIR=" + work, "in", "out"}
	// The shell adds PWD (and OLDPWD) for what it starts.
	lines = slices.DeleteFunc(lines, func(s string) bool { return strings.HasPrefix(s, "OLDPWD=") })
	if !slices.Equal(lines, want) {
		t.Errorf("got %q, want %q", lines, want)
	}
}

func TestRunsAsItsUser(t *testing.T) {
	t.Parallel()
	who, err := identify("")
	if err != nil {
		t.Fatal(err)
	}
	got := text(t, printed("id -u; id -g; grep -c . /proc/self/status >/dev/null; grep NoNewPrivs /proc/self/status; umask; ulimit -c; stat -c %a . out"), "")
	want := strings.Join([]string{strconv.Itoa(who.uid), strconv.Itoa(who.gid), "NoNewPrivs:\t1", "0077", "0", "700", "700"}, "\n")
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if os.Geteuid() == 0 {
		if who.uid == 0 || !who.isOther() {
			t.Errorf("root runs commands as %v", who)
		}
		if got := text(t, printed("id -G; cat /etc/shadow 2>/dev/null; touch in/x 2>/dev/null; ls in"), ""); got != strconv.Itoa(who.gid) {
			t.Errorf("the user has more groups, or reads or changes what it must not: %q", got)
		}
	}
}

func TestUsersThatCannotBe(t *testing.T) {
	t.Parallel()
	bad := printed("id")
	bad.User = "no-such-user-here"
	if _, err := New(Options{Commands: []config.Command{printed("id"), bad}}); err == nil || !strings.Contains(err.Error(), "commands[1].user: ") {
		t.Errorf("an unknown user: %v", err)
	}
	bad.User = "0"
	if _, err := New(Options{Commands: []config.Command{bad}}); err == nil {
		t.Error("root was taken")
	}
}

// A program in the network of the machine would reach this listener.
func TestNoNetwork(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	port := strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
	c := printed("")
	c.Argv = []config.Argument{{{Text: "bash"}}, {{Text: "-c"}}, {{Text: "exec 3<>/dev/tcp/127.0.0.1/" + port + " && echo reached"}}}
	r := &try{}
	_, err = r.run(t, c)
	if !isolated(t) {
		if err != nil {
			t.Errorf("this system has no namespaces for us, and still: %v", err)
		}
	} else {
		fails(t, err, provider.Failed, "unreachable")
	}
	c.Network = true
	if result, err := (&try{}).run(t, c); err != nil || *result.Text != "reached" {
		t.Errorf("with network: %v", err)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		script string
		set    func(*config.Command)
		want   string
	}{
		"time":           {"sleep 1000", func(c *config.Command) { c.Limits.Time = 50 * time.Millisecond }, "did not finish within 50ms"},
		"processor time": {"while :; do :; done", func(c *config.Command) { c.Limits.CPU = time.Second }, "more than 1s of processor time"},
		"memory":         {"dd if=/dev/zero of=/dev/null bs=200M count=1", func(c *config.Command) { c.Limits.Memory = 64 << 20 }, "memory"},
		"one large file": {"exec cat /dev/zero > out/x", nil, "wrote more than 1048576 bytes"},
		"much text":      {"yes", nil, "wrote more than 1048576 bytes"},
		"many logs":      {"yes >&2", nil, "wrote more than 1048576 bytes"},
		"many files":     {"for i in 1 2 3 4 5; do echo > out/$i; done", nil, "more than 4 output files"},
		"all files":      {"for i in 1 2 3; do head -c 500000 /dev/zero > out/$i; done", nil, "wrote more than 1048576 bytes"},
		"files as it works": {"for i in 1 2 3; do head -c 500000 /dev/zero > tmp$i; done; sleep 1000",
			nil, "wrote more than 1048576 bytes"},
		"processes": {"for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 1000 & done; echo all started", func(c *config.Command) { c.Limits.Processes = 6 }, "fork"},
	} {
		if name == "processes" && !isolated(t) {
			continue // counted over all runs of the user, other tests' ones too
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := script(test.script)
			if test.set != nil {
				test.set(&c)
			}
			r := &try{}
			_, err := r.run(t, c)
			fails(t, err, provider.Failed, test.want)
			if t.Failed() {
				t.Logf("logs %q", r.watch.logs()[max(0, len(r.watch.logs())-3):])
			}
		})
	}
}

func TestLogsAreBounded(t *testing.T) {
	t.Parallel()
	r := &try{}
	if _, err := r.run(t, printed("seq 1 5000 >&2; head -c 10000 /dev/zero | tr '\\0' x >&2")); err != nil {
		t.Fatal(err)
	}
	logs := r.watch.logs()
	if len(logs) != maxLines || logs[len(logs)-1] != leftOut || logs[0] != "1" {
		t.Errorf("%d lines, the last is %q", len(logs), logs[len(logs)-1])
	}
	r = &try{}
	if _, err := r.run(t, printed("head -c 10000 /dev/zero | tr '\\0' x >&2; echo >&2; echo next >&2")); err != nil {
		t.Fatal(err)
	}
	if logs := r.watch.logs(); len(logs) != 2 || len(logs[0]) != maxLine+len("…") || logs[1] != "next" {
		t.Errorf("%d lines", len(logs))
	}
}

// survivors is a script whose processes do what they can to outlive it: no reaction to
// signals, no parent, and, where we promise that it does not help, another session. All
// of them hold the FIFO.
func survivors(t *testing.T, pipe string) string {
	t.Helper()
	away := "setsid"
	if !isolated(t) {
		away = ""
	}
	return `exec 9>` + pipe + `; ` + away + ` sh -c 'trap "" TERM HUP; (` + away + ` sleep 1000 &) ; echo ready; sleep 1000' & trap "" TERM; sleep 1000; sleep 1000`
}

func TestCancelKillsTheWholeTree(t *testing.T) {
	t.Parallel()
	pipe := fifo(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	r := &try{ctx: ctx}
	r.watch.on = func(p provider.Progress) {
		if slices.Contains(p.Logs, "ready") {
			cancel(provider.ErrHandBack)
		}
	}
	end := make(chan error, 1)
	go func() {
		reader, err := os.Open(pipe)
		if err == nil {
			_, err = io.Copy(io.Discard, reader)
			err = errors.Join(err, reader.Close())
		}
		end <- err
	}()
	_, err := r.run(t, script(survivors(t, pipe)))
	fails(t, err, provider.Cancelled, "")
	if !errors.Is(err, provider.ErrHandBack) {
		t.Errorf("the cause is lost: %v", err)
	}
	if err := <-end; err != nil {
		t.Error(err)
	}
}

// What a program leaves behind when it ends by itself dies with it.
func TestNothingOutlivesTheProgram(t *testing.T) {
	t.Parallel()
	pipe := fifo(t)
	end := make(chan error, 1)
	go func() {
		reader, err := os.Open(pipe)
		if err == nil {
			_, err = io.Copy(io.Discard, reader)
			err = errors.Join(err, reader.Close())
		}
		end <- err
	}()
	if got := text(t, printed("exec 9>"+pipe+"; sleep 1000 & echo done"), ""); got != "done" {
		t.Errorf("got %q", got)
	}
	if err := <-end; err != nil {
		t.Error(err)
	}
}

func TestCancelledBeforeItStarts(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := (&try{ctx: ctx}).run(t, script("echo > out/x"))
	fails(t, err, provider.Cancelled, "")
}

// A program that handles SIGTERM gets the time to do so.
func TestTermComesFirst(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r := &try{ctx: ctx}
	r.watch.on = func(p provider.Progress) {
		if slices.Contains(p.Logs, "ready") {
			cancel()
		}
	}
	_, err := r.run(t, script(`trap 'echo tidied; exit 3' TERM; echo ready; while :; do sleep 1000 & wait; done`))
	fails(t, err, provider.Cancelled, "")
	if logs := r.watch.logs(); !slices.Contains(logs, "tidied") {
		t.Errorf("logs %q", logs)
	}
}

// When the server is killed, its programs die too, and what they started.
func TestProgramsDieWithUs(t *testing.T) {
	t.Parallel()
	pipe := fifo(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	server := exec.Command(self, hostRole, pipe, folderFor(t))
	server.Stderr = os.Stderr
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(pipe) // returns when the program has opened it
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	reader := bufio.NewReader(file)
	if _, err := reader.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if err := server.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = server.Wait()
	if _, err := io.Copy(io.Discard, reader); err != nil {
		t.Error(err)
	}
}

// host runs a command until this process is killed.
func host(pipe, dir string) {
	c := script("exec 9>" + pipe + "; sleep 1000 & (setsid sleep 1000 &); echo ready >&9; wait")
	p, err := New(Options{Commands: []config.Command{c}})
	if err == nil && !p.programs[c.Name].box.isFirst() {
		// Without namespaces only the program itself dies with us.
		p.programs[c.Name].Argv = script("exec 9>" + pipe + "; echo ready >&9; exec sleep 1000").Argv
	}
	if err == nil {
		_, err = p.Predict(context.Background(), &provider.Run{
			Model: c.Name, Input: json.RawMessage("{}"), Watch: &listener{}, Scratch: func() (string, error) { return os.MkdirTemp(dir, "") },
		})
	}
	println("the host ended by itself:", err.Error())
}

func TestFailures(t *testing.T) {
	t.Parallel()
	_, err := (&try{}).run(t, script("echo going well; echo 'bad: '$PWD/in/x >&2; echo >&2; exit 7"))
	fails(t, err, provider.Failed, "The program failed (exit status 7): bad: in/x")
	_, err = (&try{}).run(t, script("kill -KILL $$; (kill -KILL $(sh -c 'echo $PPID')); exit 9"))
	fails(t, err, provider.Failed, "The program failed (")
	_, err = (&try{}).run(t, script("exit 0"))
	fails(t, err, provider.Failed, "The program made no output.")

	missing := script("")
	missing.Argv[0] = config.Argument{{Text: "no-such-program-here"}}
	_, err = (&try{}).run(t, missing)
	fails(t, err, provider.Broken, "")
	var log strings.Builder
	p, err := New(Options{Commands: []config.Command{missing}, Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil || !strings.Contains(log.String(), "no-such-program-here") {
		t.Errorf("a missing program: %v, the log says %q", err, log.String())
	}
	// Found, and still no program: execve itself refuses.
	path := filepath.Join(folderFor(t), "no-format")
	if err := os.WriteFile(path, []byte("\x00\x01"), 0o755); err != nil {
		t.Fatal(err)
	}
	missing.Argv[0] = config.Argument{{Text: path}}
	_, err = (&try{}).run(t, missing)
	fails(t, err, provider.Broken, "")
	if !strings.Contains(err.Error(), "exec format error") {
		t.Errorf("got %v", err)
	}

	_, err = p.Predict(t.Context(), &provider.Run{Model: "unheard-of"})
	fails(t, err, provider.Denied, "")
}

// Where a folder above the run's one is closed to the program's user, as t.TempDir's
// is, the program works elsewhere, and nothing is left there.
func TestClosedFolder(t *testing.T) {
	t.Parallel()
	r := &try{scratch: t.TempDir()}
	result, err := r.run(t, script("pwd > out/where; echo $HOME >> out/where"))
	if err != nil {
		t.Fatal(err)
	}
	where := strings.Split(files(t, result)["where"], "\n")
	if len(where) != 3 || where[0] != where[1] {
		t.Fatalf("the program was in %q", where)
	}
	if os.Geteuid() == 0 {
		if _, err := os.Stat(where[0]); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is still there: %v", where[0], err)
		}
	}
}

func TestCards(t *testing.T) {
	t.Parallel()
	c := script("")
	c.Title, c.Description = "Tried", "For a test."
	d := printed("")
	cards := Cards([]config.Command{c, d})
	if got := cards[0]; got.Slug != "tried" || got.Name != "Tried" || got.Description != "For a test." || got.Type != "image" ||
		got.Deadline != 2*time.Minute || got.Concurrency != 2 || string(got.InputSchema) != `{"type":"object"}` || !strings.Contains(string(got.OutputSchema), "array") {
		t.Errorf("got %+v", got)
	}
	if string(cards[1].OutputSchema) != textSchema {
		t.Errorf("the output of text is %s", cards[1].OutputSchema)
	}
}

// Where this machine gives namespaces to anybody like us, programs get them.
func TestNamespacesAreUsed(t *testing.T) {
	t.Parallel()
	arguments := []string{"--net", "--pid", "--ipc", "--fork", "true"}
	if os.Geteuid() != 0 {
		arguments = append([]string{"--user"}, arguments...)
	}
	if exec.Command("unshare", arguments...).Run() == nil && !isolated(t) {
		t.Error("programs have no namespaces of their own, though this system gives them")
	}
}
