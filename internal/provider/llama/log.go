package llama

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
)

// childLog takes what the library writes: for the debug log, and the last of it for the
// reason of an end. It is bounded, and once calls come it takes known lines only: no text
// of a caller gets into a log.
type childLog struct {
	log *slog.Logger

	mu    sync.Mutex
	part  []byte   // of a line
	last  []string // lines
	lines int      // so far
	calls bool     // calls come
	said  string   // the child's own word on why it ends
}

const (
	longestLine = 500    // bytes
	lastLines   = 3      // that make a reason
	mostLines   = 20_000 // of one child
)

// Write takes a piece of the output; it never fails.
func (l *childLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for rest := p; len(rest) > 0; {
		line, more, whole := bytes.Cut(rest, []byte("\n"))
		if room := longestLine - len(l.part); room > 0 {
			l.part = append(l.part, line[:min(len(line), room)]...)
		}
		if whole {
			l.line(strings.TrimSpace(strings.ToValidUTF8(string(l.part), "\uFFFD")))
			l.part = l.part[:0]
		}
		rest = more
	}
	return len(p), nil
}

func (l *childLog) line(text string) {
	l.lines++
	if text == "" || l.lines > mostLines || l.calls && !ofLibrary(text) {
		return
	}
	l.last = append(l.last, text)
	if len(l.last) > lastLines {
		l.last = l.last[1:]
	}
	l.log.Debug("llama.cpp", "line", text)
}

// ofLibrary knows lines that the library writes of itself, such as the place of a failed
// assertion. Others might quote a schema or a text.
func ofLibrary(text string) bool {
	for _, prefix := range []string{"llama_", "~llama", "ggml_", "CUDA", "skytower-llama:"} {
		if strings.HasPrefix(text, prefix) {
			return true
		}
	}
	return strings.Contains(text, "GGML_ASSERT(")
}

// loaded says that calls come from now on.
func (l *childLog) loaded() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls, l.last = true, nil
}

// told keeps the word on why the child ends.
func (l *childLog) told(why string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.said == "" {
		l.said = why
	}
}

// reason is why the child ended, for the log and for operators.
func (l *childLog) reason(exit error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.said != "":
		return errors.New(l.said)
	case exit == nil:
		exit = errors.New("it ended without a word")
	}
	if len(l.last) > 0 {
		return fmt.Errorf("%w; its last words: %s", exit, strings.Join(l.last, " | "))
	}
	return exit
}
