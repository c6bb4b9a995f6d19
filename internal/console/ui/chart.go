package ui

import (
	"fmt"
	"html/template"
	"math"
	"strings"
)

// Series is one line or one colour of bars.
type Series struct {
	Name   string
	Values []float64 // one for each label
}

// Chart is drawn by the server as SVG, with a table of its numbers for those who can't
// see it. Templates show it with {{template "chart" .}}.
type Chart struct {
	Title  string   // what it shows, for screen readers
	X      string   // what the labels are, such as Day
	Labels []string // along the bottom
	Series []Series
	Lines  bool // lines rather than stacked bars
	// Format writes a value; nil: Number with at most two digits after the point.
	Format func(float64) string
}

// Row is one line of a chart's table.
type Row struct {
	Label  string
	Values []Cell
}

// Cell is one number of it.
type Cell struct{ Name, Text string }

// Rows are the chart's table.
func (c Chart) Rows() []Row {
	rows := make([]Row, len(c.Labels))
	for i, label := range c.Labels {
		rows[i].Label = label
		for _, s := range c.Series {
			rows[i].Values = append(rows[i].Values, Cell{s.Name, c.format(s.at(i))})
		}
	}
	return rows
}

func (s Series) at(i int) float64 {
	if i < len(s.Values) && !math.IsNaN(s.Values[i]) && !math.IsInf(s.Values[i], 0) {
		return s.Values[i]
	}
	return 0 // what is no number can't be drawn
}

func (c Chart) format(v float64) string {
	if c.Format != nil {
		return c.Format(v)
	}
	whole := math.Trunc(v)
	if math.Abs(v-whole) < 0.005 {
		return Number(int64(whole))
	}
	return fmt.Sprintf("%.2f", v)
}

// The drawing's size, in its own units.
const (
	chartWidth, chartHeight  = 640.0, 180.0
	chartLeft, chartRight    = 52.0, 8.0
	chartTop, chartBottom    = 10.0, 22.0
	chartGuides, chartLabels = 4, 7
)

// SVG is the drawing.
func (c Chart) SVG() template.HTML {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="chart" viewBox="0 0 %g %g" role="img" aria-label="%s">`, chartWidth, chartHeight, template.HTMLEscapeString(c.Title))
	top := c.top()
	c.guides(&b, top)
	if c.Lines {
		c.lines(&b, top)
	} else {
		c.bars(&b, top)
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String()) //nolint:gosec // numbers, and escaped words
}

// top is the number at the upper end: the largest one, rounded up to 1, 2 or 5 times a
// power of ten.
func (c Chart) top() float64 {
	most := 0.0
	for i := range c.Labels {
		sum := 0.0
		for _, s := range c.Series {
			if c.Lines {
				most = max(most, s.at(i))
			}
			sum += s.at(i)
		}
		if !c.Lines {
			most = max(most, sum)
		}
	}
	if most <= 0 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(most)))
	for _, f := range []float64{1, 2, 4, 5, 10} {
		if most <= f*power {
			return f * power
		}
	}
	return 10 * power
}

func (c Chart) y(v, top float64) float64 {
	return chartHeight - chartBottom - v/top*(chartHeight-chartTop-chartBottom)
}

func (c Chart) step() float64 {
	return (chartWidth - chartLeft - chartRight) / float64(max(1, len(c.Labels)))
}

func (c Chart) guides(b *strings.Builder, top float64) {
	for i := range chartGuides + 1 {
		v := top * float64(i) / chartGuides
		y := c.y(v, top)
		fmt.Fprintf(b, `<line class="axis" x1="%g" x2="%g" y1="%.1f" y2="%.1f"/><text x="%g" y="%.1f" text-anchor="end">%s</text>`,
			chartLeft, chartWidth-chartRight, y, y, chartLeft-6, y+4, template.HTMLEscapeString(c.format(v)))
	}
	every := (len(c.Labels) + chartLabels - 1) / chartLabels
	for i, label := range c.Labels {
		if i%every == 0 {
			fmt.Fprintf(b, `<text x="%.1f" y="%g" text-anchor="middle">%s</text>`,
				chartLeft+(float64(i)+.5)*c.step(), chartHeight-6, template.HTMLEscapeString(label))
		}
	}
}

func (c Chart) bars(b *strings.Builder, top float64) {
	width := max(1, c.step()*0.72)
	for i := range c.Labels {
		x, base := chartLeft+(float64(i)+.5)*c.step()-width/2, 0.0
		for n, s := range c.Series {
			v := s.at(i)
			if v <= 0 {
				continue
			}
			from, to := c.y(base+v, top), c.y(base, top)
			fmt.Fprintf(b, `<rect class="%s" x="%.1f" y="%.1f" width="%.1f" height="%.1f"><title>%s</title></rect>`, seriesClass(n), x, from, width, to-from,
				template.HTMLEscapeString(c.Labels[i]+" · "+s.Name+": "+c.format(v)))
			base += v
		}
	}
}

func (c Chart) lines(b *strings.Builder, top float64) {
	for n, s := range c.Series {
		fmt.Fprintf(b, `<polyline class="line %s" points="`, seriesClass(n))
		for i := range c.Labels {
			fmt.Fprintf(b, "%.1f,%.1f ", chartLeft+(float64(i)+.5)*c.step(), c.y(s.at(i), top))
		}
		b.WriteString(`"/>`)
	}
}

func seriesClass(i int) string { return fmt.Sprintf("s%d", i%6+1) }
