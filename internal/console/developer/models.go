package developer

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"skytower/internal/console/desk"
	"skytower/internal/console/ui"
	"skytower/internal/skytells"
)

// Kinds of models, by the routes that serve them.
const (
	kindChat       = "chat"
	kindEmbeddings = "embeddings"
	kindPrediction = "prediction"
)

func kindOf(m skytells.Model) string {
	switch {
	case !m.Metadata.OpenAICompatible:
		return kindPrediction
	case slices.ContainsFunc(m.Capabilities, func(c string) bool { return strings.Contains(c, "embedding") }):
		return kindEmbeddings
	}
	return kindChat
}

// mostModels bounds a page of the list; searching finds the rest.
const mostModels = 200

type modelRow struct {
	skytells.Model
	Price string
}

type modelsView struct {
	Models              []modelRow
	Search, Type, Price string
	Types, Prices       []ui.Choice
	Found, All          int
	Cut                 bool
}

// models lists what can be called, with prices in words.
func (p *Pages) models(d *desk.Desk) error {
	all, err := d.V1.Models(d.Ctx())
	if err != nil {
		return err
	}
	v := modelsView{Search: d.Query("q"), Type: d.Query("type"), Price: d.Query("price"), All: len(all),
		Types: []ui.Choice{{Value: "", Label: "All"}}, Prices: []ui.Choice{{Value: "", Label: "Any"}, {Value: "free", Label: "Free"}, {Value: "paid", Label: "With a price"}}}
	var types []string
	for _, m := range all {
		if !slices.Contains(types, m.Type) {
			types = append(types, m.Type)
		}
		if v.takes(m) {
			v.Models = append(v.Models, modelRow{m, priceWords(m)})
		}
	}
	slices.Sort(types)
	for _, t := range types {
		v.Types = append(v.Types, ui.Choice{Value: t, Label: capital(t)})
	}
	slices.SortStableFunc(v.Models, func(a, b modelRow) int { return cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	v.Found, v.Cut = len(v.Models), len(v.Models) > mostModels
	v.Models = v.Models[:min(len(v.Models), mostModels)]
	return p.show(d, "models", "Models", v)
}

func (v *modelsView) takes(m skytells.Model) bool {
	if v.Type != "" && m.Type != v.Type || v.Price == "free" && m.Billable || v.Price == "paid" && !m.Billable {
		return false
	}
	return matches(v.Search, m.Name, m.Namespace, m.Vendor.Name, m.Description)
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

type modelView struct {
	skytells.Model
	Kind, Price, Try string
	Rates            []rate
	Conditions       []condition
	Input, Output    []schemaRow
	Code             string
	Languages        []ui.Link
	MayMake          bool
}

// model shows one with its price, its schema and how it is called.
func (p *Pages) model(d *desk.Desk) error {
	m, err := d.V1.Model(d.Ctx(), d.Request.PathValue("slug"), "input_schema", "output_schema")
	if err != nil {
		return err
	}
	v := modelView{Model: m, Kind: kindOf(m), Price: priceWords(m), Rates: rates(m), Conditions: conditions(m),
		Input: schemaRows(m.InputSchema), Output: schemaRows(m.OutputSchema), MayMake: makesKeys(d)}
	switch v.Kind {
	case kindChat:
		v.Try = "/playground?model=" + url.QueryEscape(m.Namespace)
	case kindPrediction:
		v.Try = "/playground/predictions?model=" + url.QueryEscape(m.Namespace)
	}
	language := d.Query("code")
	for _, l := range languages() {
		if language == "" || !slices.ContainsFunc(languages(), func(c ui.Choice) bool { return c.Value == language }) {
			language = curl
		}
		v.Languages = append(v.Languages, ui.Link{Label: l.Label, Path: "/models/" + escapePath(m.Namespace) + "?code=" + l.Value + "#code", Current: l.Value == language})
	}
	v.Code = snippet(language, d.Base, m)
	return p.show(d, "model", m.Name, v)
}

// escapePath escapes a slug that may have a vendor and a slash before it.
func escapePath(slug string) string {
	parts := strings.Split(slug, "/")
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	return strings.Join(parts, "/")
}

// rate is one line of a price.
type rate struct{ What, Amount string }

// condition is a price that holds for one value of an input.
type condition struct{ When, Note, Price string }

// priceWords is a price as people say it.
func priceWords(m skytells.Model) string {
	p := m.Pricing
	switch {
	case p == nil && m.Billable:
		return "As the model that it chooses"
	case p == nil:
		return "Free"
	}
	var words []string
	for _, r := range rates(m) {
		words = append(words, r.Amount+" "+r.What)
	}
	text := strings.Join(words, ", ")
	if len(p.Criterias) > 0 {
		text += ", or by its input"
	}
	return text
}

// rates are the lines of a price.
func rates(m skytells.Model) []rate {
	p := m.Pricing
	if p == nil {
		return nil
	}
	var out []rate
	add := func(a skytells.Amount, what string) {
		if a != "" {
			out = append(out, rate{what, ui.Money(a)})
		}
	}
	switch {
	case p.Input != "" || p.Output != "":
		add(p.Input, "per million input tokens")
		add(p.CachedInput, "per million cached input tokens")
		add(p.Output, "per million output tokens")
		add(p.Reasoning, "per million reasoning tokens")
	case p.Formula != nil:
		for _, t := range p.Formula.Terms {
			add(p.Formula.Variables[t.RateKey], "per "+t.MegapixelType+" megapixel")
		}
	case p.Amount > 0 && string(p.Request) != plain(p.Amount):
		add(skytells.Amount(plain(p.Amount)), "per "+unitWords(p.Unit))
	}
	add(p.Request, "per call")
	if len(out) == 0 {
		out = append(out, rate{"per " + unitWords(p.Unit), ui.Money(plain(p.Amount))})
	}
	return out
}

func conditions(m skytells.Model) []condition {
	if m.Pricing == nil {
		return nil
	}
	var out []condition
	for _, c := range m.Pricing.Criterias {
		out = append(out, condition{When: fmt.Sprintf("%s is %s", c.Field, strings.Trim(string(c.Value), `"`)), Note: c.Description,
			Price: ui.Money(plain(c.BillablePrice)) + " per " + unitWords(c.Unit)})
	}
	return out
}

// unitWords is a unit of the price list in words.
func unitWords(unit string) string {
	switch unit {
	case "million_token":
		return "million tokens"
	case "audio_second":
		return "second of audio"
	case "video_second":
		return "second of video"
	case "computing_second":
		return "second of computing"
	case "gpu":
		return "second of GPU"
	case "image_megapixel":
		return "megapixel of image"
	}
	return strings.ReplaceAll(unit, "_", " ")
}

// plain is a number without an exponent.
func plain(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
