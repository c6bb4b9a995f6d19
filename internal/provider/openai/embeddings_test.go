package openai_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"skytower/internal/provider"
	"skytower/internal/provider/providertest"
)

func TestEmbeddings(t *testing.T) {
	t.Parallel()
	const half, one = `[0.5,-2.0]`, `"AAAAPwAAAMA="` // one vector in both forms
	tests := []struct {
		name, format, answer string
		want                 string // "" for Broken
	}{
		{"floats", "float", `{"data":[{"embedding":` + half + `}],"model":"up"}`, `{"data":[{"embedding":` + half + `}],"model":"shown"}`},
		{"base64", "base64", `{"data":[{"embedding":` + one + `}],"model":"up"}`, `{"data":[{"embedding":` + one + `}],"model":"shown"}`},
		{"floats for base64", "base64", `{"model":"up","data":[{"embedding" : [ 0.5 , -2 ] ,"index":0},{"object":"embedding","embedding":` + half + `}]}`, `{"model":"shown","data":[{"embedding" : ` + one + ` ,"index":0},{"object":"embedding","embedding":` + one + `}]}`},
		{"base64 for floats", "float", `{"model":"up","data":[{"embedding":` + one + `}]}`, `{"model":"shown","data":[{"embedding":[0.5,-2]}]}`},
		{"no model", "float", `{"data":[{"embedding":[1]}]}`, `{"model":"shown","data":[{"embedding":[1]}]}`},
		{"the right model", "float", `{"model":"shown","data":[{"embedding":[1]}]}`, `{"model":"shown","data":[{"embedding":[1]}]}`},
		{"the word elsewhere", "base64", `{"model":"up","x":"\"embedding\":[7]","y":"embedding","data":[{"embedding":` + half + `}]}`, `{"model":"shown","x":"\"embedding\":[7]","y":"embedding","data":[{"embedding":` + one + `}]}`},
		{"null", "float", `{"data":[{"embedding":null}]}`, ""},
		{"one null", "float", `{"data":[{"embedding":[1]},{"embedding":null}]}`, ""},
		{"null within", "float", `{"data":[{"embedding":[1,null]}]}`, ""},
		{"null within, for base64", "base64", `{"data":[{"embedding":[1,null]}]}`, ""},
		{"NaN", "float", `{"data":[{"embedding":[1,NaN]}]}`, ""},
		{"none", "float", `{"data":[],"model":"up"}`, ""},
		{"empty", "float", `{"data":[{"embedding":[ ]}]}`, ""},
		{"empty text", "base64", `{"data":[{"embedding":""}]}`, ""},
		{"nested", "float", `{"data":[{"embedding":[[1,2]]}]}`, ""},
		{"NaN in base64", "float", `{"data":[{"embedding":"AADAfw=="}]}`, ""},
		{"half a float", "float", `{"data":[{"embedding":"AAA="}]}`, ""},
		{"not base64", "float", `{"data":[{"embedding":"?"}]}`, ""},
		{"beyond float32", "base64", `{"data":[{"embedding":[1e39]}]}`, ""},
		{"unended vector", "float", `{"data":[{"embedding":[1,2`, ""},
		{"unended document", "float", `{"data":[{"embedding":[1,2]}`, ""},
		{"error", "float", `{"error":{"message":"no memory"},"data":[{"embedding":[1]}]}`, ""},
		{"page", "float", `<html>`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			up, p := upstream(t, nil)
			up.On(embedPath, providertest.JSON(200, tt.answer))
			got, err := p.Embed(t.Context(), call(t, `{"model":"a","input":"x","encoding_format":"`+tt.format+`"}`))
			switch {
			case tt.want == "" && (err == nil || provider.ClassOf(err) != provider.Broken):
				t.Errorf("%v, error %v", got, err)
			case tt.want != "" && (err != nil || string(got.Body) != tt.want):
				t.Errorf("%v, error %v, want %s", got, err, tt.want)
			}
		})
	}
}

// large is an answer with n vectors of 1,536 floats.
func large(n int) string {
	var vectors []string
	for i := range n {
		v := strings.TrimSuffix(strings.Repeat(fmt.Sprintf("-0.01234%d,", 567+i), 1536), ",")
		vectors = append(vectors, fmt.Sprintf(`{"object":"embedding","index":%d,"embedding":[%s]}`, i, v))
	}
	return `{"object":"list","data":[` + strings.Join(vectors, ",") + `],"model":"up","usage":{"prompt_tokens":9,"total_tokens":9}}`
}

func BenchmarkEmbed(b *testing.B) {
	body := large(1)
	for name, format := range map[string]string{"as sent": "float", "converted": "base64"} {
		b.Run(name, func(b *testing.B) {
			_, p := upstream(b, nil)
			c := call(b, `{"model":"a","input":"x","encoding_format":"`+format+`"}`)
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				a, err := p.EmbeddingsAnswer(c, []byte(body))
				if err != nil {
					b.Fatal(err)
				}
				a.Free()
			}
		})
	}
}

// The name is put in where the answer stands, wherever it is and however long.
func TestSplice(t *testing.T) {
	t.Parallel()
	const vectors = `"data":[{"embedding":[1,2,3]},{"embedding":[4,5]}]`
	for _, tt := range []struct{ answer, want string }{
		{`{"model":"up",` + vectors + `}`, `{"model":"shown",` + vectors + `}`},
		{`{` + vectors + `,"model":"up"}`, `{` + vectors + `,"model":"shown"}`},
		{`{` + vectors + `,"model":"much longer"}`, `{` + vectors + `,"model":"shown"}`},
		{`{"model":"shoan",` + vectors + `}`, `{"model":"shown",` + vectors + `}`},
		{`{"model":"sn",` + vectors + `}`, `{"model":"shown",` + vectors + `}`},
		{`{"model":"shownshown",` + vectors + `}`, `{"model":"shown",` + vectors + `}`},
		{`{"model":"a",` + vectors + `,"model":"b"}`, `{"model":"shown",` + vectors + `,"model":"shown"}`},
		{`{` + vectors + `}`, `{"model":"shown",` + vectors + `}`},
		{`{"model":"shown",` + vectors + `}`, `{"model":"shown",` + vectors + `}`},
	} {
		for _, room := range []int{0, 100} {
			_, p := upstream(t, nil)
			body := append(make([]byte, 0, len(tt.answer)+room), tt.answer...)
			got, err := p.EmbeddingsAnswer(call(t, `{"model":"a","input":"x"}`), body)
			if err != nil || string(got.Body) != tt.want {
				t.Errorf("%s with room for %d: %s, %v", tt.answer, room, got.Body, err)
			}
		}
	}
}

// A large answer that has the form that was asked for stays where it is.
func TestEmbeddingsAreNotCopied(t *testing.T) {
	t.Parallel()
	_, p := upstream(t, nil)
	answer := large(2)
	body := append(make([]byte, 0, len(answer)+100), answer...)
	got, err := p.EmbeddingsAnswer(call(t, `{"model":"a","input":"x"}`), body)
	if err != nil || &got.Body[0] != &body[0] {
		t.Errorf("copied, or error %v", err)
	}
	if want := strings.Replace(answer, `"up"`, `"shown"`, 1); string(got.Body) != want {
		t.Error("another answer")
	}
}

// The memory of an answer that was given back serves the next one; nothing of the first
// is seen there, nor of one that is still held.
func TestAnswersShareMemory(t *testing.T) {
	t.Parallel()
	up, p := upstream(t, nil)
	const vector = `{"data":[{"embedding":[0.5,-2.0]}],"model":"up"}`
	up.On(embedPath, func(x *providertest.Exchange) {
		answer := vector
		if strings.Contains(x.Request.Body, "large") {
			answer = large(2)
		}
		providertest.JSON(200, answer)(x)
	})
	up.On(chatPath, providertest.JSON(200, chatAnswer("up", strings.Repeat("x", 200), provider.Usage{})))
	shown := func(s string) string { return strings.Replace(s, `"up"`, `"shown"`, 1) }
	asks := []struct {
		ask  func(context.Context, *provider.Call) (*provider.Answer, error)
		body string
		want string
	}{
		{p.Embed, `{"model":"a","input":"large"}`, shown(large(2))},
		{p.Embed, `{"model":"a","input":"x"}`, shown(vector)},
		{p.Embed, `{"model":"a","input":"x","encoding_format":"base64"}`, strings.Replace(shown(vector), "[0.5,-2.0]", `"AAAAPwAAAMA="`, 1)},
		{p.Chat, `{"model":"a","messages":[]}`, shown(chatAnswer("up", strings.Repeat("x", 200), provider.Usage{}))},
	}
	var wait sync.WaitGroup
	for n := range 4 * len(asks) {
		wait.Go(func() {
			for i := range 25 {
				a := asks[(n+i)%len(asks)]
				got, err := a.ask(t.Context(), call(t, a.body))
				if err != nil || string(got.Body) != a.want {
					t.Errorf("%s: %v", a.body, err)
					return
				}
				if i%5 > 0 {
					got.Free()
				}
			}
		})
	}
	wait.Wait()
}
