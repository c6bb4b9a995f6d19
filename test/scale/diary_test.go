package scale

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// customer is an account with a key.
type customer struct {
	name    string
	account string
	key     string
	granted atomic.Int64 // nano-dollars that it was given, for certain
}

// call is what a client knows of one request for text.
type call struct {
	script
	kind   string // plain, stream, …: how it was asked for
	who    *customer
	model  string
	sent   time.Time
	done   time.Time
	status int    // 0: no head came
	error  string // error_id of a refusal, or of an error within the answer
	id     string // the server's name of the request; "" where no head came
	from   string // the replica that was asked

	whole  bool   // the answer came to its end
	inBand bool   // the answer ended with an error that the server told
	left   bool   // the client hung up
	tokens int64  // of the answer that came
	reason string // finish_reason
}

// painting is what a client knows of one prediction.
type painting struct {
	script
	who      *customer
	id       string
	told     bool // it asked for webhooks
	canceled bool // it was asked to be cancelled
	deleted  bool
	status   string // at the end
}

// upload is a file that was taken.
type upload struct {
	who     *customer
	id      string
	content string
}

// act is something that was done to a process or a server.
type act struct {
	at   time.Time
	what string // kill, term, start, …
	to   string
}

// diary is all that the test's clients saw.
type diary struct {
	nonces atomic.Int64

	mu        sync.Mutex
	calls     map[int64]*call // by nonce
	paintings map[int64]*painting
	uploads   []upload
	acts      []act
	problems  map[string]int // what no client should see, how often
	counts    map[string]int
	slowest   time.Duration // that a revoked key went on
}

func newDiary() *diary {
	return &diary{calls: map[int64]*call{}, paintings: map[int64]*painting{}, problems: map[string]int{}, counts: map[string]int{}}
}

func (d *diary) change(do func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	do()
}

// problem notes what no client should see.
func (d *diary) problem(format string, args ...any) {
	d.change(func() { d.problems[fmt.Sprintf(format, args...)]++ })
}

func (d *diary) count(what string) { d.change(func() { d.counts[what]++ }) }

func (d *diary) act(what, to string) {
	d.change(func() { d.acts = append(d.acts, act{time.Now(), what, to}) })
}

// happened counts the acts of a kind on a part (or, with "api", on all of its kind)
// between two times.
func (d *diary) happened(what, to string, from, until time.Time) (n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, a := range d.acts {
		if a.what == what && matches(to, a.to) && !a.at.Before(from) && !a.at.After(until) {
			n++
		}
	}
	return n
}

// table renders counts, one a line.
func table(counts map[string]int) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(&b, "  %7d  %s\n", counts[name], name)
	}
	return b.String()
}
