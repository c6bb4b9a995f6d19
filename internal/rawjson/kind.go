package rawjson

// Kind is what a JSON value is. True and false are kinds of their own.
type Kind uint8

// The kinds. Missing is the absence of a value, or bytes that begin none.
const (
	Missing Kind = iota
	KindString
	KindNumber
	KindObject
	KindArray
	KindTrue
	KindFalse
	KindNull
)

// KindOf tells a value's kind from its first byte; white space before it is
// skipped and the rest is not checked.
func KindOf(value []byte) Kind {
	i := skipSpace(value, 0)
	if i == len(value) {
		return Missing
	}
	switch c := value[i]; c {
	case '"':
		return KindString
	case '{':
		return KindObject
	case '[':
		return KindArray
	case 't':
		return KindTrue
	case 'f':
		return KindFalse
	case 'n':
		return KindNull
	default:
		if c == '-' || isDigit(c) {
			return KindNumber
		}
		return Missing
	}
}

// String is the kind's name in JSON's own words.
func (k Kind) String() string {
	switch k {
	case KindString:
		return "string"
	case KindNumber:
		return "number"
	case KindObject:
		return "object"
	case KindArray:
		return "array"
	case KindTrue:
		return "true"
	case KindFalse:
		return "false"
	case KindNull:
		return "null"
	default:
		return "missing"
	}
}

// phrase names the kind in an error's sentence.
func (k Kind) phrase() string {
	switch k {
	case KindObject, KindArray:
		return "an " + k.String()
	case KindTrue, KindFalse:
		return "a boolean"
	case KindNull, Missing:
		return k.String()
	default:
		return "a " + k.String()
	}
}
