package infer

import (
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"skytower/internal/api"
)

// The types here are for the document alone: bodies of the fast path are never decoded.

// Content is what a message says: a text or parts. It may be null.
type Content struct{}

// Schema is how OpenAPI writes it.
func (Content) Schema(r huma.Registry) *huma.Schema {
	return &huma.Schema{OneOf: []*huma.Schema{
		{Type: huma.TypeString}, {Type: huma.TypeArray, Items: ref[ContentPart](r)}, {Type: "null"},
	}}
}

func ref[T any](r huma.Registry) *huma.Schema {
	t := reflect.TypeFor[T]()
	return r.Schema(t, true, t.Name())
}

// EmbeddingsInput is what is turned into vectors.
type EmbeddingsInput struct{}

// Schema is how OpenAPI writes it.
func (EmbeddingsInput) Schema(huma.Registry) *huma.Schema {
	text, token := &huma.Schema{Type: huma.TypeString}, &huma.Schema{Type: huma.TypeInteger}
	list := func(of *huma.Schema) *huma.Schema { return &huma.Schema{Type: huma.TypeArray, Items: of} }
	return &huma.Schema{AnyOf: []*huma.Schema{text, list(text), list(token), list(list(token))}}
}

// ContentPart is a part of a message.
type ContentPart struct {
	Type     string      `json:"type" enum:"text,image_url,input_audio,file,refusal"`
	Text     string      `json:"text,omitempty" doc:"With the type text."`
	ImageURL *ImageURL   `json:"image_url,omitempty" doc:"With the type image_url."`
	Audio    *api.Fields `json:"input_audio,omitempty" doc:"{data, format}, where the model hears."`
	File     *api.Fields `json:"file,omitempty" doc:"Where the model reads files."`
}

// ImageURL is a picture.
type ImageURL struct {
	URL    string `json:"url" doc:"An address, or a data URL."`
	Detail string `json:"detail,omitempty" enum:"auto,low,high"`
}

// Tool is a function that the model may call.
type Tool struct {
	Type     string   `json:"type" enum:"function"`
	Function Function `json:"function"`
}

// Function describes a function.
type Function struct {
	Name        string      `json:"name"`
	Description string      `json:"description,omitempty"`
	Parameters  *api.Fields `json:"parameters,omitempty" doc:"A JSON Schema of the arguments."`
	Strict      *bool       `json:"strict,omitempty" doc:"Keeps the arguments to the schema, where the model can."`
}

// ToolCall is a call of a function by the model.
type ToolCall struct {
	ID       string       `json:"id"`
	Type     string       `json:"type" enum:"function"`
	Function FunctionCall `json:"function"`
}

// FunctionCall says which function, and with what.
type FunctionCall struct {
	Name      string `json:"name"`
	Arguments string `json:"arguments" doc:"A JSON document, as a string."`
}

// ToolRule says whether the model must call a function.
type ToolRule struct{}

// Schema is how OpenAPI writes it.
func (ToolRule) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Enum: []any{"none", "auto", "required"}}
}

// AnswerFormat asks for a form of the answer.
type AnswerFormat struct {
	Type       string      `json:"type" enum:"text,json_object,json_schema"`
	JSONSchema *api.Fields `json:"json_schema,omitempty" doc:"{name, schema, strict}, with the type json_schema."`
}

// ChatChunk is one event of a chat stream.
type ChatChunk struct {
	ID      string        `json:"id"`
	Object  string        `json:"object" enum:"chat.completion.chunk"`
	Created int64         `json:"created" doc:"Unix seconds."`
	Model   string        `json:"model"`
	Choices []ChunkChoice `json:"choices" doc:"Empty in the chunk that holds the usage."`
	Usage   *ChatUsage    `json:"usage,omitempty" doc:"In the last chunk, where it was asked for."`
}

// ChunkChoice is what is new of one answer.
type ChunkChoice struct {
	Index        int64   `json:"index"`
	Delta        Delta   `json:"delta"`
	FinishReason *string `json:"finish_reason" enum:"stop,length,tool_calls,content_filter,function_call"`
}

// Delta is a piece of a message.
type Delta struct {
	Role      string      `json:"role,omitempty"`
	Content   string      `json:"content,omitempty"`
	ToolCalls []ToolDelta `json:"tool_calls,omitempty"`
}

// ToolDelta is a piece of a call: pieces with the same index belong together.
type ToolDelta struct {
	Index    int64          `json:"index"`
	ID       string         `json:"id,omitempty"`
	Type     string         `json:"type,omitempty"`
	Function *FunctionDelta `json:"function,omitempty"`
}

// FunctionDelta is a piece of a function's name or arguments.
type FunctionDelta struct {
	Name      string `json:"name,omitempty"`
	Arguments string `json:"arguments,omitempty"`
}

// ResponseEvent is an event of the Responses API; its other fields go by its type.
type ResponseEvent struct {
	Type     string    `json:"type"`
	Sequence int64     `json:"sequence_number"`
	Delta    string    `json:"delta,omitempty" doc:"The new piece of a text or of arguments."`
	Response *Response `json:"response,omitempty" doc:"The response as of now; whole in the last event."`
}

func responseEvents() []api.Event {
	event := func(name, text string) api.Event { return api.Event{Name: name, Text: text, Data: ResponseEvent{}} }
	return []api.Event{
		event("response.created", "The response is there, and nothing of its output."),
		event("response.output_item.added", "An item of the output begins: a message, a call of a function, a thought."),
		event("response.output_text.delta", "A piece of the text."),
		event("response.function_call_arguments.delta", "A piece of a call's arguments."),
		event("response.output_item.done", "An item is whole."),
		event("response.completed", "The end: the whole response, with its usage."),
		event("response.incomplete", "The end of one that was cut, for its length or by credit."),
		event("response.failed", "The end of one that failed; `response.error` says why."),
	}
}

const chatAnswer = `{"id": "chatcmpl-7d1f0c", "object": "chat.completion", "created": 1795651200, "model": "deepbrain-router",
	"choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "With skytower models import, or on the console's page of models."}}],
	"usage": {"prompt_tokens": 13, "completion_tokens": 15, "total_tokens": 28}}`

const responseAnswer = `{"id": "resp_7d1f0c", "object": "response", "created_at": 1795651200, "completed_at": 1795651201, "status": "completed", "model": "deepbrain-router",
	"output_text": "With skytower models import.", "output": [{"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
	"content": [{"type": "output_text", "text": "With skytower models import.", "annotations": []}]}],
	"usage": {"input_tokens": 13, "output_tokens": 9, "total_tokens": 22}}`

const embeddingsAnswer = `{"object": "list", "model": "deepbrain-router", "data": [{"object": "embedding", "index": 0, "embedding": [0.021, -0.117, 0.063]},
	{"object": "embedding", "index": 1, "embedding": [0.008, -0.096, 0.071]}], "usage": {"prompt_tokens": 11, "total_tokens": 11}}`
