package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
)

// show prints v as JSON where that was asked for, else what draw puts into a table.
func (s *session) show(v any, draw func(*table)) error {
	if s.JSON {
		encoder := json.NewEncoder(s.Stdout)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		return encoder.Encode(v)
	}
	t := newTable(s.Stdout)
	draw(t)
	return t.w.Flush()
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
type table struct{ w *tabwriter.Writer }

func newTable(w io.Writer) *table { return &table{tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)} }

func (t *table) row(cells ...string) {
	for i, cell := range cells {
		if cells[i] = strings.ReplaceAll(plain(cell), "\n", " "); cell == "" && len(cells) > 1 {
			cells[i] = "-"
		}
	}
	fmt.Fprintln(t.w, strings.Join(cells, "\t")) //nolint:errcheck // Flush tells
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
