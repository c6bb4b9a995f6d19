package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"skytower/internal/skytells"
)

// balancer sends each request to a process that says that it is ready, and no request
// twice: what fails there fails for its caller.
type balancer struct {
	server   *httptest.Server
	backends []*backend
	turn     atomic.Int64
	stop     context.CancelFunc
	done     sync.WaitGroup
}

type backend struct {
	proxy  *httputil.ReverseProxy
	health string
	ready  atomic.Bool
	served atomic.Int64
}

// healthEvery is how often the balancer asks for health; processes drain for longer.
const healthEvery = 250 * time.Millisecond

func newBalancer(t *testing.T, nodes []*node) *balancer {
	ctx, cancel := context.WithCancel(context.Background())
	b := &balancer{stop: cancel}
	for _, n := range nodes {
		target := &url.URL{Scheme: "http", Host: n.address}
		proxy := &httputil.ReverseProxy{
			Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(target) },
			Transport:     &http.Transport{MaxIdleConnsPerHost: 100},
			FlushInterval: -1,
			ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
				http.Error(w, fmt.Sprintf("the balancer could not reach %s: %v", target, err), http.StatusBadGateway)
			},
		}
		one := &backend{proxy: proxy, health: "http://" + n.operations() + "/readyz"}
		b.backends = append(b.backends, one)
		b.done.Go(func() { one.watch(ctx) })
	}
	b.server = httptest.NewServer(b)
	t.Cleanup(func() {
		b.server.Close()
		b.stop()
		b.done.Wait()
		for _, one := range b.backends {
			one.proxy.Transport.(*http.Transport).CloseIdleConnections() //nolint:forcetypeassert // made above
		}
	})
	return b
}

func (b *backend) watch(ctx context.Context) {
	client := &http.Client{Timeout: 5 * time.Second}
	defer client.CloseIdleConnections()
	tick := time.NewTicker(healthEvery)
	defer tick.Stop()
	for {
		res, err := client.Get(b.health)
		if err == nil {
			_ = res.Body.Close()
		}
		b.ready.Store(err == nil && res.StatusCode == http.StatusOK)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// ServeHTTP takes the whole request first: net/http's server reads a body to its end when
// the answer begins, and must not do so while the proxy still does.
func (b *balancer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	for range b.backends {
		one := b.backends[int(b.turn.Add(1))%len(b.backends)]
		if one.ready.Load() {
			one.served.Add(1)
			one.proxy.ServeHTTP(w, r)
			return
		}
	}
	http.Error(w, "no process is ready", http.StatusBadGateway)
}

// crowd are clients that keep their connections, and what they were served.
type crowd struct {
	f      *fleet
	base   string
	client *http.Client
	over   chan struct{}
	all    sync.WaitGroup

	tokens, answers, predictions atomic.Int64
}

const rollingTokens = 20

// chats are plain calls and streams in turn.
func (c *crowd) chats(name int) {
	for i := 0; ; i++ {
		select {
		case <-c.over:
			return
		default:
		}
		body, end := chat(rollingTokens), `"usage"`
		if i%2 == 1 {
			body, end = strings.Replace(body, `"model"`, `"stream":true,"model"`, 1), "data: [DONE]\n\n"
		}
		status, text, err := c.send(http.MethodPost, "/v1/chat/completions", body)
		if err != nil || status != http.StatusOK || !strings.Contains(text, end) || strings.Contains(text, `"error"`) {
			c.f.t.Errorf("chat %d of %d: %d %v %.400s", i, name, status, err, text)
			return
		}
		c.answers.Add(1)
		c.tokens.Add(rollingTokens)
		c.rest()
	}
}

// rest leaves the processor to other tests between two calls, in the short form.
func (c *crowd) rest() { <-time.After(time.Duration(killRounds(40, 0)) * time.Millisecond) }

// paints makes predictions and asks for each until it has ended.
func (c *crowd) paints(name int) {
	for i := 0; ; i++ {
		select {
		case <-c.over:
			return
		default:
		}
		status, text, err := c.send(http.MethodPost, "/v1/predictions", fmt.Sprintf(`{"model":"painter","input":{"prompt":"%d-%d"}}`, name, i))
		var p skytells.Prediction
		if err != nil || status != http.StatusOK || json.Unmarshal([]byte(text), &p) != nil {
			c.f.t.Errorf("prediction %d of %d: %d %v %.400s", i, name, status, err, text)
			return
		}
		for !skytells.Terminal(p.Status) {
			<-time.After(20 * time.Millisecond) // the pace of polling: nothing waits for it
			status, text, err := c.send(http.MethodGet, "/v1/predictions/"+p.ID, "")
			if err != nil || status != http.StatusOK || json.Unmarshal([]byte(text), &p) != nil {
				c.f.t.Errorf("look at prediction %s: %d %v %.400s", p.ID, status, err, text)
				return
			}
		}
		if p.Status != skytells.StatusSucceeded {
			c.f.t.Errorf("prediction %s: %s", p.ID, text)
		}
		c.predictions.Add(1)
		c.rest()
	}
}

func (c *crowd) send(method, path, body string) (status int, text string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("X-Api-Key", c.f.key)
	req.Header.Set("Content-Type", "application/json")
	res, err := c.client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close() //nolint:errcheck // read to its end
	all, err := io.ReadAll(res.Body)
	return res.StatusCode, string(all), err
}

// Three processes behind a balancer are ended and started again, one after the other,
// under load: no call fails, and every answer is charged once.
func TestRollingRestart(t *testing.T) {
	t.Parallel()
	f := newFleet(t, buildProgram(t), "postgres", 3, "--egress-allow", "127.0.0.0/8", "--drain-delay", "1s")
	f.withOperations()
	f.grant(f.account, "1000")
	b := newBalancer(t, f.nodes)
	c := &crowd{f: f, base: b.server.URL, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}}, over: make(chan struct{})}
	defer c.client.CloseIdleConnections()
	b.allReady(f)
	for name := range 4 {
		c.all.Go(func() { c.chats(name) })
		c.all.Go(func() { c.paints(name) })
	}
	for i, n := range f.nodes {
		before := b.backends[i].served.Load()
		f.await("the process has its part of the load", func() bool { return b.backends[i].served.Load() >= before+20 || t.Failed() })
		f.signal(n, syscall.SIGTERM)
		f.ended(n)
		f.start(n)
		b.allReady(f)
	}
	close(c.over)
	c.all.Wait()
	t.Logf("%d answers and %d predictions while three processes were restarted", c.answers.Load(), c.predictions.Load())
	if t.Failed() {
		return
	}
	f.awaitBalance(f.account, 10_000_000-c.tokens.Load()-300*c.predictions.Load())
	for prompt, times := range f.up.submitted() {
		if times != 1 {
			t.Errorf("the work of %s was submitted %d times", prompt, times)
		}
	}
	f.verify()
	f.stop()
	f.audit()
}

func (b *balancer) allReady(f *fleet) {
	f.t.Helper()
	f.await("all processes are ready", func() bool {
		for _, one := range b.backends {
			if !one.ready.Load() {
				return false
			}
		}
		return true
	})
}
