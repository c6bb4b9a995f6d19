package app_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"skytower/internal/skytells"
)

// A batch is made in the console in the name of a key of one's own, once however often the
// form is sent, and shown with its files; a bad file is explained, and a long one cancelled.
func TestConsoleBatches(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	s.withUpstream().On(chatPath, batchWriter())
	v := s.owner()
	shows(t, "none", v.get("/batches"), "No batches yet", "Make a batch")
	page := v.get("/batches/new")
	shows(t, "the form", page, "In the name of the key", "Done within")
	key := regexp.MustCompile(`<option value="(key_[^"]+)"`).FindStringSubmatch(page.body)
	once := regexp.MustCompile(`name="once" value="([^"]+)"`).FindStringSubmatch(page.body)
	if key == nil || once == nil {
		t.Fatalf("the form offers no key: %s", page.body)
	}
	typed := func(lines, once string) []string {
		return []string{"lines", lines, "endpoint", chatPath, "window", "24h", "key", key[1], "once", once}
	}
	shows(t, "no lines", v.post("/batches", typed("", "a")...), "Choose a file, or write the lines")
	shows(t, "nobody's key", v.post("/batches", "lines", "x", "endpoint", chatPath, "window", "24h", "key", "key_nobody"), "Choose one of your keys")
	shows(t, "a wrong window", v.post("/batches", "lines", "x", "endpoint", chatPath, "window", "9d", "key", key[1]), "from 1h to 7d")
	made := v.post("/batches", typed(batchLine(`<script>alert("b")</script>`, chatPath, chatBody), once[1])...)
	shows(t, "the batch", made, "The batch is made", "Files", "lines.jsonl")
	var all skytells.BatchList
	decode(t, s.call(http.MethodGet, batchPath, "").body, &all)
	if len(all.Data) != 1 {
		t.Fatalf("%d batches", len(all.Data))
	}
	b := s.batchUntil(all.Data[0].ID, skytells.Batch.Ended)
	done := v.get("/batches/" + b.ID)
	shows(t, "its end", done, "completed", "1 of 1 done", b.ID+"_output.jsonl", chatModel, "11 in (3 cached), 4 out")
	link := regexp.MustCompile(`href="([^"]+)" download="` + b.ID + `_output`).FindStringSubmatch(done.body)
	if link == nil {
		t.Fatalf("no link to the answers: %s", done.body)
	}
	u, err := url.Parse(strings.ReplaceAll(link[1], "&amp;", "&"))
	if err != nil {
		t.Fatal(err)
	}
	if r := s.do(s.request(http.MethodGet, u.RequestURI(), "")); r.status != http.StatusOK || !strings.Contains(r.body, `"status_code":200`) {
		t.Errorf("the answers: %d %s", r.status, r.body)
	}
	v.get("/batches/new")
	shows(t, "from the uploaded file again", v.post("/batches", "file", b.InputFileID, "endpoint", chatPath, "window", "24h", "key", key[1], "once", once[1]), b.ID)
	bad := s.batchUntil(s.newBatch(chatPath, "{\n").ID, skytells.Batch.Ended)
	shows(t, "a bad file", v.get("/batches/"+bad.ID), "What is wrong with the file", "invalid_json_line", "nothing is charged")
	slow := s.newBatch(chatPath, strings.Repeat("\n", 3)+batchLine("slow", chatPath, strings.Replace(chatBody, "{", `{"user":"slow",`, 1)))
	s.batchUntil(slow.ID, func(b skytells.Batch) bool { return b.Status == "in_progress" })
	shows(t, "the list", v.get("/batches"), "in_progress", "failed", "completed", "0 of 1 done")
	shows(t, "cancelled", v.post("/batches/"+slow.ID+"/cancel"), "No further line is begun")
	s.post(chatPath, strings.Replace(chatBody, "{", `{"user":"go",`, 1))
	s.batchUntil(slow.ID, skytells.Batch.Ended)
	shows(t, "cancelled again", v.post("/batches/"+b.ID+"/cancel"), "has ended already")
	shows(t, "no such batch", reply{http.StatusOK, nil, v.get("/batches/batch_none").body}, "Nothing here")
	shows(t, "older ones", v.get("/batches?after="+b.ID), "Nothing older")
	v.get("/members")
	invitation := regexp.MustCompile(`/invite/[A-Za-z0-9_-]+`).FindString(v.post("/members", "name", "Grace", "email", "grace@example.com", "role", "viewer").body)
	viewer := s.visitor()
	viewer.get(invitation)
	viewer.post(invitation, "name", "Grace", "password", "another long secret")
	shows(t, "a viewer", viewer.get("/batches"), "lacks the scope inference")
	shows(t, "a viewer's form", viewer.get("/batches/new"), "makes no calls")
}
