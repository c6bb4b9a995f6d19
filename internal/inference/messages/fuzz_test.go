package messages_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"testing"

	"skytower/internal/fault"
	"skytower/internal/inference/chatform/chatformtest"
	"skytower/internal/inference/messages"
	"skytower/internal/provider"
)

// FuzzMessages: no request makes a panic; one that is accepted becomes a chat request that
// is JSON with messages. No chunks spoil a stream: its blocks begin and end one after the
// other, and a stop at any delta leaves a whole one. script spells chunks (see spell), raw
// goes between them as a chunk of its own: it may end the stream, but spoils nothing.
func FuzzMessages(f *testing.F) {
	for _, g := range goldens(f) {
		body, ok := g.Part("request")
		if !ok {
			body = []byte(hello)
		}
		raw := []byte(`{"choices":[{"delta":{"tool_calls":[{"index":1,"id":"c","function":{"name":"f"}}]}}]}`)
		if data, ok := g.Part("chunks"); ok {
			raw, _, _ = bytes.Cut(data, []byte("\n"))
		}
		f.Add(body, []byte("\x12hi\x10x\x16{}\x37{\"a\":1}\x16{}\x12!"), raw, uint8(5))
	}
	f.Fuzz(func(t *testing.T, body, script, raw []byte, stop uint8) {
		tr, err := messages.New(request(body))
		switch {
		case err != nil && !fault.Is(err, fault.InvalidParameter):
			t.Fatalf("another error: %v", err)
		case err != nil:
			tr = translation(t, []byte(hello))
		default:
			checkChat(t, body, tr.Chat())
		}
		messages.EachMedia(body, func(messages.Media) {})
		checkAnswer(t, tr, raw)
		checkStream(t, tr, insert(chatformtest.Spell(script), raw), int(stop))
	})
}

func checkChat(t *testing.T, body, chat []byte) {
	t.Helper()
	if !json.Valid(body) {
		t.Fatal("took what is no JSON")
	}
	var got struct {
		Model    string
		Messages []struct{ Role string }
	}
	if err := json.Unmarshal(chat, &got); err != nil || got.Model != "up" || len(got.Messages) == 0 {
		t.Fatalf("%v in %s", err, chat)
	}
}

func checkAnswer(t *testing.T, tr *messages.Translation, raw []byte) {
	t.Helper()
	a, err := tr.Answer(&provider.Answer{Body: raw})
	if err == nil && json.Valid(raw) && !json.Valid(a.Body) {
		t.Fatalf("%s became %s", raw, a.Body)
	}
}

func insert(events []provider.Event, raw []byte) []provider.Event {
	at := len(raw) % (len(events) + 1)
	odd := provider.Event{Data: bytes.ReplaceAll(raw, []byte("\n"), nil), Usage: provider.Usage{Reported: true, Input: 1, Output: 2}}
	return append(events[:at:at], append([]provider.Event{odd}, events[at:]...)...)
}

func checkStream(t *testing.T, tr *messages.Translation, events []provider.Event, stop int) {
	t.Helper()
	s := tr.Stream(&chatformtest.Chunks{Events: events, End: io.EOF})
	var told []provider.Event
	for {
		e, err := s.Next()
		if err == io.EOF {
			accumulate(t, told)
			return
		}
		if err != nil {
			var up *provider.Error
			if !errors.As(err, &up) || up.Class != provider.Broken {
				t.Fatal(err)
			}
			return
		}
		if e.Output && len(told) >= stop {
			accumulate(t, append(told, s.Stop(provider.Usage{})...))
			return
		}
		e.Data = bytes.Clone(e.Data)
		told = append(told, e)
	}
}
