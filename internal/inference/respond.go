package inference

import (
	"context"
	"fmt"
	"math/rand/v2"

	"skytower/internal/inference/translate"
	"skytower/internal/provider"
	"skytower/internal/rawjson"
)

// respond serves the Responses API: by the upstream's own where it has one, else over
// its chat.
func (r *run) respond(ctx context.Context, adapter any, call *provider.Call) (*provider.Answer, error) {
	if native, ok := adapter.(provider.Responder); ok {
		answer, err := r.respondNatively(ctx, native, call)
		if err == nil || provider.ClassOf(err) != provider.Unsupported {
			return answer, err
		}
	}
	chat, t, err := r.overChat(adapter, call)
	if err != nil {
		return nil, err
	}
	answer, err := chat.Chat(ctx, call)
	if err != nil {
		return nil, err
	}
	r.delivered = answer.Bytes
	return t.Answer(answer)
}

func (r *run) respondNatively(ctx context.Context, native provider.Responder, call *provider.Call) (*provider.Answer, error) {
	own, err := r.nativeCall(call)
	if err != nil {
		return nil, err
	}
	answer, err := native.Respond(ctx, own)
	if err != nil {
		return nil, err
	}
	if m := r.masked(); m != nil {
		answer.Body = m.response(answer.Body)
	}
	answer.Body = withOutputText(answer.Body)
	return answer, nil
}

// respondStream is respond for a streamed answer.
func (r *run) respondStream(ctx context.Context, adapter any, call *provider.Call) (provider.Stream, error) {
	if native, ok := adapter.(provider.Responder); ok {
		stream, err := r.streamNatively(ctx, native, call)
		if err == nil || provider.ClassOf(err) != provider.Unsupported {
			return stream, err
		}
	}
	chat, t, err := r.overChat(adapter, call)
	if err != nil {
		return nil, err
	}
	stream, err := chat.ChatStream(ctx, call)
	if err != nil {
		return nil, err
	}
	return t.Stream(stream), nil
}

func (r *run) streamNatively(ctx context.Context, native provider.Responder, call *provider.Call) (provider.Stream, error) {
	own, err := r.nativeCall(call)
	if err != nil {
		return nil, err
	}
	stream, err := native.RespondStream(ctx, own)
	if err != nil {
		return nil, err
	}
	return &nativeStream{Stream: stream, mask: r.masked()}, nil
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

// overChat makes the call one of a chat completion.
func (r *run) overChat(adapter any, call *provider.Call) (provider.Chatter, *translate.Translation, error) {
	chat, ok := adapter.(provider.Chatter)
	if !ok {
		return nil, nil, errUnsupported(Responses)
	}
	t, err := translate.New(translate.Request{
		Body: call.Body.Bytes(), ID: r.responseID(), Model: call.Model, Show: call.Show, Now: r.svc.Now,
		Created: r.began, Count: r.counted,
	})
	if err != nil {
		return nil, nil, err
	}
	call.Body, err = rawjson.Scan(t.Chat(), nil)
	return chat, t, err
}

// counted is what is charged where no usage is reported.
func (r *run) counted() provider.Usage {
	return provider.Usage{Reported: true, Input: r.size.counted(), Output: outputTokens(r.delivered)}
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
