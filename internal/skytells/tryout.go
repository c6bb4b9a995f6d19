package skytells

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
)

// TryRequest asks for a real, small call to the upstreams of a model. No account is
// charged, though the upstream may charge its own.
type TryRequest struct {
	Model  string `json:"model" doc:"Slug or alias; closed models too."`
	Target string `json:"target,omitempty" doc:"Only this one, as provider/upstream name; all of the model's if empty."`
	// Run and Input are for prediction models.
	Run   bool            `json:"run,omitempty" doc:"Lets a prediction model run. Otherwise only its upstream's reach and our credentials are tried."`
	Input json.RawMessage `json:"input,omitempty" doc:"The input of that run."`
}

// TryResult is what came of a try at one upstream.
type TryResult struct {
	Target    string `json:"target" doc:"provider/upstream name; of a provider alone, its name."`
	Provider  string `json:"provider"`
	Did       string `json:"did" enum:"chat,embeddings,prediction,list,health" doc:"What was asked of it."`
	OK        bool   `json:"ok"`
	Class     string `json:"class,omitempty" doc:"Kind of the failure, as in the metrics: unreachable, denied, busy, …"`
	Status    int    `json:"status,omitempty" doc:"HTTP status of the upstream's refusal."`
	LatencyMS int64  `json:"latency_ms"`
	Text      string `json:"text,omitempty" doc:"The beginning of what it answered."`
	TokensIn  int64  `json:"tokens_in,omitempty"`
	TokensOut int64  `json:"tokens_out,omitempty"`
	Message   string `json:"message" doc:"What happened; of a failure, also in the upstream's words."`
	Advice    string `json:"advice,omitempty" doc:"What to do."`
}

// TryTargets calls the upstreams of a model, each on its own, whatever their health.
func (c *Client) TryTargets(ctx context.Context, r TryRequest) ([]TryResult, error) {
	list, err := call[List[TryResult]](ctx, c, http.MethodPost, "/admin/v1/targets/try", r)
	return list.Data, err
}

// TryProvider asks a provider for something cheap: its list of models, or its health.
func (c *Client) TryProvider(ctx context.Context, name string) (TryResult, error) {
	return call[TryResult](ctx, c, http.MethodPost, "/admin/v1/providers/"+url.PathEscape(name)+"/try", nil)
}
