package skytells

import (
	"context"
	"net/http"
)

// The states of a check.
const (
	CheckOK   = "ok"
	CheckWarn = "warn" // works, and something should be done
	CheckFail = "fail" // something does not work
)

// Check is what `skytower doctor` found of one thing. Nothing in it is secret.
type Check struct {
	Name    string `json:"name" doc:"What was looked at, such as database or provider openai."`
	State   string `json:"state" enum:"ok,warn,fail"`
	Message string `json:"message" doc:"What was found."`
	Advice  string `json:"advice,omitempty" doc:"What to do; empty where nothing is to be done."`
	TookMS  int64  `json:"took_ms"`
}

// Doctor has the server look at itself and at what it depends on. It takes a few seconds
// where something does not answer.
func (c *Client) Doctor(ctx context.Context) ([]Check, error) {
	list, err := call[List[Check]](ctx, c, http.MethodGet, "/admin/v1/doctor", nil)
	return list.Data, err
}
