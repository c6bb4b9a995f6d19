package route

import (
	"sync/atomic"
	"time"
)

const (
	tryCost    = 100                                  // a try beyond the first, in hundredths of a token
	budgetRate = time.Millisecond                     // per hundredth: ten tokens a second
	budgetIdle = int64(10 * time.Second / budgetRate) // what ten seconds without retries save up
	budgetCap  = 100*tryCost + budgetIdle
)

// budget bounds the tries beyond the first over all models, so that an outage does not
// multiply the load.
//
// It is one number: the moment, in units of budgetRate, at which the bucket would have been
// empty. Time alone fills it then, and a request that pays in moves the moment back. What
// is above the cap is cut when a token is taken: paying in needs no clock.
type budget struct {
	percent int64
	empty   atomic.Int64
}

func (b *budget) start(percent int) {
	b.percent = int64(percent)
	b.empty.Store(-budgetIdle)
}

// earn is for a request's first try.
func (b *budget) earn() {
	if b.percent > 0 {
		b.empty.Add(-b.percent)
	}
}

// take pays for a further try; false: the bucket is empty.
func (b *budget) take(now int64) bool {
	if b.percent < 0 {
		return true
	}
	now /= int64(budgetRate)
	for {
		old := b.empty.Load()
		empty := max(old, now-budgetCap)
		if now-empty < tryCost {
			return false
		}
		if b.empty.CompareAndSwap(old, empty+tryCost) {
			return true
		}
	}
}

// giveBack undoes take where no try came of it.
func (b *budget) giveBack() {
	if b.percent >= 0 {
		b.empty.Add(-tryCost)
	}
}
