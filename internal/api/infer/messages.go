package infer

import (
	"net/http"

	"skytower/internal/account"
	"skytower/internal/api"
	"skytower/internal/fault"
	"skytower/internal/httpx"
	"skytower/internal/inference"
)

func (h *Handlers) messagesRow() api.Route {
	return api.Route{
		Method: http.MethodPost, Pattern: "/v1/messages", Surface: api.Messages,
		ID: "createMessage", Tag: "Inference", Summary: "Create a message",
		Description: "Anthropic's Messages API, for every chat model: it passes through to upstreams that have it and is translated for the others. " +
			"With `stream: true` the answer is a stream of typed events. Errors have the form of that API. " + dryRunText,
		Scope:   account.Inference,
		Params:  []api.Param{beta()},
		Request: MessagesRequest{}, Response: Message{}, Streams: true,
		Events:  messageEvents(),
		Example: `{"model": "deepbrain-router", "max_tokens": 256, "messages": [{"role": "user", "content": "How do I add a model?"}]}`,
		Answer:  messageAnswer,
		Errors:  routeErrors(fault.SecurityViolation),
		Key:     h.serve(inference.Messages),
	}
}

func (h *Handlers) countRow() api.Route {
	return api.Route{
		Method: http.MethodPost, Pattern: "/v1/messages/count_tokens", Surface: api.Messages,
		ID: "countMessageTokens", Tag: "Inference", Summary: "Count the tokens of a message",
		Description: "How many input tokens a request has: the count of the model's upstream where it has one, else an estimate by its size. " +
			"It costs nothing, and draws one request of the limits.",
		Scope:   account.Inference,
		Params:  []api.Param{beta()},
		Request: CountRequest{}, Response: TokenCount{},
		Example: `{"model": "deepbrain-router", "messages": [{"role": "user", "content": "How do I add a model?"}]}`,
		Answer:  `{"input_tokens": 14}`,
		Errors:  routeErrors(),
		Key:     h.count,
	}
}

// beta is what Anthropic's clients send with calls of their beta namespace.
func beta() api.Param {
	return api.Param{Name: "beta", In: "query", Description: "Makes no difference; Anthropic's clients send it.", Enum: []string{"true", "false"}}
}

func (h *Handlers) count(c *httpx.Call, who account.Principal) error {
	body, err := c.Body(h.MaxBody)
	if err != nil {
		return err
	}
	req, err := h.Parser.Parse(inference.Messages, body, false)
	if err != nil {
		return err
	}
	req.ID, req.Header = c.Record.ID, forwarded(c.Request.Header, inference.Messages)
	if h.Surface != "" {
		req.Surface = h.Surface
	}
	counted, err := h.Service.CountMessage(c.Request.Context(), who, req)
	if err != nil {
		return err
	}
	header := c.Header()
	header["X-Skytells-Model"] = []string{counted.Admission.Model}
	api.LimitHeaders(header, counted.Admission.Limits)
	api.NameRequest(header, c.Record.ID)
	c.Record.Model = counted.Admission.Model
	return c.JSON(http.StatusOK, TokenCount{InputTokens: counted.Tokens})
}

// The types below are for the document alone, but for TokenCount: bodies pass as bytes.

// MessagesRequest is the body of a message (Anthropic's API reference, "Create a Message").
type MessagesRequest struct {
	CountRequest
	MaxTokens     int64       `json:"max_tokens" minimum:"1" doc:"Most tokens of the answer."`
	Stream        bool        `json:"stream,omitempty"`
	StopSequences []string    `json:"stop_sequences,omitempty"`
	Temperature   *float64    `json:"temperature,omitempty" minimum:"0"`
	TopP          *float64    `json:"top_p,omitempty" minimum:"0" maximum:"1"`
	TopK          *int64      `json:"top_k,omitempty" minimum:"0" doc:"Passed on to chat servers too, of which not all know it."`
	Metadata      *api.Fields `json:"metadata,omitempty" doc:"{user_id}: the end user, as an opaque id."`
	ServiceTier   string      `json:"service_tier,omitempty" enum:"auto,standard_only"`
	DryRun        bool        `json:"dry_run,omitempty" doc:"Says what the call would cost, as a DryRun object, and runs nothing."`
}

// CountRequest is the part of a message's body that its input tokens are made of.
type CountRequest struct {
	Model        string                            `json:"model" doc:"Slug or alias of a chat model."`
	Messages     []MessageParam                    `json:"messages"`
	System       api.OneOf[string, []MessageBlock] `json:"system,omitempty" doc:"Instructions: a text, or blocks of text."`
	Tools        []MessageTool                     `json:"tools,omitempty" doc:"Tools that the model may ask for. Anthropic's own tools need an upstream that has them."`
	ToolChoice   *MessageToolChoice                `json:"tool_choice,omitempty"`
	Thinking     *api.Fields                       `json:"thinking,omitempty" doc:"{type, budget_tokens, display}: thoughts are told to who asks; over chat a budget becomes reasoning_effort."`
	OutputConfig *api.Fields                       `json:"output_config,omitempty" doc:"{effort, format}: how hard to try, and a JSON schema of the answer."`
}

// MessageParam is one message of a conversation.
type MessageParam struct {
	Role    string                            `json:"role" enum:"user,assistant"`
	Content api.OneOf[string, []MessageBlock] `json:"content" doc:"A text, or blocks."`
}

// MessageBlock is a content block; its other fields go by its type.
type MessageBlock struct {
	Type      string                          `json:"type" doc:"text, image, document, search_result, tool_use, tool_result, thinking, redacted_thinking; upstreams that have this API know more."`
	Text      string                          `json:"text,omitempty" doc:"With the type text."`
	Source    *api.Fields                     `json:"source,omitempty" doc:"Of an image: {type: base64, media_type, data} or {type: url, url}; of a document over chat: {type: text, data} or {type: content, content}."`
	ID        string                          `json:"id,omitempty" doc:"Of a tool_use."`
	Name      string                          `json:"name,omitempty" doc:"Of a tool_use: the tool."`
	Input     *api.Fields                     `json:"input,omitempty" doc:"Of a tool_use: the arguments."`
	ToolUseID string                          `json:"tool_use_id,omitempty" doc:"Of a tool_result: which call it answers."`
	Content   api.OneOf[string, []api.Fields] `json:"content,omitempty" doc:"Of a tool_result: a text, or blocks of text and images."`
	IsError   bool                            `json:"is_error,omitempty" doc:"Of a tool_result: the tool failed."`
	Thinking  string                          `json:"thinking,omitempty" doc:"With the type thinking."`
	Signature string                          `json:"signature,omitempty" doc:"Of a thinking block; empty where the model's upstream signs none."`
}

// MessageTool is a tool that the model may ask for.
type MessageTool struct {
	Type        string      `json:"type,omitempty" doc:"custom if it is missing."`
	Name        string      `json:"name"`
	Description string      `json:"description,omitempty"`
	InputSchema *api.Fields `json:"input_schema" doc:"A JSON Schema of the arguments."`
}

// MessageToolChoice says whether the model must ask for a tool.
type MessageToolChoice struct {
	Type     string `json:"type" enum:"auto,any,tool,none"`
	Name     string `json:"name,omitempty" doc:"With the type tool."`
	Parallel bool   `json:"disable_parallel_tool_use,omitempty" doc:"true: at most one call."`
}

// Message is the answer.
type Message struct {
	ID           string         `json:"id"`
	Type         string         `json:"type" enum:"message"`
	Role         string         `json:"role" enum:"assistant"`
	Model        string         `json:"model"`
	Content      []MessageBlock `json:"content"`
	StopReason   *string        `json:"stop_reason" doc:"end_turn, max_tokens (also where credit ran out), stop_sequence, tool_use or refusal; null at a stream's beginning."`
	StopSequence *string        `json:"stop_sequence" doc:"The sequence that ended the answer, where the upstream says which."`
	Usage        MessageUsage   `json:"usage"`
}

// MessageUsage counts tokens. The whole input is the sum of the three kinds.
type MessageUsage struct {
	InputTokens   int64 `json:"input_tokens" doc:"Those that no cache was used for."`
	CacheCreation int64 `json:"cache_creation_input_tokens"`
	CacheRead     int64 `json:"cache_read_input_tokens"`
	OutputTokens  int64 `json:"output_tokens"`
}

// TokenCount is how many input tokens a request has.
type TokenCount struct {
	InputTokens int64 `json:"input_tokens"`
}

// MessageEvent is an event of the Messages API; its other fields go by its type.
type MessageEvent struct {
	Type    string        `json:"type"`
	Index   *int64        `json:"index,omitempty" doc:"Which content block."`
	Message *Message      `json:"message,omitempty"`
	Block   *MessageBlock `json:"content_block,omitempty"`
	Delta   *api.Fields   `json:"delta,omitempty"`
	Usage   *MessageUsage `json:"usage,omitempty"`
}

func messageEvents() []api.Event {
	event := func(name, text string) api.Event { return api.Event{Name: name, Text: text, Data: MessageEvent{}} }
	return []api.Event{
		event("message_start", "The message is there, and nothing of its content; its usage is an estimate."),
		event("ping", "Nothing new."),
		event("content_block_start", "A block begins: a text, a call of a tool, a thought."),
		event("content_block_delta", "A piece of the block: text_delta, input_json_delta or thinking_delta."),
		event("content_block_stop", "The block is whole."),
		event("message_delta", "Why the message ended, and its usage."),
		event("message_stop", "The end."),
	}
}

const messageAnswer = `{"id": "msg_7d1f0c", "type": "message", "role": "assistant", "model": "deepbrain-router",
	"content": [{"type": "text", "text": "With skytower models import, or on the console's page of models."}], "stop_reason": "end_turn", "stop_sequence": null,
	"usage": {"input_tokens": 13, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": 15}}`
