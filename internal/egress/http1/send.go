package http1

import (
	"net"
	"strconv"
)

const (
	// directBody is the largest body, in bytes, that is written before the answer
	// is looked for. It fits in a socket's send buffer, so the write does not wait
	// for the upstream to read. Larger ones are written by a goroutine of their
	// own, so that an early answer (such as a 413) is seen meanwhile.
	directBody = 16 << 10
	// keepHead is the largest buffer, in bytes, that goes back to the pool.
	keepHead = directBody + 8<<10
)

// sending is the writing of one request.
type sending struct {
	conn *conn
	done chan struct{} // closed at the end; nil: it ended before send returned
	n    int64         // bytes that the connection took; valid after the end
	err  error         // valid after the end
}

// send writes r: at once if it is small, else beside the caller.
func (c *Client) send(cn *conn, r *Request) *sending {
	buf := c.heads.Get().(*[]byte)
	head := appendHead((*buf)[:0], r, c.opts.UserAgent)
	if len(r.Body) > directBody {
		return c.sendBeside(cn, buf, head, r.Body)
	}
	head = append(head, r.Body...)
	before := cn.written()
	n, err := cn.nc.Write(head)
	cn.sending = sending{conn: cn, n: max(int64(n), cn.written()-before), err: err}
	c.putHead(buf, head)
	return &cn.sending
}

// sendBeside writes in a goroutine that ends at the latest when the connection is
// closed; whoever releases the connection waits for it.
func (c *Client) sendBeside(cn *conn, buf *[]byte, head, body []byte) *sending {
	s := &sending{conn: cn, done: make(chan struct{})}
	go func() {
		defer close(s.done)
		before := cn.written()
		parts := net.Buffers{head, body}
		s.n, s.err = parts.WriteTo(cn.nc)
		s.n = max(s.n, cn.written()-before)
		c.putHead(buf, head)
	}()
	return s
}

func (c *Client) putHead(buf *[]byte, head []byte) {
	if cap(head) > keepHead {
		return
	}
	*buf = head[:0]
	c.heads.Put(buf)
}

// ended reports whether the writing is over.
func (s *sending) ended() bool {
	if s.done == nil {
		return true
	}
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// failed returns the error of a writing that is over.
func (s *sending) failed() error {
	if !s.ended() {
		return nil
	}
	return s.err
}

// wait returns when the writing is over. Whoever calls it has closed the
// connection or set its deadline, so it does not wait for the upstream.
func (s *sending) wait() {
	if s.done != nil {
		<-s.done
	}
}

// complete reports whether the whole request was written.
func (s *sending) complete() bool { return s.ended() && s.err == nil }

// answered is told the status of the answer. One that is no success means that
// the rest of the body isn't wanted (RFC 9112, section 9.5): writing stops.
func (s *sending) answered(status int) {
	if status < 300 || s.ended() {
		return
	}
	s.conn.stopWriting()
	s.wait()
}

// appendHead appends the request line and the header. r has been checked.
func appendHead(b []byte, r *Request, userAgent string) []byte {
	b = append(b, r.Method...)
	b = append(b, ' ')
	b = append(b, r.URL.RequestURI()...)
	b = append(b, " HTTP/1.1\r\nHost: "...)
	b = append(b, r.URL.Host...)
	if len(r.Body) > 0 || r.Method == "POST" || r.Method == "PUT" || r.Method == "PATCH" {
		b = append(b, "\r\nContent-Length: "...)
		b = strconv.AppendInt(b, int64(len(r.Body)), 10)
	}
	if userAgent != "" && !r.Header.Has("User-Agent") {
		b = append(b, "\r\nUser-Agent: "...)
		b = append(b, userAgent...)
	}
	for _, f := range r.Header {
		b = append(b, "\r\n"...)
		b = append(b, f.Name...)
		b = append(b, ": "...)
		b = append(b, f.Value...)
	}
	return append(b, "\r\n\r\n"...)
}
