package chatform

import "skytower/internal/rawjson"

// Each reads the elements of a list one after the other, up to the first problem, which it
// places in the list of that name. What is no array has none.
func Each(name string, list []byte, read func(element []byte) *Problem) (p *Problem) {
	n := 0
	rawjson.Elements(list, func(element []byte) bool {
		if p = read(element); p != nil {
			p = p.At(n).In(name)
		}
		n++
		return p == nil
	})
	return p
}

// AppendFunction writes a tool in the form of chat: what is nil is left out.
func AppendFunction(dst, name, description, parameters, strict []byte) []byte {
	dst = append(append(dst, `{"type":"function","function":{"name":`...), name...)
	dst = Given(dst, "description", description)
	dst = Given(dst, "parameters", parameters)
	return append(Given(dst, "strict", strict), '}', '}')
}

// AppendChoice writes tool_choice in the form of chat: the one function of that name, a JSON
// string, or else the mode; nothing where both are empty.
func AppendChoice(dst []byte, mode string, name []byte) []byte {
	switch {
	case name != nil:
		dst = append(append(dst, `,"tool_choice":{"type":"function","function":{"name":`...), name...)
		return append(dst, '}', '}')
	case mode != "":
		return append(append(append(dst, `,"tool_choice":"`...), mode...), '"')
	}
	return dst
}
