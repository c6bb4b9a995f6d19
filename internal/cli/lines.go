package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode"
)

// lines is what reads a person's lines from a terminal.
func (s *session) lines(terminal *os.File) lineReader {
	in := bufio.NewReader(terminal)
	restore, err := raw(terminal)
	if err != nil || s.Getenv("TERM") == "dumb" {
		if restore != nil {
			restore()
		}
		return &plainLines{s, in}
	}
	restore()
	return &editor{in: in, out: s.Stderr, raw: func() (func(), error) { return raw(terminal) }, width: func() int { return terminalWidth(terminal.Fd()) }}
}

const maxLine = 1 << 20 // bytes

// plainLines leaves the editing to the terminal.
type plainLines struct {
	s  *session
	in *bufio.Reader
}

func (p *plainLines) read(ctx context.Context, prompt string) (string, error) {
	fmt.Fprint(p.s.Stderr, prompt)
	line, err := waitFor(ctx, func() (string, error) { return p.in.ReadString('\n') })
	if err != nil && (line == "" || !errors.Is(err, io.EOF)) {
		return "", err
	}
	return strings.TrimRight(line, "\r\n"), nil
}

// editor edits a line in place, and brings earlier ones back. A line that is longer than
// the terminal is wide scrolls sideways; line ends that were pasted show as ↵.
type editor struct {
	in    *bufio.Reader
	out   io.Writer
	raw   func() (restore func(), err error)
	width func() int

	history []string // oldest first, kept in memory alone
}

const maxHistory = 500

// line is the line that is being edited.
type line struct {
	prompt string
	text   []rune
	at     int // where the cursor is, in text
	shown  int // in history; its length is the line that is new
	draft  []rune
	paste  bool // between the marks of a paste
}

// Keys by the bytes that terminals send (xterm's control sequences).
const (
	keyHome      = 1 // Ctrl-A
	keyLeft      = 2
	keyInterrupt = 3
	keyEnd       = 4 // Ctrl-D
	keyLineEnd   = 5
	keyRight     = 6
	keyBackspace = 8
	keyCutRest   = 11
	keyClear     = 12
	keyEnter     = 13
	keyDown      = 14
	keyUp        = 16
	keyCutBefore = 21
	keyCutWord   = 23
	keyEscape    = 27
	keyDelete    = 127
)

const (
	pasteOn  = "\x1b[?2004h"
	pasteOff = "\x1b[?2004l"
)

func (e *editor) read(ctx context.Context, prompt string) (string, error) {
	restore, err := e.raw()
	if err != nil {
		return "", err
	}
	defer restore()
	fmt.Fprint(e.out, pasteOn)
	defer fmt.Fprint(e.out, pasteOff)
	l := &line{prompt: prompt, shown: len(e.history)}
	for {
		e.draw(l)
		key, err := waitFor(ctx, e.key)
		if err != nil {
			fmt.Fprint(e.out, "\r\n")
			return "", err
		}
		done, err := e.press(l, key)
		if done || err != nil {
			l.at = len(l.text)
			e.draw(l)
			fmt.Fprint(e.out, "\r\n")
			return e.finished(l), err
		}
	}
}

func (e *editor) finished(l *line) string {
	text := string(l.text)
	last := len(e.history) - 1
	if strings.TrimSpace(text) != "" && (last < 0 || e.history[last] != text) {
		if e.history = append(e.history, text); len(e.history) > maxHistory {
			e.history = slices.Delete(e.history, 0, len(e.history)-maxHistory)
		}
	}
	return text
}

// key is one key: a character, a control code, or the rest of an escape sequence.
func (e *editor) key() (string, error) {
	r, _, err := e.in.ReadRune()
	if err != nil || r != keyEscape {
		return string(r), err
	}
	if e.in.Buffered() == 0 {
		return string(r), nil // the key Escape itself: sequences come in one piece
	}
	sequence := []byte{keyEscape}
	for len(sequence) < 16 {
		b, err := e.in.ReadByte()
		if err != nil {
			return "", err
		}
		sequence = append(sequence, b)
		if len(sequence) > 2 && b >= 0x40 && b <= 0x7e || len(sequence) == 2 && b != '[' && b != 'O' {
			break
		}
	}
	return string(sequence), nil
}

// press obeys a key. done says that the line is whole.
func (e *editor) press(l *line, key string) (done bool, err error) {
	if len(key) > 1 && key[0] == keyEscape {
		e.sequence(l, key)
		return false, nil
	}
	switch r := []rune(key)[0]; r {
	case keyEnter, '\n':
		if !l.paste {
			return true, nil
		}
		l.insert('\n')
	case keyInterrupt:
		l.text = nil
		return false, errInterrupt
	case keyEnd:
		if len(l.text) == 0 {
			return false, io.EOF
		}
		l.remove(l.at, l.at+1)
	case keyBackspace, keyDelete:
		l.remove(l.at-1, l.at)
	case keyHome:
		l.at = 0
	case keyLineEnd:
		l.at = len(l.text)
	case keyLeft:
		l.move(-1)
	case keyRight:
		l.move(1)
	case keyUp:
		e.recall(l, -1)
	case keyDown:
		e.recall(l, 1)
	case keyCutRest:
		l.remove(l.at, len(l.text))
	case keyCutBefore:
		l.remove(0, l.at)
	case keyCutWord:
		l.remove(l.wordStart(), l.at)
	case keyClear:
		fmt.Fprint(e.out, "\x1b[H\x1b[2J")
	default:
		if r == '\t' || !unicode.IsControl(r) {
			l.insert(r)
		}
	}
	return false, nil
}

// sequence obeys the keys that send more than one byte.
func (e *editor) sequence(l *line, key string) {
	switch key[1:] {
	case "[A", "OA":
		e.recall(l, -1)
	case "[B", "OB":
		e.recall(l, 1)
	case "[C", "OC":
		l.move(1)
	case "[D", "OD":
		l.move(-1)
	case "[H", "OH", "[1~", "[7~":
		l.at = 0
	case "[F", "OF", "[4~", "[8~":
		l.at = len(l.text)
	case "[3~":
		l.remove(l.at, l.at+1)
	case "[1;5D", "b":
		l.at = l.wordStart()
	case "[1;5C", "f":
		l.at = l.wordEnd()
	case "[200~":
		l.paste = true
	case "[201~":
		l.paste = false
	}
}

func (l *line) insert(r rune) {
	if len(l.text) < maxLine {
		l.text = slices.Insert(l.text, l.at, r)
		l.at++
	}
}

func (l *line) remove(from, to int) {
	from, to = max(from, 0), min(to, len(l.text))
	if from < to {
		l.text = slices.Delete(l.text, from, to)
		l.at = from
	}
}

func (l *line) move(by int) { l.at = min(max(l.at+by, 0), len(l.text)) }

func (l *line) wordStart() int {
	at := l.at
	for at > 0 && unicode.IsSpace(l.text[at-1]) {
		at--
	}
	for at > 0 && !unicode.IsSpace(l.text[at-1]) {
		at--
	}
	return at
}

func (l *line) wordEnd() int {
	at := l.at
	for at < len(l.text) && unicode.IsSpace(l.text[at]) {
		at++
	}
	for at < len(l.text) && !unicode.IsSpace(l.text[at]) {
		at++
	}
	return at
}

// recall shows an earlier line, or a later one. The line that is new comes back after
// the last.
func (e *editor) recall(l *line, by int) {
	to := l.shown + by
	if to < 0 || to > len(e.history) {
		return
	}
	if l.shown == len(e.history) {
		l.draft = l.text
	}
	if l.shown = to; to == len(e.history) {
		l.text = l.draft
	} else {
		l.text = []rune(e.history[to])
	}
	l.at = len(l.text)
}

const defaultWidth = 80

// draw shows the part of the line around the cursor that fits.
func (e *editor) draw(l *line) {
	room := e.width()
	if room <= 0 {
		room = defaultWidth
	}
	room = max(room-len(l.prompt)-1, 8)
	from, used := l.at, 0
	for from > 0 && used+cells(l.text[from-1]) <= room {
		from--
		used += cells(l.text[from])
	}
	to := l.at
	behind := 0
	for to < len(l.text) && used+behind+cells(l.text[to]) <= room {
		behind += cells(l.text[to])
		to++
	}
	text := strings.ReplaceAll(string(l.text[from:to]), "\n", "↵")
	shown := eraseLine + l.prompt + plain(strings.ReplaceAll(text, "\t", " "))
	if behind > 0 {
		shown += fmt.Sprintf("\x1b[%dD", behind)
	}
	fmt.Fprint(e.out, shown)
}

// cells is how many columns a character takes: none, one or two (Unicode's East Asian
// Width, by its large ranges).
func cells(r rune) int {
	switch {
	case unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Me, r):
		return 0
	case r >= 0x1100 && r <= 0x115f, r >= 0x2e80 && r <= 0xa4cf, r >= 0xac00 && r <= 0xd7a3,
		r >= 0xf900 && r <= 0xfaff, r >= 0xfe30 && r <= 0xfe6f, r >= 0xff00 && r <= 0xff60,
		r >= 0xffe0 && r <= 0xffe6, r >= 0x1f300 && r <= 0x1faff, r >= 0x20000 && r <= 0x3fffd:
		return 2
	}
	return 1
}
