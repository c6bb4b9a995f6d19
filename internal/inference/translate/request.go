package translate

import (
	"bytes"

	"skytower/internal/rawjson"
)

// asked are the fields of a Responses request that are acted on, as they came; nil is
// absent or null.
type asked struct {
	input, instructions, tools, toolChoice, parallel, maxToolCalls []byte
	text, reason, includes, conversation, prompt                   []byte
	maxOutputTokens, temperature, topP, topLogprobs                []byte
	frequency, presence, user, seed, stop, metadata, tier          []byte
	cacheKey, cacheRetention, safetyID, truncation                 []byte
	background, store, previous                                    []byte

	// What was read of the objects above.
	functions []function
	choice    choice
	format    format
	verbosity []byte
	reasoning struct{ effort, summary []byte }
	include   struct{ logprobs, encrypted bool }
}

func (a *asked) field(key []byte) *[]byte {
	switch string(key) {
	case "input":
		return &a.input
	case "instructions":
		return &a.instructions
	case "tools":
		return &a.tools
	case "tool_choice":
		return &a.toolChoice
	case "parallel_tool_calls":
		return &a.parallel
	case "max_tool_calls":
		return &a.maxToolCalls
	case "text":
		return &a.text
	case "reasoning":
		return &a.reason
	case "include":
		return &a.includes
	case "conversation":
		return &a.conversation
	case "prompt":
		return &a.prompt
	case "max_output_tokens":
		return &a.maxOutputTokens
	case "temperature":
		return &a.temperature
	case "top_p":
		return &a.topP
	case "top_logprobs":
		return &a.topLogprobs
	default:
		return a.further(key)
	}
}

func (a *asked) further(key []byte) *[]byte {
	switch string(key) {
	case "frequency_penalty":
		return &a.frequency
	case "presence_penalty":
		return &a.presence
	case "user":
		return &a.user
	case "seed":
		return &a.seed
	case "stop":
		return &a.stop
	case "metadata":
		return &a.metadata
	case "service_tier":
		return &a.tier
	case "prompt_cache_key":
		return &a.cacheKey
	case "prompt_cache_retention":
		return &a.cacheRetention
	case "safety_identifier":
		return &a.safetyID
	case "truncation":
		return &a.truncation
	case "background":
		return &a.background
	case "store":
		return &a.store
	case "previous_response_id":
		return &a.previous
	}
	return nil
}

// read checks the whole request but for its items.
func read(body []byte) (*asked, *problem) {
	a := new(asked)
	body = bytes.TrimLeft(body, " \t\r\n")
	if !rawjson.Valid(body) || !members(body, a.field) {
		return nil, invalid("", "The request body must be a JSON object.")
	}
	for _, step := range [...]func() *problem{a.refuse, a.scalars, a.readInclude, a.readText, a.readReasoning, a.readMetadata, a.readTools, a.readChoice} {
		if p := step(); p != nil {
			return nil, p
		}
	}
	return a, nil
}

// refuse names what is stored elsewhere and can't be reached here.
func (a *asked) refuse() *problem {
	switch {
	case a.conversation != nil:
		return unsupported("conversation", "is given")
	case a.prompt != nil:
		return unsupported("prompt", "is given")
	}
	return nil
}

// scalars checks the types of plain fields. Ranges are the upstream's.
func (a *asked) scalars() *problem {
	const text, number, integer, boolean = "a string", "a number", "an integer", "a boolean"
	for _, f := range [...]struct {
		name  string
		value []byte
		want  string
	}{
		{"instructions", a.instructions, text}, {"user", a.user, text}, {"service_tier", a.tier, text}, {"truncation", a.truncation, text},
		{"prompt_cache_key", a.cacheKey, text}, {"prompt_cache_retention", a.cacheRetention, text}, {"safety_identifier", a.safetyID, text},
		{"previous_response_id", a.previous, text},
		{"temperature", a.temperature, number}, {"top_p", a.topP, number},
		{"frequency_penalty", a.frequency, number}, {"presence_penalty", a.presence, number},
		{"max_output_tokens", a.maxOutputTokens, integer}, {"max_tool_calls", a.maxToolCalls, integer},
		{"top_logprobs", a.topLogprobs, integer}, {"seed", a.seed, integer},
		{"parallel_tool_calls", a.parallel, boolean}, {"background", a.background, boolean}, {"store", a.store, boolean},
	} {
		if f.value == nil {
			continue
		}
		if p := scalar(f.name, f.value, f.want); p != nil {
			return p
		}
	}
	return kind("stop", a.stop, "a string or an array of strings", rawjson.KindString, rawjson.KindArray)
}

func scalar(name string, value []byte, want string) *problem {
	switch want {
	case "a string":
		return isText(name, value)
	case "a boolean":
		return kind(name, value, want, rawjson.KindTrue, rawjson.KindFalse)
	}
	if p := kind(name, value, want, rawjson.KindNumber, rawjson.KindNumber); p != nil {
		return p
	}
	if _, whole := rawjson.Int(value); want == "an integer" && !whole {
		return invalid(name, "must be an integer, not a number with a fraction or beyond 64 bits.")
	}
	return nil
}

// readInclude takes what chat can add to an answer. Words about tools that are not here,
// or that nobody knows yet, ask for nothing that could be missed.
func (a *asked) readInclude() *problem {
	if p := kind("include", a.includes, "an array of strings", rawjson.KindArray, rawjson.KindArray); p != nil {
		return p
	}
	rawjson.Elements(a.includes, func(word []byte) bool {
		a.include.logprobs = a.include.logprobs || is(word, "message.output_text.logprobs")
		a.include.encrypted = a.include.encrypted || is(word, "reasoning.encrypted_content")
		return true
	})
	return nil
}

func (a *asked) readReasoning() *problem {
	if p := kind("reasoning", a.reason, "an object", rawjson.KindObject, rawjson.KindObject); p != nil {
		return p
	}
	r := &a.reasoning
	var older []byte // the name of `summary` in OpenAI's first version
	members(a.reason, func(key []byte) *[]byte {
		switch string(key) {
		case "effort":
			return &r.effort
		case "summary":
			return &r.summary
		case "generate_summary":
			return &older
		}
		return nil
	})
	if r.summary == nil {
		r.summary = older
	}
	if p := isText("effort", r.effort); p != nil {
		return p.in("reasoning")
	}
	if p := isText("summary", r.summary); p != nil {
		return p.in("reasoning")
	}
	return nil
}

func (a *asked) readMetadata() (p *problem) {
	if p := kind("metadata", a.metadata, "an object", rawjson.KindObject, rawjson.KindObject); p != nil {
		return p
	}
	rawjson.Top(a.metadata, func(key, value []byte) bool {
		if p = isText("", value); p != nil {
			p = p.in("[" + shortened(append(append([]byte{'"'}, key...), '"')) + "]").in("metadata")
		}
		return p == nil
	})
	return p
}

// chat writes the chat completion request.
func (a *asked) chat(r *Request) ([]byte, *problem) {
	dst := make([]byte, 0, len(r.Body)+len(r.Model)+256)
	dst = append(rawjson.AppendQuote(append(dst, `{"model":`...), r.Model), `,"messages":[`...)
	c := &conversation{dst: dst}
	if len(inner(a.instructions)) > 0 {
		c.plain("system", a.instructions)
	}
	if p := c.input(a.input, r); p != nil {
		return nil, p
	}
	c.flush()
	if c.count == 0 {
		return nil, invalid("input", "must not be empty.")
	}
	return a.options(append(c.dst, ']')), nil
}

// options appends all that is not messages. max_tokens is the name that every chat server
// knows; the adapter lowers it by that name.
func (a *asked) options(dst []byte) []byte {
	dst = given(dst, "max_tokens", a.maxOutputTokens)
	dst = given(dst, "temperature", a.temperature)
	dst = given(dst, "top_p", a.topP)
	dst = given(dst, "frequency_penalty", a.frequency)
	dst = given(dst, "presence_penalty", a.presence)
	dst = given(dst, "stop", a.stop)
	dst = given(dst, "seed", a.seed)
	dst = given(dst, "user", a.user)
	top, _ := rawjson.Int(a.topLogprobs)
	if top > 0 || a.include.logprobs {
		dst = append(dst, `,"logprobs":true`...)
	}
	if top > 0 {
		dst = field(dst, "top_logprobs", a.topLogprobs)
	}
	dst = given(dst, "reasoning_effort", a.reasoning.effort)
	dst = given(dst, "verbosity", a.verbosity)
	dst = a.format.appendChat(dst)
	dst = a.appendTools(dst)
	dst = given(dst, "prompt_cache_key", a.cacheKey)
	dst = given(dst, "safety_identifier", a.safetyID)
	return append(dst, '}')
}
