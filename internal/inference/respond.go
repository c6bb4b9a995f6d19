package inference

import (
	"context"

	"skytower/internal/provider"
)

// respond serves the Responses API.
func respond(ctx context.Context, adapter any, call *provider.Call) (*provider.Answer, error) {
	return nativeOrChat(adapter, call,
		func(native provider.Responder) (*provider.Answer, error) { return native.Respond(ctx, call) },
		func(chat provider.Chatter, t *translation) (*provider.Answer, error) {
			answer, err := chat.Chat(ctx, t.call)
			if err != nil {
				return nil, err
			}
			return t.answer(answer)
		})
}

// respondStream is respond for a streamed answer.
func respondStream(ctx context.Context, adapter any, call *provider.Call) (provider.Stream, error) {
	return nativeOrChat(adapter, call,
		func(native provider.Responder) (provider.Stream, error) { return native.RespondStream(ctx, call) },
		func(chat provider.Chatter, t *translation) (provider.Stream, error) {
			stream, err := chat.ChatStream(ctx, t.call)
			if err != nil {
				return nil, err
			}
			return t.stream(stream), nil
		})
}

// nativeOrChat asks the upstream's own Responses API where there is one, else its
// chat, with the request translated.
func nativeOrChat[T any](
	adapter any, call *provider.Call, native func(provider.Responder) (T, error), over func(provider.Chatter, *translation) (T, error),
) (T, error) {
	var none T
	if responder, ok := adapter.(provider.Responder); ok {
		answer, err := native(responder)
		if err == nil || provider.ClassOf(err) != provider.Unsupported {
			return answer, err
		}
	}
	chat, ok := adapter.(provider.Chatter)
	if !ok {
		return none, errUnsupported(Responses)
	}
	t, err := translate(call)
	if err != nil {
		return none, err
	}
	return over(chat, t)
}
