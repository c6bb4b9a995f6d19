package replicate

import (
	"context"
	"fmt"
	"net/http"

	"skytower/internal/fault"
	"skytower/internal/provider"
	"skytower/internal/provider/remote"
	"skytower/internal/rawjson"
)

// maxDescribed bounds how many models one call describes: each is a call of its own.
const maxDescribed = 100

// Models refuses: the upstream has more models than anybody would list, most of them
// of strangers.
func (p *Provider) Models(context.Context) ([]provider.Listed, error) {
	return nil, fault.New(fault.InvalidRequest, "A Replicate provider does not list its models: name those that you want, as 'owner/name'.")
}

// Describe describes models by name: "owner/name" is one at its latest version,
// "owner/name:version" stays at that version.
func (p *Provider) Describe(ctx context.Context, names []string) ([]provider.Listed, error) {
	if len(names) > maxDescribed {
		return nil, fault.Invalid("models", "one import takes at most %d models of this provider", maxDescribed)
	}
	var out []provider.Listed
	for i, name := range names {
		l, err := p.describeOne(ctx, name)
		if remote.StatusOf(err) == http.StatusNotFound {
			return nil, fault.Wrap(err, fault.InvalidParameter, fmt.Sprintf("models[%d]: the provider has no model '%s'.", i, name))
		}
		if err != nil {
			return nil, fmt.Errorf("describe model %s: %w", name, err)
		}
		out = append(out, l)
	}
	return out, nil
}

func (p *Provider) describeOne(ctx context.Context, name string) (provider.Listed, error) {
	m := parseModel(name)
	l := provider.Listed{Name: name}
	if m.owner == "" || m.name == "" {
		return l, fault.Invalid("models", "'%s' is not of the form 'owner/name' or 'owner/name:version'", name)
	}
	doc, err := p.describe(ctx, remote.Names{}, m)
	if err != nil {
		return l, err
	}
	l.OwnedBy, l.Title, l.Description = m.owner, remote.Member(doc, "name"), remote.Member(doc, "description")
	schema, ok := rawjson.Get(doc, "latest_version", "openapi_schema")
	if m.version != "" && remote.Member(doc, "latest_version", "id") != m.version {
		answer, err := p.get(ctx, remote.Names{}, "models", m.owner, m.name, "versions", m.version)
		if err != nil {
			return l, err
		}
		schema, ok = rawjson.Get(answer, "openapi_schema")
	}
	if !ok || rawjson.KindOf(schema) != rawjson.KindObject {
		return l, remote.Broken("the model has no schema")
	}
	return l, remote.Describe(&l, schema)
}

// describe gets what the upstream says of a model.
func (p *Provider) describe(ctx context.Context, n remote.Names, m model) ([]byte, error) {
	return p.get(ctx, n, "models", m.owner, m.name)
}

func (p *Provider) get(ctx context.Context, n remote.Names, elements ...string) ([]byte, error) {
	answer, err := p.client.Do(ctx, &remote.Request{Names: n, Method: http.MethodGet, URL: p.client.URL(elements...)})
	if err != nil {
		return nil, err
	}
	return answer.Body, answer.Object()
}
