package inference

import (
	"context"

	"skytower/internal/provider"
)

// respond serves the Responses API natively where the upstream has it, else over
// chat.
func respond(ctx context.Context, adapter any, call *provider.Call) (*provider.Answer, error) {
	if native, ok := adapter.(provider.Responder); ok {
		answer, err := native.Respond(ctx, call)
		if err == nil || provider.ClassOf(err) != provider.Unsupported {
			return answer, err
		}
	}
	chat, ok := adapter.(provider.Chatter)
	if !ok {
		return nil, errUnsupported(Responses)
	}
	t, err := translate(call)
	if err != nil {
		return nil, err
	}
	answer, err := chat.Chat(ctx, t.call)
	if err != nil {
		return nil, err
	}
	return t.answer(answer)
}

// respondStream is respond for a streamed answer.
func respondStream(ctx context.Context, adapter any, call *provider.Call) (provider.Stream, error) {
	if native, ok := adapter.(provider.Responder); ok {
		stream, err := native.RespondStream(ctx, call)
		if err == nil || provider.ClassOf(err) != provider.Unsupported {
			return stream, err
		}
	}
	chat, ok := adapter.(provider.Chatter)
	if !ok {
		return nil, errUnsupported(Responses)
	}
	t, err := translate(call)
	if err != nil {
		return nil, err
	}
	stream, err := chat.ChatStream(ctx, t.call)
	if err != nil {
		return nil, err
	}
	return t.stream(stream), nil
}
