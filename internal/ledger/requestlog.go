package ledger

import (
	"strings"
	"time"
	"unicode/utf8"
)

// Entry is one request, for the request log.
type Entry struct {
	Request             string
	At                  time.Time
	Method, Route, Path string
	Status              int
	Outcome, ErrorID    string
	Account, Key        string
	Model, Target       string
	TokensIn, TokensOut int64
	BytesIn, BytesOut   int64
	FirstByte, Duration time.Duration
	Streamed            bool
	Client              string
}

// Log queues the entry and returns at once. When the queue is full, the entry is
// dropped, counted and reported: the log of requests must never slow them.
func (l *Ledger) Log(e Entry) {
	select {
	case l.entries <- e:
	default:
		l.dropped.Add(1)
	}
}

// fit makes a text that both engines store: valid UTF-8 without NUL, not too long.
func fit(s string) string {
	if len(s) > maxText {
		s = s[:maxText]
		for len(s) > 0 && !utf8.RuneStart(s[len(s)-1]) {
			s = s[:len(s)-1]
		}
	}
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "\uFFFD")
	}
	return s
}

func (e *Entry) fit() {
	for _, text := range [...]*string{
		&e.Request, &e.Method, &e.Route, &e.Path, &e.Outcome, &e.ErrorID, &e.Account, &e.Key, &e.Model, &e.Target, &e.Client,
	} {
		*text = fit(*text)
	}
}
