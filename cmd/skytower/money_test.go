package main

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"skytower/internal/skytells"
)

// step is what a stream reserves at a time (design, Reserving), in tokens.
const step = 256

// engines runs a test on one process with SQLite and on three with PostgreSQL.
func engines(t *testing.T, flags []string, fn func(t *testing.T, f *fleet)) {
	program := buildProgram(t)
	for engine, n := range map[string]int{"sqlite": 1, "postgres": 3} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			fn(t, newFleet(t, program, engine, n, flags...))
		})
	}
}

// tally counts answers by their status.
type tally struct {
	mu sync.Mutex
	n  map[int]int
}

func (c *tally) add(status int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == nil {
		c.n = map[int]int{}
	}
	c.n[status]++
}

// A thousand parallel calls at credit for ten: ten are served and 990 refused, whichever
// process they meet, and the balance is exactly nothing.
func TestOverdraw(t *testing.T) {
	t.Parallel()
	engines(t, nil, func(t *testing.T, f *fleet) {
		f.grant(f.account, "0.10") // 1,000 tokens
		f.storm(f.key, f.account, 0)
		// The same on a key's budget, with credit enough behind it.
		account, key := f.customer("100", skytells.KeyRequest{Budget: "0.10"})
		f.storm(key, account, 1_000_000-1000)
		f.verify()
		f.books()
		f.verify()
		f.stop()
		f.audit()
	})
}

// storm sends a thousand calls of a hundred tokens each where there is credit for ten.
func (f *fleet) storm(key, account string, left int64) {
	f.t.Helper()
	const calls, tokens, affordable = 1000, 100, 10
	var all sync.WaitGroup
	var got tally
	for i := range calls {
		all.Go(func() {
			status, answer, err := f.send(f.nodes[i%len(f.nodes)], key, http.MethodPost, "/v1/chat/completions", chat(tokens))
			if err != nil {
				f.t.Error(err)
			}
			if status == http.StatusPaymentRequired && !strings.Contains(answer, "INSUFFICIENT_CREDITS") {
				f.t.Errorf("refused with %s", answer)
			}
			got.add(status)
		})
	}
	all.Wait()
	if got.n[http.StatusOK] != affordable || got.n[http.StatusPaymentRequired] != calls-affordable {
		f.t.Errorf("answers by status: %v, want %d times 200 and the rest 402", got.n, affordable)
	}
	if b := f.balance(account); b != left {
		f.t.Errorf("the balance is worth %v tokens, want %v", b, left)
	}
}

// books lets streams write without end: each ends when credit does, and the balance is at
// most a step for each of them below zero.
func (f *fleet) books() {
	f.t.Helper()
	const streams = 30
	account, key := f.customer("1.00", skytells.KeyRequest{}) // 10,000 tokens
	var all sync.WaitGroup
	var cut atomic.Int64
	for i := range streams {
		all.Go(func() {
			status, answer, err := f.send(f.nodes[i%len(f.nodes)], key, http.MethodPost, "/v1/chat/completions", endless)
			switch {
			case status == http.StatusPaymentRequired: // it came when the others had used it up
			case err != nil || status != http.StatusOK:
				f.t.Errorf("%d, %v: %.300s", status, err, answer)
			case strings.Contains(answer, `"finish_reason":"length"`) && strings.HasSuffix(answer, "data: [DONE]\n\n"):
				cut.Add(1)
			default:
				f.t.Errorf("a stream ended otherwise: %.500s", answer[max(0, len(answer)-500):])
			}
		})
	}
	all.Wait()
	if b, n := f.balance(account), cut.Load(); n == 0 || b < -step*n || b > step*n {
		f.t.Errorf("the balance is worth %v tokens after %d streams without end", b, n)
	}
}

// The database is away under load: an account that has a lease goes on, others get 503,
// nobody gets 401, and everything is charged once it is back.
func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	f := newFleet(t, buildProgram(t), "postgres", 1)
	f.grant(f.account, "100")
	_, stranger := f.customer("100", skytells.KeyRequest{})
	node := f.nodes[0]
	var answer string // the last one
	call := func(key string) (status int) {
		var err error
		status, answer, err = f.send(node, key, http.MethodPost, "/v1/chat/completions", chat(10))
		if err != nil {
			t.Fatal(err)
		}
		if status == http.StatusUnauthorized {
			t.Fatalf("a good key was refused: %s", answer)
		}
		return status
	}
	// The stranger's key is known, but nothing was leased for it.
	if status, answer, err := f.send(node, stranger, http.MethodGet, "/v1/models", ""); err != nil || status != http.StatusOK {
		t.Fatalf("%d %s %v", status, answer, err)
	}
	const before = 500 // the load, to which what is leased is fitted
	served := 0
	for range before {
		if call(f.key) == http.StatusOK {
			served++
		}
	}
	if served != before {
		t.Fatalf("%d of %d served", served, before)
	}
	f.away.set(true)
	outage := time.After(time.Duration(killRounds(4, 10)) * time.Second)
	for away := true; away; {
		select {
		case <-outage:
			away = false
		default:
			if status := call(f.key); status != http.StatusOK {
				t.Fatalf("an account with a lease got %d after %d calls: %s\n%s", status, served, answer, node.out)
			}
			served++
			if served%50 == 0 {
				if status := call(stranger); status != http.StatusServiceUnavailable {
					t.Fatalf("an account without a lease got %d", status)
				}
			}
		}
	}
	f.away.set(false)
	f.await("the stranger is served again", func() bool { return call(stranger) == http.StatusOK })
	f.awaitBalance(f.account, 1_000_000-10*int64(served))
	f.verify()
	t.Logf("%d calls were served, most of them while the database was away", served)
	f.stop()
	f.audit()
}

// A limit holds over all processes: three of them, sixty requests a minute, for over a
// minute (three in the long form), with Redis away in the middle.
func TestLimitsAcrossReplicas(t *testing.T) {
	t.Parallel()
	redis := newRedis(t)
	f := newFleet(t, buildProgram(t), "postgres", 3, "--egress-allow", "127.0.0.0/8")
	f.restartWith("SKYTOWER_REDIS=redis://" + redis.address)
	f.grant(f.account, "1000")
	sixty := int64(60)
	if _, err := f.admin().PutLimit(t.Context(), skytells.LimitRule{Account: f.account, Model: "*", Route: "chat", Requests: &sixty}); err != nil {
		t.Fatal(err)
	}
	f.await("every process knows the limit", func() bool { return f.limited() })
	span := time.Duration(killRounds(75, 180)) * time.Second
	var all sync.WaitGroup
	var log admissions
	until := time.Now().Add(span)
	for i := range 3 * len(f.nodes) {
		all.Go(func() { f.hammer(f.nodes[i%len(f.nodes)], until, &log) })
	}
	time.AfterFunc(span/3, redis.stop)
	time.AfterFunc(span/2, redis.start)
	all.Wait()
	most := log.most()
	t.Logf("%d of %d calls admitted in %s; at most %d in any 60 s", len(log.served), log.sent, span, most)
	if slack := len(f.nodes); most > int(sixty)+slack {
		t.Errorf("%d requests were admitted within 60 s, the limit is %d and the slack %d", most, sixty, slack)
	}
	if len(log.served) < int(sixty)/2 {
		t.Errorf("only %d were served", len(log.served))
	}
}

// limited reports whether all processes show the limit in their headers.
func (f *fleet) limited() bool {
	for _, n := range f.nodes {
		req, err := http.NewRequestWithContext(f.t.Context(), http.MethodPost, "http://"+n.address+"/v1/chat/completions", strings.NewReader(chat(1)))
		if err != nil {
			f.t.Fatal(err)
		}
		req.Header.Set("X-Api-Key", f.key)
		res, err := f.client.Do(req)
		if err != nil {
			f.t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.Header.Get("X-Skytells-Ratelimit-Limit-Requests") != "60" {
			return false
		}
	}
	return true
}

// admissions are the calls that were served: when each was sent and when it was answered.
type admissions struct {
	mu     sync.Mutex
	sent   int
	served [][2]time.Time
}

// most is how many calls surely fell into the worst span of 60 s: those that were sent
// and answered within it.
func (a *admissions) most() (most int) {
	for _, first := range a.served {
		n := 0
		for _, other := range a.served {
			if !other[0].Before(first[0]) && other[1].Before(first[0].Add(60*time.Second)) {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}

func (f *fleet) hammer(n *node, until time.Time, log *admissions) {
	for time.Now().Before(until) {
		begun := time.Now()
		status, answer, err := f.send(n, f.key, http.MethodPost, "/v1/chat/completions", chat(1))
		log.mu.Lock()
		log.sent++
		switch {
		case err != nil:
			f.t.Error(err)
		case status == http.StatusOK:
			log.served = append(log.served, [2]time.Time{begun, time.Now()})
		case status != http.StatusTooManyRequests:
			f.t.Errorf("%d: %s", status, answer)
		case !strings.Contains(answer, "RATE_LIMITED"):
			f.t.Errorf("refused with %s", answer)
		}
		log.mu.Unlock()
		<-time.After(time.Duration(killRounds(300, 100)) * time.Millisecond) // the rate of the hammer: nothing waits for it
	}
}

// restartWith starts all processes again with a further setting.
func (f *fleet) restartWith(env string) {
	f.t.Helper()
	f.stop()
	f.env = append(f.env, env)
	for _, n := range f.nodes {
		f.start(n)
	}
}
