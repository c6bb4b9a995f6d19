package scale

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// client sends requests through the balancer, and notes in the diary what came of them.
type client struct {
	base  string
	http  *http.Client
	diary *diary
}

// callTime bounds one request of the test's clients.
const callTime = 2 * time.Minute

// answer is a whole answer that is no stream.
type answer struct {
	status  int
	body    []byte
	replica string
	unheard bool // the balancer answers itself
	header  http.Header
}

// send makes a request and reads its answer to the end.
func (c *client) send(ctx context.Context, base, key, method, path, body string, header ...string) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	res, err := c.open(ctx, base, key, method, path, body, header...)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close() //nolint:errcheck // read to its end
	text, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, text, res.Header.Get(headerReplica), res.Header.Get(headerUnheard) != "", res.Header}, err
}

func (c *client) open(ctx context.Context, base, key, method, path, body string, header ...string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, base+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	if key != "" {
		req.Header.Set("X-Api-Key", key)
	}
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return c.http.Do(req)
}

// errorID finds the server's word for an error in an answer of either form.
func errorID(body []byte) string {
	var form struct {
		Error struct {
			ErrorID string `json:"error_id"`
			Code    string
			Details json.RawMessage
		}
	}
	if json.Unmarshal(body, &form) != nil {
		return ""
	}
	if form.Error.ErrorID != "" {
		return form.Error.ErrorID
	}
	return form.Error.Code
}

// text makes a request for text. A client that leaves does so after some tokens; 0: it stays.
func (c *client) text(ctx context.Context, one *call, path, body string, leaveAfter int64) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	one.sent = time.Now()
	c.diary.change(func() { c.diary.calls[one.nonce] = one })
	res, err := c.open(ctx, c.base, one.who.key, http.MethodPost, path, body)
	seen := *one
	if err == nil {
		seen.status, seen.id, seen.from = res.StatusCode, res.Header.Get("X-Request-Id"), res.Header.Get(headerReplica)
		if strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
			seen.follow(res.Body, leaveAfter)
		} else {
			seen.read(res)
		}
		cancel() // a client that leaves breaks the connection
		_ = res.Body.Close()
	}
	seen.done = time.Now()
	c.diary.change(func() { *one = seen })
	c.judge(&seen, res)
}

// read takes an answer that is no stream.
func (one *call) read(res *http.Response) {
	body, err := io.ReadAll(res.Body)
	switch {
	case err != nil:
	case res.StatusCode != http.StatusOK:
		one.error = errorID(body)
	case one.kind == "embed":
		one.whole = strings.Contains(string(body), `"embedding"`) && json.Valid(body)
	default:
		one.understand(body)
	}
}

// understand reads a chat completion or a response.
func (one *call) understand(body []byte) {
	var form struct {
		Choices []struct {
			Message      struct{ Content string }
			FinishReason string `json:"finish_reason"`
		}
		Status     string
		ID         string
		OutputText *string `json:"output_text"`
	}
	if json.Unmarshal(body, &form) != nil {
		return
	}
	switch {
	case len(form.Choices) == 1:
		one.whole, one.reason = true, form.Choices[0].FinishReason
		one.tokens = int64(len(form.Choices[0].Message.Content) / len(word))
	case one.kind == "background":
		one.id, one.whole = form.ID, form.Status == "queued"
	case form.OutputText != nil:
		one.whole, one.reason = true, "stop"
		if form.Status == "incomplete" {
			one.reason = "length"
		}
		one.tokens = int64(len(*form.OutputText) / len(word))
	}
}

// chunk is an event of a stream, of either API.
type chunk struct {
	Error   json.RawMessage
	Type    string
	Delta   json.RawMessage
	Choices []struct {
		Delta        struct{ Content string }
		FinishReason *string `json:"finish_reason"`
	}
	Response struct {
		Error json.RawMessage
	}
}

// follow reads a stream to its end, or until the client has had enough.
func (one *call) follow(body io.Reader, leaveAfter int64) {
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		data, found := strings.CutPrefix(lines.Text(), "data: ")
		if !found {
			continue
		}
		if data == "[DONE]" {
			one.whole = !one.inBand
			return
		}
		var event chunk
		if json.Unmarshal([]byte(data), &event) != nil {
			return
		}
		if one.take(&event, data) {
			return
		}
		if leaveAfter > 0 && one.tokens >= leaveAfter {
			one.left = true
			return
		}
	}
}

// take reads one event, and reports whether it is the last one.
func (one *call) take(event *chunk, data string) (last bool) {
	switch {
	case len(event.Error) > 0 && string(event.Error) != "null":
		one.inBand, one.error = true, errorID([]byte(data))
		return false
	case event.Type == "response.output_text.delta":
		var text string
		if json.Unmarshal(event.Delta, &text) == nil {
			one.tokens += int64(len(text) / len(word))
		}
	case event.Type == "response.completed" || event.Type == "response.incomplete":
		one.whole, one.reason = true, "stop"
		return true
	case event.Type == "response.failed" || event.Type == "error":
		one.inBand, one.error = true, errorID([]byte(fmt.Sprintf(`{"error":%s}`, orNull(event.Response.Error))))
		return true
	}
	for _, choice := range event.Choices {
		one.tokens += int64(len(choice.Delta.Content) / len(word))
		if choice.FinishReason != nil {
			one.reason = *choice.FinishReason
		}
	}
	return false
}

func orNull(text json.RawMessage) string {
	if len(text) == 0 {
		return "null"
	}
	return string(text)
}

// judge counts how a call ended, and notes what must not be.
func (c *client) judge(one *call, res *http.Response) {
	how := "broken"
	switch {
	case one.whole:
		how = "whole"
	case one.left:
		how = "left by the client"
	case one.inBand:
		how = "ended by an error in the stream: " + one.error
	case one.status == 0:
		how = "no answer"
	case res.Header.Get(headerUnheard) != "":
		how = "balancer " + strconv.Itoa(one.status)
	case one.status != http.StatusOK:
		how = fmt.Sprintf("refused %d %s", one.status, one.error)
		if one.status == http.StatusServiceUnavailable && res.Header.Get("Retry-After") == "" {
			c.diary.count("503 without Retry-After: " + one.error)
		}
	}
	c.diary.count(one.kind + ": " + how)
	if one.status != 0 && res.Header.Get(headerUnheard) == "" && !allowed(one) {
		c.diary.problem("%s of %s was answered with %d %s", one.kind, one.who.name, one.status, one.error)
	}
}

// allowed reports whether a client of this account may get such an answer on a bad day.
func allowed(one *call) bool {
	switch one.status {
	case http.StatusOK, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout, http.StatusTooManyRequests:
		return true
	case http.StatusPaymentRequired:
		return one.who.name == poor
	case http.StatusInternalServerError: // an upstream that breaks (contract 9.4)
		return one.error == "INFERENCE_ERROR"
	}
	return false
}
