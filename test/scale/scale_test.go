package scale

import (
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"
)

// longTime is how long the long form makes faults.
const longTime = 8 * time.Minute

// TestScale runs a fleet under mixed load through bad days, and then looks at the books:
// no charge is lost or doubled, no limit was exceeded beyond its slack, no prediction is
// stuck, no file is left over, every webhook was delivered, and no client saw what it
// should not see.
func TestScale(t *testing.T) {
	seed := seed(t)
	setup := time.Now()
	f := newFleet(t, 3, 2)
	l := newLoad(f, seed)
	days := &faults{f: f, l: l, begun: time.Now()}
	days.say("everything serves, after %s", time.Since(setup).Round(time.Second))
	days.supervise()
	l.begin()
	pause(t.Context(), pick(time.Second, 5*time.Second))
	if long() {
		days.many(t.Context(), longFor(t))
	} else {
		days.few(t.Context())
	}
	days.heal()
	l.end()
	days.say("the load has ended")
	v := l.settle(days)
	v.judgeAll(days)
	l.publish(v)
	v.report()
}

// seed is that of the faults and the load: SKYTOWER_SCALE_SEED makes them those of an
// earlier run.
func seed(t *testing.T) uint64 {
	seed := uint64(8)
	if long() {
		seed = rand.Uint64() //nolint:gosec // it is printed
	}
	if text := os.Getenv("SKYTOWER_SCALE_SEED"); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatalf("SKYTOWER_SCALE_SEED: %v", err)
		}
		seed = n
	}
	t.Logf("SKYTOWER_SCALE_SEED=%d", seed)
	return seed
}

// longFor is how long the long form lasts: SKYTOWER_SCALE_TIME, such as 20m, is another time.
func longFor(t *testing.T) time.Duration {
	text := os.Getenv("SKYTOWER_SCALE_TIME")
	if text == "" {
		return longTime
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("SKYTOWER_SCALE_TIME: %v", err)
	}
	return d
}

// settle waits until all that was begun has ended, and ends the processes.
func (l *load) settle(days *faults) *verdict {
	l.f.t.Helper()
	v := &verdict{load: l, sums: map[string]int{}}
	l.lookAtPredictions()
	days.say("every prediction has ended")
	l.awaitResponses()
	days.say("every response in the background has ended")
	l.awaitWebhooks()
	days.say("every webhook is delivered")
	l.everyReplicaServes()
	v.verifyLedger(l.f.t.Context())
	return v
}

// everyReplicaServes makes calls at each replica until it serves. In the long form those
// with few places are served again as well: the places of calls that died with a process
// come back in time.
func (l *load) everyReplicaServes() {
	l.f.t.Helper()
	for _, p := range l.f.of("api") {
		direct := &client{base: "http://" + p.address, http: l.c.http, diary: l.diary}
		for _, who := range pick([]string{rich}, []string{rich, narrow}) {
			await(l.f.t, p.name+" serves "+who, func() bool {
				one := &call{script: script{nonce: l.diary.nonces.Add(1), tokens: 3, mood: fast}, kind: "last", who: l.customers[who], model: book}
				direct.text(l.f.t.Context(), one, "/v1/chat/completions", chat(one.script, book, false), 0)
				return one.whole
			}, p.tail)
		}
	}
}

// judgeAll looks at everything, first what needs the servers, then what they left.
func (v *verdict) judgeAll(days *faults) {
	v.f.t.Helper()
	v.read()
	v.texts()
	v.uploadsCome()
	v.prices = v.priceVersions()
	days.say("the books are read")
	v.f.stop()
	days.say("all processes have ended")
	v.read() // what a process wrote at its end
	v.everyLine()
	v.predictions()
	v.onceUpstream()
	v.balances()
	v.limits()
	v.places()
	v.audit()
	v.files()
	days.say("the files are swept")
	v.lives()
	for _, what := range slices.Sorted(maps.Keys(v.diary.problems)) {
		v.fault("%d times: %s", v.diary.problems[what], what)
	}
}

// lives checks that each process said that it lives as long as it did.
func (v *verdict) lives() {
	v.sums["questions whether a process lives"] = v.f.watch.asked
	for _, silent := range v.f.watch.silent {
		v.fault("no sign of life from %s", silent)
	}
}

// publish writes down what was counted.
func (l *load) publish(v *verdict) {
	acts := map[string]int{}
	for _, a := range l.diary.acts {
		acts[a.what]++
	}
	l.f.t.Logf("in %s\nwhat clients saw:\n%swhat was done:\n%sfaults of links (one a link):\n%swhat the books say:\n%sa revoked key went on for at most %s",
		time.Since(l.begun).Round(time.Second), table(l.diary.counts), table(acts), table(l.f.links.counts()), table(v.sums), l.diary.slowest.Round(time.Millisecond))
}
