package scale

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// balancer gives each request to the next replica that is ready. It sends nothing twice,
// and holds nothing back.
type balancer struct {
	address  string
	replicas []*replica
	turn     atomic.Int64
}

// replica is one API process as the balancer sees it.
type replica struct {
	name  string
	ready atomic.Bool
	proxy *httputil.ReverseProxy
}

// The headers by which the test's clients know who answered.
const (
	headerReplica = "X-Replica"  // the replica that was asked
	headerUnheard = "X-Balancer" // the balancer itself answers: no replica could
)

func newBalancer(t *testing.T, address string) *balancer {
	t.Helper()
	b := &balancer{address: address}
	serve(t, address, b)
	return b
}

func (b *balancer) url() string { return "http://" + b.address }

// add makes a replica known, by the address of the link that leads to it.
func (b *balancer) add(t *testing.T, name, address string) *replica {
	transport := &http.Transport{MaxIdleConnsPerHost: 512, IdleConnTimeout: 30 * time.Second, DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	r := &replica{name: name}
	target := &url.URL{Scheme: "http", Host: address}
	r.proxy = &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(target)
			p.SetXForwarded()
			p.Out.Host = p.In.Host
		},
		ModifyResponse: func(res *http.Response) error {
			res.Header.Set(headerReplica, name)
			return nil
		},
		Transport: transport, FlushInterval: -1, ErrorLog: log.New(io.Discard, "", 0),
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			w.Header().Set(headerReplica, name)
			answerItself(w, http.StatusBadGateway, err)
		},
	}
	b.replicas = append(b.replicas, r)
	return r
}

func (b *balancer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	first := b.turn.Add(1)
	for i := range b.replicas {
		one := b.replicas[(first+int64(i))%int64(len(b.replicas))]
		if one.ready.Load() {
			one.proxy.ServeHTTP(w, r)
			return
		}
	}
	answerItself(w, http.StatusServiceUnavailable, errors.New("no replica is ready"))
}

func answerItself(w http.ResponseWriter, status int, err error) {
	w.Header().Set(headerUnheard, "1")
	http.Error(w, err.Error(), status)
}

// watch asks the processes how they are until the context ends: what is ready gets
// traffic, and what lives must say so.
type watch struct {
	t    *testing.T
	http *http.Client

	mu     sync.Mutex
	asked  int // how often a process that lived was asked for life
	silent []string
}

// watchPause is how often a process is asked. A draining one goes on for longer.
const watchPause = 100 * time.Millisecond

func newWatch(t *testing.T) *watch {
	transport := &http.Transport{DisableKeepAlives: true}
	return &watch{t: t, http: &http.Client{Transport: transport, Timeout: time.Minute}}
}

// follow keeps an eye on one process; its replica is nil for a worker.
func (w *watch) follow(ctx context.Context, p *process, r *replica) {
	for pause(ctx, watchPause) {
		running, start := p.runs()
		if r != nil {
			ready := running && w.get(ctx, p, "/readyz") == http.StatusOK
			r.ready.Store(ready)
		}
		if !running {
			continue
		}
		alive := w.get(ctx, p, "/healthz") == http.StatusOK
		if alive {
			p.served.Store(start)
		}
		if still, same := p.runs(); p.served.Load() == start && still && same == start && ctx.Err() == nil {
			w.alive(p.name, alive)
		}
	}
}

func (w *watch) alive(name string, alive bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked++
	if !alive {
		w.silent = append(w.silent, name+" at "+time.Now().Format(time.TimeOnly))
	}
}

func (w *watch) get(ctx context.Context, p *process, path string) int {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.operations+path, nil)
	if err != nil {
		return 0
	}
	res, err := w.http.Do(req)
	if err != nil {
		return 0
	}
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	return res.StatusCode
}
