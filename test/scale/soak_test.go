package scale

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"skytower/internal/app"
	"skytower/internal/config"
	"skytower/internal/skytells"
)

// soak holds many streams open at one server, while some of them end, others begin and
// clients hang up.
type soak struct {
	t        *testing.T
	c        *client
	who      *customer
	streams  int
	stopping context.Context
	stop     context.CancelFunc
	all      sync.WaitGroup
}

func newSoak(t *testing.T, base, key string, transport *http.Transport, streams int) *soak {
	s := &soak{t: t, streams: streams, who: &customer{name: rich, key: key}}
	s.c = &client{base: base, http: &http.Client{Transport: transport}, diary: newDiary()}
	s.stopping, s.stop = context.WithCancel(t.Context())
	t.Cleanup(func() {
		s.stop()
		s.all.Wait()
	})
	return s
}

// begin opens the streams, over some seconds so that they do not all move at once.
func (s *soak) begin() {
	for i := range s.streams {
		random := rand.New(rand.NewPCG(uint64(i), 8)) //nolint:gosec // to be the same again
		first := time.Duration(random.IntN(pick(1000, 10_000))) * time.Millisecond
		s.all.Go(func() {
			if !pause(s.stopping, first) {
				return
			}
			for s.stopping.Err() == nil {
				s.one(random)
			}
		})
	}
	for i := range 2 {
		random := rand.New(rand.NewPCG(uint64(i), 9)) //nolint:gosec // to be the same again
		s.all.Go(func() {
			for pause(s.stopping, 50*time.Millisecond) {
				one := &call{script: script{nonce: s.c.diary.nonces.Add(1), tokens: 1 + random.IntN(100), mood: fast}, kind: "plain", who: s.who, model: book}
				s.c.text(s.stopping, one, "/v1/chat/completions", chat(one.script, book, false), 0)
				s.forget(one)
			}
		})
	}
}

// one is a stream of some tokens, two seconds apart; one client in four leaves before its end.
func (s *soak) one(random *rand.Rand) {
	one := &call{script: script{nonce: s.c.diary.nonces.Add(1), tokens: 2 + random.IntN(pick(6, 20)), mood: hold}, kind: "stream", who: s.who, model: book}
	leave := int64(0)
	if random.IntN(4) == 0 {
		leave = 1 + random.Int64N(int64(one.script.tokens))
	}
	s.c.text(s.stopping, one, "/v1/chat/completions", chat(one.script, book, true), leave)
	s.forget(one)
}

// forget lets the test itself stay small.
func (s *soak) forget(one *call) {
	s.c.diary.change(func() { delete(s.c.diary.calls, one.nonce) })
}

func (s *soak) end() {
	s.stop()
	s.all.Wait()
}

// sample is how large a process was at a time.
type sample struct {
	at         time.Duration
	goroutines float64
	resident   float64 // MiB
	heap       float64 // MiB of live objects and what is not yet collected
	open       float64 // streams
}

// slope is how much a value grows in a second, by least squares over the last two thirds,
// and its mean there.
func slope(samples []sample, value func(sample) float64) (perSecond, mean float64) {
	samples = samples[len(samples)/3:]
	n, sx, sy, sxx, sxy := float64(len(samples)), 0.0, 0.0, 0.0, 0.0
	for _, one := range samples {
		x, y := one.at.Seconds(), value(one)
		sx, sy, sxx, sxy = sx+x, sy+y, sxx+x*x, sxy+x*y
	}
	return (n*sxy - sx*sy) / (n*sxx - sx*sx), sy / n
}

// measure reads the numbers of a process.
func (f *fleet) measure(p *process, since time.Time) (s sample, err error) {
	res, err := f.watch.http.Get("http://" + p.operations + "/metrics")
	if err != nil {
		return s, err
	}
	defer res.Body.Close() //nolint:errcheck // read to its end
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return s, err
	}
	s.at = time.Since(since)
	s.goroutines, s.open = metric(text, "go_goroutines"), metric(text, "skytower_open_streams")
	// What the collector aims at is twice of what was alive at its last run, and has no saw teeth.
	s.heap = metric(text, "go_memstats_next_gc_bytes") / 2 / (1 << 20)
	s.resident = metric(text, "process_resident_memory_bytes") / (1 << 20)
	return s, nil
}

// metric finds a number among those for Prometheus; the one without labels.
func metric(text []byte, name string) float64 {
	for line := range bytes.Lines(text) {
		if rest, found := strings.CutPrefix(strings.TrimSpace(string(line)), name+" "); found {
			if n, err := strconv.ParseFloat(rest, 64); err == nil {
				return n
			}
		}
	}
	return math.NaN()
}

// goroutines is how many a process has, once nobody holds an idle connection to it.
func (f *fleet) goroutines(p *process) float64 {
	f.transport.CloseIdleConnections()
	s, err := f.measure(p, time.Now())
	if err != nil {
		return math.NaN()
	}
	return s.goroutines
}

// bound is how much a value may seem to grow over the whole time while it does not: the
// noise of collections, of chance in how many streams begin and end, and of samples.
type bound struct {
	name          string
	value         func(sample) float64
	share, amount float64
}

func bounds() []bound {
	return []bound{
		{"goroutines", func(s sample) float64 { return s.goroutines }, 0.03, 30},
		{"resident MiB", func(s sample) float64 { return s.resident }, pick(0.25, 0.05), 8},
		{"heap MiB", func(s sample) float64 { return s.heap }, pick(0.4, 0.1), 8},
	}
}

// TestSoak holds two thousand streams open for ten minutes (a few hundred for some seconds
// in the short form), with churn, and looks whether memory and goroutines stay flat. When
// all callers have gone, the process has as many goroutines as before they came.
func TestSoak(t *testing.T) {
	f := newFleet(t, 1, 0)
	p := f.processes[0]
	l := &load{f: f, diary: newDiary(), customers: map[string]*customer{}, operator: f.admin()}
	f.doors["writer-1"], f.doors["writer-2"] = f.straight["writer-1"], f.straight["writer-2"]
	l.models()
	l.customer(rich, "100000")
	transport := &http.Transport{MaxIdleConnsPerHost: 4000, DisableCompression: true}
	defer transport.CloseIdleConnections()
	key := l.customers[rich].key

	warm := newSoak(t, "http://"+p.address, key, transport, pick(50, 500))
	warm.begin()
	pause(t.Context(), pick(2*time.Second, 20*time.Second))
	warm.end()
	transport.CloseIdleConnections()
	before := f.quiet(p)

	s := newSoak(t, "http://"+p.address, key, transport, pick(200, 2000))
	s.begin()
	samples := f.sample(p, pick(8*time.Second, 10*time.Minute), pick(200*time.Millisecond, 3*time.Second))
	s.end()
	transport.CloseIdleConnections()
	t.Logf("what clients saw:\n%s", table(s.c.diary.counts))
	judgeSlopes(t, samples)
	await(t, fmt.Sprintf("the process has %v goroutines again", before), func() bool { return f.goroutines(p) <= before },
		func() string { return fmt.Sprint("it has ", f.goroutines(p), "\n", f.stacks(p)) })
	t.Logf("%v goroutines before and after", before)
	for what, n := range s.c.diary.problems {
		t.Errorf("%d times: %s", n, what)
	}
	f.stop()
}

// quiet is how many goroutines a process has when nothing goes on: the least of some
// seconds, since its own housework comes and goes.
func (f *fleet) quiet(p *process) float64 {
	least := math.Inf(1)
	for range pick(20, 100) {
		least = min(least, f.goroutines(p))
		pause(f.t.Context(), 100*time.Millisecond)
	}
	return least
}

func (f *fleet) sample(p *process, d, every time.Duration) (samples []sample) {
	f.t.Helper()
	begun := time.Now()
	for time.Since(begun) < d && pause(f.t.Context(), every) {
		one, err := f.measure(p, begun)
		if err != nil {
			f.t.Fatalf("%v\n%s", err, p.tail())
		}
		samples = append(samples, one)
		if len(samples)%10 == 0 {
			f.t.Logf("%6.1fs  %.0f streams, %.0f goroutines, %.1f MiB resident, %.1f MiB heap", one.at.Seconds(), one.open, one.goroutines, one.resident, one.heap)
		}
	}
	return samples
}

func judgeSlopes(t *testing.T, samples []sample) {
	t.Helper()
	span := samples[len(samples)-1].at - samples[len(samples)/3].at
	for _, b := range bounds() {
		perSecond, mean := slope(samples, b.value)
		grown := perSecond * span.Seconds()
		t.Logf("%s: mean %.1f, slope %+.4f a minute, that is %+.1f over the last %s", b.name, mean, perSecond*60, grown, span.Round(time.Second))
		if most := b.share*mean + b.amount; !(grown <= most) {
			t.Errorf("%s grew by %.1f over %s, more than noise (%.1f)", b.name, grown, span.Round(time.Second), most)
		}
	}
	if _, streams := slope(samples, func(s sample) float64 { return s.open }); !(streams > pick(100.0, 1500.0)) {
		t.Errorf("only %.0f streams were open", streams)
	}
}

// stacks is what the goroutines of a process do.
func (f *fleet) stacks(p *process) string {
	res, err := f.watch.http.Get("http://" + p.operations + "/debug/pprof/goroutine?debug=1")
	if err != nil {
		return err.Error()
	}
	defer res.Body.Close() //nolint:errcheck // read to its end
	text, _ := io.ReadAll(io.LimitReader(res.Body, 8000))
	return string(text)
}

// TestNothingIsLeft runs the server within the test's own process, with streams that are
// open when it stops: afterwards no goroutine of it is left.
func TestNothingIsLeft(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	up := newWriter()
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	upstream := &http.Server{Handler: up.handler(), ReadHeaderTimeout: time.Minute}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = upstream.Serve(listener)
	}()
	server, base, key := inProcess(ctx, t, "http://"+listener.Addr().String())
	transport := &http.Transport{MaxIdleConnsPerHost: 1000, DisableCompression: true}
	s := newSoak(t, base, key, transport, 100)
	s.begin()
	pause(ctx, 3*time.Second)
	stopped := make(chan error)
	go func() { stopped <- server.Stop(ctx) }()
	if err := <-stopped; err != nil {
		t.Errorf("stop: %v", err)
	}
	s.end()
	transport.CloseIdleConnections()
	_ = upstream.Close()
	<-served
}

// inProcess starts a server on SQLite with one chat model.
func inProcess(ctx context.Context, t *testing.T, upstream string) (server *app.App, base, key string) {
	t.Helper()
	data := filepath.Join(t.TempDir(), "data")
	cfg, err := config.Load(config.Sources{Flags: map[string]string{
		"data": data, "listen": "127.0.0.1:0", "operations-listen": "off", "offer-ollama": "false", "log-level": "error", "shutdown-grace": "1s",
	}})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if server, err = app.Build(ctx, cfg, app.Options{Stdout: &out, Stderr: io.Discard, Version: "test"}); err != nil {
		t.Fatal(err)
	}
	if err := server.Start(ctx); err != nil {
		t.Fatal(err)
	}
	base = "http://" + server.Addr().String()
	operator, err := os.ReadFile(filepath.Join(data, "operator.key"))
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DisableKeepAlives: true}
	admin, err := skytells.NewClient(skytells.ClientOptions{BaseURL: base, Key: strings.TrimSpace(string(operator)), Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	_, err = admin.Apply(ctx, skytells.ApplyRequest{Source: "soak", Resources: skytells.Resources{
		Providers: []skytells.ProviderSpec{{Name: "writer-1", Kind: "openai", BaseURL: upstream + "/v1", Credential: "token"}},
		Models:    []skytells.ModelSpec{{Slug: book, Type: "text", API: "chat", Free: true, Targets: []skytells.TargetSpec{{Provider: "writer-1", Model: "m"}}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return server, base, firstKey(t, out.String(), "sk-")
}
