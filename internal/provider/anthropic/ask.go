package anthropic

import (
	"strconv"

	"skytower/internal/provider"
	"skytower/internal/provider/remote"
	"skytower/internal/rawjson"
)

// defaultMaxTokens is the output limit where neither the caller nor a reservation has one:
// the API wants a number. It is what a plain call reserves at most (design, "Money").
const defaultMaxTokens = 8192

// ask is a chat request in the parts of a Messages request. JSON values are as they go up;
// nil is a field that does not.
type ask struct {
	call     *provider.Call
	stream   bool
	limit    int64
	system   []byte
	messages []byte
	tools    []byte
	choice   []byte
	stop     []byte
	sampling []byte // temperature and top_p: members, each with a comma before it
	user     []byte // for abuse detection, the caller's own name for one
	tier     string
	format   []byte // that the answer has to have
	effort   string // of thinking; "": as the model is
	looping  bool   // the request continues a turn after tool calls
	extra    []byte // members that are the API's own, each with a comma before it
}

// fields are the members of a chat request that are translated, as they stand.
type fields struct {
	messages, tools, choice, parallel, stop, temperature, topP, maxTokens, maxCompletion,
	format, effort, user, safety, tier []byte
}

func (f *fields) slot(name string) *[]byte {
	switch name {
	case "messages":
		return &f.messages
	case "tools":
		return &f.tools
	case "tool_choice":
		return &f.choice
	case "parallel_tool_calls":
		return &f.parallel
	case "stop":
		return &f.stop
	case "temperature":
		return &f.temperature
	case "top_p":
		return &f.topP
	case "max_tokens":
		return &f.maxTokens
	case "max_completion_tokens":
		return &f.maxCompletion
	case "response_format":
		return &f.format
	case "reasoning_effort":
		return &f.effort
	case "user":
		return &f.user
	case "safety_identifier":
		return &f.safety
	case "service_tier":
		return &f.tier
	}
	return nil
}

// readAsk translates a chat request. The error names the field: it is of class Rejected
// where the field is wrong, of class Unsupported where the API has nothing for it.
func readAsk(call *provider.Call) (*ask, error) {
	var f fields
	var p *problem
	a := &ask{call: call}
	own := map[string]bool{} // the API's own fields that the request has
	rawjson.Top(call.Body.Bytes(), func(key, value []byte) bool {
		name, err := rawjson.Unquote(append(append([]byte{'"'}, key...), '"'))
		switch {
		case err != nil || rawjson.KindOf(value) == rawjson.KindNull || leftOut(name):
		case f.slot(name) != nil:
			*f.slot(name) = value
		default:
			if p = asksFor(name, value); p == nil && !neutral(name) {
				own[name] = true
				a.extra = append(rawjson.AppendQuote(append(a.extra, ','), name), ':')
				a.extra = append(a.extra, value...)
			}
		}
		return p == nil
	})
	if p == nil {
		p = a.fill(&f)
	}
	if p == nil {
		p = a.conflict(own)
	}
	return a, p.error()
}

// leftOut names fields that say nothing about the answer: which model and in which form,
// which the server has decided, and how an upstream stores, caches and hastens it.
func leftOut(name string) bool {
	switch name {
	case "model", "stream", "stream_options", "store", "metadata", "prompt_cache_key", "prompt_cache_retention", "prediction":
		return true
	}
	return false
}

// neutral names fields of the chat API that can't be carried, unless they ask for nothing.
func neutral(name string) bool {
	switch name {
	case "n", "logprobs", "top_logprobs", "frequency_penalty", "presence_penalty", "logit_bias", "modalities", "verbosity",
		"seed", "audio", "functions", "function_call", "web_search_options":
		return true
	}
	return false
}

// asksFor says why such a field is refused.
func asksFor(name string, value []byte) *problem {
	if !neutral(name) {
		return nil
	}
	text := string(rawjson.Compact(nil, value))
	switch name {
	case "n":
		if n, ok := rawjson.Int(value); ok && n == 1 {
			return nil
		}
		return uncarried(name, "must be 1: this model gives one answer a request.")
	case "logprobs":
		if text == "false" {
			return nil
		}
	case "top_logprobs", "frequency_penalty", "presence_penalty":
		if n, ok := rawjson.Float(value); ok && n == 0 {
			return nil
		}
	case "logit_bias":
		if text == "{}" {
			return nil
		}
	case "modalities":
		if text == `["text"]` {
			return nil
		}
	case "verbosity":
		if text == `"medium"` {
			return nil
		}
	case "functions", "function_call":
		return uncarried(name, "is not taken by this model; use 'tools' and 'tool_choice'.")
	}
	return uncarried(name, "is not taken by this model; leave it out.")
}

// fill translates what was found.
func (a *ask) fill(f *fields) *problem {
	if rawjson.KindOf(f.messages) != rawjson.KindArray {
		return wrong("messages", "must be an array.")
	}
	var t turns
	if p := t.read(f.messages); p != nil {
		return p.in("messages")
	}
	a.messages, a.looping = t.done(), t.looping
	if t.system.n > 0 {
		a.system = append(append([]byte{'['}, t.system.buf...), ']')
	}
	a.limit = outputLimit(a.call, f)
	for _, step := range [...]func(*fields) *problem{a.useTools, a.sample, a.end, a.shape, a.think, a.account} {
		if p := step(f); p != nil {
			return p
		}
	}
	return nil
}

// outputLimit is the caller's, at most what is reserved.
func outputLimit(call *provider.Call, f *fields) int64 {
	n, ok := rawjson.Int(f.maxCompletion)
	if !ok {
		n, _ = rawjson.Int(f.maxTokens)
	}
	if call.MaxTokens > 0 && (n <= 0 || n > call.MaxTokens) {
		n = call.MaxTokens
	}
	if n <= 0 {
		n = defaultMaxTokens
	}
	return n
}

// sample passes the sampling fields on. The chat API's temperatures go up to 2, this one's
// to 1; one that was scaled would be another temperature.
func (a *ask) sample(f *fields) *problem {
	if f.temperature != nil {
		n, ok := rawjson.Float(f.temperature)
		switch {
		case !ok || n < 0:
			return wrong("temperature", "must be a number from 0 to 1.")
		case n > 1:
			return uncarried("temperature", "must be at most 1 for this model.")
		}
		a.sampling = append(append(a.sampling, `,"temperature":`...), f.temperature...)
	}
	if f.topP != nil {
		a.sampling = append(append(a.sampling, `,"top_p":`...), f.topP...)
	}
	return nil
}

// end reads the texts that end the answer.
func (a *ask) end(f *fields) *problem {
	switch rawjson.KindOf(f.stop) {
	case rawjson.Missing:
	case rawjson.KindString:
		a.stop = append(append([]byte{'['}, f.stop...), ']')
	case rawjson.KindArray:
		a.stop = f.stop
	default:
		return wrong("stop", "must be a string or an array of strings.")
	}
	return nil
}

// shape reads the form that the answer has to have.
func (a *ask) shape(f *fields) *problem {
	if f.format == nil {
		return nil
	}
	switch remote.Member(f.format, "type") {
	case "text":
		return nil
	case "json_schema":
	case "json_object":
		return uncarried("response_format", "of type json_object is not taken by this model; use json_schema.")
	default:
		return uncarried("response_format", "must be of type text or json_schema for this model.")
	}
	schema, _ := rawjson.Get(f.format, "json_schema", "schema")
	if rawjson.KindOf(schema) != rawjson.KindObject {
		return wrong("response_format.json_schema.schema", "must be an object.")
	}
	// What the format is called is a label; what it is for, the model should know.
	about, _ := rawjson.Get(f.format, "json_schema", "description")
	if _, has := rawjson.Get(schema, "description"); !has && rawjson.KindOf(about) == rawjson.KindString {
		schema = prepend(schema, `"description":`, about)
	}
	a.format = append(append([]byte(`{"type":"json_schema","schema":`), schema...), '}')
	return nil
}

// prepend puts a member first in an object; key comes quoted, with its colon.
func prepend(object []byte, key string, value []byte) []byte {
	out := append(append([]byte{'{'}, key...), value...)
	rest := object[1:]
	empty := true
	rawjson.Top(object, func([]byte, []byte) bool { empty = false; return false })
	if !empty {
		out = append(out, ',')
	}
	return append(out, rest...)
}

// account reads whom the request is for, and how fast it is served.
func (a *ask) account(f *fields) *problem {
	if a.user = f.safety; a.user == nil {
		a.user = f.user
	}
	if a.user != nil && rawjson.KindOf(a.user) != rawjson.KindString {
		return wrong("user", "must be a string.")
	}
	switch string(f.tier) {
	case "":
	case `"auto"`:
		a.tier = "auto"
	case `"default"`:
		a.tier = "standard_only"
	default:
		return uncarried("service_tier", "must be 'auto' or 'default' for this model.")
	}
	return nil
}

// conflict finds a field of the API's own that says what one of the chat API says too.
func (a *ask) conflict(own map[string]bool) *problem {
	for _, c := range [...]struct {
		name, beside string
		both         bool
	}{
		{"system", "messages of the role system", a.system != nil},
		{"stop_sequences", "stop", a.stop != nil},
		{"thinking", "reasoning_effort", a.effort != ""},
		{"output_config", "reasoning_effort or response_format", a.effort != "" || a.format != nil},
	} {
		if own[c.name] && c.both {
			return wrong(c.name, "can't be given beside "+c.beside+".")
		}
	}
	return nil
}

// body is the Messages request. How a model is asked to think depends on its age: by a
// budget, or by effort.
func (a *ask) body(budget bool) []byte {
	out := make([]byte, 0, len(a.messages)+len(a.system)+len(a.tools)+len(a.extra)+len(a.format)+512)
	out = rawjson.AppendQuote(append(out, `{"model":`...), a.call.Model)
	out = strconv.AppendInt(append(out, `,"max_tokens":`...), a.limit, 10)
	for _, m := range [...]struct {
		key   string
		value []byte
	}{
		{`,"system":`, a.system}, {`,"messages":`, a.messages}, {`,"tools":`, a.tools}, {`,"tool_choice":`, a.choice},
		{`,"stop_sequences":`, a.stop},
	} {
		if m.value != nil {
			out = append(append(out, m.key...), m.value...)
		}
	}
	out = append(out, a.sampling...)
	out = a.appendThinking(out, budget)
	if a.user != nil {
		out = append(append(append(out, `,"metadata":{"user_id":`...), a.user...), '}')
	}
	if a.tier != "" {
		out = append(append(append(out, `,"service_tier":"`...), a.tier...), '"')
	}
	out = append(out, a.extra...)
	if a.stream {
		out = append(out, `,"stream":true`...)
	}
	return append(out, '}')
}
