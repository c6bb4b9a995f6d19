package scale

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// links are all connections between parts of the fleet, each through a proxy that can cut,
// slow and spoil it.
type links struct {
	t      *testing.T
	ports  *ports
	server *toxiproxy.ApiServer

	mu   sync.Mutex
	all  map[string]*link // by name
	past []trouble
}

// link leads from one part of the fleet to another.
type link struct {
	name    string // FROM>TO
	address string // where FROM finds it
	proxy   *toxiproxy.Proxy

	mu     sync.Mutex
	toxics []string
}

// trouble is a fault of a link while it lasted; to is zero as long as it does.
type trouble struct {
	link, what string
	from, to   time.Time
}

func newLinks(t *testing.T, p *ports) *links {
	return &links{t: t, ports: p, all: map[string]*link{},
		server: toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())}
}

// lay makes a link from one part to another, which listens on an address.
func (l *links) lay(from, to, address string) *link {
	l.t.Helper()
	one := &link{name: from + ">" + to, address: l.ports.take(l.t)}
	one.proxy = toxiproxy.NewProxy(l.server, one.name, one.address, address)
	if err := one.proxy.Start(); err != nil {
		l.t.Fatalf("link %s: %v", one.name, err)
	}
	l.t.Cleanup(one.proxy.Stop)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all[one.name] = one
	return one
}

// find gives the links that lead from one part to another; "" is any. Of names with a
// number ("api-1") the word before it stands for all of its kind ("api").
func (l *links) find(from, to string) []*link {
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []*link
	for _, one := range l.all {
		a, b, _ := strings.Cut(one.name, ">")
		if matches(from, a) && matches(to, b) {
			found = append(found, one)
		}
	}
	slices.SortFunc(found, func(a, b *link) int { return strings.Compare(a.name, b.name) })
	return found
}

func matches(want, name string) bool {
	return want == "" || want == name || strings.HasPrefix(name, want+"-")
}

// spoil does something to links, and notes it.
func (l *links) spoil(what string, which []*link, do func(*link) error) {
	for _, one := range which {
		l.note(trouble{link: one.name, what: what, from: time.Now()})
		if err := do(one); err != nil {
			l.t.Errorf("%s on %s: %v", what, one.name, err)
		}
	}
}

func (l *links) note(one trouble) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.past = append(l.past, one)
}

// cut breaks all connections and lets none be made.
func (l *links) cut(which []*link) {
	l.spoil("cut", which, func(one *link) error {
		one.proxy.Stop()
		return nil
	})
}

// toxic is one of toxiproxy's, on the way to (upstream) or back (downstream), on a share
// of the connections.
type toxic struct {
	Name       string         `json:"name"`
	Type       string         `json:"type"`
	Stream     string         `json:"stream"`
	Toxicity   float32        `json:"toxicity"`
	Attributes map[string]any `json:"attributes"`
}

// poison adds toxics.
func (l *links) poison(which []*link, toxics ...toxic) {
	for _, what := range toxics {
		l.spoil(what.Type, which, func(one *link) error { return one.add(what) })
	}
}

func (one *link) add(what toxic) error {
	one.mu.Lock()
	defer one.mu.Unlock()
	what.Name = fmt.Sprintf("%s-%s-%d", what.Type, what.Stream, len(one.toxics))
	text, err := json.Marshal(what)
	if err != nil {
		return err
	}
	if _, err := one.proxy.Toxics.AddToxicJson(strings.NewReader(string(text))); err != nil {
		return err
	}
	one.toxics = append(one.toxics, what.Name)
	return nil
}

// mend takes all faults off links.
func (l *links) mend(which []*link) {
	for _, one := range which {
		if err := one.mend(l.t.Context()); err != nil {
			l.t.Errorf("mend %s: %v", one.name, err)
		}
		l.mu.Lock()
		for i := range l.past {
			if l.past[i].link == one.name && l.past[i].to.IsZero() {
				l.past[i].to = time.Now()
			}
		}
		l.mu.Unlock()
	}
}

func (one *link) mend(ctx context.Context) error {
	one.mu.Lock()
	defer one.mu.Unlock()
	for _, name := range one.toxics {
		if err := one.proxy.Toxics.RemoveToxic(ctx, name); err != nil {
			return err
		}
	}
	one.toxics = nil
	if err := one.proxy.Start(); err != nil && err != toxiproxy.ErrProxyAlreadyStarted { //nolint:errorlint // returned as it is
		return err
	}
	return nil
}

// healthy reports whether links had no fault from one time to another.
func (l *links) healthy(which []*link, from, to time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !slices.ContainsFunc(l.past, func(p trouble) bool {
		return p.from.Before(to) && (p.to.IsZero() || p.to.After(from)) &&
			slices.ContainsFunc(which, func(one *link) bool { return one.name == p.link })
	})
}

// counts says how often each kind of fault was made.
func (l *links) counts() map[string]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := map[string]int{}
	for _, p := range l.past {
		n[p.what]++
	}
	return n
}
