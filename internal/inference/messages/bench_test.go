package messages_test

import (
	"io"
	"testing"

	"skytower/internal/inference/chatform/chatformtest"
)

// BenchmarkStream is a whole stream of 100 chunks: of text, and of a call's arguments.
func BenchmarkStream(b *testing.B) {
	for name, chunk := range map[string]func(int) []byte{
		"text":      chatformtest.Turns(`{"content":" tower"}`, `{"content":" skies"}`),
		"arguments": chatformtest.Turns(`{"tool_calls":[{"index":0,"function":{"name":"f","arguments":"{\"a\":"}}]}`),
		"thoughts":  chatformtest.Turns(`{"reasoning_content":" tower"}`, `{"reasoning_content":" skies"}`),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s := translation(b, []byte(hello)).Stream(chatformtest.Endless(100, chunk))
				for {
					if _, err := s.Next(); err == io.EOF {
						break
					} else if err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
