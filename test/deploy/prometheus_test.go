package deploy

import (
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
)

// TestAlertsAreRules reads the alerts as Prometheus does when it loads them: each field, the
// types of each expression, the templates of the sentences.
func TestAlertsAreRules(t *testing.T) {
	t.Parallel()
	text := read(t, "prometheus/alerts.yaml")
	if errs := ruleErrors(text); len(errs) > 0 {
		t.Fatal(errs)
	}
	for name, wrong := range map[string]string{
		"an expression": strings.Replace(text, "skytower_draining == 1", "rate(skytower_draining) == 1", 1),
		"a field":       strings.Replace(text, "  for: ", "  four: ", 1),
		"a template":    strings.Replace(text, "{{ $labels.instance }}", "{{ $label.instance }}", 1),
	} {
		if wrong == text || len(ruleErrors(wrong)) == 0 {
			t.Errorf("%s that is wrong goes unnoticed", name)
		}
	}
}

func ruleErrors(text string) []error {
	_, errs := rulefmt.Parse([]byte(text), false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
	return errs
}

// TestDashboardAsksInPromQL parses what the panels ask, as it is after Grafana has put
// values in place of its variables.
func TestDashboardAsksInPromQL(t *testing.T) {
	t.Parallel()
	var dashboard any
	if err := json.Unmarshal([]byte(read(t, "grafana/skytower.json")), &dashboard); err != nil {
		t.Fatal(err)
	}
	expressions := exprs(dashboard)
	if len(expressions) < 50 {
		t.Errorf("only %d expressions were found", len(expressions))
	}
	variables := strings.NewReplacer("$__rate_interval", "5m", "$job", "skytower", "$instance", "127.0.0.1:9464")
	promQL := parser.NewParser(parser.Options{})
	for _, expr := range expressions {
		asked := variables.Replace(expr)
		if strings.Contains(asked, "$") {
			t.Errorf("a variable that nobody sets: %s", expr)
		}
		if _, err := promQL.ParseExpr(asked); err != nil {
			t.Errorf("%s: %v", expr, err)
		}
	}
}

// exprs are all values of `expr` within a document.
func exprs(in any) (found []string) {
	switch v := in.(type) {
	case map[string]any:
		for key, value := range v {
			if text, ok := value.(string); ok && key == "expr" {
				found = append(found, text)
			}
			found = append(found, exprs(value)...)
		}
	case []any:
		for _, value := range v {
			found = append(found, exprs(value)...)
		}
	}
	return found
}
