package main

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

// The roles in which this program runs itself again.
const (
	roleMock      = "mock"
	roleReference = "refproxy"
	roleLoad      = "load"
)

// The targets as they are reported.
const (
	nameMock      = "mock"
	nameReference = "reverseproxy"
	nameSkytower  = "skytower"
	namePostgres  = "skytower-postgres"
	nameOther     = "skytower-other"
)

// warmUp comes before each measured part, on the same connections.
const warmUp = 200 * time.Millisecond

func main() {
	runtime.LockOSThread() // see dieWithParent
	if err := runAs(os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func runAs(args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case roleMock:
			return beMock(args[1:])
		case roleReference:
			return beReference(args[1:])
		case roleLoad:
			return beLoad()
		}
	}
	s, err := parseSettings(args)
	if err != nil {
		return err
	}
	return s.measure(os.Stdout)
}

// beMock serves plain HTTP, or TLS if it is given a file to leave its certificate in.
func beMock(args []string) error {
	serve := newMock().serve
	if len(args) == 1 {
		config, err := selfSigned(args[0])
		if err != nil {
			return err
		}
		return serveRole(func(l net.Listener) error { return serve(tls.NewListener(l, config)) }, os.Stdout)
	}
	return serveRole(serve, os.Stdout)
}

func beReference(args []string) error {
	if len(args) != 2 && len(args) != 3 {
		return errors.New("refproxy needs the upstream's address, the number of connections, and for TLS the file of a certificate")
	}
	upstream, err := url.Parse(args[0])
	if err != nil {
		return fmt.Errorf("upstream: %w", err)
	}
	connections, err := strconv.Atoi(args[1])
	if err != nil {
		return fmt.Errorf("connections: %w", err)
	}
	handler := newReference(upstream, connections)
	if len(args) == 3 {
		if err := handler.trust(args[2]); err != nil {
			return err
		}
	}
	return serveRole(func(l net.Listener) error { return serveReference(l, handler) }, os.Stdout)
}

func beLoad() error {
	var j job
	if err := json.NewDecoder(os.Stdin).Decode(&j); err != nil {
		return fmt.Errorf("decode job: %w", err)
	}
	o, err := j.run()
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(o)
}

// settings are the command line.
type settings struct {
	rounds      int
	seconds     float64
	slowSeconds float64
	slowStreams int
	scenarios   string
	database    string
	binary      string
	other       string
	skipBuild   bool
	without     bool
	withRedis   bool
	jsonFile    string
	profile     string
	replicas    int
	rate        float64
}

func parseSettings(args []string) (settings, error) {
	var s settings
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.IntVar(&s.rounds, "rounds", 7, "rounds; each visits every target once")
	f.Float64Var(&s.seconds, "seconds", 1, "measured seconds of each target in each round")
	f.IntVar(&s.slowStreams, "slow-streams", 2000, "how many slow streams are open at once")
	f.Float64Var(&s.slowSeconds, "slow-seconds", 6, "how long they are watched")
	f.StringVar(&s.scenarios, "scenarios", "", "comma-separated: "+scenarioNames()+" (default all)")
	f.StringVar(&s.database, "database", "sqlite", "sqlite, or postgres for a second server on a PostgreSQL started here")
	f.BoolVar(&s.withRedis, "redis", false, "with -database postgres: limits in a Redis started here")
	f.StringVar(&s.binary, "binary", filepath.Join("bin", "skytower"), "the server under test, built first unless -skip-build")
	f.StringVar(&s.other, "other", "", "another Skytower binary, measured in the same rounds: to see what a change does")
	f.BoolVar(&s.skipBuild, "skip-build", false, "measure the binary as it is")
	f.BoolVar(&s.without, "without-skytower", false, "measure only the mock and the reference proxy")
	f.StringVar(&s.jsonFile, "json", "", "also write every round's figures to this file")
	f.IntVar(&s.replicas, "replicas", 0, "instead of all else: 1 to this many servers on one PostgreSQL and Redis, each under the same load")
	f.Float64Var(&s.rate, "rate", 200, "with -replicas: requests a second of each server where CPU time is compared")
	f.StringVar(&s.profile, "profile", "", "folder for a CPU profile of Skytower in each scenario, taken in a run of its own")
	f.Usage = func() {
		fmt.Fprintln(f.Output(), "usage: bench [flags], in the project's root folder")
		f.PrintDefaults()
	}
	if err := f.Parse(args); err != nil {
		return s, err
	}
	return s, s.validate(f.NArg())
}

func (s settings) validate(rest int) error {
	switch {
	case rest > 0:
		return errors.New("only flags are expected, see -help")
	case s.rounds < 1 || s.seconds <= 0 || s.slowSeconds <= 0 || s.slowStreams < 1:
		return errors.New("rounds, seconds and slow streams must be positive")
	case s.replicas < 0 || s.rate <= 0:
		return errors.New("replicas and their rate must be positive")
	case s.withRedis && s.database != "postgres":
		return errors.New("-redis needs -database postgres: one process alone keeps its limits itself")
	case s.database != "sqlite" && s.database != "postgres":
		return fmt.Errorf("unknown database %q", s.database)
	}
	return nil
}

// measure runs everything and reports. It fails when any answer failed, after it has reported.
func (s settings) measure(out io.Writer) error {
	chosen, err := choose(scenarios(s.slowStreams), s.scenarios)
	if err != nil {
		return err
	}
	if !s.skipBuild && !s.without {
		progress("building %s", s.binary)
		if err := run(exec.Command("go", "build", "-o", s.binary, "./cmd/skytower")); err != nil {
			return err
		}
	}
	if s.replicas > 0 {
		return s.measureReplicas(out)
	}
	b, err := s.begin(chosen)
	defer b.end()
	if err != nil {
		return err
	}
	r, err := b.run(chosen)
	if err != nil {
		return err
	}
	return s.publish(r, out)
}

func (s settings) publish(r report, out io.Writer) error {
	if s.jsonFile != "" {
		text, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			return fmt.Errorf("encode figures: %w", err)
		}
		if err := os.WriteFile(s.jsonFile, append(text, '\n'), 0o644); err != nil {
			return fmt.Errorf("write figures: %w", err)
		}
	}
	if err := r.table(out); err != nil {
		return err
	}
	fmt.Fprintln(out)
	r.lines(out)
	if count, first := r.failures(); count > 0 {
		return fmt.Errorf("%d answers failed; the first: %s", count, first)
	}
	return nil
}

func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
}

// interrupted is closed when the user asks for the end, so that servers and folders are cleaned up.
func interrupted() <-chan os.Signal {
	c := make(chan os.Signal, 1)
	signal.Notify(c, os.Interrupt, syscall.SIGTERM)
	return c
}
