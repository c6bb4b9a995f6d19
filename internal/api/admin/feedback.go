package admin

import (
	"context"
	"net/http"

	"skytower/internal/account"
	"skytower/internal/api"
	"skytower/internal/feedback"
	"skytower/internal/httpx"
	"skytower/internal/skytells"
)

// Votes adds up what readers said of the manual.
type Votes interface {
	Tally(context.Context) ([]feedback.Tally, error)
}

// FeedbackHandlers holds what the route about the manual's readers needs.
type FeedbackHandlers struct{ Votes Votes }

// Rows are the routes.
func (h *FeedbackHandlers) Rows() []api.Route {
	return dress([]api.Route{{
		Method: http.MethodGet, Pattern: "/admin/v1/feedback", ID: "listFeedback", Summary: "List what readers say of the manual",
		Description: "The answers to “Was this page helpful?” by page, those with most complaints first, with the newest notes. Nobody is known by a vote.",
		Response:    skytells.List[skytells.PageVotes]{}, Operator: h.list,
	}})
}

func (h *FeedbackHandlers) list(c *httpx.Call, _ account.Operator) error {
	tallies, err := h.Votes.Tally(c.Request.Context())
	out := make([]skytells.PageVotes, 0, len(tallies))
	for _, t := range tallies {
		p := skytells.PageVotes{Page: t.Page, Useful: t.Useful, NotUseful: t.NotUseful, LastAt: t.Last.UTC(), Notes: []skytells.PageNote{}}
		for _, n := range t.Notes {
			p.Notes = append(p.Notes, skytells.PageNote{Text: n.Text, Useful: n.Useful, At: n.At.UTC()})
		}
		out = append(out, p)
	}
	return list(c, out, err)
}
