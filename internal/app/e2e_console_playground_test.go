package app_test

import (
	"encoding/json"
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"skytower/internal/provider/providertest"
)

// sessionKey asks for the short-lived key as the scripts of the pages do.
func (v *visitor) sessionKey() string {
	v.s.t.Helper()
	browser := *v.s
	browser.client = v.client
	r := browser.do(v.s.request(http.MethodPost, "/session/key", "", "X-CSRF-Token", v.csrf, "Accept", "application/json"))
	var made struct{ Key string }
	decode(v.s.t, r.body, &made)
	if r.status != http.StatusOK || !strings.HasPrefix(made.Key, "sk-") {
		v.s.t.Fatalf("the key of the session: %d %s", r.status, r.body)
	}
	return made.Key
}

// loads fetches everything that a page loads, and what its modules import.
func (v *visitor) loads(page string) {
	v.s.t.Helper()
	seen := map[string]bool{}
	var queue []string
	for _, m := range regexp.MustCompile(`(?:src|href)="(/assets/[^"]+)"`).FindAllStringSubmatch(page, -1) {
		queue = append(queue, m[1])
	}
	for ; len(queue) > 0; queue = queue[1:] {
		if seen[queue[0]] {
			continue
		}
		seen[queue[0]] = true
		r := v.get(queue[0])
		if r.status != http.StatusOK {
			v.s.t.Errorf("%s: %d", queue[0], r.status)
		}
		folder := queue[0][:strings.LastIndex(queue[0], "/")]
		for _, m := range regexp.MustCompile(`(?m)^import .*"(\.\.?)/([^"]+)";$`).FindAllStringSubmatch(r.body, -1) {
			from := folder
			if m[1] == ".." {
				from = folder[:strings.LastIndex(folder, "/")]
			}
			queue = append(queue, from+"/"+m[2])
		}
	}
}

func TestPlaygroundChat(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	up := s.withUpstream()
	s.withPainter()
	up.On(chatPath, providertest.Events(piece("Hel"), piece("lo"), lastPiece, usagePiece, donePiece))
	if r := s.visitor().get("/playground"); !strings.Contains(r.body, `name="password"`) {
		t.Errorf("nobody is asked to sign in: %s", plainText(r.body))
	}
	v := s.owner()
	r := v.get("/playground?model=" + chatModel + "&with=skytower-docs")
	for _, want := range []string{`value="` + chatModel + `" data-more="` + chatModel, `data-with="true"`, `data-may="true"`, `<noscript>`, "$SKYTOWER_API_KEY", `"model": &#34;`} {
		if want = strings.ReplaceAll(want, `"model": &#34;`, html.EscapeString(`"model": "`+chatModel)); !strings.Contains(r.body, want) {
			t.Errorf("the page has no %s", want)
		}
	}
	if strings.Contains(r.body, embedModel) || strings.Contains(r.body, paintModel) || strings.Contains(r.body, "<no value>") {
		t.Errorf("the page offers what is no chat: %s", plainText(r.body))
	}
	v.loads(r.body)
	key := v.sessionKey()
	answer := s.do(s.request(http.MethodPost, chatPath, streamBody, "X-Api-Key", key, "Accept", "text/event-stream"))
	if answer.status != http.StatusOK || !strings.Contains(answer.body, `"content":"lo"`) || !strings.HasSuffix(answer.body, donePiece) || answer.header.Get("X-Request-Id") == "" {
		t.Errorf("the chat: %d %v %s", answer.status, answer.header, answer.body)
	}
	if r := v.get("/playground?model=nothing-like-it"); !strings.Contains(plainText(r.body), "There is no model nothing-like-it here") {
		t.Errorf("an unknown model: %s", plainText(r.body))
	}
	if r := v.get("/playground?model=" + strings.ReplaceAll(paintModel, "/", "%2F")); !strings.Contains(r.body, `id="input"`) {
		t.Errorf("a model for predictions leads to %s", plainText(r.body))
	}
}

func TestPlaygroundPredictions(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	s.withPainter()
	v := s.owner()
	r := v.get("/playground/predictions?model=" + strings.ReplaceAll(paintModel, "/", "%2F"))
	var fields []string
	for _, m := range regexp.MustCompile(`data-field="([^"]*)"`).FindAllStringSubmatch(r.body, -1) {
		var f struct {
			Name, Kind string
			Required   bool
		}
		decode(t, html.UnescapeString(m[1]), &f)
		word, _ := json.Marshal(f)
		fields = append(fields, string(word))
	}
	want := `{"Name":"prompt","Kind":"text","Required":true} {"Name":"steps","Kind":"number","Required":false} {"Name":"image","Kind":"file","Required":false}`
	if got := strings.Join(fields, " "); got != want {
		t.Errorf("the form has %s", got)
	}
	if !strings.Contains(r.body, `value="20"`) || !strings.Contains(r.body, `max="50"`) || strings.Contains(r.body, "<no value>") || strings.Contains(r.body, "ZgotmplZ") {
		t.Errorf("the form: %s", r.body)
	}
	v.loads(r.body)
	key := v.sessionKey()
	made := s.do(s.request(http.MethodPost, "/v1/predictions", `{"model":"`+paintModel+`","input":{"prompt":"a lighthouse"}}`, "X-Api-Key", key))
	var p struct{ ID string }
	decode(t, made.body, &p)
	seen := s.do(s.request(http.MethodGet, "/v1/predictions/"+p.ID+"/stream", "", "X-Api-Key", key, "Accept", "text/event-stream"))
	if !strings.Contains(seen.body, "event: done") || !strings.Contains(seen.body, `"status":"succeeded"`) {
		t.Errorf("the events: %s", seen.body)
	}
	if r := v.get("/playground/predictions?model=skytower-docs"); !strings.Contains(r.body, `id="chat"`) {
		t.Errorf("a chat model leads to %s", plainText(r.body))
	}
}
