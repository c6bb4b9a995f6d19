package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// embeddingSize is the number of floats in the mock's embedding.
const embeddingSize = 1536

const (
	namePrefix = "event: "
	dataPrefix = "data: "
	doneEvent  = "[DONE]"
	// messageStop ends a stream of the Messages API.
	messageStop = `{"type":"message_stop"}`
)

// events counts the events of a server-sent event stream written to it in pieces of any size.
type events struct {
	chunks  int  // data events other than the end
	done    bool // the end was seen: [DONE], or that of a message
	bytes   int  // length of all data lines, so that answers can be compared without keeping them
	bad     string
	onChunk func(data []byte) // may be nil
	partial []byte
}

// reset forgets the last stream but keeps the buffer.
func (e *events) reset() {
	*e = events{onChunk: e.onChunk, partial: e.partial[:0]}
}

func (e *events) Write(p []byte) (int, error) {
	n := len(p)
	for {
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			e.partial = append(e.partial, p...)
			return n, nil
		}
		line := p[:i]
		if len(e.partial) > 0 {
			e.partial = append(e.partial, line...)
			line = e.partial
		}
		e.line(line)
		e.partial, p = e.partial[:0], p[i+1:]
	}
}

func (e *events) line(line []byte) {
	if len(line) == 0 || line[0] == ':' { // an event's end, or a keep-alive comment
		return
	}
	if bytes.HasPrefix(line, []byte(namePrefix)) && !e.done { // which the data says too
		return
	}
	data, found := bytes.CutPrefix(line, []byte(dataPrefix))
	switch {
	case !found || e.done:
		e.bad = fmt.Sprintf("unexpected line %.60q", line)
	case string(data) == doneEvent, string(data) == messageStop:
		e.done = true
	default:
		e.chunks++
		e.bytes += len(data)
		if e.onChunk != nil {
			e.onChunk(data)
		}
	}
}

// complete says what is missing from a finished stream; want 0 means any number of chunks.
func (e *events) complete(want int) error {
	switch {
	case e.bad != "":
		return errors.New(e.bad)
	case len(e.partial) > 0:
		return fmt.Errorf("the stream ends within a line: %.60q", e.partial)
	case !e.done:
		return fmt.Errorf("the stream ends without [DONE], or a message's end, after %d chunks", e.chunks)
	case want > 0 && e.chunks != want:
		return fmt.Errorf("%d chunks instead of %d", e.chunks, want)
	}
	return nil
}

// plainAnswer is as much of a chat or embeddings answer as tells a real one from an empty one.
type plainAnswer struct {
	Choices []struct {
		Message struct{ Content string }
	}
	Data   []struct{ Embedding []float64 }
	Output []struct {
		Content []struct{ Text string }
	}
	Content []struct{ Text string }
	Usage   struct {
		TotalTokens  int `json:"total_tokens"`
		OutputTokens int `json:"output_tokens"`
	}
}

// checkPlain reads a whole answer. It is done once a connection; the following answers must be of the same length.
func checkPlain(body io.Reader) error {
	var a plainAnswer
	if err := json.NewDecoder(body).Decode(&a); err != nil {
		return fmt.Errorf("decode answer: %w", err)
	}
	switch {
	case a.Usage.TotalTokens+a.Usage.OutputTokens == 0:
		return errors.New("the answer has no usage")
	case len(a.Choices) == 1 && a.Choices[0].Message.Content != "":
		return nil
	case len(a.Output) > 0 && len(a.Output[0].Content) == 1 && a.Output[0].Content[0].Text != "":
		return nil
	case len(a.Content) == 1 && a.Content[0].Text != "":
		return nil
	case len(a.Data) == 1 && len(a.Data[0].Embedding) == embeddingSize:
		return nil
	}
	return errors.New("the answer holds no message, no output and no embedding")
}

// checkChunk reads one chunk of a streamed chat, or event of a message.
func checkChunk(data []byte) error {
	var chunk struct {
		Type    string
		Choices []struct{ Delta json.RawMessage }
	}
	if err := json.Unmarshal(data, &chunk); err != nil {
		return fmt.Errorf("decode chunk: %w", err)
	}
	if chunk.Type != "" && chunk.Type != "error" {
		return nil
	}
	if len(chunk.Choices) != 1 || len(chunk.Choices[0].Delta) == 0 {
		return fmt.Errorf("chunk without a delta: %.80s", data)
	}
	return nil
}
