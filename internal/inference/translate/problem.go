package translate

import (
	"skytower/internal/fault"
	"skytower/internal/inference/chatform"
)

// unsupported is about something that exists, but not for chat models.
func unsupported(path, what string) *chatform.Problem {
	return &chatform.Problem{Path: fault.Path(path), Foreign: true, Text: what + ": this model serves the Responses API over chat, which does not carry it. " +
		"Leave it out, or use a model that serves responses itself."}
}

// unsupportedType is about an item, a part or a tool of a type that chat does not have.
func unsupportedType(path string, kind []byte) *chatform.Problem {
	return unsupported(path, "is of type "+chatform.Shortened(kind))
}

// refusal is what New says of a problem.
func refusal(p *chatform.Problem) *fault.Error {
	if p.Foreign {
		return p.Fault(fault.ModelNotSupported)
	}
	return p.Fault(fault.InvalidParameter)
}
