package console

import (
	"bytes"
	"cmp"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"

	"skytower/docs"
	"skytower/internal/console/desk"
	"skytower/internal/fault"
)

// page is one rendered file of the manual.
type page struct {
	Name  string // path under /docs, "" for the first page
	Title string
	Body  template.HTML
}

// manual serves the rendered pages.
type manual struct {
	pages    map[string][]byte
	style    []byte
	document []byte
}

// newManual renders the manual.
func newManual(files fs.FS, document []byte) (*manual, error) {
	c := &manual{pages: map[string][]byte{}, document: document}
	var err error
	if c.style, err = embedded.ReadFile("assets/style.css"); err != nil {
		return nil, fmt.Errorf("read the style sheet: %w", err)
	}
	return c, c.render(files)
}

func (c *manual) rows() []desk.Row {
	return []desk.Row{
		{Method: "GET", Pattern: "/openapi.json", Handle: c.serveDocument},
		{Method: "GET", Pattern: "/docs/style.css", Handle: c.serveStyle},
		{Method: "GET", Pattern: "/docs/{page...}", Handle: c.servePage},
		{Method: "GET", Pattern: "/docs", Menu: "Learn", Label: "Docs", Handle: c.servePage},
	}
}

func (c *manual) serveDocument(d *desk.Desk) error {
	return d.Raw(http.StatusOK, "application/json", c.document)
}

func (c *manual) serveStyle(d *desk.Desk) error {
	d.Protect()
	return d.Raw(http.StatusOK, "text/css; charset=utf-8", c.style)
}

func (c *manual) servePage(d *desk.Desk) error {
	body, ok := c.pages[strings.TrimSuffix(d.Request.PathValue("page"), "/")]
	if !ok {
		return fault.Newf(fault.EndpointNotFound, "The manual has no page %s.", d.Request.URL.Path)
	}
	d.Protect()
	return d.Raw(http.StatusOK, "text/html; charset=utf-8", body)
}

// render turns every Markdown file into a page with the contents beside it.
func (c *manual) render(manual fs.FS) error {
	pages, err := readPages(manual)
	if err != nil {
		return err
	}
	layout, err := template.ParseFS(embedded, "templates/page.html")
	if err != nil {
		return fmt.Errorf("parse the page template: %w", err)
	}
	for _, p := range pages {
		var out bytes.Buffer
		if err := layout.Execute(&out, struct {
			Page  page
			Pages []page
		}{p, pages}); err != nil {
			return fmt.Errorf("render %q: %w", p.Name, err)
		}
		c.pages[p.Name] = out.Bytes()
	}
	return nil
}

func readPages(manual fs.FS) ([]page, error) {
	names, err := readingOrder(manual)
	if err != nil {
		return nil, err
	}
	markdown := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithParserOptions(parser.WithAutoHeadingID()))
	var pages []page
	for _, name := range names {
		source, err := fs.ReadFile(manual, name)
		if err != nil {
			return nil, fmt.Errorf("read the manual: %w", err)
		}
		var body bytes.Buffer
		if err := markdown.Convert(source, &body, parser.WithContext(parser.NewContext(parser.WithIDs(&anchors{})))); err != nil {
			return nil, fmt.Errorf("render %s: %w", name, err)
		}
		p := page{Name: strings.TrimSuffix(path.Base(name), ".md"), Title: title(source), Body: template.HTML(links(body.String()))} //nolint:gosec // our own manual, compiled in
		if name == firstPage {
			p.Name = ""
		}
		pages = append(pages, p)
	}
	return pages, nil
}

// firstPage is the file that /docs itself shows.
const firstPage = "index.md"

// readingOrder lists the files: the first page, then the others as it links to them,
// then what it does not mention.
func readingOrder(manual fs.FS) ([]string, error) {
	names, err := fs.Glob(manual, "*.md")
	if err != nil {
		return nil, fmt.Errorf("list the manual: %w", err)
	}
	contents, err := fs.ReadFile(manual, firstPage)
	if err != nil {
		return nil, fmt.Errorf("read the manual: %w", err)
	}
	place := func(name string) int {
		if name == firstPage {
			return -1
		}
		if i := bytes.Index(contents, []byte("("+name)); i >= 0 {
			return i
		}
		return len(contents)
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
			return strings.TrimSpace(text)
		}
	}
	return "Manual"
}

// links turns links between files, as they work in a checkout, into links between
// pages.
func links(body string) string {
	body = strings.ReplaceAll(body, `href="index.md`, `href="/docs`)
	return regexp.MustCompile(`href="([a-z0-9-]+)\.md`).ReplaceAllString(body, `href="/docs/$1`)
}
