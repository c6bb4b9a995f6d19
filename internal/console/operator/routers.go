package operator

import (
	"encoding/json"

	"skytower/internal/catalog"
	"skytower/internal/console/desk"
	"skytower/internal/console/ui"
	"skytower/internal/skytells"
)

type routersView struct {
	Routers                  []skytells.ModelSpec
	Model, Prompt, Body, API string // what was typed
	Account                  string
	APIs                     []ui.Choice
	Choices                  []ui.Choice
	Found                    *skytells.RouterExplanation
}

func (p *Pages) routers(d *desk.Desk) error {
	return p.showRouters(d, routersView{Prompt: "Hello!", Model: catalog.Router})
}

// showRouters lists the routers, and the form that explains a choice.
func (p *Pages) showRouters(d *desk.Desk, v routersView) error {
	specs, err := d.Admin.ModelSpecs(d.Ctx())
	if err != nil {
		return err
	}
	v.APIs = choices("chat", "A chat completion", "responses", "A response", "messages", "A message")
	for _, m := range specs {
		if m.Router != nil || m.Slug == catalog.Router {
			v.Routers = append(v.Routers, m)
			v.Choices = append(v.Choices, ui.Choice{Value: m.Slug, Label: m.Slug})
		}
	}
	return p.show(d, "routers", "Routers", v)
}

// explain says how a request would be routed now. Nothing runs.
func (p *Pages) explain(d *desk.Desk) error {
	v := routersView{Model: d.Value("model"), Prompt: typed(d, "prompt"), Body: typed(d, "body"), API: d.Value("api"), Account: typed(d, "account")}
	body := json.RawMessage(v.Body)
	if v.Body == "" {
		var err error
		if body, err = simpleRequest(v); err != nil {
			return err
		}
	}
	if !json.Valid(body) {
		d.Note("bad", "The request is no JSON.")
		return p.showRouters(d, v)
	}
	found, err := d.Admin.ExplainRouter(d.Ctx(), skytells.RouterExplainRequest{Request: body, API: v.API, Account: v.Account})
	if err != nil {
		if err := d.Say(err); err != nil {
			return err
		}
		return p.showRouters(d, v)
	}
	v.Found = &found
	return p.showRouters(d, v)
}

// simpleOutput is the most output of a simple request, where its API wants one.
const simpleOutput = 1024

// simpleRequest is a request with nothing but a prompt.
func simpleRequest(v routersView) (json.RawMessage, error) {
	request := map[string]any{"model": v.Model}
	switch v.API {
	case "responses":
		request["input"] = v.Prompt
	case "messages":
		request["max_tokens"] = simpleOutput
		fallthrough
	default:
		request["messages"] = []map[string]string{{"role": "user", "content": v.Prompt}}
	}
	return json.Marshal(request) //nolint:wrapcheck // strings can be written as JSON
}
