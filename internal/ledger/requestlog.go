package ledger

import (
	"strings"
	"time"
	"unicode/utf8"
)

// Entry is one request, for the request log.
type Entry struct {
	Request             string
	At                  time.Time // when the request came
	Method, Route, Path string
	Status              int
	Outcome, ErrorID    string
	Account, Key        string // "" where the caller was not known
	Model, Target       string
	TokensIn, TokensOut int64
	BytesIn, BytesOut   int64
	FirstByte, Duration time.Duration // kept in microseconds
	Streamed            bool
	Client              string // address
}

// Log queues the entry and returns at once. When the queue is full, or the ledger
// stops, the entry is dropped, counted and reported: the log of requests must never
// slow them.
func (l *Ledger) Log(e Entry) {
	if !l.mu.TryRLock() { // Stop is at work
		l.drop(1)
		return
	}
	defer l.mu.RUnlock()
	if l.stopped {
		l.drop(1)
		return
	}
	p, _ := l.entryPool.Get().(*Entry)
	*p = e
	select {
	case l.entries <- p:
	default:
		l.entryPool.Put(p)
		l.drop(1)
	}
	if len(l.entries) >= wakeEntries {
		select {
		case l.manyEntries <- struct{}{}:
		default: // woken already
		}
	}
}

// drop counts lost entries; the committer logs the sum now and then, so that an
// overload is not made worse by a line for each.
func (l *Ledger) drop(entries int) {
	l.dropped.Add(int64(entries))
	if l.o.OnDropped != nil {
		l.o.OnDropped(entries)
	}
}

func (l *Ledger) reportDropped() {
	if n := l.dropped.Swap(0); n > 0 {
		l.o.Log.Warn("request-log entries were dropped", "entries", n)
	}
}

func (e *Entry) fit() {
	for _, text := range [...]*string{
		&e.Request, &e.Method, &e.Route, &e.Path, &e.Outcome, &e.ErrorID, &e.Account, &e.Key, &e.Model, &e.Target, &e.Client,
	} {
		*text = fit(*text)
	}
}

// fit makes a text that both engines store: valid UTF-8 without NUL, at most
// maxText bytes, cut between characters.
func fit(s string) string {
	s = cut(s)
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return s
	}
	s = strings.ToValidUTF8(s, "\uFFFD")
	return cut(strings.ReplaceAll(s, "\x00", "\uFFFD")) // the replacement is longer than what it replaces
}

func cut(s string) string {
	if len(s) <= maxText {
		return s
	}
	end := maxText
	for end > maxText-utf8.UTFMax && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}
