package inference

import (
	"context"
	"fmt"
	"math/rand/v2"

	"skytower/internal/inference/translate"
	"skytower/internal/provider"
	"skytower/internal/rawjson"
)

// nativeResponses asks an upstream that has the Responses API.
type nativeResponses struct {
	run *run
	api provider.Responder
}

func (n nativeResponses) whole(ctx context.Context, call *provider.Call) (*provider.Answer, error) {
	own, err := n.run.nativeCall(call)
	if err != nil {
		return nil, err
	}
	answer, err := n.api.Respond(ctx, own)
	if err != nil {
		return nil, err
	}
	if m := n.run.masked(); m != nil {
		answer.Body = m.response(answer.Body)
	}
	answer.Body = withOutputText(answer.Body)
	return answer, nil
}

func (n nativeResponses) stream(ctx context.Context, call *provider.Call) (provider.Stream, error) {
	own, err := n.run.nativeCall(call)
	if err != nil {
		return nil, err
	}
	stream, err := n.api.RespondStream(ctx, own)
	if err != nil {
		return nil, err
	}
	return &nativeStream{Stream: stream, mask: n.run.masked()}, nil
}

func (r *run) nativeCall(call *provider.Call) (*provider.Call, error) {
	body, err := r.nativeBody(call.Body)
	if err != nil || body == call.Body {
		return call, err
	}
	own := *call
	own.Body = body
	return &own, nil
}

// responseOverChat translates a request of the Responses API.
func (r *run) responseOverChat(call *provider.Call) (translation, error) {
	t, err := translate.New(translate.Request{
		Body: call.Body.Bytes(), ID: r.responseID(), Model: call.Model, Show: call.Show, Now: r.svc.Now,
		Created: r.began, Count: r.counted,
	})
	if err != nil {
		return translation{}, err
	}
	return translation{
		chat: t.Chat(), answer: t.Answer,
		stream: func(chat provider.Stream) provider.Stream { return t.Stream(chat) },
	}, nil
}

// responseID names the response: a background one was named when it was queued.
func (r *run) responseID() string {
	if r.background != "" {
		return r.background
	}
	return newID("resp_")
}

// withOutputText adds the whole text (contract 7.2), which upstreams leave to the client
// libraries.
func withOutputText(doc []byte) []byte {
	output, ok := rawjson.Get(doc, "output")
	if _, has := rawjson.Get(doc, "output_text"); has || !ok {
		return doc
	}
	inner := []byte{'"'}
	rawjson.Elements(output, func(item []byte) bool {
		content, _ := rawjson.Get(item, "content")
		rawjson.Elements(content, func(part []byte) bool {
			kind, _ := rawjson.Get(part, "type")
			if text, _ := rawjson.Get(part, "text"); string(kind) == `"output_text"` && rawjson.KindOf(text) == rawjson.KindString {
				inner = append(inner, text[1:len(text)-1]...)
			}
			return true
		})
		return true
	})
	return with(doc, "output_text", append(inner, '"'))
}

// newID is a name for an object of ours: prefix and 128 random bits.
func newID(prefix string) string {
	return fmt.Sprintf("%s%016x%016x", prefix, rand.Uint64(), rand.Uint64())
}
