package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf8"
)

// show prints v as JSON where that was asked for, else what draw puts into a table.
func (s *session) show(v any, draw func(*table)) error {
	if s.JSON {
		encoder := json.NewEncoder(s.Stdout)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		return encoder.Encode(v)
	}
	t := &table{}
	draw(t)
	return t.print(s.Stdout, s.columns())
}

// note tells a person something beside the answer.
func (s *session) note(format string, args ...any) {
	if !s.JSON {
		fmt.Fprintln(s.Stderr, plain(fmt.Sprintf(format, args...)))
	}
}

// list prints a list; an empty one says so.
func list[T any](s *session, items []T, heads []string, cells func(T) []string) error {
	if items == nil {
		items = []T{} // JSON's [] rather than null
	}
	return s.show(items, func(t *table) {
		if len(items) == 0 {
			s.note("None.")
			return
		}
		t.row(heads...)
		for _, item := range items {
			t.row(cells(item)...)
		}
	})
}

// table lines up columns.
type table struct{ rows [][]string }

func (t *table) row(cells ...string) {
	row := slices.Clone(cells)
	for i, cell := range row {
		if row[i] = strings.ReplaceAll(plain(cell), "\n", " "); cell == "" && len(row) > 1 {
			row[i] = "-"
		}
	}
	t.rows = append(t.rows, row)
}

const columnGap = 2

// print writes the table. In a terminal of that many columns, 0 for none, lists are made
// to fit.
func (t *table) print(to io.Writer, columns int) error {
	if columns > 0 {
		for from := 0; from < len(t.rows); {
			end := from + 1
			for end < len(t.rows) && len(t.rows[end]) == len(t.rows[from]) {
				end++
			}
			fit(t.rows[from:end], columns)
			from = end
		}
	}
	w := tabwriter.NewWriter(to, 0, 8, columnGap, ' ', 0)
	for _, row := range t.rows {
		fmt.Fprintln(w, strings.Join(row, "\t")) //nolint:errcheck // Flush tells
	}
	return w.Flush()
}

const (
	minList   = 3 // columns; pairs of names and values are wrapped by the terminal
	minColumn = 6 // characters that a narrowed column keeps
)

// fit narrows the widest columns of a list until a row takes one line, or until nothing
// more can be taken. The first column stays whole: it is what people copy.
func fit(rows [][]string, columns int) {
	if len(rows[0]) < minList {
		return
	}
	widths := make([]int, len(rows[0]))
	total := columnGap * (len(widths) - 1)
	for i := range widths {
		for _, row := range rows {
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i]))
		}
		total += widths[i]
	}
	for ; total > columns; total-- {
		widest := 1
		for i := 2; i < len(widths); i++ {
			if widths[i] > widths[widest] {
				widest = i
			}
		}
		if widths[widest] <= minColumn {
			break
		}
		widths[widest]--
	}
	for _, row := range rows {
		for i := range row {
			row[i] = shorten(row[i], widths[i])
		}
	}
}

// shorten cuts a text to at most that many characters, the last of them an ellipsis.
func shorten(text string, most int) string {
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return string(runes[:most-1]) + "…"
}

// plain takes control characters out of a text: names come from elsewhere, and a
// terminal obeys some of them. Line ends stay.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
			return '\uFFFD'
		}
		return r
	}, text)
}

func day(t time.Time) string { return t.Local().Format("2006-01-02 15:04") }

func dayOr(t *time.Time, otherwise string) string {
	if t == nil {
		return otherwise
	}
	return day(*t)
}
