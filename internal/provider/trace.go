package provider

import (
	"errors"

	"skytower/internal/fault"
	"skytower/internal/telemetry"
)

// EndSpan ends a span of work that may have called a provider. Where it failed, the span has
// a word for the kind of failure: nothing of what callers or upstreams wrote.
func EndSpan(span telemetry.Span, err error) {
	if err != nil && span.On() {
		span.Fail(kindOf(err))
	}
	span.End()
}

func kindOf(err error) string {
	if up, ok := errors.AsType[*Error](err); ok {
		return up.Class.String()
	}
	return string(fault.From(err).ID)
}
