package main

import (
	"context"

	"github.com/openai/openai-go/v3"
)

// ask is a chat request in the words of the client. The user field tells the
// test's upstream what to do.
func (p peer) ask(text, user string) openai.ChatCompletionNewParams {
	params := openai.ChatCompletionNewParams{Model: p.chat, Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage(text)}}
	if user != "" {
		params.User = openai.String(user)
	}
	return params
}

func (p peer) askWeather() openai.ChatCompletionNewParams {
	params := p.ask("What is the weather in Oslo?", "")
	params.Tools = []openai.ChatCompletionToolUnionParam{openai.ChatCompletionFunctionTool(openai.FunctionDefinitionParam{
		Name: "weather", Parameters: openai.FunctionParameters{"type": "object", "properties": map[string]any{"city": map[string]any{"type": "string"}}},
	})}
	return params
}

func (p peer) askNumber() openai.ChatCompletionNewParams {
	params := p.ask("Give me a number.", "")
	params.ResponseFormat = openai.ChatCompletionNewParamsResponseFormatUnion{OfJSONSchema: &openai.ResponseFormatJSONSchemaParam{
		JSONSchema: openai.ResponseFormatJSONSchemaJSONSchemaParam{Name: "number", Strict: openai.Bool(true), Schema: map[string]any{"type": "object"}},
	}}
	return params
}

func chats() []scenario {
	return []scenario{
		{"chat", plain(func(p peer) openai.ChatCompletionNewParams { return p.ask("hi", "") })},
		{"chat, streamed", streamed(func(p peer) openai.ChatCompletionNewParams { return p.ask("hi", "") })},
		{"chat, streamed with usage", streamed(func(p peer) openai.ChatCompletionNewParams {
			params := p.ask("hi", "")
			params.StreamOptions.IncludeUsage = openai.Bool(true)
			return params
		})},
		{"tool call", plain(peer.askWeather)},
		{"tool call, streamed", streamed(peer.askWeather)},
		{"structured output", plain(peer.askNumber)},
		{"built-in chat", plain(func(p peer) openai.ChatCompletionNewParams {
			params := p.ask("How do I add a model?", "")
			params.Model = "skytower-docs"
			return params
		})},
	}
}

func plain(params func(peer) openai.ChatCompletionNewParams) func(context.Context, peer) (seen, error) {
	return func(ctx context.Context, p peer) (seen, error) {
		client := p.client(p.key, 0)
		answer, err := client.Chat.Completions.New(ctx, params(p))
		if err != nil {
			return seen{}, err
		}
		return completion(*answer), nil
	}
}

func completion(answer openai.ChatCompletion) seen {
	s := seen{
		Model: answer.Model, Input: answer.Usage.PromptTokens, Output: answer.Usage.CompletionTokens,
		Reasoning: answer.Usage.CompletionTokensDetails.ReasoningTokens,
	}
	for _, choice := range answer.Choices {
		s.Text += choice.Message.Content
		s.Finish += choice.FinishReason
		for _, call := range choice.Message.ToolCalls {
			s.Tool += call.ID + " " + call.Function.Name + call.Function.Arguments
		}
	}
	return s
}

func streamed(params func(peer) openai.ChatCompletionNewParams) func(context.Context, peer) (seen, error) {
	return func(ctx context.Context, p peer) (seen, error) {
		s, failed := p.stream(ctx, p.key, params(p))
		return s, failed
	}
}

// stream reads a stream to its end with the client's own accumulator.
func (p peer) stream(ctx context.Context, key string, params openai.ChatCompletionNewParams) (seen, error) {
	client := p.client(key, 0)
	events := client.Chat.Completions.NewStreaming(ctx, params)
	var whole openai.ChatCompletionAccumulator
	n := int64(0)
	for ; events.Next(); n++ {
		whole.AddChunk(events.Current())
	}
	s := completion(whole.ChatCompletion)
	s.Events = n
	return s, events.Err()
}
