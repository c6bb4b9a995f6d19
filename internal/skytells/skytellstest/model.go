package skytellstest

import (
	"encoding/json"
	"slices"
	"testing"

	"skytower/internal/skytells"
)

// Model fails the test unless body is one model object that every client reads.
func Model(t testing.TB, body []byte) skytells.Model {
	t.Helper()
	for _, problem := range CheckModel(body) {
		t.Errorf("strict decoder: %s\nin %s", problem, body)
	}
	return decode[skytells.Model](t, body)
}

// CheckModel says what a closed decoder would stumble over (contract 5.3 and 12).
func CheckModel(body []byte) []string {
	o := &object{name: "model", fields: fields(body)}
	if o.fields == nil {
		return []string{"it is no object"}
	}
	for _, name := range []string{"name", "namespace"} {
		o.text(name)
	}
	o.word("type", "image", "video", "audio", "music", "text")
	o.word("privacy", "public", "private")
	o.word("status", "operational", "offline")
	o.boolean("billable")
	o.kind("img_url", `"`, "n")
	o.kind("capabilities", "[")
	metadata := o.inner("metadata")
	for _, name := range []string{"edge_compatible", "openai_compatible", "cold_boot"} {
		metadata.boolean(name)
	}
	o.take(metadata)
	vendor := o.inner("vendor")
	vendor.boolean("verified")
	for _, name := range []string{"name", "description", "image_url", "slug"} {
		vendor.kind(name, `"`)
	}
	o.take(vendor)
	if _, ok := o.fields["pricing"]; ok {
		o.pricing()
	}
	return o.problems
}

// pricing is the object of contract 12: a price has one amount of one known unit.
func (o *object) pricing() {
	p := o.inner("pricing")
	p.number("amount", true)
	p.word("currency", "USD")
	p.unit()
	var criterias *[]json.RawMessage
	if json.Unmarshal(p.fields["criterias"], &criterias) != nil || criterias == nil {
		p.problem("criterias is %q, not a list", p.fields["criterias"])
		criterias = new([]json.RawMessage)
	}
	for _, one := range *criterias {
		c := &object{name: p.name + ".criterias", fields: fields(one)}
		c.text("field")
		c.kind("description", `"`)
		c.word("operator", "equals")
		c.number("billable_price", true)
		c.unit()
		if _, ok := c.fields["value"]; !ok {
			c.problem("value is missing")
		}
		p.take(c)
	}
	if _, ok := p.fields["formula"]; ok {
		p.formula()
	}
	o.take(p)
}

func (o *object) unit() {
	o.word("unit", "image", "video", "audio", "prediction", "second", "audio_second", "video_second", "minute", "5 seconds",
		"computing_second", "gpu", "image_megapixel", "megapixel", "token", "tokens", "million_token")
}

func (o *object) formula() {
	f := o.inner("formula")
	for _, name := range []string{"description", "type", "result_key"} {
		f.kind(name, `"`)
	}
	var variables map[string]float64
	if json.Unmarshal(f.fields["variables"], &variables) != nil || variables == nil {
		f.problem("variables is %q, not numbers", f.fields["variables"])
	}
	var terms []map[string]string
	if json.Unmarshal(f.fields["terms"], &terms) != nil || len(terms) == 0 {
		f.problem("terms is %q, not a list of texts", f.fields["terms"])
	}
	for _, term := range terms {
		_, keyed := term["megapixels_key"]
		if _, known := variables[term["rate_key"]]; !known || !keyed || !slices.Contains([]string{"input", "output"}, term["megapixel_type"]) {
			f.problem("a term is %v", term)
		}
	}
	o.take(f)
}
