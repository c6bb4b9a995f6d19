// Package explorer is the pages under /docs: the manual, a page for every route and
// every type of the API with a form to try it, definitions in TypeScript, and search.
//
// It knows the manual's Markdown and the OpenAPI document, and makes everything else
// of them: no route and no field is described here by hand. It holds no key: a pasted
// one stays in the memory of the reader's page. What operators alone may call is shown to
// operators alone.
package explorer

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"strings"
	"sync"

	"skytower/docs"
	"skytower/internal/console/desk"
	"skytower/internal/console/ui"
	"skytower/internal/fault"
	"skytower/internal/feedback"
)

//go:embed templates/*.html templates/fragments/*.html templates/runtime.ts assets/*
var embedded embed.FS

// Votes keeps what readers say of pages.
type Votes interface {
	Vote(ctx context.Context, address string, v feedback.Vote) error
}

// Options are what the pages are made from.
type Options struct {
	Manual   fs.FS // Markdown files; index.md comes first
	Describe Describe
	Votes    Votes // nil: nobody is asked
}

// Describe makes the OpenAPI documents: /openapi.json, and that of operators' routes, nil
// for none. It is asked once, with the first page.
type Describe func() (public, operators []byte, err error)

// Explorer is the room's pages, all rendered but for their frames.
type Explorer struct {
	o         Options
	made      func() error // makes all below, once
	document  []byte       // /openapi.json
	room      *ui.Room
	fragments *template.Template
	public    *spec
	operators *spec
	pages     map[string]*page // by path
	menu      []section
	hidden    []section // for operators
	index     []entry
	found     []byte // the index as JSON
	runtime   string
}

// page is one page but for what depends on the visitor.
type page struct {
	Path, Title    string
	Body           template.HTML
	Contents       []heading
	Previous, Next *ui.Link
	Operator       bool // for operators alone
	Tries          bool // has a form to try the route
}

// heading is a line of a page's own contents.
type heading struct {
	ID, Text string
	Deep     bool
}

// section is a group of the contents.
type section struct {
	Title string
	Links []ui.Link
}

// New parses the frames. All pages are rendered when the first is asked for: a server
// that nobody reads at starts without them.
func New(kit *ui.Kit, o Options) (*Explorer, error) {
	room, err := kit.Room("explorer", embedded)
	if err != nil {
		return nil, err
	}
	e := &Explorer{o: o, room: room, pages: map[string]*page{}}
	e.made = sync.OnceValue(e.render)
	return e, nil
}

// render makes the pages, their contents and the index.
func (e *Explorer) render() error {
	runtime, err := embedded.ReadFile("templates/runtime.ts")
	if err != nil {
		return fmt.Errorf("read the client's runtime: %w", err)
	}
	e.runtime = string(runtime)
	if e.fragments, err = template.New("").Funcs(fragmentFunctions()).ParseFS(embedded, "templates/fragments/*.html"); err != nil {
		return fmt.Errorf("parse the explorer's fragments: %w", err)
	}
	document, forOperators, err := e.o.Describe()
	if err != nil {
		return err
	}
	e.document = document
	if e.public, err = readSpec(document); err != nil {
		return err
	}
	if err := e.addGuides(); err != nil {
		return err
	}
	if err := e.addReference(e.public, false); err != nil {
		return err
	}
	if forOperators != nil {
		if e.operators, err = readSpec(forOperators); err != nil {
			return err
		}
		if err := e.addReference(e.operators, true); err != nil {
			return err
		}
	}
	return e.writeIndex()
}

// Rows are the pages and acts.
func (e *Explorer) Rows() []desk.Row {
	rows := []desk.Row{
		{Method: "GET", Pattern: "/docs", Menu: "Learn", Label: "Docs", Handle: e.show},
		{Method: "GET", Pattern: "/docs/{page...}", Handle: e.show},
		{Method: "GET", Pattern: "/docs/search", Handle: e.search},
		{Method: "GET", Pattern: "/docs/search.json", Handle: e.file("application/json", func(string) []byte { return e.found })},
		{Method: "GET", Pattern: "/docs/skytower.d.ts", Handle: e.file(typeScript, func(string) []byte { return []byte(e.public.definitions()) })},
		{Method: "GET", Pattern: "/docs/client.ts", Handle: e.file(typeScript, func(base string) []byte { return []byte(e.public.client(e.runtime, base)) })},
		{Method: "GET", Pattern: "/schemas/skytower.schema.json", Handle: e.schema("skytower.schema.json")},
		{Method: "GET", Pattern: "/schemas/resources.schema.json", Handle: e.schema("resources.schema.json")},
		{Method: "GET", Pattern: "/openapi.json", Handle: e.file("application/json", func(string) []byte { return e.document })},
	}
	if e.o.Votes != nil {
		rows = append(rows, desk.Row{Method: "POST", Pattern: "/docs/vote", Looks: true, Handle: e.vote})
	}
	for i := range rows {
		rows[i].Handle = e.rendered(rows[i].Handle)
	}
	return rows
}

// rendered sees that the pages are there before one is shown.
func (e *Explorer) rendered(handle func(*desk.Desk) error) func(*desk.Desk) error {
	return func(d *desk.Desk) error {
		if err := e.made(); err != nil {
			return err
		}
		return handle(d)
	}
}

// schema serves a JSON Schema for editors.
func (e *Explorer) schema(name string) func(*desk.Desk) error {
	return e.file("application/schema+json", func(string) []byte {
		text, _ := docs.Schemas.ReadFile("schemas/" + name) // a test sees to it
		return text
	})
}

const typeScript = "text/plain; charset=utf-8"

// baseMark stands in rendered pages for this server's address.
const baseMark = "https://base.skytower.invalid"

// frame is the data of a page's template.
type frame struct {
	*page
	Body     template.HTML
	Sections []section
	Votes    bool
	Query    string
	Hits     []entry
}

func (e *Explorer) show(d *desk.Desk) error {
	p := e.pages[strings.TrimSuffix(d.Request.URL.Path, "/")]
	if p == nil || p.Operator && d.Admin == nil {
		return fault.Newf(fault.EndpointNotFound, "The manual has no page %s.", d.Request.URL.Path)
	}
	return e.send(d, "page", frame{page: p, Votes: e.o.Votes != nil})
}

func (e *Explorer) send(d *desk.Desk, name string, f frame) error {
	f.Body = template.HTML(strings.ReplaceAll(string(f.page.Body), baseMark, template.HTMLEscapeString(d.Base))) //nolint:gosec // rendered by templates
	f.Sections = e.sections(f.Path, d.Admin != nil)
	v := ui.View{Title: f.Title, Data: f, Styles: []string{"explorer/explorer.css"}, Scripts: []string{"explorer/search.js"}}
	if f.Tries {
		v.Scripts = append(v.Scripts, "explorer/try.js")
	}
	return d.Page(e.room, name, v)
}

// sections are the contents with the present page marked.
func (e *Explorer) sections(path string, operator bool) []section {
	all := e.menu
	if operator {
		all = append(all[:len(all):len(all)], e.hidden...)
	}
	out := make([]section, len(all))
	for i, s := range all {
		out[i].Title = s.Title
		for _, l := range s.Links {
			l.Current = l.Path == path
			out[i].Links = append(out[i].Links, l)
		}
	}
	return out
}

// fragment renders one of the room's fragments.
func (e *Explorer) fragment(name string, data any) (template.HTML, error) {
	var out bytes.Buffer
	if err := e.fragments.ExecuteTemplate(&out, name+".html", data); err != nil {
		return "", fmt.Errorf("render %s: %w", name, err)
	}
	return template.HTML(out.String()), nil //nolint:gosec // rendered by html/template
}

// file sends what programs read.
func (e *Explorer) file(kind string, content func(base string) []byte) func(*desk.Desk) error {
	return func(d *desk.Desk) error {
		body := content(d.Base)
		d.Protect()
		tag := etag(body)
		d.Header().Set("ETag", tag)
		d.Header().Set("Cache-Control", "no-cache")
		if d.Request.Header.Get("If-None-Match") == tag {
			w, _ := d.Sub() // an answer without a body
			d.Record.Status = http.StatusNotModified
			w.WriteHeader(http.StatusNotModified)
			return nil
		}
		return d.Raw(http.StatusOK, kind, body)
	}
}

// vote keeps what a reader says of a page, and leads back to it.
func (e *Explorer) vote(d *desk.Desk) error {
	p := e.pages[d.Value("page")]
	if p == nil {
		return fault.New(fault.EndpointNotFound, "The manual has no such page.")
	}
	err := e.o.Votes.Vote(d.Ctx(), d.Record.Client, feedback.Vote{Page: p.Path, Useful: d.Value("useful") == "yes", Note: d.Value("note")})
	if err != nil {
		if err := d.Say(err); err != nil {
			return err
		}
		return d.Redirect(p.Path)
	}
	d.Note("good", "Thank you. Your answer is kept; send another to change it.")
	return d.Redirect(p.Path)
}
