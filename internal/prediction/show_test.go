package prediction

import (
	"context"
	"encoding/json"
	"net/url"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"skytower/internal/blob"
	"skytower/internal/skytells"
	"skytower/internal/skytells/skytellstest"
	"skytower/internal/store"
)

const site = "https://tower.example"

// sample is a record in a state, as it would be there.
func sample(status Status, change func(*Record)) Record {
	created := past.Add(time.Hour)
	rec := Record{
		ID: uuid.NewString(), Account: "acct", Key: "key", Model: "flux", Shown: "vendor/flux", Type: "image", Spelling: "cancelled", Source: "api",
		Input: `{"prompt": "a <cat>"}`, Status: status, RequestHash: []byte{1}, Output: "null", PredictTime: -1, Progress: -1, Created: created, Updated: created,
	}
	if status != Pending {
		rec.Started = created.Add(time.Second)
	}
	if status.Terminal() {
		rec.Completed, rec.PredictTime = created.Add(3*time.Second), 1500*time.Millisecond
	}
	if change != nil {
		change(&rec)
	}
	return rec
}

func (r *rig) plant(rec Record) Record {
	r.t.Helper()
	r.must(r.db.Write(r.t.Context(), func(tx *store.Tx) error { return plant(r.t.Context(), tx, &rec) }))
	return rec
}

// file keeps a file of a prediction.
func (r *rig) file(rec Record, role blob.Role, ordinal int64, name, content string) blob.File {
	r.t.Helper()
	f, err := r.files.Put(r.t.Context(), blob.New{Account: rec.Account, Prediction: rec.ID, Attempt: 1, Ordinal: ordinal, Role: role, Name: name, Limit: 1000}, strings.NewReader(content))
	r.must(err)
	r.must(r.db.Write(r.t.Context(), func(tx *store.Tx) error {
		return r.files.Keep(r.t.Context(), tx, []string{f.ID}, time.Time{})
	}))
	return f
}

// shown renders one record and lets the strict decoder read it.
func (p *process) shown(rec Record) (skytells.Prediction, string) {
	p.rig.t.Helper()
	list, err := p.Show(p.rig.t.Context(), []Record{rec}, site)
	p.rig.must(err)
	body, err := json.Marshal(list[0])
	p.rig.must(err)
	return skytellstest.Prediction(p.rig.t, body, skytellstest.Words(rec.Spelling)), string(body)
}

const png = "\x89PNG\r\n\x1a\n content"

func TestShowInEveryState(t *testing.T) {
	t.Parallel()
	r := newRig(t, storetestSQLite(t))
	p := r.process(0)
	for _, c := range []struct {
		rec         Record
		holds, lack string
	}{
		{sample(Pending, nil), `"status":"pending"`, `"progress"`},
		{sample(Pending, nil), `"started_at":null,"completed_at":null`, `"logs"`},
		{sample(Pending, nil), `"webhook":{"url":null,"events":[]},"metrics":{}`, `total_time`},
		{sample(Pending, nil), `"model":{"name":"vendor/flux","type":"image"}`, `"flux"`},
		{sample(Pending, nil), `"get":"https://tower.example/v1/predictions/`, `success`},
		{sample(Pending, func(r *Record) { r.WebhookURL, r.WebhookEvents = "https://a.example/h", []string{"completed"} }), `{"url":"https://a.example/h","events":["completed"]}`, ``},
		{sample(Starting, func(r *Record) { r.Progress = 0 }), `"metrics":{"progress":0}`, `predict_time`},
		{sample(Processing, func(r *Record) { r.Progress, r.Logs = 42.5, "one\ntwo\n" }), `"progress":42.5`, `"output":[`},
		{sample(Processing, nil), `"data_available":false`, `"completed_at":"`},
		{sample(Succeeded, func(r *Record) { r.Type, r.Output = "text", `"a text"` }), `"output":"a text"`, `"error_id"`},
		{sample(Succeeded, func(r *Record) { r.Output = `["a","b"]` }), `"output":["a","b"]`, `image_count`},
		{sample(Succeeded, func(r *Record) { r.Output = `{"a": [1]}` }), `"output":"{\"a\": [1]}"`, `data_removed`},
		{sample(Succeeded, nil), `"metrics":{"predict_time":1.5,"total_time":3}`, `progress`},
		{sample(Succeeded, func(r *Record) { r.Removed, r.Input, r.PredictTime = true, "{}", -1 }), `"data_removed":true`, `predict_time`},
		{sample(Failed, func(r *Record) { r.Error, r.ErrorID = "No luck.", "INFERENCE_TIMEOUT" }), `"response":"No luck.","error":"No luck."`, `data_removed`},
		{sample(Failed, nil), `"error_id":"PREDICTION_FAILED","error_message":"The prediction failed."`, `"error":""`},
		{sample(Cancelled, nil), `"status":"cancelled"`, `"error_id"`},
		{sample(Cancelled, func(r *Record) { r.Spelling = "canceled" }), `"status":"canceled"`, ``},
	} {
		_, body := p.shown(c.rec)
		if !strings.Contains(body, c.holds) || c.lack != "" && strings.Contains(body, c.lack) {
			t.Errorf("%s: want %s, and no %s, in %s", c.rec.Status, c.holds, c.lack, body)
		}
	}
}

// Links to files are the output, by their order; a page of predictions takes one query.
func TestShowFiles(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		p := r.process(0)
		rec := r.plant(sample(Succeeded, nil))
		r.file(rec, blob.Partial, 0, "draft.png", png)
		r.file(rec, blob.Output, 1, "out.png", png)
		r.file(rec, blob.Output, 0, "out.png", png)
		r.file(rec, blob.Output, 2, "notes", "plain text")
		shown, _ := p.shown(rec)
		files := shown.Metadata.Storage.Files
		var output []string
		r.must(json.Unmarshal(shown.Output, &output))
		if len(files) != 3 || len(output) != 3 || *shown.Metrics.AssetCount != 3 || *shown.Metrics.ImageCount != 2 || !shown.Metadata.DataAvailable {
			t.Fatalf("got %+v, output %v", shown, output)
		}
		for i, f := range files {
			link, err := url.Parse(f.URL)
			if err != nil || output[i] != f.URL || !strings.HasPrefix(f.URL, site+"/files/") || path.Base(link.Path) != f.Name || f.Size == 0 {
				t.Errorf("file %d: %+v, output %s", i, f, output[i])
			}
			if found, ok := r.files.ByLink(t.Context(), f.URL); !ok || found.Name != f.Name {
				t.Errorf("the link of %s leads to %+v, %v", f.Name, found, ok)
			}
		}
		p.o.FilesURL = "https://files.example"
		if shown, _ := p.shown(rec); !strings.HasPrefix(shown.Metadata.Storage.Files[0].URL, "https://files.example/files/") || !strings.HasPrefix(shown.URLs.Get, site) {
			t.Errorf("with another host for files: %+v", shown)
		}
		running := r.plant(sample(Processing, nil))
		r.file(running, blob.Partial, 0, "draft.png", png)
		if shown, _ := p.shown(running); shown.Metadata.DataAvailable || len(shown.Metadata.Storage.Files) != 1 || !strings.Contains(string(shown.Output), "draft") {
			t.Errorf("a running one shows %s %+v", shown.Output, shown.Metadata)
		}
		page, err := p.Show(t.Context(), []Record{running, rec, sample(Pending, nil)}, site)
		r.must(err)
		if len(page) != 3 || len(page[0].Metadata.Storage.Files) != 1 || len(page[1].Metadata.Storage.Files) != 3 || page[2].Metadata.Storage.Files == nil {
			t.Errorf("a page: %+v", page)
		}
	})
}

// From the moment when the links end, nothing is shown that the purge has not reached.
func TestShowAfterTheRetention(t *testing.T) {
	t.Parallel()
	r := newRig(t, storetestSQLite(t))
	p := r.process(0)
	rec := r.plant(sample(Succeeded, func(rec *Record) {
		rec.PurgeAt, rec.Logs, rec.Output = r.clock.now().Add(time.Hour), "lines", `"text"`
	}))
	if shown, _ := p.shown(rec); shown.DataRemoved || !shown.Metadata.DataAvailable || string(shown.Output) != `"text"` {
		t.Errorf("before: %+v", shown)
	}
	r.clock.pass(time.Hour)
	shown, body := p.shown(rec)
	if !shown.DataRemoved || shown.Metadata.DataAvailable || !strings.Contains(body, `"input":{},"output":null`) || shown.Logs != "" || shown.Status != "succeeded" {
		t.Errorf("after: %s", body)
	}
}

func TestUploads(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		p := r.process(0)
		put := func() blob.File {
			f, err := p.PutUpload(t.Context(), blob.New{Account: "acct", Name: "a.png", Limit: 100}, strings.NewReader(png))
			r.must(err)
			return f
		}
		if _, err := p.Upload(t.Context(), "acct", put().ID); err == nil {
			t.Error("an upload that was not kept can be had")
		}
		for retention, want := range map[time.Duration]time.Duration{-1: 24 * time.Hour, 0: 0, 5 * time.Minute: time.Hour, 48 * time.Hour: 48 * time.Hour} {
			r.mu.Lock()
			r.settings.Retention = retention
			r.mu.Unlock()
			kept, err := p.KeepUpload(t.Context(), put(), "vision")
			r.must(err)
			f, err := p.Upload(t.Context(), "acct", kept.ID)
			r.must(err)
			left := f.ExpiresAt.Sub(r.clock.now())
			if f.Purpose != "vision" || f.ExpiresAt.IsZero() != (want == 0) || want > 0 && (left > want || left < want-2*patience) || !f.ExpiresAt.Equal(kept.ExpiresAt) {
				t.Errorf("retention %s: %+v", retention, f)
			}
			if _, err := p.Upload(t.Context(), "other", f.ID); err == nil {
				t.Error("another account's upload can be had")
			}
			if err := p.DeleteUpload(t.Context(), "other", f.ID); err == nil {
				t.Error("another account's upload can be deleted")
			}
			r.must(p.DeleteUpload(t.Context(), "acct", f.ID))
			if err := p.DeleteUpload(t.Context(), "acct", f.ID); err == nil {
				t.Error("an upload can be deleted twice")
			}
		}
		rec := r.plant(sample(Succeeded, nil))
		if err := p.DeleteUpload(t.Context(), "acct", r.file(rec, blob.Output, 0, "a.png", png).ID); err == nil {
			t.Error("an output can be deleted as if it were an upload")
		}
		_, err := p.PutUpload(context.WithoutCancel(t.Context()), blob.New{Account: "acct", Limit: 3}, strings.NewReader("four"))
		if err == nil || !strings.Contains(err.Error(), "larger than the 3 bytes") {
			t.Errorf("too large: %v", err)
		}
	})
}
