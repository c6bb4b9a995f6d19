package operator

import (
	"slices"

	"skytower/internal/console/desk"
	"skytower/internal/console/ui"
	"skytower/internal/skytells"
)

// importShown is how many models of a provider's list are shown at once.
const importShown = 200

type importView struct {
	Provider  string
	Providers []ui.Choice
	Search    string
	Found     []skytells.ImportedModel
	Total     int // of those that match
	Listed    bool
	Result    []importedLine // after the import
	How       string
	Price     priceForm
}

// importedLine is what came of one model.
type importedLine struct {
	skytells.ImportedModel
	Problem string // why it could not be priced
}

func (p *Pages) showImport(d *desk.Desk) error {
	return p.showList(d, importView{Provider: d.Query("provider"), Search: asked(d, "q"), How: "closed", Price: formOfPrice("", nil, false)})
}

// showList asks the provider for its models, changing nothing.
func (p *Pages) showList(d *desk.Desk, v importView) (err error) {
	all, err := d.Admin.Providers(d.Ctx())
	if err != nil {
		return err
	}
	for _, pr := range all {
		if pr.Kind != "local" && pr.Kind != "command" {
			v.Providers = append(v.Providers, ui.Choice{Value: pr.Name, Label: pr.Name})
		}
	}
	if v.Provider == "" || v.Result != nil {
		return p.show(d, "import", "Import models", v)
	}
	list, err := d.Admin.ImportModels(d.Ctx(), v.Provider, skytells.ImportRequest{DryRun: true})
	if err != nil {
		if err := d.Say(err); err != nil {
			return err
		}
		return p.show(d, "import", "Import models", v)
	}
	v.Listed = true
	found := slices.DeleteFunc(list.Models, func(m skytells.ImportedModel) bool { return !matches(v.Search, m.Slug, m.Upstream) })
	v.Total, v.Found = len(found), found[:min(len(found), importShown)]
	return p.show(d, "import", "Import models from "+v.Provider, v)
}

// importModels brings the chosen models into the catalogue, closed, free or at one price.
func (p *Pages) importModels(d *desk.Desk) error {
	v := importView{Provider: d.Value("provider"), Search: typed(d, "q"), How: d.Value("how"), Price: typedPrice(d, "", false)}
	r := skytells.ImportRequest{Models: d.Form()["model"], Free: v.How == "free", Update: d.Value("update") != ""}
	pricing, err := v.Price.spec("Price")
	switch {
	case err != nil:
	case v.How == "price" && pricing == nil:
		err = wrong("Give the price of the models, or import them without one.")
	case len(r.Models) == 0:
		err = wrong("Choose at least one model.")
	}
	var result skytells.ImportResult
	if err == nil {
		result, err = d.Admin.ImportModels(d.Ctx(), v.Provider, r)
	}
	if err != nil {
		if err := d.Say(err); err != nil {
			return err
		}
		return p.showList(d, v)
	}
	v.Result = []importedLine{}
	for _, m := range result.Models {
		v.Result = append(v.Result, importedLine{ImportedModel: m})
	}
	if v.How == "price" {
		if err := v.putPrices(d, pricing); err != nil {
			return err
		}
	}
	return p.showList(d, v)
}

// putPrices gives what was imported its price. One that can't have it stays closed, and
// is told.
func (v *importView) putPrices(d *desk.Desk, pricing *skytells.PricingSpec) error {
	specs, err := d.Admin.ModelSpecs(d.Ctx())
	if err != nil {
		return err
	}
	bySlug := map[string]skytells.ModelSpec{}
	for _, m := range specs {
		bySlug[m.Slug] = m
	}
	for i := range v.Result {
		line := &v.Result[i]
		m, ok := bySlug[line.Slug]
		if !ok || line.Action != "created" {
			continue
		}
		m.Free, m.Pricing = false, pricing
		put, err := d.Admin.PutModel(d.Ctx(), m)
		if err != nil {
			sentence, ok := desk.Sentence(err)
			if !ok {
				return err
			}
			line.Problem = sentence
			continue
		}
		line.Open = put.Open
	}
	return nil
}
