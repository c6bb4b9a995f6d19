package scale

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"syscall"
	"time"
)

// faults makes days bad. What it does follows from a seed; when it does so follows from
// the machine as well.
type faults struct {
	f     *fleet
	l     *load
	begun time.Time
}

// say notes a fault in the test's log.
func (b *faults) say(format string, args ...any) {
	b.f.t.Logf("%6.1fs  %s", time.Since(b.begun).Seconds(), fmt.Sprintf(format, args...))
}

// supervise starts a process again that ended by itself, as systemd and Kubernetes do. It
// may end so only where it started without a database.
func (b *faults) supervise() {
	for _, p := range b.f.processes {
		p.surprise = func(err error) {
			from := time.Now().Add(-30 * time.Second)
			trouble := !b.f.links.healthy(b.f.links.find(p.name, ""), from, time.Now()) ||
				b.l.diary.happened("restart", "postgres", from, time.Now()) > 0
			b.l.diary.count(fmt.Sprintf("a process ended by itself (in trouble: %v)", trouble))
			if !trouble {
				b.f.t.Errorf("%s ended by itself: %v\n%s", p.name, err, p.tail())
			}
			if pause(b.f.t.Context(), 500*time.Millisecond) {
				b.l.diary.act("start", p.name)
				p.start()
			}
		}
	}
}

func (b *faults) kill(ctx context.Context, p *process, down time.Duration) {
	b.say("kill %s, down for %s", p.name, down)
	b.l.diary.act("kill", p.name)
	p.kill()
	pause(ctx, down)
	b.l.diary.act("start", p.name)
	p.start()
}

// replace ends a process as an operator does, and starts it again.
func (b *faults) replace(p *process) {
	b.say("SIGTERM %s", p.name)
	b.l.diary.act("term", p.name)
	_, start := p.runs()
	err := p.terminate(syscall.SIGTERM)
	switch {
	case err != nil && p.served.Load() == start:
		b.l.diary.problem("%s did not end well: %v", p.name, err)
	case err != nil: // it could not even start, without a database
		b.l.diary.count("a process was told to end while it started")
	}
	b.l.diary.act("start", p.name)
	p.start()
}

// roll replaces the processes of a role one after the other, each when the one before it
// serves again.
func (b *faults) roll(ctx context.Context, role string) {
	for i, p := range b.f.of(role) {
		b.replace(p)
		for role == "api" && !b.f.balancer.replicas[i].ready.Load() && pause(ctx, 50*time.Millisecond) {
		}
	}
}

// part cuts links for a time.
func (b *faults) part(ctx context.Context, from, to string, d time.Duration) {
	which := b.f.links.find(from, to)
	b.say("cut %s>%s for %s", orAll(from), orAll(to), d)
	b.noteSwitch(to)
	b.f.links.cut(which)
	pause(ctx, d)
	b.f.links.mend(which)
	b.noteSwitch(to)
}

// spoil puts toxics on links for a time.
func (b *faults) spoil(ctx context.Context, from, to string, d time.Duration, toxics ...toxic) {
	which := b.f.links.find(from, to)
	for _, one := range toxics {
		b.say("%s (%s, %v, %v) on %s>%s for %s", one.Type, one.Stream, one.Toxicity, one.Attributes, orAll(from), orAll(to), d)
	}
	b.noteSwitch(to)
	b.f.links.poison(which, toxics...)
	pause(ctx, d)
	b.f.links.mend(which)
	b.noteSwitch(to)
}

// noteSwitch notes that replicas may go over to counting limits by themselves, or back.
func (b *faults) noteSwitch(to string) {
	if to == "redis" {
		b.l.diary.act("switch", "redis")
	}
}

func orAll(part string) string {
	if part == "" {
		return "*"
	}
	return part
}

// restartDatabase stops PostgreSQL, fast or as a crash does.
func (b *faults) restartDatabase(s syscall.Signal) {
	b.say("restart PostgreSQL (%s)", s)
	b.l.diary.act("restart", "postgres")
	b.f.database.restart(s)
	b.l.diary.act("restart", "postgres")
}

func (b *faults) cutBackends(ctx context.Context, n int) {
	b.say("end %d connections of PostgreSQL", n)
	b.l.diary.act("restart", "postgres")
	b.f.database.cutBackends(ctx, n)
}

// killCache kills Redis; when it is back, it has forgotten everything.
func (b *faults) killCache(ctx context.Context, down time.Duration) {
	b.say("kill Redis, down for %s", down)
	b.noteSwitch("redis")
	b.f.cache.kill()
	pause(ctx, down)
	b.f.cache.start()
	b.noteSwitch("redis")
}

// heal takes away all faults, and waits until everything serves.
func (b *faults) heal() {
	b.f.t.Helper()
	b.say("all is healed")
	b.f.links.mend(b.f.links.find("", ""))
	b.f.awaitReady()
	b.say("all replicas are ready")
}

// few is the short form: one kill of each role and one fault of each kind of link.
func (b *faults) few(ctx context.Context) {
	second := time.Second
	b.kill(ctx, b.f.of("worker")[0], 0)
	b.part(ctx, "", "hooks", second/2)
	b.kill(ctx, b.f.of("api")[0], 0)
	close(b.l.background)
	b.part(ctx, "", "redis", second)
	b.spoil(ctx, "fleet", "writer-1", second, toxic{Type: "reset_peer", Stream: "downstream", Toxicity: 0.3, Attributes: map[string]any{"timeout": 20}})
	b.part(ctx, "", "postgres", 2*second)
	b.part(ctx, "", "storage", second)
	b.spoil(ctx, "balancer", "api-2", second, toxic{Type: "limit_data", Stream: "downstream", Toxicity: 0.3, Attributes: map[string]any{"bytes": 3000}})
	b.killCache(ctx, second/2)
	b.restartDatabase(syscall.SIGQUIT)
	b.replace(b.f.of("api")[2])
	b.spoil(ctx, "api-1", "postgres", second, delay(60, 30)...)
}

// delay slows both directions of a link, in milliseconds.
func delay(latency, jitter int) []toxic {
	attributes := map[string]any{"latency": latency, "jitter": jitter}
	return []toxic{
		{Type: "latency", Stream: "upstream", Toxicity: 1, Attributes: attributes},
		{Type: "latency", Stream: "downstream", Toxicity: 1, Attributes: attributes},
	}
}

// hole takes all that is sent, and gives nothing back.
func hole() []toxic {
	return []toxic{
		{Type: "timeout", Stream: "upstream", Toxicity: 1, Attributes: map[string]any{"timeout": 0}},
		{Type: "timeout", Stream: "downstream", Toxicity: 1, Attributes: map[string]any{"timeout": 0}},
	}
}

// many is the long form: three hands make faults at the same time until the time is over:
// one on processes, one on links, one on servers.
func (b *faults) many(ctx context.Context, d time.Duration) {
	close(b.l.background)
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	var hands sync.WaitGroup
	for i, hand := range []func(context.Context, *rand.Rand){b.processes, b.connections, b.servers} {
		random := rand.New(rand.NewPCG(b.l.seed, uint64(i))) //nolint:gosec // to be the same again
		hands.Go(func() {
			for pause(ctx, time.Duration(2000+random.IntN(5000))*time.Millisecond) {
				hand(ctx, random)
			}
		})
	}
	hands.Wait()
}

func (b *faults) processes(ctx context.Context, random *rand.Rand) {
	down := time.Duration(random.IntN(3000)) * time.Millisecond
	switch random.IntN(6) {
	case 0, 1:
		b.kill(ctx, b.f.any(random, "api"), down)
	case 2, 3:
		b.kill(ctx, b.f.any(random, "worker"), down)
	case 4:
		role := []string{"api", "worker"}[random.IntN(2)]
		b.replace(b.f.any(random, role))
	case 5:
		b.roll(ctx, "api")
	}
}

func (b *faults) servers(ctx context.Context, random *rand.Rand) {
	pause(ctx, time.Duration(random.IntN(20))*time.Second)
	if ctx.Err() != nil {
		return
	}
	switch random.IntN(5) {
	case 0:
		b.restartDatabase(syscall.SIGINT)
	case 1:
		b.restartDatabase(syscall.SIGQUIT)
	case 2:
		b.cutBackends(ctx, 1+random.IntN(20))
	default:
		b.killCache(ctx, time.Duration(random.IntN(5000))*time.Millisecond)
	}
}

// connections spoils one kind of link. Redis goes away for all at once, since a limit
// holds only where it does (docs/limits.md).
func (b *faults) connections(ctx context.Context, random *rand.Rand) {
	some := time.Duration(1+random.IntN(12)) * time.Second
	one := b.f.any(random, []string{"api", "api", "worker"}[random.IntN(3)]).name
	api := b.f.any(random, "api").name
	share := []float32{0.1, 0.3, 1}[random.IntN(3)]
	kinds := []func(){
		func() { b.part(ctx, "", "postgres", some) },
		func() { b.part(ctx, one, "postgres", 2*some) },
		func() { b.spoil(ctx, one, "postgres", some, hole()...) },
		func() { b.spoil(ctx, one, "postgres", some, delay(40, 30)...) },
		func() { b.spoil(ctx, "", "postgres", some, breaking(share)) },
		func() { b.spoil(ctx, one, "postgres", some, ending(random, share)) },
		func() { b.part(ctx, "", "redis", some) },
		func() { b.spoil(ctx, "", "redis", some, hole()...) },
		func() { b.spoil(ctx, "", "redis", some, delay(20, 15)...) },
		func() { b.part(ctx, "", "storage", some) },
		func() { b.spoil(ctx, "", "storage", some, breaking(share)) },
		func() { b.spoil(ctx, "", "storage", some, thin(80)) },
		func() { b.part(ctx, "fleet", "writer-1", some) },
		func() { b.spoil(ctx, "fleet", "writer-1", some, hole()...) },
		func() { b.spoil(ctx, "fleet", "writer-2", some, breaking(share)) },
		func() { b.spoil(ctx, "fleet", "writer", some, ending(random, share)) },
		func() { b.spoil(ctx, "fleet", "writer", some, delay(300, 200)...) },
		func() { b.spoil(ctx, "fleet", "painter", some, breaking(share)) },
		func() { b.part(ctx, "fleet", "painter", some) },
		func() { b.part(ctx, "balancer", api, some) },
		func() { b.spoil(ctx, "balancer", api, some, hole()...) },
		func() { b.spoil(ctx, "balancer", api, some, breaking(share)) },
		func() { b.spoil(ctx, "balancer", api, some, ending(random, share)) },
		func() { b.spoil(ctx, "balancer", "api", some, slices.Concat(delay(100, 90), sliced())...) },
		func() { b.part(ctx, "fleet", "hooks", 2*some) },
		func() { b.spoil(ctx, "fleet", "hooks", some, breaking(share)) },
		func() { b.part(ctx, "", "postgres", pick(time.Second, 75*time.Second)) }, // longer than a lease lives
	}
	kinds[random.IntN(len(kinds))]()
}

// breaking resets connections a moment after the other side first answers.
func breaking(share float32) toxic {
	return toxic{Type: "reset_peer", Stream: "downstream", Toxicity: share, Attributes: map[string]any{"timeout": 50}}
}

// ending closes connections after some bytes of answers.
func ending(random *rand.Rand, share float32) toxic {
	return toxic{Type: "limit_data", Stream: "downstream", Toxicity: share, Attributes: map[string]any{"bytes": 200 + random.IntN(20_000)}}
}

// thin bounds what a link carries, in KB a second.
func thin(rate int) toxic {
	return toxic{Type: "bandwidth", Stream: "upstream", Toxicity: 1, Attributes: map[string]any{"rate": rate}}
}

// sliced sends answers in small pieces, and closes late.
func sliced() []toxic {
	return []toxic{
		{Type: "slicer", Stream: "downstream", Toxicity: 1, Attributes: map[string]any{"average_size": 60, "size_variation": 40, "delay": 200}},
		{Type: "slow_close", Stream: "downstream", Toxicity: 1, Attributes: map[string]any{"delay": 500}},
	}
}
