package anthropic

import (
	"skytower/internal/provider/remote"
	"skytower/internal/rawjson"
)

// useTools reads the tools, which of them to call, and how many at once.
func (a *ask) useTools(f *fields) *problem {
	var tools list
	if f.tools != nil {
		if p := each(f.tools, "an array", func(t []byte) *problem { return tool(&tools, t) }); p != nil {
			return p.in("tools")
		}
	}
	if tools.n > 0 {
		a.tools = append(append([]byte{'['}, tools.buf...), ']')
	}
	choice, p := choose(f.choice)
	if p != nil {
		return p.in("tool_choice")
	}
	single := rawjson.KindOf(f.parallel) == rawjson.KindFalse
	switch {
	case tools.n == 0 && (choice == nil || f.choice[0] == '"' && string(f.choice) != `"required"`):
		return nil // nothing to choose from, and nothing asked
	case choice == nil && !single:
		return nil
	case choice == nil:
		choice = []byte(`{"type":"auto"`)
	}
	if single && string(choice) != `{"type":"none"` {
		choice = append(choice, `,"disable_parallel_tool_use":true`...)
	}
	a.choice = append(choice, '}')
	return nil
}

// tool makes one of a function.
func tool(to *list, raw []byte) *problem {
	if kind := remote.Member(raw, "type"); kind != "function" {
		return uncarried("type", "must be 'function' for this model.")
	}
	function, _ := rawjson.Get(raw, "function")
	name := remote.Member(function, "name")
	if name == "" {
		return wrong("function.name", "is required.")
	}
	schema, p := inputSchema(function)
	if p != nil {
		return p
	}
	var rest []byte
	if about, _ := rawjson.Get(function, "description"); rawjson.KindOf(about) == rawjson.KindString && len(about) > len(`""`) {
		rest = append(append(rest, `,"description":`...), about...)
	}
	if strict, _ := rawjson.Get(function, "strict"); rawjson.KindOf(strict) == rawjson.KindTrue {
		rest = append(rest, `,"strict":true`...)
	}
	if c, ok := rawjson.Get(raw, "cache_control"); ok && rawjson.KindOf(c) == rawjson.KindObject {
		rest = append(append(rest, `,"cache_control":`...), c...)
	}
	to.add([]byte(`{"name":`), rawjson.AppendQuote(nil, name), []byte(`,"input_schema":`), schema, rest, []byte(`}`))
	return nil
}

// inputSchema is a function's, which the API wants to be of an object. A function without
// one takes nothing.
func inputSchema(function []byte) ([]byte, *problem) {
	schema, _ := rawjson.Get(function, "parameters")
	switch rawjson.KindOf(schema) {
	case rawjson.Missing, rawjson.KindNull:
		return []byte(`{"type":"object","properties":{}}`), nil
	case rawjson.KindObject:
	default:
		return nil, wrong("function.parameters", "must be an object.")
	}
	if _, has := rawjson.Get(schema, "type"); !has {
		schema = prepend(schema, `"type":`, []byte(`"object"`))
	}
	return schema, nil
}

// choose reads tool_choice; its last brace is left out.
func choose(value []byte) ([]byte, *problem) {
	switch rawjson.KindOf(value) {
	case rawjson.Missing:
		return nil, nil
	case rawjson.KindString:
		switch string(value) {
		case `"auto"`:
			return []byte(`{"type":"auto"`), nil
		case `"required"`:
			return []byte(`{"type":"any"`), nil
		case `"none"`:
			return []byte(`{"type":"none"`), nil
		}
	case rawjson.KindObject:
		if name := remote.Member(value, "function", "name"); name != "" && remote.Member(value, "type") == "function" {
			return rawjson.AppendQuote([]byte(`{"type":"tool","name":`), name), nil
		}
		return nil, uncarried("", "must be 'none', 'auto', 'required', or name a function for this model.")
	}
	return nil, wrong("", "must be 'none', 'auto', 'required', or name a function.")
}
