package ui_test

import (
	"math"
	"regexp"
	"strings"
	"testing"

	"skytower/internal/console/ui"
)

func TestChart(t *testing.T) {
	t.Parallel()
	c := ui.Chart{Title: "Requests", X: "Day", Labels: []string{"Mon", "Tue"}, Series: []ui.Series{{Name: "Served", Values: []float64{3, 1200}}, {Name: "Refused", Values: []float64{1}}}}
	svg := string(c.SVG())
	if got := strings.Count(svg, "<rect"); got != 3 { // of nothing there is no bar
		t.Errorf("%d bars: %s", got, svg)
	}
	for _, want := range []string{`aria-label="Requests"`, `Tue · Served: 1,200`, `>2,000<`, `>0<`} {
		if !strings.Contains(svg, want) {
			t.Errorf("no %s in %s", want, svg)
		}
	}
	rows := c.Rows()
	if len(rows) != 2 || rows[1].Label != "Tue" || rows[1].Values[0].Text != "1,200" || rows[1].Values[1].Text != "0" {
		t.Errorf("%+v", rows)
	}
	c.Lines = true
	if svg := string(c.SVG()); strings.Count(svg, "<polyline") != 2 || strings.Contains(svg, "<rect") {
		t.Errorf("%s", svg)
	}
}

// Whatever the numbers are, the drawing has numbers in it, inside its frame.
func TestChartsOfOddNumbers(t *testing.T) {
	t.Parallel()
	many := make([]string, 366)
	for _, c := range []ui.Chart{
		{}, {Labels: []string{"a"}}, {Series: []ui.Series{{Name: "x"}}}, {Labels: []string{"a", "b"}, Series: []ui.Series{{Values: []float64{0, 0}}}},
		{Labels: []string{"a", "b"}, Series: []ui.Series{{Values: []float64{math.NaN(), math.Inf(1)}}, {Values: []float64{math.Inf(-1), 2}}}},
		{Labels: []string{"a"}, Series: []ui.Series{{Values: []float64{1e-9}}}}, {Labels: []string{"a"}, Series: []ui.Series{{Values: []float64{1e15}}}},
		{Labels: []string{"a"}, Series: []ui.Series{{Values: []float64{-5}}}}, {Labels: many, Series: []ui.Series{{Values: []float64{1, 2, 3}}}},
	} {
		for _, c.Lines = range []bool{false, true} {
			svg := string(c.SVG())
			if strings.Contains(svg, "NaN") || strings.Contains(svg, "Inf") || !strings.HasSuffix(svg, "</svg>") {
				t.Errorf("%+v: %s", c, svg)
			}
			if bad := regexp.MustCompile(`(?:height|width)="-`).FindString(svg); bad != "" {
				t.Errorf("%+v: %s in %s", c, bad, svg)
			}
			if n := strings.Count(svg, `text-anchor="middle"`); n > 7 {
				t.Errorf("%d labels", n)
			}
		}
	}
}
