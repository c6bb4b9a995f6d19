package explorer

import (
	"bytes"
	"cmp"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"

	"skytower/docs"
	"skytower/internal/console/ui"
)

// firstPage is the file that /docs itself shows.
const firstPage = "index.md"

// addGuides renders the Markdown files in reading order.
func (e *Explorer) addGuides() error {
	names, err := readingOrder(e.o.Manual)
	if err != nil {
		return err
	}
	markdown := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithParserOptions(parser.WithAutoHeadingID()))
	guides := section{Title: "Guides"}
	var before *page
	for _, name := range names {
		p, err := readGuide(e.o.Manual, markdown, name)
		if err != nil {
			return err
		}
		if before != nil {
			p.Previous = &ui.Link{Label: before.Title, Path: before.Path}
			before.Next = &ui.Link{Label: p.Title, Path: p.Path}
		}
		before = p
		guides.Links = append(guides.Links, ui.Link{Label: p.Title, Path: p.Path})
		e.add(p)
	}
	e.menu = append(e.menu, guides)
	return nil
}

func (e *Explorer) add(p *page) {
	e.pages[p.Path] = p
	e.addToIndex(p)
}

func readGuide(manual fs.FS, markdown goldmark.Markdown, name string) (*page, error) {
	source, err := fs.ReadFile(manual, name)
	if err != nil {
		return nil, fmt.Errorf("read the manual: %w", err)
	}
	var body bytes.Buffer
	if err := markdown.Convert(source, &body, parser.WithContext(parser.NewContext(parser.WithIDs(&anchors{})))); err != nil {
		return nil, fmt.Errorf("render %s: %w", name, err)
	}
	html := dress(links(body.String()))
	p := &page{Path: "/docs/" + strings.TrimSuffix(path.Base(name), ".md"), Title: title(source), Body: template.HTML(html), Contents: contents(html)} //nolint:gosec // our own manual, compiled in
	if name == firstPage {
		p.Path = "/docs"
	}
	return p, nil
}

// readingOrder lists the files: the first page, then the others as it links to them,
// then what it does not mention.
func readingOrder(manual fs.FS) ([]string, error) {
	names, err := fs.Glob(manual, "*.md")
	if err != nil {
		return nil, fmt.Errorf("list the manual: %w", err)
	}
	first, err := fs.ReadFile(manual, firstPage)
	if err != nil {
		return nil, fmt.Errorf("read the manual: %w", err)
	}
	place := func(name string) int {
		if name == firstPage {
			return -1
		}
		if i := bytes.Index(first, []byte("("+name)); i >= 0 {
			return i
		}
		return len(first)
	}
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(place(a), place(b)) })
	return names, nil
}

// anchors gives headings the anchors that everything else links to.
type anchors struct{ page docs.Anchors }

// Generate implements parser.IDs.
func (a *anchors) Generate(heading []byte, _ ast.NodeKind) []byte {
	return []byte(a.page.Next(string(heading)))
}

// Put implements parser.IDs, for ids written by hand; the manual has none.
func (*anchors) Put([]byte) {}

// title is the first heading.
func title(source []byte) string {
	for _, line := range strings.Split(string(source), "\n") {
		if text, ok := strings.CutPrefix(line, "# "); ok {
			return docs.Plain(strings.TrimSpace(text))
		}
	}
	return "Manual"
}

var (
	fileLink  = regexp.MustCompile(`href="([a-z0-9-]+)\.md`)
	codeBlock = regexp.MustCompile(`(?s)<pre>(.*?)</pre>`)
)

// links turns links between files, as they work in a checkout, into links between
// pages.
func links(body string) string {
	body = strings.ReplaceAll(body, `href="index.md`, `href="/docs`)
	return fileLink.ReplaceAllString(body, `href="/docs/$1`)
}

// dress gives code blocks their copy buttons and this server's address, and lets wide
// tables scroll by themselves.
func dress(body string) string {
	body = codeBlock.ReplaceAllStringFunc(body, func(block string) string {
		inner := strings.ReplaceAll(strings.TrimSuffix(strings.TrimPrefix(block, "<pre>"), "</pre>"), "http://127.0.0.1:8080", baseMark)
		return `<div class="code"><pre tabindex="0">` + inner + `</pre><button type="button" class="copy small" hidden>Copy</button></div>`
	})
	body = strings.ReplaceAll(body, "<table>", `<div class="scroll" tabindex="0" role="region" aria-label="Table"><table>`)
	return strings.ReplaceAll(body, "</table>", "</table></div>")
}

var anyHeading = regexp.MustCompile(`(?s)<h([23]) id="([^"]*)"[^>]*>(.*?)</h[23]>`)

// contents are the headings of a page.
func contents(body string) []heading {
	var out []heading
	for _, m := range anyHeading.FindAllStringSubmatch(body, -1) {
		out = append(out, heading{ID: m[2], Text: plain(m[3]), Deep: m[1] == "3"})
	}
	return out
}
