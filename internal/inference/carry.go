package inference

import (
	"context"

	"skytower/internal/provider"
	"skytower/internal/rawjson"
)

// This file is about the APIs that some upstreams have themselves, and that are carried over
// the chat of the others.

// way is how an upstream is asked in the API of the request.
type way interface {
	whole(ctx context.Context, call *provider.Call) (*provider.Answer, error)
	stream(ctx context.Context, call *provider.Call) (provider.Stream, error)
}

// carried asks by the upstream's own API where it has one, else over its chat.
func carried[T any](r *run, adapter any, ask func(way) (T, error)) (T, error) {
	if own := r.ownWay(adapter); own != nil {
		answer, err := ask(own)
		if err == nil || provider.ClassOf(err) != provider.Unsupported {
			return answer, err
		}
	}
	chat, ok := adapter.(provider.Chatter)
	if !ok {
		var none T
		return none, errUnsupported(r.req.API)
	}
	return ask(overChat{r, chat})
}

// ownWay is the upstream's own way in the API; nil: it has none.
func (r *run) ownWay(adapter any) way {
	switch r.req.API {
	case Responses:
		if own, ok := adapter.(provider.Responder); ok {
			return nativeResponses{r, own}
		}
	case Messages:
		if own, ok := adapter.(provider.Messenger); ok {
			return nativeMessages{own}
		}
	}
	return nil
}

// overChat is the way over a chat model.
type overChat struct {
	run  *run
	chat provider.Chatter
}

// translation is a request made ready for a chat model, and the form of its answer.
type translation struct {
	chat   []byte
	effort string // how hard the caller wishes the model to think, in chat's word; "": it is not said
	answer func(*provider.Answer) (*provider.Answer, error)
	stream func(provider.Stream) provider.Stream
}

func (o overChat) whole(ctx context.Context, call *provider.Call) (*provider.Answer, error) {
	t, err := o.run.translate(call)
	if err != nil {
		return nil, err
	}
	answer, err := willing(o.run, call, t.effort, func() (*provider.Answer, error) { return o.chat.Chat(ctx, call) })
	if err != nil {
		return nil, err
	}
	o.run.delivered = answer.Bytes
	return t.answer(answer)
}

func (o overChat) stream(ctx context.Context, call *provider.Call) (provider.Stream, error) {
	t, err := o.run.translate(call)
	if err != nil {
		return nil, err
	}
	stream, err := willing(o.run, call, t.effort, func() (provider.Stream, error) { return o.chat.ChatStream(ctx, call) })
	if err != nil {
		return nil, err
	}
	return t.stream(stream), nil
}

// translate makes the call one of a chat completion.
func (r *run) translate(call *provider.Call) (t translation, err error) {
	if r.req.API == Messages {
		t, err = r.messageOverChat(call)
	} else {
		t, err = r.responseOverChat(call)
	}
	if err != nil {
		return t, err
	}
	call.Body, err = rawjson.Scan(t.chat, nil)
	return t, err
}

// counted is what is charged where no usage is reported.
func (r *run) counted() provider.Usage {
	return provider.Usage{Reported: true, Input: r.size.counted(), Output: outputTokens(r.delivered)}
}
