package providertest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"skytower/internal/provider"
)

// PredictSuite runs the cases that every predictor has to pass, over each wire.
func PredictSuite(t *testing.T, d PredictDialect) {
	cases := map[string]func(*job){
		"files": files, "text": textOutput, "failed": failed, "no output": noOutput, "log bounds": logBounds,
		"unreachable": unreachable, "page": page, "left": left, "handed back": handedBack,
		"marked first": markedFirst, "mark refused": markRefused, "cut": cut,
		"unsure": unsure, "resumed": resumed,
	}
	for name, body := range map[string]string{"HTML": "<html>hello</html>", "empty": "", "array": "[]", "half": `{"id":`, "empty object": "{}"} {
		cases["garbage "+name] = func(j *job) { garbage(j, body) }
	}
	if d.FilesOnly {
		delete(cases, "text")
	}
	if d.live() {
		cases["progress"], cases["partial files"], cases["partial text"] = progress, partialFiles, partialText
	}
	if d.Look != nil {
		cases["gone"], cases["looks fail"], cases["looks are garbage"] = gone, looksFail, looksAreGarbage
	}
	for status, class := range d.refusals() {
		cases[fmt.Sprint("status ", status)] = func(j *job) { refused(j, status, class) }
	}
	for _, wire := range Wires() {
		t.Run(string(wire), func(t *testing.T) {
			t.Parallel()
			for name, run := range cases {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					run(d.start(t, wire))
				})
			}
		})
	}
}

// refusals are the classes by status. Where the upstream could not recognise work
// that is sent again, an error that says nothing about it leaves it in doubt.
func (d PredictDialect) refusals() map[int]provider.Class {
	doubt := provider.Ambiguous
	if d.Idempotent {
		doubt = provider.Broken
	}
	return map[int]provider.Class{
		400: provider.Rejected, 413: provider.Rejected, 422: provider.Rejected,
		401: provider.Denied, 402: provider.Denied, 403: provider.Denied, 404: provider.Denied,
		408: provider.Timeout, 429: provider.Busy,
		500: doubt, 502: doubt, 503: provider.Busy, 504: doubt,
	}
}

func files(j *job) {
	own := strings.TrimSuffix(j.up.URL.String(), "/") + ownFile
	j.up.On("GET "+ownFile, func(x *Exchange) {
		for name, values := range x.Request.Header {
			if strings.Contains(strings.Join(values, " "), credential) {
				j.t.Errorf("the credential went to an address that a model wrote, in %s", name)
			}
		}
		x.Head(200, "Content-Type", "image/png")
		x.Say(ownBytes)
	})
	took := 1500 * time.Millisecond
	if j.d.FilesOnly {
		took = 0
	}
	j.follows(Work{State: Running}, Work{State: Succeeded, Files: []string{dataURL, own, foreign}, Took: took})
	result, err := j.predict()
	if err != nil {
		j.t.Fatal(err)
	}
	if len(result.Files) != 3 || result.Text != nil || result.JSON != nil || result.Took != took {
		j.t.Fatalf("result %+v", result)
	}
	if f := result.Files[0]; f.URL != dataURL && !bytes.HasPrefix(f.Data, []byte("\x89PNG")) {
		j.t.Errorf("the data URL became %+v", f)
	}
	if f := result.Files[2]; f.URL != foreign || f.Open != nil || f.Name != "b.png" {
		j.t.Errorf("the foreign address became %+v", f)
	}
	checkOpen(j, result.Files[1])
	j.wantSubmits(1)
	if got := j.heard.Upstream(); got != j.id() && !(got == "" && j.d.Idempotent) {
		j.t.Errorf("the durable id is %q, want %q", got, j.id())
	}
}

// checkOpen reads a file at the upstream's own host, to which nobody else may go.
func checkOpen(j *job, f provider.Output) {
	j.t.Helper()
	if f.Open == nil || f.URL != "" || f.Name != "a.png" {
		j.t.Fatalf("the upstream's own address became %+v", f)
	}
	r, err := f.Open(j.ctx)
	if err != nil {
		j.t.Fatal(err)
	}
	defer r.Close()
	if got, err := io.ReadAll(r); err != nil || string(got) != ownBytes {
		j.t.Errorf("content %q, error %v", got, err)
	}
}

func textOutput(j *job) {
	j.run.Kind = "text"
	j.follows(Work{State: Succeeded, Text: []string{"Hello", " there,\n", "https://example.test/"}})
	result, err := j.predict()
	if err != nil {
		j.t.Fatal(err)
	}
	if result.Text == nil || *result.Text != "Hello there,\nhttps://example.test/" || result.Files != nil {
		j.t.Errorf("result %+v", result)
	}
}

func failed(j *job) {
	j.follows(Work{State: Running}, Work{
		State: Failed, Error: fmt.Sprintf("%s at %s ran out of memory; %s", upstreamModel, j.up.URL.Host, credential),
	})
	_, err := j.predict()
	checkClass(j.t, err, provider.Failed)
	checkHidden(j.t, err, j.up)
	var e *provider.Error
	if errors.As(err, &e) && !strings.Contains(e.Message, shownModel+" at [upstream] ran out of memory") {
		j.t.Errorf("message %q", e.Message)
	}
}

func noOutput(j *job) {
	j.follows(Work{State: Succeeded})
	_, err := j.predict()
	checkClass(j.t, err, provider.Failed)
}

// Far more lines than anybody reads, and a line without an end, are cut down.
func logBounds(j *job) {
	const most, longest = 1001, 8 << 10
	lines := make([]string, 3_000)
	for i := range lines {
		lines[i] = fmt.Sprint("line ", i)
	}
	lines[100], lines[len(lines)-1] = strings.Repeat("x", 100<<10), "the last line names "+upstreamModel
	j.follows(Work{State: Succeeded, Files: []string{dataURL}, Logs: lines})
	if _, err := j.predict(); err != nil {
		j.t.Fatal(err)
	}
	for _, p := range j.heard.News() {
		if len(p.Logs) > most {
			j.t.Errorf("%d lines at once", len(p.Logs))
		}
		for _, line := range p.Logs {
			if len(line) > longest {
				j.t.Errorf("a line of %d bytes", len(line))
			}
			if strings.Contains(line, upstreamModel) {
				j.t.Errorf("a line tells the upstream's name: %q", line)
			}
		}
	}
	if got := j.heard.Lines(); j.d.live() && (len(got) == 0 || !strings.Contains(got[len(got)-1], shownModel)) {
		j.t.Errorf("%d lines without the last", len(got))
	}
}

func unreachable(j *job) {
	j.up.server.Close()
	_, err := j.predict()
	checkClass(j.t, err, provider.Unreachable)
}

func page(j *job) {
	j.submits(Page(502))
	_, err := j.predict()
	checkClass(j.t, err, j.d.refusals()[502])
}

func garbage(j *job, body string) {
	j.submits(JSON(200, body))
	_, err := j.predict()
	checkClass(j.t, err, j.d.refusals()[502])
}

func refused(j *job, status int, class provider.Class) {
	message := fmt.Sprintf("Model %s at %s refuses %s with %s.", upstreamModel, j.up.URL, j.up.URL.Host, credential)
	answer := JSON(status, j.d.Refusal(message))
	j.submits(func(x *Exchange) {
		x.w.Header().Set("Retry-After", "7")
		answer(x)
	})
	_, err := j.predict()
	if status == http.StatusServiceUnavailable && provider.ClassOf(err) == provider.Broken {
		class = provider.Broken // as good: not every adapter tells the two apart
	}
	checkClass(j.t, err, class)
	checkHidden(j.t, err, j.up)
	var e *provider.Error
	if !errors.As(err, &e) {
		return
	}
	if e.Status != status || class == provider.Rejected && !strings.Contains(e.Message, shownModel) {
		j.t.Errorf("status %d, message %q", e.Status, e.Message)
	}
	if class == provider.Busy && e.RetryAfter != 7*time.Second {
		j.t.Errorf("to come again after %v, want 7s", e.RetryAfter)
	}
}

// hangs lets the upstream take the work and never end it; then runs once it has.
func (j *job) hangs(then func()) {
	running := j.d.Answer(j.work(Work{State: Running}))
	if j.d.Look == nil {
		j.submits(func(x *Exchange) { then(); x.Left() })
		return
	}
	j.submits(JSON(j.d.Status, running))
	j.up.On(j.d.Look(j.id()), func(x *Exchange) { then(); JSON(200, running)(x) })
}

func left(j *job) {
	asked := 0
	if j.d.Cancel != nil {
		asked = 1
		j.up.On(j.d.Cancel(j.id()), JSON(200, j.d.Answer(j.work(Work{State: Running}))))
	}
	j.hangs(func() { j.end(nil) })
	_, err := j.predict()
	checkClass(j.t, err, provider.Cancelled)
	if asked > 0 && j.count(j.d.Cancel(j.id())) != asked {
		j.t.Error("the upstream was not asked to stop, or more than once")
	}
}

func handedBack(j *job) {
	if j.d.Cancel != nil {
		j.up.On(j.d.Cancel(j.id()), JSON(200, "{}"))
	}
	j.hangs(func() { j.end(provider.ErrHandBack) })
	_, err := j.predict()
	checkClass(j.t, err, provider.Cancelled)
	if j.d.Cancel != nil && j.count(j.d.Cancel(j.id())) > 0 {
		j.t.Error("the upstream was asked to stop work that goes on elsewhere")
	}
}

// Idempotent work may be marked by its id alone, which is known before it is sent.
func markedFirst(j *job) {
	j.follows(Work{State: Succeeded, Files: []string{dataURL}})
	if _, err := j.predict(); err != nil {
		j.t.Fatal(err)
	}
	if !j.heard.marked || j.heard.early > 0 || !j.d.Idempotent && !j.heard.wasMarked {
		j.t.Errorf("the work was sent %d times before a mark (%v, %v)", j.heard.early, j.heard.marked, j.heard.wasMarked)
	}
}

func markRefused(j *job) {
	j.heard.Refuse = errors.New("the disk is full")
	j.follows(Work{State: Succeeded, Files: []string{dataURL}})
	if _, err := j.predict(); !errors.Is(err, j.heard.Refuse) {
		j.t.Errorf("error %v, want the watcher's", err)
	}
	j.wantSubmits(0)
}

// The connection ends right after the work was sent.
func cut(j *job) {
	j.follows(Work{State: Succeeded, Files: []string{dataURL}})
	whole := j.up.scripts[j.d.Submit(runID)]
	j.submits(func(x *Exchange) {
		if j.count(j.d.Submit(runID)) == 1 {
			x.Cut()
		}
		whole(x)
	})
	result, err := j.predict()
	if !j.d.Idempotent {
		checkClass(j.t, err, provider.Ambiguous)
		j.wantSubmits(1)
		return
	}
	if err != nil || len(result.Files) != 1 {
		j.t.Fatalf("result %+v, error %v", result, err)
	}
	j.wantSubmits(2)
}

func unsure(j *job) {
	j.run.Unsure = true
	j.follows(Work{State: Succeeded, Files: []string{dataURL}})
	_, err := j.predict()
	if j.d.Idempotent {
		if err != nil {
			j.t.Fatal(err)
		}
		j.wantSubmits(1)
		return
	}
	checkClass(j.t, err, provider.Ambiguous)
	if got := j.up.Requests(); len(got) > 0 {
		j.t.Errorf("%d requests, want none", len(got))
	}
}

func resumed(j *job) {
	j.run.Upstream, j.run.Unsure = j.id(), true
	j.follows(Work{State: Running}, Work{State: Succeeded, Files: []string{dataURL}})
	result, err := j.predict()
	if j.d.Look == nil && !j.d.Idempotent {
		checkClass(j.t, err, provider.Ambiguous)
		j.wantSubmits(0)
		return
	}
	if err != nil || len(result.Files) != 1 {
		j.t.Fatalf("result %+v, error %v", result, err)
	}
	if j.d.Look != nil {
		j.wantSubmits(0)
	}
}
