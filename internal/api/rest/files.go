package rest

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"skytower/internal/account"
	"skytower/internal/api"
	"skytower/internal/blob"
	"skytower/internal/fault"
	"skytower/internal/httpx"
	"skytower/internal/skytells"
)

func (h *Handlers) showFile(base string, f blob.File) skytells.File {
	out := skytells.File{
		ID: f.ID, Object: "file", Bytes: f.Size, CreatedAt: f.CreatedAt.Unix(), Filename: f.Name, Purpose: f.Purpose,
		MIMEType: f.Type, URLs: skytells.FileURLs{Get: h.Files.Link(cmp.Or(h.FilesURL, base), f)},
	}
	if !f.ExpiresAt.IsZero() {
		at := f.ExpiresAt.Unix()
		out.ExpiresAt = &at
	}
	return out
}

func (h *Handlers) file(c *httpx.Call, who account.Principal) error {
	base, err := httpx.Base(h.Public, c.Request)
	if err != nil {
		return err
	}
	f, err := h.Uploads.Upload(c.Request.Context(), who.Account, c.Request.PathValue("id"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, h.showFile(base, f))
}

// Bounds of the list of files.
const (
	maxFiles   = 1000
	usualFiles = 100
)

func (h *Handlers) listFiles(c *httpx.Call, who account.Principal) error {
	base, err := httpx.Base(h.Public, c.Request)
	if err != nil {
		return err
	}
	q := c.Request.URL.Query()
	limit, err := number(q, "limit", usualFiles, maxFiles)
	if err != nil {
		return err
	}
	files, err := h.Files.Uploads(c.Request.Context(), who.Account, q.Get("after"), limit+1)
	if errors.Is(err, blob.ErrNotFound) {
		return fault.Invalid("after", "The parameter 'after' must be the id of a file of the list.")
	}
	if err != nil {
		return err
	}
	list := skytells.FileList{Object: "list", Data: []skytells.File{}, HasMore: len(files) > limit}
	for _, f := range files[:min(len(files), limit)] {
		list.Data = append(list.Data, h.showFile(base, f))
	}
	return c.JSON(http.StatusOK, list)
}

func (h *Handlers) deleteFile(c *httpx.Call, who account.Principal) error {
	id := c.Request.PathValue("id")
	if err := h.unused(c.Request.Context(), who.Account, id); err != nil {
		return err
	}
	if err := h.Uploads.DeleteUpload(c.Request.Context(), who.Account, id); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, skytells.FileDeleted{ID: id, Object: "file", Deleted: true})
}

// unused refuses to take a file away from a batch that runs.
func (h *Handlers) unused(ctx context.Context, account, id string) error {
	if h.Users == nil {
		return nil
	}
	batch, err := h.Users.Uses(ctx, account, id)
	if err != nil || batch == "" {
		return err
	}
	return fault.Newf(fault.InvalidRequest, "The file is the input of %s, which has not ended; wait for that, or cancel the batch first.", batch)
}

func (h *Handlers) fileContent(c *httpx.Call, who account.Principal) error {
	f, err := h.Uploads.Upload(c.Request.Context(), who.Account, c.Request.PathValue("id"))
	if err != nil {
		return err
	}
	return h.serve(c, f)
}

func filesErrors(more ...fault.ID) []fault.ID {
	return predictionErrors(append(more, fault.EndpointNotFound)...)
}

func (h *Handlers) fileRows() []api.Route {
	id := idParam("The file's id.")
	return []api.Route{
		h.uploadRow(),
		{
			Method: http.MethodGet, Pattern: "/v1/files", Surface: api.REST, Poll: true, ID: "listFiles", Tag: filesTag, Summary: "List uploaded files",
			Description: "The account's uploads, newest first.", Scope: account.Files,
			Params: []api.Param{
				{Name: "limit", In: "query", Description: "1 to 1000; 100 if it is left out."},
				{Name: "after", In: "query", Description: "The id of the last file of the page before."},
			},
			Response: skytells.FileList{}, Errors: predictionErrors(fault.InvalidParameter), Key: h.listFiles,
		},
		{
			Method: http.MethodGet, Pattern: "/v1/files/{id}", Surface: api.REST, Poll: true, ID: "getFile", Tag: filesTag, Summary: "Get an uploaded file's object",
			Description: "What is known of the file, with a fresh link.", Scope: account.Files,
			Params: []api.Param{id}, Response: skytells.File{}, Errors: filesErrors(), Key: h.file,
		},
		{
			Method: http.MethodGet, Pattern: "/v1/files/{id}/content", Surface: api.REST, Poll: true, ID: "getFileContent", Tag: filesTag, Summary: "Get an uploaded file's content",
			Description: "The bytes, also in ranges.", Scope: account.Files,
			Params: []api.Param{id}, Response: api.Binary{}, Errors: filesErrors(), Key: h.fileContent,
		},
		{
			Method: http.MethodDelete, Pattern: "/v1/files/{id}", Surface: api.REST, ID: "deleteFile", Tag: filesTag, Summary: "Delete an uploaded file",
			Description: "Removes it for good; its links end. The input of a batch that runs stays.", Scope: account.Files,
			Params: []api.Param{id}, Response: skytells.FileDeleted{}, Errors: filesErrors(), Key: h.deleteFile,
		},
		h.linkRow(),
	}
}

const filesTag = "Files"

// serve sends a file's content in a way that no browser takes for a page of ours.
func (h *Handlers) serve(c *httpx.Call, f blob.File) error {
	content, err := h.Files.Content(c.Request.Context(), f)
	if errors.Is(err, blob.ErrNotFound) {
		return fault.New(fault.EndpointNotFound, "The file is gone.")
	}
	if err != nil {
		return err
	}
	defer content.Close() //nolint:errcheck // it was only read
	header := c.Header()
	header.Set("Content-Type", f.Type)
	header.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Content-Disposition", disposition(f))
	header.Set("Cache-Control", h.cacheControl(f))
	header.Set("Etag", `"`+f.ID+`"`) // the content of an id never changes
	return c.Content(f.Name, f.CreatedAt, content)
}

// disposition shows what can hold no script, and saves the rest. Names are safe as a
// path's segment; what a quoted header can't hold is left out.
func disposition(f blob.File) string {
	how := "attachment"
	if inline(f.Type) {
		how = "inline"
	}
	name := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' {
			return '_'
		}
		return r
	}, f.Name)
	return how + `; filename="` + name + `"`
}

// inline reports whether a type is a raster image, audio or video. SVG is an image with
// scripts.
func inline(kind string) bool {
	kind, _, _ = strings.Cut(kind, ";")
	family, _, _ := strings.Cut(kind, "/")
	switch family {
	case "audio", "video":
		return true
	case "image":
		return !strings.Contains(kind, "svg") && !strings.Contains(kind, "xml")
	}
	return false
}

// cacheControl lets the caller keep the content as long as the file is there.
func (h *Handlers) cacheControl(f blob.File) string {
	const most = 24 * 3600
	seconds := int64(most)
	if !f.ExpiresAt.IsZero() {
		seconds = min(max(int64(f.ExpiresAt.Sub(h.now()).Seconds()), 0), most)
	}
	return "private, max-age=" + strconv.FormatInt(seconds, 10)
}

func (h *Handlers) linkRow() api.Route {
	return api.Route{
		Method: http.MethodGet, Pattern: "/files/{id}/{name}", Surface: api.REST,
		ID: "getFileByLink", Tag: filesTag, Summary: "Get a file by its signed link",
		Description: "Links to outputs and uploads stand in the answers; they need no key, take ranges, and end with the file.",
		Params: []api.Param{
			idParam("The file's id."), {Name: "name", In: "path", Description: "The file's name.", Required: true},
			{Name: "expires", In: "query", Description: "As in the link.", Required: true},
			{Name: "signature", In: "query", Description: "As in the link.", Required: true},
		},
		Response: api.Binary{}, Errors: []fault.ID{fault.EndpointNotFound, fault.InternalError, fault.ServiceUnavailable},
		Public: h.link,
	}
}

func (h *Handlers) link(c *httpx.Call) error {
	f, ok := h.Files.ByLink(c.Request.Context(), c.Request.RequestURI)
	if !ok {
		return fault.New(fault.EndpointNotFound, "There is no file behind this link. It may have expired.")
	}
	c.Record.Account = f.Account
	return h.serve(c, f)
}
