package skytells

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// ChatMessage is one message of a conversation.
type ChatMessage struct {
	Role    string   `json:"role" enum:"system,user,assistant"`
	Content ChatText `json:"content"`
}

// ChatText is the content of a message: a text, with pictures or without.
type ChatText struct {
	Text   string
	Images []string // addresses, data URLs among them
}

type chatPart struct {
	Type     string      `json:"type"`
	Text     string      `json:"text,omitempty"`
	ImageURL *chatImages `json:"image_url,omitempty"`
}

type chatImages struct {
	URL string `json:"url"`
}

// MarshalJSON is the bare text where there are no pictures, else a list of parts.
func (c ChatText) MarshalJSON() ([]byte, error) {
	if len(c.Images) == 0 {
		return json.Marshal(c.Text)
	}
	parts := []chatPart{{Type: "text", Text: c.Text}}
	for _, image := range c.Images {
		parts = append(parts, chatPart{Type: "image_url", ImageURL: &chatImages{image}})
	}
	return json.Marshal(parts)
}

// UnmarshalJSON reads both forms.
func (c *ChatText) UnmarshalJSON(text []byte) error {
	*c = ChatText{}
	if json.Unmarshal(text, &c.Text) == nil {
		return nil
	}
	var parts []chatPart
	if err := json.Unmarshal(text, &parts); err != nil {
		return err
	}
	for _, part := range parts {
		c.Text += part.Text
		if part.ImageURL != nil {
			c.Images = append(c.Images, part.ImageURL.URL)
		}
	}
	return nil
}

// ChatRequest asks for the next message of a conversation (contract 7.1).
type ChatRequest struct {
	Model       string        `json:"model"`
	Messages    []ChatMessage `json:"messages"`
	MaxTokens   int64         `json:"max_tokens,omitempty"`
	Temperature *float64      `json:"temperature,omitempty"`
}

// ChatUsage counts tokens.
type ChatUsage struct {
	PromptTokens     int64 `json:"prompt_tokens"`
	CompletionTokens int64 `json:"completion_tokens"`
	TotalTokens      int64 `json:"total_tokens"`
}

// ChatPiece is one event of an answer: more text, why it ended, or what it took.
type ChatPiece struct {
	ID        string
	Model     string // slug of the model that answers
	Text      string
	Reasoning string     // what a model that thinks aloud says to itself
	Finish    string     // stop, length, content_filter, …; "" until the end
	Usage     *ChatUsage // nil but in one piece, after the text
}

// ChatStream reads an answer. One goroutine pulls; Close it in every case.
type ChatStream struct {
	events *PredictionEvents
	// RequestID is the id under which the server's records have the request.
	RequestID string
}

// StreamChat asks for an answer that comes piece by piece. It may take as long as pieces
// come.
func (c *Client) StreamChat(ctx context.Context, r ChatRequest) (*ChatStream, error) {
	ctx, stall := watchStall(ctx, stallTimeout)
	s, err := c.openChat(ctx, stall, r)
	if err != nil {
		stall.stop()
		return nil, err
	}
	return s, nil
}

func (c *Client) openChat(ctx context.Context, stall *stall, ask ChatRequest) (*ChatStream, error) {
	r, err := c.request(ctx, http.MethodPost, "/v1/chat/completions", struct {
		ChatRequest
		Stream  bool            `json:"stream"`
		Options map[string]bool `json:"stream_options"`
	}{ask, true, map[string]bool{"include_usage": true}})
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "text/event-stream")
	reply, err := c.http.Do(r)
	if err != nil {
		return nil, c.failed(stall.cause(err))
	}
	if reply.StatusCode == http.StatusOK && strings.HasPrefix(reply.Header.Get("Content-Type"), "text/event-stream") {
		events := &PredictionEvents{c: c, stall: stall, reply: reply, in: bufio.NewReader(reply.Body), limit: maxReply}
		return &ChatStream{events, reply.Header.Get("X-Request-Id")}, nil
	}
	defer reply.Body.Close() //nolint:errcheck // nothing was written
	if _, err := c.whole(reply, stall); err != nil {
		return nil, err
	}
	return nil, fmt.Errorf("%s: the answer is no stream; is %s a Skytower server?", actOf(reply), c.base)
}

// Close ends the answer: the server stops as well.
func (s *ChatStream) Close() { s.events.Close() }

var errBrokenOff = errors.New("the answer broke off before its end")

// Next waits for a piece; io.EOF follows the last. An error that the server tells in the
// stream is an *APIError.
func (s *ChatStream) Next() (ChatPiece, error) {
	event, err := s.events.read()
	switch {
	case errors.Is(err, io.EOF):
		return ChatPiece{}, &UnreachableError{URL: s.events.c.base, Err: errBrokenOff}
	case err != nil:
		return ChatPiece{}, err
	case string(event.Data) == "[DONE]":
		return ChatPiece{}, io.EOF
	}
	var sent struct {
		ID      string `json:"id"`
		Model   string `json:"model"`
		Choices []struct {
			Delta struct {
				Content   string `json:"content"`
				Reasoning string `json:"reasoning_content"`
			} `json:"delta"`
			Finish string `json:"finish_reason"`
		} `json:"choices"`
		Usage *ChatUsage      `json:"usage"`
		Error json.RawMessage `json:"error"`
	}
	if err := json.Unmarshal(event.Data, &sent); err != nil {
		return ChatPiece{}, fmt.Errorf("a piece of the answer is not what a Skytower server sends; is %s one?", s.events.c.base)
	}
	if len(sent.Error) > 0 && string(sent.Error) != "null" {
		return ChatPiece{}, apiError(s.events.reply, event.Data)
	}
	piece := ChatPiece{ID: sent.ID, Model: sent.Model, Usage: sent.Usage}
	if len(sent.Choices) > 0 {
		first := sent.Choices[0]
		piece.Text, piece.Reasoning, piece.Finish = first.Delta.Content, first.Delta.Reasoning, first.Finish
	}
	return piece, nil
}
