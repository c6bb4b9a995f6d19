package app

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"skytower/docs"
	"skytower/internal/telemetry"
)

const files = "../../"

func readText(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(files + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// ours finds the metrics of ours in a text. What a histogram or a counter has of its own
// after its name is not part of it.
func ours(known []string, text string) (names []string) {
	for _, name := range regexp.MustCompile(`skytower_[a-z_]+`).FindAllString(text, -1) {
		for _, part := range []string{"_bucket", "_sum", "_count"} {
			if base, ok := strings.CutSuffix(name, part); ok && slices.Contains(known, base) {
				name = base
			}
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func metricNames() []string {
	m := telemetry.NewMetrics("test")
	m.OnRead(func() []telemetry.Sample { return nil })
	return m.Names()
}

// section is a part of the manual's page, from a heading of the second level to the next.
func section(t *testing.T, page, heading string) string {
	t.Helper()
	_, text, ok := strings.Cut(page, "\n## "+heading+"\n")
	if !ok {
		t.Fatalf("the page has no section %q", heading)
	}
	text, _, _ = strings.Cut(text, "\n## ")
	return text
}

// The manual lists every metric that there is, and no other.
func TestManualListsTheMetrics(t *testing.T) {
	t.Parallel()
	known := metricNames()
	listed := ours(known, section(t, readText(t, "docs/operations.md"), "Metrics"))
	for _, name := range known {
		if !slices.Contains(listed, name) {
			t.Errorf("%s is not in the manual", name)
		}
	}
	for _, name := range listed {
		if !slices.Contains(known, name) {
			t.Errorf("the manual lists %s, which does not exist", name)
		}
	}
}

// dashboard is the part of Grafana's format that is looked at.
type dashboard struct {
	Panels []struct {
		ID      int
		Type    string
		Title   string
		Targets []struct{ Expr string }
	}
	Templating struct {
		List []struct{ Name, Definition string }
	}
}

func TestDashboardHasRealMetrics(t *testing.T) {
	t.Parallel()
	var d dashboard
	if err := json.Unmarshal([]byte(readText(t, "deploy/grafana/skytower.json")), &d); err != nil {
		t.Fatal(err)
	}
	known, shown, ids := metricNames(), []string{}, map[int]bool{}
	for _, panel := range d.Panels {
		if ids[panel.ID] || panel.Title == "" || panel.Type != "row" && len(panel.Targets) == 0 {
			t.Errorf("panel %d %q has another's id, no title, or shows nothing", panel.ID, panel.Title)
		}
		ids[panel.ID] = true
		for _, target := range panel.Targets {
			shown = append(shown, ours(known, target.Expr)...)
			if !strings.Contains(target.Expr, `job=~"$job",instance=~"$instance"`) {
				t.Errorf("%q does not follow the variables: %s", panel.Title, target.Expr)
			}
		}
	}
	for _, v := range d.Templating.List {
		shown = append(shown, ours(known, v.Definition)...)
	}
	for _, name := range shown {
		if !slices.Contains(known, name) {
			t.Errorf("the dashboard shows %s, which does not exist", name)
		}
	}
	for _, name := range known {
		if !slices.Contains(shown, name) {
			t.Errorf("the dashboard does not show %s", name)
		}
	}
}

func TestEveryAlertHasARunbook(t *testing.T) {
	t.Parallel()
	var rules struct {
		Groups []struct {
			Name  string
			Rules []struct {
				Alert, Expr         string
				Labels, Annotations map[string]string
			}
		}
	}
	if err := yaml.Unmarshal([]byte(readText(t, "deploy/prometheus/alerts.yaml")), &rules); err != nil {
		t.Fatal(err)
	}
	runbook := section(t, readText(t, "docs/operations.md"), "Runbook")
	left := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^### (Alert: .*)$`).FindAllStringSubmatch(runbook, -1) {
		left["operations.md#"+docs.Anchor(m[1])] = true
	}
	known := metricNames()
	for _, group := range rules.Groups {
		for _, r := range group.Rules {
			_, page, _ := strings.Cut(r.Annotations["runbook_url"], "https://docs.skytower.example/")
			if !left[page] {
				t.Errorf("%s: there is no section %s, or another alert has it", r.Alert, page)
			}
			delete(left, page)
			if s := r.Labels["severity"]; s != "warning" && s != "critical" {
				t.Errorf("%s has severity %q", r.Alert, s)
			}
			if r.Annotations["summary"] == "" || r.Annotations["description"] == "" {
				t.Errorf("%s lacks a summary or a description", r.Alert)
			}
			for _, name := range ours(known, r.Expr) {
				if !slices.Contains(known, name) {
					t.Errorf("%s asks for %s, which does not exist", r.Alert, name)
				}
			}
		}
	}
	for section := range left {
		t.Errorf("%s is of no alert", section)
	}
}
