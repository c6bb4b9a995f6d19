package openai

import (
	"strings"

	"skytower/internal/egress"
	"skytower/internal/provider"
	"skytower/internal/rawjson"
)

// headers are an allow-list: ours, and what the edge let through of the caller's.
// Ours count where both name a field.
func (p *Provider) headers(call *provider.Call, accept string) egress.Header {
	h := make(egress.Header, 0, len(p.header)+len(call.Header)+3)
	h = append(h, p.header...)
	h = append(h, egress.Field{Name: "Accept", Value: accept})
	if call.Body != nil {
		h = append(h, egress.Field{Name: "Content-Type", Value: "application/json"})
	}
	if call.RequestID != "" {
		h = append(h, egress.Field{Name: "X-Request-Id", Value: call.RequestID})
	}
	own := len(h)
	for name, values := range call.Header {
		if h[:own].Has(name) || never(name) {
			continue
		}
		for _, v := range values {
			h = append(h, egress.Field{Name: name, Value: v})
		}
	}
	return h
}

// never names headers that must not go out whatever the caller's list says: an
// idempotency key would let a client library send paid work twice, the others are
// secrets that the upstream has no business with.
func never(name string) bool {
	for _, n := range [...]string{"Idempotency-Key", "X-Idempotency-Key", "Authorization", "Cookie", "X-Api-Key"} {
		if strings.EqualFold(n, name) {
			return true
		}
	}
	return false
}

// chatBody is the caller's body for the upstream. usage asks a stream to report it.
func chatBody(call *provider.Call, stream, usage bool) []byte {
	e := call.Body.Edit().SetString("model", call.Model)
	setStream(e, call.Body, stream)
	switch {
	case stream && usage:
		e.SetRaw("stream_options", includeUsage(call.Body))
	case stream:
		e.Delete("stream_options")
	}
	lower(e, call, "max_tokens", "max_completion_tokens")
	return e.Append(nil)
}

// responsesBody is the caller's body for the upstream. The contract's default of
// store is false, the upstream's may be true (contract 7.2).
func responsesBody(call *provider.Call, stream bool) []byte {
	e := call.Body.Edit().SetString("model", call.Model)
	setStream(e, call.Body, stream)
	if k := call.Body.Kind("store"); k == rawjson.Missing || k == rawjson.KindNull {
		e.SetBool("store", false)
	}
	lower(e, call, "max_output_tokens")
	return e.Append(nil)
}

// setStream says what was decided, which may come from the address's query; a body
// that already says so stays as it is.
func setStream(e *rawjson.Edit, body *rawjson.Object, stream bool) {
	asked, _, err := body.Bool("stream")
	if err != nil || asked != stream {
		e.SetBool("stream", stream)
	}
}

// includeUsage is the caller's stream_options with include_usage set.
func includeUsage(body *rawjson.Object) []byte {
	options, ok := body.Raw("stream_options")
	if ok && rawjson.KindOf(options) == rawjson.KindObject {
		if o, err := rawjson.Scan(options, nil); err == nil {
			return o.Edit().SetBool("include_usage", true).Append(nil)
		}
	}
	return []byte(`{"include_usage":true}`)
}

// lower brings the caller's output limit down to what is reserved. Without a limit
// the first of the fields is added.
func lower(e *rawjson.Edit, call *provider.Call, fields ...string) {
	if call.MaxTokens <= 0 {
		return
	}
	found := false
	for _, name := range fields {
		n, ok, err := call.Body.Int(name)
		if err != nil || ok && n > call.MaxTokens {
			e.SetInt(name, call.MaxTokens)
		}
		found = found || ok || err != nil
	}
	if !found {
		e.SetInt(fields[0], call.MaxTokens)
	}
}
