package rest

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"skytower/internal/api"
	"skytower/internal/catalog"
	"skytower/internal/fault"
	"skytower/internal/httpx"
)

// This file shows models as clients of Anthropic's API read them (its reference, "Models").

// messagesModel is a model. What is not known of models here is null, since the types of
// clients want it there.
type messagesModel struct {
	Type       string    `json:"type"` // model
	ID         string    `json:"id"`
	Name       string    `json:"display_name"`
	Created    time.Time `json:"created_at"`
	MaxInput   *int64    `json:"max_input_tokens"`
	MaxOutput  *int64    `json:"max_tokens"`
	Lifecycle  string    `json:"lifecycle"` // active
	Able       *struct{} `json:"capabilities"`
	Line       *string   `json:"line"`
	Deprecated *string   `json:"deprecated_at"`
	Retires    *string   `json:"retires_at"`
}

func messagesModelOf(m *catalog.Model) messagesModel {
	known := func(n int64) *int64 {
		if n == 0 {
			return nil
		}
		return &n
	}
	return messagesModel{
		Type: "model", ID: m.Slug, Name: m.Card().Name, Created: m.Created.UTC(), Lifecycle: "active",
		MaxInput: known(m.ContextLength), MaxOutput: known(m.MaxOutput),
	}
}

// messagesPage is a part of the list; its ends are null where it is empty.
type messagesPage struct {
	Data  []messagesModel `json:"data"`
	More  bool            `json:"has_more"`
	First *string         `json:"first_id"`
	Last  *string         `json:"last_id"`
}

// Bounds on a page of models. Without a limit it has all that the most allows, so that
// programs which read one page see every model.
const mostModels = 1000

// pageParams are those of Anthropic's list.
func pageParams() []api.Param {
	return []api.Param{
		{Name: "limit", In: "query", Description: "With `anthropic-version`: how many models a page has, 1 to 1000 (the default)."},
		{Name: "after_id", In: "query", Description: "With `anthropic-version`: the page begins behind this model."},
		{Name: "before_id", In: "query", Description: "With `anthropic-version`: the page ends before this model."},
	}
}

// listMessages answers with a page of the chat models: others don't serve that API.
func (h *Handlers) listMessages(c *httpx.Call, models []*catalog.Model) error {
	models = slices.DeleteFunc(models, func(m *catalog.Model) bool { return m.API != catalog.Chat && !m.Router })
	page, err := pageOf(models, c.Request.URL.Query())
	if err != nil {
		return err
	}
	api.NameRequest(c.Header(), c.Record.ID)
	return c.JSON(http.StatusOK, page)
}

// pageOf cuts the page out of the list, which is sorted by slug. An id that is not in the
// list any more still has its place.
func pageOf(models []*catalog.Model, q url.Values) (messagesPage, error) {
	limit := mostModels
	if text := q.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > mostModels {
			return messagesPage{}, fault.Invalid("limit", "'limit' must be a number from 1 to %d.", mostModels)
		}
		limit = n
	}
	after, before := q.Get("after_id"), q.Get("before_id")
	models = slices.DeleteFunc(models, func(m *catalog.Model) bool {
		return after != "" && m.Slug <= after || before != "" && m.Slug >= before
	})
	page := messagesPage{Data: []messagesModel{}, More: len(models) > limit}
	switch {
	case page.More && before != "" && after == "": // those next to it
		models = models[len(models)-limit:]
	case page.More:
		models = models[:limit]
	}
	for _, m := range models {
		page.Data = append(page.Data, messagesModelOf(m))
	}
	if n := len(page.Data); n > 0 {
		page.First, page.Last = &page.Data[0].ID, &page.Data[n-1].ID
	}
	return page, nil
}
