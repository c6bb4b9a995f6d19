package ledger_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"skytower/internal/fault"
	"skytower/internal/ledger"
)

func TestSponsoredCreditExpires(t *testing.T) {
	t.Parallel()
	eachBooks(t, func(t *testing.T, b *books) {
		b.give("soon", ledger.Sponsored, dollars(5), b.time().Add(time.Hour))
		b.give("later", ledger.Sponsored, dollars(2), b.time().Add(2*time.Hour))
		b.give("d", ledger.Deposited, dollars(1), time.Time{})
		b.must(b.l.Expire(b.ctx()))
		b.has("sponsored:3=5 sponsored:4=2 deposited=1 payg=0")
		b.pass(time.Hour)
		b.available(dollars(3)) // it can't be used any more, whether Expire has run or not
		b.refused(b.hold(b.work("p", dollars(4))), fault.InsufficientCredits)
		for range 2 {
			b.must(b.l.Expire(b.ctx()))
			b.has("sponsored:4=2 deposited=1 payg=0")
			b.available(dollars(3))
			b.clean()
		}
		found, err := b.l.Transfers(b.ctx(), "acct_one", ledger.Page{Limit: 1})
		b.must(err)
		if got := found[0]; got.Kind != "expiry" || got.Amount != -dollars(5) || got.Ref != "acct_one:sponsored:3" || !got.At.Equal(b.time()) {
			t.Errorf("%+v", got)
		}
	})
}

// What was promised before its time was over stays until the promise ends.
func TestPromisedCreditExpiresLater(t *testing.T) {
	t.Parallel()
	eachBooks(t, func(t *testing.T, b *books) {
		b.give("s", ledger.Sponsored, dollars(10), b.time().Add(30*time.Second))
		b.give("d", ledger.Deposited, dollars(1), time.Time{})
		b.must(b.hold(b.work("p", dollars(4))))
		b.lease("lease", "acct_one:sponsored:3", dollars(3), dollars(0))
		b.pass(30 * time.Second)
		b.must(b.l.Expire(b.ctx()))
		b.has("sponsored:3=7 deposited=1 payg=0")
		b.available(dollars(1)) // the hold is covered by what is kept
		b.clean()
		b.must(b.settle(b.work("p", dollars(3))))
		b.must(b.l.Expire(b.ctx()))
		b.has("sponsored:3=3 deposited=1 payg=0")
		b.clean()
	})
}

func TestEachExpiryIsOneOfItsOwn(t *testing.T) {
	t.Parallel()
	eachBooks(t, func(t *testing.T, b *books) {
		b.give("s", ledger.Sponsored, dollars(10), b.time().Add(time.Second))
		b.lease("lease", "acct_one:sponsored:3", dollars(3), dollars(0))
		b.pass(2 * time.Second)
		b.must(b.l.Expire(b.ctx()))
		b.has("sponsored:3=3 deposited=0 payg=0")
		b.exec(`update lease set amount = 1000000000`)
		b.must(b.l.Expire(b.ctx())) // at the same moment
		b.has("sponsored:3=1 deposited=0 payg=0")
		b.clean()
	})
}

func TestExpireInParallel(t *testing.T) {
	t.Parallel()
	eachBooks(t, func(t *testing.T, b *books) {
		const many = 12
		for i := range many {
			b.give(fmt.Sprint("s", i), ledger.Sponsored, dollars(1), b.time().Add(2*time.Hour))
			b.must(b.hold(b.work(fmt.Sprint("p", i), dollars(0.5))))
		}
		b.pass(2 * time.Hour)
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				other := newBooks(t, b.db) // another process
				other.now.Store(b.now.Load())
				for range 2 { // credit that a hold had kept goes in the second round
					if err := other.l.Expire(t.Context()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		b.has("deposited=0 payg=0")
		if ends, transfers := b.number(`select count(*) from hold_end where how = 'expired'`), b.number(`select -sum(amount) from transfer where kind = 'expiry'`); ends != many || transfers != int64(dollars(many)) {
			t.Errorf("%d holds and %d of credit expired", ends, transfers)
		}
		b.clean()
	})
}

func TestHoldsExpire(t *testing.T) {
	t.Parallel()
	eachBooks(t, func(t *testing.T, b *books) {
		b.give("d", ledger.Deposited, dollars(1000), time.Time{})
		const many = 230 // more than one slice
		for i := range many {
			w := b.work(fmt.Sprintf("p%03d", i), dollars(1))
			if i%2 == 0 {
				w.Expires = b.time().Add(2 * time.Hour)
			}
			b.must(b.hold(w))
		}
		b.pass(time.Hour)
		b.must(b.l.Expire(b.ctx()))
		b.available(dollars(1000 - many/2))
		b.clean()
		b.pass(time.Hour)
		b.must(b.l.Expire(b.ctx())) // from the bookmark on
		b.available(dollars(1000))
		b.clean()
	})
}

func TestLeasesEndAfterTheirGrace(t *testing.T) {
	t.Parallel()
	eachBooks(t, func(t *testing.T, b *books) {
		b.give("d", ledger.Deposited, dollars(10), time.Time{})
		b.lease("lease", "acct_one:deposited", dollars(7), 0)
		b.pass(time.Minute + 10*time.Second)
		b.must(b.l.Expire(b.ctx()))
		live := func(want int64) {
			t.Helper()
			if n := b.number(`select count(*) from lease where state = 'live'`); n != want {
				t.Errorf("%d leases live, want %d", n, want)
			}
		}
		live(1)
		b.pass(time.Microsecond)
		b.must(b.l.Expire(b.ctx()))
		live(0)
		b.available(dollars(10))
		b.pass(29 * 24 * time.Hour)
		b.must(b.l.Expire(b.ctx()))
		if n := b.number(`select count(*) from lease`); n != 1 {
			t.Errorf("%d leases: a late charge may name it", n)
		}
		b.pass(24 * time.Hour)
		b.must(b.l.Expire(b.ctx()))
		if n := b.number(`select count(*) from lease`); n != 0 {
			t.Errorf("%d leases are kept", n)
		}
		b.clean()
	})
}
