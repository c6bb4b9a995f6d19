package messages

import (
	"strconv"

	"skytower/internal/inference/chatform"
	"skytower/internal/rawjson"
)

// readReply reads a chat completion, or one of its chunks. The error is an upstream's of class
// Broken.
func readReply(r *chatform.Reply, doc []byte, total int) error {
	if !r.Read(doc) {
		return chatform.Broken("a document of the chat answer is not a JSON object")
	}
	return r.Split(total)
}

// reason is why the model ended, in the words of the Messages API: chat's own word, which
// may be "", whether there are calls, and whether it refused.
func reason(finish []byte, calls, refused bool) string {
	switch string(chatform.Inner(finish)) {
	case "length":
		return "max_tokens"
	case "content_filter":
		return "refusal"
	}
	switch {
	case calls:
		return "tool_use"
	case refused:
		return "refusal"
	}
	return "end_turn"
}

// sequence is the caller's stop sequence that ended the answer, as a JSON string, where the
// server says which.
func (t *Translation) sequence(named ...[]byte) (found []byte) {
	for _, name := range named {
		rawjson.Elements(t.stops, func(stop []byte) bool {
			if rawjson.KindOf(name) == rawjson.KindString && chatform.SameText(stop, name) {
				found = stop
			}
			return found == nil
		})
	}
	return found
}

// appendIndex writes a block's number.
func appendIndex(dst []byte, n int) []byte { return strconv.AppendInt(dst, int64(n), 10) }
