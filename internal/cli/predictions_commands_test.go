package cli_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/skytells"
)

// answers is a server that gives these answers by "METHOD path?query", and its requests.
func answers(t *testing.T, texts map[string]string) (*service, *[]string) {
	t.Helper()
	var came []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		act := r.Method + " " + r.RequestURI
		came = append(came, act)
		text, ok := texts[act]
		if !ok {
			w.WriteHeader(http.StatusBadRequest)
		}
		fmt.Fprint(w, text)
	}))
	t.Cleanup(server.Close)
	return &service{t: t, url: server.URL}, &came
}

func TestPredictionsList(t *testing.T) {
	t.Parallel()
	one := (&service{}).prediction("succeeded", `["https://files.example.com/a","https://files.example.com/b"]`, `"metrics":{"total_time":1.25}`)
	two := (&service{}).prediction("failed", `null`, `"error":"Out of paint."`)
	page := `{"data":[` + one + `,` + two + `],"pagination":{"current_page":2,"per_page":2,"total":57,"last_page":29}}`
	const query = "GET /v1/predictions?from=2026-03-04&model=m&page=2&per_page=2&status=failed&to=2026-03-05"
	s, came := answers(t, map[string]string{query: page, "GET /v1/predictions": `{"data":[],"pagination":{"last_page":1}}`})
	args := strings.Fields("predictions list --status failed --model m --from 2026-03-04 --to 2026-03-05 --page 2 --per-page 2")
	got := s.run("", args...)
	for _, want := range []string{"ID ", "2 files", "1.2 s", "Out of paint."} {
		if got.code != 0 || !strings.Contains(got.stdout, want) {
			t.Errorf("printed %+v, without %s", got, want)
		}
	}
	if !strings.Contains(got.stderr, "Page 2 of 29, 57 in all") {
		t.Errorf("printed %+v", got)
	}
	var list skytells.PredictionList
	if got := s.run("", append(args, "--json")...); json.Unmarshal([]byte(got.stdout), &list) != nil || len(list.Data) != 2 || list.Pagination.Total != 57 || got.stderr != "" {
		t.Errorf("printed %+v", got)
	}
	if got := s.run("", "predictions", "list"); got.stdout != "" || got.stderr != "None.\n" {
		t.Errorf("printed %+v", got)
	}
	if diff := cmp.Diff([]string{query, query, "GET /v1/predictions"}, *came); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

func TestPredictionsGet(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.get = func(w http.ResponseWriter) {
		fmt.Fprint(w, s.prediction("processing", `["$URL/files/a.png?1"]`, `"metrics":{"progress":41.6}`, `"logs":"one\ntwo\n"`))
	}
	got := s.run("", "predictions", "get", predID)
	for _, want := range []string{"status   processing, 42%", "output   " + s.url} {
		if got.code != 0 || !strings.Contains(got.stdout, want) || strings.Contains(got.stdout, "two") {
			t.Errorf("printed %+v, without %s", got, want)
		}
	}
	if got := s.run("", "predictions", "get", predID, "-v"); !strings.Contains(got.stdout, "log      two") {
		t.Errorf("printed %+v", got)
	}
	dir := t.TempDir()
	if got := s.run("", "predictions", "get", predID, "-o", dir); got.code != 1 || !strings.Contains(got.stderr, "has not ended") {
		t.Errorf("printed %+v", got)
	}
	s.get = func(w http.ResponseWriter) { fmt.Fprint(w, s.prediction("succeeded", `["$URL/files/a.png?1"]`)) }
	if got := s.run("", "predictions", "get", predID, "-o", dir); got.code != 0 || got.stdout != filepath.Join(dir, "a.png")+"\n" {
		t.Errorf("printed %+v", got)
	}
	s.get = func(w http.ResponseWriter) { fmt.Fprint(w, s.prediction("succeeded", `null`, `"data_removed":true`)) }
	if got := s.run("", "predictions", "get", predID, "-o", dir); got.code != 0 || !strings.Contains(got.stderr, "has been removed") {
		t.Errorf("printed %+v", got)
	}
}

func TestPredictionsCancel(t *testing.T) {
	t.Parallel()
	act := "POST /v1/predictions/" + predID + "/cancel"
	for answer, want := range map[string]string{
		(&service{}).prediction("processing", `null`, `"success":true`): "ends within",
		(&service{}).prediction("canceled", `null`, `"success":true`):   "is cancelled",
		(&service{}).prediction("succeeded", `null`, `"success":false`): "had ended before: succeeded",
	} {
		s, _ := answers(t, map[string]string{act: answer})
		if got := s.run("", "predictions", "cancel", predID); got.code != 0 || !strings.Contains(got.stdout, want) {
			t.Errorf("printed %+v, want %s", got, want)
		}
	}
}

func TestDeletingAsksFirst(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		noun, id, act, answer string
	}{
		{"predictions", predID, "DELETE /v1/predictions/" + predID, (&service{}).prediction("succeeded", `null`, `"success":true`)},
		{"files", "file-1", "DELETE /v1/files/file-1", `{"id":"file-1","object":"file","deleted":true}`},
	} {
		s, came := answers(t, map[string]string{c.act: c.answer})
		for _, try := range []struct {
			stdin, flag string
			code, sent  int
		}{{"", "", 2, 0}, {"n\n", "", 1, 0}, {"y\n", "", 0, 1}, {"", "-f", 0, 2}} {
			args := append([]string{c.noun, "delete", c.id}, strings.Fields(try.flag)...)
			got := s.run(try.stdin, args...)
			if got.code != try.code || len(*came) != try.sent || got.code == 0 && got.stdout != "Deleted "+c.id+".\n" {
				t.Errorf("%v %q: %+v, sent %v", args, try.stdin, got, *came)
			}
		}
	}
}

func TestPredictionsStream(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.stream = func(w http.ResponseWriter, _ *http.Request) {
		s.events(w, "status", "1", s.prediction("processing", `null`, `"metrics":{"progress":5}`), "logs", "4", `{"lines":["one"]}`,
			"error", "5", s.prediction("failed", `null`, `"error":"Out of paint."`))
	}
	got := s.run("", "predictions", "stream", predID)
	if got.code != 1 || got.stdout != "processing, 5%\nlog one\nfailed\n" || !strings.Contains(got.stderr, "failed: Out of paint.") {
		t.Errorf("printed %+v", got)
	}
	got = s.run("", "predictions", "stream", predID, "--json")
	lines := strings.Split(got.stdout, "\n")
	if len(lines) != 4 || lines[1] != `{"event":"logs","id":"4","data":{"lines":["one"]}}` || !strings.HasPrefix(lines[2], `{"event":"error","id":"5","data":{"id":`) {
		t.Errorf("printed %+v", got)
	}
	if came := s.requests(); len(came) != 0 {
		t.Errorf("sent %v", came)
	}
}

func TestPredictionsWebhooks(t *testing.T) {
	t.Parallel()
	path := "/v1/predictions/" + predID + "/webhooks"
	const delivery = `{"id":"whd_1","event":"completed","url":"https://app.example.com/hook","state":"pending","created_at":"2026-03-04T21:20:58.000000Z",` +
		`"next_attempt_at":"2026-03-04T21:21:03.000000Z","attempts":[{"at":"2026-03-04T21:20:58.000000Z","status":500},{"at":"2026-03-04T21:20:58.000000Z","status":0,"error":"timeout"}]}`
	s, _ := answers(t, map[string]string{"GET " + path: `{"data":[` + delivery + `]}`, "POST " + path + "/whd_1/redeliver": delivery})
	got := s.run("", "predictions", "webhooks", predID)
	if got.code != 0 || !strings.Contains(got.stdout, "whd_1  completed  pending") || !strings.Contains(got.stdout, "2         timeout") {
		t.Errorf("printed %+v", got)
	}
	if got := s.run("", "predictions", "redeliver", predID, "whd_1"); got.code != 0 || !strings.Contains(got.stdout, "whd_1 goes to https://app.example.com/hook again") {
		t.Errorf("printed %+v", got)
	}
	if got := s.run("", "predictions", "redeliver", predID, "whd_2"); got.code != 1 {
		t.Errorf("printed %+v", got)
	}
}

func TestFilesCommands(t *testing.T) {
	t.Parallel()
	s := newService(t)
	path := writeFile(t, "photo.png", "hello")
	got := s.run("", "files", "upload", path)
	if got.code != 0 || !strings.Contains(got.stdout, "link     https://files.example.com/photo.png") || s.requests()[0] != "UPLOAD photo.png 5" {
		t.Errorf("printed %+v, sent %v", got, s.requests())
	}
	got = s.run("hello", "files", "upload", "-", "--name", "a.txt", "--json")
	var file skytells.File
	if err := json.Unmarshal([]byte(got.stdout), &file); err != nil || file.Filename != "a.txt" {
		t.Errorf("printed %+v (%v)", got, err)
	}
	if got := s.run("", "files", "upload", "nowhere"); got.code != 2 {
		t.Errorf("printed %+v", got)
	}
}

func TestFilesAreListedAndSaved(t *testing.T) {
	t.Parallel()
	texts := map[string]string{}
	s, _ := answers(t, texts)
	file := fmt.Sprintf(`{"id":"file-1","filename":"a.png","bytes":5,"content_type":"image/png","expires_at":null,"urls":{"get":"%s/files/file-1/a.png?x"}}`, s.url)
	texts["GET /v1/files?limit=1000"] = `{"data":[` + file + `],"has_more":false}`
	texts["GET /v1/files/file-1"] = file
	texts["GET /files/file-1/a.png?x"] = "hello"
	if got := s.run("", "files", "list"); got.code != 0 || !strings.Contains(got.stdout, "file-1  a.png  image/png  5") || !strings.Contains(got.stdout, "never") {
		t.Errorf("printed %+v", got)
	}
	dir := t.TempDir()
	got := s.run("", "files", "get", "file-1", "-o", dir)
	content, err := os.ReadFile(filepath.Join(dir, "a.png"))
	if got.code != 0 || got.stdout != filepath.Join(dir, "a.png")+"\n" || err != nil || string(content) != "hello" {
		t.Errorf("printed %+v, %q, %v", got, content, err)
	}
}
