package openai

import (
	"context"
	"net/http"

	"skytower/internal/egress"
	"skytower/internal/provider"
	"skytower/internal/provider/remote"
	"skytower/internal/rawjson"
)

// Bounds on a list of models.
const (
	maxList   = 16 << 20 // bytes
	maxModels = 10_000
)

// Models lists the upstream's models, at most 10,000. Some servers give a bare
// array in place of {"data":[…]}.
func (p *Provider) Models(ctx context.Context) ([]provider.Listed, error) {
	call := &provider.Call{}
	resp, err := p.send(ctx, call, &egress.Request{
		Method: http.MethodGet, URL: p.routes.models, Header: p.headers(call, "application/json"),
	})
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := remote.ReadWhole(resp, nil, min(maxList, p.maxAnswer))
	if err != nil {
		return nil, err
	}
	list := body
	if data, ok := rawjson.Get(body, "data"); ok {
		list = data
	}
	if !rawjson.Valid(body) || rawjson.KindOf(list) != rawjson.KindArray {
		return nil, remote.Broken("the answer is not a list of models")
	}
	return listed(list), nil
}

func listed(list []byte) []provider.Listed {
	var out []provider.Listed
	rawjson.Elements(list, func(model []byte) bool {
		if name := remote.Member(model, "id"); name != "" {
			out = append(out, describe(provider.Listed{Name: name, OwnedBy: remote.Member(model, "owned_by")}))
		}
		return len(out) < maxModels
	})
	return out
}
