package response

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"sync"
	"time"

	"skytower/internal/store"
)

// Bounds of what lingers. Beyond them an item is dropped, and a reference to it is one to
// an item that is not known.
const (
	lingerEvery = 200 * time.Millisecond // between writes
	lingerBatch = 256                    // responses of one write
	lingerMost  = 8192                   // responses that wait
	lingerBytes = 64 << 20               // of their items
	// lingerLag is when what another process was told before now can be read.
	lingerLag = 300 * time.Millisecond
)

// linger is what waits to be written. It can be found here until it is durable.
type linger struct {
	full chan struct{} // holds one: a batch is there
	most int           // responses that wait

	mu      sync.Mutex
	waiting []*lingering
	size    int // bytes of all that waits
	byID    map[key]lingeringItem
}

// lingering is the output of one response.
type lingering struct {
	account, response string
	items             []Item
	expires           time.Time
	size              int
}

type lingeringItem struct {
	of   *lingering
	body json.RawMessage
}

// Linger lets the output of a response that is not stored be referred to for a while. It
// never waits: the items are written in the background, and dropped where too many wait.
// They must not be changed afterwards.
func (s *Store) Linger(account, response string, output []Item) {
	if s.o.Linger <= 0 || len(output) == 0 {
		return
	}
	e := &lingering{account: account, response: response, items: output, expires: s.o.Now().Add(s.o.Linger)}
	for _, item := range output {
		e.size += len(item.Body)
	}
	if s.linger.add(e) {
		select {
		case s.linger.full <- struct{}{}:
		default:
		}
	}
}

// add reports whether there is enough for a write.
func (l *linger) add(e *lingering) (enough bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) >= l.most || l.size+e.size > lingerBytes {
		return false
	}
	l.waiting = append(l.waiting, e)
	l.size += e.size
	if l.byID == nil {
		l.byID = map[key]lingeringItem{}
	}
	for _, item := range e.items {
		l.byID[key{e.account, item.ID}] = lingeringItem{e, item.Body}
	}
	return len(l.waiting) >= lingerBatch
}

// batch is what is to be written next. It stays until written is called.
func (l *linger) batch() []*lingering {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.waiting[:min(len(l.waiting), lingerBatch)]
}

// written forgets the first n.
func (l *linger) written(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.waiting[:n] {
		l.size -= e.size
		for _, item := range e.items {
			if k := (key{e.account, item.ID}); l.byID[k].of == e { // else a later one has the id
				delete(l.byID, k)
			}
		}
	}
	l.waiting = append([]*lingering(nil), l.waiting[n:]...)
}

// find moves what is here from the ids to found.
func (l *linger) find(account string, ids map[string]bool, found map[string]json.RawMessage, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id := range ids {
		if i, ok := l.byID[key{account, id}]; ok && i.of.expires.After(now) {
			found[id] = i.body
			delete(ids, id)
		}
	}
}

// writeLingering writes what lingers from time to time, until ctx is over.
func (s *Store) writeLingering(ctx context.Context) {
	tick := time.NewTicker(lingerEvery)
	defer tick.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-s.linger.full:
		}
		err := s.flush(ctx)
		if err != nil && !failing && ctx.Err() == nil { // once, not five times a second
			s.o.Log.Warn("items that can be referred to could not be written", "error", err)
		}
		failing = err != nil
	}
}

// flush writes all that waits. What fails stays for the next time. One goroutine calls it
// at a time.
func (s *Store) flush(ctx context.Context) error {
	for {
		batch := s.linger.batch()
		if len(batch) == 0 {
			return nil
		}
		var all items
		for _, e := range batch {
			all.add(e.account, e.response, 0, e.items, store.Micros(e.expires))
		}
		if err := s.db.Write(ctx, func(tx *store.Tx) error { return all.insert(ctx, tx) }); err != nil {
			return fmt.Errorf("write items that linger: %w", err)
		}
		s.linger.written(len(batch))
	}
}

// Items finds items by their ids, of stored responses and lingering ones. Those that it
// does not find are absent.
func (s *Store) Items(ctx context.Context, account string, ids []string) (map[string]json.RawMessage, error) {
	missing := make(map[string]bool, len(ids))
	for _, id := range ids {
		if plausible(id) {
			missing[id] = true
		}
	}
	found := make(map[string]json.RawMessage, len(missing))
	if err := s.find(ctx, account, missing, found); err != nil || len(missing) == 0 || !s.othersLinger() {
		return found, err
	}
	// Another process may be about to write it.
	if err := s.wait(ctx, lingerLag); err != nil {
		return nil, err
	}
	return found, s.find(ctx, account, missing, found)
}

// othersLinger reports whether there can be processes with items that wait. One process
// owns a SQLite file.
func (s *Store) othersLinger() bool { return s.o.Linger > 0 && s.db.Dialect() == store.Postgres }

// find moves what is there from missing to found. Memory is asked first: what is no
// longer there is durable.
func (s *Store) find(ctx context.Context, account string, missing map[string]bool, found map[string]json.RawMessage) error {
	now := s.o.Now()
	s.linger.find(account, missing, found, now)
	if len(missing) == 0 {
		return nil
	}
	stored := map[string]json.RawMessage{}
	err := s.db.Read(ctx, func(tx *store.Tx) error {
		clear(stored)
		return readItems(ctx, tx, account, missing, stored, now)
	})
	if err != nil {
		return fmt.Errorf("find items: %w", err)
	}
	for id, body := range stored {
		found[id] = body
		delete(missing, id)
	}
	return nil
}

// readItems finds items in the database. An output counts before inputs that repeat its
// id, and a later one before earlier ones.
func readItems(ctx context.Context, tx *store.Tx, account string, ids map[string]bool, found map[string]json.RawMessage, now time.Time) error {
	d := tx.Dialect()
	list := make([]string, 0, len(ids))
	for id := range maps.Keys(ids) {
		list = append(list, id)
	}
	return tx.Each(ctx, `select i.id, i.body from response_item i where i.account = $1 and `+d.In("i.id", 2)+` and (i.expires_at > $3
			or i.expires_at = 0 and exists (select 1 from response r where r.account = i.account and r.id = i.response and `+alive(3)+`))
		order by case when i.place < 0 then 0 else 1 end, i.response`, func(scan func(...any) error) error {
		var id string
		var body []byte
		err := scan(&id, &body)
		found[id] = body
		return err
	}, account, d.Strings(list), store.Micros(now))
}
