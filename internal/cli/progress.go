package cli

import (
	"fmt"
	"io"
	"math"
	"strings"
	"sync"
	"time"

	"skytower/internal/skytells"
)

const (
	barCells = 24
	// barTick is how often the clock beside the bar moves.
	barTick = time.Second
)

// progress draws one line that changes, below the lines that stay. Where no terminal is,
// it only prints those.
type progress struct {
	to   io.Writer
	live bool // to is a terminal

	mu      sync.Mutex
	begun   time.Time
	status  string
	percent float64 // below 0: unknown
	drawn   bool

	quit, over chan struct{}
}

// newProgress begins to draw; close ends it.
func newProgress(to io.Writer, live bool) *progress {
	p := &progress{to: to, live: live, begun: time.Now(), percent: -1, quit: make(chan struct{}), over: make(chan struct{})}
	go p.run()
	return p
}

func (p *progress) run() {
	defer close(p.over)
	if !p.live {
		return
	}
	ticker := time.NewTicker(barTick)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			p.mu.Lock()
			p.draw()
			p.mu.Unlock()
		case <-p.quit:
			return
		}
	}
}

// close takes the line away.
func (p *progress) close() {
	close(p.quit)
	<-p.over
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
}

// tell shows how far a prediction is.
func (p *progress) tell(now skytells.Prediction) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status = now.Status
	if now.Metrics.Progress != nil {
		p.percent = *now.Metrics.Progress
	}
	p.draw()
}

// say prints a line that stays.
func (p *progress) say(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
	fmt.Fprintln(p.to, plain(text))
	p.draw()
}

const eraseLine = "\r\x1b[K"

func (p *progress) erase() {
	if p.drawn {
		fmt.Fprint(p.to, eraseLine)
	}
	p.drawn = false
}

func (p *progress) draw() {
	if !p.live || p.status == "" {
		return
	}
	fmt.Fprint(p.to, eraseLine+plain(barLine(p.status, p.percent, time.Since(p.begun))))
	p.drawn = true
}

// barLine is narrow enough for any terminal.
func barLine(status string, percent float64, elapsed time.Duration) string {
	seconds := int(elapsed / time.Second)
	clock := fmt.Sprintf("%d:%02d", seconds/60, seconds%60)
	if len(status) > barCells {
		status = status[:barCells]
	}
	if !(percent >= 0) { // also where it is no number
		return fmt.Sprintf("%-11s %s", status, clock)
	}
	percent = math.Min(percent, 100)
	full := int(percent * barCells / 100)
	return fmt.Sprintf("%-11s [%s%s] %3.0f%%  %s", status, strings.Repeat("#", full), strings.Repeat(".", barCells-full), percent, clock)
}
