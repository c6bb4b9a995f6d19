package browser

import (
	"os"
	"testing"

	"github.com/chromedp/chromedp"
)

// A file is uploaded from the page of a new batch, answered, and its answers are offered.
func TestBatch(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.signUp(t)
	b.submit(`form[action="/welcome/key"] button`) // lines run in the name of a key
	b.visit("/batches/new")
	b.inspect("the form of a batch")
	path := t.TempDir() + "/questions.jsonl"
	line := `{"custom_id": "one", "method": "POST", "url": "/v1/chat/completions", "body": {"model": "skytower-docs", "messages": [{"role": "user", "content": "How do I add a model?"}]}}`
	if err := os.WriteFile(path, []byte(line+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.WaitVisible("#f-upload", chromedp.ByQuery), chromedp.SetUploadFiles("#f-upload", []string{path}, chromedp.ByQuery))
	b.until("the file is uploaded", `/is uploaded and chosen/.test(document.querySelector("#upload-words")?.innerText ?? "")`)
	b.submit("main form button.primary")
	b.until("the batch is done", `/completed/.test(document.querySelector("#batch h2")?.innerText ?? "")`)
	b.says("_output.jsonl")
	b.inspect("the batch")
	b.visit("/batches")
	b.says("1 of 1 done")
	b.inspect("the batches")
}
