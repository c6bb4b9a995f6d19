package remote

import (
	"fmt"
	"strconv"
	"strings"

	"skytower/internal/provider"
	"skytower/internal/rawjson"
)

// Bounds of the log lines that one piece of news holds.
const (
	maxLines    = 1000
	maxLine     = 4 << 10  // bytes of a line
	maxUnended  = 64 << 10 // bytes kept of a line whose end has not come
	leftOutText = "… %d lines left out"
)

// News turns what is seen of a running work, often the same things again, into what
// is new, and tells that to the run's watcher.
type News struct {
	client *Client
	cover  cover
	kind   string
	watch  provider.Watcher

	percent  float64
	logged   int    // bytes of the log that were taken in
	replayed int    // bytes that AddLog was given, since the last Replay
	line     string // the log's last line, whose end has not come
	pieces   int    // elements of the output that were taken in
	written  int    // bytes of an output that is one growing text
	next     provider.Progress
	dropped  int // lines that next has no room for
}

// News starts a run's news.
func (c *Client) News(run *provider.Run, n Names) *News {
	return &News{client: c, cover: c.cover(n), kind: run.Kind, watch: run.Watch}
}

// Log takes in the whole log so far. A log that became shorter tells nothing new.
func (n *News) Log(all string) {
	if len(all) > n.logged {
		n.take(all[n.logged:])
	}
	n.logged = len(all)
}

// Replay says that AddLog begins anew: what was taken in before comes again.
func (n *News) Replay() { n.replayed = 0 }

// AddLog takes in the log's next piece.
func (n *News) AddLog(piece string) {
	known := n.logged - n.replayed
	n.replayed += len(piece)
	if known >= len(piece) {
		return
	}
	n.take(piece[max(known, 0):])
	n.logged = n.replayed
}

func (n *News) take(piece string) {
	rest := n.line + piece
	for {
		line, after, ended := strings.Cut(rest, "\n")
		if !ended {
			break
		}
		n.add(line)
		rest = after
	}
	n.Percent(barPercent(rest))
	if len(rest) > maxUnended {
		rest = rest[len(rest)-maxUnended:]
	}
	n.line = rest
}

// add takes one line. Of a line that was written over, as progress bars do, the last
// writing counts, as on a terminal.
func (n *News) add(line string) {
	n.Percent(barPercent(line))
	line = strings.TrimRight(line, "\r")
	if i := strings.LastIndexByte(line, '\r'); i >= 0 {
		line = line[i+1:]
	}
	if line = strings.TrimRight(line, " \t"); line == "" {
		return
	}
	if len(line) > maxLine {
		line = line[:maxLine] + "…"
	}
	if len(n.next.Logs) == maxLines {
		n.next.Logs = n.next.Logs[1:]
		n.dropped++
	}
	n.next.Logs = append(n.next.Logs, strings.ToValidUTF8(n.cover.apply(line), "\uFFFD"))
}

// Say adds a line of our own.
func (n *News) Say(format string, args ...any) { n.add(fmt.Sprintf(format, args...)) }

// Percent takes in how much is done. Less than before says nothing.
func (n *News) Percent(percent float64) {
	if percent = min(percent, 100); percent > n.percent {
		n.percent, n.next.Percent = percent, percent
	}
}

// Output takes in the output so far of a work that goes on: an array that grows, or
// a text that does.
func (n *News) Output(output []byte) {
	switch rawjson.KindOf(output) {
	case rawjson.KindArray:
		i := 0
		rawjson.Elements(output, func(value []byte) bool {
			if i >= n.pieces {
				n.piece(value)
			}
			i++
			return true
		})
		n.pieces = max(n.pieces, i)
	case rawjson.KindString:
		if s := Text(output); n.kind == kindText && len(s) > n.written {
			n.next.Text += s[n.written:]
			n.written = len(s)
		}
	}
}

// Piece takes in the element of a growing output that stands at index.
func (n *News) Piece(index int, value []byte) {
	if index < n.pieces {
		return
	}
	n.pieces = index + 1
	n.piece(value)
}

func (n *News) piece(value []byte) {
	if f := n.client.files(n.kind, value); len(f) > 0 {
		n.next.Output = append(n.next.Output, f...)
	} else if n.kind == kindText {
		n.next.Text += Text(value)
	}
}

// Tell tells the watcher what is new, if anything is.
func (n *News) Tell() {
	p := n.next
	if n.dropped > 0 {
		p.Logs = append([]string{fmt.Sprintf(leftOutText, n.dropped)}, p.Logs...)
	}
	n.next, n.dropped = provider.Progress{}, 0
	if p.Percent > 0 || len(p.Logs) > 0 || len(p.Output) > 0 || p.Text != "" {
		n.watch.Progress(p)
	}
}

// End tells what is left, the log's last line included.
func (n *News) End() {
	n.add(n.line)
	n.line = ""
	n.Tell()
}

// barPercent is what the last progress bar in a line shows, 0 where there is none.
// Python's tqdm, which most models use, writes " 42%|████      | 21/50".
func barPercent(line string) float64 {
	at := strings.LastIndex(line, "%|")
	if at < 0 {
		return 0
	}
	from := at
	for from > 0 && at-from < len("100") && line[from-1] >= '0' && line[from-1] <= '9' {
		from--
	}
	percent, err := strconv.Atoi(line[from:at])
	if err != nil {
		return 0
	}
	return float64(percent)
}
