package maintain

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// Terminal is where a command tells of its work: results on Out, as JSON where that was
// asked for, and how far it is on Err.
type Terminal struct {
	Out, Err io.Writer
	JSON     bool
	Version  string // of this program
}

// result prints v as JSON, or else what text says.
func (t Terminal) result(v any, text func(io.Writer)) error {
	if !t.JSON {
		text(t.Out)
		return nil
	}
	encoder := json.NewEncoder(t.Out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(v)
}

const (
	// liveTick and plainTick are between two words of one step's progress, on a terminal
	// and elsewhere.
	liveTick  = 200 * time.Millisecond
	plainTick = 10 * time.Second
	eraseLine = "\r\x1b[K"
)

// progress tells how far long work is: on a terminal by one line that changes, elsewhere
// by a line now and then. It is safe for concurrent use.
type progress struct {
	to   io.Writer
	live bool

	mu    sync.Mutex
	last  time.Time
	drawn bool
}

func (t Terminal) progress() *progress {
	p := &progress{to: t.Err, last: time.Now()}
	if file, ok := t.Err.(*os.File); ok {
		info, err := file.Stat()
		p.live = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return p
}

// tick tells how far a step is, if that was not told a moment ago.
func (p *progress) tick(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	tick := plainTick
	if p.live {
		tick = liveTick
	}
	if time.Since(p.last) < tick {
		return
	}
	p.last = time.Now()
	if p.live {
		fmt.Fprintf(p.to, eraseLine+format, args...)
		p.drawn = true
	} else {
		fmt.Fprintf(p.to, format+"\n", args...)
	}
}

// say prints a line that stays.
func (p *progress) say(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.drawn {
		fmt.Fprint(p.to, eraseLine)
		p.drawn = false
	}
	fmt.Fprintf(p.to, format+"\n", args...)
}

// size is a number of bytes as people read it.
func size(n int64) string {
	const kib, mib, gib = 1 << 10, 1 << 20, 1 << 30
	switch {
	case n >= gib:
		return fmt.Sprintf("%.1f GiB", float64(n)/gib)
	case n >= mib:
		return fmt.Sprintf("%.1f MiB", float64(n)/mib)
	case n >= kib:
		return fmt.Sprintf("%.1f KiB", float64(n)/kib)
	}
	return fmt.Sprintf("%d bytes", n)
}
