package rest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"skytower/internal/api"
	"skytower/internal/api/rest"
	"skytower/internal/blob"
	"skytower/internal/fault"
	"skytower/internal/secret"
	"skytower/internal/skytells"
	"skytower/internal/skytells/skytellstest"
	"skytower/internal/store/storetest"
)

// shelf is a real storage in a folder. Uploads are kept in memory's words only: what
// makes them last is tried where it lives.
type shelf struct {
	*blob.Store
	files map[string]blob.File
	order []string
	err   error
}

func newShelf(t *testing.T) *shelf {
	t.Helper()
	key, err := secret.NewMasterKey(bytes.Repeat([]byte{7}, secret.Size))
	if err != nil {
		t.Fatal(err)
	}
	files, err := blob.Open(t.Context(), blob.Options{DB: storetest.Open(t, storetest.SQLite(t)), URL: "file://" + t.TempDir() + "/files", Links: secret.NewRing(key)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = files.Close() })
	return &shelf{Store: files, files: map[string]blob.File{}}
}

func (s *shelf) PutUpload(ctx context.Context, n blob.New, content io.Reader) (blob.File, error) {
	if s.err != nil {
		return blob.File{}, s.err
	}
	n.Role = blob.Upload
	f, err := s.Put(ctx, n, content)
	if errors.Is(err, blob.ErrTooLarge) {
		return blob.File{}, &fault.Error{ID: fault.InvalidRequest, Status: 413, Message: "The file is too large."}
	}
	return f, err
}

func (s *shelf) KeepUpload(_ context.Context, f blob.File, purpose string) (blob.File, error) {
	f.Purpose, f.ExpiresAt = purpose, time.Now().Add(time.Hour).Truncate(time.Second)
	s.files[f.ID] = f
	s.order = append([]string{f.ID}, s.order...)
	return f, nil
}

func (s *shelf) Upload(_ context.Context, account, id string) (blob.File, error) {
	f, ok := s.files[id]
	if !ok || f.Account != account {
		return blob.File{}, fault.New(fault.EndpointNotFound, "There is no file with this id. It may have expired.")
	}
	return f, nil
}

func (s *shelf) DeleteUpload(ctx context.Context, account, id string) error {
	_, err := s.Upload(ctx, account, id)
	delete(s.files, id)
	return err
}

func (s *shelf) Uploads(_ context.Context, _, after string, n int) (out []blob.File, err error) {
	if after == "gone" {
		return nil, blob.ErrNotFound
	}
	for _, id := range s.order {
		if len(out) < n {
			out = append(out, s.files[id])
		}
	}
	return out, nil
}

// ByLink checks the real signature, and finds the file here.
func (s *shelf) ByLink(_ context.Context, address string) (blob.File, bool) {
	for _, f := range s.files {
		if s.Link("", f) == address {
			return f, true
		}
	}
	return blob.File{}, false
}

const maxUpload = 100_000

func (s *shelf) routes() http.Handler {
	return newStage("").routes(func(h *rest.Handlers) { h.Uploads, h.Files, h.MaxUpload = s, s, maxUpload })
}

// part of a form; a name makes it a file.
type part struct{ field, name, kind, text string }

func form(t *testing.T, parts ...part) (body, kind string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, p := range parts {
		h := textproto.MIMEHeader{}
		disposition := fmt.Sprintf(`form-data; name=%q`, p.field)
		if p.name != "" {
			disposition += fmt.Sprintf(`; filename=%q`, p.name)
		}
		h.Set("Content-Disposition", disposition)
		if p.kind != "" {
			h.Set("Content-Type", p.kind)
		}
		to, err := w.CreatePart(h)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(to, p.text)
	}
	_ = w.Close()
	return b.String(), w.FormDataContentType()
}

const png = "\x89PNG\r\n\x1a\n and more"

func upload(t *testing.T, h http.Handler, parts ...part) skytells.File {
	t.Helper()
	body, kind := form(t, parts...)
	code, text, _ := send(t, h, "POST", "/v1/files", body, "Content-Type", kind)
	var f skytells.File
	decode(t, string(text), &f)
	if code != 200 || f.Object != "file" || f.ID == "" || f.CreatedAt == 0 || !strings.HasPrefix(f.URLs.Get, "http://localhost:8080/files/"+f.ID+"/") {
		t.Fatalf("upload: %d %s", code, text)
	}
	return f
}

// OpenAI's clients send the file before its purpose, the Replicate client calls it
// content.
func TestUploadForms(t *testing.T) {
	t.Parallel()
	h := newShelf(t).routes()
	for name, parts := range map[string][]part{
		"OpenAI":         {{"file", "a.png", "image/png", png}, {field: "purpose", text: "vision"}},
		"purpose first":  {{field: "purpose", text: "vision"}, {"file", "a.png", "", png}},
		"Replicate":      {{"content", "a.png", "image/png", png}, {"metadata", "blob", "application/json", `{"purpose":"vision"}`}},
		"a field's name": {{field: "filename", text: "a.png"}, {field: "other", text: "x"}, {field: "file", text: png}, {field: "purpose", text: "vision"}},
	} {
		if f := upload(t, h, parts...); f.Filename != "a.png" || f.Bytes != int64(len(png)) || f.MIMEType != "image/png" || f.Purpose != "vision" || f.ExpiresAt == nil {
			t.Errorf("%s: %+v", name, f)
		}
	}
	large := strings.Repeat("x", maxUpload)
	if f := upload(t, h, part{"file", "large.txt", "text/plain", large}); f.Bytes != maxUpload {
		t.Errorf("a large one: %+v", f)
	}
}

func TestUploadRefuses(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	h := s.routes()
	file := part{"file", "a.png", "", png}
	many := []part{file}
	for range 20 {
		many = append(many, part{field: "x", text: "y"})
	}
	for name, c := range map[string]struct {
		parts    []part
		status   int
		errorID  string
		sentence string
	}{
		"no file":       {[]part{{field: "purpose", text: "vision"}}, 422, "VALIDATION_ERROR", "The file field is required."},
		"two files":     {[]part{file, file}, 400, "INVALID_PARAMETER", "more than one"},
		"too large":     {[]part{{"file", "a", "", strings.Repeat("x", maxUpload+1)}}, 413, "INVALID_REQUEST", "too large"},
		"far too large": {[]part{{"file", "a", "", strings.Repeat("x", maxUpload+1<<20+1)}}, 413, "INVALID_REQUEST", "larger"},
		"long purpose":  {[]part{file, {field: "purpose", text: strings.Repeat("x", 65)}}, 400, "INVALID_PARAMETER", "64"},
		"large field":   {[]part{{field: "metadata", text: strings.Repeat("x", 65<<10)}}, 400, "INVALID_PARAMETER", "metadata"},
		"many parts":    {many, 400, "INVALID_REQUEST", "20 parts"},
	} {
		body, kind := form(t, c.parts...)
		code, text, _ := send(t, h, "POST", "/v1/files", body, "Content-Type", kind)
		if e := skytellstest.Error(t, text); code != c.status || e.Error.ErrorID != c.errorID || !strings.Contains(e.Error.Message, c.sentence) {
			t.Errorf("%s: %d %s", name, code, text)
		}
	}
	body, kind := form(t, file)
	for name, c := range map[string][2]string{
		"JSON": {"application/json", `{}`}, "no boundary": {"multipart/form-data", body}, "cut": {kind, body[:len(body)-80]}, "no type": {"", body},
	} {
		code, text, _ := send(t, h, "POST", "/v1/files", c[1], "Content-Type", c[0])
		if e := skytellstest.Error(t, text); code != 400 || e.Error.ErrorID != "INVALID_REQUEST" {
			t.Errorf("%s: %d %s", name, code, text)
		}
	}
	if len(s.files) != 0 {
		t.Errorf("kept %+v", s.files)
	}
	s.err = errors.New("no space left on device")
	code, text, _ := send(t, h, "POST", "/v1/files", body, "Content-Type", kind)
	if e := skytellstest.Error(t, text); code != 500 || e.Error.ErrorID != "INTERNAL_ERROR" || strings.Contains(string(text), "device") {
		t.Errorf("a full disk: %d %s", code, text)
	}
}

func TestFileRoutes(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	h := s.routes()
	first := upload(t, h, part{"file", "a.png", "", png})
	second := upload(t, h, part{"file", "page.html", "text/html", "<html><script>alert(1)</script>"})
	list := func(query string) (l skytells.FileList) {
		_, body, _ := send(t, h, "GET", "/v1/files"+query, "")
		decode(t, string(body), &l)
		return l
	}
	if l := list(""); l.Object != "list" || len(l.Data) != 2 || l.HasMore || l.Data[0].ID != second.ID {
		t.Errorf("list: %+v", l)
	}
	if l := list("?limit=1"); len(l.Data) != 1 || !l.HasMore {
		t.Errorf("a page: %+v", l)
	}
	for _, query := range []string{"?limit=0", "?limit=1001", "?after=gone"} {
		if code, body, _ := send(t, h, "GET", "/v1/files"+query, ""); code != 400 || skytellstest.Error(t, body).Error.ErrorID != "INVALID_PARAMETER" {
			t.Errorf("%s: %d %s", query, code, body)
		}
	}
	if code, body, _ := send(t, h, "GET", "/v1/files/"+first.ID, ""); code != 200 || !strings.Contains(string(body), first.URLs.Get[:40]) {
		t.Errorf("get: %d %s", code, body)
	}
	if code, body, header := send(t, h, "GET", "/v1/files/"+first.ID+"/content", "", "Range", "bytes=1-3"); code != 206 || string(body) != "PNG" || header.Get("Content-Type") != "image/png" {
		t.Errorf("content: %d %q %v", code, body, header)
	}
	for _, route := range []string{"GET /v1/files/nope", "GET /v1/files/nope/content", "DELETE /v1/files/nope"} {
		method, path, _ := strings.Cut(route, " ")
		if code, body, _ := send(t, h, method, path, ""); code != 404 || skytellstest.Error(t, body).Error.ErrorID != "ENDPOINT_NOT_FOUND" {
			t.Errorf("%s: %d %s", route, code, body)
		}
	}
	if code, body, _ := send(t, h, "DELETE", "/v1/files/"+first.ID, ""); code != 200 || string(body) != `{"id":"`+first.ID+`","object":"file","deleted":true}` {
		t.Errorf("delete: %d %s", code, body)
	}
	if code, _, _ := send(t, h, "GET", "/v1/files/"+first.ID, ""); code != 404 {
		t.Errorf("after the deletion: %d", code)
	}
}

func TestFilesUnderAnotherHostName(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	h := newStage("").routes(func(h *rest.Handlers) {
		h.Uploads, h.Files, h.MaxUpload, h.FilesURL = s, s, maxUpload, "https://files.example"
	})
	content, kind := form(t, part{"file", "a.png", "", png})
	if code, text, _ := send(t, h, "POST", "/v1/files", content, "Content-Type", kind); code != 200 || !strings.Contains(string(text), `"get":"https://files.example/files/`) {
		t.Errorf("%d %s", code, text)
	}
}

// visit asks for an address without a key, as a browser does.
func visit(t *testing.T, h http.Handler, method, address string, header ...string) *http.Response {
	t.Helper()
	req := httptest.NewRequest(method, address, nil)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	return w.Result()
}

func body(t *testing.T, res *http.Response) string {
	t.Helper()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Design, "Files": what a model or a caller made is never a page of ours.
func TestSignedLinks(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	h := s.routes()
	for _, c := range []struct{ name, text, kind, how string }{
		{"a.png", png, "image/png", "inline"},
		{"a.mp3", "ID3\x03\x00 sound", "audio/mpeg", "inline"},
		{"a.svg", `<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>`, "image/svg+xml", "attachment"},
		{"a.html", `<html><script>alert(1)</script></html>`, "text/html", "attachment"},
		{"a.bin", "\x00\x01\x02", "application/octet-stream", "attachment"},
		{"ä \".txt", "plain", "text/plain", "attachment"},
	} {
		link := upload(t, h, part{"file", c.name, "", c.text}).URLs.Get
		link = strings.TrimPrefix(link, "http://localhost:8080")
		res := visit(t, h, "GET", link)
		text, header := body(t, res), res.Header
		if res.StatusCode != 200 || text != c.text || !strings.HasPrefix(header.Get("Content-Type"), c.kind) {
			t.Errorf("%s: %d %q %v", c.name, res.StatusCode, text, header)
		}
		if header.Get("Content-Security-Policy") != "sandbox; default-src 'none'" || header.Get("X-Content-Type-Options") != "nosniff" ||
			!strings.HasPrefix(header.Get("Content-Disposition"), c.how+`; filename="`) || header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %v", c.name, header)
		}
		var age int
		if _, err := fmt.Sscanf(header.Get("Cache-Control"), "private, max-age=%d", &age); err != nil || age < 1800 || age > 3600 {
			t.Errorf("%s: Cache-Control %q", c.name, header.Get("Cache-Control"))
		}
		res = visit(t, h, "GET", link, "Range", "bytes=1-2", "If-Range", header.Get("Etag"))
		if text := body(t, res); res.StatusCode != 206 || text != c.text[1:3] {
			t.Errorf("%s in part: %d %q", c.name, res.StatusCode, text)
		}
		if res := visit(t, h, "HEAD", link); res.StatusCode != 200 || res.Header.Get("Content-Length") != fmt.Sprint(len(c.text)) {
			t.Errorf("%s, its head: %d %v", c.name, res.StatusCode, res.Header)
		}
		if res := visit(t, h, "GET", link, "If-None-Match", header.Get("Etag")); res.StatusCode != 304 {
			t.Errorf("%s again: %d", c.name, res.StatusCode)
		}
		for _, bad := range []string{link[:len(link)-1], link + "0", strings.Replace(link, "expires=", "expires=9", 1), strings.Split(link, "?")[0], "/files/file-1/x"} {
			res := visit(t, h, "GET", bad)
			if text := body(t, res); res.StatusCode != 404 || res.Header.Get("Content-Type") != "application/json" || skytellstest.Error(t, []byte(text)).Error.ErrorID != "ENDPOINT_NOT_FOUND" {
				t.Errorf("%s: %d %s", bad, res.StatusCode, text)
			}
		}
	}
}

// The document tells of forms and bytes.
func TestFilesInTheDocument(t *testing.T) {
	t.Parallel()
	text, err := api.Document((&rest.Handlers{}).Rows(), "test")
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"multipart/form-data", `"format": "binary"`, `"/files/{id}/{name}"`, "application/octet-stream"} {
		if !strings.Contains(string(text), part) {
			t.Errorf("the document lacks %s", part)
		}
	}
}
