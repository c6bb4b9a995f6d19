package operator

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"skytower/internal/catalog"
	"skytower/internal/console/desk"
	"skytower/internal/console/ui"
	"skytower/internal/skytells"
)

// modelForm is a model as fields of a form.
type modelForm struct {
	New                                bool
	Slug, Name, Description, API, Type string
	Privacy, Accounts                  string
	Open                               string // closed, free or price
	Price                              priceForm
	Vendor, VendorSlug, Picture        string
	Aliases, Capabilities              string
	Features                           []string
	MaxOutput, ContextLength           string
	Deadline, Concurrency              string
	InputSchema, OutputSchema          string
	Edge, Offline                      bool
	Targets                            []targetForm
	Router                             bool
	Policy, Routed, Sticky, Rules      string
	Providers                          []ui.Choice
}

// targetForm is one target as fields of a form.
type targetForm struct {
	N                                        int
	Provider, Model, Priority, Weight, Fetch string
	FirstByte, Idle                          string
	Cost                                     priceForm
}

// Nth is its number for people.
func (t targetForm) Nth() int { return t.N + 1 }

// moreTargets are the empty rows behind those that a model has.
const moreTargets = 2

// The choices of the form's fields.
func (modelForm) APIs() []ui.Choice {
	return choices("chat", "Chat and responses", "embeddings", "Embeddings", "prediction", "Predictions", "", "Not known yet")
}

// Types are what a model puts out.
func (modelForm) Types() []ui.Choice {
	return choices("", "Not known yet", "text", "Text", "image", "Image", "video", "Video", "audio", "Audio", "music", "Music")
}

// Privacies are who sees it.
func (modelForm) Privacies() []ui.Choice {
	return choices("public", "All accounts", "private", "Only the accounts named here")
}

// Fetches are what happens to addresses in a caller's input.
func (targetForm) Fetches() []ui.Choice {
	return choices("", "As the provider", "proxy", "Fetched here", "pass", "Passed on", "deny", "Refused")
}

// Policies are how a router chooses.
func (f modelForm) Policies() []ui.Choice {
	var out []ui.Choice
	if f.Slug == catalog.Router {
		out = choices("", "Not at all: the default model of the settings")
	}
	return append(out, choices("balanced", "Balanced: cost and speed", "cheapest", "Cheapest", "fastest", "Fastest", "fixed", "Fixed: the first that can")...)
}

// Stickies keep requests at one model.
func (modelForm) Stickies() []ui.Choice {
	return choices("auto", "By prompt_cache_key, else user", "prompt_cache_key", "By prompt_cache_key", "user", "By user", "off", "Not at all")
}

// AllFeatures are what a chat model can serve.
func (f modelForm) AllFeatures() []scopeChoice {
	var out []scopeChoice
	for _, c := range choices("text", "Text", "tools", "Tools", "images", "Images", "json_schema", "Answers by a JSON schema") {
		out = append(out, scopeChoice{c.Value, c.Label, slices.Contains(f.Features, c.Value)})
	}
	return out
}

func numberText(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// formOf fills the form from a model.
func formOf(m skytells.ModelSpec) modelForm {
	f := modelForm{
		Slug: m.Slug, Name: m.Name, Description: m.Description, API: m.API, Type: m.Type, Privacy: m.Privacy, Accounts: strings.Join(m.Accounts, "\n"),
		Open: "closed", Price: formOfPrice("", m.Pricing, false), Vendor: m.Vendor.Name, VendorSlug: m.Vendor.Slug, Picture: m.ImgURL,
		Aliases: strings.Join(m.Aliases, "\n"), Capabilities: strings.Join(m.Capabilities, "\n"), Features: m.Features,
		MaxOutput: numberText(m.MaxOutput), ContextLength: numberText(m.ContextLength), Deadline: m.Deadline, Concurrency: numberText(int64(m.Concurrency)),
		InputSchema: pretty(m.InputSchema), OutputSchema: pretty(m.OutputSchema), Edge: m.Edge, Offline: m.Offline,
	}
	switch {
	case m.Free:
		f.Open = "free"
	case m.Pricing != nil:
		f.Open = "price"
	}
	if m.Router != nil || m.Slug == catalog.Router {
		f.Router = true
	}
	if m.Router != nil {
		f.Policy, f.Routed, f.Sticky, f.Rules = m.Router.Policy, strings.Join(m.Router.Models, "\n"), m.Router.Sticky, pretty(m.Router.Rules)
	}
	for _, t := range m.Targets {
		f.Targets = append(f.Targets, targetForm{
			Provider: t.Provider, Model: t.Model, Priority: strconv.Itoa(t.Priority), Weight: strconv.Itoa(t.Weight), Fetch: t.FetchInputs,
			FirstByte: t.FirstByteTimeout, Idle: t.IdleTimeout, Cost: formOfPrice("", t.Cost, true),
		})
	}
	f.addRows()
	return f
}

// addRows adds empty targets, and numbers all of them.
func (f *modelForm) addRows() {
	for range moreTargets {
		f.Targets = append(f.Targets, targetForm{Cost: formOfPrice("", nil, true)})
	}
	for i := range f.Targets {
		f.Targets[i].N = i
		f.Targets[i].Cost.Prefix = fmt.Sprintf("t%d_cost_", i)
	}
}

// maxTargets bounds what is read of a form.
const maxTargets = 66

// typedModel reads the form.
func typedModel(d *desk.Desk) modelForm {
	f := modelForm{
		Slug: typed(d, "slug"), Name: typed(d, "name"), Description: typed(d, "description"), API: d.Value("api"), Type: d.Value("type"), Privacy: d.Value("privacy"),
		Accounts: d.Value("accounts"), Open: d.Value("open"), Price: typedPrice(d, "", false), Vendor: typed(d, "vendor"), VendorSlug: typed(d, "vendor_slug"),
		Picture: typed(d, "picture"), Aliases: d.Value("aliases"), Capabilities: d.Value("capabilities"), Features: d.Form()["feature"],
		MaxOutput: typed(d, "max_output"), ContextLength: typed(d, "context_length"), Deadline: typed(d, "deadline"), Concurrency: typed(d, "concurrency"),
		InputSchema: typed(d, "input_schema"), OutputSchema: typed(d, "output_schema"), Edge: d.Value("edge") != "", Offline: d.Value("offline") != "",
		Router: d.Value("router") != "", Policy: d.Value("policy"), Routed: d.Value("routed"), Sticky: d.Value("sticky"), Rules: typed(d, "rules"),
	}
	for i := range maxTargets {
		at := fmt.Sprintf("t%d_", i)
		if !d.Form().Has(at + "provider") {
			break
		}
		t := targetForm{Provider: d.Value(at + "provider"), Model: typed(d, at+"model"), Priority: typed(d, at+"priority"), Weight: typed(d, at+"weight"),
			Fetch: d.Value(at + "fetch"), FirstByte: typed(d, at+"first_byte"), Idle: typed(d, at+"idle"), Cost: typedPrice(d, at+"cost_", true)}
		if t.Provider != "" || t.Model != "" {
			f.Targets = append(f.Targets, t)
		}
	}
	f.addRows()
	return f
}

// spec puts the form over a model as it is.
func (f *modelForm) spec(old skytells.ModelSpec) (skytells.ModelSpec, error) {
	m := old
	m.Aliases = lines(f.Aliases)
	if f.Router {
		return f.router(m)
	}
	m.Offline = f.Offline
	if old.Managed == builtIn {
		return m, nil
	}
	m.Name, m.Description, m.API, m.Type, m.Privacy = f.Name, f.Description, f.API, f.Type, f.Privacy
	m.Accounts, m.Capabilities, m.Features, m.Edge = lines(f.Accounts), linesOnly(f.Capabilities), f.Features, f.Edge
	m.Vendor.Name, m.Vendor.Slug, m.ImgURL, m.Deadline = f.Vendor, f.VendorSlug, f.Picture, f.Deadline
	m.InputSchema, m.OutputSchema = nil, nil
	for _, s := range []struct {
		what, text string
		to         *skytells.Schema
	}{{"Input schema", f.InputSchema, &m.InputSchema}, {"Output schema", f.OutputSchema, &m.OutputSchema}} {
		var v map[string]any
		if err := strictJSON(s.text, &v); err != nil {
			return m, wrong("%s: this is no JSON object: %s", s.what, err)
		}
		if s.text != "" {
			*s.to = skytells.Schema(s.text)
		}
	}
	if err := f.numbers(&m); err != nil {
		return m, err
	}
	if err := f.opens(&m); err != nil {
		return m, err
	}
	return m, f.targets(&m)
}

// linesOnly are the lines of a text area.
func linesOnly(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

func (f *modelForm) numbers(m *skytells.ModelSpec) error {
	var concurrency int64
	for _, n := range []struct {
		what, text string
		to         *int64
	}{{"Most output tokens", f.MaxOutput, &m.MaxOutput}, {"Context length", f.ContextLength, &m.ContextLength}, {"Predictions at the same time", f.Concurrency, &concurrency}} {
		number, ok := whole(n.text)
		if !ok {
			return wrong("%s is a whole number, not %q.", n.what, n.text)
		}
		*n.to = number
	}
	m.Concurrency = int(concurrency)
	return nil
}

// opens sets how callers get at the model.
func (f *modelForm) opens(m *skytells.ModelSpec) (err error) {
	m.Free, m.Pricing = f.Open == "free", nil
	if f.Open != "price" {
		return nil
	}
	if m.Pricing, err = f.Price.spec("Price"); err == nil && m.Pricing == nil {
		err = wrong("Give a price, or choose that it is free or closed.")
	}
	return err
}

func (f *modelForm) targets(m *skytells.ModelSpec) error {
	m.Targets = nil
	for i, t := range f.Targets {
		if t.Provider == "" && t.Model == "" {
			continue
		}
		what := fmt.Sprintf("Target %d", i+1)
		priority, ok := whole(t.Priority)
		weight, okWeight := whole(t.Weight)
		if !ok || !okWeight {
			return wrong("%s: priority and weight are whole numbers.", what)
		}
		cost, err := t.Cost.spec(what + ", cost")
		if err != nil {
			return err
		}
		m.Targets = append(m.Targets, skytells.TargetSpec{Provider: t.Provider, Model: t.Model, Priority: int(priority), Weight: int(weight),
			FetchInputs: t.Fetch, Cost: cost, FirstByteTimeout: t.FirstByte, IdleTimeout: t.Idle})
	}
	return nil
}

// router puts the fields of a router over it.
func (f *modelForm) router(m skytells.ModelSpec) (skytells.ModelSpec, error) {
	r := skytells.RouterSpec{Policy: f.Policy, Models: lines(f.Routed), Sticky: f.Sticky}
	if err := strictJSON(f.Rules, &r.Rules); err != nil {
		return m, wrong("The rules are not the JSON that they should be: %s", err)
	}
	m.Name, m.Description, m.Router = f.Name, f.Description, &r
	if f.Policy == "" && m.Slug == catalog.Router {
		m.Router = nil // the default model
	}
	if m.Managed != builtIn {
		m.Privacy, m.Accounts = f.Privacy, lines(f.Accounts)
	}
	return m, nil
}
