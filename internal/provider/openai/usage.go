package openai

import (
	"bytes"
	"unicode/utf8"

	"skytower/internal/provider"
	"skytower/internal/rawjson"
)

// readUsage reads a usage object in the words of either API. Nothing but zeros
// counts as not reported: no answer costs nothing, and some servers fill the
// object in without counting.
func readUsage(value []byte) provider.Usage {
	var u provider.Usage
	var total int64
	rawjson.Top(value, func(key, v []byte) bool {
		switch string(key) {
		case "prompt_tokens", "input_tokens":
			u.Input = count(v)
		case "completion_tokens", "output_tokens":
			u.Output = count(v)
		case "total_tokens":
			total = count(v)
		case "prompt_tokens_details", "input_tokens_details":
			n, _ := rawjson.Get(v, "cached_tokens")
			u.Cached = count(n)
		case "completion_tokens_details", "output_tokens_details":
			n, _ := rawjson.Get(v, "reasoning_tokens")
			u.Reasoning = count(n)
		}
		return true
	})
	// Some servers count reasoning beside the output and not within it; the total
	// tells.
	if u.Reasoning > 0 && total == u.Input+u.Output+u.Reasoning {
		u.Output += u.Reasoning
	}
	u.Cached, u.Reasoning = min(u.Cached, u.Input), min(u.Reasoning, u.Output)
	u.Reported = u.Input > 0 || u.Output > 0
	return u
}

// maxCount bounds a believable count, so that sums stay within int64.
const maxCount = 1 << 40

// count reads a number of tokens; what is none, or not believable, is 0.
func count(value []byte) int64 {
	n, ok := rawjson.Int(value)
	if !ok || n < 0 || n > maxCount {
		return 0
	}
	return n
}

// choice is what one element of `choices` tells.
type choice struct {
	bytes    int
	finished bool
}

// readChoices measures the generated content in `choices`, be they of a whole
// answer (message) or of a chunk (delta).
func readChoices(choices []byte) choice {
	var sum choice
	rawjson.Elements(choices, func(c []byte) bool {
		rawjson.Top(c, func(key, v []byte) bool {
			switch string(key) {
			case "delta", "message":
				sum.bytes += messageBytes(v)
			case "finish_reason":
				sum.finished = sum.finished || rawjson.KindOf(v) == rawjson.KindString
			}
			return true
		})
		return true
	})
	return sum
}

// messageBytes is how much text a message or delta holds, in bytes of UTF-8.
func messageBytes(message []byte) int {
	n := 0
	rawjson.Top(message, func(key, v []byte) bool {
		switch string(key) {
		case "content", "reasoning_content", "reasoning", "refusal":
			n += textBytes(v)
		case "tool_calls":
			rawjson.Elements(v, func(call []byte) bool {
				n += functionBytes(call)
				return true
			})
		case "function_call":
			arguments, _ := rawjson.Get(v, "arguments")
			n += textBytes(arguments)
		}
		return true
	})
	return n
}

func functionBytes(call []byte) int {
	arguments, _ := rawjson.Get(call, "function", "arguments")
	return textBytes(arguments)
}

// textBytes is the length of a JSON string's text in UTF-8. A list of parts, which
// some servers send as content, counts as it stands; anything else is 0.
func textBytes(value []byte) int {
	switch rawjson.KindOf(value) {
	case rawjson.KindArray:
		return len(value)
	case rawjson.KindString:
	default:
		return 0
	}
	inner := value[1 : len(value)-1]
	n := len(inner)
	for {
		i := bytes.IndexByte(inner, '\\')
		if i < 0 || i+1 >= len(inner) {
			return n
		}
		size := 2
		written := 1
		if inner[i+1] == 'u' {
			size, written = 6, escapedBytes(inner[i+2:])
		}
		n -= size - written
		inner = inner[min(i+size, len(inner)):]
	}
}

// escapedBytes is the UTF-8 length of a \u escape's character; of each half of a
// surrogate pair, half of it.
func escapedBytes(hex []byte) int {
	var r rune
	for _, c := range hex[:min(4, len(hex))] {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		default:
			r = r<<4 | rune(c|0x20-'a'+10)&15
		}
	}
	if r >= 0xd800 && r < 0xe000 {
		return 2
	}
	return utf8.RuneLen(r)
}
