package cli_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"skytower/internal/skytells"
)

// chatTower answers chat completions with the pieces, and keeps what was asked.
type chatTower struct {
	url    string
	pieces []string

	mu    sync.Mutex
	asked []string
}

func newChatTower(t *testing.T, pieces ...string) *chatTower {
	t.Helper()
	tower := &chatTower{pieces: pieces}
	server := httptest.NewServer(tower)
	t.Cleanup(server.Close)
	tower.url = server.URL
	return tower
}

func (c *chatTower) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/v1/models":
		_ = json.NewEncoder(w).Encode([]skytells.Model{{Namespace: "llama"}})
		return
	case "/v1/charges":
		_ = json.NewEncoder(w).Encode(list(skytells.ChargeLine{Request: "req_0", Amount: "9"}, skytells.ChargeLine{Request: "req_1", Amount: "0.002"}))
		return
	}
	var body json.RawMessage
	_ = json.NewDecoder(r.Body).Decode(&body)
	c.mu.Lock()
	c.asked = append(c.asked, string(body))
	c.mu.Unlock()
	w.Header().Set("X-Request-Id", "req_1")
	if strings.Contains(string(body), `"model":"lama"`) {
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"error":{"message":"not found","error_id":"MODEL_NOT_FOUND"}}`)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	for _, piece := range c.pieces {
		fmt.Fprintf(w, "data: %s\n\n", piece)
	}
}

func (c *chatTower) run(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	return run(t, map[string]string{"SKYTOWER_URL": c.url, "SKYTOWER_API_KEY": apiKey}, stdin, append([]string{"chat"}, args...)...)
}

func piece(text, finish string) string {
	return fmt.Sprintf(`{"id":"c1","model":"llama","choices":[{"delta":{"content":%q},"finish_reason":%s}]}`, text, finish)
}

const tokens = `{"id":"c1","model":"llama","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}`

func TestChatAnswersOnePrompt(t *testing.T) {
	t.Parallel()
	tower := newChatTower(t, piece("Hel", "null"), piece("lo.", `"length"`), tokens, "[DONE]")
	got := tower.run(t, "a file\n", "llama", "Explain", "--system", "be short", "--max-tokens", "7", "--temperature", "0", "--usage")
	if got.code != 0 || got.stdout != "Hello.\n" || !strings.Contains(got.stderr, "cut off") ||
		!strings.Contains(got.stderr, "3 tokens in, 2 out") || !strings.Contains(got.stderr, "$0.002") {
		t.Errorf("printed %+v", got)
	}
	const want = `{"model":"llama","messages":[{"role":"system","content":"be short"},{"role":"user","content":"Explain\n\na file"}],` +
		`"max_tokens":7,"temperature":0,"stream":true,"stream_options":{"include_usage":true}}`
	if tower.asked[0] != want {
		t.Errorf("asked %s\nwant  %s", tower.asked[0], want)
	}
	got = tower.run(t, "", "What is it?", "--json", "--image", "https://example.com/a.png")
	var a struct {
		Content, Finish_reason string
		Usage                  skytells.ChatUsage
	}
	if err := json.Unmarshal([]byte(got.stdout), &a); err != nil || a.Content != "Hello." || a.Finish_reason != "length" || a.Usage.TotalTokens != 5 || got.stderr != "" {
		t.Errorf("as JSON: %+v, %v", got, err)
	}
	if asked := tower.asked[1]; !strings.Contains(asked, `"model":"deepbrain-router"`) || !strings.Contains(asked, `{"type":"image_url","image_url":{"url":"https://example.com/a.png"}}`) {
		t.Errorf("asked %s", asked)
	}
}

func TestChatThatFails(t *testing.T) {
	t.Parallel()
	tower := newChatTower(t, piece("Hel", "null"))
	if got := tower.run(t, "", "llama", "hi"); got.code != 3 || got.stdout != "Hel\n" || !strings.Contains(got.stderr, "broke off") {
		t.Errorf("broken off: %+v", got)
	}
	if got := tower.run(t, "", "lama", "hi"); got.code != 1 || !strings.Contains(got.stderr, `did you mean "llama"`) {
		t.Errorf("misspelled: %+v", got)
	}
	if got := tower.run(t, "", "llama"); got.code != 2 || !strings.Contains(got.stderr, "no prompt") {
		t.Errorf("without a prompt: %+v", got)
	}
	if got := tower.run(t, "\xff\xfe", "llama"); got.code != 2 || !strings.Contains(got.stderr, "no text") {
		t.Errorf("no text: %+v", got)
	}
	tower = newChatTower(t, piece("Hel", "null"), `{"error":{"message":"The upstream failed.","error_id":"PROVIDER_ERROR"}}`)
	if got := tower.run(t, "", "llama", "hi"); got.code != 1 || !strings.Contains(got.stderr, "The upstream failed. [PROVIDER_ERROR]") {
		t.Errorf("an error in the stream: %+v", got)
	}
}
