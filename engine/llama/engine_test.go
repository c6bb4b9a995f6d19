package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strings"
	"sync"
	"testing"
)

const greedy = `"temperature":0`

func TestTemplateOfTheFile(t *testing.T) {
	t.Parallel()
	e := open(t, nil)
	talk := []turn{{"user", "hello"}, {"assistant", "hi"}, {"user", "and \"now\""}}
	got, err := e.prompts.prompt(talk)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range talk {
		if !strings.Contains(got, one.text) {
			t.Errorf("%q is not in %q", one.text, got)
		}
	}
	for name, p := range map[string]prompter{
		"none":    newPrompter("", "", ""),
		"broken":  newPrompter("{% for m in %}", "", ""),
		"refuses": newPrompter("{{ raise_exception('not so') }}", "", ""),
	} {
		if text, err := p.prompt(talk); err == nil {
			t.Errorf("%s: it made %q", name, text)
		}
	}
	// What the Jinja reader can't compile llama.cpp may know by its look.
	known := newPrompter("{% broken %}<|im_start|>", "", "")
	if text, err := known.prompt([]turn{{"user", "hello"}}); err != nil || text != "<|im_start|>user\nhello<|im_end|>\n<|im_start|>assistant\n" {
		t.Errorf("%q, %v", text, err)
	}
}

func TestStreamIsThePlainText(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	for _, fields := range []string{
		greedy + `,"max_tokens":40`, `"seed":7,"temperature":1.5,"max_tokens":60`, `"seed":9,"top_k":0,"top_p":1,"min_p":0,"temperature":2,"max_tokens":80`,
		greedy + `,"frequency_penalty":1.5,"presence_penalty":1,"repetition_penalty":1.3,"max_completion_tokens":30`,
		greedy + `,"logit_bias":{"5":-100,"99999999":5},"max_tokens":10`,
	} {
		plain := s.chat("what is a tower?", fields)
		streamed := s.chat("what is a tower?", fields+`,"stream":true,"stream_options":{"include_usage":true}`)
		if plain.Text == "" || plain.Text != streamed.Text || plain.Reason != streamed.Reason || plain.Usage != streamed.Usage {
			t.Errorf("%s: plain %+v, streamed %+v", fields, plain, streamed)
		}
		if streamed.Pieces < 2 {
			t.Errorf("%s: it came in %d pieces", fields, streamed.Pieces)
		}
	}
	a, b := s.chat("tell me", `"seed":1,"temperature":2,"max_tokens":40`), s.chat("tell me", `"seed":2,"temperature":2,"max_tokens":40`)
	if a.Text == b.Text {
		t.Errorf("two seeds give the same text %q", a.Text)
	}
}

func TestTokensAreCountedByTheTokenizer(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	const question = "how many stones are in a tower, and why?"
	prompt, err := s.prompts.prompt([]turn{{"user", question}})
	if err != nil {
		t.Fatal(err)
	}
	want := len(s.promptTokens(prompt))
	got := s.chat(question, greedy+`,"max_tokens":7,`+s.endless())
	if got.Usage != (usage{want, 7, want + 7}) || got.Reason != "length" {
		t.Errorf("got %+v, the prompt has %d tokens", got, want)
	}
	if status, text := s.post("/v1/tokens", `{"messages":[{"role":"user","content":"`+question+`"}]}`); status != http.StatusOK || text != fmt.Sprintf("{\"tokens\":%d}\n", want) {
		t.Errorf("counted alone: %d %s", status, text)
	}
	long := strings.Repeat(question, 100)
	if got := s.chat(long, ""); got.Failure != "context_length_exceeded" {
		t.Errorf("a long prompt: %+v", got)
	}
	// Without a limit it goes on to the end of the context, if it does not end before.
	if got := s.chat(question, `"seed":3,"temperature":2,`+s.endless()); got.Reason != "length" || got.Usage.Total != s.room {
		t.Errorf("the room is %d: %+v", s.room, got.Usage)
	}
}

func TestStopTexts(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	whole := s.chat("hello there", greedy+`,"max_tokens":20`).Text
	for _, stop := range []string{whole[3:5], whole[5:12], whole[len(whole)/2:], whole[:1]} {
		quoted, _ := json.Marshal([]string{"never said", stop})
		for _, more := range []string{"", `,"stream":true`} {
			got := s.chat("hello there", greedy+`,"max_tokens":20,"stop":`+string(quoted)+more)
			if want := whole[:strings.Index(whole, stop)]; got.Text != want || got.Reason != "stop" {
				t.Errorf("%q%s: %+v, want %q", stop, more, got, want)
			}
		}
	}
	if got := s.chat("hello there", greedy+`,"max_tokens":20,"stop":"not in it"`); got.Text != whole {
		t.Errorf("held back: %q, want %q", got.Text, whole)
	}
}

// The model answers wrong whatever it is asked; the grammar makes even that valid.
func TestSchemasAreFollowed(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *options) { o.parallel = 4 })
	const schema = `{"type":"object","additionalProperties":false,"required":["name","colour","sizes","kind"],"properties":{
		"name":{"type":"string","minLength":1,"maxLength":8},"colour":{"enum":["red","green"]},"ok":{"type":["boolean","null"]},
		"sizes":{"type":"array","minItems":2,"maxItems":3,"items":{"type":"integer"}},"kind":{"const":"it \"is\""},"when":{"type":"string","format":"date-time"}}}`
	var all sync.WaitGroup
	for seed := range 8 {
		all.Go(func() {
			got := s.chat("make one", fmt.Sprintf(`"seed":%d,"temperature":1.5,"max_tokens":450,"response_format":{"type":"json_schema","json_schema":{"name":"x","strict":true,"schema":%s}}`, seed, schema))
			var v struct {
				Name, Colour, Kind string
				OK                 *bool
				Sizes              []int64
				When               *string
			}
			decoder := json.NewDecoder(strings.NewReader(got.Text))
			decoder.DisallowUnknownFields()
			if err := decoder.Decode(&v); err != nil || got.Reason != "stop" {
				t.Errorf("seed %d: %v in %+v", seed, err, got)
				return
			}
			if n := len([]rune(v.Name)); n < 1 || n > 8 || v.Colour != "red" && v.Colour != "green" || v.Kind != `it "is"` || len(v.Sizes) < 2 || len(v.Sizes) > 3 {
				t.Errorf("seed %d: %+v", seed, v)
			}
		})
	}
	all.Wait()
	if got := s.chat("make one", `"max_tokens":200,"response_format":{"type":"json_object"},`+greedy); !strings.HasPrefix(got.Text, "{") {
		t.Errorf("an object: %+v", got)
	}
	if got := s.chat("make one", `"response_format":{"type":"json_schema","json_schema":{"schema":{"type":"string","pattern":"a"}}}`); !strings.Contains(got.Failure, `"pattern" is not supported`) {
		t.Errorf("a pattern: %+v", got)
	}
}

func TestEightCallsAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *options) { o.parallel = 3 })
	ask := func(i int) answer {
		question := fmt.Sprintf("question %d, of some length so that prompts differ%s", i, strings.Repeat(" and so on", i))
		return s.chat(question, `"stream":true,"stream_options":{"include_usage":true},"max_tokens":50,`+s.endless()+","+greedy)
	}
	var alone [8]answer
	for i := range alone {
		alone[i] = ask(i)
	}
	var all sync.WaitGroup
	for i := range alone {
		all.Go(func() {
			got := ask(i)
			if got != alone[i] || got.Usage.Completion != 50 || got.Reason != "length" {
				t.Errorf("call %d: %+v, alone %+v", i, got, alone[i])
			}
		})
	}
	all.Wait()
}

// What its caller left is not computed any further, and its place is free.
func TestLeavingFreesThePlace(t *testing.T) {
	t.Parallel()
	e := open(t, func(o *options) { o.parallel = 1 })
	ask := func(ctx context.Context) *job {
		j, f := e.prepare(ctx, &chatRequest{Messages: []message{{Role: "user", Content: json.RawMessage(`"hello"`)}}, LogitBias: e.ends()})
		if f == nil {
			f = e.submit(j)
		}
		if f != nil {
			t.Fatal(f.message)
		}
		return j
	}
	ctx, leave := context.WithCancel(context.Background())
	ask(ctx)
	waiting, stop := context.WithCancel(context.Background())
	ask(waiting)
	last := ask(context.Background())
	e.admitMore()
	e.step()
	e.step()
	if e.slots[0].generated != 2 {
		t.Fatalf("%d tokens", e.slots[0].generated)
	}
	stop()
	leave()
	e.step()
	if !e.idle() {
		t.Fatal("the place is not free")
	}
	e.admitMore() // the one that left while it waited is not let in
	for e.step(); !e.idle(); e.step() {
	}
	if _, end, err := last.mail.take(context.Background()); err != nil || end == nil || end.failure != nil || end.reason == "" {
		t.Errorf("the next call ended with %+v, %v", end, err)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	for fields, param := range map[string]string{
		`"tools":[{"type":"function"}]`: "tools", `"functions":[{}]`: "functions", `"n":2`: "n", `"logprobs":true`: "logprobs",
		`"modalities":["text","audio"]`: "modalities", `"web_search_options":{}`: "web_search_options", `"temperature":-1`: "temperature", `"top_p":2`: "top_p",
		`"max_tokens":0`: "max_tokens", `"stop":[""]`: "stop", `"stop":{}`: "stop", `"logit_bias":{"x":1}`: "logit_bias", `"response_format":{"type":"xml"}`: "response_format.type",
		`"temperature":"hot"`: "temperature", `"top_k":-1`: "top_k",
	} {
		_, text := s.post("/v1/chat/completions", `{"messages":[{"role":"user","content":"a"}],`+fields+`}`)
		var w wire
		if err := json.Unmarshal([]byte(text), &w); err != nil || w.Error.Param != param || w.Error.Message == "" {
			t.Errorf("%s: %s", fields, text)
		}
	}
	for messages, want := range map[string]string{
		`[]`: "missing or empty", `[{"role":"robot","content":"a"}]`: "role of a message", `[{"role":"tool","content":"a"}]`: "tools",
		`[{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]}]`: "any input but text", `[{"role":"user","content":7}]`: "a text or a list of parts",
	} {
		if status, text := s.post("/v1/chat/completions", `{"messages":`+messages+`}`); status != http.StatusBadRequest || !strings.Contains(text, want) {
			t.Errorf("%s: %d %s", messages, status, text)
		}
	}
	if status, text := s.post("/v1/embeddings", `{"input":"a"}`); status != http.StatusBadRequest || !strings.Contains(text, "chat model") {
		t.Errorf("embeddings: %d %s", status, text)
	}
	if got := s.chat("a\x00b", `"max_tokens":1,"tools":[],"tool_choice":"none","user":"u"`); got.Failure != "" || got.Usage.Completion != 1 {
		t.Errorf("what need not be refused: %+v", got)
	}
}

func TestEmbeddings(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *options) { o.embeddings, o.pooling = true, "mean" })
	type reply struct {
		Data  []embedding
		Usage usage
	}
	ask := func(fields string) (r reply) {
		t.Helper()
		status, text := s.post("/v1/embeddings", "{"+fields+"}")
		if err := json.Unmarshal([]byte(text), &r); err != nil || status != http.StatusOK {
			t.Fatalf("%s: %d %s", fields, status, text)
		}
		return r
	}
	many := ask(fmt.Sprintf(`"input":["a tower","the sea","a tower","one more"],"dimensions":%d`, s.width))
	one := ask(`"input":"a tower"`)
	if len(many.Data) != 4 || many.Usage.Prompt <= one.Usage.Prompt || one.Usage.Prompt != len(s.tokenize("a tower", true, false)) {
		t.Fatalf("%d vectors, %+v, %+v", len(many.Data), many.Usage, one.Usage)
	}
	product := func(a, b []float32) (sum float64) {
		for i := range a {
			sum += float64(a[i]) * float64(b[i])
		}
		return sum
	}
	first := one.Data[0].Embedding
	for i, same := range map[int]bool{0: true, 1: false, 2: true} {
		if d := product(first, many.Data[i].Embedding); math.Abs(d-1) < 1e-3 != same || len(many.Data[i].Embedding) != s.width || many.Data[i].Index != i {
			t.Errorf("vector %d: %f to the first", i, d)
		}
	}
	for fields, want := range map[string]string{
		`"input":""`: "empty text", `"input":[]`: "is a text", `"input":"a","dimensions":3`: "can't be shortened", `"input":[[99999999]]`: "no token",
		`"input":"` + strings.Repeat("a tower ", 600) + `"`: "context_length_exceeded",
	} {
		if status, text := s.post("/v1/embeddings", "{"+fields+"}"); status != http.StatusBadRequest || !strings.Contains(text, want) {
			t.Errorf("%.40s: %d %s", fields, status, text)
		}
	}
	if status, text := s.post("/v1/chat/completions", `{"messages":[{"role":"user","content":"a"}]}`); status != http.StatusBadRequest || !strings.Contains(text, "it makes embeddings") {
		t.Errorf("chat: %d %s", status, text)
	}
	if _, err := load(&options{model: testFile, threads: 1, context: 64, parallel: 1, embeddings: true}); err == nil || !strings.Contains(err.Error(), "pooling") {
		t.Errorf("a chat model for embeddings: %v", err)
	}
}
