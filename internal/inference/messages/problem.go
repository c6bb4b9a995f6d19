package messages

import (
	"skytower/internal/fault"
	"skytower/internal/inference/chatform"
	"skytower/internal/provider"
)

// unsupported is about something that exists, but not for chat models.
func unsupported(path, what string) *chatform.Problem {
	return &chatform.Problem{Path: fault.Path(path), Foreign: true, Text: what + ": this model serves the Messages API over chat completions, which do not carry it. " +
		"Leave it out, or use a model whose upstream has the Messages API itself."}
}

// unsupportedType is about a block or a tool of a type that chat does not have.
func unsupportedType(path string, kind []byte) *chatform.Problem {
	return unsupported(path, "is of type "+chatform.Shortened(kind))
}

// refusal is a *fault.Error of status 400. Where another upstream might serve the request,
// it is the cause of one of class Unsupported.
func refusal(p *chatform.Problem) error {
	f := p.Fault(fault.InvalidParameter)
	if p.Foreign {
		return &provider.Error{Class: provider.Unsupported, Err: f}
	}
	return f
}
