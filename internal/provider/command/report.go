package command

import (
	"bytes"
	"context"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"skytower/internal/config"
	"skytower/internal/provider"
)

const (
	maxLine  = 2 << 10 // bytes of a log line; the rest of it is left out
	maxLines = 2000    // log lines of one run
)

const leftOut = "[the program wrote more lines; they are left out]"

// report reads what a program writes and tells it on.
type report struct {
	limits config.Limits
	watch  provider.Watcher
	hide   *strings.Replacer // the scratch folder's path is nobody's business
	stop   context.CancelCauseFunc

	stdout, stderr *lines

	mu      sync.Mutex // the watcher is called from one goroutine at a time
	bytes   int64
	logged  int
	last    string // the last line of standard error
	percent float64
	isText  bool
	text    strings.Builder // of a text model
	held    []byte          // of it, not told yet: half a character, or line ends that may be the last
}

func newReport(c config.Command, watch provider.Watcher, place *folder, stop context.CancelCauseFunc) *report {
	r := &report{
		limits: c.Limits, watch: watch, stop: stop, isText: c.Output == config.OutputText,
		hide: strings.NewReplacer(place.work+"/", "", place.work, "."),
	}
	r.stdout = &lines{say: r.outLine}
	r.stderr = &lines{say: r.errLine}
	return r
}

// out and err take the program's two streams. They never fail: a program that is about
// to be stopped for writing too much must not be ended by a closed pipe first.
func (r *report) out(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.counts(len(p)) {
		return len(p), nil
	}
	if r.isText {
		r.tellText(p)
	} else {
		r.stdout.write(p)
	}
	return len(p), nil
}

func (r *report) err(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.counts(len(p)) {
		r.stderr.write(p)
	}
	return len(p), nil
}

// counts bounds both streams together, so that a flood ends soon.
func (r *report) counts(n int) bool {
	if r.bytes += int64(n); r.bytes <= r.limits.Output {
		return true
	}
	r.stop(tooLarge(r.limits))
	return false
}

// close tells what was still open: a last line without an end, a last half character.
func (r *report) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stdout.flush()
	r.stderr.flush()
	r.say(bytes.TrimRight(r.held, "\r\n"))
	r.held = nil
}

// whole is the text of a text model, without the line ends at its end.
func (r *report) whole() *string {
	r.mu.Lock()
	defer r.mu.Unlock()
	text := r.text.String()
	return &text
}

// tellText tells new text, but for what can't be told yet.
func (r *report) tellText(p []byte) {
	all := append(r.held, p...)
	ready := len(bytes.TrimRight(all[:len(all)-half(all)], "\r\n"))
	r.say(all[:ready])
	r.held = bytes.Clone(all[ready:])
}

// say tells a part of the text.
func (r *report) say(p []byte) {
	if text := clean(p); text != "" {
		r.text.WriteString(text)
		r.watch.Progress(provider.Progress{Text: text})
	}
}

// clean makes text of what a program wrote: UTF-8, without zeros, which PostgreSQL can't
// keep.
func clean(p []byte) string {
	return strings.ReplaceAll(strings.ToValidUTF8(string(p), "\uFFFD"), "\x00", "")
}

// half is how many bytes at the end of p begin a character that is not whole.
func half(p []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(p); n++ {
		if tail := p[len(p)-n:]; utf8.RuneStart(tail[0]) {
			if utf8.FullRune(tail) {
				return 0
			}
			return n
		}
	}
	return 0
}

func (r *report) outLine(line string) {
	if p, ok := parseProgress(line); ok {
		r.tell(p)
		return
	}
	r.tell(provider.Progress{Logs: []string{line}})
}

func (r *report) errLine(line string) {
	if strings.TrimSpace(line) != "" {
		r.last = r.hide.Replace(line)
	}
	r.tell(provider.Progress{Logs: []string{line}})
}

// tell passes news on, within bounds; progress never goes back.
func (r *report) tell(p provider.Progress) {
	if p.Percent <= r.percent {
		p.Percent = 0
	} else {
		r.percent = p.Percent
	}
	p.Logs = r.bounded(p.Logs)
	if p.Percent > 0 || len(p.Logs) > 0 {
		r.watch.Progress(p)
	}
}

func (r *report) bounded(logs []string) []string {
	var kept []string
	for _, line := range logs {
		if r.logged++; r.logged < maxLines {
			kept = append(kept, r.hide.Replace(line))
		} else if r.logged == maxLines {
			kept = append(kept, leftOut)
		}
	}
	return kept
}

// reason is the program's own last word, for the message of its failure.
func (r *report) reason() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	const most = 300
	if len(r.last) > most {
		return strings.ToValidUTF8(r.last[:most], "") + "…"
	}
	return r.last
}

var progressLine = regexp.MustCompile(`^progress:?\s+(\d{1,3}(?:\.\d+)?)\s*%?$`)

// parseProgress reads the lines by which a program tells how far it is: "progress 42",
// "progress: 42%", or {"progress":42,"log":"…"}.
func parseProgress(line string) (provider.Progress, bool) {
	line = strings.TrimSpace(line)
	if found := progressLine.FindStringSubmatch(line); found != nil {
		percent, err := strconv.ParseFloat(found[1], 64)
		return provider.Progress{Percent: min(percent, 100)}, err == nil
	}
	if !strings.HasPrefix(line, "{") {
		return provider.Progress{}, false
	}
	var news struct {
		Progress *float64 `json:"progress"`
		Log      *string  `json:"log"`
	}
	if err := json.Unmarshal([]byte(line), &news); err != nil || news.Progress == nil && news.Log == nil {
		return provider.Progress{}, false
	}
	var p provider.Progress
	if news.Progress != nil {
		p.Percent = max(0, min(*news.Progress, 100))
	}
	if news.Log != nil {
		p.Logs = strings.Split(strings.TrimRight(clean([]byte(*news.Log)), "\n"), "\n")
	}
	return p, true
}

// lines cuts a stream into lines of bounded length.
type lines struct {
	say  func(string)
	open []byte // of a line that has no end yet
	long bool   // the rest of this line is left out
}

func (l *lines) write(p []byte) {
	for len(p) > 0 {
		line, rest, ended := bytes.Cut(p, []byte("\n"))
		l.add(line)
		if ended {
			l.end()
		}
		p = rest
	}
}

func (l *lines) add(part []byte) {
	if room := maxLine - len(l.open); len(part) > room {
		part, l.long = part[:room], true
	}
	l.open = append(l.open, part...)
}

func (l *lines) end() {
	text := clean(bytes.TrimRight(l.open, "\r"))
	// Progress bars write over their line: the last state counts.
	if i := strings.LastIndexByte(text, '\r'); i >= 0 {
		text = text[i+1:]
	}
	if l.long {
		text += "…"
	}
	l.open, l.long = l.open[:0], false
	l.say(text)
}

func (l *lines) flush() {
	if len(l.open) > 0 {
		l.end()
	}
}

// writer makes an io.Writer of a function.
type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }
