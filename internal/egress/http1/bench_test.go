package http1

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// benchServer answers each request head with text, without parsing more than its
// length, so that the client's cost is what shows.
func benchServer(b *testing.B, text string) *script {
	return serve(b, func(_ int, p *peer) {
		buf := make([]byte, 64<<10)
		for {
			if _, err := p.Read(buf); err != nil {
				return
			}
			p.say(text)
		}
	})
}

// BenchmarkChat compares a small plain chat call through this client and through
// http.Transport: a 500-byte question, a 1 KB answer.
func BenchmarkChat(b *testing.B) {
	question := []byte(strings.Repeat("q", 500))
	answer := "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Length: 1000\r\n\r\n" + strings.Repeat("a", 1000)
	b.Run("http1", func(b *testing.B) {
		s := benchServer(b, answer)
		c := client(b, nil)
		ctx, cancel := context.WithCancel(b.Context())
		defer cancel()
		r := &Request{Method: "POST", URL: s.URL, Header: Header{{"Content-Type", "application/json"}, {"Authorization", "Bearer x"}}, Body: question}
		buf := make([]byte, 1000)
		b.ReportAllocs()
		for b.Loop() {
			resp, err := c.Do(ctx, r)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.ReadFull(resp.Body, buf); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("transport", func(b *testing.B) {
		s := benchServer(b, answer)
		tr := &http.Transport{DialContext: new(net.Dialer).DialContext}
		defer tr.CloseIdleConnections()
		ctx, cancel := context.WithCancel(b.Context())
		defer cancel()
		buf := make([]byte, 1000)
		b.ReportAllocs()
		for b.Loop() {
			r, _ := http.NewRequestWithContext(ctx, "POST", s.URL.String(), io.NopCloser(bytes.NewReader(question)))
			r.ContentLength = int64(len(question))
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Authorization", "Bearer x")
			resp, err := tr.RoundTrip(r)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.ReadFull(resp.Body, buf); err != nil {
				b.Fatal(err)
			}
			resp.Body.Close()
		}
	})
}

// BenchmarkTLS is BenchmarkChat over TLS, and a stream of chunks in records of their own.
func BenchmarkTLS(b *testing.B) {
	question := []byte(strings.Repeat("q", 500))
	chunked := "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
	for name, pieces := range map[string][]string{
		"chat":   {"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n" + strings.Repeat("a", 1000)},
		"stream": append(append([]string{chunked}, slices.Repeat([]string{"b4\r\n" + strings.Repeat("a", 180) + "\r\n"}, 100)...), "0\r\n\r\n"),
	} {
		s, trust := serveTLS(b, nil, func(_ int, p *peer) {
			buf := make([]byte, 64<<10)
			for {
				if _, err := p.Conn.Read(buf); err != nil {
					return
				}
				for _, piece := range pieces {
					p.say(piece)
				}
			}
		})
		c := client(b, trust)
		r := &Request{Method: "POST", URL: s.URL, Header: Header{{"Content-Type", "application/json"}, {"Authorization", "Bearer x"}}, Body: question}
		buf := make([]byte, 4<<10)
		b.Run("http1/"+name, func(b *testing.B) {
			ctx, cancel := context.WithCancel(b.Context())
			defer cancel()
			b.ReportAllocs()
			reads := 0
			for b.Loop() {
				resp, err := c.Do(ctx, r)
				for ; err == nil; reads++ {
					_, err = resp.Body.Read(buf)
				}
				if err != io.EOF {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(reads)/float64(b.N), "reads/op")
		})
		tr := &http.Transport{TLSClientConfig: c.opts.TLS}
		b.Run("transport/"+name, func(b *testing.B) {
			ctx, cancel := context.WithCancel(b.Context())
			defer cancel()
			b.ReportAllocs()
			reads := 0
			for b.Loop() {
				q, _ := http.NewRequestWithContext(ctx, "POST", s.URL.String(), io.NopCloser(bytes.NewReader(question)))
				q.ContentLength = int64(len(question))
				q.Header.Set("Content-Type", "application/json")
				q.Header.Set("Authorization", "Bearer x")
				resp, err := tr.RoundTrip(q)
				for ; err == nil; reads++ {
					_, err = resp.Body.Read(buf)
				}
				if err != io.EOF {
					b.Fatal(err)
				}
				resp.Body.Close()
			}
			b.ReportMetric(float64(reads)/float64(b.N), "reads/op")
		})
		tr.CloseIdleConnections()
	}
}
