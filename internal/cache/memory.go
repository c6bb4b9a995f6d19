package cache

import (
	"container/list"
	"context"
	"sync"
	"time"
)

// overhead is what an answer takes in memory besides its bytes: the key, and the entries of
// the list and the map.
const overhead = 512

// Memory keeps answers in this process. Where there is no room, what was not asked for the
// longest time goes.
type Memory struct {
	now  func() time.Time
	size int64

	mu     sync.Mutex
	byKey  map[Key]*list.Element // of *entry
	recent *list.List            // the last used in front
	bytes  int64
	forgot uint64 // how often anything was forgotten
}

type entry struct {
	key    Key
	answer Answer
	looked time.Time // when it was known to be the newest
	shared string    // of the mark of that look
}

func (e *entry) bytes() int64 {
	return int64(len(e.answer.Body)+len(e.key.Account)+len(e.key.Model)) + overhead
}

// NewMemory returns one that holds at most so many bytes.
func NewMemory(size int64, now func() time.Time) *Memory {
	return &Memory{now: now, size: size, byKey: map[Key]*list.Element{}, recent: list.New()}
}

// Find looks for an answer.
func (m *Memory) Find(_ context.Context, k Key) Found {
	found, _ := m.find(k)
	return found
}

// find is Find, and says when the answer was known to be the newest.
func (m *Memory) find(k Key) (found Found, looked time.Time) {
	now := m.now()
	m.mu.Lock()
	defer m.mu.Unlock()
	found.Since.memory = m.forgot
	at := m.byKey[k]
	if at == nil {
		return found, looked
	}
	e := entryOf(at)
	if !now.Before(e.answer.Until) {
		m.drop(at)
		return found, looked
	}
	m.recent.MoveToFront(at)
	found.Answer, found.Since.shared = e.answer, e.shared
	return found, e.looked
}

// looked notes that nobody has a newer answer now, by a look in Redis.
func (m *Memory) looked(k Key, shared string) {
	now := m.now()
	m.mu.Lock()
	defer m.mu.Unlock()
	if at := m.byKey[k]; at != nil {
		e := entryOf(at)
		e.looked, e.shared = now, shared
	}
}

// Keep keeps an answer, unless anything was forgotten since, or it is too large.
func (m *Memory) Keep(_ context.Context, k Key, a Answer, since Mark) {
	e := &entry{key: k, answer: a, looked: m.now(), shared: since.shared}
	n := e.bytes()
	m.mu.Lock()
	defer m.mu.Unlock()
	if since.memory != m.forgot || len(a.Body) > MostBytes || n > m.size {
		return
	}
	if at := m.byKey[k]; at != nil {
		m.drop(at)
	}
	for m.bytes+n > m.size {
		m.drop(m.recent.Back())
	}
	m.byKey[k] = m.recent.PushFront(e)
	m.bytes += n
}

// Forget forgets what a model answered, or all if model is "".
func (m *Memory) Forget(_ context.Context, model string) error {
	m.forget(func(k Key) bool { return model == "" || k.Model == model })
	return nil
}

// Erase forgets an account's answers.
func (m *Memory) Erase(_ context.Context, account string) error {
	m.forget(func(k Key) bool { return k.Account == account })
	return nil
}

// forget drops what is under some keys. What is being made meanwhile, under whatever key,
// will not be kept.
func (m *Memory) forget(those func(Key) bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forgot++
	for at := m.recent.Front(); at != nil; {
		next := at.Next()
		if those(entryOf(at).key) {
			m.drop(at)
		}
		at = next
	}
}

// stands reports whether nothing was forgotten since.
func (m *Memory) stands(since Mark) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return since.memory == m.forgot
}

// State counts what is kept, answers whose time is over included until somebody looks for
// them or their room is needed.
func (m *Memory) State() State {
	m.mu.Lock()
	defer m.mu.Unlock()
	return State{Answers: len(m.byKey), Bytes: m.bytes, Size: m.size}
}

func (m *Memory) drop(at *list.Element) {
	e := entryOf(at)
	m.recent.Remove(at)
	delete(m.byKey, e.key)
	m.bytes -= e.bytes()
}

func entryOf(at *list.Element) *entry {
	e, _ := at.Value.(*entry) // the list holds nothing else
	return e
}
