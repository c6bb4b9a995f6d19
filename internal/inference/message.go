package inference

import (
	"context"
	"net/http"

	"skytower/internal/inference/messages"
	"skytower/internal/provider"
	"skytower/internal/rawjson"
)

// message serves the Messages API: by the upstream's own where it has one, else over its
// chat.
func (r *run) message(ctx context.Context, adapter any, call *provider.Call) (*provider.Answer, error) {
	if native, ok := adapter.(provider.Messenger); ok {
		answer, err := native.Message(ctx, call)
		if err == nil || provider.ClassOf(err) != provider.Unsupported {
			return answer, err
		}
	}
	chat, t, err := r.messageOverChat(adapter, call)
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

// messageStream is message for a streamed answer.
func (r *run) messageStream(ctx context.Context, adapter any, call *provider.Call) (provider.Stream, error) {
	if native, ok := adapter.(provider.Messenger); ok {
		stream, err := native.MessageStream(ctx, call)
		if err == nil || provider.ClassOf(err) != provider.Unsupported {
			return stream, err
		}
	}
	chat, t, err := r.messageOverChat(adapter, call)
	if err != nil {
		return nil, err
	}
	stream, err := chat.ChatStream(ctx, call)
	if err != nil {
		return nil, err
	}
	return t.Stream(stream), nil
}

// messageOverChat makes the call one of a chat completion.
func (r *run) messageOverChat(adapter any, call *provider.Call) (provider.Chatter, *messages.Translation, error) {
	chat, ok := adapter.(provider.Chatter)
	if !ok {
		return nil, nil, errUnsupported(Messages)
	}
	t, err := r.translated(call)
	return chat, t, err
}

// translated makes the call's body that of a chat completion.
func (r *run) translated(call *provider.Call) (*messages.Translation, error) {
	t, err := messages.New(messages.Request{
		Body: call.Body.Bytes(), ID: newID("msg_"), Model: call.Model, Show: call.Show, Input: r.size.counted(), Count: r.counted,
	})
	if err != nil {
		return nil, err
	}
	call.Header = chatHeader(call.Header)
	call.Body, err = rawjson.Scan(t.Chat(), nil)
	return t, err
}

// chatHeader is without what is said to Anthropic's API alone.
func chatHeader(h http.Header) http.Header {
	out := h.Clone()
	out.Del("Anthropic-Version")
	out.Del("Anthropic-Beta")
	return out
}
