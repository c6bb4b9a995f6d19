package http1

import (
	"net"
	"sync"
	"syscall"
	"time"
)

// conn is one connection. It has no goroutine: whoever uses it reads and writes.
type conn struct {
	nc      net.Conn
	raw     syscall.RawConn // nil where the connection offers none
	host    string          // key in the pool
	rd      reader
	sending sending // record of the last small request
	reused  bool
	readBy  time.Time // the read deadline that is set; zero: none
	writeBy time.Time // the write deadline that is set
	idle    time.Duration
	expires time.Time // while in the pool: when to close it
	abort   func()    // closes nc; made once, for context.AfterFunc
	late    late
}

func newConn(nc net.Conn, host string, readBuffer int, spare *spares) *conn {
	c := &conn{nc: nc, host: host}
	c.abort = c.close
	if s, ok := nc.(secured); ok {
		c.raw = s.wire.raw
	} else if sc, ok := nc.(syscall.Conn); ok {
		// Without it the connection can't be checked and so is never reused.
		c.raw, _ = sc.SyscallConn()
	}
	c.rd = reader{src: c, size: readBuffer, spare: spare, late: c.lateReader()}
	c.rd.take()
	return c
}

// written is how many bytes have really been sent, where the connection knows; else 0.
func (c *conn) written() int64 {
	if s, ok := c.nc.(secured); ok {
		return s.wire.written.Load()
	}
	return 0
}

func (c *conn) close() { c.nc.Close() }

// Setting a deadline moves a timer of the runtime, for each read of a stream more than
// all else that we do for it. So deadlines are set a quarter too late, and moved only
// when less than the whole wait is left: a wait ends after d at the soonest and 1.25 d
// at the latest.

// fits reports whether a deadline will do for a wait of d that begins now.
func fits(by, now time.Time, d time.Duration) bool {
	left := by.Sub(now)
	return left >= d && left <= d+d/4
}

// startDeadline sets the time for sending the request and getting the head.
func (c *conn) startDeadline(d time.Duration) {
	c.idle = 0
	if d <= 0 {
		if !c.readBy.IsZero() || !c.writeBy.IsZero() {
			c.setDeadline(time.Time{})
		}
		return
	}
	now := time.Now()
	if !fits(c.readBy, now, d) || !fits(c.writeBy, now, d) {
		c.setDeadline(now.Add(d + d/4))
	}
}

func (c *conn) setDeadline(by time.Time) {
	c.nc.SetDeadline(by)
	c.readBy, c.writeBy = by, by
}

// stopWriting makes a write that waits, and each later one, fail.
func (c *conn) stopWriting() {
	c.writeBy = time.Unix(1, 0)
	c.nc.SetWriteDeadline(c.writeBy)
}

// bodyDeadline makes each read from now on wait about d (0: for ever). The write
// deadline stays as it is.
func (c *conn) bodyDeadline(d time.Duration) {
	c.idle = d
	if d <= 0 && !c.readBy.IsZero() {
		c.readBy = time.Time{}
		c.nc.SetReadDeadline(c.readBy)
	}
}

// Read reads from the network, under the idle bound if one is set.
func (c *conn) Read(p []byte) (int, error) {
	c.moveDeadline()
	return c.nc.Read(p)
}

func (c *conn) moveDeadline() {
	if c.idle <= 0 {
		return
	}
	if now := time.Now(); !fits(c.readBy, now, c.idle) {
		c.readBy = now.Add(c.idle + c.idle/4)
		c.nc.SetReadDeadline(c.readBy)
	}
}

// pool holds idle connections by host, the most recently used last. One timer
// for all closes the old ones.
type pool struct {
	perHost int

	mu    sync.Mutex
	hosts map[string][]*conn
	timer *time.Timer // runs while hosts isn't empty; else nil
}

// get takes out the most recently used connection to host, or returns nil.
func (p *pool) get(host string, now time.Time) *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := p.hosts[host]
	if len(list) == 0 {
		return nil
	}
	c := list[len(list)-1]
	if !now.Before(c.expires) {
		return nil // the sweep closes it
	}
	list[len(list)-1] = nil
	p.hosts[host] = list[:len(list)-1]
	c.reused = true
	return c
}

// put takes in a connection on which nothing is under way, until the given time
// has passed, and reports whether there was room.
func (p *pool) put(c *conn, keep time.Duration) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := p.hosts[c.host]
	if len(list) >= p.perHost {
		return false
	}
	c.expires = time.Now().Add(keep)
	p.hosts[c.host] = append(list, c)
	if p.timer == nil {
		p.timer = time.AfterFunc(keep, p.sweep)
	}
	return true
}

// sweep closes what has expired and runs again while something is left.
func (p *pool) sweep() {
	now := time.Now()
	p.mu.Lock()
	var old []*conn
	var next time.Time
	for host, list := range p.hosts {
		kept := list[:0]
		for _, c := range list {
			if !now.Before(c.expires) {
				old = append(old, c)
				continue
			}
			kept = append(kept, c)
			if next.IsZero() || c.expires.Before(next) {
				next = c.expires
			}
		}
		clear(list[len(kept):])
		p.hosts[host] = kept
		if len(kept) == 0 {
			delete(p.hosts, host)
		}
	}
	p.timer = nil
	if !next.IsZero() {
		p.timer = time.AfterFunc(next.Sub(now), p.sweep)
	}
	p.mu.Unlock()
	for _, c := range old {
		c.close()
	}
}

func (p *pool) closeAll() {
	p.mu.Lock()
	hosts := p.hosts
	p.hosts = map[string][]*conn{}
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
	p.mu.Unlock()
	for _, list := range hosts {
		for _, c := range list {
			c.close()
		}
	}
}
