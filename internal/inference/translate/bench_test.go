package translate_test

import (
	"io"
	"testing"

	"skytower/internal/inference/chatform/chatformtest"
	"skytower/internal/inference/translate"
	"skytower/internal/provider"
)

// BenchmarkStreamDelta is one event of a long stream: of text that fits the template, of
// text where every chunk has to be read, and of a call's arguments.
func BenchmarkStreamDelta(b *testing.B) {
	for name, chunk := range map[string]func(int) []byte{
		"text":      chatformtest.Turns(`{"content":" tower"}`, `{"content":" skies"}`, `{"content":"\n\"as\""}`),
		"read":      chatformtest.Turns(`{"content":" tower"}`, `{"content":" skies","x":1}`, `{"content":"\n\"as\"","y":2}`),
		"arguments": chatformtest.Turns(`{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\":"}}]}`),
	} {
		b.Run(name, func(b *testing.B) {
			t, err := translate.New(request([]byte(`{"model":"m","input":"hi"}`)))
			if err != nil {
				b.Fatal(err)
			}
			const length = 1000 // a stream's; its text does not grow without end
			s := t.Stream(chatformtest.Endless(length, chunk))
			for range 10 {
				if _, err := s.Next(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if i%(length-20) == length-21 {
					b.StopTimer()
					s = t.Stream(chatformtest.Endless(length, chunk))
					for range 10 {
						s.Next()
					}
					b.StartTimer()
				}
				if e, err := s.Next(); err != nil || !e.Output {
					b.Fatalf("got %+v, %v", e, err)
				}
			}
		})
	}
}

// BenchmarkStream is a whole stream of 100 chunks.
func BenchmarkStream(b *testing.B) {
	chunk := chatformtest.Turns(`{"content":" tower"}`, `{"content":" skies"}`)
	b.ReportAllocs()
	for b.Loop() {
		t, err := translate.New(request([]byte(`{"model":"m","input":"hi"}`)))
		if err != nil {
			b.Fatal(err)
		}
		s := t.Stream(chatformtest.Endless(100, chunk))
		for {
			if _, err := s.Next(); err == io.EOF {
				break
			}
		}
	}
}

func BenchmarkRequest(b *testing.B) {
	for name, body := range map[string]string{
		"small": `{"model":"m","input":"Tell me, in a few words, what a sky tower is.","stream":true}`,
		"tools": `{"model":"m","instructions":"Be brief.","temperature":0.5,"store":true,"tools":[{"type":"function","name":"weather","parameters":{"type":"object","properties":{"city":{"type":"string"}}},"strict":true}],` +
			`"input":[{"role":"user","content":[{"type":"input_text","text":"Weather?"}]},{"type":"function_call","call_id":"c","name":"weather","arguments":"{}"},{"type":"function_call_output","call_id":"c","output":"rain"}]}`,
	} {
		b.Run(name, func(b *testing.B) {
			r := request([]byte(body))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := translate.New(r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkAnswer is a small chat completion told as a response.
func BenchmarkAnswer(b *testing.B) {
	body := []byte(`{"id":"chatcmpl-9f2c","object":"chat.completion","created":1748000000,"model":"m","choices":[{"index":0,"finish_reason":"stop","logprobs":null,` +
		`"message":{"role":"assistant","content":"Machine learning finds patterns in data.","refusal":null,"annotations":[]}}],"usage":{"prompt_tokens":24,"completion_tokens":3,"total_tokens":27}}`)
	t, err := translate.New(request([]byte(`{"model":"m","input":"hi"}`)))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := t.Answer(&provider.Answer{Body: body, Usage: provider.Usage{Reported: true, Input: 24, Output: 3}}); err != nil {
			b.Fatal(err)
		}
	}
}
