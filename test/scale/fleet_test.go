package scale

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"skytower/internal/skytells"
)

// fleet is one installation: replicas, workers, what they need, and who calls them.
type fleet struct {
	t     *testing.T
	ports *ports
	links *links
	logs  string
	page  page

	database *database
	cache    *cache
	storage  *storage
	writer   *writer
	painter  *painter
	hooks    *hooks
	hooksURL string // where the fleet finds the receiver

	balancer  *balancer
	processes []*process
	watch     *watch
	operator  string
	key       string // of the first account
	transport *http.Transport
	doors     map[string]string // upstreams as the fleet finds them, by provider
	straight  map[string]string // the same past the links
}

// process is one Skytower.
type process struct {
	*child
	role       string // api or worker
	address    string // of its API
	operations string
	data       string
}

// masterKey is the fleet's, which seals nothing of worth.
var masterKey = strings.Repeat("0123456789abcdef", 4) //nolint:gochecknoglobals // it is a constant

// newFleet starts all parts and waits until the replicas serve.
func newFleet(t *testing.T, replicas, workers int, flags ...string) *fleet {
	t.Helper()
	f := &fleet{t: t, ports: newPorts(), logs: logFolder(t), page: readPage(t), writer: newWriter(), hooks: newHooks(), doors: map[string]string{}, straight: map[string]string{}}
	f.links = newLinks(t, f.ports)
	f.transport = &http.Transport{MaxIdleConnsPerHost: 256, DisableCompression: true}
	t.Cleanup(f.transport.CloseIdleConnections)
	f.serveUpstreams()
	f.database, f.cache, f.storage = newDatabase(t, f.ports, f.logs), newCache(t, f.ports, f.logs), newStorage(t, f.ports)
	f.balancer = newBalancer(t, f.ports.take(t))
	f.watch = newWatch(t)
	for i := range replicas {
		f.add("api", i+1, flags)
	}
	for i := range workers {
		f.add("worker", i+1, flags)
	}
	f.first()
	f.begin()
	return f
}

// serveUpstreams starts what the fleet calls: two doors to one writer, the painter, and the
// receiver of webhooks.
func (f *fleet) serveUpstreams() {
	f.t.Helper()
	door := func(name string, handler http.Handler) string {
		address := f.ports.take(f.t)
		serve(f.t, address, handler)
		f.straight[name] = "http://" + address
		return "http://" + f.links.lay("fleet", name, address).address
	}
	f.doors["writer-1"] = door("writer-1", f.writer.handler())
	f.doors["writer-2"] = door("writer-2", f.writer.handler())
	paint := http.NewServeMux()
	f.doors["painter"] = door("painter", paint)
	f.painter = newPainter(f.doors["painter"])
	paint.Handle("/", f.painter.handler())
	f.hooksURL = door("hooks", f.hooks)
}

// add lays the links of a process and says how it is started.
func (f *fleet) add(role string, number int, flags []string) {
	f.t.Helper()
	name := fmt.Sprintf("%s-%d", role, number)
	p := &process{role: role, address: f.ports.take(f.t), operations: f.ports.take(f.t), data: filepath.Join(f.t.TempDir(), name)}
	env := f.environment(p.data,
		f.database.url(f.links.lay(name, "postgres", f.database.address).address),
		"redis://"+f.links.lay(name, "redis", f.cache.address).address,
		f.storage.url(f.links.lay(name, "storage", f.storage.address).address))
	args := append(f.page.command(f.t, map[string]string{"api": onAPI, "worker": onWorker}[role], map[string]string{
		"data": p.data, "listen": p.address, "operations-listen": p.operations, "public-url": f.balancer.url(), "trusted-proxies": "127.0.0.1",
	}), f.extras()...)
	p.child = newChild(f.t, name, f.logs, func() *exec.Cmd {
		cmd := exec.Command(shared.program, append(args, flags...)...)
		cmd.Env = env
		bind(cmd, nil)
		return cmd
	})
	f.processes = append(f.processes, p)
	if role == "api" {
		f.balancer.add(f.t, name, f.links.lay("balancer", name, p.address).address)
	}
}

// environment holds what is the same for all processes, and the links of this one.
func (f *fleet) environment(home, database, redis, blob string) []string {
	return append(f.page.environment(f.t, map[string]string{
		"AWS_ACCESS_KEY_ID": os.Getenv("AWS_ACCESS_KEY_ID"), "AWS_SECRET_ACCESS_KEY": os.Getenv("AWS_SECRET_ACCESS_KEY"),
		"SKYTOWER_MASTER_KEY": masterKey, "SKYTOWER_DATABASE": database, "SKYTOWER_REDIS": redis, "SKYTOWER_BLOB": blob,
	}), "PATH="+os.Getenv("PATH"), "HOME="+home)
}

// extras are the settings that the test needs, and no installation: upstreams on loopback,
// files that stay until they are counted, a short end.
func (f *fleet) extras() []string {
	return []string{
		"--egress-allow", "127.0.0.0/8", "--offer-ollama=false", "--log-level", "warn", "--log-format", "json",
		"--unknown-prediction", "404", "--retention", "0", "--drain-delay", "1s", "--shutdown-grace", "10s", "--prediction-concurrency", "20",
	}
}

// first makes the first operator and key.
func (f *fleet) first() {
	f.t.Helper()
	cmd := exec.Command(shared.program, f.page.command(f.t, once, nil)...)
	cmd.Dir = f.t.TempDir()
	cmd.Env = f.environment(cmd.Dir, f.database.url(f.database.address), "", "")
	var errors strings.Builder
	cmd.Stderr = &errors
	out, err := cmd.Output()
	if err != nil {
		f.t.Fatalf("init: %v\n%s", err, errors.String())
	}
	f.key, f.operator = firstKey(f.t, string(out), "sk-"), firstKey(f.t, string(out), "op-")
}

func firstKey(t *testing.T, text, prefix string) string {
	t.Helper()
	key := regexp.MustCompile(prefix + `[0-9A-Za-z]{20,}`).FindString(text)
	if key == "" {
		t.Fatalf("no key %s… in:\n%s", prefix, text)
	}
	return key
}

// begin starts the processes, watches them, and waits until the replicas are ready.
func (f *fleet) begin() {
	f.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var watching sync.WaitGroup
	api := 0
	for _, p := range f.processes {
		p.start()
		var r *replica
		if p.role == "api" {
			r = f.balancer.replicas[api]
			api++
		}
		watching.Go(func() { f.watch.follow(ctx, p, r) })
	}
	f.t.Cleanup(func() {
		cancel()
		watching.Wait()
	})
	f.awaitReady()
}

// awaitReady waits until every replica gets traffic and every worker answers.
func (f *fleet) awaitReady() {
	f.t.Helper()
	for _, r := range f.balancer.replicas {
		await(f.t, r.name+" is ready", r.ready.Load, f.tails)
	}
	for _, p := range f.processes {
		await(f.t, p.name+" is ready", func() bool { return f.watch.get(f.t.Context(), p, "/readyz") == http.StatusOK }, p.tail)
	}
}

func (f *fleet) tails() string {
	var all strings.Builder
	for _, p := range f.processes {
		fmt.Fprintf(&all, "--- %s\n%s\n", p.name, p.tail())
	}
	return all.String()
}

// of gives the processes of a role.
func (f *fleet) of(role string) (found []*process) {
	for _, p := range f.processes {
		if p.role == role {
			found = append(found, p)
		}
	}
	return found
}

// any picks a process of a role.
func (f *fleet) any(random *rand.Rand, role string) *process {
	all := f.of(role)
	return all[random.IntN(len(all))]
}

// stop ends all processes as an operator does; each must end well.
func (f *fleet) stop() {
	f.t.Helper()
	var all sync.WaitGroup
	for _, p := range f.processes {
		all.Go(func() {
			if err := p.terminate(syscall.SIGTERM); err != nil {
				f.t.Errorf("%s did not end well: %v\n%s", p.name, err, p.tail())
			}
		})
	}
	all.Wait()
}

// admin calls the admin API through the balancer.
func (f *fleet) admin() *skytells.Client {
	f.t.Helper()
	c, err := skytells.NewClient(skytells.ClientOptions{BaseURL: f.balancer.url(), Key: f.operator, Transport: f.transport})
	if err != nil {
		f.t.Fatal(err)
	}
	return c
}

// insist repeats an act that is harmless twice until it is done.
func insist(ctx context.Context, t *testing.T, what string, act func(context.Context) error) bool {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		one, cancel := context.WithTimeout(ctx, 30*time.Second)
		err := act(one)
		cancel()
		if err == nil {
			return true
		}
		if time.Now().After(deadline) {
			t.Errorf("%s: %v", what, err)
			return false
		}
		if !pause(ctx, 200*time.Millisecond) {
			return false
		}
	}
}
