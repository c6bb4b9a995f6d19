package inference

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"skytower/internal/fault"
	"skytower/internal/provider"
	"skytower/internal/rawjson"
)

// translation carries one Responses request over a chat model. It speaks text and
// images; what chat cannot carry is refused by name and never dropped silently.
type translation struct {
	asked responsesBody
	call  *provider.Call
	id    string
	item  string
	now   time.Time
}

// responsesBody is the part of a Responses request that the translation reads
// (contract 7.2).
type responsesBody struct {
	Input             json.RawMessage   `json:"input"`
	Instructions      *string           `json:"instructions"`
	Previous          *string           `json:"previous_response_id"`
	Background        *bool             `json:"background"`
	Conversation      json.RawMessage   `json:"conversation"`
	Prompt            json.RawMessage   `json:"prompt"`
	Tools             []json.RawMessage `json:"tools"`
	Temperature       *float64          `json:"temperature"`
	TopP              *float64          `json:"top_p"`
	MaxOutputTokens   *int64            `json:"max_output_tokens"`
	Text              *textOptions      `json:"text"`
	Reasoning         *reasoningOptions `json:"reasoning"`
	Metadata          map[string]string `json:"metadata"`
	User              *string           `json:"user"`
	Truncation        *string           `json:"truncation"`
	ParallelToolCalls *bool             `json:"parallel_tool_calls"`
	ToolChoice        json.RawMessage   `json:"tool_choice"`
	PromptCacheKey    *string           `json:"prompt_cache_key"`
}

type textOptions struct {
	Format *textFormat `json:"format,omitempty"`
}

type textFormat struct {
	Type string `json:"type"`
	jsonSchema
}

// jsonSchema is flat in the Responses API and an object of its own in chat.
type jsonSchema struct {
	Name        string          `json:"name,omitempty"`
	Description string          `json:"description,omitempty"`
	Schema      json.RawMessage `json:"schema,omitempty"`
	Strict      *bool           `json:"strict,omitempty"`
}

type reasoningOptions struct {
	Effort *string `json:"effort,omitempty"`
}

// chatBody is what goes to the chat model.
type chatBody struct {
	Model           string          `json:"model"`
	Messages        []chatMessage   `json:"messages"`
	MaxTokens       *int64          `json:"max_tokens,omitempty"`
	Temperature     *float64        `json:"temperature,omitempty"`
	TopP            *float64        `json:"top_p,omitempty"`
	ResponseFormat  *responseFormat `json:"response_format,omitempty"`
	ReasoningEffort *string         `json:"reasoning_effort,omitempty"`
	User            *string         `json:"user,omitempty"`
}

type chatMessage struct {
	Role    string `json:"role"`
	Content any    `json:"content"`
}

type responseFormat struct {
	Type       string      `json:"type"`
	JSONSchema *jsonSchema `json:"json_schema,omitempty"`
}

// translate turns the call into one for a chat model.
func translate(call *provider.Call) (*translation, error) {
	t := &translation{id: newID("resp_"), item: newID("msg_"), now: time.Now()}
	if err := json.Unmarshal(call.Body.Bytes(), &t.asked); err != nil {
		return nil, typeFault(err)
	}
	if err := t.refuse(); err != nil {
		return nil, err
	}
	body, err := t.chat(call.Model)
	if err != nil {
		return nil, err
	}
	encoded, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("encode translated request: %w", err)
	}
	doc, err := rawjson.Scan(encoded, nil)
	if err != nil {
		return nil, err
	}
	translated := *call
	translated.Body = doc
	t.call = &translated
	return t, nil
}

// refuse names what a chat model cannot do for a Responses caller.
func (t *translation) refuse() error {
	switch {
	case t.asked.Previous != nil:
		return fault.Invalid("previous_response_id", "There is no stored response with this id.")
	case len(t.asked.Tools) > 0:
		return unsupportedField("tools")
	case t.asked.Background != nil && *t.asked.Background:
		return unsupportedField("background")
	case set(t.asked.Conversation):
		return unsupportedField("conversation")
	case set(t.asked.Prompt):
		return unsupportedField("prompt")
	}
	return nil
}

func set(raw json.RawMessage) bool { return len(raw) > 0 && !bytes.Equal(raw, []byte("null")) }

func unsupportedField(name string) error {
	return &fault.Error{
		ID: fault.ModelNotSupported, Param: name,
		Message: fmt.Sprintf("This model serves the Responses API over chat, which does not carry '%s'; use /v1/chat/completions, or a model that serves responses itself.", name),
	}
}

func typeFault(err error) error {
	if kind, ok := err.(*json.UnmarshalTypeError); ok {
		f := fault.Invalid(kind.Field, "'%s' must be of another type than %s.", kind.Field, kind.Value)
		f.Err = err
		return f
	}
	return fault.Wrap(err, fault.InvalidRequest, "The request body cannot be used.")
}

func (t *translation) chat(model string) (*chatBody, error) {
	body := &chatBody{
		Model: model, MaxTokens: t.asked.MaxOutputTokens, Temperature: t.asked.Temperature, TopP: t.asked.TopP, User: t.asked.User,
	}
	if t.asked.Reasoning != nil {
		body.ReasoningEffort = t.asked.Reasoning.Effort
	}
	if t.asked.Instructions != nil && *t.asked.Instructions != "" {
		body.Messages = append(body.Messages, chatMessage{Role: "system", Content: *t.asked.Instructions})
	}
	messages, err := inputMessages(t.asked.Input)
	if err != nil {
		return nil, err
	}
	body.Messages = append(body.Messages, messages...)
	body.ResponseFormat = t.format()
	return body, nil
}

func (t *translation) format() *responseFormat {
	if t.asked.Text == nil || t.asked.Text.Format == nil || t.asked.Text.Format.Type == "text" {
		return nil
	}
	f := t.asked.Text.Format
	if f.Type != "json_schema" {
		return &responseFormat{Type: f.Type}
	}
	return &responseFormat{Type: f.Type, JSONSchema: &f.jsonSchema}
}

// inputMessages reads `input`: a string, or items.
func inputMessages(input json.RawMessage) ([]chatMessage, error) {
	var text string
	if json.Unmarshal(input, &text) == nil {
		return []chatMessage{{Role: "user", Content: text}}, nil
	}
	var items []inputItem
	if err := json.Unmarshal(input, &items); err != nil {
		return nil, fault.Invalid("input", "'input' must be a string or an array of items.")
	}
	messages := make([]chatMessage, 0, len(items))
	for i, item := range items {
		m, err := item.message(fmt.Sprintf("input[%d]", i))
		if err != nil {
			return nil, err
		}
		messages = append(messages, m)
	}
	return messages, nil
}

type inputItem struct {
	Type    string          `json:"type"`
	Role    string          `json:"role"`
	Content json.RawMessage `json:"content"`
}

type inputPart struct {
	Type     string  `json:"type"`
	Text     string  `json:"text"`
	Refusal  string  `json:"refusal"`
	ImageURL string  `json:"image_url"`
	Detail   *string `json:"detail"`
}

type chatPart struct {
	Type     string     `json:"type"`
	Text     *string    `json:"text,omitempty"`
	ImageURL *chatImage `json:"image_url,omitempty"`
}

type chatImage struct {
	URL    string  `json:"url"`
	Detail *string `json:"detail,omitempty"`
}

func (item inputItem) message(at string) (chatMessage, error) {
	if item.Type != "" && item.Type != "message" {
		return chatMessage{}, unsupportedField(at + " of type " + item.Type)
	}
	switch item.Role {
	case "user", "assistant", "system":
	case "developer":
		item.Role = "system" // contract 7.1: older chat models know no developer
	default:
		return chatMessage{}, fault.Invalid(at+".role", "'%s.role' must be user, assistant, system or developer.", at)
	}
	var text string
	if json.Unmarshal(item.Content, &text) == nil {
		return chatMessage{Role: item.Role, Content: text}, nil
	}
	var parts []inputPart
	if err := json.Unmarshal(item.Content, &parts); err != nil {
		return chatMessage{}, fault.Invalid(at+".content", "'%s.content' must be a string or an array of parts.", at)
	}
	return joinParts(item.Role, parts, at)
}

// joinParts makes one string of text parts, which every chat server takes; only an
// image needs the form in parts.
func joinParts(role string, parts []inputPart, at string) (chatMessage, error) {
	var joined string
	var out []chatPart
	images := false
	for i, p := range parts {
		switch p.Type {
		case "input_text", "output_text", "text", "refusal":
			text := p.Text + p.Refusal
			joined += text
			out = append(out, chatPart{Type: "text", Text: &text})
		case "input_image":
			images = true
			out = append(out, chatPart{Type: "image_url", ImageURL: &chatImage{URL: p.ImageURL, Detail: p.Detail}})
		default:
			return chatMessage{}, unsupportedField(fmt.Sprintf("%s.content[%d] of type %s", at, i, p.Type))
		}
	}
	if images {
		return chatMessage{Role: role, Content: out}, nil
	}
	return chatMessage{Role: role, Content: joined}, nil
}
