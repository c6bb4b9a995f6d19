package rest_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"skytower/internal/api/rest"
	"skytower/internal/catalog"
	"skytower/internal/limit"
	"skytower/internal/money"
	"skytower/internal/prediction"
	"skytower/internal/price"
	"skytower/internal/skytells"
)

// A dry run says what it would cost by the rates that the input chose, and what would be
// left; nothing is created.
func TestDryRun(t *testing.T) {
	t.Parallel()
	priced := &price.Price{Version: 7, Unit: price.Image, Rate: 30_000_000, Request: 1_000_000}
	quote, err := priced.Quote(json.RawMessage(`{"num_outputs": 2}`))
	if err != nil {
		t.Fatal(err)
	}
	held := quote
	held.Estimate = money.Dollar
	for name, c := range map[string]struct {
		quoted     prediction.Quoted
		credit     money.Nanos
		estimate   skytells.Amount
		after      skytells.Amount
		lines      int
		sufficient bool
	}{
		"enough":      {prediction.Quoted{Quote: &quote}, money.Dollar, "0.061", "0.939", 2, true},
		"just enough": {prediction.Quoted{Quote: &quote}, 61_000_000, "0.061", "0.00", 2, true},
		"short":       {prediction.Quoted{Quote: &quote}, 60_999_999, "0.061", "-0.000000001", 2, false},
		"held":        {prediction.Quoted{Quote: &held}, money.Dollar, "1.00", "0.00", 2, true},
		"free":        {prediction.Quoted{}, -money.Dollar, "0.00", "-1.00", 0, true},
	} {
		s := newStage(prediction.Pending)
		c.quoted.Model = &catalog.Model{Slug: "flux", Price: priced}
		s.quoted, s.credit = c.quoted, c.credit
		h := s.routes(func(h *rest.Handlers) { h.Balances = s })
		code, body, header := send(t, h, "POST", "/v1/predictions", `{"model":"flux","input":{"num_outputs":2},"dry_run":true}`)
		var run skytells.DryRun
		if err := json.Unmarshal(body, &run); err != nil || code != 200 || !run.DryRun || run.Model != "flux" || run.Currency != "USD" {
			t.Fatalf("%s: %d %s", name, code, body)
		}
		if run.Estimate != c.estimate || run.After != c.after || run.Sufficient != c.sufficient || len(run.Lines) != c.lines || strings.Contains(string(body), `"lines":null`) {
			t.Errorf("%s: %s", name, body)
		}
		if c.lines > 0 && (run.PriceVersion != 7 || run.Lines[0] != skytells.Explanation{What: "images", Quantity: "2", Unit: "image", Rate: "0.03", Amount: "0.06"}) {
			t.Errorf("%s: %+v", name, run.Lines)
		}
		if s.created || header.Get("X-Skytells-Ratelimit-Window") != "" {
			t.Errorf("%s: it was no dry run", name)
		}
	}
	s := newStage(prediction.Pending)
	s.err = errors.New("no")
	if code, body, _ := send(t, s.routes(func(h *rest.Handlers) { h.Balances = s }), "POST", "/v1/predict", `{"model":"flux","input":{},"dry_run":true}`); code != 500 {
		t.Errorf("%d %s", code, body)
	}
}

// Contract 10: what is left of the limits stands on creates too.
func TestLimitsAreTold(t *testing.T) {
	t.Parallel()
	s := newStage(prediction.Pending)
	s.limits = limit.Decision{Allowed: true, Requests: limit.Quota{Limited: true, Limit: 25, Remaining: 24}}
	_, _, header := send(t, s.routes(nil), "POST", "/v1/predictions", good)
	for name, want := range map[string]string{
		"window": "60", "limit-requests": "25", "remaining-requests": "24", "limit-tokens-in": "-", "remaining-tokens-out": "-",
	} {
		if got := header.Get("x-skytells-ratelimit-" + name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestSurfaceIsHandedOn(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{{"", limit.Standard}, {limit.Standard, limit.Standard}, {limit.Edge, limit.Edge}} {
		s := newStage(prediction.Pending)
		_, _, _ = send(t, s.routes(func(h *rest.Handlers) { h.Surface = c[0] }), "POST", "/v1/predictions", good)
		if s.asked.Surface != c[1] {
			t.Errorf("%q: asked on %q", c[0], s.asked.Surface)
		}
	}
}
