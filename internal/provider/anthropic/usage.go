package anthropic

import (
	"bytes"

	"skytower/internal/provider"
	"skytower/internal/rawjson"
)

// maxCount bounds a believable count, so that sums stay within int64.
const maxCount = 1 << 40

// tally is what usage objects said so far: the first event of a stream has the input, the
// last ones the output, and counts of later events are those of the whole.
type tally struct {
	fresh, written, read int64 // input tokens: not cached, written to the cache, read from it
	output, thinking     int64
}

// add reads a usage object. A count that is missing, null or not believable stays.
func (t *tally) add(usage []byte) {
	rawjson.Top(usage, func(key, value []byte) bool {
		switch string(key) {
		case "input_tokens":
			keep(&t.fresh, value)
		case "cache_creation_input_tokens":
			keep(&t.written, value)
		case "cache_read_input_tokens":
			keep(&t.read, value)
		case "output_tokens":
			keep(&t.output, value)
		case "output_tokens_details":
			if n, ok := rawjson.Get(value, "thinking_tokens"); ok {
				keep(&t.thinking, n)
			}
		}
		return true
	})
}

func keep(n *int64, value []byte) {
	if v, ok := rawjson.Int(value); ok && v > 0 && v <= maxCount {
		*n = v
	}
}

// usage is the neutral form: all of the input counts, wherever it came from.
func (t *tally) usage() provider.Usage {
	u := provider.Usage{Input: t.fresh + t.written + t.read, Output: t.output, Cached: t.read, Reasoning: min(t.thinking, t.output)}
	u.Reported = u.Input > 0 || u.Output > 0
	return u
}

// contentBytes is how much generated text the blocks of a message hold, in bytes of UTF-8.
func contentBytes(content []byte) int {
	n := 0
	rawjson.Elements(content, func(block []byte) bool {
		rawjson.Top(block, func(key, value []byte) bool {
			switch string(key) {
			case "text", "thinking":
				n += textBytes(value)
			case "input":
				n += len(value)
			}
			return true
		})
		return true
	})
	return n
}

// textBytes is the length of a JSON string's text in UTF-8; of anything else it is 0. What
// an escape stands for is counted roughly: the count is a floor for broken streams.
func textBytes(value []byte) int {
	if rawjson.KindOf(value) != rawjson.KindString || len(value) < len(`""`) {
		return 0
	}
	inner := value[1 : len(value)-1]
	n := len(inner)
	for {
		i := bytes.IndexByte(inner, '\\')
		if i < 0 || i+1 >= len(inner) {
			return n
		}
		size, written := 2, 1
		if inner[i+1] == 'u' {
			size, written = 6, 2
		}
		n -= size - written
		inner = inner[min(i+size, len(inner)):]
	}
}
