package media

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"mime"
	"mime/multipart"
	"strings"

	"skytower/internal/blob"
	"skytower/internal/fault"
	"skytower/internal/httpx"
	"skytower/internal/rawjson"
)

// Bounds of a form, beside the size of its files.
const (
	maxParts    = 100
	maxText     = 256 << 10 // bytes of a part that is no file: a prompt may be long
	maxFormRest = 1 << 20   // bytes of all that are no files
	maxName     = 100       // bytes of a field's name
	maxElements = 64        // of a field that is a list
)

// fileFields says which fields of a route are files, and how many each may be.
type fileFields map[string]int

// form reads a body that is a form. Files go to storage as they come, as inputs of a
// prediction that is yet to be made; nothing is ever whole in memory.
type form struct {
	ctx     context.Context
	put     func(context.Context, blob.New, io.Reader) (blob.File, error)
	account string
	id      string // of the prediction
	limit   int64  // bytes of one file
	files   fileFields
	ask     *ask
}

// readForm reads the form of a call. What of it was stored stands in the answer also
// where there is an error: it is to be dropped.
func (h *Handlers) readForm(c *httpx.Call, account, id string, files fileFields) (*ask, error) {
	a := newAsk()
	kind, params, err := mime.ParseMediaType(c.Request.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" || params["boundary"] == "" {
		return a, fault.New(fault.InvalidRequest, "The request body must be a form (multipart/form-data).")
	}
	body, err := c.Upload(h.MaxUpload + maxFormRest)
	if err != nil {
		return a, err
	}
	f := &form{
		ctx: c.Request.Context(), put: h.Predictions.PutInput, account: account, id: id, limit: h.MaxUpload, files: files, ask: a,
	}
	if err := f.read(multipart.NewReader(body, params["boundary"])); err != nil {
		return a, formFault(err)
	}
	// What follows the form is read, too: only then a caller's leaving is noticed.
	if _, err := io.Copy(io.Discard, body); err != nil {
		return a, formFault(err)
	}
	return a, nil
}

// formFault keeps a fault of the body, such as its size, and explains the rest.
func formFault(err error) error {
	var f *fault.Error
	if errors.As(err, &f) {
		return err
	}
	return fault.Wrap(err, fault.InvalidRequest, "The form in the request body is malformed or cut.")
}

func (f *form) read(parts *multipart.Reader) error {
	for range maxParts {
		p, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := f.part(p); err != nil {
			return err
		}
	}
	return fault.Newf(fault.InvalidRequest, "The form has more than %d parts.", maxParts)
}

func (f *form) part(p *multipart.Part) error {
	name, list := fieldName(p.FormName())
	if name == "" || len(name) > maxName {
		return fault.New(fault.InvalidRequest, "A part of the form has no name, or one that is too long.")
	}
	most, is := f.files[name]
	switch {
	case is && isFile(p):
		return f.file(p, name, list, most)
	case p.FileName() != "":
		return fault.Invalid(name, "The field '%s' takes no file on this route.", short(name))
	}
	return f.text(p, name, list)
}

// fieldName takes the brackets off the name of a list's element: image[] and image[0].
func fieldName(name string) (bare string, list bool) {
	open := strings.IndexByte(name, '[')
	if open <= 0 || !strings.HasSuffix(name, "]") || strings.Trim(name[open+1:len(name)-1], "0123456789") != "" {
		return name, false
	}
	return name[:open], true
}

// isFile reports whether a part is a file, and not the address of one.
func isFile(p *multipart.Part) bool {
	kind := p.Header.Get("Content-Type")
	return p.FileName() != "" || kind != "" && !strings.HasPrefix(strings.ToLower(kind), "text/")
}

func (f *form) file(p *multipart.Part, name string, list bool, most int) error {
	_, text := f.ask.fields[name]
	switch n := len(f.ask.files[name]); {
	case text, n > 0 && !list:
		return fault.Invalid(name, "The field '%s' stands there twice; several files are sent as '%s[]'.", name, name)
	case n >= most:
		return fault.Invalid(name, "The field '%s' holds at most %d files.", name, most)
	}
	from := &sender{Reader: p, sum: sha256.New()}
	file, err := f.put(f.ctx, blob.New{
		Account: f.account, Prediction: f.id, Ordinal: int64(f.stored()), Name: p.FileName(), Type: p.Header.Get("Content-Type"), Limit: f.limit,
	}, from)
	switch {
	case from.err != nil:
		return from.err
	case err != nil:
		return fault.From(err) // ours, and no fault of the form
	}
	f.ask.files[name] = append(f.ask.files[name], part{file, hex.EncodeToString(from.sum.Sum(nil))})
	if file.Size == 0 {
		return fault.Invalid(name, "The file in '%s' is empty.", name)
	}
	return nil
}

func (f *form) stored() (n int) {
	for _, parts := range f.ask.files {
		n += len(parts)
	}
	return n
}

func (f *form) text(p *multipart.Part, name string, list bool) error {
	text, err := io.ReadAll(io.LimitReader(p, maxText+1))
	if err != nil {
		return err
	}
	if len(text) > maxText {
		return fault.Invalid(name, "The field '%s' is larger than %d bytes.", short(name), maxText)
	}
	value := rawjson.AppendQuote(nil, strings.ToValidUTF8(string(text), "\uFFFD"))
	if !list {
		return f.ask.add(name, field{raw: value, loose: true})
	}
	return f.ask.addElement(name, value)
}

// addElement adds to a field that is a list.
func (a *ask) addElement(name string, value []byte) error {
	var all []json.RawMessage
	if before, ok := a.fields[name]; ok {
		if rawjson.KindOf(before.raw) != rawjson.KindArray || json.Unmarshal(before.raw, &all) != nil {
			return fault.Invalid(name, "The field '%s' stands there twice.", short(name))
		}
		if len(all) >= maxElements {
			return fault.Invalid(name, "The field '%s' holds more than %d values.", short(name), maxElements)
		}
	} else if err := a.add(name, field{raw: []byte("[]")}); err != nil {
		return err
	}
	raw, err := json.Marshal(append(all, value))
	if err != nil {
		return fmt.Errorf("write the list %s: %w", name, err)
	}
	a.fields[name] = field{raw: raw, loose: true}
	return nil
}

// sender keeps the error of the caller's side apart from those of the storage, and sums
// up what is read.
type sender struct {
	io.Reader
	sum hash.Hash
	err error
}

func (s *sender) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	s.sum.Write(p[:n])
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}
