package rawjson_test

import (
	"strings"
	"testing"

	"skytower/internal/rawjson"
)

func BenchmarkScan(b *testing.B) {
	fields := rawjson.NewFields("model", "messages", "stream", "stream_options", "max_tokens", "max_completion_tokens", "n", "tools", "user")
	turn := `{"role":"user","content":"Tell me, in a few words, what a sky tower is.\nAnd be brief."},`
	for name, body := range map[string]string{
		"small":   `{"model":"m","messages":[{"role":"user","content":"Hello!"}],"stream":true}`,
		"turns":   `{"model":"m","messages":[` + strings.Repeat(turn, 200) + `{}],"stream":true}`,
		"image":   `{"model":"m","messages":[{"content":[{"image_url":{"url":"data:image/png;base64,` + strings.Repeat("iVBORw0KGgo", 1<<17) + `"}}]}]}`,
		"numbers": `{"model":"m","input":[` + strings.Repeat("15496, 11, 995, ", 4096) + `0]}`,
	} {
		b.Run(name, func(b *testing.B) {
			data := []byte(body)
			var o rawjson.Object
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if err := rawjson.ScanInto(&o, data, fields); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkReplaceTop(b *testing.B) {
	chunk := []byte(`{"id":"chatcmpl-9f2c","object":"chat.completion.chunk","created":1748000000,"model":"deepbrain-router","choices":[{"index":0,"delta":{"content":"Hel"},"finish_reason":null}]}`)
	room := make([]byte, 0, 1024)
	b.SetBytes(int64(len(chunk)))
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := rawjson.ReplaceTop(room, chunk, "model", []byte(`"m"`)); !ok {
			b.Fatal("not replaced")
		}
	}
}

func BenchmarkEdit(b *testing.B) {
	o, err := rawjson.Scan([]byte(`{"model":"m","messages":[{"role":"user","content":"Hello!"}],"stream":true}`), rawjson.NewFields("model", "stream", "stream_options"))
	if err != nil {
		b.Fatal(err)
	}
	room := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		o.Edit().SetString("model", "upstream").SetRaw("stream_options", []byte(`{"include_usage":true}`)).Append(room)
	}
}
