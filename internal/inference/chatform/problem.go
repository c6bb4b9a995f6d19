package chatform

import (
	"strconv"

	"skytower/internal/fault"
	"skytower/internal/rawjson"
)

// Problem is what is wrong with a request, and where.
type Problem struct {
	Path    fault.Path // seen from where the problem is on its way up to
	Text    string     // what comes after the path in the message
	Foreign bool       // it is right, but chat has nothing for it
}

// Invalid is a problem of what stands at a path.
func Invalid(path, text string) *Problem { return &Problem{Path: fault.Path(path), Text: text} }

// Missing is about what has to be there.
func Missing(path string) *Problem { return Invalid(path, "is required.") }

// In puts the path into an object's member.
func (p *Problem) In(name string) *Problem {
	p.Path = p.Path.In(name)
	return p
}

// At puts the path into an array's element.
func (p *Problem) At(index int) *Problem {
	p.Path = p.Path.At(index)
	return p
}

// Fault says it to the caller.
func (p *Problem) Fault(id fault.ID) *fault.Error {
	if p.Path == "" {
		return &fault.Error{ID: id, Message: p.Text}
	}
	return &fault.Error{ID: id, Param: string(p.Path), Message: "'" + string(p.Path) + "' " + p.Text}
}

// Kind checks that a value is of kind a or b. Absent values are checked by those who
// need them.
func Kind(path string, value []byte, want string, a, b rawjson.Kind) *Problem {
	switch k := rawjson.KindOf(value); k {
	case a, b, rawjson.Missing:
		return nil
	default:
		return Invalid(path, "must be "+want+", not "+phrase(k)+".")
	}
}

// Needed is Kind for a value that has to be there.
func Needed(path string, value []byte, want string, a, b rawjson.Kind) *Problem {
	if value == nil {
		return Missing(path)
	}
	return Kind(path, value, want, a, b)
}

// IsText checks that a value is a string, or absent.
func IsText(path string, value []byte) *Problem {
	return Kind(path, value, "a string", rawjson.KindString, rawjson.KindString)
}

// NeedsText checks that a value is a string.
func NeedsText(path string, value []byte) *Problem {
	return Needed(path, value, "a string", rawjson.KindString, rawjson.KindString)
}

// IsObject checks that a value is an object, or absent.
func IsObject(path string, value []byte) *Problem {
	return Kind(path, value, "an object", rawjson.KindObject, rawjson.KindObject)
}

// IsArray checks that a value is an array, or absent.
func IsArray(path string, value []byte) *Problem {
	return Kind(path, value, "an array", rawjson.KindArray, rawjson.KindArray)
}

// IsFlag checks that a value is true or false, or absent.
func IsFlag(path string, value []byte) *Problem {
	return Kind(path, value, "a boolean", rawjson.KindTrue, rawjson.KindFalse)
}

// IsNumber checks that a value is a number, or absent.
func IsNumber(path string, value []byte) *Problem {
	return Kind(path, value, "a number", rawjson.KindNumber, rawjson.KindNumber)
}

// IsInteger checks that a value is a whole number of 64 bits, or absent.
func IsInteger(path string, value []byte) *Problem {
	if p := Kind(path, value, "an integer", rawjson.KindNumber, rawjson.KindNumber); p != nil || value == nil {
		return p
	}
	if _, whole := rawjson.Int(value); !whole {
		return Invalid(path, "must be an integer, not a number with a fraction or beyond 64 bits.")
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

// Shortened is a JSON value of the caller's as a message shows it.
func Shortened(value []byte) string {
	text, err := rawjson.Unquote(value)
	if err != nil {
		return phrase(rawjson.KindOf(value))
	}
	if len(text) > mostShown {
		text = text[:mostShown] + "…"
	}
	return strconv.Quote(text)
}
