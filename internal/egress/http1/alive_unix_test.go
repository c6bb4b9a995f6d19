//go:build unix

package http1

import (
	"io"
	"testing"
	"time"
)

// A connection that waits, for the next request or for more of an answer, holds no
// read buffer; what had come before is not lost.
func TestNoBufferWhileWaiting(t *testing.T) {
	t.Parallel()
	more := make(chan struct{})
	s := serve(t, func(_ int, p *peer) {
		p.request()
		p.say("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")
		<-more
		p.say("world")
		p.request()
	})
	c := client(t, nil)
	resp, err := c.Do(t.Context(), s.post(""))
	if err != nil {
		t.Fatal(err)
	}
	cn := resp.Body.(*body).conn
	if _, err := io.ReadFull(resp.Body, make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	cn.late.into = &cn.rd
	err = cn.raw.Read(func(fd uintptr) bool {
		if cn.late.read(fd) || cn.rd.buf != nil {
			t.Errorf("a wait holds a buffer of %d", len(cn.rd.buf))
		}
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	close(more)
	if rest, err := io.ReadAll(resp.Body); err != nil || string(rest) != "world" {
		t.Fatalf("%q, %v", rest, err)
	}
	idle := c.idle.get(s.URL.Host, time.Now())
	if idle != cn || cn.rd.buf != nil {
		t.Errorf("an idle connection holds a buffer of %d", len(cn.rd.buf))
	}
	cn.close()
}
