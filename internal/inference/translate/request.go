package translate

import (
	"bytes"

	"skytower/internal/inference/chatform"
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
func read(body []byte) (*asked, *chatform.Problem) {
	a := new(asked)
	body = bytes.TrimLeft(body, " \t\r\n")
	if !rawjson.Valid(body) || !chatform.Members(body, a.field) {
		return nil, chatform.Invalid("", "The request body must be a JSON object.")
	}
	for _, step := range [...]func() *chatform.Problem{a.refuse, a.scalars, a.readInclude, a.readText, a.readReasoning, a.readMetadata, a.readTools, a.readChoice} {
		if p := step(); p != nil {
			return nil, p
		}
	}
	return a, nil
}

// refuse names what is stored elsewhere and can't be reached here.
func (a *asked) refuse() *chatform.Problem {
	switch {
	case a.conversation != nil:
		return unsupported("conversation", "is given")
	case a.prompt != nil:
		return unsupported("prompt", "is given")
	}
	return nil
}

// scalars checks the types of plain fields. Ranges are the upstream's.
func (a *asked) scalars() *chatform.Problem {
	for _, f := range [...]struct {
		name  string
		value []byte
		check func(string, []byte) *chatform.Problem
	}{
		{"instructions", a.instructions, chatform.IsText}, {"user", a.user, chatform.IsText}, {"service_tier", a.tier, chatform.IsText},
		{"truncation", a.truncation, chatform.IsText}, {"prompt_cache_key", a.cacheKey, chatform.IsText},
		{"prompt_cache_retention", a.cacheRetention, chatform.IsText}, {"safety_identifier", a.safetyID, chatform.IsText},
		{"previous_response_id", a.previous, chatform.IsText},
		{"temperature", a.temperature, chatform.IsNumber}, {"top_p", a.topP, chatform.IsNumber},
		{"frequency_penalty", a.frequency, chatform.IsNumber}, {"presence_penalty", a.presence, chatform.IsNumber},
		{"max_output_tokens", a.maxOutputTokens, chatform.IsInteger}, {"max_tool_calls", a.maxToolCalls, chatform.IsInteger},
		{"top_logprobs", a.topLogprobs, chatform.IsInteger}, {"seed", a.seed, chatform.IsInteger},
		{"parallel_tool_calls", a.parallel, chatform.IsFlag}, {"background", a.background, chatform.IsFlag}, {"store", a.store, chatform.IsFlag},
	} {
		if p := f.check(f.name, f.value); p != nil {
			return p
		}
	}
	return chatform.Kind("stop", a.stop, "a string or an array of strings", rawjson.KindString, rawjson.KindArray)
}

// readInclude takes what chat can add to an answer. Words about tools that are not here,
// or that nobody knows yet, ask for nothing that could be missed.
func (a *asked) readInclude() *chatform.Problem {
	if p := chatform.Kind("include", a.includes, "an array of strings", rawjson.KindArray, rawjson.KindArray); p != nil {
		return p
	}
	rawjson.Elements(a.includes, func(word []byte) bool {
		a.include.logprobs = a.include.logprobs || chatform.Is(word, "message.output_text.logprobs")
		a.include.encrypted = a.include.encrypted || chatform.Is(word, "reasoning.encrypted_content")
		return true
	})
	return nil
}

func (a *asked) readReasoning() *chatform.Problem {
	if p := chatform.IsObject("reasoning", a.reason); p != nil {
		return p
	}
	r := &a.reasoning
	var older []byte // the name of `summary` in OpenAI's first version
	chatform.Members(a.reason, func(key []byte) *[]byte {
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
	if p := chatform.IsText("effort", r.effort); p != nil {
		return p.In("reasoning")
	}
	if p := chatform.IsText("summary", r.summary); p != nil {
		return p.In("reasoning")
	}
	return nil
}

func (a *asked) readMetadata() (p *chatform.Problem) {
	if p := chatform.IsObject("metadata", a.metadata); p != nil {
		return p
	}
	rawjson.Top(a.metadata, func(key, value []byte) bool {
		if p = chatform.IsText("", value); p != nil {
			p = p.In("[" + chatform.Shortened(append(append([]byte{'"'}, key...), '"')) + "]").In("metadata")
		}
		return p == nil
	})
	return p
}

// chat writes the chat completion request.
func (a *asked) chat(r *Request) ([]byte, *chatform.Problem) {
	dst := make([]byte, 0, len(r.Body)+len(r.Model)+256)
	dst = append(rawjson.AppendQuote(append(dst, `{"model":`...), r.Model), `,"messages":[`...)
	c := &conversation{dst: dst}
	if len(chatform.Inner(a.instructions)) > 0 {
		c.plain("system", a.instructions)
	}
	if p := c.input(a.input, r); p != nil {
		return nil, p
	}
	c.flush()
	if c.count == 0 {
		return nil, chatform.Invalid("input", "must not be empty.")
	}
	return a.options(append(c.dst, ']')), nil
}

// options appends all that is not messages. max_tokens is the name that every chat server
// knows; the adapter lowers it by that name.
func (a *asked) options(dst []byte) []byte {
	dst = chatform.Given(dst, "max_tokens", a.maxOutputTokens)
	dst = chatform.Given(dst, "temperature", a.temperature)
	dst = chatform.Given(dst, "top_p", a.topP)
	dst = chatform.Given(dst, "frequency_penalty", a.frequency)
	dst = chatform.Given(dst, "presence_penalty", a.presence)
	dst = chatform.Given(dst, "stop", a.stop)
	dst = chatform.Given(dst, "seed", a.seed)
	dst = chatform.Given(dst, "user", a.user)
	top, _ := rawjson.Int(a.topLogprobs)
	if top > 0 || a.include.logprobs {
		dst = append(dst, `,"logprobs":true`...)
	}
	if top > 0 {
		dst = chatform.Field(dst, "top_logprobs", a.topLogprobs)
	}
	dst = chatform.Given(dst, "reasoning_effort", a.reasoning.effort)
	dst = chatform.Given(dst, "verbosity", a.verbosity)
	dst = a.format.appendChat(dst)
	dst = a.appendTools(dst)
	dst = chatform.Given(dst, "prompt_cache_key", a.cacheKey)
	dst = chatform.Given(dst, "safety_identifier", a.safetyID)
	return append(dst, '}')
}
