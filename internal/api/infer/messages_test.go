package infer_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/fault"
	"skytower/internal/limit"
)

const (
	messagesPath    = "/v1/messages"
	messageBody     = `{"model":"m","max_tokens":5,"messages":[]}`
	streamedMessage = `{"model":"m","max_tokens":5,"messages":[],"stream":true}`
)

func TestHeadersOfMessagesPassOn(t *testing.T) {
	t.Parallel()
	d := &desk{act: answers(limit.Decision{})}
	s := newSite(d)
	res, _ := s.post(t, messagesPath+"?beta=true", messageBody, "Anthropic-Beta", "b-1", "anthropic-version", "2023-06-01", "Openai-Beta", "x=1",
		"Anthropic-Dangerous-Direct-Browser-Access", "true", "X-Stainless-Lang", "js", "X-Api-Key", "sk-all")
	if diff := cmp.Diff(http.Header{"Anthropic-Beta": {"b-1"}, "Anthropic-Version": {"2023-06-01"}}, d.got.Header); diff != "" {
		t.Error(diff)
	}
	if res.StatusCode != 200 || res.Header.Get("Request-Id") != s.records[0].ID || d.got.Stream {
		t.Errorf("%d %v", res.StatusCode, res.Header)
	}
}

func TestErrorsOfMessages(t *testing.T) {
	t.Parallel()
	s := newSite(&desk{act: streams("", "", broken())})
	res, body := s.post(t, messagesPath, streamedMessage)
	if res.StatusCode != 500 || !strings.HasPrefix(body, `{"type":"error","error":{"type":"api_error"`) {
		t.Errorf("before the first event: %d %s", res.StatusCode, body)
	}
	s = newSite(&desk{act: streams("message_start", `{"type":"message_start"}`, broken())})
	_, body = s.post(t, messagesPath, streamedMessage)
	events := strings.Split(strings.TrimSpace(body), "\n\n")
	last, named := strings.CutPrefix(events[len(events)-1], "event: error\n")
	var failed struct {
		Type  string
		Error struct {
			Type, Message string
			ID            string `json:"error_id"`
		}
		Request string `json:"request_id"`
	}
	event(t, last, &failed)
	if !named || len(events) != 2 || failed.Type != "error" || failed.Error.Type != "api_error" || failed.Error.ID != "INFERENCE_ERROR" || failed.Request != s.records[0].ID {
		t.Errorf("in band: %q", body)
	}
	for body, status := range map[string]int{`{"model":`: 400, `{"max_tokens":5}`: 400, `{"model":"m","pad":"` + strings.Repeat("x", 5000) + `"}`: 413} {
		for _, path := range []string{messagesPath, messagesPath + "/count_tokens"} {
			res, text := newSite(&desk{}).post(t, path, body)
			if res.StatusCode != status || !strings.HasPrefix(text, `{"type":"error","error":{"type":`) {
				t.Errorf("%s: %d %s", path, res.StatusCode, text)
			}
		}
	}
}

func TestCountOfTokens(t *testing.T) {
	t.Parallel()
	d := &desk{}
	s := newSite(d)
	res, body := s.post(t, messagesPath+"/count_tokens", `{"model":"m","messages":[]}`)
	if res.StatusCode != 200 || body != `{"input_tokens":7}` || res.Header.Get("X-Skytells-Model") != "slug" || res.Header.Get("X-Skytells-Ratelimit-Window") != "60" ||
		d.got.ID != s.records[0].ID || d.who.Account != "acct_1" || s.records[0].Model != "slug" {
		t.Errorf("%d %s %v, record %+v", res.StatusCode, body, res.Header, s.records[0])
	}
	s = newSite(&desk{count: fault.New(fault.ModelNotFound, "none")})
	if res, body = s.post(t, messagesPath+"/count_tokens", messageBody); res.StatusCode != 404 || !strings.Contains(body, `"type":"not_found_error"`) || res.Header.Get("X-Skytells-Ratelimit-Window") != "" {
		t.Errorf("%d %s", res.StatusCode, body)
	}
}
