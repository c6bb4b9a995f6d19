package messages

import (
	"bytes"

	"skytower/internal/inference/chatform"
	"skytower/internal/rawjson"
)

// asked are the fields of a Messages request that are acted on, as they came; nil is
// absent or null. Others only save time or tokens (cache_control, context_management,
// speed): these are left out, and the manual says so.
type asked struct {
	messages, system, maxTokens, stops, temperature, topP, topK []byte
	tools, toolChoice, thinking, metadata, tier                 []byte
	output, outputFormat                                        []byte
	container, servers, region                                  []byte

	// What was read of the objects above.
	functions []function
	choice    choice
	user      []byte
	effort    []byte // a JSON string in chat's words
	tells     bool   // the caller wants to read what the model thinks
	schema    []byte // of the answer; nil: any text
}

func (a *asked) field(key []byte) *[]byte {
	switch string(key) {
	case "messages":
		return &a.messages
	case "system":
		return &a.system
	case "max_tokens":
		return &a.maxTokens
	case "stop_sequences":
		return &a.stops
	case "temperature":
		return &a.temperature
	case "top_p":
		return &a.topP
	case "top_k":
		return &a.topK
	case "tools":
		return &a.tools
	case "tool_choice":
		return &a.toolChoice
	case "thinking":
		return &a.thinking
	case "metadata":
		return &a.metadata
	default:
		return a.further(key)
	}
}

func (a *asked) further(key []byte) *[]byte {
	switch string(key) {
	case "service_tier":
		return &a.tier
	case "output_config":
		return &a.output
	case "output_format":
		return &a.outputFormat
	case "container":
		return &a.container
	case "mcp_servers":
		return &a.servers
	case "inference_geo":
		return &a.region
	}
	return nil
}

// read checks the whole request but for its messages.
func read(body []byte) (*asked, *chatform.Problem) {
	a := new(asked)
	body = bytes.TrimLeft(body, " \t\r\n")
	if !rawjson.Valid(body) || !chatform.Members(body, a.field) {
		return nil, chatform.Invalid("", "The request body must be a JSON object.")
	}
	for _, step := range [...]func() *chatform.Problem{a.refuse, a.scalars, a.readStops, a.readMetadata, a.readOutput, a.readThinking, a.readTools, a.readChoice} {
		if p := step(); p != nil {
			return nil, p
		}
	}
	return a, nil
}

// refuse names what lives at Anthropic, or what only it can promise.
func (a *asked) refuse() *chatform.Problem {
	none := true
	rawjson.Elements(a.servers, func([]byte) bool { none = false; return false })
	switch {
	case a.container != nil:
		return unsupported("container", "is given")
	case a.servers != nil && !none:
		return unsupported("mcp_servers", "is given")
	case a.region != nil:
		return unsupported("inference_geo", "is given")
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
		{"max_tokens", a.maxTokens, chatform.IsInteger}, {"temperature", a.temperature, chatform.IsNumber}, {"top_p", a.topP, chatform.IsNumber},
		{"top_k", a.topK, chatform.IsInteger}, {"service_tier", a.tier, chatform.IsText},
	} {
		if p := f.check(f.name, f.value); p != nil {
			return p
		}
	}
	return nil
}

func (a *asked) readStops() *chatform.Problem {
	if p := chatform.IsArray("stop_sequences", a.stops); p != nil {
		return p
	}
	n := 0
	p := chatform.Each("stop_sequences", a.stops, func(word []byte) *chatform.Problem {
		n++
		return chatform.IsText("", word)
	})
	if n == 0 {
		a.stops = nil // chat servers refuse an empty list
	}
	return p
}

func (a *asked) readMetadata() *chatform.Problem {
	if p := chatform.IsObject("metadata", a.metadata); p != nil {
		return p
	}
	chatform.Members(a.metadata, func(key []byte) *[]byte {
		if string(key) == "user_id" {
			return &a.user
		}
		return nil
	})
	if p := chatform.IsText("user_id", a.user); p != nil {
		return p.In("metadata")
	}
	return nil
}

// readOutput reads how hard to try, and the form of the answer, which has an older name of
// its own.
func (a *asked) readOutput() *chatform.Problem {
	if p := chatform.IsObject("output_config", a.output); p != nil {
		return p
	}
	format, place := a.outputFormat, "output_format"
	chatform.Members(a.output, func(key []byte) *[]byte {
		switch string(key) {
		case "effort":
			return &a.effort
		case "format":
			place = "output_config.format"
			return &format
		}
		return nil
	})
	if p := chatform.IsText("effort", a.effort); p != nil {
		return p.In("output_config")
	}
	if chatform.Is(a.effort, "max") {
		a.effort = []byte(`"xhigh"`) // the most that chat knows
	}
	if format == nil {
		return nil
	}
	if p := a.readFormat(format); p != nil {
		return p.In(place)
	}
	return nil
}

func (a *asked) readFormat(format []byte) *chatform.Problem {
	if p := chatform.IsObject("", format); p != nil {
		return p
	}
	var kind []byte
	chatform.Members(format, func(key []byte) *[]byte {
		switch string(key) {
		case "type":
			return &kind
		case "schema":
			return &a.schema
		}
		return nil
	})
	if p := chatform.NeedsText("type", kind); p != nil {
		return p
	}
	if !chatform.Is(kind, "json_schema") {
		return chatform.Invalid("type", "must be json_schema, not "+chatform.Shortened(kind)+".")
	}
	return chatform.Needed("schema", a.schema, "an object", rawjson.KindObject, rawjson.KindObject)
}

// chat writes the chat completion request.
func (a *asked) chat(r *Request) ([]byte, *chatform.Problem) {
	dst := make([]byte, 0, len(r.Body)+len(r.Model)+256)
	dst = append(rawjson.AppendQuote(append(dst, `{"model":`...), r.Model), `,"messages":[`...)
	c := &conversation{dst: dst, start: len(dst)}
	if p := c.instructions("system", a.system); p != nil {
		return nil, p
	}
	if p := c.turns(a.messages); p != nil {
		return nil, p
	}
	return a.options(append(c.dst, ']')), nil
}

// options appends all that is not messages. max_tokens is the name that every chat server
// knows; the adapter lowers it by that name.
func (a *asked) options(dst []byte) []byte {
	dst = chatform.Given(dst, "max_tokens", a.maxTokens)
	dst = chatform.Given(dst, "temperature", a.temperature)
	dst = chatform.Given(dst, "top_p", a.topP)
	dst = chatform.Given(dst, "top_k", a.topK)
	dst = chatform.Given(dst, "stop", a.stops)
	dst = chatform.Given(dst, "user", a.user)
	if chatform.Is(a.tier, "standard_only") {
		dst = append(dst, `,"service_tier":"default"`...)
	}
	dst = chatform.Given(dst, "reasoning_effort", a.effort)
	if a.schema != nil {
		dst = chatform.Field(dst, "response_format", []byte(`{"type":"json_schema","json_schema":{"name":"answer","strict":true,"schema":`))
		dst = append(append(dst, a.schema...), '}', '}')
	}
	return append(a.appendTools(dst), '}')
}
