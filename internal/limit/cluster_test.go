package limit

import (
	"net"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"skytower/internal/limit/limittest"
)

// In a cluster, all keys of a call must live on one node: they carry the account as hash
// tag. One node that knows all slots refuses the rest as a larger cluster would.
func TestRedisCluster(t *testing.T) {
	t.Parallel()
	c := newClock()
	bus, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(bus.Addr().String())
	if err := bus.Close(); err != nil {
		t.Fatal(err)
	}
	server := limittest.New(t, "--cluster-enabled", "yes", "--cluster-port", port)
	makeCluster(t, server.URL())
	e, err := NewShared(SharedOptions{URL: server.URL(), Patience: calm, Now: c.now, RedisClock: c.now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.redis.close)
	rules := NewRules(nil, c.now)
	rules.install(map[string]*ruleSet{"acct_a": {list: []rule{
		{limits: Numbers{5, 1000, 1000, 2}}, {model: AllModels, limits: numbers(4)}, {key: "key_a", limits: numbers(3)}, {key: "key_a", model: AllModels, limits: numbers(9)},
	}}}, true, nil)
	s := New(Options{Engine: e, Rules: rules, Now: c.now})
	tick := func() {
		t.Helper()
		if err := e.Tick(t.Context()); err != nil || s.Degraded() {
			t.Fatal("no connection to the cluster", err)
		}
	}
	tick()
	client, _, err := e.redis.known()
	if err != nil || client.Mode() != rueidis.ClientModeCluster {
		t.Fatalf("it is no cluster: %v", err)
	}
	r := asked("m")
	r.Slot, r.TokensIn = true, 10
	for i := range 5 {
		ticket, d, err := s.Take(t.Context(), r)
		if err != nil || d.Allowed != (i < 3) {
			t.Fatalf("request %d: %+v, %v", i, d, err)
		}
		s.renew(t.Context())
		if err := s.Settle(t.Context(), ticket, Use{TokensIn: 20}); err != nil {
			t.Fatal(err)
		}
	}
	c.advance(time.Second)
	tick()
	if err := e.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// makeCluster gives one node all slots, and waits until it has noticed.
func makeCluster(t *testing.T, url string) {
	t.Helper()
	option, err := rueidis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	option.ForceSingleClient, option.DisableCache = true, true
	client, err := rueidis.NewClient(option)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.Do(t.Context(), client.B().Arbitrary("CLUSTER", "ADDSLOTSRANGE", "0", "16383").Build()).Error(); err != nil {
		t.Fatal(err)
	}
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for range 2000 {
		if client.Do(t.Context(), client.B().Get().Key("x").Build()).Error() == rueidis.Nil {
			return
		}
		<-again.C
	}
	t.Fatal("the cluster does not come up")
}
