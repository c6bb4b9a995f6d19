package rest

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"

	"skytower/internal/account"
	"skytower/internal/api"
	"skytower/internal/blob"
	"skytower/internal/fault"
	"skytower/internal/httpx"
	"skytower/internal/skytells"
)

// Bounds of an upload's form.
const (
	maxParts    = 20
	maxField    = 64 << 10 // bytes of a part that is not the file
	maxFormRest = 1 << 20  // bytes of all that is not the file
	maxPurpose  = 64
)

// UploadForm is the form of an upload, for the document.
type UploadForm struct {
	File     api.Binary `json:"file" doc:"The file. The Replicate client's name for it, content, is taken too."`
	Purpose  string     `json:"purpose,omitempty" doc:"What it is for; kept as it is sent. batch: the input of a batch."`
	Filename string     `json:"filename,omitempty" doc:"Its name, if the file's part has none."`
	Metadata any        `json:"metadata,omitempty" doc:"An object, as the Replicate client sends it; only its purpose is kept."`
}

func (h *Handlers) uploadRow() api.Route {
	return api.Route{
		Method: http.MethodPost, Pattern: "/v1/files", Surface: api.REST,
		ID: "uploadFile", Tag: filesTag, Summary: "Upload a file",
		Description: "Stores a file that predictions can use: `urls.get` is a link for their inputs. It ends after the account's retention, but not within the first hour.",
		Scope:       account.Files, Request: UploadForm{}, Multipart: true, Response: skytells.File{},
		Errors: predictionErrors(fault.InvalidParameter, fault.ValidationError), Key: h.upload,
	}
}

// upload streams the file to storage as it comes; it is never held in memory.
func (h *Handlers) upload(c *httpx.Call, who account.Principal) error {
	base, err := httpx.Base(h.Public, c.Request)
	if err != nil {
		return err
	}
	parts, err := h.form(c)
	if err != nil {
		return err
	}
	u := &uploading{h: h, c: c, account: who.Account}
	if err := u.read(parts); err != nil {
		return err
	}
	if u.file.ID == "" {
		return required("file")
	}
	// What fails before this line is swept.
	file, err := h.Uploads.KeepUpload(c.Request.Context(), u.file, u.purpose)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, h.showFile(base, file))
}

func (h *Handlers) form(c *httpx.Call) (*multipart.Reader, error) {
	kind, params, err := mime.ParseMediaType(c.Request.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" || params["boundary"] == "" {
		return nil, fault.New(fault.InvalidRequest, "The request body must be a form (multipart/form-data) with the file in its field 'file'.")
	}
	body, err := c.Upload(h.MaxUpload + maxFormRest)
	if err != nil {
		return nil, err
	}
	return multipart.NewReader(body, params["boundary"]), nil
}

// uploading is a form that is being read.
type uploading struct {
	h             *Handlers
	c             *httpx.Call
	account       string
	file          blob.File
	name, purpose string
}

func (u *uploading) read(parts *multipart.Reader) error {
	for range maxParts {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return formFault(err)
		}
		if err := u.part(part); err != nil {
			return formFault(err)
		}
	}
	return fault.Newf(fault.InvalidRequest, "The form has more than %d parts.", maxParts)
}

// formFault keeps a fault of the body, such as its size, and explains the rest.
func formFault(err error) error {
	var f *fault.Error
	if errors.As(err, &f) {
		return err
	}
	return fault.Wrap(err, fault.InvalidRequest, "The form in the request body is malformed or cut.")
}

func (u *uploading) part(p *multipart.Part) error {
	switch name := p.FormName(); name {
	case "file", "content":
		return u.content(p)
	case "purpose", "filename", "metadata":
		text, err := io.ReadAll(io.LimitReader(p, maxField+1))
		if err != nil {
			return err
		}
		if len(text) > maxField {
			return fault.Invalid(name, "The field '%s' is larger than %d bytes.", name, maxField)
		}
		return u.field(name, string(text))
	}
	_, err := io.Copy(io.Discard, p) // other fields are ignored
	return err
}

func (u *uploading) field(name, text string) error {
	switch name {
	case "filename":
		u.name = text
	case "metadata":
		var m struct {
			Purpose string `json:"purpose"`
		}
		if json.Unmarshal([]byte(text), &m) == nil && m.Purpose != "" {
			return u.field("purpose", m.Purpose)
		}
	case "purpose":
		if len(text) > maxPurpose {
			return fault.Invalid("purpose", "The field 'purpose' must be at most %d bytes long.", maxPurpose)
		}
		u.purpose = text
	}
	return nil
}

func (u *uploading) content(p *multipart.Part) error {
	if u.file.ID != "" {
		return fault.Invalid("file", "The form holds more than one file; upload each by itself.")
	}
	name := p.FileName()
	if name == "" {
		name = u.name
	}
	from := &sender{Reader: p}
	file, err := u.h.Uploads.PutUpload(u.c.Request.Context(), blob.New{
		Account: u.account, Name: name, Type: p.Header.Get("Content-Type"), Limit: u.h.MaxUpload,
	}, from)
	switch {
	case from.err != nil:
		return from.err
	case err != nil:
		return fault.From(err) // ours, and no fault of the form
	}
	u.file = file
	return nil
}

// sender keeps the error of the caller's side apart from those of the storage.
type sender struct {
	io.Reader
	err error
}

func (s *sender) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}
