package anthropic

import (
	"context"
	"net/http"
	"net/url"

	"skytower/internal/egress"
	"skytower/internal/provider"
	"skytower/internal/provider/remote"
	"skytower/internal/rawjson"
)

// Bounds on a list of models.
const (
	maxList   = 16 << 20 // bytes of a page
	maxModels = 10_000
	maxPages  = 100
	pageSize  = "1000" // the most that the API gives
)

// Models lists the upstream's models, at most 10,000; those that it retired are none.
func (p *Provider) Models(ctx context.Context) ([]provider.Listed, error) {
	var out []provider.Listed
	after := ""
	for range maxPages {
		page, err := p.modelsAfter(ctx, after)
		if err != nil {
			return nil, err
		}
		list, _ := rawjson.Get(page, "data")
		if !rawjson.Valid(page) || rawjson.KindOf(list) != rawjson.KindArray {
			return nil, remote.Broken("the answer is not a list of models")
		}
		rawjson.Elements(list, func(model []byte) bool {
			if name := remote.Member(model, "id"); name != "" && remote.Member(model, "lifecycle") != "retired" {
				out = append(out, provider.Listed{Name: name, Title: remote.Member(model, "display_name"), API: "chat"})
			}
			return len(out) < maxModels
		})
		more, _ := rawjson.Get(page, "has_more")
		last := remote.Member(page, "last_id")
		if string(more) != "true" || last == "" || last == after || len(out) >= maxModels {
			break
		}
		after = last
	}
	return out, nil
}

// modelsAfter asks for one page.
func (p *Provider) modelsAfter(ctx context.Context, id string) ([]byte, error) {
	u := *p.routes.models
	query := u.Query()
	query.Set("limit", pageSize)
	if id != "" {
		query.Set("after_id", id)
	}
	u.RawQuery = query.Encode()
	return p.get(ctx, &u)
}

func (p *Provider) get(ctx context.Context, u *url.URL) ([]byte, error) {
	call := &provider.Call{}
	resp, err := p.send(ctx, call, &egress.Request{Method: http.MethodGet, URL: u, Header: p.headers(call, "application/json")})
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	return remote.ReadWhole(resp, nil, min(maxList, p.maxAnswer))
}
