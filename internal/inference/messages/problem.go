package messages

import (
	"strconv"

	"skytower/internal/fault"
	"skytower/internal/provider"
	"skytower/internal/rawjson"
)

// problem is what is wrong with a request, and where. Its path is put together on the way
// up, so that a good request pays nothing for it.
type problem struct {
	path    string // messages[0].content[1].source
	text    string // what comes after the path in the message
	foreign bool   // it is right, but chat has nothing for it
}

func invalid(path, text string) *problem { return &problem{path: path, text: text} }

func missing(path string) *problem { return invalid(path, "is required.") }

// unsupported is about something that exists, but not for chat models.
func unsupported(path, what string) *problem {
	return &problem{path: path, foreign: true, text: what + ": this model serves the Messages API over chat completions, which do not carry it. " +
		"Leave it out, or use a model whose upstream has the Messages API itself."}
}

// unsupportedType is about a block or a tool of a type that chat does not have.
func unsupportedType(path string, kind []byte) *problem {
	return unsupported(path, "is of type "+shortened(kind))
}

// in puts the path into an object's member.
func (p *problem) in(name string) *problem {
	switch {
	case p.path == "":
		p.path = name
	case p.path[0] == '[':
		p.path = name + p.path
	default:
		p.path = name + "." + p.path
	}
	return p
}

// at puts the path into an array's element.
func (p *problem) at(index int) *problem { return p.in("[" + strconv.Itoa(index) + "]") }

// err is a *fault.Error of status 400. Where another upstream might serve the request, it is
// the cause of one of class Unsupported.
func (p *problem) err() error {
	f := &fault.Error{ID: fault.InvalidParameter, Param: p.path, Message: "'" + p.path + "' " + p.text}
	switch {
	case p.path == "":
		f.Message = p.text
	case p.foreign:
		return &provider.Error{Class: provider.Unsupported, Err: f}
	}
	return f
}

// kind checks that a value is of kind a or b. Absent values are checked by those who
// need them.
func kind(path string, value []byte, want string, a, b rawjson.Kind) *problem {
	switch k := rawjson.KindOf(value); k {
	case a, b, rawjson.Missing:
		return nil
	default:
		return invalid(path, "must be "+want+", not "+phrase(k)+".")
	}
}

// needed is kind for a value that has to be there.
func needed(path string, value []byte, want string, a, b rawjson.Kind) *problem {
	if value == nil {
		return missing(path)
	}
	return kind(path, value, want, a, b)
}

func isText(path string, value []byte) *problem {
	return kind(path, value, "a string", rawjson.KindString, rawjson.KindString)
}

func needsText(path string, value []byte) *problem {
	return needed(path, value, "a string", rawjson.KindString, rawjson.KindString)
}

func isObject(path string, value []byte) *problem {
	return kind(path, value, "an object", rawjson.KindObject, rawjson.KindObject)
}

func isArray(path string, value []byte) *problem {
	return kind(path, value, "an array", rawjson.KindArray, rawjson.KindArray)
}

func isFlag(path string, value []byte) *problem {
	return kind(path, value, "a boolean", rawjson.KindTrue, rawjson.KindFalse)
}

func isNumber(path string, value []byte) *problem {
	return kind(path, value, "a number", rawjson.KindNumber, rawjson.KindNumber)
}

func isInteger(path string, value []byte) *problem {
	if p := isNumber(path, value); p != nil || value == nil {
		return p
	}
	if _, whole := rawjson.Int(value); !whole {
		return invalid(path, "must be an integer, not a number with a fraction or beyond 64 bits.")
	}
	return nil
}

func phrase(k rawjson.Kind) string {
	switch k {
	case rawjson.KindObject, rawjson.KindArray:
		return "an " + k.String()
	case rawjson.KindTrue, rawjson.KindFalse:
		return "a boolean"
	case rawjson.KindNull:
		return "null"
	default:
		return "a " + k.String()
	}
}

// mostShown is how many bytes of a caller's word a message repeats.
const mostShown = 64

// shortened is a JSON value of the caller's as a message shows it.
func shortened(value []byte) string {
	text, err := rawjson.Unquote(value)
	if err != nil {
		return phrase(rawjson.KindOf(value))
	}
	if len(text) > mostShown {
		text = text[:mostShown] + "…"
	}
	return strconv.Quote(text)
}
