package infer

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"

	"skytower/internal/account"
	"skytower/internal/api"
	"skytower/internal/fault"
	"skytower/internal/httpx"
	"skytower/internal/inference"
	"skytower/internal/response"
)

// Stored is where responses are kept.
type Stored interface {
	Get(ctx context.Context, account, id string) (response.Record, error)
	InputItems(ctx context.Context, account, id string, p response.Page) ([]response.Item, bool, error)
	Delete(ctx context.Context, account, id string) error
}

// Follower sends the events of a response that is made in the background, and ends it.
type Follower interface {
	Follow(ctx context.Context, account, id string, after int64, s inference.Sink) error
	CancelTask(ctx context.Context, account, id string) (response.Record, error)
}

// storedRows are the routes of stored responses.
func (h *Handlers) storedRows() []api.Route {
	id := api.Param{Name: "id", In: "path", Description: "Id of a response that was stored (`store: true`) or is made in the background.", Required: true}
	row := func(method, path, name, summary string) api.Route {
		return api.Route{
			Method: method, Pattern: "/v1/responses/{id}" + path, Surface: api.Inference, ID: name, Tag: "Inference", Summary: summary,
			Scope: account.Inference, Params: []api.Param{id}, Response: Response{},
			Errors: []fault.ID{fault.Unauthorized, fault.AccountSuspended, fault.Forbidden, fault.EndpointNotFound, fault.InvalidRequest, fault.InvalidParameter, fault.InternalError, fault.ServiceUnavailable},
		}
	}
	get := row(http.MethodGet, "", "getResponse", "Get a stored response")
	get.Description = "With `stream=true` the events of a response in the background are sent, those after `starting_after` alone if that is given: a stream that broke is taken up again. Events are kept for an hour after the end."
	get.Poll, get.Streams, get.Events, get.Key = true, true, responseEvents(), h.getResponse
	get.Params = append(get.Params, api.Param{Name: "stream", In: "query", Description: "`true` sends events.", Enum: []string{"true", "false"}},
		api.Param{Name: "starting_after", In: "query", Description: "The last `sequence_number` that is known already."})
	items := row(http.MethodGet, "/input_items", "listResponseInputItems", "List what a response was made from")
	items.Description = "The items of the whole conversation, the youngest first."
	items.Poll, items.Key, items.Response = true, h.inputItems, InputItems{}
	items.Params = append(items.Params, api.Param{Name: "after", In: "query", Description: "Id of the last item of the page before."},
		api.Param{Name: "limit", In: "query", Description: "1 to 100; 20 if it is missing."},
		api.Param{Name: "order", In: "query", Description: "`desc` if it is missing.", Enum: []string{"asc", "desc"}})
	remove := row(http.MethodDelete, "", "deleteResponse", "Delete a stored response")
	remove.Description, remove.Key, remove.Response = "One that is being made in the background is cancelled.", h.deleteResponse, DeletedResponse{}
	cancel := row(http.MethodPost, "/cancel", "cancelResponse", "Cancel a response in the background")
	cancel.Description, cancel.Key = "What was generated until then is charged. A response that has ended stays as it is.", h.cancelResponse
	return []api.Route{get, items, remove, cancel}
}

func (h *Handlers) getResponse(c *httpx.Call, who account.Principal) error {
	id := c.Request.PathValue("id")
	stream, after, err := wantsEvents(c)
	if err != nil {
		return err
	}
	if stream {
		return h.follow(c, who, id, after)
	}
	r, err := h.Stored.Get(c.Request.Context(), who.Account, id)
	if err != nil {
		return err
	}
	return c.Raw(http.StatusOK, "application/json", r.Body)
}

// wantsEvents reads the query, or the body: OpenAI's Go client asks for the stream there.
func wantsEvents(c *httpx.Call) (stream bool, after string, err error) {
	query := c.Request.URL.Query()
	asked := struct {
		Stream bool        `json:"stream"`
		After  json.Number `json:"starting_after"`
	}{query.Get("stream") == "true", json.Number(query.Get("starting_after"))}
	if c.Request.ContentLength != 0 {
		err = c.DecodeOpen(maxQuery, &asked)
	}
	return asked.Stream, asked.After.String(), err
}

// maxQuery bounds a body that stands for a query, in bytes.
const maxQuery = 4 << 10

// follow streams the events of a response in the background.
func (h *Handlers) follow(c *httpx.Call, who account.Principal, id, starting string) error {
	after := int64(-1)
	if starting != "" {
		var err error
		if after, err = strconv.ParseInt(starting, 10, 64); err != nil || after < -1 {
			return fault.Invalid("starting_after", "'starting_after' must be a sequence_number.")
		}
	}
	r, err := h.Stored.Get(c.Request.Context(), who.Account, id)
	if err != nil {
		return err
	}
	if !r.Background {
		return fault.Invalid("stream", "Only a response that was made in the background can be streamed later.")
	}
	s := &sink{call: c, stream: true, keepAlive: h.KeepAlive}
	defer s.close()
	if h.OpenStreams != nil {
		h.OpenStreams.Inc()
		defer h.OpenStreams.Dec()
	}
	s.Admit(inference.Admission{Model: r.Model})
	s.withdraw() // nothing is drawn from the limits
	err = h.Follower.Follow(c.Request.Context(), who.Account, id, after, s)
	if err == nil {
		return nil
	}
	s.close()
	if s.begun() {
		s.failInBand(err, inference.Responses)
	}
	return err
}

func (h *Handlers) inputItems(c *httpx.Call, who account.Principal) error {
	page, err := pageOf(c.Request)
	if err != nil {
		return err
	}
	items, more, err := h.Stored.InputItems(c.Request.Context(), who.Account, c.Request.PathValue("id"), page)
	if err != nil {
		return err
	}
	out := InputItems{Object: "list", Data: make([]json.RawMessage, 0, len(items)), HasMore: more}
	for _, item := range items {
		out.Data = append(out.Data, item.Body)
	}
	if len(items) > 0 {
		out.FirstID, out.LastID = &items[0].ID, &items[len(items)-1].ID
	}
	return c.JSON(http.StatusOK, out)
}

func pageOf(r *http.Request) (response.Page, error) {
	query := r.URL.Query()
	p := response.Page{After: query.Get("after"), Order: query.Get("order")}
	if limit := query.Get("limit"); limit != "" {
		n, err := strconv.Atoi(limit)
		if err != nil || n < 1 {
			return p, fault.Invalid("limit", "'limit' must be a number from 1 to 100.")
		}
		p.Limit = n
	}
	return p, nil
}

func (h *Handlers) deleteResponse(c *httpx.Call, who account.Principal) error {
	id := c.Request.PathValue("id")
	if err := h.Stored.Delete(c.Request.Context(), who.Account, id); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, DeletedResponse{ID: id, Object: "response", Deleted: true})
}

func (h *Handlers) cancelResponse(c *httpx.Call, who account.Principal) error {
	r, err := h.Follower.CancelTask(c.Request.Context(), who.Account, c.Request.PathValue("id"))
	if err != nil {
		return err
	}
	return c.Raw(http.StatusOK, "application/json", r.Body)
}

// InputItems is a page of what a response was made from.
type InputItems struct {
	Object  string            `json:"object" enum:"list"`
	Data    []json.RawMessage `json:"data"`
	FirstID *string           `json:"first_id"`
	LastID  *string           `json:"last_id"`
	HasMore bool              `json:"has_more"`
}

// DeletedResponse answers a deletion.
type DeletedResponse struct {
	ID      string `json:"id"`
	Object  string `json:"object" enum:"response"`
	Deleted bool   `json:"deleted"`
}
