// Package console serves the web pages. In this version that is the manual at
// /docs, rendered once at start from the embedded Markdown, and /openapi.json.
//
// It knows no account and no model. Everything it sends is in the binary: pages
// load nothing from elsewhere, and a strict content security policy says so.
package console

import (
	"bytes"
	"cmp"
	"embed"
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
	"skytower/internal/fault"
	"skytower/internal/httpx"
)

//go:embed templates/*.html assets/*
var embedded embed.FS

// Options say what to serve.
type Options struct {
	Server   *httpx.Server
	Manual   fs.FS  // Markdown files; index.md comes first
	Document []byte // /openapi.json
	// Public is false where the operator turned the manual off, and the document with it.
	Public bool
}

// page is one rendered file of the manual.
type page struct {
	Name  string // path under /docs, "" for the first page
	Title string
	Body  template.HTML
}

// console serves the rendered pages.
type console struct {
	server   *httpx.Server
	pages    map[string][]byte
	style    []byte
	document []byte
}

// New renders the manual and returns the handler of everything outside the API.
func New(o Options) (http.Handler, error) {
	c := &console{server: o.Server, pages: map[string][]byte{}, document: o.Document}
	var err error
	if c.style, err = embedded.ReadFile("assets/style.css"); err != nil {
		return nil, fmt.Errorf("read the style sheet: %w", err)
	}
	if o.Public {
		if err := c.render(o.Manual); err != nil {
			return nil, err
		}
	}
	mux := http.NewServeMux()
	if !o.Public {
		mux.Handle("/", c.handle("other", nothingHere))
		return mux, nil
	}
	mux.Handle("GET /openapi.json", c.handle("/openapi.json", c.serveDocument))
	mux.Handle("GET /docs/style.css", c.handle("/docs/style.css", c.serveStyle))
	mux.Handle("GET /docs/{page...}", c.handle("/docs", c.servePage))
	mux.Handle("GET /docs", c.handle("/docs", c.servePage))
	mux.Handle("GET /{$}", c.handle("/", toDocs))
	mux.Handle("/", c.handle("other", notFound))
	return mux, nil
}

func (c *console) handle(route string, h httpx.Handler) http.Handler {
	return c.server.Handle(route, h, fail)
}

func toDocs(call *httpx.Call) error {
	call.Header().Set("Location", "/docs")
	return call.Raw(http.StatusFound, "text/plain; charset=utf-8", []byte("The manual is at /docs.\n"))
}

func notFound(call *httpx.Call) error {
	return fault.Newf(fault.EndpointNotFound, "There is nothing at %s. The API is under /v1, the manual at /docs.", call.Request.URL.Path)
}

// nothingHere is notFound where the manual is turned off.
func nothingHere(call *httpx.Call) error {
	return fault.Newf(fault.EndpointNotFound, "There is nothing at %s. The API is under /v1.", call.Request.URL.Path)
}

// fail answers in the form that the caller asked for: people get a sentence,
// programs get JSON.
func fail(call *httpx.Call, err *fault.Error) {
	call.Record.Outcome = "error"
	if !strings.Contains(call.Request.Header.Get("Accept"), "text/html") {
		_ = call.JSON(err.HTTPStatus(), map[string]any{
			"status": false, "response": err.Message,
			"error": map[string]any{"http_status": err.HTTPStatus(), "message": err.Message, "details": err.Message, "error_id": err.ID, "request_id": call.Record.ID},
		})
		return
	}
	protect(call.Header())
	_ = call.Raw(err.HTTPStatus(), "text/plain; charset=utf-8", []byte(err.Message+"\n\nRequest "+call.Record.ID+"\n"))
}

// protect sets what every page is sent with.
func protect(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-cache")
}

func (c *console) serveDocument(call *httpx.Call) error {
	return call.Raw(http.StatusOK, "application/json", c.document)
}

func (c *console) serveStyle(call *httpx.Call) error {
	protect(call.Header())
	return call.Raw(http.StatusOK, "text/css; charset=utf-8", c.style)
}

func (c *console) servePage(call *httpx.Call) error {
	body, ok := c.pages[strings.TrimSuffix(call.Request.PathValue("page"), "/")]
	if !ok {
		return fault.Newf(fault.EndpointNotFound, "The manual has no page %s.", call.Request.URL.Path)
	}
	protect(call.Header())
	return call.Raw(http.StatusOK, "text/html; charset=utf-8", body)
}

// render turns every Markdown file into a page with the contents beside it.
func (c *console) render(manual fs.FS) error {
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
