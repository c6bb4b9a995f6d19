package httpx

import (
	"context"
	"io"
	"net"
	"sync"
	"time"
)

// Connections returns a listener whose connections cost net/http's server less: a
// deadline is set only when a read or write may meet it (the server sets nine for each
// request, most of which nothing meets), and the pieces of an answer leave in one write.
// ConnContext tells calls of them.
func Connections(l net.Listener) net.Listener { return &listener{Listener: l} }

type listener struct {
	net.Listener
	pieces sync.Pool // of *[]byte, for what is kept back
}

// Accept waits for the next connection.
func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if tcp, ok := c.(*net.TCPConn); ok {
		return &connection{TCPConn: tcp, pieces: &l.pieces}, err
	}
	return c, err
}

type connectionKey struct{}

// ConnContext is for http.Server.
func ConnContext(ctx context.Context, c net.Conn) context.Context {
	if own, ok := c.(*connection); ok {
		return context.WithValue(ctx, connectionKey{}, own)
	}
	return ctx
}

// connection is one of a caller's.
type connection struct {
	*net.TCPConn

	mu          sync.Mutex
	read, write deadline // under mu

	// One goroutine writes at a time.
	gathering bool
	pieces    *sync.Pool
	held      *[]byte // what gathering keeps back; nil: nothing
	parts     [2][]byte
	buffers   net.Buffers // of parts, while they are written
}

// deadline is one of a connection's two.
type deadline struct {
	want, set time.Time
	busy      int // calls under way that it bounds
}

// settle applies the deadline where it isn't.
func (d *deadline) settle(apply func(time.Time) error) error {
	if d.want.Equal(d.set) {
		return nil
	}
	err := apply(d.want)
	if err == nil {
		d.set = d.want
	}
	return err
}

// Read is net.Conn's.
func (c *connection) Read(p []byte) (int, error) {
	c.mu.Lock()
	c.read.busy++
	_ = c.read.settle(c.TCPConn.SetReadDeadline) // where that fails, the read does
	c.mu.Unlock()
	n, err := c.TCPConn.Read(p)
	c.mu.Lock()
	c.read.busy--
	c.mu.Unlock()
	return n, err
}

// begin and end stand around every write.
func (c *connection) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.write.busy++
	_ = c.write.settle(c.TCPConn.SetWriteDeadline) // where that fails, the write does
}

func (c *connection) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.write.busy--
}

// SetDeadline sets both.
func (c *connection) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

// SetReadDeadline is for reads under way at once, for others when they begin.
func (c *connection) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.read.want = t; c.read.busy > 0 {
		return c.read.settle(c.TCPConn.SetReadDeadline)
	}
	return nil
}

// SetWriteDeadline is for writes under way at once, for others when they begin.
func (c *connection) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.write.want = t; c.write.busy > 0 {
		return c.write.settle(c.TCPConn.SetWriteDeadline)
	}
	return nil
}

// The bounds of what is gathered, in bytes: net/http writes 4 KiB of head and body, and
// then the rest.
const (
	firstPiece  = 4 << 10
	minGathered = 3 << 10
	maxGathered = 64 << 10
)

// gather makes the first piece that is written wait for the next one, or for release.
func (c *connection) gather() { c.gathering = true }

// Write is net.Conn's. What gather makes wait counts as written; release, or the next
// write, tells whether it was.
func (c *connection) Write(p []byte) (int, error) {
	if c.gathering && len(p) <= firstPiece {
		c.gathering = false
		c.keep(p)
		return len(p), nil
	}
	c.gathering = false
	c.begin()
	defer c.end()
	if c.held == nil {
		return c.TCPConn.Write(p)
	}
	return c.writeHeld(p)
}

// ReadFrom is io.ReaderFrom's: files go from one descriptor to the other.
func (c *connection) ReadFrom(r io.Reader) (int64, error) {
	if err := c.release(); err != nil {
		return 0, err
	}
	c.begin()
	defer c.end()
	return c.TCPConn.ReadFrom(r)
}

// keep holds a copy of p back.
func (c *connection) keep(p []byte) {
	if c.held, _ = c.pieces.Get().(*[]byte); c.held == nil {
		b := make([]byte, 0, firstPiece)
		c.held = &b
	}
	*c.held = append((*c.held)[:0], p...)
}

// writeHeld writes what was kept back, and p, and counts p.
func (c *connection) writeHeld(p []byte) (int, error) {
	held := c.held
	c.held = nil
	c.parts = [2][]byte{*held, p}
	c.buffers = c.parts[:]
	n, err := c.buffers.WriteTo(c.TCPConn)
	n -= int64(len(*held))
	c.parts, c.buffers = [2][]byte{}, nil
	c.pieces.Put(held)
	return int(max(n, 0)), err
}

// release writes what is still kept back.
func (c *connection) release() error {
	c.gathering = false
	if c.held == nil {
		return nil
	}
	c.begin()
	defer c.end()
	_, err := c.writeHeld(nil)
	return err
}
