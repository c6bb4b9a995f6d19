package providertest

import (
	"context"
	"strings"

	"skytower/internal/egress"
)

// Body is an answer's body that is all here.
func Body(text string) egress.Body { return &whole{Reader: strings.NewReader(text)} }

type whole struct{ *strings.Reader }

func (*whole) Close() error    { return nil }
func (w *whole) Buffered() int { return w.Len() }

// Endless is a client whose every answer repeats the text for ever, without a network.
func Endless(text string) egress.Upstream { return endless{text} }

type endless struct{ text string }

// Do answers.
func (e endless) Do(context.Context, *egress.Request) (*egress.Response, error) {
	return &egress.Response{Status: 200, ContentLength: -1, Body: &repeated{text: e.text}}, nil
}

// CloseIdle does nothing.
func (endless) CloseIdle() {}

type repeated struct {
	text string
	at   int
}

func (r *repeated) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		k := copy(p[n:], r.text[r.at:])
		n, r.at = n+k, (r.at+k)%len(r.text)
	}
	return n, nil
}

func (*repeated) Close() error  { return nil }
func (*repeated) Buffered() int { return 1 << 10 }
