package local

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/fault"
	"skytower/internal/provider"
	"skytower/internal/rawjson"
)

func newCall(t testing.TB, model, body string) *provider.Call {
	t.Helper()
	fields := rawjson.NewFields("model", "stream", "max_tokens", "max_completion_tokens")
	object, err := rawjson.Scan([]byte(body), fields)
	if err != nil {
		t.Fatalf("scan %s: %v", body, err)
	}
	return &provider.Call{Body: object, Model: model, Show: "shown/" + model, RequestID: "req_1"}
}

type embedReply struct {
	Object string
	Model  string
	Data   []struct {
		Object    string
		Index     int
		Embedding json.RawMessage
	}
	Usage map[string]int
}

func embed(t *testing.T, p *Provider, body string) embedReply {
	t.Helper()
	answer, err := p.Embed(t.Context(), newCall(t, EmbedSmall, body))
	if err != nil {
		t.Fatal(err)
	}
	var reply embedReply
	decoder := json.NewDecoder(strings.NewReader(string(answer.Body)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&reply); err != nil {
		t.Fatalf("%v in %s", err, answer.Body)
	}
	if in := int64(reply.Usage["prompt_tokens"]); !answer.Usage.Reported || answer.Usage.Input != in {
		t.Errorf("usage %+v, body says %v", answer.Usage, reply.Usage)
	}
	return reply
}

func floatsOf(t *testing.T, raw json.RawMessage) []float32 {
	t.Helper()
	var vec []float32
	if err := json.Unmarshal(raw, &vec); err != nil {
		t.Fatalf("%v in %s", err, raw)
	}
	return vec
}

func TestEmbedAnswers(t *testing.T) {
	t.Parallel()
	p := testProvider(t)
	reply := embed(t, p, `{"model":"x","input":["a red car","the sea \u0026 the sky"],"user":"u1"}`)
	if reply.Object != "list" || reply.Model != "shown/"+EmbedSmall || len(reply.Data) != 2 {
		t.Fatalf("got %+v", reply)
	}
	if diff := cmp.Diff(map[string]int{"prompt_tokens": 7, "total_tokens": 7}, reply.Usage); diff != "" {
		t.Error(diff)
	}
	table, err := p.vectors()
	if err != nil {
		t.Fatal(err)
	}
	for i, text := range []string{"a red car", "the sea & the sky"} {
		want, _ := table.embed(words(text))
		got := reply.Data[i]
		if got.Object != "embedding" || got.Index != i {
			t.Errorf("data[%d] is %s %d", i, got.Object, got.Index)
		}
		if diff := cmp.Diff(want[:], floatsOf(t, got.Embedding)); diff != "" {
			t.Errorf("data[%d]: %s", i, diff)
		}
	}
}

func TestEmbedEncodings(t *testing.T) {
	t.Parallel()
	p := testProvider(t)
	plain := floatsOf(t, embed(t, p, `{"input":"a red car","encoding_format":"float"}`).Data[0].Embedding)
	var text string
	if err := json.Unmarshal(embed(t, p, `{"input":"a red car","encoding_format":"base64"}`).Data[0].Embedding, &text); err != nil {
		t.Fatal(err)
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(raw) != 4*dims {
		t.Fatalf("%d bytes, %v", len(raw), err)
	}
	for i, want := range plain {
		if got := math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:])); got != want {
			t.Fatalf("value %d is %v in base64, %v as number", i, got, want)
		}
	}
	// The vector of contract section 17.
	if got := string(appendBase64(nil, []float32{1, -2.5, 0.25})); got != `"AACAPwAAIMAAAIA+"` {
		t.Errorf("base64 %s", got)
	}
	if got := string(appendFloats(nil, []float32{1, -2.5, 0.25, 1e-9})); got != `[1,-2.5,0.25,1e-09]` {
		t.Errorf("numbers %s", got)
	}
}

func TestEmbedDimensions(t *testing.T) {
	t.Parallel()
	p := testProvider(t)
	whole := floatsOf(t, embed(t, p, `{"input":"a red car"}`).Data[0].Embedding)
	for _, d := range []int{1, 7, 99, 100} {
		got := floatsOf(t, embed(t, p, fmt.Sprintf(`{"input":"a red car","dimensions":%d}`, d)).Data[0].Embedding)
		want := append([]float32(nil), whole[:d]...)
		normalise(want)
		if diff := cmp.Diff(want, got); len(got) != d || diff != "" && d != dims {
			t.Errorf("%d dimensions: got %d: %s", d, len(got), diff)
		}
		if length := dot(got, got); math.Abs(float64(length)-1) > 1e-5 {
			t.Errorf("%d dimensions: length %v", d, length)
		}
	}
}

func TestEmbedRefuses(t *testing.T) {
	t.Parallel()
	p := testProvider(t)
	many := strings.Repeat(`"cat",`, maxInputs) + `"cat"`
	long := strings.Repeat("cat ", maxInputWords+1)
	for body, want := range map[string]struct {
		id     fault.ID
		status int
		param  string
	}{
		`{}`:                                     {fault.InvalidParameter, 400, "input"},
		`{"input":null}`:                         {fault.InvalidParameter, 400, "input"},
		`{"input":7}`:                            {fault.InvalidParameter, 400, "input"},
		`{"input":{}}`:                           {fault.InvalidParameter, 400, "input"},
		`{"input":[]}`:                           {fault.InvalidParameter, 400, "input"},
		`{"input":["cat",null]}`:                 {fault.InvalidParameter, 400, "input[1]"},
		`{"input":["cat",{}]}`:                   {fault.InvalidParameter, 400, "input[1]"},
		`{"input":[` + many + `]}`:               {fault.InvalidParameter, 400, "input"},
		`{"input":["cat","` + long + `"]}`:       {fault.InvalidParameter, 400, "input[1]"},
		`{"input":""}`:                           {fault.InvalidParameter, 422, "input"},
		`{"input":["cat",""]}`:                   {fault.InvalidParameter, 422, "input[1]"},
		`{"input":["cat","dog","qxzvbn ?!"]}`:    {fault.InvalidParameter, 422, "input[2]"},
		`{"input":[1,2,3]}`:                      {fault.ModelNotSupported, 422, "input"},
		`{"input":[[1,2],[3]]}`:                  {fault.ModelNotSupported, 422, "input"},
		`{"input":"cat","dimensions":0}`:         {fault.InvalidParameter, 400, "dimensions"},
		`{"input":"cat","dimensions":101}`:       {fault.InvalidParameter, 400, "dimensions"},
		`{"input":"cat","dimensions":"9"}`:       {fault.InvalidParameter, 400, "dimensions"},
		`{"input":"cat","encoding_format":"x"}`:  {fault.InvalidParameter, 400, "encoding_format"},
		`{"input":"cat","encoding_format":""}`:   {fault.InvalidParameter, 400, "encoding_format"},
		`{"input":"cat","encoding_format":true}`: {fault.InvalidParameter, 400, "encoding_format"},
	} {
		_, err := p.Embed(t.Context(), newCall(t, EmbedSmall, body))
		var got *fault.Error
		if !errors.As(err, &got) || got.ID != want.id || got.HTTPStatus() != want.status || got.Param != want.param {
			t.Errorf("%.60s: got %v, want %v", body, err, want)
		}
	}
	if reply := embed(t, p, `{"input":["`+strings.Repeat("cat ", maxInputWords)+`"]}`); reply.Usage["total_tokens"] != maxInputWords {
		t.Errorf("the longest text counts as %v", reply.Usage)
	}
}

func TestOtherModelsAndEndedCalls(t *testing.T) {
	t.Parallel()
	p := testProvider(t)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	body := `{"input":"cat","messages":[{"role":"user","content":"cat"}]}`
	for name, call := range map[string]func(context.Context, string) error{
		EmbedSmall: func(ctx context.Context, model string) error {
			_, err := p.Embed(ctx, newCall(t, model, body))
			return err
		},
		Docs: func(ctx context.Context, model string) error {
			_, err := p.Chat(ctx, newCall(t, model, body))
			_, streamErr := p.ChatStream(ctx, newCall(t, model, body))
			if provider.ClassOf(err) != provider.ClassOf(streamErr) {
				t.Errorf("plain %v, streamed %v", err, streamErr)
			}
			return err
		},
	} {
		other := map[string]string{EmbedSmall: Docs, Docs: EmbedSmall}[name]
		for _, tc := range []struct {
			ctx   context.Context
			model string
			want  provider.Class
		}{{ended, name, provider.Cancelled}, {t.Context(), other, provider.Unsupported}, {t.Context(), "gpt", provider.Denied}} {
			var got *provider.Error
			if err := call(tc.ctx, tc.model); !errors.As(err, &got) || got.Class != tc.want {
				t.Errorf("%s called with %s: %v, want class %v", name, tc.model, err, tc.want)
			}
		}
	}
}

func TestParallelUse(t *testing.T) {
	t.Parallel()
	p := testProvider(t)
	want := embed(t, p, `{"input":"parallel use"}`)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if diff := cmp.Diff(want, embed(t, p, `{"input":"parallel use"}`)); diff != "" {
				t.Error(diff)
			}
			if _, err := p.Chat(t.Context(), newCall(t, Docs, `{"messages":[{"role":"user","content":"revoke a key"}]}`)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestCards(t *testing.T) {
	t.Parallel()
	want := map[string]string{EmbedSmall: "embeddings", Docs: "chat", Upscale2x: "prediction"}
	got := map[string]string{}
	for _, card := range Models() {
		got[card.Slug] = card.API
		if card.Name == "" || card.Description == "" || card.Type == "" || (card.Dimensions > 0) != (card.API == "embeddings") {
			t.Errorf("card %+v", card)
		}
		for _, schema := range []json.RawMessage{card.InputSchema, card.OutputSchema} {
			if (schema != nil) != (card.API == "prediction") || schema != nil && !json.Valid(schema) {
				t.Errorf("%s has the schema %s", card.Slug, schema)
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
