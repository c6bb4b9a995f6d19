package limit

import (
	"hash/maphash"
	"sync"
	"time"
)

const (
	guardShards = 64
	// guardKeys bounds the keys of one shard: 65,536 in all, some 100 bytes each.
	guardKeys = 1024
	// guardCell is how long one cell of a guard's window is, in seconds: coarse.
	guardCell  = 10
	guardCells = int64(Window/time.Second)/guardCell + 1
)

// Guard is a coarse bound on how often each key comes in a minute, in the memory of this
// process alone: against floods, not for accounting. Where more keys come than it has
// room for, it forgets some: whoever makes up that many has to be stopped elsewhere.
type Guard struct {
	most   int64
	seed   maphash.Seed
	shards [guardShards]guardShard
}

type guardShard struct {
	sync.Mutex
	keys map[string]*guardWindow
}

// guardWindow is a window of few cells.
type guardWindow struct {
	last  int64 // number of the newest cell
	sum   int64
	cells [guardCells]int32
}

// NewGuard returns a guard that lets a key come so often in a minute; 0: no bound.
func NewGuard(aMinute int) *Guard {
	g := &Guard{most: int64(aMinute), seed: maphash.MakeSeed()}
	for i := range g.shards {
		g.shards[i].keys = map[string]*guardWindow{}
	}
	return g
}

// Allow counts a key's coming, or says after how many whole seconds it may come again.
func (g *Guard) Allow(key string, now time.Time) (ok bool, retryAfter time.Duration) {
	return g.ask(key, now, 1)
}

// Peek is Allow without counting.
func (g *Guard) Peek(key string, now time.Time) (ok bool, retryAfter time.Duration) {
	return g.ask(key, now, 0)
}

func (g *Guard) ask(key string, now time.Time, count int32) (ok bool, retryAfter time.Duration) {
	if g.most <= 0 {
		return true, 0
	}
	shard := &g.shards[maphash.String(g.seed, key)%guardShards]
	shard.Lock()
	defer shard.Unlock()
	w, cell := shard.keys[key], now.Unix()/guardCell
	if w == nil {
		if count == 0 {
			return true, 0
		}
		w = shard.add(key, cell)
	}
	w.advance(cell)
	if w.sum >= g.most {
		return false, w.pause(now, g.most)
	}
	w.cells[w.last%guardCells] += count
	w.sum += int64(count)
	return true, 0
}

// add makes room first: what is idle goes, then half of the rest.
func (s *guardShard) add(key string, cell int64) *guardWindow {
	if len(s.keys) >= guardKeys {
		for k, w := range s.keys {
			if w.last <= cell-guardCells {
				delete(s.keys, k)
			}
		}
		for k := range s.keys {
			if len(s.keys) <= guardKeys/2 {
				break
			}
			delete(s.keys, k)
		}
	}
	w := &guardWindow{last: cell}
	s.keys[key] = w
	return w
}

func (w *guardWindow) advance(cell int64) {
	for w.last < cell {
		if cell-w.last > guardCells {
			w.last = cell - guardCells
			continue
		}
		w.last++
		oldest := &w.cells[w.last%guardCells]
		w.sum -= int64(*oldest)
		*oldest = 0
	}
}

// pause is when enough cells will have gone.
func (w *guardWindow) pause(now time.Time, most int64) time.Duration {
	sum := w.sum
	for cell := w.last - guardCells + 1; cell <= w.last; cell++ {
		if sum -= int64(w.cells[(cell+guardCells)%guardCells]); sum < most {
			wait := time.Unix((cell+guardCells)*guardCell, 0).Sub(now)
			return max(wait+time.Second-1, time.Second).Truncate(time.Second)
		}
	}
	return Window
}

// Polls bounds how often an account reads.
type Polls struct {
	guard *Guard
	now   func() time.Time
}

// NewPolls returns a bound of so many reads of each account in a minute; now nil is
// time.Now.
func NewPolls(aMinute int, now func() time.Time) *Polls {
	if now == nil {
		now = time.Now
	}
	return &Polls{guard: NewGuard(aMinute), now: now}
}

// Allow counts a read of an account.
func (p *Polls) Allow(account string) (retryAfter time.Duration, ok bool) {
	ok, retryAfter = p.guard.Allow(account, p.now())
	return retryAfter, ok
}

// Refusals bounds how often an address comes with a wrong key.
type Refusals struct {
	guard *Guard
	now   func() time.Time
}

// NewRefusals returns a bound of so many wrong keys from each address in a minute; now
// nil is time.Now.
func NewRefusals(aMinute int, now func() time.Time) *Refusals {
	if now == nil {
		now = time.Now
	}
	return &Refusals{guard: NewGuard(aMinute), now: now}
}

// Allow says whether a key from the address is looked at.
func (r *Refusals) Allow(address string) (retryAfter time.Duration, ok bool) {
	ok, retryAfter = r.guard.Peek(address, r.now())
	return retryAfter, ok
}

// Note counts a wrong key from the address.
func (r *Refusals) Note(address string) { r.guard.Allow(address, r.now()) }
