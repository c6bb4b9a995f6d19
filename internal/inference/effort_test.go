package inference_test

import (
	"context"
	"strings"
	"testing"

	"skytower/internal/inference"
	"skytower/internal/provider"
)

// plainThinker is a chat model that refuses to be told how hard to think.
type plainThinker struct {
	*upstream
	refusal *provider.Error
}

func (p plainThinker) refuses(c *provider.Call) bool {
	return strings.Contains(string(c.Body.Bytes()), "reasoning_effort")
}

func (p plainThinker) Chat(ctx context.Context, c *provider.Call) (*provider.Answer, error) {
	answer, err := p.upstream.Chat(ctx, c)
	if p.refuses(c) {
		return nil, p.refusal
	}
	return answer, err
}

func (p plainThinker) ChatStream(ctx context.Context, c *provider.Call) (provider.Stream, error) {
	stream, err := p.upstream.ChatStream(ctx, c)
	if p.refuses(c) {
		return nil, p.refusal
	}
	return stream, err
}

// A model that does not know how hard to think is asked without that, and not asked so
// again; another word may be another matter.
func TestAModelThatKnowsNoEffort(t *testing.T) {
	t.Parallel()
	refusal := &provider.Error{Class: provider.Rejected, Status: 400, Message: "Unrecognized request argument supplied: reasoning_effort"}
	up := &upstream{
		answer: provider.Answer{Body: []byte(`{"choices":[{"message":{"content":"x"}}]}`)},
		events: []provider.Event{chunk("x"), stop("stop"), usage(5, 2)},
	}
	d := newDesk(plainThinker{up, refusal})
	s := d.service() // one, since it remembers
	ask := func(body, thinking string) {
		t.Helper()
		req, err := inference.NewParser().Parse(inference.Messages, []byte(strings.TrimSuffix(body, "}")+`,"thinking":`+thinking+"}"), false)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Do(t.Context(), d.who, req, d); err != nil {
			t.Fatalf("%s: %v", thinking, err)
		}
	}
	for _, step := range []struct {
		body, thinking string
		calls          int // in all
	}{
		{plainMessage, `{"type":"enabled","budget_tokens":9000}`, 2},
		{plainMessage, `{"type":"enabled","budget_tokens":9000}`, 3},
		{streamedMessage, `{"type":"enabled","budget_tokens":9000}`, 4},
		{streamedMessage, `{"type":"disabled"}`, 6},
		{plainMessage, `{"type":"adaptive"}`, 7},
	} {
		if ask(step.body, step.thinking); len(up.calls) != step.calls {
			t.Errorf("%s: %d calls, want %d", step.thinking, len(up.calls), step.calls)
		}
	}
	if last := string(up.calls[2].Body.Bytes()); strings.Contains(last, "reasoning_effort") {
		t.Errorf("asked again: %s", last)
	}

	for name, refusal := range map[string]*provider.Error{
		"something else": {Class: provider.Rejected, Status: 400, Message: "The temperature is too high."},
		"no refusal":     failure(provider.Broken, 500),
	} {
		up := &upstream{}
		d := newDesk(plainThinker{up, refusal})
		if _, err := d.call(t.Context(), t, inference.Messages, strings.TrimSuffix(plainMessage, "}")+`,"thinking":{"type":"disabled"}}`); err == nil || len(up.calls) != 1 {
			t.Errorf("%s: %d calls, %v", name, len(up.calls), err)
		}
	}
}
