package http1

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
)

// parsed is what a reading of an answer comes to.
type parsed struct {
	status int
	header http.Header
	body   string
	rest   string // bytes after the answer that were buffered or unread
}

// parseOurs reads one answer whole; ok is false where it is refused.
func parseOurs(src io.Reader, method string) (p parsed, ok bool) {
	rd := &reader{src: src, buf: make([]byte, minReadBuffer), size: minReadBuffer}
	resp, err := readResponse(rd, method, DefaultMaxHead)
	if err != nil {
		return p, false
	}
	resp.Body.(*body).begin()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return p, false
	}
	left, err := io.ReadAll(io.MultiReader(bytes.NewReader(rd.pending()), src))
	if err != nil {
		return p, false
	}
	h := http.Header{}
	for _, f := range resp.Header {
		h.Add(f.Name, f.Value)
	}
	return parsed{resp.Status, h, string(text), string(left)}, true
}

// parseTheirs does the same with net/http.
func parseTheirs(data []byte, method string) (parsed, error) {
	br := bufio.NewReaderSize(bytes.NewReader(data), len(data)+16)
	for {
		resp, err := http.ReadResponse(br, &http.Request{Method: method})
		if err != nil {
			return parsed{}, err
		}
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			return parsed{}, err
		}
		if resp.StatusCode < 200 {
			continue
		}
		rest, err := io.ReadAll(br)
		return parsed{resp.StatusCode, resp.Header, string(text), string(rest)}, err
	}
}

// FuzzResponse checks that what we accept, net/http accepts too and understands
// in the same way, and that it makes no difference in which pieces it comes. The
// other way round does not hold: we refuse more.
func FuzzResponse(f *testing.F) {
	for _, seed := range []string{
		ok2,
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\nrest",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig",
		"HTTP/1.0 200\r\nContent-Type: text/plain\r\n\r\nuntil the end",
		"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok",
		"HTTP/1.1 304 Not Modified\nETag: x\n\nHTTP/1.1 200 OK\n\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\ncontent-length: 2\r\nConnection: close\r\n\r\nok",
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nok",
		"HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + strings.Repeat("1\r\nx\r\n", 300) + "0\r\n\r\n",
	} {
		f.Add([]byte(seed), uint8(0))
		f.Add([]byte(seed), uint8(1))
	}
	f.Fuzz(func(t *testing.T, data []byte, m uint8) {
		method := []string{"POST", "HEAD"}[m%2]
		ours, ok := parseOurs(bytes.NewReader(data), method)
		single, okSingle := parseOurs(iotest.OneByteReader(bytes.NewReader(data)), method)
		if ok != okSingle || ok && !same(ours, single) {
			t.Fatalf("byte by byte: %v %+v, at once: %v %+v", okSingle, single, ok, ours)
		}
		if !ok {
			return
		}
		theirs, err := parseTheirs(data, method)
		if err != nil {
			t.Fatalf("accepted %+v, net/http says %v", ours, err)
		}
		// net/http takes these out of the header.
		for _, name := range []string{"Transfer-Encoding", "Trailer", "Connection"} {
			ours.header.Del(name)
			theirs.header.Del(name)
		}
		// It keeps one of several equal lengths.
		if values := ours.header["Content-Length"]; len(values) > 1 {
			ours.header["Content-Length"] = values[:1]
		}
		if !same(ours, theirs) {
			t.Fatalf("ours %+v, net/http %+v", ours, theirs)
		}
	})
}

func same(a, b parsed) bool {
	if a.status != b.status || a.body != b.body || a.rest != b.rest || len(a.header) != len(b.header) {
		return false
	}
	for name, values := range a.header {
		if strings.Join(values, "\n") != strings.Join(b.header[name], "\n") {
			return false
		}
	}
	return true
}
