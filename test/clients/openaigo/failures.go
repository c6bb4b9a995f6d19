package main

import (
	"context"
	"fmt"
)

// failures are the classes of error. The user field names them to the test's
// upstream; those with a key or model of their own never get there.
func failures() []scenario {
	all := []scenario{
		{"cut", cut},
		{"a retry after a busy upstream", retried("flaky")},
		{"no retry after wrong credentials of the server", retried("denied")},
	}
	for _, c := range []struct{ name, key, model string }{
		{name: "wrong key", key: "sk-wrong"},
		{name: "unknown model", model: "nope"},
		{name: "wrong kind", model: "skytower-embed-small"},
		{name: "rejected"}, {name: "denied"}, {name: "broken"},
		{name: "busy"}, // last: the server gives such a target a rest
	} {
		all = append(all, scenario{"error: " + c.name, func(ctx context.Context, p peer) (seen, error) {
			return fails(ctx, p, c.name, c.key, c.model)
		}})
	}
	return all
}

// fails asks plainly and streamed, which must fail alike.
func fails(ctx context.Context, p peer, name, key, model string) (seen, error) {
	params := p.ask("hi", name)
	if key == "" {
		key = p.key
	}
	if model != "" {
		params.Model = model
	}
	client := p.client(key, 0)
	answer, err := client.Chat.Completions.New(ctx, params)
	if err == nil {
		return seen{}, fmt.Errorf("did not fail: %s", answer.RawJSON())
	}
	_, other := p.stream(ctx, key, params)
	plain, streamed := failed(err), failed(other)
	if streamed == nil || streamed.Status != plain.Status || streamed.Code != plain.Code || streamed.Type != plain.Type {
		return seen{}, fmt.Errorf("plain it fails with %v, streamed with %v", err, other)
	}
	return seen{Error: plain}, nil
}

// cut reads a stream that the upstream ends early.
func cut(ctx context.Context, p peer) (seen, error) {
	s, err := p.stream(ctx, p.key, p.ask("hi", "cut"))
	s.Error = failed(err)
	return s, nil
}

// retried lets the client try once more.
func retried(user string) func(context.Context, peer) (seen, error) {
	return func(ctx context.Context, p peer) (seen, error) {
		client := p.client(p.key, 1)
		params := p.ask("once more", user)
		answer, err := client.Chat.Completions.New(ctx, params)
		if err != nil {
			return seen{Error: failed(err)}, nil
		}
		return completion(*answer), nil
	}
}
