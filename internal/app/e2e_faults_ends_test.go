package app_test

import (
	"encoding/json"
	"fmt"
	"strings"

	"skytower/internal/provider/faultsite"
)

// faultEnd is what becomes of a call.
type faultEnd interface {
	// problems says where the client's answer is another one.
	problems(c *faultCase) []string
	// charge is what it costs; an amount of 0 is no charge.
	charge(c *faultCase) faultCharge
	// errorID stands in the record; "" for none.
	id(c *faultCase) string
}

// What the sound upstream says: nine bytes in two pieces.
const (
	faultFirst       = "12345678"
	faultRest        = "9"
	faultUsage       = `{"prompt_tokens":11,"completion_tokens":4,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":3}}`
	faultNativeUsage = `{"input_tokens":11,"input_tokens_details":{"cached_tokens":3},"output_tokens":4,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":15}`
	// Without what was read of a cache, as that API counts.
	faultMessageUsage = `{"input_tokens":8,"cache_creation_input_tokens":0,"cache_read_input_tokens":3,"output_tokens":4}`
)

// soundAnswer is a sound upstream's.
func soundAnswer(r faultsite.Request) faultsite.Answer {
	var a faultsite.Answer
	switch r.Path {
	case "/v1/embeddings":
		return faultsite.Answer{Whole: embedAnswer}
	case "/v1/responses":
		a = soundResponse()
	case messagesPath:
		a = soundMessage()
	default:
		a = soundChat()
	}
	if !r.Stream {
		a.Events = nil
	}
	return a
}

func soundChat() faultsite.Answer {
	chunk := func(rest string) string {
		return `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"inner/x",` + rest + "}\n\n"
	}
	delta := func(delta, reason string) string {
		return chunk(`"choices":[{"index":0,"delta":{` + delta + `},"finish_reason":` + reason + `}]`)
	}
	return faultsite.Answer{
		Whole: `{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"inner/x","choices":[{"index":0,"message":{"role":"assistant","content":"` +
			faultFirst + faultRest + `"},"finish_reason":"stop"}],"usage":` + faultUsage + `}`,
		Events: []string{
			delta(`"role":"assistant","content":""`, "null"), delta(`"content":"`+faultFirst+`"`, "null"), delta(`"content":"`+faultRest+`"`, "null"),
			delta("", `"stop"`), chunk(`"choices":[],"usage":` + faultUsage), donePiece,
		},
		First: 2,
	}
}

func soundResponse() faultsite.Answer {
	part := func(text string) string { return `{"type":"output_text","text":"` + text + `","annotations":[]}` }
	item := func(status, parts string) string {
		return `{"id":"msg_1","type":"message","status":"` + status + `","role":"assistant","content":[` + parts + `]}`
	}
	response := func(status, items, usage string) string {
		return `{"id":"resp_1","object":"response","created_at":1,"status":"` + status + `","model":"inner/x","output":[` + items + `],"usage":` + usage + `}`
	}
	var events []string
	event := func(kind, rest string) {
		events = append(events, fmt.Sprintf("event: %s\ndata: {\"type\":%q,\"sequence_number\":%d,%s}\n\n", kind, kind, len(events), rest))
	}
	at := `"item_id":"msg_1","output_index":0,"content_index":0,`
	text := faultFirst + faultRest
	event("response.created", `"response":`+response("in_progress", "", "null"))
	event("response.in_progress", `"response":`+response("in_progress", "", "null"))
	event("response.output_item.added", `"output_index":0,"item":`+item("in_progress", ""))
	event("response.content_part.added", at+`"part":`+part(""))
	event("response.output_text.delta", at+`"delta":"`+faultFirst+`"`)
	event("response.output_text.delta", at+`"delta":"`+faultRest+`"`)
	event("response.output_text.done", at+`"text":"`+text+`"`)
	event("response.content_part.done", at+`"part":`+part(text))
	event("response.output_item.done", `"output_index":0,"item":`+item("completed", part(text)))
	event("response.completed", `"response":`+response("completed", item("completed", part(text)), faultNativeUsage))
	return faultsite.Answer{Whole: response("completed", item("completed", part(text)), faultNativeUsage), Events: events, First: 5}
}

func soundMessage() faultsite.Answer {
	message := func(content, reason string) string {
		return `{"id":"msg_1","type":"message","role":"assistant","model":"inner/x","content":[` + content + `],"stop_reason":` + reason +
			`,"stop_sequence":null,"usage":` + faultMessageUsage + `}`
	}
	event := func(kind, rest string) string {
		return "event: " + kind + "\ndata: {\"type\":\"" + kind + "\"" + rest + "}\n\n"
	}
	delta := func(text string) string {
		return event("content_block_delta", `,"index":0,"delta":{"type":"text_delta","text":"`+text+`"}`)
	}
	return faultsite.Answer{
		Whole: message(`{"type":"text","text":"`+faultFirst+faultRest+`"}`, `"end_turn"`),
		Events: []string{
			event("message_start", `,"message":`+message("", "null")), event("content_block_start", `,"index":0,"content_block":{"type":"text","text":""}`),
			delta(faultFirst), delta(faultRest), event("content_block_stop", `,"index":0`),
			event("message_delta", `,"delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":`+faultMessageUsage), event("message_stop", ""),
		},
		First: 3,
	}
}

// The prices of the table, in nano-dollars a token.
const (
	nanosIn, nanosOut, nanosCached = 1000, 4000, 250
)

// faultCount is the charge where nothing was reported: of the request's body, and of
// what was delivered.
func faultCount(c *faultCase, delivered int, outcome string) faultCharge {
	in, out := int64(len(c.body)/4), int64((delivered+3)/4)
	return faultCharge{In: in, Out: out, Counted: true, Outcome: outcome, Amount: in*nanosIn + out*nanosOut}
}

// servedEnd is a whole answer, charged as reported.
type servedEnd struct {
	counted    bool // the upstream reports nothing
	unfinished bool // without a reason to end
}

func (w servedEnd) id(*faultCase) string { return "" }

func (w servedEnd) charge(c *faultCase) faultCharge {
	switch {
	case w.counted && c.api.path == embedPath:
		return faultCount(c, 0, "ok")
	case w.counted:
		return faultCount(c, len(faultFirst+faultRest), "ok")
	case c.api.path == embedPath:
		return faultCharge{In: 2, Amount: 2 * nanosIn, Outcome: "ok"}
	}
	return faultCharge{In: 11, Out: 4, Cached: 3, Amount: 8*nanosIn + 3*nanosCached + 4*nanosOut, Outcome: "ok"}
}

func (w servedEnd) problems(c *faultCase) []string {
	if c.got.status != 200 || c.got.header.Get("Retry-After") != "" {
		return []string{"want an answer"}
	}
	if !c.api.stream {
		return documentOfFault(c)
	}
	events, problems := eventsOfFault(c)
	if len(problems) > 0 {
		return problems
	}
	if text := textOfFault(events); text != faultFirst+faultRest {
		problems = append(problems, fmt.Sprintf("the text is %q", text))
	}
	last := events[len(events)-1]
	switch {
	case c.api.path == respPath && last.Type != "response.completed":
		problems = append(problems, "the response does not end with response.completed")
	case c.api.path == messagesPath && (last.Type != "message_stop" || !strings.Contains(c.got.body, `"stop_reason":"end_turn"`)):
		problems = append(problems, "the message does not end with message_stop, or gives no reason")
	case c.api.path == chatPath && !w.unfinished && !strings.Contains(c.got.body, `"finish_reason":"stop"`):
		problems = append(problems, "there is no reason to end")
	}
	for _, e := range events {
		if e.Error != nil || e.Type == "error" {
			problems = append(problems, "there is an error")
		}
	}
	return problems
}

func documentOfFault(c *faultCase) []string {
	var doc struct {
		Model, Status string
		Choices       []struct{ Message struct{ Content string } }
		Output        []struct{ Content []struct{ Text string } }
		Content       []struct{ Text string }
		Data          []struct{ Embedding []float64 }
	}
	if err := json.Unmarshal([]byte(c.got.body), &doc); err != nil {
		return []string{err.Error()}
	}
	ok := false
	switch c.api.path {
	case embedPath:
		ok = len(doc.Data) == 1 && len(doc.Data[0].Embedding) == 3
	case chatPath:
		ok = len(doc.Choices) == 1 && doc.Choices[0].Message.Content == faultFirst+faultRest
	case messagesPath:
		ok = len(doc.Content) == 1 && doc.Content[0].Text == faultFirst+faultRest
	default:
		ok = doc.Status == "completed" && len(doc.Output) == 1 && len(doc.Output[0].Content) == 1 && doc.Output[0].Content[0].Text == faultFirst+faultRest
	}
	if !ok || doc.Model != c.slug() {
		return []string{"not the whole answer"}
	}
	return nil
}

// refusedEnd is an error before any output: a status, and no charge.
type refusedEnd struct {
	status              int
	errorID, kind, code string
	param               string
	after               string // Retry-After; "*": any
	final               bool   // x-should-retry: false
	told                bool   // the upstream's sentence is shown
}

func (r refusedEnd) id(*faultCase) string          { return r.errorID }
func (r refusedEnd) charge(*faultCase) faultCharge { return faultCharge{Outcome: "error"} }
func (r refusedEnd) problems(c *faultCase) []string {
	var e struct {
		Type      string
		RequestID string `json:"request_id"`
		Error     struct {
			Message, Type, Code string
			ErrorID             string `json:"error_id"`
			Status              int
			Param               *string
			RequestID           string `json:"request_id"`
		}
	}
	if err := json.Unmarshal([]byte(c.got.body), &e); err != nil || c.got.header.Get("Content-Type") != "application/json" {
		return []string{fmt.Sprintf("want status %d with an error's document", r.status)}
	}
	var out []string
	want := func(what string, got, want any) {
		if got != want {
			out = append(out, fmt.Sprintf("%s is %v, want %v", what, got, want))
		}
	}
	want("the status", c.got.status, r.status)
	want("error_id", e.Error.ErrorID, r.errorID)
	want("code", e.Error.Code, r.code)
	if c.api.path == messagesPath { // Anthropic's envelope
		want("the document's type", e.Type, "error")
		want("type", e.Error.Type, messagesKind(r.status))
		want("request_id", e.RequestID, c.got.id())
		want("the header request-id", c.got.header.Get("Request-Id"), c.got.id())
	} else {
		want("error.status", e.Error.Status, r.status)
		want("type", e.Error.Type, r.kind)
		want("request_id", e.Error.RequestID, c.got.id())
	}
	param := ""
	if e.Error.Param != nil {
		param = *e.Error.Param
	}
	want("param", param, r.param)
	after := c.got.header.Get("Retry-After")
	if r.after == "*" && after != "" {
		after = "*"
	}
	want("Retry-After", after, r.after)
	want("x-should-retry: false", c.got.header.Get("X-Should-Retry") == "false", r.final)
	want("the upstream's sentence", strings.Contains(e.Error.Message, faultsite.Told), r.told)
	if c.got.header.Get("X-Skytells-Ratelimit-Window") != "" {
		out = append(out, "an error carries the headers of limits")
	}
	return out
}

// messagesKind is Anthropic's word for the statuses of the table.
func messagesKind(status int) string {
	kinds := map[int]string{413: "request_too_large", 429: "rate_limit_error", 500: "api_error", 503: "overloaded_error", 504: "timeout_error"}
	if kind, ok := kinds[status]; ok {
		return kind
	}
	return "invalid_request_error"
}

// bandEnd is an error within a stream that has begun (contract 8.1 and 8.2).
type bandEnd struct {
	errorID, code string
	outcome       string // "": either of error and cut
	output        bool   // the first piece of output was delivered
}

func (i bandEnd) id(*faultCase) string { return i.errorID }

func (i bandEnd) charge(c *faultCase) faultCharge {
	if !i.output {
		return faultCharge{Outcome: i.outcome}
	}
	return faultCount(c, len(faultFirst), i.outcome)
}

func (i bandEnd) problems(c *faultCase) []string {
	if c.got.status != 200 {
		return []string{"want a stream with an error in it"}
	}
	events, problems := eventsOfFault(c)
	if len(problems) > 0 {
		return problems
	}
	want := ""
	if i.output {
		want = faultFirst
	}
	if text := textOfFault(events); text != want {
		problems = append(problems, fmt.Sprintf("the text is %q, want %q", text, want))
	}
	last := events[len(events)-1]
	for _, e := range events[:len(events)-1] {
		if e.Error != nil || e.Type == "error" || e.Type == "response.failed" {
			problems = append(problems, "an error before the end")
		}
	}
	if c.api.path == respPath {
		if last.Type != "error" && last.Type != "response.failed" || strings.Contains(c.got.body, "response.completed") {
			problems = append(problems, "a response that failed does not say so at its end")
		}
		return problems
	}
	if last.Error == nil || last.Error.ErrorID != i.errorID || last.Error.Code != i.code {
		return append(problems, "no error in band")
	}
	if c.api.path == messagesPath {
		if last.Type != "error" || last.RequestID != c.got.id() || strings.Contains(c.got.body, "message_stop") {
			problems = append(problems, "a message that failed does not end with an error event")
		}
		return problems
	}
	if last.Error.RequestID != c.got.id() || last.Choices == nil {
		problems = append(problems, "no error in band")
	}
	return problems
}

// faultEvent is one event of a stream, as far as the table looks.
type faultEvent struct {
	name     string
	Type     string
	Model    string
	Sequence *int64 `json:"sequence_number"`
	Choices  []struct{ Delta struct{ Content string } }
	Delta    json.RawMessage // a text, or an object with one
	Message  json.RawMessage // of an error, or the one that begins
	Error    *struct {
		ErrorID   string `json:"error_id"`
		Code      string
		RequestID string `json:"request_id"`
	}
	RequestID string `json:"request_id"`
}

// text is what the event brings of it.
func (e *faultEvent) text() (text string) {
	switch e.Type {
	case "response.output_text.delta":
		_ = json.Unmarshal(e.Delta, &text) // what is none is missing
	case "content_block_delta":
		var delta struct{ Text string }
		_ = json.Unmarshal(e.Delta, &delta)
		text = delta.Text
	}
	for _, choice := range e.Choices {
		text += choice.Delta.Content
	}
	return text
}

func textOfFault(events []faultEvent) string {
	var b strings.Builder
	for i := range events {
		b.WriteString(events[i].text())
	}
	return b.String()
}

// eventsOfFault reads a stream as the clients do that read most strictly (contract 8).
func eventsOfFault(c *faultCase) (events []faultEvent, problems []string) {
	if kind := c.got.header.Get("Content-Type"); kind != "text/event-stream" {
		return nil, []string{"the stream's type is " + kind}
	}
	body, ended := strings.CutSuffix(c.got.body, "data: [DONE]\n\n")
	if ended != (c.api.path == chatPath) {
		problems = append(problems, "chat streams end with [DONE], and no others do")
	}
	for _, text := range strings.SplitAfter(body, "\n\n") {
		if text == "" {
			continue
		}
		e := faultEvent{}
		if c.api.path != chatPath {
			e.name, text, _ = strings.Cut(strings.TrimPrefix(text, "event: "), "\n")
		}
		data, ok := strings.CutPrefix(text, "data: ")
		if !ok || strings.Count(data, "\n") != 2 {
			return nil, append(problems, fmt.Sprintf("not an event: %q", text))
		}
		if err := json.Unmarshal([]byte(data), &e); err != nil {
			return nil, append(problems, err.Error())
		}
		switch {
		case c.api.path == chatPath && e.Choices == nil:
			problems = append(problems, "a chunk without choices")
		case c.api.path == chatPath && e.Error == nil && e.Model != c.slug():
			problems = append(problems, "a chunk of the model "+e.Model)
		case c.api.path == respPath && (e.name != e.Type || e.Sequence == nil || *e.Sequence != int64(len(events))):
			problems = append(problems, fmt.Sprintf("the event %s has another type, or a number out of order: %s", e.name, data))
		case c.api.path == messagesPath && (e.name != e.Type || e.Type == "message_start" && !strings.Contains(string(e.Message), `"model":"`+c.slug()+`"`) || (e.Type == "message_start") != (len(events) == 0)):
			problems = append(problems, fmt.Sprintf("the event %s has another type or model, or stands elsewhere: %s", e.name, data))
		}
		events = append(events, e)
	}
	if len(events) == 0 {
		problems = append(problems, "the stream is empty")
	}
	return events, problems
}
