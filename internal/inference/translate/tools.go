package translate

import (
	"slices"

	"skytower/internal/inference/chatform"
	"skytower/internal/rawjson"
)

// function is a tool that the model may call.
type function struct {
	kind, nested                          []byte
	name, description, parameters, strict []byte
}

func (f *function) field(key []byte) *[]byte {
	switch string(key) {
	case "type":
		return &f.kind
	case "function":
		return &f.nested
	case "name":
		return &f.name
	case "description":
		return &f.description
	case "parameters":
		return &f.parameters
	case "strict":
		return &f.strict
	}
	return nil
}

func (a *asked) readTools() *chatform.Problem {
	if p := chatform.IsArray("tools", a.tools); p != nil {
		return p
	}
	return chatform.Each("tools", a.tools, func(raw []byte) *chatform.Problem {
		var f function
		p := f.read(raw)
		a.functions = append(a.functions, f)
		return p
	})
}

// read takes both forms: flat as in the Responses API, nested as in chat (contract 7.2).
func (f *function) read(raw []byte) *chatform.Problem {
	if p := chatform.IsObject("", raw); p != nil {
		return p
	}
	chatform.Members(raw, f.field)
	if p := chatform.NeedsText("type", f.kind); p != nil {
		return p
	}
	if !chatform.Is(f.kind, "function") {
		return unsupportedType("", f.kind)
	}
	if f.nested == nil {
		return f.check()
	}
	if p := chatform.IsObject("function", f.nested); p != nil {
		return p
	}
	chatform.Members(f.nested, f.field)
	if p := f.check(); p != nil {
		return p.In("function")
	}
	return nil
}

func (f *function) check() *chatform.Problem {
	if p := chatform.NeedsText("name", f.name); p != nil {
		return p
	}
	if p := chatform.IsText("description", f.description); p != nil {
		return p
	}
	if p := chatform.IsObject("parameters", f.parameters); p != nil {
		return p
	}
	return chatform.IsFlag("strict", f.strict)
}

// choice says whether and which tools are to be called.
type choice struct {
	mode  string   // auto, none or required; "" where it is not said, or one function is named
	name  []byte   // the one function, as a JSON string
	among [][]byte // allowed_tools: their names, as JSON strings; nil: all
}

// selector is a tool_choice that is an object.
type selector struct {
	kind, name, function, mode, tools, allowed []byte
}

func (s *selector) field(key []byte) *[]byte {
	switch string(key) {
	case "type":
		return &s.kind
	case "name":
		return &s.name
	case "function":
		return &s.function
	case "mode":
		return &s.mode
	case "tools":
		return &s.tools
	case "allowed_tools":
		return &s.allowed
	}
	return nil
}

func (a *asked) readChoice() *chatform.Problem {
	if a.toolChoice == nil {
		return nil
	}
	if p := a.choice.read(a.toolChoice); p != nil {
		return p.In("tool_choice")
	}
	for _, name := range append(a.choice.among[:len(a.choice.among):len(a.choice.among)], a.choice.name) {
		if name != nil && !slices.ContainsFunc(a.functions, func(f function) bool { return chatform.SameText(f.name, name) }) {
			return chatform.Invalid("tool_choice", "names "+chatform.Shortened(name)+", which is not among 'tools'.")
		}
	}
	if a.choice.mode == "required" && len(a.functions) == 0 {
		return chatform.Invalid("tool_choice", "is required, but there are no 'tools'.")
	}
	return nil
}

func (c *choice) read(raw []byte) *chatform.Problem {
	if rawjson.KindOf(raw) == rawjson.KindString {
		return c.readMode("", raw, "none", "auto", "required")
	}
	if p := chatform.Kind("", raw, "a string or an object", rawjson.KindObject, rawjson.KindObject); p != nil {
		return p
	}
	var s selector
	chatform.Members(raw, s.field)
	if p := chatform.NeedsText("type", s.kind); p != nil {
		return p
	}
	switch string(chatform.Inner(s.kind)) {
	case "function":
		return c.readName(&s)
	case "allowed_tools":
		if s.allowed != nil {
			chatform.Members(s.allowed, s.field)
		}
		return c.readAllowed(&s)
	case "none", "auto", "required": // seen of clients that wrap the mode
		return c.readMode("type", s.kind, "none", "auto", "required")
	}
	return unsupportedType("", s.kind)
}

func (c *choice) readMode(path string, value []byte, modes ...string) *chatform.Problem {
	for _, mode := range modes {
		if chatform.Is(value, mode) {
			c.mode = mode
			return nil
		}
	}
	return chatform.Invalid(path, "must be one of "+enumerate(modes)+", not "+chatform.Shortened(value)+".")
}

func enumerate(words []string) string {
	var out string
	for i, word := range words {
		if i > 0 {
			out += ", "
		}
		out += word
	}
	return out
}

func (c *choice) readName(s *selector) *chatform.Problem {
	if s.function != nil {
		s.name = nil
		chatform.Members(s.function, s.field)
	}
	if p := chatform.NeedsText("name", s.name); p != nil {
		return p
	}
	c.name = s.name
	return nil
}

func (c *choice) readAllowed(s *selector) *chatform.Problem {
	if s.mode == nil {
		c.mode = "auto"
	} else if p := chatform.NeedsText("mode", s.mode); p != nil {
		return p
	} else if p := c.readMode("mode", s.mode, "auto", "required"); p != nil {
		return p
	}
	if p := chatform.Needed("tools", s.tools, "an array", rawjson.KindArray, rawjson.KindArray); p != nil {
		return p
	}
	c.among = [][]byte{}
	p := chatform.Each("tools", s.tools, c.allow)
	if p == nil && len(c.among) == 0 {
		return chatform.Invalid("tools", "must name at least one tool.")
	}
	return p
}

// allow takes one tool of the list in.
func (c *choice) allow(raw []byte) *chatform.Problem {
	var one selector
	chatform.Members(raw, one.field)
	if p := chatform.NeedsText("type", one.kind); p != nil {
		return p
	}
	if !chatform.Is(one.kind, "function") {
		return unsupportedType("", one.kind)
	}
	var named choice
	p := named.readName(&one)
	c.among = append(c.among, named.name)
	return p
}

// appendTools writes the tools for chat. Where only some are allowed, the others are left
// out, which comes to the same for one turn; without tools, chat servers refuse the
// options about them.
func (a *asked) appendTools(dst []byte) []byte {
	before := len(dst)
	dst = append(dst, `,"tools":[`...)
	start := len(dst)
	for i := range a.functions {
		f := &a.functions[i]
		if a.choice.among != nil && !slices.ContainsFunc(a.choice.among, func(name []byte) bool { return chatform.SameText(f.name, name) }) {
			continue
		}
		dst = chatform.AppendFunction(chatform.Separated(dst, start), f.name, f.description, f.parameters, f.strict)
	}
	if len(dst) == start {
		return dst[:before]
	}
	dst = append(dst, ']')
	dst = chatform.AppendChoice(dst, a.choice.mode, a.choice.name)
	return chatform.Given(dst, "parallel_tool_calls", a.parallel)
}

// appendFlat writes the tools as the response object repeats them.
func (a *asked) appendFlat(dst []byte) []byte {
	dst = append(dst, '[')
	start := len(dst)
	for i := range a.functions {
		f := &a.functions[i]
		dst = append(append(chatform.Separated(dst, start), `{"type":"function","name":`...), f.name...)
		dst = chatform.Field(dst, "description", orNull(f.description))
		dst = chatform.Field(dst, "parameters", orNull(f.parameters))
		dst = append(chatform.Field(dst, "strict", orNull(f.strict)), '}')
	}
	return append(dst, ']')
}

func (c *choice) appendFlat(dst []byte) []byte {
	switch {
	case c.name != nil:
		return append(append(append(dst, `{"type":"function","name":`...), c.name...), '}')
	case c.among != nil:
		dst = append(append(append(dst, `{"type":"allowed_tools","mode":"`...), c.mode...), `","tools":[`...)
		start := len(dst)
		for _, name := range c.among {
			dst = append(append(append(chatform.Separated(dst, start), `{"type":"function","name":`...), name...), '}')
		}
		return append(dst, ']', '}')
	case c.mode != "":
		return append(append(append(dst, '"'), c.mode...), '"')
	}
	return append(dst, `"auto"`...)
}
