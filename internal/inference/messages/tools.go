package messages

import (
	"slices"

	"skytower/internal/inference/chatform"
	"skytower/internal/rawjson"
)

// function is a tool that the model may call.
type function struct{ kind, name, description, schema, strict []byte }

func (f *function) field(key []byte) *[]byte {
	switch string(key) {
	case "type":
		return &f.kind
	case "name":
		return &f.name
	case "description":
		return &f.description
	case "input_schema":
		return &f.schema
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

// read takes the caller's own tools. Those of other types run at Anthropic, or are
// trained into its models.
func (f *function) read(raw []byte) *chatform.Problem {
	if p := chatform.IsObject("", raw); p != nil {
		return p
	}
	chatform.Members(raw, f.field)
	if p := chatform.IsText("type", f.kind); p != nil {
		return p
	}
	if f.kind != nil && !chatform.Is(f.kind, "custom") {
		return unsupportedType("", f.kind)
	}
	if p := chatform.NeedsText("name", f.name); p != nil {
		return p
	}
	if p := chatform.IsText("description", f.description); p != nil {
		return p
	}
	if p := chatform.Needed("input_schema", f.schema, "an object", rawjson.KindObject, rawjson.KindObject); p != nil {
		return p
	}
	return chatform.IsFlag("strict", f.strict)
}

// choice says whether and which tools are to be called.
type choice struct {
	mode   string // auto, none or required; "" where it is not said, or one function is named
	name   []byte // the one function, as a JSON string
	single bool   // at most one call
}

func (a *asked) readChoice() *chatform.Problem {
	if a.toolChoice == nil {
		return nil
	}
	if p := a.choice.read(a.toolChoice); p != nil {
		return p.In("tool_choice")
	}
	c := &a.choice
	if c.name != nil && !slices.ContainsFunc(a.functions, func(f function) bool { return chatform.SameText(f.name, c.name) }) {
		return chatform.Invalid("tool_choice", "names "+chatform.Shortened(c.name)+", which is not among 'tools'.")
	}
	if c.mode == "required" && len(a.functions) == 0 {
		return chatform.Invalid("tool_choice", "asks for a call, but there are no 'tools'.")
	}
	return nil
}

func (c *choice) read(raw []byte) *chatform.Problem {
	if p := chatform.IsObject("", raw); p != nil {
		return p
	}
	var kind, name, single []byte
	chatform.Members(raw, func(key []byte) *[]byte {
		switch string(key) {
		case "type":
			return &kind
		case "name":
			return &name
		case "disable_parallel_tool_use":
			return &single
		}
		return nil
	})
	if p := chatform.NeedsText("type", kind); p != nil {
		return p
	}
	if p := chatform.IsFlag("disable_parallel_tool_use", single); p != nil {
		return p
	}
	c.single = rawjson.KindOf(single) == rawjson.KindTrue
	switch string(chatform.Inner(kind)) {
	case "auto", "none":
		c.mode = string(chatform.Inner(kind))
	case "any":
		c.mode = "required"
	case "tool":
		c.name = name
		return chatform.NeedsText("name", name)
	default:
		return chatform.Invalid("type", "must be one of auto, any, tool, none, not "+chatform.Shortened(kind)+".")
	}
	return nil
}

// appendTools writes the tools for chat; without them, chat servers refuse the options
// about them.
func (a *asked) appendTools(dst []byte) []byte {
	if len(a.functions) == 0 {
		return dst
	}
	dst = append(dst, `,"tools":[`...)
	start := len(dst)
	for i := range a.functions {
		f := &a.functions[i]
		dst = chatform.AppendFunction(chatform.Separated(dst, start), f.name, f.description, f.schema, f.strict)
	}
	dst = append(dst, ']')
	dst = chatform.AppendChoice(dst, a.choice.mode, a.choice.name)
	if a.choice.single {
		dst = append(dst, `,"parallel_tool_calls":false`...)
	}
	return dst
}
