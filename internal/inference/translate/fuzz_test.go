package translate_test

import (
	"bytes"
	"encoding/json"
	"io"
	"testing"

	"skytower/internal/fault"
	"skytower/internal/inference/chatform/chatformtest"
	"skytower/internal/inference/translate"
	"skytower/internal/provider"
)

// FuzzTranslate: no request makes a panic; one that is accepted becomes a chat request
// that is JSON with messages, and a response object on one line.
func FuzzTranslate(f *testing.F) {
	for _, g := range goldens(f) {
		body, _ := g.Part("request")
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		tr, err := translate.New(request(body))
		if err != nil {
			if !fault.Is(err, fault.InvalidParameter) && !fault.Is(err, fault.ModelNotSupported) {
				t.Fatalf("another error: %v", err)
			}
			return
		}
		if !json.Valid(body) {
			t.Fatal("took what is no JSON")
		}
		var chat struct {
			Model    string
			Messages []struct{ Role string }
		}
		if err := json.Unmarshal(tr.Chat(), &chat); err != nil || chat.Model != "up" || len(chat.Messages) == 0 {
			t.Fatalf("%v in %s", err, tr.Chat())
		}
		for _, doc := range [][]byte{tr.Created(), tr.Failed("c", "m", provider.Usage{})} {
			if !json.Valid(doc) || bytes.ContainsAny(doc, "\n\r") {
				t.Fatalf("response object %q", doc)
			}
		}
	})
}

// FuzzStream makes chunks of bytes: each begins with what kind of piece it is and how
// long. However they are split, deltas joined are the text that is told and the final
// object's, and a stop at any event leaves a whole stream. raw goes in as a chunk of its
// own: it may end the stream, but spoils nothing.
func FuzzStream(f *testing.F) {
	f.Add([]byte("\x02hi\x0a{}\x12 there"), []byte(halfChunk), uint8(3))
	f.Add([]byte("\x41think\x02hi\x0b\x81\x13{\"a\x1b{}\x13\":1}\x24no"), []byte(`{"choices":[{"delta":{"annotations":[{"url":"u"}]}}]}`), uint8(9))
	for _, g := range goldens(f) {
		if data, ok := g.Part("chunks"); ok && len(data) > 0 {
			f.Add([]byte("\x05hello\x05world"), []byte(chatformtest.Lines(data)[0]), uint8(200))
		}
	}
	f.Fuzz(func(t *testing.T, script, raw []byte, stop uint8) {
		events := chatformtest.Spell(script)
		at := len(raw) % (len(events) + 1)
		usage := provider.Usage{Reported: true, Input: 1, Output: 2}
		events = append(events[:at:at], append([]provider.Event{{Data: bytes.ReplaceAll(raw, []byte("\n"), nil), Usage: usage}}, events[at:]...)...)
		s := hello(t).Stream(&chatformtest.Chunks{Events: events, End: io.EOF})
		var told []provider.Event
		for len(told) < int(stop) || stop == 255 {
			e, err := s.Next()
			if err == io.EOF {
				wellFormed(t, told)
				return
			}
			if err != nil {
				if provider.ClassOf(err) != provider.Broken {
					t.Fatal(err)
				}
				for _, e := range s.Fail("c", "m", usage) {
					decoded(t, e.Data)
				}
				return
			}
			e.Data = bytes.Clone(e.Data)
			told = append(told, e)
		}
		if len(told) > 0 {
			told = told[:len(told)-1]
		}
		wellFormed(t, append(told, s.Stop(usage)...))
	})
}
