package http1

import (
	"bytes"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// maxInterim bounds the 1xx answers before the final one.
const maxInterim = 16

// answer is a Response with its parts in one allocation.
type answer struct {
	Response
	body body
}

// readResponse reads a head, skipping interim ones, and prepares the body. An
// error is a *malformedError or the source's; what was read stays buffered then.
func readResponse(rd *reader, method string, maxHead int) (*Response, error) {
	for range maxInterim {
		n, err := headEnd(rd, maxHead)
		if err != nil {
			return nil, err
		}
		text := string(rd.pending()[:n])
		a := &answer{}
		if err := a.parse(text, method); err != nil {
			return nil, err
		}
		rd.discard(n)
		rd.shrink()
		if a.Status >= 200 {
			a.body.rd = rd
			a.Body = &a.body
			return &a.Response, nil
		}
		maxHead -= n
	}
	return nil, malformed("more than %d interim answers", maxInterim)
}

// headEnd waits for a whole head and returns its length with the empty line.
func headEnd(rd *reader, maxHead int) (int, error) {
	for lineStart := 0; ; {
		p := rd.pending()
		for {
			i := bytes.IndexByte(p[lineStart:], '\n')
			if i < 0 {
				break
			}
			line := p[lineStart : lineStart+i]
			lineStart += i + 1
			if lineStart > maxHead {
				return 0, malformed("the head is larger than %d bytes", maxHead)
			}
			if len(line) == 0 || len(line) == 1 && line[0] == '\r' {
				return lineStart, nil
			}
		}
		if len(p) >= maxHead {
			return 0, malformed("the head is larger than %d bytes", maxHead)
		}
		if err := rd.fill(); err != nil {
			if err == io.EOF && len(p) > 0 {
				err = io.ErrUnexpectedEOF
			}
			return 0, err
		}
	}
}

// parse reads text, a whole head, and decides how the body is delimited.
func (a *answer) parse(text, method string) error {
	line, rest := cutLine(text)
	old, err := a.parseStatus(line)
	if err != nil {
		return err
	}
	a.Header = make(Header, 0, strings.Count(rest, "\n"))
	for {
		if line, rest = cutLine(rest); line == "" {
			break
		}
		f, err := parseField(line)
		if err != nil {
			return err
		}
		a.Header = append(a.Header, f)
	}
	return a.frame(method, old)
}

// cutLine splits off the first line. A recipient may take a lone LF for a line's
// end (RFC 9112, section 2.2).
func cutLine(s string) (line, rest string) {
	line, rest, _ = strings.Cut(s, "\n")
	return strings.TrimSuffix(line, "\r"), rest
}

// parseStatus reads the status line; old means HTTP/1.0.
func (a *answer) parseStatus(line string) (old bool, err error) {
	switch {
	case strings.HasPrefix(line, "HTTP/1.1 "):
	case strings.HasPrefix(line, "HTTP/1.0 "):
		old = true
	default:
		return false, malformed("the answer is not HTTP/1.1")
	}
	code, reason := line[len("HTTP/1.1 "):], ""
	if len(code) > 3 {
		code, reason = code[:3], code[3:]
	}
	if len(code) != 3 || !digits(code) || code[0] == '0' || reason != "" && reason[0] != ' ' || !validValue(reason) {
		return false, malformed("the status line is malformed")
	}
	a.Status = int(code[0]-'0')*100 + int(code[1]-'0')*10 + int(code[2]-'0')
	if a.Status == 101 {
		return false, malformed("the upstream switched protocols unasked")
	}
	return old, nil
}

// parseField reads one header line. Folded lines, which begin with a blank, are
// refused with other names that are no tokens.
func parseField(line string) (Field, error) {
	name, value, ok := strings.Cut(line, ":")
	if !ok || !validToken(name) {
		return Field{}, malformed("a header line has no proper name")
	}
	value = strings.Trim(value, " \t")
	if !validValue(value) {
		return Field{}, malformed("the header %s has a control character", name)
	}
	return Field{name, value}, nil
}

// frame sets how the body ends and whether the connection can be used again (RFC
// 9112, sections 6.3 and 9.3). It is stricter than the RFC must be: a length
// beside a transfer coding, differing lengths, and codings other than chunked are
// refused, since each is a sign of two parties reading one message differently.
func (a *answer) frame(method string, old bool) error {
	var length, coding, connection string
	var hasLength, hasCoding bool
	for _, f := range a.Header {
		switch {
		case len(f.Name) == 14 && strings.EqualFold(f.Name, "Content-Length"):
			if hasLength && f.Value != length {
				return malformed("the answer has two differing lengths")
			}
			hasLength, length = true, f.Value
		case len(f.Name) == 17 && strings.EqualFold(f.Name, "Transfer-Encoding"):
			if hasCoding {
				return malformed("the answer has two transfer codings")
			}
			hasCoding, coding = true, f.Value
		case len(f.Name) == 10 && strings.EqualFold(f.Name, "Connection"):
			connection = f.Value + "," + connection
		case len(f.Name) == 10 && strings.EqualFold(f.Name, "Keep-Alive"):
			a.body.keep = keepAlive(f.Value)
		}
	}
	a.body.reusable = !old && !hasOption(connection, "close")
	switch {
	case hasCoding && (hasLength || old || !strings.EqualFold(coding, "chunked")):
		return malformed("the answer's transfer coding is unknown, or it contradicts a length or the version")
	case hasLength:
		n, err := parseLength(length)
		if err != nil {
			return err
		}
		a.ContentLength = n
	default:
		a.ContentLength = -1
	}
	a.body.delimit(a.ContentLength, hasCoding, method != "HEAD" && hasContent(a.Status))
	return nil
}

// hasContent reports whether answers of this status have content at all.
func hasContent(status int) bool { return status >= 200 && status != 204 && status != 304 }

// hasOption reports whether a Connection field names the option.
func hasOption(list, option string) bool {
	for list != "" {
		var item string
		item, list, _ = strings.Cut(list, ",")
		if strings.EqualFold(strings.Trim(item, " \t"), option) {
			return true
		}
	}
	return false
}

// keepAlive returns how long the upstream says it keeps the connection, a second
// less for what is on the way; 0: it says nothing useful, negative: not at all.
func keepAlive(value string) time.Duration {
	for value != "" {
		var item string
		item, value, _ = strings.Cut(value, ",")
		seconds, ok := strings.CutPrefix(strings.Trim(item, " \t"), "timeout=")
		if !ok {
			continue
		}
		n, err := strconv.Atoi(seconds)
		if err != nil || n > 3600 || n < 0 {
			return 0
		}
		if n <= 1 {
			return -1
		}
		return time.Duration(n-1) * time.Second
	}
	return 0
}

func parseLength(s string) (int64, error) {
	if !digits(s) || len(s) > 18 {
		return 0, malformed("the answer's length is no number")
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n == math.MaxInt64 {
		return 0, malformed("the answer's length is no number")
	}
	return n, nil
}

func digits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
