package prediction

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"skytower/internal/blob"
	"skytower/internal/catalog"
	"skytower/internal/egress"
	"skytower/internal/fault"
	"skytower/internal/provider"
	"skytower/internal/secret"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

const pngBytes = "\x89PNG\r\n\x1a\n"

func dataOf(kind, content string) string {
	return "data:" + kind + ";base64," + base64.StdEncoding.EncodeToString([]byte(content))
}

// world is what the addresses of tests lead to.
type world struct {
	mu       sync.Mutex
	contents map[string]io.Reader
	errs     map[string]error
	asked    []string
}

func (w *world) Open(_ context.Context, address string, most int64) (io.ReadCloser, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked = append(w.asked, address)
	if err := w.errs[address]; err != nil {
		return nil, err
	}
	if c := w.contents[address]; c != nil {
		return io.NopCloser(c), nil
	}
	return nil, &egress.StatusError{Status: 404}
}

func fileRig(t *testing.T, r *rig) (*process, *world) {
	t.Helper()
	p, w := r.process(0), &world{contents: map[string]io.Reader{}, errs: map[string]error{}}
	p.o.Fetch = w
	return p, w
}

// stored are the files that a prediction has, kept or not.
func (r *rig) stored(id, where string) int64 {
	r.t.Helper()
	return r.number(`select count(*) from file where prediction = $1 and `+where, id)
}

func TestLargeDataURLsBecomeFiles(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		p, _ := fileRig(t, r)
		big := pngBytes + strings.Repeat("pixels", 20_000)
		unpadded := strings.TrimRight(dataOf("image/png", big+"x"), "=")
		slashed := strings.ReplaceAll(dataOf("image/png", big), "/", `\/`)
		input := fmt.Sprintf(`{"prompt": "data:, not this", "small": %q, "image": %q, "list": [{"mask": "%s"}, "%s"], "escaped": "data:text/plain,%s"}`,
			dataOf("image/png", pngBytes), dataOf("text/html", big), slashed, unpadded, strings.Repeat("a%20", 20_000))
		rec := Record{ID: "00000000-0000-7000-8000-000000000001", Account: "acct"}
		raw, ids, err := p.takeInput(t.Context(), rec.Account, rec.ID, json.RawMessage(input))
		if err != nil || len(ids) != 4 {
			t.Fatalf("%d files, error %v", len(ids), err)
		}
		var got struct {
			Prompt, Small, Image, Escaped string
			List                          []json.RawMessage
		}
		r.must(json.Unmarshal(raw, &got))
		if len(raw) > 2000 || got.Image != reference+ids[0] || got.Small != dataOf("image/png", pngBytes) {
			t.Errorf("stored is %.2000s", raw)
		}
		r.must(r.db.Write(t.Context(), func(tx *store.Tx) error { return r.files.Keep(t.Context(), tx, ids, time.Time{}) }))

		// Shown, they are links; run, they are data URLs again, of the type that they are.
		rec.Input = string(raw)
		own, err := p.ownInputs(t.Context(), rec)
		r.must(err)
		r.must(json.Unmarshal(p.showInput(rec.Input, own, "http://here"), &got))
		f, ok := r.files.ByLink(t.Context(), got.Image)
		if !ok || f.ID != ids[0] || f.Type != "image/png" || f.Name != "image.png" {
			t.Errorf("shown is %s, file %+v", got.Image, f)
		}
		for _, policy := range []catalog.Policy{catalog.FetchProxy, catalog.FetchPass, catalog.FetchDeny} {
			doc, err := p.inputFor(t.Context(), rec, policy)
			r.must(err)
			r.must(json.Unmarshal(doc, &got))
			if got.Image != dataOf("image/png", big) || string(got.List[1]) != `"`+dataOf("image/png", big+"x")+`"` ||
				got.Escaped != dataOf("text/plain", strings.Repeat("a ", 20_000)) || got.Prompt != "data:, not this" {
				t.Errorf("%s: the model would get another input", policy)
			}
		}
	})
}

func TestBadDataURLs(t *testing.T) {
	t.Parallel()
	r := newRig(t, storetest.Open(t, storetest.SQLite(t)))
	p, _ := fileRig(t, r)
	long := strings.Repeat("A", inlineInput)
	good := dataOf("text/plain", strings.Repeat("good", inlineInput/4))
	many := strings.Repeat(`"`+good+`",`, maxInputFiles+1)
	for input, want := range map[string]string{
		`{"a": "` + good + `", "b": {"image": "data:image/png;base64,` + long + `*"}}`: "b.image",
		`{"b": ["data:image/png;base64,` + long + `A"]}`:                               "b[0]",
		`{"c": "data:text/plain,` + long + `%zz"}`:                                     "c",
		`{"d": [` + many + `""]}`:                                                      "more than 64",
	} {
		_, _, err := p.takeInput(t.Context(), "acct", "p", json.RawMessage(input))
		if !fault.Is(err, fault.InvalidInput) || !strings.Contains(fault.From(err).Message, want) {
			t.Errorf("%s: error %v", want, err)
		}
	}
	if n := r.stored("p", `state <> 'doomed'`); n != 0 {
		t.Errorf("%d files are left of refused inputs", n)
	}
	for _, text := range []string{"data: " + long, "data:" + long, "data:a b," + long, "prose, and data:," + long} {
		input := json.RawMessage(`{"text": "` + text + `"}`)
		if got, ids, err := p.takeInput(t.Context(), "acct", "p", input); !bytes.Equal(got, input) || len(ids) > 0 || err != nil {
			t.Errorf("%.20s became a file, error %v", text, err)
		}
	}
}

// A reference that a caller writes is his text: it leads to nobody's file.
func TestForgedReference(t *testing.T) {
	t.Parallel()
	r := newRig(t, storetest.Open(t, storetest.SQLite(t)))
	p, _ := fileRig(t, r)
	theirs, ids, err := p.takeInput(t.Context(), "acct", "theirs", json.RawMessage(`{"image": "`+dataOf("", strings.Repeat("secret", inlineInput))+`"}`))
	r.must(err)
	r.must(r.db.Write(t.Context(), func(tx *store.Tx) error { return r.files.Keep(t.Context(), tx, ids, time.Time{}) }))
	mine := Record{ID: "mine", Account: "acct", Input: string(theirs)}
	doc, err := p.inputFor(t.Context(), mine, catalog.FetchProxy)
	if string(doc) != mine.Input || err != nil {
		t.Errorf("it became %.100s, error %v", doc, err)
	}
	own, err := p.ownInputs(t.Context(), mine)
	if shown := p.showInput(mine.Input, own, "http://here"); string(shown) != mine.Input || err != nil {
		t.Errorf("it is shown as %s, error %v", shown, err)
	}
}

func TestInputAddresses(t *testing.T) {
	t.Parallel()
	r := newRig(t, storetest.Open(t, storetest.SQLite(t)))
	p, w := fileRig(t, r)
	r.models["m"].InputSchema = json.RawMessage(`{"properties": {
		"prompt": {"type": "string"}, "text": {"type": "string", "format": "uri"}, "query": {"$ref": "#/x"}, "picture": {"type": "string"}}}`)
	upload, err := r.files.Put(t.Context(), blob.New{Account: "another", Role: blob.Upload, Limit: 100}, strings.NewReader(pngBytes))
	r.must(err)
	r.must(r.db.Write(t.Context(), func(tx *store.Tx) error { return r.files.Keep(t.Context(), tx, []string{upload.ID}, time.Time{}) }))
	link := r.files.Link("http://here", upload)
	const cat = "http://example.com/cat.png"
	run := func(policy catalog.Policy, input map[string]any) (map[string]any, error) {
		raw, err := json.Marshal(input)
		r.must(err)
		doc, err := p.inputFor(t.Context(), Record{ID: "p", Account: "acct", Model: "m", Input: string(raw)}, policy)
		if err != nil {
			return nil, err
		}
		var out map[string]any
		r.must(json.Unmarshal(doc, &out))
		return out, nil
	}
	bring := func() { w.contents[cat] = strings.NewReader(pngBytes) }

	for _, policy := range []catalog.Policy{catalog.FetchProxy, catalog.FetchPass, catalog.FetchDeny} {
		got, err := run(policy, map[string]any{"image": link, "prompt": cat, "n": 1, "note": "Answer: yes", "data": dataOf("a/b", "c")})
		if err != nil || got["image"] != dataOf("image/png", pngBytes) || got["prompt"] != cat || got["data"] != dataOf("a/b", "c") {
			t.Errorf("%s: %v, error %v", policy, got, err)
		}
	}
	if got, err := run(catalog.FetchPass, map[string]any{"image": cat}); err != nil || got["image"] != cat {
		t.Errorf("pass: %v, error %v", got, err)
	}
	for name, input := range map[string]map[string]any{
		"by any key":     {"picture": cat},
		"format uri":     {"text": cat},
		"schema unclear": {"query": cat},
		"not in schema":  {"caption": cat},
		"nested":         {"a": []any{map[string]any{"prompt": cat}}},
		"with blanks":    {"image": "\n " + cat + "\t"},
	} {
		bring()
		got, err := run(catalog.FetchProxy, input)
		if err != nil || !strings.Contains(fmt.Sprint(got), dataOf("image/png", pngBytes)) || strings.Contains(fmt.Sprint(got), "example.com") {
			t.Errorf("%s: %v, error %v", name, got, err)
		}
		if _, err := run(catalog.FetchDeny, input); !fault.Is(err, fault.SecurityViolation) {
			t.Errorf("%s, denied: error %v", name, err)
		}
	}

	w.errs["http://10.0.0.1/"] = &egress.Refused{Verdict: egress.DeniedPrivate}
	w.errs["http://large/"] = egress.ErrTooLarge
	w.contents["http://endless/"] = endless{}
	many := make([]any, maxAddresses+1)
	for i := range many {
		many[i] = cat
	}
	for _, test := range []struct {
		value any
		id    fault.ID
		text  string
	}{
		{"http://10.0.0.1/", fault.SecurityViolation, "may not be reached"},
		{"file:///etc/passwd", fault.SecurityViolation, "file:"},
		{"FILE:/etc/passwd", fault.SecurityViolation, "file:"},
		{"s3://bucket/key", fault.SecurityViolation, "s3:"},
		{"http://large/", fault.InvalidInput, "more than 50 MiB"},
		{"http://endless/", fault.InvalidInput, "more than 50 MiB"},
		{"http://gone/", fault.InvalidInput, "status 404"},
		{"http://here/" + strings.Repeat("long", maxAddress), fault.InvalidInput, "too long"},
		{many, fault.InvalidInput, "17 addresses"},
	} {
		_, err := run(catalog.FetchProxy, map[string]any{"image": test.value})
		if !fault.Is(err, test.id) || !strings.Contains(fault.From(err).Message, test.text) {
			t.Errorf("%.30v: error %v", test.value, err)
		}
	}

	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(provider.ErrHandBack)
	if _, err := p.inputFor(ctx, Record{Account: "acct", Model: "m", Input: `{"image": "http://gone/"}`}, catalog.FetchProxy); !errors.Is(err, provider.ErrHandBack) {
		t.Errorf("a run that ends: error %v", err)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestSchemes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"http://a": "http", "HTTPS://a/b c": "https", " \u00a0\x00http://a": "http", "ht\ntp://a": "http", "http:\t//a": "http",
		"http:a": "http", "http:/a": "http", `http:\\a`: "http", "http:///a": "http", "http://[::1]/": "http", "http://user@a/": "http",
		"file:///x": "file", "file:x": "file", "gs://a/b": "gs", "git+ssh://a": "git+ssh",
		"": "", "http": "", "http:": "", "http://": "", "http://a is my server": "", "https: the letter s": "", "see http://a": "",
		"12:30": "", "Answer: yes": "", "a:b": "", "data:text/plain,a": "", "data://a": "", "C:\\a": "", "://a": "", "é://a": "", "mailto:a@b": "",
	} {
		if got := schemeOf(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestOutputsAreKept(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		p, w := fileRig(t, r)
		rec := Record{ID: "p", Account: "acct", Attempt: 2}
		w.contents["http://out/a/photo.jpeg?sig=1"] = strings.NewReader("\xff\xd8\xff\xe0")
		ids, output, err := p.saveOutputs(t.Context(), rec, &provider.Result{Files: []provider.Output{
			{Data: []byte(pngBytes), Name: "out.png", Type: "text/html"},
			{URL: "http://out/a/photo.jpeg?sig=1"},
			{URL: dataOf("text/csv", "a,b")},
			{Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(pngBytes)), nil }, Name: "out.png"},
			{Data: []byte{}},
		}})
		if err != nil || len(ids) != 5 || output != "null" {
			t.Fatalf("%v, output %s, error %v", ids, output, err)
		}
		var kept []blob.File
		r.must(r.db.Write(t.Context(), func(tx *store.Tx) error {
			if err := r.files.Keep(t.Context(), tx, fileIDs(ids), time.Time{}); err != nil {
				return err
			}
			of, err := r.files.Of(t.Context(), tx, []string{"p"}, blob.Output)
			kept = of["p"]
			return err
		}))
		var names, types []string
		for _, f := range kept {
			names, types = append(names, f.Name), append(types, f.Type)
			if f.Attempt != 2 {
				t.Errorf("attempt %d", f.Attempt)
			}
		}
		if !slices.Equal(names, []string{"out.png", "photo-1.jpeg", "output-2.csv", "out-3.png", "output-4.txt"}) ||
			!slices.Equal(types, []string{"image/png", "image/jpeg", "text/csv", "image/png", "text/plain"}) {
			t.Errorf("names %v, types %v", names, types)
		}
	})
}

func TestOutputsThatAreNoFiles(t *testing.T) {
	t.Parallel()
	p := &process{Service: &Service{}}
	text := "a \"b\"\n\x00\xff"
	large := strings.Repeat("x", maxOutput)
	for _, test := range []struct {
		result *provider.Result
		want   string
		err    string
	}{
		{&provider.Result{Text: &text}, "\"a \\\"b\\\"\\n\ufffd\ufffd\"", ""},
		{&provider.Result{JSON: json.RawMessage("{ \"url\": \"http://a\" }\n")}, `{"url":"http://a"}`, ""},
		{&provider.Result{JSON: json.RawMessage("null")}, "null", ""},
		{&provider.Result{JSON: json.RawMessage("{")}, "", "not JSON"},
		{&provider.Result{Text: &large}, "", "more than 4 MiB"},
		{&provider.Result{}, "", "nothing"},
		{nil, "", "nothing"},
	} {
		ids, got, err := p.saveOutputs(t.Context(), Record{}, test.result)
		var failed *fileError
		if len(ids) > 0 || got != test.want || (err != nil) != (test.err != "") {
			t.Errorf("%v: output %.50q, error %v", test.result, got, err)
		} else if err != nil && (!errors.As(err, &failed) || failed.Retry || !strings.Contains(failed.Message, test.err)) {
			t.Errorf("%v: error %v", test.result, err)
		}
	}
}

// What fails leaves no file, and says whether to try again.
func TestBadOutputs(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		p, w := fileRig(t, r)
		const at = "http://upstream.internal/secret"
		open := func(content io.Reader) provider.Output {
			return provider.Output{Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(content), nil }}
		}
		for name, test := range map[string]struct {
			out   provider.Output
			err   error // of the fetch
			retry bool
			id    fault.ID
			text  string
		}{
			"private address": {provider.Output{URL: at}, &egress.Refused{Verdict: egress.DeniedPrivate}, false, fault.SecurityViolation, "may not fetch"},
			"five gigabytes":  {provider.Output{URL: at}, egress.ErrTooLarge, false, fault.InferenceError, "1048576 bytes"},
			"too many bytes":  {open(endless{}), nil, false, fault.InferenceError, "1048576 bytes"},
			"gone":            {provider.Output{URL: at}, &egress.StatusError{Status: 404}, false, fault.InferenceError, "could not be fetched"},
			"busy":            {provider.Output{URL: at}, &egress.StatusError{Status: 503}, true, fault.InferenceError, "could not be fetched"},
			"stalls":          {provider.Output{URL: at}, egress.ErrIdle, true, fault.InferenceError, "could not be fetched"},
			"dies half-way":   {open(io.MultiReader(strings.NewReader("x"), iotest.ErrReader(io.ErrUnexpectedEOF))), nil, true, fault.InferenceError, "could not be fetched"},
			"bad base64":      {provider.Output{URL: "data:image/png;base64,*"}, nil, false, fault.InferenceError, "could not be read"},
			"nothing":         {provider.Output{Name: "a"}, nil, false, fault.InferenceError, "could not be read"},
			"no reader":       {provider.Output{Open: func(context.Context) (io.ReadCloser, error) { return nil, nil }}, nil, false, fault.InferenceError, "could not be read"},
		} {
			w.errs[at] = test.err
			_, _, err := p.saveOutputs(t.Context(), Record{ID: "p", Account: "acct", Attempt: 1},
				&provider.Result{Files: []provider.Output{{Data: []byte(pngBytes)}, test.out}})
			var failed *fileError
			if !errors.As(err, &failed) || failed.Retry != test.retry || failed.ID != test.id || !strings.Contains(failed.Message, test.text) ||
				strings.Contains(failed.Message, "internal") {
				t.Errorf("%s: error %+v", name, err)
			}
		}
		_, _, err := p.saveOutputs(t.Context(), Record{ID: "p"}, &provider.Result{Files: make([]provider.Output, 9)})
		var failed *fileError
		if !errors.As(err, &failed) || failed.Retry || !strings.Contains(failed.Message, "9 files") {
			t.Errorf("too many: error %v", err)
		}
		if n := r.stored("p", `state <> 'doomed'`); n != 0 {
			t.Errorf("%d files are left", n)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errCancelled)
		_, _, err = p.saveOutputs(ctx, Record{ID: "p"}, &provider.Result{Files: []provider.Output{{Data: []byte(pngBytes)}}})
		if !errors.Is(err, errCancelled) {
			t.Errorf("a run that ends: error %v", err)
		}
	})
}

// A storage that takes nothing may take something later.
func TestStorageFails(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, storetest.SQLite(t))
	r := newRig(t, db)
	folder := t.TempDir() + "/files"
	var err error
	r.files, err = blob.Open(t.Context(), blob.Options{DB: db, URL: "file://" + folder, Links: secret.NewRing(masterKey(t)), Now: r.clock.now})
	r.must(err)
	r.must(os.RemoveAll(folder))
	r.must(os.WriteFile(folder, nil, 0o600)) // nothing can be made in it
	p, _ := fileRig(t, r)
	save := func() error {
		_, _, err := p.saveOutputs(t.Context(), Record{ID: "p", Account: "acct"}, &provider.Result{Files: []provider.Output{{Data: []byte(pngBytes)}}})
		return err
	}
	var failed *fileError
	if err := save(); !errors.As(err, &failed) || !failed.Retry || failed.ID != fault.ServiceUnavailable || !errors.Is(err, syscall.ENOTDIR) {
		t.Errorf("error %v", err)
	}
	r.must(os.Remove(folder))
	r.must(save())
}

func TestPartialOutputs(t *testing.T) {
	t.Parallel()
	r := newRig(t, storetest.Open(t, storetest.SQLite(t)))
	p, _ := fileRig(t, r)
	names := map[string]bool{}
	for before := range 3 {
		files, err := p.savePartial(t.Context(), Record{ID: "p", Account: "acct", Attempt: 1}, []provider.Output{{Data: []byte(pngBytes), Name: "step.png"}}, before)
		if err != nil || len(files) != 1 || files[0].Role != blob.Partial {
			t.Fatalf("%v, error %v", files, err)
		}
		names[files[0].Name] = true
	}
	if len(names) != 3 {
		t.Errorf("names %v", slices.Sorted(maps.Keys(names)))
	}
}
