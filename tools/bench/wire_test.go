package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

func reader(text string) *bufio.Reader { return bufio.NewReader(strings.NewReader(text)) }

func TestReadHead(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, text string
		want       head
		status     int
	}{
		{"length", "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n", head{first: "HTTP/1.1 200 OK", length: 12}, 200},
		{"chunked", "HTTP/1.1 429 Too Many\r\ntransfer-encoding: Chunked\r\n\r\n", head{first: "HTTP/1.1 429 Too Many", length: -1, chunked: true}, 429},
		{"closing, bare line feeds", "HTTP/1.0 503 x\nconnection:close\n\n", head{first: "HTTP/1.0 503 x", length: -1, closing: true}, 503},
		{"a request has no status", "POST /v1/x HTTP/1.1\r\nA: b\r\n\r\n", head{first: "POST /v1/x HTTP/1.1", length: -1}, 0},
		{"a status that is no number", "HTTP/1.1 abc OK\r\n\r\n", head{first: "HTTP/1.1 abc OK", length: -1}, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := readHead(reader(c.text))
			if err != nil || got != c.want || got.status() != c.status {
				t.Errorf("readHead = %+v, status %d, %v; want %+v, status %d", got, got.status(), err, c.want, c.status)
			}
		})
	}
}

func TestReadHeadRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n",
		"HTTP/1.1 200",
		strings.Repeat("x", 1<<16) + "\r\n\r\n",
	} {
		if h, err := readHead(reader(text)); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("readHead(%.40q) = %+v, %v; want an error that is not a proper end", text, h, err)
		}
	}
	if _, err := readHead(reader("")); !errors.Is(err, io.EOF) {
		t.Errorf("an ended connection gives %v, want io.EOF", err)
	}
}

func TestReadBody(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name    string
		head    head
		text    string
		want    string
		failing bool
	}{
		{"length", head{length: 5}, "helloNEXT", "hello", false},
		{"nothing", head{length: -1}, "NEXT", "", false},
		{"chunks", head{chunked: true}, "3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\nNEXT", "hello", false},
		{"a trailer", head{chunked: true}, "1\r\nh\r\n0\r\nA: b\r\n\r\nNEXT", "h", false},
		{"short", head{length: 5}, "hel", "hel", true},
		{"short chunk", head{chunked: true}, "5\r\nhel", "hel", true},
		{"no last chunk", head{chunked: true}, "3\r\nhel\r\n", "hel", true},
		{"no last line", head{chunked: true}, "3\r\nhel\r\n0\r\n", "hel", true},
		{"chunk longer than it says", head{chunked: true}, "3\r\nhello\r\n0\r\n\r\n", "hel", true},
		{"size with a sign", head{chunked: true}, "+3\r\nhel\r\n0\r\n\r\n", "", true},
		{"size beyond all bounds", head{chunked: true}, "7fffffff\r\n", "", true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := reader(c.text)
			var got bytes.Buffer
			err := c.head.readBody(r, &got)
			if got.String() != c.want || (err != nil) != c.failing || errors.Is(err, io.EOF) {
				t.Fatalf("readBody gave %q, %v; want %q, failing %v", got.String(), err, c.want, c.failing)
			}
			if rest, _ := io.ReadAll(r); !c.failing && string(rest) != "NEXT" {
				t.Errorf("%q is left for the next message, want NEXT", rest)
			}
		})
	}
}

// FuzzAnswer compares with net/http: an answer that both accept has one body.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\na;b\r\n0123456789\r\n0\r\nT: x\r\n\r\n"))
	f.Fuzz(func(t *testing.T, message []byte) {
		r := bufio.NewReader(bytes.NewReader(message))
		h, err := readHead(r)
		if err != nil || h.status() != 200 || (!h.chunked && h.length < 0) {
			return
		}
		var ours bytes.Buffer
		if err := h.readBody(r, &ours); err != nil {
			return
		}
		response, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(message)), nil)
		if err != nil || response.ContentLength < 0 && len(response.TransferEncoding) == 0 {
			return
		}
		theirs, err := io.ReadAll(response.Body)
		if err == nil && !bytes.Equal(ours.Bytes(), theirs) {
			t.Errorf("we read %q, net/http %q", ours.Bytes(), theirs)
		}
	})
}
