package http1

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"syscall"
)

// wait says what a wire does when TLS asks it for bytes.
type wait uint8

const (
	waitForBytes wait = iota
	takeWhatIsThere
	askNobody // what TLS holds must do
)

// wire is what a TLS connection stands on. It lets us ask TLS for what it can give
// without waiting, which TLS itself does not offer, and it counts what was really sent:
// when a Write of TLS fails it may have sent all the same.
type wire struct {
	net.Conn
	raw     syscall.RawConn // nil where the connection offers none
	wait    wait            // of the one goroutine that reads
	cut     bool            // the connection has ended; TLS may have announced it before
	written atomic.Int64
}

// Read may fail with os.ErrDeadlineExceeded where it must not wait. TLS takes that for
// a passing trouble and goes on with the same record later.
func (w *wire) Read(p []byte) (int, error) {
	switch w.wait {
	case takeWhatIsThere:
		return readNow(w.raw, p)
	case askNobody:
		return 0, os.ErrDeadlineExceeded
	}
	n, err := w.Conn.Read(p)
	w.cut = w.cut || err == io.EOF
	return n, err
}

func (w *wire) Write(p []byte) (int, error) {
	n, err := w.Conn.Write(p)
	w.written.Add(int64(n))
	return n, err
}

// secured is a connection with TLS.
type secured struct {
	*tls.Conn
	wire *wire
}

// Read waits for a record, and takes those that have come along with it.
func (s secured) Read(p []byte) (int, error) {
	n, err := s.Conn.Read(p)
	s.wire.wait = askNobody
	for n > 0 && n < len(p) && err == nil {
		var more int
		more, err = s.Conn.Read(p[n:])
		n += more
	}
	s.wire.wait = waitForBytes
	switch {
	case n > 0:
		return n, nil // an error that is more than passing comes again
	case err == io.EOF && s.wire.cut:
		err = io.ErrUnexpectedEOF // nobody announced it (RFC 9112, section 9.8)
	}
	return n, err
}

// quiet reports whether nothing has come that nobody asked for. What TLS says for
// itself, such as a ticket for the next session, is taken in and does not count.
func (s secured) quiet() bool {
	if s.wire.raw == nil {
		return false
	}
	s.wire.wait = takeWhatIsThere
	defer func() { s.wire.wait = waitForBytes }()
	var b [1]byte
	n, err := s.Conn.Read(b[:])
	return n == 0 && errors.Is(err, os.ErrDeadlineExceeded)
}

// Close ends the connection at once, without a last word that a full line could hold up.
func (s secured) Close() error { return s.wire.Close() }

// secure makes the handshake with host, whose name is always checked.
func (c *Client) secure(ctx context.Context, nc net.Conn, host string) (net.Conn, error) {
	w := &wire{Conn: nc}
	if sc, ok := nc.(syscall.Conn); ok {
		w.raw, _ = sc.SyscallConn()
	}
	config := c.tls
	if config.ServerName == "" {
		config = config.Clone()
		config.ServerName = host
	}
	s := secured{Conn: tls.Client(w, config), wire: w}
	if err := s.HandshakeContext(ctx); err != nil {
		nc.Close()
		return nil, err
	}
	return s, nil
}

// tlsConfig is the configuration of every handshake.
func tlsConfig(given *tls.Config) *tls.Config {
	config := given.Clone()
	config.NextProtos = []string{"http/1.1"}
	config.InsecureSkipVerify = false
	// A request that fits in one record leaves in one system call.
	config.DynamicRecordSizingDisabled = true
	if config.ClientSessionCache == nil {
		config.ClientSessionCache = tls.NewLRUClientSessionCache(0)
	}
	return config
}

// OtherProtocol reports whether err is a server's refusal to speak HTTP/1.1 over TLS.
// Nothing was sent.
func OtherProtocol(err error) bool {
	const noApplicationProtocol = tls.AlertError(120) // RFC 7301, section 3.2
	var remote *net.OpError
	// The type of a received alert is TLS's own; its text is that of AlertError.
	return errors.As(err, &remote) && remote.Op == "remote error" && remote.Err.Error() == noApplicationProtocol.Error()
}
