package explorer

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"

	"skytower/internal/console/desk"
)

// entry is what search finds: a page or a part of one.
type entry struct {
	Path  string `json:"path"` // with the anchor
	Title string `json:"title"`
	Page  string `json:"page"`
	Text  string `json:"text"`
	score int
}

// maxHits bounds what a search shows; maxText what the index keeps of a part, in bytes.
const (
	maxHits = 20
	maxText = 600
)

var partHeading = regexp.MustCompile(`(?s)<h[23] id="([^"]*)"[^>]*>(.*?)</h[23]>`)

// plain is the text of HTML. Pages are long, and a regular expression would go over the
// whole of one for each of its tags.
func plain(body string) string {
	var text strings.Builder
	for {
		before, tag, found := strings.Cut(body, "<")
		text.WriteString(before)
		if !found {
			break
		}
		_, after, closed := strings.Cut(tag, ">")
		if !closed {
			text.WriteString("<" + tag)
			break
		}
		text.WriteByte(' ')
		body = after
	}
	return strings.Join(strings.Fields(html.UnescapeString(text.String())), " ")
}

// addToIndex cuts a page at its headings.
func (e *Explorer) addToIndex(p *page) {
	if p.Operator {
		return // the index is for everyone
	}
	body := string(p.Body)
	cuts := partHeading.FindAllStringSubmatchIndex(body, -1)
	end := len(body)
	if len(cuts) > 0 {
		end = cuts[0][0]
	}
	e.index = append(e.index, entry{Path: p.Path, Title: p.Title, Page: p.Title, Text: cut(plain(body[:end]))})
	for i, c := range cuts {
		end := len(body)
		if i+1 < len(cuts) {
			end = cuts[i+1][0]
		}
		e.index = append(e.index, entry{Path: p.Path + "#" + body[c[2]:c[3]], Title: plain(body[c[4]:c[5]]), Page: p.Title, Text: cut(plain(body[c[1]:end]))})
	}
}

func cut(text string) string {
	if len(text) <= maxText {
		return text
	}
	return strings.ToValidUTF8(text[:maxText], "")
}

func (e *Explorer) writeIndex() (err error) {
	if e.found, err = json.Marshal(e.index); err != nil {
		return fmt.Errorf("write the index of the manual: %w", err)
	}
	return nil
}

// search is the page of results, for readers without scripts and for links.
func (e *Explorer) search(d *desk.Desk) error {
	q := strings.TrimSpace(d.Query("q"))
	p := &page{Path: "/docs/search", Title: "Search"}
	return e.send(d, "search", frame{page: p, Query: q, Hits: e.hits(q)})
}

// hits are the entries with every word of the query, those with it in their titles first.
func (e *Explorer) hits(query string) []entry {
	const maxWords = 8
	words := strings.Fields(strings.ToLower(query))
	words = words[:min(len(words), maxWords)]
	if len(words) == 0 {
		return nil
	}
	var out []entry
	for _, en := range e.index {
		if en.score = score(en, words); en.score > 0 {
			out = append(out, en)
		}
	}
	slices.SortStableFunc(out, func(a, b entry) int { return cmp.Compare(b.score, a.score) })
	return out[:min(len(out), maxHits)]
}

// score is 0 where a word is missing. assets/search.js counts likewise.
func score(en entry, words []string) int {
	title, page, text := strings.ToLower(en.Title), strings.ToLower(en.Page), strings.ToLower(en.Text)
	total := 0
	for _, w := range words {
		n := 0
		if strings.Contains(title, w) {
			n += 10
		}
		if strings.Contains(page, w) {
			n += 4
		}
		if strings.Contains(text, w) {
			n++
		}
		if n == 0 {
			return 0
		}
		total += n
	}
	return total
}

func etag(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + hex.EncodeToString(sum[:8]) + `"`
}
