package admin

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"time"

	"skytower/internal/account"
	"skytower/internal/api"
	"skytower/internal/fault"
	"skytower/internal/httpx"
)

// Exporter writes all that is kept about an account, as a zip.
type Exporter interface {
	// ExportAccount begins to write only where the account exists. base is the start of
	// absolute links.
	ExportAccount(ctx context.Context, account, base string, to io.Writer) error
	// RecordExport notes in the audit trail who has asked for it.
	RecordExport(ctx context.Context, actor, account string) error
}

// ExportHandlers holds what the routes of the export need.
type ExportHandlers struct {
	Exporter Exporter
	Public   *url.URL // start of absolute links; nil: taken from the request
	Now      func() time.Time
}

const exportDescription = "A zip, made as it is sent: the account and its members, API keys (masked), predictions, charges and credits as CSV, statements by month, stored responses, and the list of files with links to those that are still kept. An answer that breaks off is not whole."

// Rows are the operators' routes.
func (h *ExportHandlers) Rows() []api.Route {
	return dress([]api.Route{{
		Method: http.MethodGet, Pattern: "/admin/v1/accounts/{id}/export", ID: "exportAccount", Summary: "Export all that is kept about an account",
		Description: exportDescription + " The export leaves an entry in the audit trail.", Params: idParam(), Response: api.Binary{}, Operator: h.any,
	}})
}

// OwnRows are the account's.
func (h *ExportHandlers) OwnRows() []api.Route {
	return []api.Route{{
		Method: http.MethodGet, Pattern: "/v1/account/export", Surface: api.REST, ID: "exportOwnAccount", Tag: "Account", Summary: "Export all that is kept about your account",
		Description: exportDescription, Scope: account.Everything, Response: api.Binary{},
		Errors: []fault.ID{fault.Unauthorized, fault.AccountSuspended, fault.Forbidden, fault.RateLimitExceeded, fault.InternalError, fault.ServiceUnavailable},
		Key:    h.own,
	}}
}

func (h *ExportHandlers) any(c *httpx.Call, by account.Operator) error {
	id := c.Request.PathValue("id")
	if err := h.Exporter.RecordExport(c.Request.Context(), by.ID, id); err != nil {
		return err
	}
	return h.send(c, id)
}

func (h *ExportHandlers) own(c *httpx.Call, who account.Principal) error {
	if err := h.Exporter.RecordExport(c.Request.Context(), who.Key, who.Account); err != nil {
		return err
	}
	return h.send(c, who.Account)
}

func (h *ExportHandlers) send(c *httpx.Call, id string) error {
	base, err := httpx.Base(h.Public, c.Request)
	if err != nil {
		return err
	}
	head := c.Header()
	head.Set("Content-Type", "application/zip")
	head.Set("Content-Disposition", `attachment; filename="skytower-`+id+`-`+h.Now().UTC().Format(time.DateOnly)+`.zip"`)
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Cache-Control", "no-store")
	w, _ := c.Sub() // what fails from here on cuts the connection
	return h.Exporter.ExportAccount(c.Request.Context(), id, base, &pacedWriter{w, http.NewResponseController(w)})
}

// pacedWriter gives every write time of its own: an export is as long as it is, and a
// reader that stands still must not hold it for ever.
type pacedWriter struct {
	to      io.Writer
	control *http.ResponseController
}

const writePatience = 30 * time.Second

func (p *pacedWriter) Write(b []byte) (int, error) {
	_ = p.control.SetWriteDeadline(time.Now().Add(writePatience)) // or there is none
	return p.to.Write(b)
}
