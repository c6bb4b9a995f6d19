package app_test

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"skytower/internal/api"
	"skytower/internal/console/desk"
)

// TestTenants tries every route and every page that names a thing of an account with the
// things of another one: what B hears of A's is what B hears of what is not there.
func TestTenants(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	words := append([]string{w.a.mark}, w.idsOf(w.a)...)
	before := w.dump(words...)
	for role, g := range map[string]*guest{"owner": w.owner, "developer": w.developer, "billing": w.billing, "viewer": w.viewer} {
		t.Run(role, w.onTest(func(w *world) {
			inner := *g
			inner.w = w
			for _, row := range w.pages {
				if row.Need != desk.Operator && row.Pattern != "/settings/close" && row.Pattern != "/me/delete" {
					w.tryPage(&inner, row)
				}
			}
		}))
	}
	t.Run("keys", w.onTest(func(w *world) { // at last: B's own request log tells what was asked for
		for _, row := range w.routes {
			if row.Key != nil && row.Method == http.MethodGet && len(own(w.t, row.Pattern)) == 0 {
				w.tryList(row, fill(w.t, row.Pattern, w.b.id))
			}
		}
		for _, row := range w.routes {
			if row.Key != nil {
				w.tryRoute(row)
			}
		}
		w.tryBodies()
		w.tryLinks()
	}))
	same(t, "A", before, w.dump(words...))
	if r := w.owner.again().get("/keys"); r.status != http.StatusOK {
		t.Errorf("B's owner sees nothing in the end, so nothing was tried: %d", r.status)
	}
}

// onTest lets a part of a test fail under its own name.
func (w *world) onTest(part func(w *world)) func(*testing.T) {
	return func(t *testing.T) {
		s := *w.server
		s.t = t
		inner := *w
		inner.server = &s
		part(&inner)
	}
}

func (w *world) idsOf(x *tenant) []string {
	var ids []string
	for kind, id := range x.ids {
		if !slices.Contains(ofNobody(), kind) && kind != "filename" {
			ids = append(ids, id)
		}
	}
	return ids
}

// tryRoute calls a route with B's key.
func (w *world) tryRoute(row api.Route) {
	w.t.Helper()
	for _, pattern := range append([]string{row.Pattern}, row.Aliases...) {
		names := own(w.t, pattern)
		for i := range names {
			// The parameters before it are B's own.
			at := func(other func(string) string) string {
				n := -1
				return fill(w.t, pattern, func(kind string) string {
					if slices.Contains(ofNobody(), kind) {
						return w.b.id(kind)
					}
					if n++; n < i {
						return w.b.id(kind)
					}
					return other(kind)
				})
			}
			w.tryThing(row.Method, at(w.a.id), at(w.a.absent))
		}
	}
}

// tryThing compares A's thing with one that is not there.
func (w *world) tryThing(method, theirs, none string) {
	w.t.Helper()
	if method == http.MethodPut { // an id that the caller makes: that it is taken is told, no more
		got := w.as(w.b, method, theirs, `{"model":"`+paintModel+`","input":{"prompt":"fail"}}`)
		if got.status != http.StatusUnprocessableEntity || errorID(got.body) != "INVALID_PARAMETER" || w.a.leak(got.body) != "" {
			w.t.Errorf("%s %s: %d %s", method, theirs, got.status, got.body)
		}
		return
	}
	got, want := w.as(w.b, method, theirs, bodyOf(method)), w.as(w.b, method, none, bodyOf(method))
	if want.status < http.StatusBadRequest || got.status != want.status || errorID(got.body) != errorID(want.body) || w.blank(got.body) != w.blank(want.body) {
		w.t.Errorf("%s %s: %d %s\nwhat is not there: %d %s", method, theirs, got.status, got.body, want.status, want.body)
	}
}

func errorID(body string) string {
	m := regexp.MustCompile(`"error_id":"([A-Z_]+)"`).FindStringSubmatch(body)
	if m == nil {
		return ""
	}
	return m[1]
}

// blank takes ids of things and requests out of an answer.
func (w *world) blank(body string) string {
	var pairs []string
	for kind := range w.a.ids {
		if !slices.Contains(ofNobody(), kind) {
			pairs = append(pairs, w.a.id(kind), "ID", w.a.absent(kind), "ID")
		}
	}
	body = strings.NewReplacer(pairs...).Replace(body)
	return regexp.MustCompile(`req_[0-9A-Za-z]+`).ReplaceAllString(body, "REQ")
}

// tryList reads a list as B, also asking for A's.
func (w *world) tryList(row api.Route, path string) {
	w.t.Helper()
	if r := w.as(w.b, row.Method, path, ""); r.status != http.StatusOK || w.a.leak(r.body) != "" {
		w.t.Errorf("GET %s: %d, tells %s: %.300s", path, r.status, w.a.leak(r.body), r.body)
	}
	for _, p := range row.Params {
		if p.In != "query" || p.Enum != nil {
			continue
		}
		for _, id := range append(w.idsOf(w.a), w.a.mark) {
			r := w.as(w.b, row.Method, path+"?"+url.Values{p.Name: {id}, "account": {w.a.ids["account"]}}.Encode(), "")
			if leak := w.a.leak(r.body, id, w.a.ids["account"]); leak != "" && leak != w.a.mark || r.status >= http.StatusInternalServerError {
				w.t.Errorf("GET %s?%s=%s: %d, tells %s: %.300s", path, p.Name, id, r.status, leak, r.body)
			}
		}
	}
}

// tryBodies names A's things in bodies.
func (w *world) tryBodies() {
	w.t.Helper()
	for path, body := range map[string]string{
		respPath:          `{"model":"` + chatModel + `","input":"x","previous_response_id":"%"}`,
		"/v1/predictions": `{"model":"` + paintModel + `","input":{"prompt":{"%":1}}}`,
	} {
		got := w.as(w.b, http.MethodPost, path, strings.ReplaceAll(body, "%", w.a.ids["response"]))
		want := w.as(w.b, http.MethodPost, path, strings.ReplaceAll(body, "%", w.a.absent("response")))
		if want.status < http.StatusBadRequest || got.status != want.status || w.blank(got.body) != w.blank(want.body) {
			w.t.Errorf("%s: %d %s\nwhat is not there: %d %s", path, got.status, got.body, want.status, want.body)
		}
	}
}

// tryLinks takes the signature of a link of B's to a file of A's.
func (w *world) tryLinks() {
	w.t.Helper()
	var mine, theirs struct{ URLs struct{ Get string } }
	decode(w.t, w.as(w.b, http.MethodGet, "/v1/files/"+w.b.ids["file"], "").body, &mine)
	decode(w.t, w.as(w.a, http.MethodGet, "/v1/files/"+w.a.ids["file"], "").body, &theirs)
	own := must[*url.URL](w.t)(url.Parse(mine.URLs.Get))
	link := must[*url.URL](w.t)(url.Parse(theirs.URLs.Get))
	whole := w.do(w.request(http.MethodGet, link.RequestURI(), ""))
	if whole.status != http.StatusOK || !strings.Contains(whole.header.Get("Content-Security-Policy"), "sandbox") || whole.header.Get("X-Content-Type-Options") != "nosniff" ||
		!strings.HasPrefix(whole.header.Get("Content-Disposition"), "attachment") {
		w.t.Errorf("A's link: %d %v", whole.status, whole.header)
	}
	for _, query := range []string{"", own.RawQuery, strings.Replace(link.RawQuery, "expires=", "expires=9", 1)} {
		if r := w.do(w.request(http.MethodGet, link.EscapedPath()+"?"+query, "")); r.status != http.StatusNotFound {
			w.t.Errorf("A's file with the query %q: %d", query, r.status)
		}
	}
}

// forms are fields that pages may read, with ids of A's things.
func forms(id func(string) string) url.Values {
	f := url.Values{"name": {"x"}, "role": {"owner"}, "email": {"somebody@example.com"}, "overlap": {"0s"}, "scope": {"models:read"}, "amount": {"5"}, "budget": {"5"}, "order": {"sponsored deposited payg"}, "useful": {"yes"}}
	for _, kind := range []string{"account", "key", "member", "prediction", "delivery", "file", "response", "request", "checkout", "limit", "batch"} {
		f.Set(kind, id(kind))
	}
	f.Set("id", id("key"))
	f.Set("session", "ses_"+id("key"))
	return f
}

// tryPage opens a page, or sends its form, as somebody of B.
func (w *world) tryPage(g *guest, row desk.Row) {
	w.t.Helper()
	if strings.Contains(row.Pattern, "{token}") {
		return // names nothing of an account; guessing tokens is slowed down
	}
	theirs, none := fill(w.t, row.Pattern, w.a.id), fill(w.t, row.Pattern, w.a.absent)
	named := len(own(w.t, row.Pattern)) > 0
	if row.Method == http.MethodPost {
		if row.Need == desk.Anyone || row.Pattern == "/session/key" {
			return // they name nothing of an account, and some slow down those who try again and again
		}
		got, want := g.again().post(theirs, forms(w.a.id)), g.again().post(none, forms(w.a.absent))
		if strings.HasPrefix(got.header.Get("Location"), "/signin?") {
			w.t.Errorf("POST %s: nobody is signed in, so nothing was tried", theirs)
		}
		if got.status != want.status || w.blank(got.header.Get("Location")) != w.blank(want.header.Get("Location")) {
			w.t.Errorf("POST %s: %d %s, and %d %s for what is not there", theirs, got.status, got.header.Get("Location"), want.status, want.header.Get("Location"))
		}
		if leak := w.a.leak(got.body, w.idsOf(w.a)...); leak != "" {
			w.t.Errorf("POST %s tells %s", theirs, leak)
		}
		return
	}
	if strings.HasPrefix(row.Pattern, "/docs") || row.Pattern == "/openapi.json" {
		return
	}
	g = g.again() // a person's oldest sessions end
	got := g.get(theirs)
	if leak := w.a.leak(got.body, w.idsOf(w.a)...); leak != "" || got.status >= http.StatusInternalServerError {
		w.t.Errorf("GET %s: %d, tells %s", theirs, got.status, leak)
	}
	if named {
		want := g.get(none)
		if got.status != want.status || ownPart(w.blank(got.body)) != ownPart(w.blank(want.body)) {
			w.t.Errorf("GET %s: %d, and %d for what is not there: %s\n%s", theirs, got.status, want.status, ownPart(got.body), ownPart(want.body))
		}
		return
	}
	for name, kind := range map[string]string{"account": "account", "key": "key", "member": "member", "id": "prediction", "request": "request", "after": "key", "before_id": "prediction", "cursor": "request", "q": "prediction"} {
		r := g.get(theirs + "?" + url.Values{name: {w.a.ids[kind]}, "all": {"1"}}.Encode())
		if leak := w.a.leak(r.body, w.a.ids[kind]); leak != "" || r.status >= http.StatusInternalServerError {
			w.t.Errorf("GET %s?%s=%s: %d, tells %s", theirs, name, w.a.ids[kind], r.status, leak)
		}
	}
}

// ownPart is the part of a page that is its own.
func ownPart(page string) string {
	_, page, _ = strings.Cut(page, "<main")
	page, _, _ = strings.Cut(page, "</main>")
	return page
}
