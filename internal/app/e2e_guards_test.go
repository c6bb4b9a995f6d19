package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"skytower/internal/config"
	"skytower/internal/provider/providertest"
	"skytower/internal/skytells"
)

// guard puts guards before and behind the chat and the embeddings model.
func (s *server) guard(price bool, base string, guards ...skytells.GuardSpec) {
	s.t.Helper()
	var names []string
	for _, g := range guards {
		if !g.Everywhere {
			names = append(names, g.Name)
		}
	}
	chat := skytells.ModelSpec{Slug: chatModel, Type: "text", API: "chat", Free: true, Guards: names, Targets: []skytells.TargetSpec{{Provider: "mock", Model: upChat}}}
	if price {
		chat.Free, chat.Pricing = false, &skytells.PricingSpec{Unit: "million_token", Input: inputPrice, Output: outputPrice, CachedInput: "0.25"}
	}
	_, err := s.admin().Apply(s.t.Context(), skytells.ApplyRequest{Source: "test", Resources: skytells.Resources{
		Guards:    guards,
		Providers: []skytells.ProviderSpec{{Name: "mock", Kind: "openai", BaseURL: base, Credential: upKey}},
		Models: []skytells.ModelSpec{chat, {Slug: embedModel, Type: "text", API: "embeddings", Free: true, Guards: names,
			Targets: []skytells.TargetSpec{{Provider: "mock", Model: upEmbed}}}},
	}})
	if err != nil {
		s.t.Fatal(err)
	}
}

func guardedServer(t *testing.T, price bool, guards ...skytells.GuardSpec) (*server, *providertest.Upstream) {
	t.Helper()
	s := start(t, options{flags: map[string]string{"breaker-failures": "0"}})
	up := providertest.NewUpstream(t, providertest.HTTP1)
	up.On(chatPath, jsonScript(chatAnswer))
	up.On(embedPath, jsonScript(embedAnswer))
	up.On(respPath, jsonScript(`{"id":"resp_1","object":"response","output":[]}`)) // never to be asked
	s.guard(price, up.URL.JoinPath("v1").String(), guards...)
	return s, up
}

func pii(action string) skytells.GuardSpec {
	return skytells.GuardSpec{Name: "pii", Kind: "personal_data", Action: action}
}

// streamedText joins the contents of a chat stream, and gives its last finish reason.
func streamedText(t *testing.T, docs []string) (text, finish string) {
	t.Helper()
	for _, doc := range docs {
		var chunk struct {
			Choices []struct {
				Delta  struct{ Content string }
				Finish string `json:"finish_reason"`
			}
		}
		decode(t, doc, &chunk)
		for _, c := range chunk.Choices {
			text += c.Delta.Content
			if c.Finish != "" {
				finish = c.Finish
			}
		}
	}
	return text, finish
}

func splitCard() providertest.Script {
	return providertest.Events(piece("It is 4111 1111 "), piece("1111 1111, jo"), piece("e@exam"), piece("ple."), piece("com"), piece(" ok"), lastPiece, usagePiece, donePiece)
}

func TestACardSplitOverChunksIsRedacted(t *testing.T) {
	t.Parallel()
	s, up := guardedServer(t, true, pii("redact"))
	s.grant("1")
	up.On(chatPath, splitCard())
	_, events := s.open(t.Context(), chatPath, strings.Replace(streamBody, `"stream":true`, `"stream":true,"stream_options":{"include_usage":true}`, 1))
	docs := events.all()
	text, finish := streamedText(t, docs)
	if text != "It is [card], [email] ok" || finish != "stop" {
		t.Errorf("%q, %q", text, finish)
	}
	all := strings.Join(docs, "\n")
	for _, want := range []string{
		`"choices":[],"prompt_filter_results":[{"prompt_index":0,"content_filter_results":{"personal_data":{"filtered":false,"detected":false}}}]`,
		`"content_filter_results":{"personal_data":{"filtered":false,"detected":true}}`, `"completion_tokens":4`,
	} {
		if !strings.Contains(all, want) {
			t.Errorf("no %s in %s", want, all)
		}
	}
	if strings.Contains(all, "1111") || !strings.Contains(docs[0], "prompt_filter_results") {
		t.Errorf("the card is there: %s", all)
	}
	// The same of a Responses stream, and of plain answers.
	_, events = s.open(t.Context(), respPath, strings.Replace(respBody, `"input"`, `"stream":true,"input"`, 1))
	docs = events.all()
	last := docs[len(docs)-1]
	if !strings.Contains(last, `"output_text":"It is [card], [email] ok"`) || strings.Contains(strings.Join(docs, ""), "1111") ||
		!strings.Contains(last, `"source_type":"completion"`) || !strings.Contains(last, `"source_type":"prompt"`) {
		t.Errorf("%s", last)
	}
	up.On(chatPath, jsonScript(strings.Replace(chatAnswer, "Hello!", `4111-1111-1111-1111 for joe@example.com`, 1)))
	if r := s.post(chatPath, chatBody); !strings.Contains(r.body, `"content":"[card] for [email]"`) || !strings.Contains(r.body, `"detected":true`) || strings.Contains(r.body, upChat) {
		t.Errorf("%d %s", r.status, r.body)
	}
	if r := s.post(respPath, respBody); !strings.Contains(r.body, `"output_text":"[card] for [email]"`) {
		t.Errorf("%d %s", r.status, r.body)
	}
	for _, sent := range up.Requests() {
		if sent.URL.Path == respPath {
			t.Error("a guarded model's own Responses API was asked")
		}
	}
	// Four calls, of 11 tokens in (cached ones only where that was said) and 4 out.
	if b := s.balance(); b.Balance != "0.9998965" {
		t.Errorf("the balance is %s", b.Balance)
	}
	s.clean()
}

func TestPromptsAreRedactedAndBlocked(t *testing.T) {
	t.Parallel()
	s, up := guardedServer(t, true, pii("redact"), skytells.GuardSpec{Name: "words", Kind: "rules", On: "prompt", Words: []string{"forbidden"}})
	s.grant("1")
	body := `{"model":"` + chatModel + `","messages":[{"role":"system","content":"Be kind to a@b.com."},
		{"role":"user","content":[{"type":"text","text":"card 4242424242424242"},{"type":"image_url","image_url":{"url":"data:image/png;base64,aGk="}}]},
		{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"to\":\"x@y.org\",\"card\":4242424242424242}"}}]},
		{"role":"tool","tool_call_id":"c1","content":"called +49 30 901820"}]}`
	if r := s.post(chatPath, body); r.status != http.StatusOK || !strings.Contains(r.body, `"prompt_filter_results":[{"prompt_index":0,"content_filter_results":{"personal_data":{"filtered":false,"detected":true},"rules":{"filtered":false,"detected":false}}}]`) {
		t.Fatalf("%d %s", r.status, r.body)
	}
	sent := up.Last().Body
	for _, want := range []string{"Be kind to [email].", "card [card]", `{\"to\":\"[email]\",\"card\":\"[card]\"}`, "called [phone]", "data:image/png;base64,aGk="} {
		if !strings.Contains(sent, want) {
			t.Errorf("no %s in %s", want, sent)
		}
	}
	if !json.Valid([]byte(sent)) || strings.Contains(sent, "4242") {
		t.Errorf("sent %s", sent)
	}
	before, asked := s.balance().Balance, len(up.Requests())
	for path, body := range map[string]string{
		chatPath:       strings.Replace(chatBody, `"hi"`, `"it is FORBIDDEN"`, 1),
		"/v1/messages": `{"model":"` + chatModel + `","max_tokens":9,"messages":[{"role":"user","content":"forbidden"}]}`,
		respPath:       strings.Replace(respBody, `"hi"`, `"it is forbidden"`, 1),
		embedPath:      strings.Replace(embedBody, `"hi"`, `["ok","forbidden"]`, 1),
	} {
		r := s.post(path, body)
		if r.status != http.StatusUnavailableForLegalReasons || strings.Contains(r.body, "orbidden.") || !strings.Contains(r.body, "rules") {
			t.Errorf("%s: %d %s", path, r.status, r.body)
		}
		if path == chatPath && (!strings.Contains(r.body, `"error_id":"CONTENT_POLICY_VIOLATION"`) || !strings.Contains(r.body, "content_policy_violation")) {
			t.Errorf("%s", r.body)
		}
	}
	if b := s.balance(); b.Balance != before || b.Available != before || len(up.Requests()) != asked {
		t.Errorf("charged, held or asked: %+v after %s", b, before)
	}
	if r := s.post(embedPath, strings.Replace(embedBody, `"hi"`, `"to a@b.com"`, 1)); r.status != http.StatusOK || !strings.Contains(up.Last().Body, `"to [email]"`) {
		t.Errorf("%d %s, sent %s", r.status, r.body, up.Last().Body)
	}
	if r := s.post(embedPath, strings.Replace(embedBody, `"hi"`, `[1,2,3]`, 1)); r.status != http.StatusBadRequest || !strings.Contains(r.body, "token ids") {
		t.Errorf("%d %s", r.status, r.body)
	}
	s.clean()
}

func TestAnAnswerThatIsBlockedMidway(t *testing.T) {
	t.Parallel()
	s, up := guardedServer(t, true, skytells.GuardSpec{Name: "pii", Kind: "personal_data", On: "completion", Action: "block"})
	s.grant("1")
	left := make(chan struct{})
	up.On(chatPath, func(x *providertest.Exchange) {
		x.Head(http.StatusOK, "Content-Type", "text/event-stream")
		x.Say(piece("It is 4111 1111 "))
		x.Say(piece("1111 1111, and"))
		x.Left()
		close(left)
	})
	_, events := s.open(t.Context(), chatPath, strings.Replace(streamBody, `"stream":true`, `"stream":true,"stream_options":{"include_usage":true}`, 1))
	docs := events.all()
	text, finish := streamedText(t, docs)
	await(t, "the upstream is left", left)
	last := docs[len(docs)-1]
	if text != "It is " || finish != "content_filter" || !events.done || strings.Contains(strings.Join(docs, ""), "4111") {
		t.Errorf("%q, %q: %v", text, finish, docs)
	}
	// 30 bytes were generated: 8 tokens by our count.
	var usage struct {
		Usage struct {
			In  int `json:"prompt_tokens"`
			Out int `json:"completion_tokens"`
		}
	}
	decode(t, last, &usage)
	if !strings.Contains(strings.Join(docs, ""), `"content_filter_results":{"personal_data":{"filtered":true,"detected":true}}`) || strings.Contains(strings.Join(docs, ""), "prompt_filter") {
		t.Errorf("%v", docs)
	}
	var charges skytells.List[skytells.ChargeLine]
	decode(t, s.call(http.MethodGet, "/v1/charges", "").body, &charges)
	if want := fmt.Sprintf("%.6f", float64(usage.Usage.In+4*usage.Usage.Out)/1e6); len(charges.Data) != 1 || string(charges.Data[0].Amount) != want || usage.Usage.Out != 8 {
		t.Errorf("charged %+v for %+v, want %s", charges.Data, usage, want)
	}
	// A plain answer is withheld, and charged: it was made.
	up.On(chatPath, jsonScript(strings.Replace(chatAnswer, "Hello!", "It is 4111111111111111", 1)))
	r := s.post(chatPath, chatBody)
	if r.status != http.StatusOK || !strings.Contains(r.body, `"content":""`) || !strings.Contains(r.body, `"finish_reason":"content_filter"`) || strings.Contains(r.body, "4111") || !strings.Contains(r.body, `"filtered":true`) {
		t.Errorf("%d %s", r.status, r.body)
	}
	r = s.post(respPath, respBody)
	if !strings.Contains(r.body, `"status":"incomplete"`) || !strings.Contains(r.body, `"reason":"content_filter"`) || !strings.Contains(r.body, `"blocked":true`) {
		t.Errorf("%d %s", r.status, r.body)
	}
	s.clean()
}

// moderationScript flags texts that hold "violent", and counts its calls.
func moderationScript(asked *atomic.Int64) providertest.Script {
	return func(x *providertest.Exchange) {
		asked.Add(1)
		var body struct {
			Model string
			Input []string
		}
		_ = json.Unmarshal([]byte(x.Request.Body), &body)
		var results []string
		for _, text := range body.Input {
			flagged := strings.Contains(text, "violent")
			results = append(results, fmt.Sprintf(`{"flagged":%v,"categories":{"violence":%v,"self-harm/intent":false},"category_scores":{"violence":%v,"self-harm/intent":0.01}}`,
				flagged, flagged, map[bool]float64{true: 0.93, false: 0.3}[flagged]))
		}
		jsonScript(`{"id":"modr-1","model":"` + body.Model + `","results":[` + strings.Join(results, ",") + `]}`)(x)
	}
}

func TestModeration(t *testing.T) {
	t.Parallel()
	guard := skytells.GuardSpec{Name: "mod", Kind: "moderation", Provider: "mock", Model: "inner-moderation"}
	s, up := guardedServer(t, false, guard)
	var asked atomic.Int64
	up.On("/v1/moderations", moderationScript(&asked))
	r := s.post(chatPath, chatBody)
	if want := `{"self_harm":{"filtered":false,"severity":"safe"},"violence":{"filtered":false,"severity":"low"}}`; r.status != http.StatusOK || strings.Count(r.body, want) != 2 || asked.Load() != 2 {
		t.Errorf("%d %s, asked %d times", r.status, r.body, asked.Load())
	}
	if r := s.post(chatPath, strings.Replace(chatBody, `"hi"`, `"violent"`, 1)); r.status != http.StatusUnavailableForLegalReasons || !strings.Contains(r.body, "moderation") {
		t.Errorf("%d %s", r.status, r.body)
	}
	// A window passes, the next one does not.
	calm := strings.Repeat("calm words ", 200)
	up.On(chatPath, providertest.Events(piece(calm), piece("then vio"), piece("lent "), piece("words"), lastPiece, usagePiece, donePiece))
	_, events := s.open(t.Context(), chatPath, streamBody)
	text, finish := streamedText(t, events.all())
	if len(text) != 2000 || finish != "content_filter" || strings.Contains(text, "vio") {
		t.Errorf("%d bytes passed, %q", len(text), finish)
	}
	// A failover does not ask again about the prompt.
	asked.Store(0)
	other := providertest.NewUpstream(t, providertest.HTTP1)
	other.On(chatPath, jsonScript(strings.Replace(chatAnswer, "Hello!", "", 1)))
	up.On(chatPath, providertest.JSON(http.StatusServiceUnavailable, `{"error":{"message":"away"}}`))
	guard.On = "prompt"
	_, err := s.admin().Apply(t.Context(), skytells.ApplyRequest{Source: "test", Resources: skytells.Resources{Guards: []skytells.GuardSpec{guard},
		Providers: []skytells.ProviderSpec{{Name: "mock", Kind: "openai", BaseURL: up.URL.JoinPath("v1").String(), Credential: upKey},
			{Name: "other", Kind: "openai", BaseURL: other.URL.JoinPath("v1").String()}},
		Models: []skytells.ModelSpec{{Slug: chatModel, Type: "text", API: "chat", Free: true, Guards: []string{"mod"}, Targets: []skytells.TargetSpec{
			{Provider: "mock", Model: upChat}, {Provider: "other", Model: upChat, Priority: 1}}}}}})
	if err != nil {
		t.Fatal(err)
	}
	if r := s.post(chatPath, chatBody); r.status != http.StatusOK || asked.Load() != 1 || !strings.Contains(r.body, "prompt_filter_results") || strings.Contains(r.body, `"finish_reason":"stop","content_filter_results"`) {
		t.Errorf("%d %s, asked %d times", r.status, r.body, asked.Load())
	}
	// While the moderation model is away, unsure says what becomes of it.
	up.On("/v1/moderations", providertest.JSON(http.StatusInternalServerError, `{}`))
	if r := s.post(chatPath, chatBody); r.status != http.StatusServiceUnavailable || !strings.Contains(r.body, "cannot be checked") {
		t.Errorf("%d %s", r.status, r.body)
	}
	guard.Unsure = "pass"
	if _, err := s.admin().Apply(t.Context(), skytells.ApplyRequest{Source: "test", Resources: skytells.Resources{Guards: []skytells.GuardSpec{guard}}}); err != nil {
		t.Fatal(err)
	}
	if r := s.post(chatPath, chatBody); r.status != http.StatusOK {
		t.Errorf("%d %s", r.status, r.body)
	}
}

func TestGuardsOfToolsReasoningAndChoices(t *testing.T) {
	t.Parallel()
	s, up := guardedServer(t, false, skytells.GuardSpec{Name: "pii", Kind: "personal_data", On: "completion"})
	delta := func(index int, delta, finish string) string {
		if finish == "" {
			finish = "null"
		}
		return fmt.Sprintf(`data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":%d,"delta":%s,"logprobs":{"content":[{"token":"4111"}]},"finish_reason":%s}],"x":"a@b.com"}`+"\n\n", index, delta, finish)
	}
	up.On(chatPath, providertest.Events(
		delta(0, `{"role":"assistant","reasoning_content":"mail a@"}`, ""), delta(1, `{"role":"assistant","content":"4111 1111"}`, ""),
		delta(0, `{"reasoning_content":"b.org"}`, ""), delta(0, `{"content":"Let me che"}`, ""), delta(1, `{"content":" 1111 1111"}`, ""),
		delta(0, `{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"pay","arguments":"{\"n\":4242424242"}}]}`, ""),
		delta(0, `{"tool_calls":[{"index":0,"function":{"arguments":"424242,\"to\":\"x@y"}}]}`, ""),
		delta(0, `{"tool_calls":[{"index":0,"function":{"arguments":".com\"}"}}]}`, ""),
		delta(1, `{}`, `"stop"`), delta(0, `{}`, `"tool_calls"`), donePiece))
	_, events := s.open(t.Context(), chatPath, strings.Replace(streamBody, `"stream":true`, `"stream":true,"n":2`, 1))
	docs := events.all()
	var reasoning, content, arguments, other string
	for _, doc := range docs {
		var chunk struct {
			X       string
			Choices []struct {
				Index int
				Delta struct {
					Content   string
					Reasoning string `json:"reasoning_content"`
					Calls     []struct {
						Function struct{ Arguments string }
					} `json:"tool_calls"`
				}
				Logprobs any
			}
		}
		decode(t, doc, &chunk)
		for _, c := range chunk.Choices {
			reasoning += c.Delta.Reasoning
			if c.Index == 1 {
				other += c.Delta.Content
			} else {
				content += c.Delta.Content
			}
			if len(c.Delta.Calls) > 0 && content != "Let me che" {
				t.Errorf("a call before the text: %s", doc)
			}
			for _, call := range c.Delta.Calls {
				arguments += call.Function.Arguments
			}
			if c.Logprobs != nil || chunk.X != "" {
				t.Errorf("what nobody looked at: %s", doc)
			}
		}
	}
	if reasoning != "mail [email]" || content != "Let me che" || other != "[card]" || arguments != `{"n":"[card]","to":"[email]"}` {
		t.Errorf("%q, %q, %q, %q in\n%s", reasoning, content, other, arguments, strings.Join(docs, "\n"))
	}
}

// A card that a model splits over its content, with a thought between, does not get through.
func TestACardSplitByAThought(t *testing.T) {
	t.Parallel()
	s, up := guardedServer(t, false, skytells.GuardSpec{Name: "pii", Kind: "personal_data", On: "completion"})
	thought := `data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"reasoning_content":"go on"},"finish_reason":null}]}` + "\n\n"
	up.On(chatPath, providertest.Events(piece("It is 4111 1111 "), thought, piece("1111 1111, ok"), lastPiece, donePiece))
	_, events := s.open(t.Context(), chatPath, streamBody)
	docs := events.all()
	if text, finish := streamedText(t, docs); text != "It is 4111 1111 [card], ok" || finish != "stop" || !strings.Contains(strings.Join(docs[:3], ""), "\"4111 1111 \"") || !strings.Contains(docs[2], "\"go \"") {
		t.Errorf("%q, %q of %v", text, finish, docs)
	}
}

func TestGuardsOfPredictions(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	painter := s.withPainter()
	client := s.admin()
	for _, g := range []skytells.GuardSpec{
		{Name: "pii", Kind: "personal_data", Everywhere: true}, {Name: "words", Kind: "rules", Words: []string{"nightmare"}, Everywhere: true},
	} {
		if _, err := client.PutGuard(t.Context(), g); err != nil {
			t.Fatal(err)
		}
	}
	r := s.post("/v1/predictions", `{"model":"`+paintModel+`","input":{"prompt":"a nightmare"}}`)
	if r.status != http.StatusUnavailableForLegalReasons || !strings.Contains(r.body, `"error_id":"CONTENT_POLICY_VIOLATION"`) {
		t.Errorf("%d %s", r.status, r.body)
	}
	r = s.post("/v1/predictions", `{"model":"`+paintModel+`","await":true,"input":{"prompt":"a letter to joe@example.com","steps":7}}`)
	if input := <-painter.inputs; input["prompt"] != "a letter to [email]" || input["steps"] != 7.0 {
		t.Errorf("%d %s: ran %v", r.status, r.body, input)
	}
	if guards, err := client.Guards(t.Context()); err != nil || len(guards) != 2 || guards[0].Action != "redact" || guards[1].Action != "block" {
		t.Errorf("%+v, %v", guards, err)
	}
	trial, err := client.TestGuard(t.Context(), "pii", "call +49 30 901820")
	if err != nil || trial.Text != "call [phone]" || trial.Verdict != "redacted" || string(trial.Results) != `{"personal_data":{"filtered":false,"detected":true}}` {
		t.Errorf("%+v, %v", trial, err)
	}
	if trial, err = client.TestGuard(t.Context(), "words", "A NIGHTMARE"); err != nil || !trial.Blocked || trial.Text != "" {
		t.Errorf("%+v, %v", trial, err)
	}
	if err := client.DeleteGuard(t.Context(), "words"); err != nil {
		t.Error(err)
	}
	if _, err := client.TestGuard(t.Context(), "words", "x"); err == nil {
		t.Error("a deleted guard answers")
	}
}

// talkative are programs that say what guards look for.
const talkative = `commands:
  - name: clerk
    type: text
    output: text
    input_schema: {type: object, required: [prompt], properties: {prompt: {type: string}}}
    argv: [echo, "call +49 30 901820, {{input.prompt}}"]
`

// transcriptOf posts a form with a sound, as OpenAI's clients do.
func (s *server) transcriptOf(fields ...string) reply {
	s.t.Helper()
	const mark = "xXx"
	body := ""
	for i := 0; i < len(fields); i += 2 {
		body += "--" + mark + "\r\nContent-Disposition: form-data; name=\"" + fields[i] + "\"\r\n\r\n" + fields[i+1] + "\r\n"
	}
	body += "--" + mark + "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\nContent-Type: audio/wav\r\n\r\nRIFF\x24\x00\x00\x00WAVEfmt \r\n--" + mark + "--\r\n"
	return s.do(s.request(http.MethodPost, "/v1/audio/transcriptions", body, "X-Api-Key", s.key, "Content-Type", "multipart/form-data; boundary="+mark))
}

// What predictions put out is looked at before anybody gets it: of programs of this machine
// and of upstreams, plain and streamed, by our own routes and by OpenAI's.
func TestGuardsOfWhatPredictionsPutOut(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "skytower.yml")
	if err := os.WriteFile(file, []byte(talkative), 0o600); err != nil {
		t.Fatal(err)
	}
	own, err := config.Load(config.Sources{File: file})
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, options{change: func(c *config.Config) { c.Commands = own.Commands }})
	up := providertest.NewUpstream(t, providertest.HTTP1)
	up.On("/v1/models", jsonScript(mediaList))
	up.On("POST /v1/audio/transcriptions", func(x *providertest.Exchange) {
		switch body := x.Request.Body; {
		case strings.Contains(body, "a bad dream"):
			jsonScript(`{"text":"It was a nightmare."}`)(x)
		case strings.Contains(body, "name=\"stream\"\r\n\r\ntrue"):
			providertest.Events("data: {\"type\":\"transcript.text.delta\",\"delta\":\"It is 4111 1111 \"}\n\n", "data: {\"type\":\"transcript.text.delta\",\"delta\":\"1111 1111 ok\"}\n\n",
				"data: {\"type\":\"transcript.text.done\",\"text\":\"It is 4111 1111 1111 1111 ok\"}\n\n")(x)
		default:
			jsonScript(`{"task":"transcribe","language":"english","duration":2.0,"text":"It is 4111 1111 1111 1111.","segments":[{"id":0,"start":0,"end":1,"text":" It is 4111 1111"},{"id":1,"start":1,"end":2,"text":" 1111 1111."}]}`)(x)
		}
	})
	s.withMedia(up)
	s.grant("1")
	for _, g := range []skytells.GuardSpec{
		{Name: "pii", Kind: "personal_data", On: "completion", Everywhere: true}, {Name: "words", Kind: "rules", On: "completion", Words: []string{"nightmare"}, Everywhere: true},
	} {
		if _, err := s.admin().PutGuard(t.Context(), g); err != nil {
			t.Fatal(err)
		}
	}
	for want, r := range map[string]reply{
		`"text":"It is [card]."`:                                 s.transcriptOf("model", "whisper-1"),
		`"end":1,"text":" It is [card]"}`:                        s.transcriptOf("model", "whisper-1", "response_format", "verbose_json"),
		"00:00:01,000 --> 00:00:02,000\n.\n":                     s.transcriptOf("model", "whisper-1", "response_format", "srt"),
		`"type":"transcript.text.done","text":"It is [card] ok"`: s.transcriptOf("model", "gpt-4o-transcribe", "stream", "true"),
		`"output":"call [phone], joe@ no`:                        s.post("/v1/predictions", `{"model":"clerk","await":true,"input":{"prompt":"joe@ no"}}`),
		`"error_id":"CONTENT_POLICY_VIOLATION"`:                  s.post("/v1/predictions", `{"model":"clerk","await":true,"input":{"prompt":"a nightmare"}}`),
	} {
		if r.status/100 != 2 || !strings.Contains(r.body, want) || strings.Contains(r.body, "1111") || strings.Contains(r.body, "901820") {
			t.Errorf("no %s: %d %s", want, r.status, r.body)
		}
	}
	before := s.balance().Balance
	if r := s.transcriptOf("model", "whisper-1", "prompt", "a bad dream"); r.status != http.StatusUnavailableForLegalReasons || !strings.Contains(r.body, "content_policy_violation") || strings.Contains(r.body, "nightmare") {
		t.Errorf("%d %s", r.status, r.body)
	}
	if b := s.balance(); b.Balance != before || b.Available != before {
		t.Errorf("charged or held: %+v after %s", b, before)
	}
}
