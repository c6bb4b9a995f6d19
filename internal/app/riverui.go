package app

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io/fs"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"riverqueue.com/riverui"
)

// queuePages are River's own pages about the job queue, to look at and nothing else:
// cancelling and retrying go through the predictions' routes, so that holds and states
// stay right.
type queuePages struct {
	pages  http.Handler
	policy string
}

// riverUI makes the pages for a mount at a path prefix such as /operator/queues/. Whoever
// mounts them sees to it that only operators get there.
//
// River's handler is not started: what would run then counts all jobs every few seconds,
// whether anybody looks or not. Without it, states with more than 10,000 jobs show an
// estimate, or that number.
func (a *App) riverUI(prefix string) (http.Handler, error) {
	client, err := a.jobs.Viewer()
	if err != nil {
		return nil, err
	}
	pages, err := riverui.NewHandler(&riverui.HandlerOpts{
		Endpoints: riverui.NewEndpoints(client, nil), Logger: a.log, Prefix: strings.TrimRight(prefix, "/"),
	})
	if err != nil {
		return nil, fmt.Errorf("make the pages of the job queue: %w", err)
	}
	policy, err := queuePolicy()
	if err != nil {
		return nil, err
	}
	return &queuePages{pages, policy}, nil
}

// queuePolicy lets River's pages have their own scripts, styles and data. They put one
// style into the page themselves, without which a change of the theme flickers; it is
// allowed by its hash, read from the script that has it.
func queuePolicy() (string, error) {
	hashes := ""
	inlined := regexp.MustCompile("createTextNode\\(`([^`]+)`\\)")
	scripts, err := fs.Glob(riverui.FrontendIndex, "dist/assets/main-*.js")
	if err != nil {
		return "", fmt.Errorf("read the pages of the job queue: %w", err)
	}
	for _, name := range scripts {
		text, err := fs.ReadFile(riverui.FrontendIndex, name)
		if err != nil {
			return "", fmt.Errorf("read the pages of the job queue: %w", err)
		}
		for _, m := range inlined.FindAllSubmatch(text, -1) {
			sum := sha256.Sum256(m[1])
			hashes += " 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
		}
	}
	return "default-src 'none'; script-src 'self'; style-src 'self'" + hashes + "; img-src 'self' data:; connect-src 'self'; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'", nil
}

// ServeHTTP lets reading through.
func (q *queuePages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	head := w.Header()
	head.Set("Content-Security-Policy", q.policy)
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Referrer-Policy", "same-origin")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		head.Set("Allow", "GET, HEAD")
		http.Error(w, "These pages only show the queues. Cancel or retry a prediction on its own page, under /operator/predictions, so that its credit and its state stay right.", http.StatusMethodNotAllowed)
		return
	}
	page := &queuePage{ResponseWriter: w}
	q.pages.ServeHTTP(page, r)
	page.end()
}

// queuePage holds back a page of HTML, which is small, to add to it.
//
// River's messages that come and go write their style into an element that they make
// unless one of that id is there. The policy would refuse theirs, with an error on the
// console; ours is not a style, so nothing is refused, and the messages, which are about
// changes that nobody can make here, are plain.
type queuePage struct {
	http.ResponseWriter
	status int
	html   bool
	body   bytes.Buffer
}

const styleStandIn = `<div id="_goober" hidden> </div></body>`

// WriteHeader finds out whether it is HTML.
func (p *queuePage) WriteHeader(status int) {
	if p.status != 0 {
		return
	}
	p.status = status
	p.html = status == http.StatusOK && strings.HasPrefix(p.Header().Get("Content-Type"), "text/html")
	if !p.html {
		p.ResponseWriter.WriteHeader(status)
	}
}

// Write keeps HTML, and lets the rest through.
func (p *queuePage) Write(b []byte) (int, error) {
	if p.status == 0 {
		p.WriteHeader(http.StatusOK)
	}
	if p.html {
		return p.body.Write(b)
	}
	return p.ResponseWriter.Write(b)
}

func (p *queuePage) end() {
	if !p.html {
		return
	}
	text := bytes.Replace(p.body.Bytes(), []byte("</body>"), []byte(styleStandIn), 1)
	p.Header().Set("Content-Length", strconv.Itoa(len(text)))
	p.ResponseWriter.WriteHeader(p.status)
	_, _ = p.ResponseWriter.Write(text) // the visitor may be gone
}
