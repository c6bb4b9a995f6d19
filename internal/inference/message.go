package inference

import (
	"context"
	"net/http"

	"skytower/internal/fault"
	"skytower/internal/inference/messages"
	"skytower/internal/provider"
)

// nativeMessages asks an upstream that has the Messages API.
type nativeMessages struct{ provider.Messenger }

func (n nativeMessages) whole(ctx context.Context, call *provider.Call) (*provider.Answer, error) {
	return n.Message(ctx, call)
}

func (n nativeMessages) stream(ctx context.Context, call *provider.Call) (provider.Stream, error) {
	return n.MessageStream(ctx, call)
}

// messageOverChat translates a request of the Messages API.
func (r *run) messageOverChat(call *provider.Call) (translation, error) {
	t, err := messages.New(messages.Request{
		Body: call.Body.Bytes(), ID: newID("msg_"), Model: call.Model, Show: call.Show, Input: r.size.counted(), Count: r.counted,
	})
	if err != nil {
		return translation{}, err
	}
	call.Header = chatHeader(call.Header)
	return translation{
		chat: t.Chat(), effort: t.Effort(), answer: t.Answer,
		stream: func(chat provider.Stream) provider.Stream { return t.Stream(chat) },
	}, nil
}

// errThread refuses a conversation that the server is to hold between turns: the next turn
// may be served elsewhere, and an upstream would hold it for all of our callers. Anthropic's
// clients know the code, and send the whole conversation instead.
func errThread() error {
	return &fault.Error{
		ID: fault.InvalidParameter, Param: "thread", Code: "thread_unsupported_request",
		Message: "'thread' is not supported: no conversation is held here between turns. Leave it out, and send all messages.",
	}
}

// chatHeader is without what is said to Anthropic's API alone.
func chatHeader(h http.Header) http.Header {
	out := h.Clone()
	out.Del("Anthropic-Version")
	out.Del("Anthropic-Beta")
	return out
}
