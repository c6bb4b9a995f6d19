package eventstream

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/egress"
)

// pieces is a body that comes in pieces. With one left it shows as buffered.
type pieces struct {
	left  [][]byte
	eager bool // what is left counts as here already
	waits bool // it can be waited for
	end   error
}

// patientPieces are pieces that can be waited for.
type patientPieces struct{ *pieces }

func (patientPieces) Wait() {}

func (p *pieces) body() egress.Body {
	if p.waits {
		return patientPieces{p}
	}
	return p
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.left) == 0 {
		return 0, p.end
	}
	n := copy(b, p.left[0])
	if p.left[0] = p.left[0][n:]; len(p.left[0]) == 0 {
		p.left = p.left[1:]
	}
	return n, nil
}

func (p *pieces) Buffered() int {
	if !p.eager || len(p.left) == 0 {
		return 0
	}
	return len(p.left[0])
}

func (p *pieces) Close() error { return nil }

// events reads all of a body; each event is "name|data".
func events(r *reader, src *pieces) ([]string, error) {
	r.reset(src.body())
	var out []string
	for {
		was := r.ready()
		left := len(src.left)
		name, data, err := r.next()
		if was && len(src.left) != left {
			return out, fmt.Errorf("ready was true and next read")
		}
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		got := fmt.Sprintf("%s|%s", name, data)
		r.ready() // reading ahead must not touch what next returned
		if again := fmt.Sprintf("%s|%s", name, data); again != got {
			return out, fmt.Errorf("ready changed %q to %q", got, again)
		}
		out = append(out, got)
	}
}

func TestReader(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 3*startBuffer)
	for name, tt := range map[string]struct {
		body string
		want []string
	}{
		"with a space":           {"data: {}\n\n", []string{"|{}"}},
		"without a space":        {"data:{}\n\n", []string{"|{}"}},
		"one space only":         {"data:  {}\n\n", []string{"| {}"}},
		"CRLF":                   {"event: a\r\ndata: 1\r\n\r\ndata: 2\r\n\r\n", []string{"a|1", "|2"}},
		"CR":                     {"event: a\rdata: 1\r\rdata: 2\r\r", []string{"a|1", "|2"}},
		"mixed":                  {"data: 1\r\n\ndata: 2\n\r\ndata: 3\r\n\rdata: 4\n\n", []string{"|1", "|2", "|3", "|4"}},
		"lines of data":          {"data: {\ndata: }\n\ndata: a\ndata: b\ndata: c\n\n", []string{"|{\n}", "|a\nb\nc"}},
		"name after data":        {"data: 1\nevent: a\n\n", []string{"a|1"}},
		"name without data":      {"event: a\n\ndata: 1\n\n", []string{"|1"}},
		"comments":               {": hello\n\n:\n\ndata: 1\n: within\n\n", []string{"|1"}},
		"other fields":           {"id: 7\nretry: 10\nnonsense\ndata: 1\n\n", []string{"|1"}},
		"byte order mark":        {"\ufeffdata: 1\n\n", []string{"|1"}},
		"empty data":             {"data:\n\ndata\n\ndata: 1\n\n", []string{"|1"}},
		"no blank line at end":   {"data: 1\n\ndata: 2\n", []string{"|1", "|2"}},
		"no line end":            {"data: 1\n\ndata: 2", []string{"|1", "|2"}},
		"done without a blank":   {"data: 1\n\ndata: [DONE]\n", []string{"|1", "|[DONE]"}},
		"done with a blank":      {"data: [DONE]\n\n", []string{"|[DONE]"}},
		"old llama.cpp":          {"error: {}\n\n", []string{"error|{}"}},
		"blank lines":            {"\n\n\r\n\r\rdata: 1\n\n\n\n", []string{"|1"}},
		"longer than the buffer": {"event: n\ndata: " + long + "\n\ndata: " + long + "\n\n", []string{"n|" + long, "|" + long}},
		"nothing":                {"", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			step := 1 + len(tt.body)/500
			for cut := 0; cut <= len(tt.body); cut += step {
				for _, kind := range kinds {
					src := kind
					src.left, src.end = split(tt.body, cut), io.EOF
					got, err := events(newReader(new(sync.Pool)), &src)
					if err != nil {
						t.Fatal(err)
					}
					if diff := cmp.Diff(tt.want, got); diff != "" {
						t.Fatalf("split at %d: %s", cut, diff)
					}
				}
			}
		})
	}
}

// kinds are the ways in which a body can come.
var kinds = []pieces{{}, {eager: true}, {waits: true}, {eager: true, waits: true}}

// split cuts the text in two, without empty pieces.
func split(text string, at int) [][]byte {
	var out [][]byte
	for _, s := range []string{text[:at], text[at:]} {
		if s != "" {
			out = append(out, []byte(s))
		}
	}
	return out
}

func TestReaderIsReadyForWholeEventsOnly(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]bool{
		"data: 1\n\ndata: 2\n\n":              true,
		"data: 1\n\ndata: 2\n":                false,
		"data: 1\n\n: keep-alive\n\n":         false, // next would wait
		"data: 1\n\nevent: ping\n\ndata:\n\n": false,
		"data: 1\n\n: c\n\ndata: 2\n\n":       true,
		"data: 1\n\ndata: [DONE]\n":           true,
	} {
		r := newReader(new(sync.Pool))
		r.reset(&pieces{left: split(body, 0), end: io.EOF})
		if _, _, err := r.next(); err != nil {
			t.Fatal(err)
		}
		if got := r.ready(); got != want {
			t.Errorf("%q: ready is %v, want %v", body, got, want)
		}
	}
}

func TestReaderHoldsNoBufferWhileItWaits(t *testing.T) {
	t.Parallel()
	src := &watched{pieces: &pieces{waits: true, end: io.EOF}}
	src.left = [][]byte{[]byte("data: 1\n\ndata: 2\n\n"), []byte("data: 3\n\nda"), []byte("ta: 4\n\n"), []byte("data: 5\n\n")}
	r := newReader(new(sync.Pool))
	src.of = r
	r.reset(src)
	for want := byte('1'); want <= '5'; want++ {
		if _, data, err := r.next(); err != nil || string(data) != string(want) {
			t.Fatalf("%q, error %v", data, err)
		}
	}
	// Only the wait within the fourth event needs what came.
	if diff := cmp.Diff([]bool{false, false, true, false}, src.held); diff != "" {
		t.Error(diff)
	}
}

// watched notes at each wait whether its reader holds a buffer.
type watched struct {
	*pieces
	of   *reader
	held []bool
}

func (w *watched) Wait() { w.held = append(w.held, w.of.buf != nil) }

func TestReaderIsReadyForAllThatIsBuffered(t *testing.T) {
	t.Parallel()
	event := "data: " + strings.Repeat("x", 200) + "\n\n"
	src := &pieces{waits: true, eager: true, end: io.EOF}
	for range 16 << 10 / len(event) {
		src.left = append(src.left, []byte(event))
	}
	n := len(src.left)
	r := newReader(new(sync.Pool))
	r.reset(src.body())
	for i := range n {
		if _, _, err := r.next(); err != nil {
			t.Fatal(err)
		}
		if got, want := r.ready(), i < n-1; got != want {
			t.Fatalf("after event %d of %d: ready is %v", i+1, n, got)
		}
	}
}

func TestReaderHasBounds(t *testing.T) {
	t.Parallel()
	for name, line := range map[string]string{
		"one line":   "data: " + strings.Repeat("x", maxEvent) + "\n\n",
		"many lines": strings.Repeat("data: "+strings.Repeat("x", 1000)+"\n", maxEvent/1000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, kind := range kinds {
				r := newReader(new(sync.Pool))
				kind.left, kind.end = split("data: 1\n\n"+line, 9), io.EOF
				if _, err := events(r, &kind); err != errEventTooLong {
					t.Errorf("%v: error %v", kind.waits, err)
				}
				if r.giveBack(); r.light() && !kind.waits || r.patient != nil && r.buf != nil {
					t.Error("what grew would be kept")
				}
			}
		})
	}
	t.Run("comments take no room", func(t *testing.T) {
		t.Parallel()
		r := newReader(new(sync.Pool))
		comments := strings.Repeat(": "+strings.Repeat("x", 100)+"\n", 2*maxEvent/100)
		got, err := events(r, &pieces{left: split(comments+"data: 1\n\n", 0), end: io.EOF})
		if err != nil || len(got) != 1 || len(r.buf) != startBuffer {
			t.Errorf("%d events, error %v, buffer of %d", len(got), err, len(r.buf))
		}
	})
}

// FuzzReader checks that it makes no difference in which pieces a body comes, and
// that a plain reading of the rules finds the same events.
func FuzzReader(f *testing.F) {
	for _, seed := range []string{
		"data: {\"a\":1}\n\ndata: [DONE]\n\n", "event: x\r\ndata: 1\r\n\r\n", "data: a\rdata: b\r\r\n\ndata:c",
		"\ufeffdata: 1\n\n", ": c\n\nevent: e\n\ndata\ndata:\ndata: 2\n\nerror: {}\n\n", "data: 1\n\revent: b\r\ndata: 2",
	} {
		f.Add([]byte(seed), uint16(3), uint16(9))
	}
	f.Fuzz(func(t *testing.T, body []byte, a, b uint16) {
		want := plainEvents(body)
		n := len(body)
		i := min(int(a), n)
		j := min(i+int(b), n)
		for _, kind := range kinds {
			whole := &pieces{eager: kind.eager, waits: kind.waits, end: io.EOF}
			for _, p := range [][]byte{body[:i], body[i:j], body[j:]} {
				if len(p) > 0 {
					whole.left = append(whole.left, p)
				}
			}
			single := &pieces{eager: kind.eager, waits: kind.waits, end: io.EOF}
			for k := range body {
				single.left = append(single.left, body[k:k+1])
			}
			for _, src := range []*pieces{whole, single} {
				got, err := events(newReader(new(sync.Pool)), src)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Fatalf("%q: %s", body, diff)
				}
			}
		}
	})
}

// plainEvents is the standard's algorithm, with the reader's two liberties.
func plainEvents(body []byte) (out []string) {
	text := strings.TrimPrefix(string(body), "\ufeff")
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	name, data, lines := "", "", 0
	emit := func() {
		if lines > 0 {
			out = append(out, name+"|"+data)
		}
		name, data, lines = "", "", 0
	}
	for line := range strings.SplitSeq(text, "\n") {
		if line == "" {
			emit()
			continue
		}
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "event":
			name = value
		case "error":
			name = "error"
		case "data":
		default:
			continue
		}
		if field == "event" || lines == 0 && value == "" {
			continue
		}
		if lines++; lines > 1 {
			data += "\n"
		}
		data += value
		if field == "data" && lines == 1 && string(bytes.TrimSpace([]byte(data))) == "[DONE]" {
			emit()
		}
	}
	emit()
	return out
}
