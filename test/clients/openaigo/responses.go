package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/packages/ssestream"
	"github.com/openai/openai-go/v3/responses"
	"github.com/openai/openai-go/v3/shared"
)

// responding are the acts of one who uses the Responses API with all that it has.
func responding() []scenario {
	all := []scenario{
		{"tools", tools}, {"structured", structured}, {"chain", chain}, {"items", items}, {"reference", reference}, {"deleted", deleted},
		{"background", background}, {"resumed", resumed}, {"cancelled", cancelled}, {"image", image},
	}
	for _, word := range []string{"hello", "weather", "both", "lookup", "think", "refuse", "long", "filter", "cite"} {
		all = append(all,
			scenario{word, func(ctx context.Context, p peer) (seen, error) { return p.whole(ctx, p.word(word)) }},
			scenario{word + ", streamed", func(ctx context.Context, p peer) (seen, error) { return p.told(ctx, p.word(word)) }})
	}
	for name, fail := range unanswered() {
		all = append(all, scenario{"error: " + name, func(ctx context.Context, p peer) (seen, error) {
			err := fail(ctx, p)
			if err == nil {
				return seen{}, fmt.Errorf("did not fail")
			}
			return seen{Error: failed(err)}, nil
		}})
	}
	return all
}

// unanswered are requests that must fail.
func unanswered() map[string]func(context.Context, peer) error {
	return map[string]func(context.Context, peer) error{
		"previous": func(ctx context.Context, p peer) error {
			params := p.word("hello")
			params.PreviousResponseID = openai.String("resp_nobody")
			_, err := p.respond(ctx, params)
			return err
		},
		"get":    func(ctx context.Context, p peer) error { _, err := p.get(ctx, "resp_nobody"); return err },
		"cancel": func(ctx context.Context, p peer) error { _, err := p.cancel(ctx, "resp_nobody"); return err },
		"delete": func(ctx context.Context, p peer) error { return p.remove(ctx, "resp_nobody") },
		"midway": func(ctx context.Context, p peer) error {
			_, err := p.told(ctx, p.word("fail"))
			return err
		},
	}
}

// word is a request that says one word, which tells the test's upstream what to do.
func (p peer) word(word string) responses.ResponseNewParams {
	return responses.ResponseNewParams{
		Model: p.chat, Input: responses.ResponseNewParamsInputUnion{OfString: openai.String(word)},
		Tools: []responses.ToolUnionParam{responses.ToolParamOfFunction("weather", map[string]any{
			"type": "object", "properties": map[string]any{"city": map[string]any{"type": "string"}}, "required": []string{"city"}, "additionalProperties": false,
		}, true)},
	}
}

func (p peer) respond(ctx context.Context, params responses.ResponseNewParams) (*responses.Response, error) {
	client := p.client(p.key, 0)
	return client.Responses.New(ctx, params)
}

func (p peer) get(ctx context.Context, id string) (*responses.Response, error) {
	client := p.client(p.key, 0)
	return client.Responses.Get(ctx, id, responses.ResponseGetParams{})
}

func (p peer) cancel(ctx context.Context, id string) (*responses.Response, error) {
	client := p.client(p.key, 0)
	return client.Responses.Cancel(ctx, id)
}

func (p peer) remove(ctx context.Context, id string) error {
	client := p.client(p.key, 0)
	return client.Responses.Delete(ctx, id)
}

func (p peer) whole(ctx context.Context, params responses.ResponseNewParams) (seen, error) {
	answer, err := p.respond(ctx, params)
	if err != nil {
		return seen{}, err
	}
	return outlined(*answer), nil
}

// outlined is a response without what differs from answer to answer.
func outlined(answer responses.Response) seen {
	s := responded(answer)
	for _, item := range answer.Output {
		if item.ID == "" {
			s.Outline = append(s.Outline, "an item without an id")
		}
		line := item.Type + " "
		if item.Type == "function_call" {
			line += item.CallID + " " + item.Name + item.Arguments.OfString
		}
		for _, part := range item.Summary {
			line += part.Text
		}
		for _, part := range item.Content {
			line += part.Text + part.Refusal
			for _, note := range part.Annotations {
				line += " " + note.URL
			}
		}
		s.Outline = append(s.Outline, line)
	}
	return s
}

func (p peer) told(ctx context.Context, params responses.ResponseNewParams) (seen, error) {
	client := p.client(p.key, 0)
	s, _, err := read(client.Responses.NewStreaming(ctx, params), 0, -1)
	return s, err
}

// read follows a stream from the event with the number first. It leaves after so many
// events; -1 reads to the end. The id is the response's.
func read(events *ssestream.Stream[responses.ResponseStreamEventUnion], first, most int64) (seen, string, error) {
	defer events.Close()
	var text, id string
	n := first
	for ; events.Next(); n++ {
		e := events.Current()
		if e.SequenceNumber != n {
			return seen{}, id, fmt.Errorf("event %d has the number %d", n, e.SequenceNumber)
		}
		if e.Response.ID != "" {
			id = e.Response.ID
		}
		switch e.Type {
		case "response.output_text.delta":
			text += e.Delta
		case "error":
			return seen{}, id, fmt.Errorf("the stream tells: %s", e.Message)
		case "response.failed":
			return seen{}, id, fmt.Errorf("the stream tells: %s", e.Response.Error.Message)
		case "response.completed", "response.incomplete":
			s := outlined(e.Response)
			if !strings.HasSuffix(s.Text, text) || first == 0 && s.Text != text {
				return seen{}, id, fmt.Errorf("the deltas say %q, the last event %q", text, s.Text)
			}
			s.Events = n + 1
			return s, id, nil
		}
		if n+1 == most {
			return seen{Text: text, Events: most}, id, nil
		}
	}
	return seen{}, id, fmt.Errorf("the stream ends without a last event: %w", events.Err())
}

// tools gives results for all calls of an answer, with the answer's items as they came.
func tools(ctx context.Context, p peer) (seen, error) {
	params := p.word("both")
	first, err := p.respond(ctx, params)
	if err != nil {
		return seen{}, err
	}
	input := responses.ResponseInputParam{responses.ResponseInputItemParamOfMessage("both", responses.EasyInputMessageRoleUser)}
	for _, item := range first.Output {
		var arguments struct{ City string }
		if err := json.Unmarshal([]byte(item.Arguments.OfString), &arguments); err != nil {
			return seen{}, fmt.Errorf("read the arguments: %w", err)
		}
		call := responses.ResponseInputItemParamOfFunctionCall(item.Arguments.OfString, item.CallID, item.Name)
		call.OfFunctionCall.ID = openai.String(item.ID)
		result := responses.ResponseInputItemParamOfFunctionCallOutput("rain in " + arguments.City)
		result.OfFunctionCallOutput.CallID = openai.String(item.CallID)
		input = append(input, call, result)
	}
	params.Input = responses.ResponseNewParamsInputUnion{OfInputItemList: input}
	return p.whole(ctx, params)
}

func structured(ctx context.Context, p peer) (seen, error) {
	params := p.word("number")
	params.Text.Format = responses.ResponseFormatTextConfigParamOfJSONSchema("number", map[string]any{"type": "object"})
	return p.whole(ctx, params)
}

func image(ctx context.Context, p peer) (seen, error) {
	params := p.word("")
	params.Input = responses.ResponseNewParamsInputUnion{OfInputItemList: responses.ResponseInputParam{
		responses.ResponseInputItemParamOfMessage(responses.ResponseInputMessageContentListParam{
			{OfInputText: &responses.ResponseInputTextParam{Text: "look"}},
			{OfInputImage: &responses.ResponseInputImageParam{ImageURL: openai.String("data:image/png;base64,iVBORw0KGgo="), Detail: "auto"}},
		}, responses.EasyInputMessageRoleUser),
	}}
	return p.whole(ctx, params)
}

// introduced is a stored conversation of two responses.
func (p peer) introduced(ctx context.Context) (*responses.Response, error) {
	params := p.word("I am Ada")
	params.Store = openai.Bool(true)
	first, err := p.respond(ctx, params)
	if err != nil {
		return nil, err
	}
	params = p.word("who am I?")
	params.Store, params.PreviousResponseID = openai.Bool(true), openai.String(first.ID)
	return p.respond(ctx, params)
}

func chain(ctx context.Context, p peer) (seen, error) {
	second, err := p.introduced(ctx)
	if err != nil {
		return seen{}, err
	}
	got, err := p.get(ctx, second.ID)
	if err != nil {
		return seen{}, err
	}
	if got.PreviousResponseID != second.PreviousResponseID || got.PreviousResponseID == "" || got.OutputText() != second.OutputText() {
		return seen{}, fmt.Errorf("got %s, made was %s", got.RawJSON(), second.RawJSON())
	}
	return outlined(*got), nil
}

// items lists what went into the second response, one item a page.
func items(ctx context.Context, p peer) (seen, error) {
	second, err := p.introduced(ctx)
	if err != nil {
		return seen{}, err
	}
	client := p.client(p.key, 0)
	var s seen
	pages := client.Responses.InputItems.ListAutoPaging(ctx, second.ID, responses.InputItemListParams{Order: "asc", Limit: openai.Int(1)})
	for pages.Next() {
		item := pages.Current()
		if item.ID == "" {
			return seen{}, fmt.Errorf("no id in %s", item.RawJSON())
		}
		line := item.Type + " " + item.Role + " "
		for _, part := range item.Content.OfInputItemContentList {
			line += part.Text
		}
		s.Outline = append(s.Outline, line)
	}
	return s, pages.Err()
}

// reference refers to an item of a response that was not stored.
func reference(ctx context.Context, p peer) (seen, error) {
	first, err := p.respond(ctx, p.word("I am Ada"))
	if err != nil {
		return seen{}, err
	}
	params := p.word("")
	params.Input = responses.ResponseNewParamsInputUnion{OfInputItemList: responses.ResponseInputParam{
		responses.ResponseInputItemParamOfMessage("I am Ada", responses.EasyInputMessageRoleUser),
		responses.ResponseInputItemParamOfItemReference(first.Output[0].ID),
		responses.ResponseInputItemParamOfMessage("who am I?", responses.EasyInputMessageRoleUser),
	}}
	return p.whole(ctx, params)
}

func deleted(ctx context.Context, p peer) (seen, error) {
	second, err := p.introduced(ctx)
	if err != nil {
		return seen{}, err
	}
	if err := p.remove(ctx, second.ID); err != nil {
		return seen{}, err
	}
	_, err = p.get(ctx, second.ID)
	return seen{Error: failed(err)}, nil
}

// until asks again until the response is in the state.
func (p peer) until(ctx context.Context, id string, status responses.ResponseStatus) (*responses.Response, error) {
	for range 1000 {
		got, err := p.get(ctx, id)
		if err != nil || got.Status == status {
			return got, err
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return nil, fmt.Errorf("%s does not become %s", id, status)
}

// later starts a response in the background.
func (p peer) later(word string) responses.ResponseNewParams {
	params := p.word(word)
	params.Background, params.Store = openai.Bool(true), openai.Bool(true)
	params.Reasoning = shared.ReasoningParam{Effort: shared.ReasoningEffortLow}
	return params
}

func background(ctx context.Context, p peer) (seen, error) {
	first, err := p.respond(ctx, p.later("hello"))
	if err != nil {
		return seen{}, err
	}
	if first.Status != responses.ResponseStatusQueued || !first.Background {
		return seen{}, fmt.Errorf("began as %s", first.RawJSON())
	}
	done, err := p.until(ctx, first.ID, responses.ResponseStatusCompleted)
	if err != nil {
		return seen{}, err
	}
	return outlined(*done), nil
}

// resumed hangs up on the stream of a background response, and reads on where it left.
func resumed(ctx context.Context, p peer) (seen, error) {
	client := p.client(p.key, 0)
	const read4 = 4
	_, id, err := read(client.Responses.NewStreaming(ctx, p.later("story")), 0, read4)
	if err != nil {
		return seen{}, err
	}
	rest := client.Responses.GetStreaming(ctx, id, responses.ResponseGetParams{StartingAfter: openai.Int(read4 - 1)})
	s, _, err := read(rest, read4, -1)
	s.Events = 0 // whether it was told as queued, and when as in progress, is a matter of time
	return s, err
}

func cancelled(ctx context.Context, p peer) (seen, error) {
	first, err := p.respond(ctx, p.later("hang"))
	if err != nil {
		return seen{}, err
	}
	if _, err := p.until(ctx, first.ID, responses.ResponseStatusInProgress); err != nil {
		return seen{}, err
	}
	if _, err := p.cancel(ctx, first.ID); err != nil {
		return seen{}, err
	}
	got, err := p.until(ctx, first.ID, responses.ResponseStatusCancelled)
	if err != nil {
		return seen{}, err
	}
	return seen{Finish: string(got.Status)}, nil
}
