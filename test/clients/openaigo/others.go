package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/responses"
)

func others() []scenario {
	return []scenario{
		{"embedding", embedding},
		{"embeddings as float", encoded(openai.EmbeddingNewParamsEncodingFormatFloat)},
		{"embeddings as base64", encoded(openai.EmbeddingNewParamsEncodingFormatBase64)},
		{"response", response},
		{"response, streamed", streamedResponse},
		{"models", models},
		{"model", model},
	}
}

func embedding(ctx context.Context, p peer) (seen, error) {
	client := p.client(p.key, 0)
	answer, err := client.Embeddings.New(ctx, openai.EmbeddingNewParams{Model: p.embed, Input: openai.EmbeddingNewParamsInputUnion{OfString: openai.String("hi")}})
	if err != nil {
		return seen{}, err
	}
	if len(answer.Data) != 1 {
		return seen{}, fmt.Errorf("got %s", answer.RawJSON())
	}
	return seen{Model: answer.Model, Input: answer.Usage.PromptTokens, Vector: answer.Data[0].Embedding}, nil
}

// encoded asks the built-in model in one of the encodings. The client decodes only
// numbers, so the embeddings are handed on as they came.
func encoded(format openai.EmbeddingNewParamsEncodingFormat) func(context.Context, peer) (seen, error) {
	return func(ctx context.Context, p peer) (seen, error) {
		client := p.client(p.key, 0)
		answer, err := client.Embeddings.New(ctx, openai.EmbeddingNewParams{
			Model: "skytower-embed-small", Dimensions: openai.Int(64), EncodingFormat: format,
			Input: openai.EmbeddingNewParamsInputUnion{OfArrayOfStrings: []string{"a lighthouse at dusk", "a tower by the sea"}},
		})
		if answer == nil {
			return seen{}, err
		}
		var body struct {
			Data []struct {
				Index     int             `json:"index"`
				Embedding json.RawMessage `json:"embedding"`
			} `json:"data"`
		}
		if err := json.Unmarshal([]byte(answer.RawJSON()), &body); err != nil {
			return seen{}, fmt.Errorf("read the raw answer: %w", err)
		}
		s := seen{Model: answer.Model}
		for i, d := range body.Data {
			if d.Index != i {
				return seen{}, fmt.Errorf("vector %d has index %d", i, d.Index)
			}
			s.Vectors = append(s.Vectors, d.Embedding)
		}
		return s, nil
	}
}

func (p peer) askResponse() responses.ResponseNewParams {
	return responses.ResponseNewParams{Model: p.chat, Input: responses.ResponseNewParamsInputUnion{OfString: openai.String("hi")}}
}

func response(ctx context.Context, p peer) (seen, error) {
	client := p.client(p.key, 0)
	answer, err := client.Responses.New(ctx, p.askResponse())
	if err != nil {
		return seen{}, err
	}
	return responded(*answer), nil
}

func responded(answer responses.Response) seen {
	return seen{
		Text: answer.OutputText(), Model: answer.Model, Finish: string(answer.Status),
		Input: answer.Usage.InputTokens, Output: answer.Usage.OutputTokens, Reasoning: answer.Usage.OutputTokensDetails.ReasoningTokens,
	}
}

func streamedResponse(ctx context.Context, p peer) (seen, error) {
	client := p.client(p.key, 0)
	events := client.Responses.NewStreaming(ctx, p.askResponse())
	var text string
	var last responses.ResponseStreamEventUnion
	n := int64(0)
	for ; events.Next(); n++ {
		last = events.Current()
		if last.SequenceNumber != n {
			return seen{}, fmt.Errorf("event %d has the number %d", n, last.SequenceNumber)
		}
		if last.Type == "response.output_text.delta" {
			text += last.Delta
		}
	}
	if events.Err() != nil {
		return seen{}, events.Err()
	}
	if last.Type != "response.completed" || last.Response.OutputText() != text {
		return seen{}, fmt.Errorf("the deltas say %q, the last event is %s", text, last.RawJSON())
	}
	s := responded(last.Response)
	s.Events = n
	return s, nil
}

func models(ctx context.Context, p peer) (seen, error) {
	client := p.client(p.key, 0)
	page, err := client.Models.List(ctx)
	if err != nil {
		return seen{}, err
	}
	var s seen
	for _, m := range page.Data {
		s.Models = append(s.Models, m.ID)
	}
	return s, nil
}

func model(ctx context.Context, p peer) (seen, error) {
	client := p.client(p.key, 0)
	m, err := client.Models.Get(ctx, "skytower-docs")
	if err != nil {
		return seen{}, err
	}
	if m.OwnedBy == "" || m.Created == 0 {
		return seen{}, fmt.Errorf("got %s", m.RawJSON())
	}
	return seen{Model: m.ID}, nil
}
