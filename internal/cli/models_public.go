package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"skytower/internal/skytells"
)

// listPublic lists what an API key may use.
func (m *modelsList) listPublic(ctx context.Context, s *session, c *skytells.Client) error {
	if m.All {
		return usagef("--all is for operators: an API key sees the models that it may use")
	}
	models, err := c.Models(ctx)
	if err != nil {
		return err
	}
	models = slices.DeleteFunc(models, func(one skytells.Model) bool { return m.Type != "" && one.Type != m.Type })
	return list(s, models, []string{"SLUG", "TYPE", "PRICE", "STATUS", "FEATURES", "BY", "NAME"}, func(m skytells.Model) []string {
		return []string{m.Namespace, m.Type, publicPrice(m), m.Status, strings.Join(m.Capabilities, ","), m.Vendor.Name, m.Name}
	})
}

// publicPrice is a price in a few characters.
func publicPrice(m skytells.Model) string {
	switch p := m.Pricing; {
	case !m.Billable:
		return "free"
	case p == nil:
		return ""
	case p.Input != "" || p.Output != "":
		return strings.Join(slices.DeleteFunc([]string{
			rate(p.Input, " in"), rate(p.Output, " out"), rate(p.Request, "/request"),
		}, func(part string) bool { return part == "" }), ", ")
	case p.Formula != nil:
		return "by formula"
	default:
		text := "$" + strconv.FormatFloat(p.Amount, 'f', -1, 64) + "/" + p.Unit
		if len(p.Criterias) > 0 {
			text += ", with criterias"
		}
		return text
	}
}

func rate(amount skytells.Amount, of string) string {
	if amount == "" {
		return ""
	}
	return dollars(amount) + of
}

// showPublic shows a model as callers see it, with the inputs that it takes.
func (m *modelsShow) showPublic(ctx context.Context, s *session, c *skytells.Client) error {
	model, err := c.Model(ctx, m.Slug, "input_schema", "output_schema")
	if err != nil {
		return nearModel(ctx, c, m.Slug, err)
	}
	return s.show(model, func(t *table) {
		for _, line := range [][2]string{
			{"slug", model.Namespace}, {"name", model.Name}, {"description", model.Description}, {"type", model.Type},
			{"price", publicPrice(model)}, {"prices", criteria(model)}, {"status", model.Status}, {"features", strings.Join(model.Capabilities, ", ")},
			{"by", model.Vendor.Name}, {"privacy", model.Privacy},
		} {
			if line[1] != "" {
				t.row(line[0], line[1])
			}
		}
		drawInputs(t, model.InputSchema)
	})
}

// criteria are the prices that depend on an input.
func criteria(m skytells.Model) string {
	if m.Pricing == nil {
		return ""
	}
	var parts []string
	for _, one := range m.Pricing.Criterias {
		parts = append(parts, "$"+strconv.FormatFloat(one.BillablePrice, 'f', -1, 64)+" where "+one.Field+" is "+string(one.Value))
	}
	return strings.Join(parts, "; ")
}

// nearModel adds what was probably meant to an error that knows no model of that name. The
// error stays as it is where it says so already, or where the models can't be read.
func nearModel(ctx context.Context, c *skytells.Client, slug string, err error) error {
	var no *skytells.APIError
	if !errors.As(err, &no) || no.ID != "MODEL_NOT_FOUND" || strings.Contains(err.Error(), "did you mean") {
		return err
	}
	models, listErr := c.Models(ctx)
	if listErr != nil {
		return err
	}
	var slugs []string
	for _, one := range models {
		slugs = append(slugs, one.Namespace)
	}
	hint := didYouMean(slug, slugs)
	if hint == "" {
		hint = "; 'skytower models list' shows what there is"
	}
	return &hinted{err, hint}
}

// hinted is an error with advice behind it.
type hinted struct {
	error
	hint string
}

func (h *hinted) Error() string { return h.error.Error() + h.hint }

func (h *hinted) Unwrap() error { return h.error }

// shownInput is what people want to know of an input before they run a model.
type shownInput struct {
	Description any             `json:"description"`
	Default     json.RawMessage `json:"default"`
	Order       *float64        `json:"x-order"` // Cog's
}

// drawInputs lists a schema's inputs: those that must be given first.
func drawInputs(t *table, text json.RawMessage) {
	var types inputSchema
	var shown struct {
		Properties map[string]shownInput `json:"properties"`
		Required   []string              `json:"required"`
	}
	if len(text) == 0 || json.Unmarshal(text, &types) != nil || json.Unmarshal(text, &shown) != nil || len(shown.Properties) == 0 {
		return
	}
	names, _ := types.names()
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(
			first(slices.Contains(shown.Required, a), slices.Contains(shown.Required, b)),
			cmp.Compare(order(shown.Properties[a]), order(shown.Properties[b])), strings.Compare(a, b))
	})
	t.row("")
	t.row("INPUT", "TYPE", "DEFAULT", "DESCRIPTION")
	for _, name := range names {
		one := shown.Properties[name]
		byDefault := string(one.Default)
		if slices.Contains(shown.Required, name) {
			byDefault = "(must be given)"
		}
		description, _ := one.Description.(string)
		t.row(name, typeText(&types, types.Properties[name]), byDefault, description)
	}
}

func order(i shownInput) float64 {
	if i.Order == nil {
		return math.MaxFloat64
	}
	return *i.Order
}

// first orders what holds before what does not.
func first(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// typeText is "string", "integer or null", "file", or the values that are allowed.
func typeText(s, property *inputSchema) string {
	if property != nil && len(property.Enum) > 0 {
		if text, err := json.Marshal(property.Enum); err == nil {
			return strings.Trim(string(text), "[]")
		}
	}
	m := s.meaningOf(property)
	if m.file {
		return "file"
	}
	return strings.Join(slices.Sorted(maps.Keys(m.types)), " or ")
}
