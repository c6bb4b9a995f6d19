package skytells

import (
	"context"
	"net/http"
	"time"
)

// PageVotes is what readers said of a page of the manual.
type PageVotes struct {
	Page      string     `json:"page" doc:"Its path, such as /docs/keys."`
	Useful    int64      `json:"useful" doc:"How many found it helpful."`
	NotUseful int64      `json:"not_useful"`
	LastAt    time.Time  `json:"last_at"`
	Notes     []PageNote `json:"notes" doc:"The newest ten, newest first."`
}

// PageNote is what a reader wrote.
type PageNote struct {
	Text   string    `json:"text"`
	Useful bool      `json:"useful" doc:"Whether this reader found the page helpful."`
	At     time.Time `json:"at"`
}

// Feedback tells what readers said of the manual, pages with most complaints first.
func (c *Client) Feedback(ctx context.Context) ([]PageVotes, error) {
	list, err := call[List[PageVotes]](ctx, c, http.MethodGet, "/admin/v1/feedback", nil)
	return list.Data, err
}
