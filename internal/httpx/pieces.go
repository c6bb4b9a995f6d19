package httpx

import (
	"net/http"
	"time"
)

// Pieces sends a body that is still being made: each piece goes out at once.
type Pieces struct{ w *contentWriter }

// Pieces begins such a body. Content-Type is set by the caller in the header.
func (c *Call) Pieces() *Pieces {
	return &Pieces{&contentWriter{ResponseWriter: c.w, call: c, control: http.NewResponseController(c.w)}}
}

// Send sends the next piece. The time until the one after it has no bound.
func (p *Pieces) Send(piece []byte) error {
	_, err := p.w.Write(piece)
	if err == nil {
		err = p.w.control.Flush()
	}
	_ = p.w.control.SetWriteDeadline(time.Time{})
	return err
}
