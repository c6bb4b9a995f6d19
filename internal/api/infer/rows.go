package infer

import (
	"net/http"

	"skytower/internal/account"
	"skytower/internal/api"
	"skytower/internal/inference"
)

const dryRunText = "With `dry_run: true` nothing runs: the answer is a DryRun object with the most that the call is expected to cost, and what that would do to the balance."

func (h *Handlers) chatRow() api.Route {
	return api.Route{
		Method: http.MethodPost, Pattern: "/v1/chat/completions", Surface: api.Inference,
		ID: "createChatCompletion", Tag: "Inference", Summary: "Create a chat completion",
		Description: "Answers a conversation. What the model's upstream knows passes through untouched, fields that are not listed here included. " +
			"With `stream: true` (or `?stream=true`) the answer is a stream of `chat.completion.chunk` events that ends with `data: [DONE]`. " + dryRunText,
		Scope:   account.Inference,
		Params:  []api.Param{{Name: "stream", In: "query", Description: "`true` streams the answer, as the body's field does.", Enum: []string{"true", "false"}}},
		Request: ChatRequest{}, Response: ChatCompletion{}, Streams: true,
		Events:    []api.Event{{Text: "A piece of the answer. The last one before the end has a `finish_reason`, and one with the usage follows where `stream_options.include_usage` asks for it.", Data: ChatChunk{}}},
		StreamEnd: "[DONE]",
		Example:   `{"model": "deepbrain-router", "messages": [{"role": "user", "content": "How do I add a model?"}]}`,
		Answer:    chatAnswer,
		Errors:    routeErrors(),
		Key:       h.serve(inference.Chat),
	}
}

func (h *Handlers) responsesRow() api.Route {
	return api.Route{
		Method: http.MethodPost, Pattern: "/v1/responses", Surface: api.Inference,
		ID: "createResponse", Tag: "Inference", Summary: "Create a response",
		Description: "OpenAI's Responses API, for every chat model: it passes through to upstreams that have it and is translated for the others. " +
			"With `stream: true` the answer is a stream of typed events. With `store: true` the response is kept: `previous_response_id` continues it, and `GET /v1/responses/{id}` shows it. " +
			"With `background: true` it is made when the call is over, and can be polled, followed and cancelled. " + dryRunText,
		Scope:   account.Inference,
		Request: ResponseRequest{}, Response: Response{}, Streams: true,
		Events:  responseEvents(),
		Example: `{"model": "deepbrain-router", "input": "How do I add a model?"}`,
		Answer:  responseAnswer,
		Errors:  routeErrors(),
		Key:     h.serve(inference.Responses),
	}
}

func (h *Handlers) embeddingsRow() api.Route {
	return api.Route{
		Method: http.MethodPost, Pattern: "/v1/embeddings", Surface: api.Inference,
		ID: "createEmbeddings", Tag: "Inference", Summary: "Create embeddings",
		Description: "Turns texts into vectors, one for each input and in their order.",
		Scope:       account.Inference,
		Request:     EmbeddingsRequest{}, Response: EmbeddingsResponse{},
		Example: `{"model": "deepbrain-router", "input": ["a lighthouse at dusk", "a tower by the sea"]}`,
		Answer:  embeddingsAnswer,
		Errors:  routeErrors(),
		Key:     h.serve(inference.Embeddings),
	}
}

// The types below are for the document alone: bodies pass as bytes.

// ChatRequest is the body of a chat completion (contract 7.1).
type ChatRequest struct {
	Model               string                          `json:"model" doc:"Slug or alias of a chat model."`
	Messages            []ChatMessage                   `json:"messages"`
	Stream              bool                            `json:"stream,omitempty"`
	StreamOptions       *StreamOptions                  `json:"stream_options,omitempty"`
	MaxTokens           *int64                          `json:"max_tokens,omitempty" minimum:"1" doc:"Most tokens of the answer."`
	MaxCompletionTokens *int64                          `json:"max_completion_tokens,omitempty" minimum:"1" doc:"Newer name of max_tokens."`
	Temperature         *float64                        `json:"temperature,omitempty" minimum:"0" maximum:"2"`
	TopP                *float64                        `json:"top_p,omitempty" minimum:"0" maximum:"1"`
	N                   *int64                          `json:"n,omitempty" minimum:"1"`
	Stop                api.OneOf[string, []string]     `json:"stop,omitempty" doc:"A string, or up to four."`
	PresencePenalty     *float64                        `json:"presence_penalty,omitempty" minimum:"-2" maximum:"2"`
	FrequencyPenalty    *float64                        `json:"frequency_penalty,omitempty" minimum:"-2" maximum:"2"`
	Logprobs            *bool                           `json:"logprobs,omitempty"`
	TopLogprobs         *int64                          `json:"top_logprobs,omitempty"`
	Tools               []Tool                          `json:"tools,omitempty" doc:"Functions that the model may call."`
	ToolChoice          api.OneOf[ToolRule, api.Fields] `json:"tool_choice,omitempty" doc:"none, auto, required, or one function."`
	ParallelToolCalls   *bool                           `json:"parallel_tool_calls,omitempty"`
	ResponseFormat      *AnswerFormat                   `json:"response_format,omitempty" doc:"text, json_object or json_schema."`
	Seed                *int64                          `json:"seed,omitempty"`
	User                string                          `json:"user,omitempty"`
	DryRun              bool                            `json:"dry_run,omitempty" doc:"Says what the call would cost, as a DryRun object, and runs nothing."`
}

// StreamOptions are options of a chat stream.
type StreamOptions struct {
	IncludeUsage bool `json:"include_usage,omitempty" doc:"Sends a last chunk with the usage."`
}

// ChatMessage is one message of a conversation.
type ChatMessage struct {
	Role       string     `json:"role" enum:"system,developer,user,assistant,tool,function"`
	Content    *Content   `json:"content" doc:"A string, or parts of type text and image_url; null beside tool calls."`
	ToolCalls  []ToolCall `json:"tool_calls,omitempty"`
	ToolCallID string     `json:"tool_call_id,omitempty"`
	Refusal    *string    `json:"refusal,omitempty" nullable:"true"`
}

// ChatCompletion is the answer.
type ChatCompletion struct {
	ID      string       `json:"id"`
	Object  string       `json:"object" enum:"chat.completion"`
	Created int64        `json:"created" doc:"Unix seconds."`
	Model   string       `json:"model"`
	Choices []ChatChoice `json:"choices"`
	Usage   ChatUsage    `json:"usage"`
}

// ChatChoice is one answer.
type ChatChoice struct {
	Index        int64       `json:"index"`
	FinishReason string      `json:"finish_reason" enum:"stop,length,tool_calls,content_filter,function_call"`
	Message      ChatMessage `json:"message"`
}

// ChatUsage counts tokens.
type ChatUsage struct {
	PromptTokens     int64 `json:"prompt_tokens"`
	CompletionTokens int64 `json:"completion_tokens"`
	TotalTokens      int64 `json:"total_tokens"`
}

// ResponseRequest is the body of a response (contract 7.2).
type ResponseRequest struct {
	Model              string                          `json:"model"`
	Input              api.OneOf[string, []api.Fields] `json:"input" doc:"A string, or items: messages, function_call, function_call_output, reasoning, item_reference."`
	Instructions       *string                         `json:"instructions,omitempty"`
	PreviousResponseID *string                         `json:"previous_response_id,omitempty" doc:"Id of a stored response that this one continues."`
	Store              *bool                           `json:"store,omitempty" doc:"Keeps the response; false if it is missing."`
	Background         *bool                           `json:"background,omitempty" doc:"Answers at once; the response is made afterwards, and stored."`
	Stream             bool                            `json:"stream,omitempty"`
	Temperature        *float64                        `json:"temperature,omitempty"`
	TopP               *float64                        `json:"top_p,omitempty"`
	MaxOutputTokens    *int64                          `json:"max_output_tokens,omitempty" minimum:"1"`
	Tools              []api.Fields                    `json:"tools,omitempty" doc:"Functions, and what else the upstream has."`
	ToolChoice         api.OneOf[ToolRule, api.Fields] `json:"tool_choice,omitempty" doc:"none, auto, required, or one function."`
	ParallelToolCalls  *bool                           `json:"parallel_tool_calls,omitempty"`
	Text               *api.Fields                     `json:"text,omitempty" doc:"Form of the answer: {format: {type: text, json_object or json_schema}, verbosity}."`
	Reasoning          *api.Fields                     `json:"reasoning,omitempty" doc:"{effort, summary}."`
	Metadata           map[string]string               `json:"metadata,omitempty"`
	DryRun             bool                            `json:"dry_run,omitempty" doc:"Says what the call would cost, as a DryRun object, and runs nothing."`
}

// Response is the answer of the Responses API.
type Response struct {
	ID          string         `json:"id"`
	Object      string         `json:"object" enum:"response"`
	CreatedAt   int64          `json:"created_at"`
	CompletedAt *int64         `json:"completed_at"`
	Status      string         `json:"status" enum:"queued,in_progress,completed,incomplete,cancelled,failed"`
	Model       string         `json:"model"`
	OutputText  string         `json:"output_text"`
	Output      []api.Fields   `json:"output"`
	Usage       *ResponseUsage `json:"usage"`
}

// ResponseUsage counts tokens.
type ResponseUsage struct {
	InputTokens  int64 `json:"input_tokens"`
	OutputTokens int64 `json:"output_tokens"`
	TotalTokens  int64 `json:"total_tokens"`
}

// EmbeddingsRequest is the body of embeddings (contract 7.3).
type EmbeddingsRequest struct {
	Model          string          `json:"model"`
	Input          EmbeddingsInput `json:"input" doc:"A string, strings, token ids, or lists of token ids."`
	EncodingFormat string          `json:"encoding_format,omitempty" enum:"float,base64" doc:"base64 is little-endian float32."`
	Dimensions     *int64          `json:"dimensions,omitempty" minimum:"1"`
	User           string          `json:"user,omitempty"`
	DryRun         bool            `json:"dry_run,omitempty" doc:"Says what the call would cost, as a DryRun object, and runs nothing."`
}

// EmbeddingsResponse is the answer.
type EmbeddingsResponse struct {
	Object string          `json:"object" enum:"list"`
	Model  string          `json:"model"`
	Data   []Embedding     `json:"data"`
	Usage  EmbeddingsUsage `json:"usage"`
}

// Embedding is one vector.
type Embedding struct {
	Object    string                       `json:"object" enum:"embedding"`
	Index     int64                        `json:"index"`
	Embedding api.OneOf[[]float64, string] `json:"embedding" doc:"Numbers, or a base64 string."`
}

// EmbeddingsUsage counts tokens.
type EmbeddingsUsage struct {
	PromptTokens int64 `json:"prompt_tokens"`
	TotalTokens  int64 `json:"total_tokens"`
}
