package inference

import (
	"skytower/internal/inference/messages"
	"skytower/internal/provider"
	"skytower/internal/rawjson"
)

// openBlock knows which block of an upstream's own Messages stream is open, so that it can be
// closed here where credit runs out. Less than 0: none is.
type openBlock struct{ index int }

// note keeps what is needed of an event that was delivered.
func (b *openBlock) note(event *provider.Event) {
	switch event.Name {
	case "content_block_start":
		raw, _ := rawjson.Get(event.Data, "index")
		if n, ok := rawjson.Int(raw); ok {
			b.index = int(n)
		}
	case "content_block_stop":
		b.index = -1
	}
}

// events close what is open, as an upstream does that reaches the caller's limit.
func (b *openBlock) events(usage provider.Usage) []provider.Event {
	return messages.End(b.index, usage)
}
