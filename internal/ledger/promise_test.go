package ledger

import (
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"skytower/internal/fault"
	"skytower/internal/money"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

// world is an account with three processes, and what should be true of it.
type world struct {
	*rapid.T
	s       *stage
	account string
	ledgers []*Ledger
	feeds   []*store.Feed
	dead    []string // names of processes that vanished
	open    []*opened
	balance money.Nanos
	line    money.Nanos
	renewed time.Duration // since the leases were renewed
	late    bool          // something was charged beyond what was promised
}

// opened is a reservation of one of the processes; of one that vanished, l is nil.
type opened struct {
	l *Ledger
	r *Reservation
}

// TestPromises takes any steps of three processes and checks after each that leases
// cover what is promised, and that a request is served exactly if the credit is there.
func TestPromises(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := newStage(t, url)
		s.freeze()
		rounds, broke := promiseRounds(), false
		rapid.Check(t, func(rt *rapid.T) {
			if rounds--; rounds < 0 && !broke { // what failed is made smaller without end
				return
			}
			w := &world{T: rt, s: s, account: fmt.Sprintf("acct_%d", s.ids.Add(1))}
			defer func() {
				broke = broke || rt.Failed()
				w.end()
			}()
			for range 3 {
				w.start()
			}
			w.give(Deposited, money.Nanos(rapid.IntRange(0, 40).Draw(rt, "credit")))
			steps := map[string]func(){
				"grant": w.grant, "reserve": w.reserve, "grow": w.grow, "commit": w.commit, "release": w.release,
				"pass": w.pass, "crash": w.crash, "gather": w.gather, "tidy": w.tidy,
			}
			names := strings.Fields("reserve reserve reserve grant grow commit commit release pass crash gather tidy")
			for range rapid.IntRange(1, 20).Draw(rt, "steps") {
				steps[rapid.SampledFrom(names).Draw(rt, "step")]()
				w.check()
			}
			w.settle()
		})
	})
}

// promiseRounds is 20, and as many as rapid has in the long form of the tests.
func promiseRounds() int {
	if os.Getenv("SKYTOWER_PROOF") != "" {
		return math.MaxInt
	}
	return 20
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// start adds a process. All share the pool of connections: that is not what is tested.
func (w *world) start() {
	l := New(w.s.db, Options{Now: w.s.time, DatabaseNow: w.s.time})
	l.recallWait = 30 * time.Second // for those that live, on a busy machine
	writer, err := newBatchWriter(w.s.t.Context(), w.s.db)
	w.must(err)
	l.start(writer)
	feed := w.s.db.NewFeed(store.FeedOptions{})
	feed.Subscribe(FeedKind, l.Recalled)
	w.must(feed.Start(w.s.t.Context()))
	w.ledgers, w.feeds = append(w.ledgers, l), append(w.feeds, feed)
}

func (w *world) end() {
	for i, l := range w.ledgers {
		_ = l.Stop(w.s.t.Context())
		w.feeds[i].Stop()
	}
}

// any draws a number, since what is drawn is printed when something fails.
func (w *world) any() *Ledger {
	return w.ledgers[rapid.IntRange(0, len(w.ledgers)-1).Draw(w.T, "process")]
}

func (w *world) amount(name string) money.Nanos {
	return money.Nanos(rapid.IntRange(1, 12).Draw(w.T, name))
}

func (w *world) give(kind string, amount money.Nanos) {
	if amount > 0 {
		w.s.give(w.account, kind, amount)
		w.balance += amount
	}
}

func (w *world) grant() {
	w.give(rapid.SampledFrom([]string{Sponsored, Deposited}).Draw(w.T, "kind"), w.amount("grant"))
}

// affordable is what can be promised: all but what is set aside already, by requests and
// by processes that vanished.
func (w *world) affordable() money.Nanos {
	left := w.balance + w.line
	for _, o := range w.open {
		if o.l != nil {
			left -= o.r.Amount()
		}
	}
	for _, name := range w.dead {
		left -= money.Nanos(w.s.number(`select cast(coalesce(sum(amount - used), 0) as bigint) from lease
			where replica = $1 and purse = $2 and state = 'live'`, name, w.account))
	}
	return left
}

func (w *world) reserve() {
	l, most, affordable := w.any(), w.amount("most"), w.affordable()
	least := money.Nanos(rapid.IntRange(1, int(most)).Draw(w.T, "least"))
	r, err := l.Reserve(w.s.t.Context(), Estimate{Request: "r", Account: w.account, Amount: most, Least: least})
	switch {
	case err != nil && !fault.Is(err, fault.InsufficientCredits) && !fault.Is(err, fault.PaymentRequired):
		w.Fatal(err)
	case w.late: // what was promised before may still be served
	case err != nil && affordable >= least:
		w.Fatalf("%d to %d was refused, and there is %d: %v", least, most, affordable, err)
	case err == nil && r.Amount() != min(most, affordable):
		w.Fatalf("%d is set aside, of %d wanted and %d there", r.Amount(), most, affordable)
	}
	if err == nil {
		w.open = append(w.open, &opened{l, r})
	}
}

// take takes one of the open reservations away.
func (w *world) take() *opened {
	if len(w.open) == 0 {
		return nil
	}
	i := rapid.IntRange(0, len(w.open)-1).Draw(w.T, "reservation")
	o := w.open[i]
	w.open = slices.Delete(w.open, i, i+1)
	return o
}

func (w *world) grow() {
	o := w.take()
	if o == nil {
		return
	}
	w.open = append(w.open, o)
	by, affordable := w.amount("by"), w.affordable()
	if o.l == nil {
		return
	}
	if grew := o.l.Grow(w.s.t.Context(), o.r, by); !w.late && grew != (by <= affordable) {
		w.Fatalf("growing by %d: %v, and there is %d", by, grew, affordable)
	}
}

func (w *world) commit() {
	o := w.take()
	if o == nil {
		return
	}
	amount := money.Nanos(rapid.IntRange(0, int(o.r.Amount())+2).Draw(w.T, "amount"))
	if o.l == nil || amount > o.r.Amount() {
		w.late = true
	}
	l := o.l
	if l == nil { // its process vanished, and its last write arrives all the same
		l = w.any()
		o.r = nil
	}
	c := w.s.charge(amount)
	c.Account = w.account
	w.must(l.Commit(w.s.t.Context(), o.r, c))
	w.balance -= amount
}

func (w *world) release() {
	if o := w.take(); o != nil && o.l != nil {
		o.l.Release(o.r)
	}
}

// pass lets time go by; leases are renewed in time, but may be too old to promise from.
func (w *world) pass() {
	d := time.Duration(rapid.IntRange(1, 25).Draw(w.T, "seconds")) * time.Second
	w.s.pass(d)
	if w.renewed += d; w.renewed > 30*time.Second {
		for _, l := range w.ledgers {
			w.must(l.renew(w.s.t.Context()))
		}
		w.renewed = 0
	}
	w.must(w.ledgers[0].Expire(w.s.t.Context()))
}

// crash has a process vanish, and another take its place.
func (w *world) crash() {
	i := rapid.IntRange(0, len(w.ledgers)-1).Draw(w.T, "victim")
	l := w.ledgers[i]
	w.feeds[i].Stop()
	w.ledgers, w.feeds = slices.Delete(w.ledgers, i, i+1), slices.Delete(w.feeds, i, i+1)
	for _, o := range w.open {
		if o.l == l {
			o.l = nil
		}
	}
	w.dead = append(w.dead, l.o.Replica)
	l.stop() // its loops end, and it gives nothing back
	l.done.Wait()
	// As if it had been asked already, and had not answered: nobody waits for it.
	w.s.exec(`update lease set recall = 1 where replica = $1 and state = 'live'`, l.o.Replica)
	w.start()
}

func (w *world) gather() { w.must(w.any().recall(w.s.t.Context(), w.account)) }

func (w *world) tidy() { w.must(w.any().tidy(w.s.t.Context())) }

// check looks whether what is promised is leased, and what is leased is there.
func (w *world) check() {
	w.Helper()
	for _, l := range w.ledgers {
		t := l.till(w.account, w.account, "", w.s.time())
		t.mu.Lock()
		for _, each := range t.slices {
			if each.free < 0 || each.promised < 0 {
				w.Errorf("a slice has %d free and %d promised", each.free, each.promised)
			}
		}
		held := map[string]money.Nanos{}
		for _, each := range t.slices {
			held[each.lease] = each.free + each.promised
		}
		t.mu.Unlock()
		for id, amount := range held {
			leased := money.Nanos(w.s.number(`select cast(coalesce(sum(amount - used), 0) as bigint) from lease where id = $1 and state = 'live'`, id))
			if leased < amount {
				w.Errorf("lease %s has %d, and %d is promised of it", id, leased, amount)
			}
		}
	}
	if leased := w.s.leases(w.account); !w.late && leased > max(0, w.balance+w.line) {
		w.Errorf("%d is leased of %d", leased, w.balance+w.line)
	}
	b, err := w.ledgers[0].Balance(w.s.t.Context(), w.account)
	w.must(err)
	if b.Balance != w.balance {
		w.Errorf("the balance is %d, want %d", b.Balance, w.balance)
	}
}

// settle ends what is open and reads the books.
func (w *world) settle() {
	for len(w.open) > 0 {
		w.release()
	}
	for _, l := range w.ledgers {
		w.must(l.returnAll(w.s.t.Context()))
	}
	w.s.pass(leaseLife + leaseGrace + time.Second)
	w.must(w.ledgers[0].Expire(w.s.t.Context()))
	if leased := w.s.leases(w.account); leased != 0 {
		w.Errorf("%d stays leased at the end", leased)
	}
	report, err := w.ledgers[0].Verify(w.s.t.Context())
	w.must(err)
	for _, problem := range report.Problems {
		w.Error(problem)
	}
}
