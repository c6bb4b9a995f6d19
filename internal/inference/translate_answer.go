package inference

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"skytower/internal/provider"
)

// newID is a name for an object of ours: prefix and 128 random bits.
func newID(prefix string) string {
	return fmt.Sprintf("%s%016x%016x", prefix, rand.Uint64(), rand.Uint64())
}

// responseObject is the answer of the Responses API (contract 7.2); every field is
// always there.
type responseObject struct {
	ID                string            `json:"id"`
	Object            string            `json:"object"`
	CreatedAt         int64             `json:"created_at"`
	CompletedAt       *int64            `json:"completed_at"`
	Status            string            `json:"status"`
	Background        bool              `json:"background"`
	Model             string            `json:"model"`
	OutputText        string            `json:"output_text"`
	Output            []outputItem      `json:"output"`
	Instructions      *string           `json:"instructions"`
	Previous          *string           `json:"previous_response_id"`
	Store             bool              `json:"store"`
	Temperature       *float64          `json:"temperature"`
	TopP              *float64          `json:"top_p"`
	MaxOutputTokens   *int64            `json:"max_output_tokens"`
	Tools             []json.RawMessage `json:"tools"`
	ToolChoice        string            `json:"tool_choice"`
	ParallelToolCalls bool              `json:"parallel_tool_calls"`
	Truncation        string            `json:"truncation"`
	Metadata          map[string]string `json:"metadata"`
	Error             *struct{}         `json:"error"`
	Incomplete        *incomplete       `json:"incomplete_details"`
	ServiceTier       string            `json:"service_tier"`
	FrequencyPenalty  float64           `json:"frequency_penalty"`
	PresencePenalty   float64           `json:"presence_penalty"`
	Usage             *responseUsage    `json:"usage"`
	User              *string           `json:"user,omitempty"`
	PromptCacheKey    *string           `json:"prompt_cache_key,omitempty"`
}

type incomplete struct {
	Reason string `json:"reason"`
}

type outputItem struct {
	ID      string       `json:"id"`
	Type    string       `json:"type"`
	Status  string       `json:"status"`
	Role    string       `json:"role"`
	Content []outputPart `json:"content"`
}

type outputPart struct {
	Type        string            `json:"type"`
	Text        string            `json:"text"`
	Annotations []json.RawMessage `json:"annotations"`
	Logprobs    []json.RawMessage `json:"logprobs"`
}

type responseUsage struct {
	Input         int64         `json:"input_tokens"`
	Output        int64         `json:"output_tokens"`
	Total         int64         `json:"total_tokens"`
	InputDetails  cachedTokens  `json:"input_tokens_details"`
	OutputDetails reasoningPart `json:"output_tokens_details"`
}

type cachedTokens struct {
	Cached int64 `json:"cached_tokens"`
}

type reasoningPart struct {
	Reasoning int64 `json:"reasoning_tokens"`
}

// object is the response before any output.
func (t *translation) object() responseObject {
	truncation, metadata := "disabled", map[string]string{}
	if t.asked.Truncation != nil {
		truncation = *t.asked.Truncation
	}
	if t.asked.Metadata != nil {
		metadata = t.asked.Metadata
	}
	return responseObject{
		ID: t.id, Object: "response", CreatedAt: t.now.Unix(), Status: "in_progress", Model: t.call.Show, Output: []outputItem{},
		Instructions: t.asked.Instructions, Temperature: t.asked.Temperature, TopP: t.asked.TopP, MaxOutputTokens: t.asked.MaxOutputTokens,
		Tools: []json.RawMessage{}, ToolChoice: "auto", ParallelToolCalls: true, Truncation: truncation, Metadata: metadata,
		ServiceTier: "default", User: t.asked.User, PromptCacheKey: t.asked.PromptCacheKey,
	}
}

func part(text string) outputPart {
	return outputPart{Type: "output_text", Text: text, Annotations: []json.RawMessage{}, Logprobs: []json.RawMessage{}}
}

func (t *translation) message(status, text string) outputItem {
	return outputItem{ID: t.item, Type: "message", Status: status, Role: "assistant", Content: []outputPart{part(text)}}
}

// finished is the response with its output. A finish reason that cut the answer
// makes it incomplete.
func (t *translation) finished(text, reason string, usage provider.Usage) responseObject {
	o := t.object()
	at := time.Now().Unix()
	o.CompletedAt, o.Status = &at, "completed"
	itemStatus := "completed"
	switch reason {
	case "length":
		o.Status, itemStatus, o.Incomplete = "incomplete", "incomplete", &incomplete{"max_output_tokens"}
	case "content_filter":
		o.Status, itemStatus, o.Incomplete = "incomplete", "incomplete", &incomplete{"content_filter"}
	}
	o.Output, o.OutputText = []outputItem{t.message(itemStatus, text)}, text
	if usage.Reported {
		o.Usage = usageOf(usage)
	}
	return o
}

func usageOf(u provider.Usage) *responseUsage {
	return &responseUsage{
		Input: u.Input, Output: u.Output, Total: u.Input + u.Output,
		InputDetails: cachedTokens{u.Cached}, OutputDetails: reasoningPart{u.Reasoning},
	}
}

// chatReply is the part of a chat completion, or of a chunk, that the translation
// reads.
type chatReply struct {
	Choices []struct {
		Message      chatText `json:"message"`
		Delta        chatText `json:"delta"`
		FinishReason *string  `json:"finish_reason"`
	} `json:"choices"`
}

type chatText struct {
	Content *string `json:"content"`
	Refusal *string `json:"refusal"`
}

func (c chatText) text() string {
	var out string
	if c.Content != nil {
		out = *c.Content
	}
	if c.Refusal != nil {
		out += *c.Refusal
	}
	return out
}

// answer turns a chat completion into a response.
func (t *translation) answer(a *provider.Answer) (*provider.Answer, error) {
	var reply chatReply
	if err := json.Unmarshal(a.Body, &reply); err != nil || len(reply.Choices) == 0 {
		return nil, &provider.Error{Class: provider.Broken, Err: fmt.Errorf("chat completion cannot be read: %w", orEmpty(err))}
	}
	reason := ""
	if r := reply.Choices[0].FinishReason; r != nil {
		reason = *r
	}
	body, err := json.Marshal(t.finished(reply.Choices[0].Message.text(), reason, a.Usage))
	if err != nil {
		return nil, fmt.Errorf("encode response: %w", err)
	}
	return &provider.Answer{Body: body, Usage: a.Usage, Bytes: a.Bytes}, nil
}

func orEmpty(err error) error {
	if err != nil {
		return err
	}
	return io.ErrUnexpectedEOF
}
