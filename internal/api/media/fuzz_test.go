package media

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime/multipart"
	"slices"
	"strings"
	"testing"

	"skytower/internal/blob"
	"skytower/internal/fault"
	"skytower/internal/rawjson"
)

// FuzzMultipart reads forms, and compares with what net/http's reader finds in them: no
// field is guessed at, no file is lost, and nothing is over its bounds.
func FuzzMultipart(f *testing.F) {
	for _, seed := range []string{
		"--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nm\r\n--b--\r\n",
		"--b\r\nContent-Disposition: form-data; name=\"image[]\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n--b\r\n" +
			"Content-Disposition: form-data; name=\"image[]\"; filename=\"b.png\"\r\n\r\n\x89PNG\r\n--b--\r\n",
		"--b\r\nContent-Disposition: form-data; name=\"mask\"\r\nContent-Type: image/png\r\n\r\nx\r\n--b--\r\nepilogue",
		"--b\r\nContent-Disposition: form-data; name=\"g[]\"\r\n\r\nword\r\n--b\r\nContent-Disposition: form-data; name=\"g[]\"\r\n\r\nsegment\r\n--b--",
		"--b\r\nContent-Disposition: form-data; name=\"x[0][y]\"\r\n\r\n1\r\n--b\r\nContent-Disposition: form-data; name=\"n\"\r\n\r\n\xff\r\n--b--",
		"--b\r\nContent-Disposition: form-data; name=\"n\"\r\n\r\n1\r\n--b\r\nContent-Disposition: form-data; name=\"n\"\r\n\r\n2\r\n--b--",
		"--b\r\n\r\n\r\n--b--", "--b\r\nContent-Transfer-Encoding: quoted-printable\r\nContent-Disposition: form-data; name=n\r\n\r\n=41\r\n--b--",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		const limit = 1 << 10
		var contents []string
		files := fileFields{"image": 2, "mask": 1}
		r := &form{ctx: t.Context(), account: "acct_1", id: "p", limit: limit, files: files, ask: newAsk(),
			put: func(_ context.Context, n blob.New, content io.Reader) (blob.File, error) {
				all, err := io.ReadAll(io.LimitReader(content, n.Limit+1))
				if err != nil {
					return blob.File{}, err
				}
				if int64(len(all)) > n.Limit {
					return blob.File{}, blob.ErrTooLarge
				}
				contents = append(contents, string(all))
				return blob.File{ID: "f", Size: int64(len(all))}, nil
			}}
		err := r.read(multipart.NewReader(bytes.NewReader(body), "b"))
		checkBounds(t, r, len(contents))
		if err != nil {
			var e *fault.Error
			if errors.As(formFault(err), &e) && e.HTTPStatus() >= 500 && !errors.Is(err, blob.ErrTooLarge) {
				t.Fatalf("a caller's form is %v", err)
			}
			return
		}
		compareForms(t, r, body, contents)
	})
}

func checkBounds(t *testing.T, r *form, stored int) {
	t.Helper()
	if len(r.ask.names) > maxFields || len(r.ask.names) != len(r.ask.fields) || r.stored() > stored {
		t.Fatalf("%d names, %d fields, %d files of %d stored", len(r.ask.names), len(r.ask.fields), r.stored(), stored)
	}
	for name, parts := range r.ask.files {
		if len(parts) > r.files[name] {
			t.Fatalf("%d files in %q", len(parts), name)
		}
	}
	for name, f := range r.ask.fields {
		if !rawjson.Valid(f.raw) {
			t.Fatalf("field %q is %q", name, f.raw)
		}
	}
}

// compareForms wants a form that was taken to hold what the standard library finds.
func compareForms(t *testing.T, r *form, body []byte, contents []string) {
	t.Helper()
	want, err := multipart.NewReader(bytes.NewReader(body), "b").ReadForm(1 << 20)
	if err != nil {
		return // it has bounds of its own
	}
	texts, files := 0, 0
	for name, values := range want.Value {
		texts += len(values)
		bare, list := fieldName(name)
		if list || len(values) != 1 || r.ask.fields[bare].raw == nil {
			continue // several, or a file without a name
		}
		if got, err := rawjson.Unquote(r.ask.fields[bare].raw); err != nil || got != strings.ToValidUTF8(values[0], "\uFFFD") {
			t.Fatalf("field %q is %q, want %q", name, got, values[0])
		}
	}
	for _, heads := range want.File {
		for _, head := range heads {
			files++
			opened, err := head.Open()
			if err != nil {
				t.Fatal(err)
			}
			all, err := io.ReadAll(opened)
			if err != nil || !slices.Contains(contents, string(all)) {
				t.Fatalf("file %q with %q is not among %q (%v)", head.Filename, all, contents, err)
			}
		}
	}
	if got := len(contents); got < files || got > files+texts {
		t.Fatalf("%d files, want %d", got, files)
	}
}
