package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
)

const (
	maxBody     = 64 << 20
	maxStops    = 16
	maxStopText = 1024 // bytes
	maxBiases   = 1024
)

// chatRequest is what counts of a chat completion. Fields that only say how an answer is
// kept or labelled (user, metadata, store) are not in it, and are ignored.
type chatRequest struct {
	Messages      []message `json:"messages"`
	Stream        bool      `json:"stream"`
	StreamOptions *struct {
		IncludeUsage bool `json:"include_usage"`
	} `json:"stream_options"`

	MaxTokens           *int64 `json:"max_tokens"`
	MaxCompletionTokens *int64 `json:"max_completion_tokens"`

	Temperature    *float64           `json:"temperature"`
	TopP           *float64           `json:"top_p"`
	TopK           *int64             `json:"top_k"`
	MinP           *float64           `json:"min_p"`
	Seed           *int64             `json:"seed"`
	Frequency      *float64           `json:"frequency_penalty"`
	Presence       *float64           `json:"presence_penalty"`
	Repetition     *float64           `json:"repetition_penalty"`
	LogitBias      map[string]float64 `json:"logit_bias"`
	Stop           json.RawMessage    `json:"stop"`
	ResponseFormat *responseFormat    `json:"response_format"`
	N              *int64             `json:"n"`
	Logprobs       json.RawMessage    `json:"logprobs"`
	TopLogprobs    *int64             `json:"top_logprobs"`
	Tools          []json.RawMessage  `json:"tools"`
	ToolChoice     json.RawMessage    `json:"tool_choice"`
	Functions      []json.RawMessage  `json:"functions"`
	Modalities     []string           `json:"modalities"`
	Audio          json.RawMessage    `json:"audio"`
	WebSearch      json.RawMessage    `json:"web_search_options"`
}

type message struct {
	Role      string            `json:"role"`
	Content   json.RawMessage   `json:"content"`
	ToolCalls []json.RawMessage `json:"tool_calls"`
}

type responseFormat struct {
	Type       string `json:"type"`
	JSONSchema *struct {
		Schema json.RawMessage `json:"schema"`
	} `json:"json_schema"`
}

// read decodes a request's body.
func read(w http.ResponseWriter, r *http.Request, to any) *failure {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return &failure{status: http.StatusRequestEntityTooLarge, message: "The body is too large, or could not be read."}
	}
	if err := json.Unmarshal(body, to); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) {
			return refused(wrong.Field, "'%s' can't be of the type %s.", wrong.Field, wrong.Value)
		}
		return refused("", "The body is not JSON.")
	}
	return nil
}

// set reports whether a field says something.
func set(field json.RawMessage) bool {
	text := string(bytes.TrimSpace(field))
	return text != "" && text != "null" && text != "false"
}

// check refuses what this engine can't do, by the field's name: to leave it out silently
// would give another answer than what was asked for.
func (q *chatRequest) check() *failure {
	switch {
	case len(q.Messages) == 0:
		return refused("messages", "'messages' is missing or empty.")
	case len(q.Tools) > 0 && strings.TrimSpace(string(q.ToolChoice)) != `"none"`:
		return unsupported("tools", "tools")
	case len(q.Functions) > 0:
		return unsupported("functions", "functions")
	case q.N != nil && *q.N != 1:
		return unsupported("n", "more than one choice")
	case set(q.Logprobs), q.TopLogprobs != nil && *q.TopLogprobs > 0:
		return unsupported("logprobs", "logprobs")
	case set(q.Audio), len(q.Modalities) > 0 && (len(q.Modalities) != 1 || q.Modalities[0] != "text"):
		return unsupported("modalities", "any output but text")
	case set(q.WebSearch):
		return unsupported("web_search_options", "searching the web")
	}
	return q.checkNumbers()
}

func (q *chatRequest) checkNumbers() *failure {
	for _, one := range []struct {
		name     string
		value    *float64
		from, to float64
	}{
		{"temperature", q.Temperature, 0, 100}, {"top_p", q.TopP, 0, 1}, {"min_p", q.MinP, 0, 1},
		{"frequency_penalty", q.Frequency, -2, 2}, {"presence_penalty", q.Presence, -2, 2}, {"repetition_penalty", q.Repetition, 0.01, 100},
	} {
		if one.value != nil && !(*one.value >= one.from && *one.value <= one.to) {
			return refused(one.name, "'%s' is from %g to %g.", one.name, one.from, one.to)
		}
	}
	for name, value := range map[string]*int64{"max_tokens": q.MaxTokens, "max_completion_tokens": q.MaxCompletionTokens} {
		if value != nil && *value < 1 {
			return refused(name, "'%s' is at least 1.", name)
		}
	}
	if q.TopK != nil && (*q.TopK < 0 || *q.TopK > math.MaxInt32) {
		return refused("top_k", "'top_k' is 0 (no bound) or more.")
	}
	if len(q.LogitBias) > maxBiases {
		return refused("logit_bias", "'logit_bias' has at most %d tokens.", maxBiases)
	}
	for token, bias := range q.LogitBias {
		if _, err := strconv.ParseUint(token, 10, 31); err != nil || !(bias >= -100 && bias <= 100) {
			return refused("logit_bias", "'logit_bias' gives numbers of tokens values from -100 to 100.")
		}
	}
	return nil
}

// limit is how many tokens may be generated with so much room left.
func (q *chatRequest) limit(left int) int {
	most := int64(left)
	for _, value := range []*int64{q.MaxTokens, q.MaxCompletionTokens} {
		if value != nil {
			most = min(most, *value)
		}
	}
	return int(most)
}

func (q *chatRequest) stops() ([]string, *failure) {
	if !set(q.Stop) {
		return nil, nil
	}
	var list []string
	var one string
	if json.Unmarshal(q.Stop, &one) == nil {
		list = []string{one}
	} else if json.Unmarshal(q.Stop, &list) != nil {
		return nil, refused("stop", "'stop' is a text or a list of texts.")
	}
	if len(list) > maxStops {
		return nil, refused("stop", "'stop' has at most %d texts.", maxStops)
	}
	for _, text := range list {
		if text == "" || len(text) > maxStopText {
			return nil, refused("stop", "A text of 'stop' has from 1 to %d bytes.", maxStopText)
		}
	}
	return list, nil
}

// talk is the messages as the template wants them: text alone.
func (q *chatRequest) talk() ([]turn, *failure) {
	talk := make([]turn, len(q.Messages))
	for i, m := range q.Messages {
		at := "messages[" + strconv.Itoa(i) + "]"
		if len(m.ToolCalls) > 0 {
			return nil, unsupported(at+".tool_calls", "tools")
		}
		switch m.Role {
		case "developer":
			m.Role = "system"
		case "system", "user", "assistant":
		case "tool", "function":
			return nil, unsupported(at+".role", "tools")
		default:
			return nil, refused(at+".role", "The role of a message is system, developer, user or assistant, not %q.", m.Role)
		}
		text, f := textOf(m.Content, at+".content")
		if f != nil {
			return nil, f
		}
		talk[i] = turn{m.Role, text}
	}
	return talk, nil
}

// textOf is a message's content: a text, parts of text, or null.
func textOf(content json.RawMessage, at string) (string, *failure) {
	var text string
	if len(content) == 0 || json.Unmarshal(content, &text) == nil {
		return plain(text), nil
	}
	var parts []struct {
		Type string  `json:"type"`
		Text *string `json:"text"`
	}
	if json.Unmarshal(content, &parts) != nil {
		return "", refused(at, "The content of a message is a text or a list of parts.")
	}
	var all []string
	for i, part := range parts {
		if part.Type != "text" || part.Text == nil {
			return "", unsupported(at+"["+strconv.Itoa(i)+"]", "any input but text")
		}
		all = append(all, *part.Text)
	}
	return plain(strings.Join(all, "\n")), nil
}

// plain takes out NUL, at which C's texts end.
func plain(text string) string { return strings.ReplaceAll(text, "\x00", "\uFFFD") }
