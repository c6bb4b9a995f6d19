package operator

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"skytower/internal/catalog"
	"skytower/internal/console/desk"
	"skytower/internal/console/ui"
	"skytower/internal/fault"
	"skytower/internal/skytells"
)

// builtIn is what manages the models that the server brings along.
const builtIn = catalog.ManagedBuiltin

// readOnly reports whether a file describes a resource, so that pages can't change it.
func readOnly(managed string) bool {
	return managed != "" && managed != builtIn && managed != catalog.ManagedEnvironment
}

// wrong is what a form has wrong that no service needs to be asked about.
func wrong(format string, args ...any) error {
	return fault.New(fault.InvalidParameter, fmt.Sprintf(format, args...))
}

type modelsView struct {
	cut
	Search, State, Sort string
	States, Sorts       []ui.Choice
	Models              []modelLine
	Total               int
	HasProvider         bool
}

// modelLine is a model in a list.
type modelLine struct {
	skytells.ModelSpec
	State, Margin string
	Price         []string
	Month         skytells.UsageRow
}

// modelState is a word for what callers get of it.
func modelState(m skytells.ModelSpec) string {
	switch {
	case !m.Open:
		return "draft"
	case m.Offline:
		return "offline"
	case m.Privacy == "private":
		return "private"
	}
	return "live"
}

// specOf is the model of a slug.
func specOf(d *desk.Desk, slug string) (skytells.ModelSpec, error) {
	specs, err := d.Admin.ModelSpecs(d.Ctx())
	if err != nil {
		return skytells.ModelSpec{}, err
	}
	i := slices.IndexFunc(specs, func(m skytells.ModelSpec) bool { return m.Slug == slug })
	if i < 0 {
		return skytells.ModelSpec{}, noSuch("model")
	}
	return specs[i], nil
}

// models lists them with what they brought in in the last 30 days; or shows the form of a
// new one.
func (p *Pages) models(d *desk.Desk) error {
	if kind := d.Query("new"); kind != "" {
		return p.newModel(d, kind)
	}
	specs, err := d.Admin.ModelSpecs(d.Ctx())
	if err != nil {
		return err
	}
	usage, err := d.Admin.Usage(d.Ctx(), skytells.UsageQuery{From: day(monthDays), To: day(0), By: "model"})
	if err != nil {
		return err
	}
	month := map[string]skytells.UsageRow{}
	for _, row := range usage.Data {
		month[row.Model] = row
	}
	v := modelsView{Search: asked(d, "q"), State: d.Query("state"), Sort: d.Query("sort"), Total: len(specs),
		States: choices("", "All", "live", "Live", "draft", "Not published", "private", "Private", "offline", "Offline"),
		Sorts:  choices("", "As they were made", "amount", "What they brought in", "name", "Name")}
	var found []modelLine
	for _, m := range specs {
		row := month[m.Slug]
		line := modelLine{m, modelState(m), marginOf(row.Amount, row.Cost), priceLines(m.Pricing), row}
		if (v.State == "" || v.State == line.State) && matches(v.Search, append(m.Aliases, m.Slug, m.Name, m.Vendor.Name)...) {
			found = append(found, line)
		}
	}
	sortModels(found, v.Sort)
	v.Models, v.cut = page(d, found, "/operator/models", "q", v.Search, "state", v.State, "sort", v.Sort)
	if v.HasProvider, err = hasProvider(d); err != nil {
		return err
	}
	return p.show(d, "models", "Models and prices", v)
}

func sortModels(all []modelLine, by string) {
	switch by {
	case "amount":
		slices.SortStableFunc(all, func(a, b modelLine) int { return cmp.Compare(float(b.Month.Amount), float(a.Month.Amount)) })
	case "name":
		slices.SortStableFunc(all, func(a, b modelLine) int { return strings.Compare(strings.ToLower(a.Slug), strings.ToLower(b.Slug)) })
	}
}

func hasProvider(d *desk.Desk) (bool, error) {
	all, err := d.Admin.Providers(d.Ctx())
	return slices.ContainsFunc(all, func(pr skytells.ProviderSpec) bool { return pr.Kind != "local" }), err
}

type modelView struct {
	Spec         skytells.ModelSpec
	State        string
	Price        []string
	Locked       string // the file that manages it
	BuiltIn      bool
	Form         modelForm
	Prices       []priceLine
	Targets      []targetLine
	Guards       []guardLine
	Cache        []string // how its answers are kept
	Tests        []skytells.TryResult
	Month        skytells.UsageRow
	Margin       string
	Chart        ui.Chart
	Quiet        bool
	OpenForm     bool // the form is shown unfolded: something was wrong in it
	PublishPrice priceForm
}

// priceLine is one version of a price.
type priceLine struct {
	skytells.PriceVersion
	Words []string
	Text  string
	Now   bool
}

func (p *Pages) model(d *desk.Desk) error {
	m, err := specOf(d, d.Request.PathValue("slug"))
	if err != nil {
		return err
	}
	return p.showModel(d, m, modelView{Form: formOf(m)})
}

// showModel shows a model with what it brought in, its targets and its form.
func (p *Pages) showModel(d *desk.Desk, m skytells.ModelSpec, v modelView) error {
	v.Spec, v.State, v.Price, v.BuiltIn = m, modelState(m), priceLines(m.Pricing), m.Managed == builtIn
	if readOnly(m.Managed) {
		v.Locked = m.Managed
	}
	if v.PublishPrice.Units == nil {
		v.PublishPrice = formOfPrice("new_", m.Pricing, false)
	}
	prices, err := d.Admin.Prices(d.Ctx(), m.Slug)
	if err != nil {
		return err
	}
	for i, pv := range prices {
		v.Prices = append(v.Prices, priceLine{pv, priceLines(&pv.Pricing), pretty(pv.Pricing), i == 0 && m.Pricing != nil})
	}
	if v.Targets, err = targetsOf(d, []skytells.ModelSpec{m}); err != nil {
		return err
	}
	guards, err := d.Admin.Guards(d.Ctx())
	if err != nil {
		return err
	}
	v.Guards, v.Cache = guardsOf(m, guards), cacheLines(m.Cache)
	if err := v.readMonth(d); err != nil {
		return err
	}
	if v.Form.Providers, err = providerChoices(d); err != nil {
		return err
	}
	return p.show(d, "model", m.Slug, v)
}

func (v *modelView) readMonth(d *desk.Desk) error {
	series, err := d.Admin.Series(d.Ctx(), skytells.UsageView{Model: v.Spec.Slug, From: day(monthDays), To: day(0), Step: "day"})
	if err != nil {
		return err
	}
	t := series.Total
	v.Month = skytells.UsageRow{Requests: t.Requests, TokensIn: t.TokensIn, TokensOut: t.TokensOut, Amount: t.Amount, Cost: t.Cost}
	v.Margin, v.Chart, v.Quiet = marginOf(t.Amount, t.Cost), moneyChart(series), t.Requests == 0 && t.Charges == 0
	return nil
}

// providerChoices are the providers that a target can have.
func providerChoices(d *desk.Desk) ([]ui.Choice, error) {
	all, err := d.Admin.Providers(d.Ctx())
	out := choices("", "None")
	for _, pr := range all {
		out = append(out, ui.Choice{Value: pr.Name, Label: pr.Name})
	}
	return out, err
}

// newModel shows the form of a model that is not there.
func (p *Pages) newModel(d *desk.Desk, kind string) error {
	f := modelForm{New: true, API: "chat", Privacy: "public", Open: "closed"}
	switch kind {
	case "prediction", "embeddings":
		f.API = kind
	case "router":
		f.Router, f.Policy = true, "balanced"
	}
	f.addRows()
	f.Price = formOfPrice("", nil, false)
	return p.showNewModel(d, f)
}

func (p *Pages) showNewModel(d *desk.Desk, f modelForm) (err error) {
	if f.Providers, err = providerChoices(d); err != nil {
		return err
	}
	title := "New model"
	if f.Router {
		title = "New router"
	}
	return p.show(d, "modelnew", title, f)
}

func (p *Pages) makeModel(d *desk.Desk) error {
	f := typedModel(d)
	f.New = true
	m, err := f.spec(skytells.ModelSpec{Slug: f.Slug})
	if err == nil {
		err = notTaken(d, f.Slug)
	}
	if err == nil {
		m, err = d.Admin.PutModel(d.Ctx(), m)
	}
	if err != nil {
		if err := d.Say(err); err != nil {
			return err
		}
		return p.showNewModel(d, f)
	}
	d.Note("good", m.Slug+" is made. "+stateWords(m))
	return d.Redirect(modelAt(m.Slug))
}

// notTaken keeps the form of a new model from replacing one that is there.
func notTaken(d *desk.Desk, slug string) error {
	if slug == "" {
		return wrong("Give the model a slug: the name that callers use.")
	}
	specs, err := d.Admin.ModelSpecs(d.Ctx())
	if err != nil {
		return err
	}
	if slices.ContainsFunc(specs, func(m skytells.ModelSpec) bool { return strings.EqualFold(m.Slug, slug) }) {
		return wrong("There is a model %s already.", slug)
	}
	return nil
}

func stateWords(m skytells.ModelSpec) string {
	if m.Open {
		return "Callers can use it."
	}
	return "Callers don't see it yet: publish it free or at a price."
}

// modelAt is the page of a model. A slug may have a slash, which stays one.
func modelAt(slug string) string { return "/operator/models/" + slug }

// changeModel does what the form's button says.
func (p *Pages) changeModel(d *desk.Desk) error {
	m, err := specOf(d, d.Request.PathValue("slug"))
	if err != nil {
		return err
	}
	switch d.Value("act") {
	case "publish":
		return p.publish(d, m)
	case "close":
		m.Free, m.Pricing = false, nil
		return p.put(d, m, m.Slug+" is closed: callers don't see it any more. Its prices stay in the history.")
	case "delete":
		err := d.Admin.DeleteModel(d.Ctx(), m.Slug)
		back := "/operator/models"
		if err != nil {
			back = modelAt(m.Slug)
		}
		return sayAt(d, err, back, m.Slug+" is deleted. Its charges and prices stay.")
	case "test":
		return p.testModel(d, m)
	}
	return p.saveModel(d, m)
}

// put sends a changed model, and leads back to its page.
func (p *Pages) put(d *desk.Desk, m skytells.ModelSpec, done string) error {
	_, err := d.Admin.PutModel(d.Ctx(), m)
	return sayAt(d, err, modelAt(m.Slug), done)
}

// publish opens a model: free, at a version of its history, or at the price in the form.
func (p *Pages) publish(d *desk.Desk, m skytells.ModelSpec) error {
	f := typedPrice(d, "new_", false)
	var err error
	switch how := d.Value("how"); how {
	case "free":
		m.Free, m.Pricing = true, nil
	case "price":
		if m.Pricing, err = f.spec("Price"); err == nil && m.Pricing == nil {
			err = wrong("Give a price, or publish it free.")
		}
		m.Free = false
	default:
		m.Free = false
		m.Pricing, err = priceOfVersion(d, m.Slug, how)
	}
	if err == nil {
		m, err = d.Admin.PutModel(d.Ctx(), m)
	}
	if err != nil {
		if err := d.Say(err); err != nil {
			return err
		}
		old, err := specOf(d, d.Request.PathValue("slug"))
		if err != nil {
			return err
		}
		return p.showModel(d, old, modelView{Form: formOf(old), PublishPrice: f})
	}
	d.Note("good", m.Slug+" is published. "+stateWords(m))
	return d.Redirect(modelAt(m.Slug))
}

func priceOfVersion(d *desk.Desk, slug, version string) (*skytells.PricingSpec, error) {
	prices, err := d.Admin.Prices(d.Ctx(), slug)
	if err != nil {
		return nil, err
	}
	for _, pv := range prices {
		if fmt.Sprint(pv.Version) == version {
			return &pv.Pricing, nil
		}
	}
	return nil, wrong("Choose how to publish it: free, or at a price.")
}

func (p *Pages) saveModel(d *desk.Desk, old skytells.ModelSpec) error {
	f := typedModel(d)
	f.Slug = old.Slug
	m, err := f.spec(old)
	if err == nil {
		m, err = d.Admin.PutModel(d.Ctx(), m)
	}
	if err != nil {
		if err := d.Say(err); err != nil {
			return err
		}
		return p.showModel(d, old, modelView{Form: f, OpenForm: true})
	}
	d.Note("good", m.Slug+" is changed, everywhere within two seconds.")
	return d.Redirect(modelAt(m.Slug))
}

// testModel calls the upstreams of a model, and shows what came of it.
func (p *Pages) testModel(d *desk.Desk, m skytells.ModelSpec) error {
	results, err := d.Admin.TryTargets(d.Ctx(), skytells.TryRequest{Model: m.Slug, Target: d.Value("target")})
	if err != nil {
		return sayAt(d, err, modelAt(m.Slug), "")
	}
	return p.showModel(d, m, modelView{Form: formOf(m), Tests: results})
}
