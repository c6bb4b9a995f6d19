package translate

import (
	"strconv"

	"skytower/internal/fault"
	"skytower/internal/rawjson"
)

// problem is what is wrong with a request, and where. Its path is put together on the way
// up, so that a good request pays nothing for it.
type problem struct {
	id   fault.ID
	path string // content[0].image_url
	text string // what comes after the path in the message
}

func invalid(path, text string) *problem { return &problem{fault.InvalidParameter, path, text} }

func missing(path string) *problem { return invalid(path, "is required.") }

// unsupported is about something that exists, but not for chat models.
func unsupported(path, what string) *problem {
	return &problem{fault.ModelNotSupported, path, what + ": this model serves the Responses API over chat, which does not carry it. " +
		"Leave it out, or use a model that serves responses itself."}
}

// unsupportedType is about an item, a part or a tool of a type that chat does not have.
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

func (p *problem) fault() *fault.Error {
	if p.path == "" {
		return &fault.Error{ID: p.id, Message: p.text}
	}
	return &fault.Error{ID: p.id, Param: p.path, Message: "'" + p.path + "' " + p.text}
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
