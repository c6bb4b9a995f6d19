package local

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"skytower/internal/fault"
	"skytower/internal/provider"
	"skytower/internal/rawjson"
)

// maxStops is how many stop texts a call may have, as in the OpenAI API.
const maxStops = 4

// Chat answers a chat completion (contract 7.1) for skytower-docs from the last
// user message; other messages, tools and sampling settings are ignored. The
// safety fields are left out, since nothing is checked here. A token is a run of
// letters and digits or one other visible character; all messages count as
// input. Errors of the caller are *fault.Error.
func (p *Provider) Chat(ctx context.Context, call *provider.Call) (*provider.Answer, error) {
	r, err := p.reply(ctx, call)
	if err != nil {
		return nil, err
	}
	body := r.head("chat.completion")
	body = append(body, `,"choices":[{"index":0,"finish_reason":"`+r.reason+`","logprobs":null,`...)
	body = append(body, `"message":{"role":"assistant","content":`...)
	body = rawjson.AppendQuote(body, r.text)
	body = append(body, `,"refusal":null,"annotations":[]}}]`...)
	body = append(r.appendUsage(body), '}')
	return &provider.Answer{Body: body, Usage: r.usage, Bytes: len(r.text)}, nil
}

// ChatStream is Chat as a stream of chunks (contract 8.1): the role, the text a
// few words at a time, the finish reason, and the usage.
func (p *Provider) ChatStream(ctx context.Context, call *provider.Call) (provider.Stream, error) {
	r, err := p.reply(ctx, call)
	if err != nil {
		return nil, err
	}
	return &stream{ctx: ctx, reply: r, rest: r.text}, nil
}

// reply is a finished answer before it is written in either form.
type reply struct {
	id, model, print string
	created          int64
	text, reason     string
	usage            provider.Usage
}

func (p *Provider) reply(ctx context.Context, call *provider.Call) (*reply, error) {
	if err := check(ctx, call.Model, Docs); err != nil {
		return nil, err
	}
	req, err := readChat(call)
	if err != nil {
		return nil, err
	}
	manual, err := p.manual()
	if err != nil {
		return nil, fmt.Errorf("read the manual: %w", err)
	}
	var id [12]byte
	rand.Read(id[:]) // never fails, by its documentation
	r := &reply{
		id: "chatcmpl-" + hex.EncodeToString(id[:]), model: call.Show, print: "fp_" + manual.print, created: p.now().Unix(),
	}
	r.text, r.reason = finish(manual.answer(req.question), req.stops, req.limit)
	r.usage = provider.Usage{Reported: true, Input: req.tokens, Output: countTokens(r.text)}
	return r, nil
}

// head begins the JSON object of an answer or a chunk.
func (r *reply) head(object string) []byte {
	b := fmt.Appendf(make([]byte, 0, 512+len(r.text)), `{"id":"%s","object":"%s","created":%d,"model":`, r.id, object, r.created)
	b = rawjson.AppendQuote(b, r.model)
	return append(b, `,"system_fingerprint":"`+r.print+`"`...)
}

func (r *reply) appendUsage(b []byte) []byte {
	return fmt.Appendf(b, `,"usage":{"prompt_tokens":%d,"completion_tokens":%d,"total_tokens":%d,`+
		`"prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}}`,
		r.usage.Input, r.usage.Output, r.usage.Input+r.usage.Output)
}

// stage is what a stream sends next.
type stage int

const (
	stageRole stage = iota
	stageText
	stageReason
	stageUsage
	stageEnd
)

// stream writes a reply's chunks as they are asked for.
type stream struct {
	ctx   context.Context
	reply *reply
	stage stage
	rest  string // text not sent yet
}

// Next returns the next chunk, io.EOF behind the last, and an error of class
// Cancelled once the caller is gone.
func (s *stream) Next() (provider.Event, error) {
	if err := s.ctx.Err(); err != nil && s.stage != stageEnd {
		return provider.Event{}, &provider.Error{Class: provider.Cancelled, Err: err}
	}
	if s.stage == stageText && s.rest == "" {
		s.stage = stageReason
	}
	b := s.reply.head("chat.completion.chunk")
	switch s.stage {
	case stageRole:
		s.stage = stageText
		return provider.Event{Data: appendDelta(b, `"role":"assistant","content":""`, "null")}, nil
	case stageText:
		text := s.rest[:piece(s.rest)]
		s.rest = s.rest[len(text):]
		delta := `"content":` + string(rawjson.AppendQuote(nil, text))
		return provider.Event{Data: appendDelta(b, delta, "null"), Output: true, Bytes: len(text)}, nil
	case stageReason:
		s.stage = stageUsage
		return provider.Event{Data: appendDelta(b, "", `"`+s.reply.reason+`"`)}, nil
	case stageUsage:
		s.stage = stageEnd
		b = append(s.reply.appendUsage(append(b, `,"choices":[]`...)), '}')
		return provider.Event{Data: b, Usage: s.reply.usage, UsageOnly: true}, nil
	}
	return provider.Event{}, io.EOF
}

func appendDelta(b []byte, delta, reason string) []byte {
	return append(b, `,"choices":[{"index":0,"delta":{`+delta+`},"finish_reason":`+reason+`}]}`...)
}

// Ready is true while chunks remain: they never have to be waited for.
func (s *stream) Ready() bool { return s.stage != stageEnd }

// Close ends the stream; Next returns io.EOF from then on.
func (s *stream) Close() error {
	s.stage = stageEnd
	return nil
}

// chatRequest is what Chat reads of the body.
type chatRequest struct {
	question string
	tokens   int64 // of all messages
	stops    []string
	limit    int64 // of output tokens; 0: none
}

func readChat(call *provider.Call) (*chatRequest, error) {
	req := &chatRequest{limit: call.MaxTokens}
	for _, read := range []func(*rawjson.Object) error{req.readMessages, req.readLimit, req.readStops, refuseUnsupported} {
		if err := read(call.Body); err != nil {
			return nil, err
		}
	}
	return req, nil
}

// readMessages finds the last user message and counts all of them.
func (r *chatRequest) readMessages(body *rawjson.Object) error {
	list, _, err := body.Array("messages")
	if err != nil {
		return err
	}
	var question []byte
	at, i := 0, 0
	rawjson.Elements(list, func(message []byte) bool {
		if rawjson.KindOf(message) != rawjson.KindObject {
			err = fault.Invalid(fmt.Sprintf("messages[%d]", i), "'messages[%d]' must be an object with a role and a content.", i)
			return false
		}
		role := stringAt(message, "role")
		content, _ := rawjson.Get(message, "content")
		text, _ := textOf(content)
		r.tokens += countTokens(text)
		if role == "user" {
			question, at = content, i
		}
		i++
		return true
	})
	if err != nil {
		return err
	}
	if question == nil {
		return fault.Invalid("messages", "'messages' must hold a message with the role \"user\" and a content.")
	}
	var other string
	if r.question, other = textOf(question); other != "" {
		return &fault.Error{ID: fault.ModelNotSupported, Param: fmt.Sprintf("messages[%d].content", at),
			Message: fmt.Sprintf("%s reads text only, and this message has a part of the type '%s'.", Docs, other)}
	}
	return nil
}

// textOf returns the text of a message's content, and the type of the first part
// that is no text, if there is one.
func textOf(content []byte) (text, other string) {
	switch rawjson.KindOf(content) {
	case rawjson.KindString:
		text, _ = rawjson.Unquote(content)
		return text, ""
	case rawjson.KindArray:
	default:
		return "", ""
	}
	var texts []string
	rawjson.Elements(content, func(part []byte) bool {
		kind := stringAt(part, "type")
		switch {
		case kind == "text":
			texts = append(texts, stringAt(part, "text"))
		case other == "":
			other = kind
			if other == "" {
				other = "unknown"
			}
		}
		return true
	})
	return strings.Join(texts, "\n"), other
}

// stringAt returns a string member of an object, "" where there is none.
func stringAt(object []byte, name string) string {
	raw, _ := rawjson.Get(object, name)
	text, _ := rawjson.Unquote(raw)
	return text
}

// readLimit takes the caller's limit where none was reserved for it.
func (r *chatRequest) readLimit(body *rawjson.Object) error {
	for _, name := range []string{"max_tokens", "max_completion_tokens"} {
		n, set, err := body.Int(name)
		if err != nil {
			return err
		}
		if set && n < 1 {
			return fault.Invalid(name, "'%s' must be at least 1.", name)
		}
		if set && r.limit == 0 {
			r.limit = n
		}
	}
	return nil
}

// readStops takes a text or an array of texts; empty ones are ignored.
func (r *chatRequest) readStops(body *rawjson.Object) error {
	bad := fault.Invalid("stop", "'stop' must be a string or an array of at most %d strings.", maxStops)
	raw, _ := body.Raw("stop")
	switch rawjson.KindOf(raw) {
	case rawjson.Missing, rawjson.KindNull:
		return nil
	case rawjson.KindString:
		raw = append(append([]byte{'['}, raw...), ']')
	case rawjson.KindArray:
	default:
		return bad
	}
	ok := true
	rawjson.Elements(raw, func(value []byte) bool {
		ok = rawjson.KindOf(value) == rawjson.KindString && len(r.stops) < maxStops
		if text, _ := rawjson.Unquote(value); ok && text != "" {
			r.stops = append(r.stops, text)
		}
		return ok
	})
	if !ok {
		return bad
	}
	return nil
}

// refuseUnsupported refuses what would change the answer's form.
func refuseUnsupported(body *rawjson.Object) error {
	n, set, err := body.Int("n")
	if err != nil {
		return err
	}
	if set && n != 1 {
		return fault.Invalid("n", "'n' must be 1: %s has one answer to a question.", Docs)
	}
	raw, ok := body.Raw("response_format")
	if !ok || rawjson.KindOf(raw) == rawjson.KindNull {
		return nil
	}
	if form := stringAt(raw, "type"); form != "text" {
		return &fault.Error{ID: fault.ModelNotSupported, Param: "response_format",
			Message: Docs + " quotes Markdown and cannot write JSON. Leave out 'response_format', or use another model."}
	}
	return nil
}
