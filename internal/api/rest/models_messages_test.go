package rest_test

import (
	"strings"
	"testing"
)

// Anthropic's clients get the chat models page by page, in their own form, and errors too.
func TestModelsForAnthropicsClients(t *testing.T) {
	t.Parallel()
	h := site(t)
	ask := func(path string, v any) int {
		t.Helper()
		code, body := get(t, h, path, "X-Api-Key", "sk-models", "Anthropic-Version", "2023-06-01")
		decode(t, body, v)
		return code
	}
	for query, want := range map[string]string{
		"":                                "deepbrain-router org/tower-2 tower-chat",
		"?limit=2":                        "deepbrain-router org/tower-2 more",
		"?limit=2&after_id=org%2Ftower-2": "tower-chat",
		"?limit=1&before_id=tower-chat":   "org/tower-2 more",
		"?after_id=gone":                  "org/tower-2 tower-chat",
		"?after_id=tower-chat":            "",
		"?limit=3&before_id=z&after_id=deepbrain-": "deepbrain-router org/tower-2 tower-chat",
	} {
		var page struct {
			Data []struct {
				ID, Type  string
				Name      string `json:"display_name"`
				Created   string `json:"created_at"`
				Lifecycle string
			}
			More  bool    `json:"has_more"`
			First *string `json:"first_id"`
			Last  *string `json:"last_id"`
		}
		code := ask("/v1/models"+query, &page)
		var ids []string
		for _, m := range page.Data {
			if ids = append(ids, m.ID); m.Type != "model" || m.Name == "" || !strings.HasSuffix(m.Created, "Z") || m.Lifecycle != "active" {
				t.Errorf("%s: %+v", query, m)
			}
		}
		if n := len(ids); n == 0 && (page.First != nil || page.Last != nil) || n > 0 && (*page.First != ids[0] || *page.Last != ids[n-1]) {
			t.Errorf("%s: from %v to %v", query, page.First, page.Last)
		}
		if page.More {
			ids = append(ids, "more")
		}
		if got := strings.Join(ids, " "); code != 200 || got != want {
			t.Errorf("%s: %d %q, want %q", query, code, got, want)
		}
	}
	var one struct {
		ID, Type string
		Error    struct{ Type string }
	}
	if code := ask("/v1/models/short", &one); code != 200 || one.ID != "tower-chat" || one.Type != "model" {
		t.Errorf("one: %d %+v", code, one)
	}
	if code := ask("/v1/models/nope", &one); code != 404 || one.Type != "error" || one.Error.Type != "not_found_error" {
		t.Errorf("none: %d %+v", code, one)
	}
	if code := ask("/v1/models?limit=0", &one); code != 400 || one.Error.Type != "invalid_request_error" {
		t.Errorf("a wrong limit: %d %+v", code, one)
	}
}
