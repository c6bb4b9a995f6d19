package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"
)

// bench is a run: its servers and its temporary folder.
type bench struct {
	settings
	dir      string
	mock     *target
	targets  []*target // all, the mock first
	secure   *target   // the mock over TLS; nil: not needed
	proxied  *target   // the reference in front of it
	servers  []*skytower
	postgres *postgres
	redis    *redis
	stop     <-chan os.Signal
}

var errInterrupted = errors.New("interrupted")

// begin starts every server. What it returns must be ended even after an error.
func (s settings) begin(chosen []scenario) (*bench, error) {
	b := &bench{settings: s, mock: mockTarget(), stop: interrupted()}
	var err error
	if b.dir, err = os.MkdirTemp("", "skytower-bench-"); err != nil {
		return b, fmt.Errorf("make a folder: %w", err)
	}
	if err := b.mock.up(); err != nil {
		return b, err
	}
	b.targets = []*target{b.mock, referenceTarget(b.mock, max(s.slowStreams, busy))}
	if slices.ContainsFunc(chosen, func(s scenario) bool { return s.tls }) {
		if err := b.addTLS(); err != nil {
			return b, err
		}
	}
	if !s.without {
		if err := b.addSkytower(); err != nil {
			return b, err
		}
	}
	for _, t := range b.targets[1:] {
		progress("starting %s", t.name)
		if err := t.up(); err != nil {
			return b, err
		}
	}
	return b, nil
}

// addTLS starts the mock and the reference once more, with TLS between them.
func (b *bench) addTLS() error {
	b.secure = secureMockTarget(b.certificate())
	if err := b.secure.up(); err != nil {
		return err
	}
	b.proxied = secureReferenceTarget(b.secure, b.certificate(), busy)
	return b.proxied.up()
}

// certificate is the file with the certificate of the mock over TLS, which the servers in front of it trust.
func (b *bench) certificate() string { return filepath.Join(b.dir, "mock.pem") }

func (b *bench) addSkytower() error {
	if err := b.addServer(nameSkytower, b.binary, false); err != nil {
		return err
	}
	if b.other != "" {
		if err := b.addServer(nameOther, b.other, false); err != nil {
			return err
		}
	}
	if b.database != "postgres" {
		return nil
	}
	progress("starting PostgreSQL")
	var err error
	if b.postgres, err = startPostgres(); err != nil {
		return err
	}
	settings, also := b.postgres.settings(), []int{b.postgres.process.pid()}
	if b.withRedis {
		progress("starting Redis")
		if b.redis, err = startRedis(b.dir); err != nil {
			return err
		}
		settings, also = append(settings, "SKYTOWER_REDIS=redis://"+b.redis.address), append(also, b.redis.process.pid())
	}
	if err := b.addServer(namePostgres, b.binary, true, settings...); err != nil {
		return err
	}
	b.targets[len(b.targets)-1].also = also
	return nil
}

func (b *bench) addServer(name, binary string, shared bool, env ...string) error {
	binary, err := filepath.Abs(binary)
	if err != nil {
		return fmt.Errorf("find the server: %w", err)
	}
	progress("preparing %s", name)
	upstreams := []string{"http://" + b.mock.address}
	if b.secure != nil {
		upstreams = append(upstreams, "https://"+b.secure.address)
		env = append(env, "SSL_CERT_FILE="+b.certificate())
	}
	server, err := newSkytower(name, binary, filepath.Join(b.dir, name), env...)
	if err != nil {
		return err
	}
	t, err := server.target(upstreams, shared)
	if err != nil {
		return err
	}
	b.targets, b.servers = append(b.targets, t), append(b.servers, server)
	return nil
}

// end stops every server, those in front first, and removes the folder.
func (b *bench) end() {
	for i := len(b.targets) - 1; i > 0; i-- {
		b.targets[i].down()
	}
	b.proxied.down()
	b.secure.down()
	b.mock.down()
	b.redis.stop()
	b.postgres.stop()
	if b.dir != "" {
		_ = os.RemoveAll(b.dir) // a leftover in the temporary folder is no failure of the measurement
	}
}

func (b *bench) run(chosen []scenario) (report, error) {
	r := report{
		Machine: describeMachine(runtime.NumCPU()), Go: runtime.Version(), Began: time.Now().UTC(),
		Rounds: b.rounds, Seconds: b.seconds,
	}
	for _, s := range chosen {
		progress("%s: %s", s.name, s.about)
		figures, err := b.measured(s)
		if err != nil {
			return r, fmt.Errorf("%s: %w", s.name, err)
		}
		r.Figures = append(r.Figures, figures...)
	}
	return r, b.profiles(chosen)
}

// measured runs one scenario.
func (b *bench) measured(s scenario) ([]figures, error) {
	var out []figures
	if s.base != nil {
		for _, t := range b.targets[min(2, len(b.targets)):] {
			f, err := b.compareWithBase(s, t)
			if err != nil {
				return nil, err
			}
			out = append(out, f)
		}
		return out, nil
	}
	targets := b.of(s)
	rounds, err := b.scenario(s, targets)
	if err != nil {
		return nil, err
	}
	for _, t := range targets {
		if len(rounds[t]) > 0 {
			out = append(out, s.summarise(t.name, rounds[t], rounds[targets[1]]))
		}
	}
	return out, b.addCommits(s, out)
}

// of are the targets that a scenario visits, the mock and the reference first.
func (b *bench) of(s scenario) []*target {
	if !s.tls {
		return b.targets
	}
	return append([]*target{b.secure, b.proxied}, b.targets[2:]...)
}

// compareWithBase visits one target with the scenario and with what it is compared with, in turns.
func (b *bench) compareWithBase(s scenario, t *target) (figures, error) {
	var base, rounds []outcome
	for range b.rounds {
		for _, each := range []struct {
			s  scenario
			to *[]outcome
		}{{*s.base, &base}, {s, &rounds}} {
			o, err := b.visit(each.s, t, b.seconds)
			if err != nil {
				return figures{}, err
			}
			*each.to = append(*each.to, o)
		}
	}
	return s.summarise(t.name, rounds, base), nil
}

// scenario visits the targets in turns, each round beginning with the next one, so that a drift of the machine
// falls on no target more than on another.
func (b *bench) scenario(s scenario, targets []*target) (map[*target][]outcome, error) {
	if s.slow {
		return b.slowScenario(s)
	}
	rounds := make(map[*target][]outcome)
	for round := range b.rounds {
		for i := range targets {
			t := targets[(round+i)%len(targets)]
			if s.tls && t == b.secure {
				continue // the load generator speaks no TLS
			}
			o, err := b.visit(s, t, b.seconds)
			if err != nil {
				return nil, err
			}
			rounds[t] = append(rounds[t], o)
		}
	}
	return rounds, nil
}

// slowScenario gives each proxy one visit as a fresh process. The mock itself has no memory worth comparing.
func (b *bench) slowScenario(s scenario) (map[*target][]outcome, error) {
	rounds := make(map[*target][]outcome)
	for _, t := range b.targets[1:] {
		if err := t.fresh(); err != nil {
			return nil, err
		}
		o, err := b.visit(s, t, b.slowSeconds)
		if err != nil {
			return nil, err
		}
		rounds[t] = []outcome{o}
	}
	return rounds, nil
}

func (b *bench) visit(s scenario, t *target, seconds float64) (outcome, error) {
	select {
	case <-b.stop:
		return outcome{}, errInterrupted
	default:
	}
	mock := b.mock
	if s.tls {
		mock = b.secure
	}
	o, err := runJob(t.job(s, mock, time.Duration(seconds*float64(time.Second))))
	if err != nil {
		return o, fmt.Errorf("%s: %w", t.name, err)
	}
	note := ""
	if o.Errors > 0 {
		note = fmt.Sprintf("  %d errors: %s", o.Errors, o.FirstError)
	}
	progress("  %-18s %9.1f us  %8.0f/s  p50 %.3f ms%s", t.name, s.cpu(0)(o), s.rate(o), millis(o.P50), note)
	return o, nil
}
