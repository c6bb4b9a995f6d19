package batch

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"skytower/internal/fault"
	"skytower/internal/rawjson"
)

// maxCustom bounds a custom_id, in bytes.
const maxCustom = 512

// reader cuts a file of lines, of which it holds one in memory.
type reader struct {
	from  *bufio.Reader
	most  int64 // bytes of a line
	place int64 // where the next line begins
	n     int64 // lines so far
	buf   []byte
	over  bool
}

func newReader(from io.Reader, most int64) *reader {
	const room = 64 << 10
	r := &reader{from: bufio.NewReaderSize(from, room), most: most}
	const mark = "\xef\xbb\xbf" // that some editors put before the first line
	if head, err := r.from.Peek(len(mark)); err == nil && string(head) == mark {
		_, _ = r.from.Discard(len(mark))
		r.place = int64(len(mark))
	}
	return r
}

// found is a line as it stands in the file, without its end.
type found struct {
	number, place int64
	text          []byte // valid until the next one is read; nil where it is too long
}

// next is the next line that is not blank; io.EOF after the last.
func (r *reader) next() (found, error) {
	for !r.over {
		l := found{number: r.n + 1, place: r.place}
		long, err := r.read()
		if err != nil {
			return found{}, err
		}
		if r.n++; long {
			return l, nil
		}
		if text := bytes.TrimSpace(r.buf); len(text) > 0 {
			l.place += int64(bytes.Index(r.buf, text[:1])) // what is before it is white
			l.text = text
			return l, nil
		}
	}
	return found{}, io.EOF
}

// read brings one line into buf. A long one is read over.
func (r *reader) read() (long bool, err error) {
	r.buf = r.buf[:0]
	for {
		piece, err := r.from.ReadSlice('\n')
		r.place += int64(len(piece))
		if long = long || int64(len(r.buf)+len(piece)) > r.most+1; !long {
			r.buf = append(r.buf, piece...)
		}
		switch {
		case err == nil:
			return long, nil
		case errors.Is(err, io.EOF):
			r.over = true
			return long, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return false, err
		}
	}
}

// rules are how lines are checked.
type rules struct {
	endpoint     string
	most         int64 // bytes of a line
	fields, body *rawjson.Fields

	named string // the model of the good lines so far
	lines int64  // how many those are
	mixed bool   // they name several, or none
}

func newRules(endpoint string, most int64) *rules {
	return &rules{
		endpoint: endpoint, most: most, fields: lineFields(),
		body: rawjson.NewFields("model", "stream", "background"),
	}
}

func lineFields() *rawjson.Fields { return rawjson.NewFields("custom_id", "method", "url", "body") }

// check reads a line's custom_id; the problem is nil where the line can be sent.
func (c *rules) check(l found) (custom string, p *Problem) {
	custom, err := c.read(l)
	if err == nil {
		return custom, nil
	}
	p, ok := errors.AsType[*Problem](err)
	if !ok {
		f := fault.From(err)
		p = &Problem{Code: "invalid_request", Message: f.Message, Param: f.Param}
	}
	p.Line = l.number
	return "", p
}

// Error is what is wrong.
func (p *Problem) Error() string { return p.Message }

func problem(code, param, format string, args ...any) *Problem {
	return &Problem{Code: code, Param: param, Message: fmt.Sprintf(format, args...)}
}

func (c *rules) read(l found) (custom string, err error) {
	if l.text == nil {
		return "", problem("line_too_large", "", "The line is longer than %d bytes.", c.most)
	}
	doc, err := rawjson.Scan(l.text, c.fields)
	if err != nil {
		return "", problem("invalid_json_line", "", "The line is not one JSON object: %s", fault.From(err).Message)
	}
	if custom, err = c.custom(doc); err != nil {
		return "", err
	}
	if method, _, err := doc.String("method"); err != nil || !strings.EqualFold(method, "POST") {
		return "", problem("invalid_method", "method", "'method' must be POST.")
	}
	if url, _, err := doc.String("url"); err != nil || url != c.endpoint {
		return "", problem("url_mismatch", "url", "'url' must be the batch's endpoint, %s.", c.endpoint)
	}
	return custom, c.checkBody(doc)
}

// model is what all good lines name; "" where they name several.
func (c *rules) model() string {
	if c.mixed {
		return ""
	}
	return c.named
}

// noteModel counts a good line's model. What is no name, the endpoint says when the line runs.
func (c *rules) noteModel(body *rawjson.Object) {
	name, _, err := body.String("model")
	if c.lines++; c.lines == 1 {
		c.named = name
	}
	c.mixed = c.mixed || err != nil || name == "" || name != c.named || len(name) > maxCustom || strings.ContainsRune(name, 0) || !utf8.ValidString(name)
}

func (c *rules) custom(doc *rawjson.Object) (string, error) {
	custom, _, err := doc.String("custom_id")
	switch {
	case err != nil:
		return "", err
	case custom == "":
		return "", problem("invalid_request", "custom_id", "'custom_id' is required: it tells which answer is whose.")
	case len(custom) > maxCustom || strings.ContainsRune(custom, 0):
		return "", problem("invalid_request", "custom_id", "'custom_id' may have at most %d bytes, none of them zero.", maxCustom)
	}
	return strings.ToValidUTF8(custom, "\uFFFD"), nil
}

func (c *rules) checkBody(doc *rawjson.Object) error {
	body, ok, err := doc.Object("body", c.body)
	if err != nil {
		return err
	}
	if !ok {
		return problem("invalid_request", "body", "'body' is required: it is the request to %s.", c.endpoint)
	}
	for _, name := range [...]string{"stream", "background"} {
		on, _, err := body.Bool(name)
		if err != nil {
			return err
		}
		if on {
			return problem("invalid_request", "body."+name, "A line's answer is written into a file: '%s' cannot be asked for.", name)
		}
	}
	c.noteModel(body)
	return nil
}

// bodyOf is the request in a line that was checked.
func bodyOf(text []byte) ([]byte, error) {
	doc, err := rawjson.Scan(text, lineFields())
	if err != nil {
		return nil, err
	}
	body, ok := doc.Raw("body")
	if !ok {
		return nil, problem("invalid_request", "body", "The line has no body any more.")
	}
	return body, nil
}
