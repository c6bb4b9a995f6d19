package inference

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"skytower/internal/catalog"
	"skytower/internal/provider"
	"skytower/internal/rawjson"
	"skytower/internal/telemetry"
)

// part is a part of the work on a request, as a span.
func (r *run) part(ctx context.Context, name string) (context.Context, telemetry.Span) {
	return r.svc.Trace.Inside(ctx, name)
}

// take draws the request from the limits.
func (r *run) take(ctx context.Context) (err error) {
	ctx, span := r.part(ctx, "limits")
	defer func() { provider.EndSpan(span, err) }()
	if r.ticket, r.limits, err = r.svc.Limits.Take(ctx, r.draw()); err != nil {
		return err
	}
	if !r.limits.Allowed {
		span.Text("skytower.limit", r.limits.Dimension)
	}
	return nil
}

// tracedTry is try within a span of its own.
func (r *run) tracedTry(ctx context.Context, target *catalog.Target, t *attempt, sink Sink) (started bool, err error) {
	if r.svc.Trace == nil {
		return r.try(ctx, target, t, sink)
	}
	ctx, span := r.svc.Trace.Call(ctx, telemetry.ModelCall{
		Operation: operationOf(r.req.API), Provider: target.Provider, Model: target.Model, Stream: r.req.Stream,
	})
	if r.reasons = nil; span.On() {
		r.reasons = &reasons{}
	}
	defer func() { provider.EndSpan(span, err) }() // also where it panics
	started, err = r.try(ctx, target, t, sink)
	r.tellCall(span, t, err)
	return started, err
}

// operationOf is the API in the words of the GenAI conventions.
func operationOf(api API) string {
	if api == Embeddings {
		return "embeddings"
	}
	return "chat"
}

// tellCall notes what came of a call.
func (r *run) tellCall(span telemetry.Span, t *attempt, err error) {
	if !span.On() {
		return
	}
	if up, ok := errors.AsType[*provider.Error](err); ok && up.Status > 0 {
		span.Int("http.response.status_code", int64(up.Status))
	}
	if err == nil {
		span.Text("gen_ai.response.model", r.model.Show) // the upstream's word is not kept
	}
	if r.maxTokens > 0 {
		span.Int("gen_ai.request.max_tokens", r.maxTokens)
	}
	if !t.first.IsZero() {
		span.Seconds("gen_ai.response.time_to_first_chunk", t.first.Sub(t.began))
	}
	if r.answer != nil {
		r.reasons.read(r.answer, r.req.API)
	}
	span.Texts("gen_ai.response.finish_reasons", r.reasons.words)
	if u := r.usage; u.Reported {
		span.Int("gen_ai.usage.input_tokens", u.Input)
		span.Int("gen_ai.usage.output_tokens", u.Output)
		if u.Cached > 0 {
			span.Int("gen_ai.usage.cache_read.input_tokens", u.Cached)
		}
		if u.Reasoning > 0 {
			span.Int("gen_ai.usage.reasoning.output_tokens", u.Reasoning)
		}
	}
}

// reasons are why the choices of an answer ended, each once: an upstream's words, of
// which only the known ones are kept. They are looked for only where the call is traced.
type reasons struct{ words []string }

// known are the words that the APIs have for it.
func knownReasons() []string {
	return []string{"stop", "length", "tool_calls", "content_filter", "function_call", "completed", "incomplete", "failed",
		"end_turn", "max_tokens", "stop_sequence", "tool_use", "pause_turn", "refusal"}
}

// event looks at one event of a stream.
func (f *reasons) event(data []byte, api API) {
	switch {
	case f == nil:
	case api == Chat && bytes.Contains(data, []byte(`"finish_reason"`)):
		f.read(data, api)
	case api == Messages && bytes.Contains(data, []byte(`"message_delta"`)):
		delta, _ := rawjson.Get(data, "delta")
		f.read(delta, api)
	case api == Responses:
		if response, ok := rawjson.Get(data, "response"); ok {
			f.read(response, api)
		}
	}
}

// read looks at a whole answer, or a chunk.
func (f *reasons) read(doc []byte, api API) {
	if f == nil {
		return
	}
	switch api {
	case Responses:
		status, _ := rawjson.Get(doc, "status")
		f.add(status)
		return
	case Messages:
		reason, _ := rawjson.Get(doc, "stop_reason")
		f.add(reason)
		return
	}
	choices, _ := rawjson.Get(doc, "choices")
	rawjson.Elements(choices, func(choice []byte) bool {
		reason, _ := rawjson.Get(choice, "finish_reason")
		f.add(reason)
		return true
	})
}

func (f *reasons) add(word []byte) {
	word = bytes.Trim(word, `"`)
	for _, known := range knownReasons() {
		if string(word) == known && !slices.Contains(f.words, known) {
			f.words = append(f.words, known)
		}
	}
}
