package operator

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"skytower/internal/console/desk"
	"skytower/internal/console/ui"
	"skytower/internal/skytells"
)

type limitsView struct {
	accountHead
	Limits           skytells.Limits
	Scopes           []scopeLine
	Rules            []ruleLine
	Form             limitForm
	Routes, Surfaces []ui.Choice
	KeyChoices       []ui.Choice
}

// scopeLine is one set of limits with its use.
type scopeLine struct {
	Where string
	Uses  []useLine
}

type useLine struct {
	What        string
	Used, Limit int64
}

// ruleLine is a limit that an operator set.
type ruleLine struct {
	ID, Where, What string
}

// limitForm is what was typed.
type limitForm struct{ Key, Surface, Route, Model, Requests, In, Out, Concurrency string }

func (p *Pages) limits(d *desk.Desk) error { return p.showLimits(d, limitForm{}) }

// showLimits shows what holds, what is used of it, and the rules of the account.
func (p *Pages) showLimits(d *desk.Desk, f limitForm) error {
	h, err := head(d, "/limits")
	if err != nil {
		return err
	}
	v := limitsView{accountHead: h, Form: f, Routes: choices("", "Each route apart", "chat", "Chat", "responses", "Responses", "messages", "Messages", "embeddings", "Embeddings", "predictions", "Predictions"),
		Surfaces: choices("", "Both", "standard", "Standard", "edge", "Edge")}
	if v.Limits, err = d.Admin.Limits(d.Ctx(), h.ID); err != nil {
		return err
	}
	for _, s := range append(slices.Clone(v.Limits.Data), v.Limits.General...) {
		v.Scopes = append(v.Scopes, scopeLine{placeOf(s.Key, s.Surface, s.Route, s.Model), uses(s)})
	}
	rules, err := d.Admin.LimitRules(d.Ctx(), h.ID)
	if err != nil {
		return err
	}
	for _, r := range rules {
		v.Rules = append(v.Rules, ruleLine{r.ID, placeOf(r.Key, r.Surface, r.Route, r.Model), numbersOf(r)})
	}
	if v.KeyChoices, err = keyChoices(d, h.ID); err != nil {
		return err
	}
	return p.show(d, "limits", h.Name+": limits", v)
}

// keyChoices are the account's living keys.
func keyChoices(d *desk.Desk, account string) ([]ui.Choice, error) {
	keys, err := d.Admin.Keys(d.Ctx(), account)
	out := choices("", "The account as a whole")
	for _, k := range keys {
		if k.RevokedAt == nil {
			out = append(out, ui.Choice{Value: k.ID, Label: cmp.Or(k.Name, k.Masked)})
		}
	}
	return out, err
}

// placeOf says what a limit belongs to.
func placeOf(key, surface, route, model string) string {
	var parts []string
	switch model {
	case "":
		parts = append(parts, "each model apart")
	case "*":
		parts = append(parts, "all models together")
	default:
		parts = append(parts, model)
	}
	switch route {
	case "", "*":
	default:
		parts = append(parts, route)
	}
	if surface != "" {
		parts = append(parts, surface)
	}
	if key != "" {
		parts = append(parts, "key "+key)
	}
	return strings.Join(parts, " · ")
}

func uses(s skytells.LimitScope) []useLine {
	var out []useLine
	for _, u := range []struct {
		what string
		use  *skytells.LimitUse
	}{{"requests a minute", s.Requests}, {"input tokens a minute", s.TokensIn}, {"output tokens a minute", s.TokensOut}, {"at the same time", s.Concurrency}} {
		if u.use != nil {
			out = append(out, useLine{u.what, u.use.Used, u.use.Limit})
		}
	}
	return out
}

func numbersOf(r skytells.LimitRule) string {
	var parts []string
	for _, n := range []struct {
		what string
		n    *int64
	}{{"requests a minute", r.Requests}, {"input tokens a minute", r.TokensIn}, {"output tokens a minute", r.TokensOut}, {"at the same time", r.Concurrency}} {
		if n.n != nil {
			parts = append(parts, ui.Number(*n.n)+" "+n.what)
		}
	}
	return strings.Join(parts, ", ")
}

// whole reads a whole number, with commas between thousands if people like; "" is 0.
func whole(text string) (int64, bool) {
	text = strings.NewReplacer(",", "", " ", "").Replace(text)
	if text == "" {
		return 0, true
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil
}

func (p *Pages) setLimit(d *desk.Desk) error {
	f := limitForm{d.Value("key"), d.Value("surface"), d.Value("route"), typed(d, "model"), typed(d, "requests"), typed(d, "in"), typed(d, "out"), typed(d, "concurrency")}
	id := d.Request.PathValue("id")
	r := skytells.LimitRule{Account: id, Key: f.Key, Surface: f.Surface, Route: f.Route, Model: f.Model}
	for _, n := range []struct {
		text string
		to   **int64
	}{{f.Requests, &r.Requests}, {f.In, &r.TokensIn}, {f.Out, &r.TokensOut}, {f.Concurrency, &r.Concurrency}} {
		if n.text == "" {
			continue
		}
		number, ok := whole(n.text)
		if !ok {
			d.Note("bad", "A limit is a whole number, not "+strconv.Quote(n.text)+".")
			return p.showLimits(d, f)
		}
		*n.to = &number
	}
	if _, err := d.Admin.PutLimit(d.Ctx(), r); err != nil {
		if err := d.Say(err); err != nil {
			return err
		}
		return p.showLimits(d, f)
	}
	d.Note("good", "The limit holds, everywhere within two seconds.")
	return d.Redirect(accountAt(id, "/limits"))
}

func (p *Pages) deleteLimit(d *desk.Desk) error {
	id := d.Request.PathValue("id")
	rules, err := d.Admin.LimitRules(d.Ctx(), id)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(rules, func(r skytells.LimitRule) bool { return r.ID == d.Request.PathValue("limit") }) {
		return noSuch("limit")
	}
	err = d.Admin.DeleteLimit(d.Ctx(), d.Request.PathValue("limit"))
	return sayAt(d, err, accountAt(id, "/limits"), "The limit is gone.")
}
