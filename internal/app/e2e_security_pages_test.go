package app_test

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"skytower/internal/account"
	"skytower/internal/console/desk"
)

// TestForms sends every form without what shows that it came from this console.
func TestForms(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	before := w.dump()
	foreign := w.alpha.token()
	if foreign == w.operator.token() || foreign == w.nobody.again().token() {
		t.Fatal("two browsers have one token")
	}
	for _, row := range w.pages {
		if row.Method == http.MethodGet {
			continue
		}
		path := fill(t, row.Pattern, w.b.id)
		for who, g := range map[string]*guest{"the operator": w.operator, "an owner": w.owner, "nobody": w.nobody} {
			for what, r := range map[string]reply{
				"no token":              g.posts(row.Method, path, forms(w.b.id), ""),
				"another's token":       g.posts(row.Method, path, forms(w.b.id), foreign),
				"the token in the path": g.posts(row.Method, path+"?"+url.Values{"_csrf": {g.token()}}.Encode(), forms(w.b.id), ""),
				"another site":          g.posts(row.Method, path, forms(w.b.id), g.token(), "Sec-Fetch-Site", "cross-site"),
				"a sister site":         g.posts(row.Method, path, forms(w.b.id), g.token(), "Sec-Fetch-Site", "same-site"),
				"another origin":        g.posts(row.Method, path, forms(w.b.id), g.token(), "Origin", "https://evil.example"),
				"no origin":             g.posts(row.Method, path, forms(w.b.id), g.token(), "Origin", "null"),
			} {
				if r.status != http.StatusForbidden && !(row.Bare && r.status/100 == 4) {
					t.Errorf("%s %s by %s with %s: %d %s", row.Method, path, who, what, r.status, r.header.Get("Location"))
				}
			}
		}
	}
	same(t, "everything", before, w.dump())
	for _, g := range []*guest{w.operator, w.owner, w.alpha} {
		if r := g.get("/me"); r.status != http.StatusOK {
			t.Errorf("a forged form ended a session: %d", r.status)
		}
	}
}

// signedIn is somebody with a password.
func signedIn(t *testing.T, s *server, email string) (account.Person, *guest) {
	t.Helper()
	p, err := s.app.People().SignUp(t.Context(), account.PersonRequest{Name: "Ada", Email: email, Password: goodPassword}, account.Where{})
	if err != nil {
		t.Fatal(err)
	}
	return p, &guest{w: &world{server: s}}
}

const goodPassword = "correct horse battery staple"

// signs signs in with the form, in a browser with these cookies, and gives the answer.
func (g *guest) signs(email, password string, cookies ...string) reply {
	g.w.t.Helper()
	first := g.get("/signin", "Cookie", strings.Join(cookies, "; "))
	jar := strings.Join(append(cookies, cookiesOf(first)), "; ")
	return g.posts(http.MethodPost, "/signin", url.Values{"email": {email}, "password": {password}}, csrfIn(first.body), "Cookie", jar)
}

// cookiesOf are the cookies that an answer sets, as a browser sends them.
func cookiesOf(r reply) string {
	var list []string
	for _, c := range r.header.Values("Set-Cookie") {
		pair, rest, _ := strings.Cut(c, ";")
		if !strings.Contains(rest, "Max-Age=0") {
			list = append(list, pair)
		}
	}
	return strings.Join(list, "; ")
}

func sessionIn(r reply) string {
	m := regexp.MustCompile(`skytower_session=([^;]+)`).FindStringSubmatch(cookiesOf(r))
	if m == nil {
		return ""
	}
	return m[1]
}

func TestSessions(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	p, g := signedIn(t, s, "ada@example.com")
	// Whatever a browser brings, the session after the sign-in is another one.
	planted := strings.Repeat("A", 26)
	r := g.signs("ada@example.com", goodPassword, "skytower_session="+planted)
	raw := sessionIn(r)
	if r.status != http.StatusSeeOther || raw == "" || raw == planted {
		t.Fatalf("%d %v %s", r.status, r.header, r.body)
	}
	for _, c := range r.header.Values("Set-Cookie") {
		if !strings.Contains(c, "HttpOnly") || !strings.Contains(c, "SameSite=Lax") || !strings.Contains(c, "Path=/") || strings.Contains(c, "Domain") {
			t.Errorf("a cookie: %s", c)
		}
	}
	if planted := (&guest{w: g.w, raw: planted}); planted.get("/me").status != http.StatusSeeOther {
		t.Error("the cookie that was planted is a session")
	}
	browser := func(raw string) *guest { return &guest{w: g.w, raw: raw} }
	in := browser(raw)
	if r := in.get("/me"); r.status != http.StatusOK || !strings.Contains(r.header.Get("Cache-Control"), "no-store") {
		t.Fatalf("%d %v", r.status, r.header)
	}
	// A second sign-in in the same browser ends the first session.
	first := in.get("/signin?next=/me")
	if first.status != http.StatusSeeOther {
		t.Errorf("%d", first.status)
	}
	second := sessionIn(in.post("/signin", url.Values{"email": {"ada@example.com"}, "password": {goodPassword}}))
	if second == "" || second == raw || browser(raw).get("/me").status != http.StatusSeeOther {
		t.Error("the session before a sign-in lives on")
	}
	in = browser(second)
	if r := in.post("/signout", nil); r.status != http.StatusSeeOther || sessionIn(r) != "" {
		t.Errorf("%d %v", r.status, r.header)
	}
	if browser(second).get("/me").status != http.StatusSeeOther {
		t.Error("a copied cookie outlives the sign-out")
	}
	// A new password ends all sessions.
	copies := []string{sessionIn(g.signs("ada@example.com", goodPassword)), sessionIn(g.signs("ada@example.com", goodPassword))}
	token, _, err := s.app.People().AskReset(t.Context(), "ada@example.com", account.Where{})
	if err != nil || token == "" {
		t.Fatalf("%q, %v", token, err)
	}
	if _, err := s.app.People().Reset(t.Context(), token, goodPassword+"!", account.Where{}); err != nil {
		t.Fatal(err)
	}
	for _, raw := range copies {
		if raw == "" || browser(raw).get("/me").status != http.StatusSeeOther {
			t.Error("a session outlives a new password")
		}
	}
	if left, err := s.app.People().Sessions(t.Context(), p.ID); err != nil || len(left) != 0 {
		t.Errorf("%v, %v", left, err)
	}
}

// Over https the cookies are this host's alone.
func TestCookiesOverHTTPS(t *testing.T) {
	t.Parallel()
	s := start(t, options{flags: map[string]string{"public-url": "https://ai.example.com"}})
	_, g := signedIn(t, s, "ada@example.com")
	first := g.get("/signin")
	r := g.posts(http.MethodPost, "/signin", url.Values{"email": {"ada@example.com"}, "password": {goodPassword}}, csrfIn(first.body), "Cookie", cookiesOf(first))
	if r.status != http.StatusSeeOther {
		t.Fatalf("%d %s", r.status, r.body)
	}
	for _, c := range append(first.header.Values("Set-Cookie"), r.header.Values("Set-Cookie")...) {
		if !strings.HasPrefix(c, "__Host-skytower_") || !strings.Contains(c, "Secure") || !strings.Contains(c, "HttpOnly") || !strings.Contains(c, "SameSite=Lax") || !strings.Contains(c, "Path=/;") {
			t.Errorf("a cookie: %s", c)
		}
	}
	raw := sessionIn(r)
	if plain := (&guest{w: g.w, raw: raw}); plain.get("/me").status != http.StatusSeeOther {
		t.Error("a cookie without the prefix, which another host could have set, is a session")
	}
	if r := g.get("/me", "Cookie", "__Host-skytower_session="+raw); r.status != http.StatusOK {
		t.Errorf("%d %s", r.status, r.body)
	}
}

// TestWaysOut tries to make the console send a browser elsewhere.
func TestWaysOut(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	p, g := signedIn(t, s, "ada@example.com")
	in := (&world{server: s}).session(p.ID)
	for _, next := range []string{
		"//evil.example", "///evil.example", `/\evil.example`, `\\evil.example`, `/\/evil.example`, "https:evil.example", "https://evil.example", "http:/evil.example", "javascript:alert(1)",
		"/\t/evil.example", "\t//evil.example", "/\n/evil.example", "/\r\n/evil.example", " //evil.example", "\x00//evil.example", "evil.example", "//evil.example/..", "/\x7f/evil.example", "@evil.example", ".evil.example", "",
	} {
		asked := url.Values{"next": {next}}
		first := g.get("/signin?" + asked.Encode())
		answers := map[string]reply{
			"already in": in.get("/signin?" + asked.Encode()),
			"theme":      in.post("/session/theme", url.Values{"theme": {"dark"}, "next": {next}}, "Referer", safeHeader(next)),
		}
		if strings.HasPrefix(next, "/") && strings.Contains(next, "\\") || next == "//evil.example" { // a password takes its time
			answers["signing in"] = in.again2(p.ID).post("/signin", url.Values{"email": {"ada@example.com"}, "password": {goodPassword}, "next": {next}})
		}
		for what, r := range answers {
			if to := r.header.Get("Location"); r.status != http.StatusSeeOther || leads(t, s.base, to) {
				t.Errorf("%s with %q leads to %q (%d)", what, next, to, r.status)
			}
		}
		if m := regexp.MustCompile(`name="next" value="([^"]*)"`).FindStringSubmatch(first.body); m == nil || m[1] != "" && leads(t, s.base, html.UnescapeString(m[1])) {
			t.Errorf("the form keeps %q as %q", next, m)
		}
	}
	for _, referer := range []string{"https://evil.example/x", s.base + "//evil.example", s.base + `/\evil.example`, "//evil.example", s.base + "@evil.example/", s.base + ".evil.example/", "about:blank", "javascript:alert(1)"} {
		if r := in.post("/session/theme", url.Values{"theme": {"dark"}}, "Referer", referer); r.status != http.StatusSeeOther || leads(t, s.base, r.header.Get("Location")) {
			t.Errorf("from %q it leads to %q (%d)", referer, r.header.Get("Location"), r.status)
		}
	}
	if r := in.post("/session/theme", url.Values{"theme": {"dark"}}, "Referer", s.base+"/me?x=1"); r.header.Get("Location") != "/me?x=1" {
		t.Errorf("it does not lead back: %q", r.header.Get("Location"))
	}
	// A path with an encoded slash stays a path; the page asked for comes back after the sign-in.
	if r := g.get("/me?x=%2F%2Fevil.example"); leads(t, s.base, r.header.Get("Location")) || !strings.HasPrefix(r.header.Get("Location"), "/signin?next=%2Fme") {
		t.Errorf("%q", r.header.Get("Location"))
	}
}

// again2 is a new session of a person.
func (g *guest) again2(person string) *guest { return g.w.session(person) }

// safeHeader leaves out what no header can hold.
func safeHeader(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, text)
}

// leads reports whether a browser at base, which drops tabs and newlines and takes a
// backslash for a slash, would be led to another host (WHATWG URL).
func leads(t *testing.T, base, to string) bool {
	t.Helper()
	to = strings.NewReplacer("\t", "", "\n", "", "\r", "", `\`, "/").Replace(strings.TrimLeft(to, " \x00"))
	at := must[*url.URL](t)(url.Parse(base))
	u, err := at.Parse(to)
	return err != nil || u.Host != at.Host || u.Scheme != at.Scheme
}

// A name that somebody points at this machine (DNS rebinding) gets nothing from it.
func TestRebinding(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	p, _ := signedIn(t, s, "ada@example.com")
	w := &world{server: s}
	g := w.session(p.ID)
	rows := must[[]desk.Row](t)(s.app.Pages())
	for _, host := range []string{"evil.example", "evil.example:8080", "127.0.0.1.evil.example", "localhost.evil.example:80", "10.0.0.1", "0.0.0.0", "[::ffff:8.8.8.8]"} {
		for _, row := range rows {
			req := g.request(row.Method, fill(t, row.Pattern, func(string) string { return "x" }), "")
			req.Host = host
			if r := g.send(req); r.status/100 != 4 || strings.Contains(r.body, "ada@example.com") || strings.Contains(r.header.Get("Location"), "evil") || r.header.Get("Set-Cookie") != "" && strings.Contains(r.header.Get("Set-Cookie"), "session") {
				t.Errorf("%s %s at %s: %d %s", row.Method, row.Pattern, host, r.status, r.header.Get("Location"))
			}
		}
		for _, path := range []string{"/v1/files", "/v1/models"} {
			req := s.request(http.MethodGet, path, "")
			req.Host = host
			if r := s.do(req); r.status == http.StatusOK || strings.Contains(r.body, host) {
				t.Errorf("%s at %s: %d %s", path, host, r.status, r.body)
			}
		}
	}
}

// TestPages opens every page, and every way that it fails, as everybody, in a world whose
// texts are all evil: nothing runs, nothing is loaded from elsewhere, and the headers say so.
func TestPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.writes()
	shown := 0
	for who, g := range map[string]*guest{"the owner": w.alpha, "the operator": w.operator, "the auditor": w.auditor, "nobody": w.nobody} {
		for _, row := range w.pages {
			if row.Method != http.MethodGet || row.Pattern == "/docs/{page...}" && who != "nobody" {
				continue
			}
			paths := []string{fill(t, row.Pattern, w.a.id), fill(t, row.Pattern, w.a.absent)}
			if strings.Contains(row.Pattern, "predictions/{id}") {
				paths = append(paths, fill(t, row.Pattern, func(kind string) string { return w.a.ids["failed"] }))
			}
			if strings.Contains(row.Pattern, "{slug...}") {
				paths = append(paths, fill(t, row.Pattern, func(kind string) string { return chatModel }))
			}
			for _, path := range append(paths, paths[0]+"?"+typed().Encode()) {
				r := g.get(path)
				if r.status >= http.StatusInternalServerError {
					t.Errorf("%s by %s: %d", path, who, r.status)
				}
				w.checkPage(path+" by "+who, row, r)
				if r.status == http.StatusOK && strings.Contains(r.body, html.EscapeString("<script>alert(1)</script>")[:11]) {
					shown++
				}
			}
		}
	}
	if shown < 15 {
		t.Errorf("only %d pages show what callers wrote: the test looks at nothing", shown)
	}
	for _, row := range w.pages {
		if row.Method == http.MethodGet {
			continue
		}
		path := fill(t, row.Pattern, w.a.id)
		w.checkPage(row.Method+" "+path, row, w.operator.posts(row.Method, path, typed(), ""))
		if row.Need == desk.Anyone && row.Pattern != "/signout" {
			w.checkPage(row.Method+" "+path+" by nobody", row, w.nobody.again().posts(row.Method, path, typed(), ""))
		}
		// Every form that shows again what was typed.
		if g := w.alpha.again(); row.Need != desk.Operator {
			w.checkPage(row.Method+" "+path+" with evil fields", row, g.post(path, typed()))
		} else if !row.Bare {
			w.checkPage(row.Method+" "+path+" with evil fields", row, w.operator.again().post(path, typed()))
		}
	}
	for _, path := range []string{"/none", "/" + url.PathEscape(evil), "/assets/x/none.js", "/%00", "/signin/x"} {
		r := w.nobody.get(path)
		w.checkPage(path, desk.Row{Pattern: path}, r)
		w.checkPage(path+" as JSON", desk.Row{Pattern: path}, w.nobody.get(path, "Accept", "application/json"))
		if r.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, r.status)
		}
	}
}

// writes has readers, keys and people say what is evil where only the console takes it.
func (w *world) writes() {
	w.t.Helper()
	g := w.alpha.again()
	for path, form := range map[string]url.Values{
		"/docs/vote": {"page": {"/docs/errors"}, "useful": {"no"}, "note": {evil}},
		"/keys":      {"name": {evil}, "scope": {"models:read"}},
		"/members":   {"name": {evil}, "email": {"x@alpha.example"}, "role": {"viewer"}},
		"/settings":  {"name": {"Alpha" + evil}},
	} {
		if r := g.post(path, form); r.status >= http.StatusBadRequest {
			w.t.Errorf("POST %s: %d", path, r.status)
		}
	}
}

// typed are fields and parameters with evil in all of them.
func typed() url.Values {
	v := url.Values{}
	for _, name := range []string{
		"q", "name", "email", "status", "model", "key", "account", "error_id", "request", "from", "to", "cursor", "page", "next", "by", "show", "days", "months", "budget", "expires", "models", "addresses", "scope", "role",
		"retention", "concurrency", "amount", "order", "reason", "note", "after", "before", "before_id", "subject", "actor", "action", "slug", "base_url", "kind", "credential", "error", "state", "code", "useful", "theme",
		"session", "password", "confirm", "provider", "target", "type", "api", "description", "tier", "line", "bucket", "route", "requests", "tokens_in", "tab", "query", "text", "id", "content",
	} {
		v.Set(name, evil+evilLink)
	}
	return v
}

// checkPage looks at an answer of the console.
func (w *world) checkPage(what string, row desk.Row, r reply) {
	w.t.Helper()
	queues := strings.HasPrefix(row.Pattern, "/operator/queues/")
	policy := r.header.Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "http") || strings.Contains(policy, "*") ||
		!strings.Contains(policy, "frame-ancestors 'none'") || !strings.Contains(policy, "base-uri 'none'") || !strings.Contains(policy, "script-src 'self';") {
		w.t.Errorf("%s: %d, the policy is %q", what, r.status, policy)
	}
	if r.header.Get("X-Content-Type-Options") != "nosniff" || r.header.Get("Referrer-Policy") == "" {
		w.t.Errorf("%s: the headers are %v", what, r.header)
	}
	public := strings.HasPrefix(row.Pattern, "/docs") || row.Pattern == "/openapi.json" || strings.HasPrefix(row.Pattern, "/schemas/") || queues
	if !public && !strings.Contains(r.header.Get("Cache-Control"), "no-store") {
		w.t.Errorf("%s: kept as %q", what, r.header.Get("Cache-Control"))
	}
	if to := r.header.Get("Location"); to != "" && leads(w.t, w.base, to) {
		w.t.Errorf("%s leads to %s", what, to)
	}
	if strings.HasPrefix(r.header.Get("Content-Type"), "text/html") {
		for _, bad := range runs(w.t, r.body) {
			w.t.Errorf("%s: %s", what, bad)
		}
	}
}

// runs lists what a browser would run, or load from elsewhere, of a page.
func runs(t *testing.T, page string) []string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		attrs := map[string]string{}
		for _, a := range n.Attr {
			attrs[strings.ToLower(a.Key)] = a.Val
			if bad := badAttribute(strings.ToLower(a.Key), a.Val); bad {
				found = append(found, n.Data+" "+a.Key+"="+a.Val)
			}
		}
		switch src, ok := attrs["src"]; n.Data {
		case "script":
			if data := !ok && attrs["type"] == "application/json"; !data && !strings.HasPrefix(src, "/") {
				found = append(found, "a script of its own, or of another host: "+src)
			}
		case "style", "iframe", "object", "embed", "base", "applet", "frame":
			found = append(found, n.Data)
		case "meta":
			if strings.EqualFold(attrs["http-equiv"], "refresh") {
				found = append(found, "refresh to "+attrs["content"])
			}
		}
	}
	return found
}

// badAttribute reports whether an attribute runs something, or loads it from elsewhere.
func badAttribute(name, value string) bool {
	address := strings.ToLower(strings.Map(func(r rune) rune {
		if r <= ' ' {
			return -1
		}
		return r
	}, value))
	switch {
	case strings.HasPrefix(name, "on"), name == "style", name == "srcdoc":
		return true
	case slices.Contains([]string{"href", "src", "action", "formaction", "xlink:href", "poster", "data", "srcset", "background", "ping"}, name):
		if strings.HasPrefix(address, "javascript:") || strings.HasPrefix(address, "vbscript:") || strings.HasPrefix(address, "data:") && !strings.HasPrefix(address, "data:image/") || strings.HasPrefix(address, "data:image/svg") {
			return true
		}
		return name != "href" && (strings.HasPrefix(address, "//") || strings.HasPrefix(address, "http")) && !strings.HasPrefix(address, "http://127.0.0.1")
	}
	return false
}

// Guessing passwords is slow, and the answers say nothing of who is known.
func TestGuessing(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	_, g := signedIn(t, s, "ada@example.com")
	words := func(r reply) string {
		return regexp.MustCompile(`req_[0-9A-Za-z]+|(?:ada|bob)@example.com|name="_csrf" value="[^"]*"|content="[^"]*"|[0-9]+ seconds|a second`).ReplaceAllString(r.body, "")
	}
	waits := 0
	for i := 0; waits == 0 && i < 12; i++ { // a slow machine may sit out the first waits
		known, unknown := g.signs("ada@example.com", "wrong"), g.signs("bob@example.com", "wrong")
		if known.status == unknown.status && words(known) != words(unknown) || sessionIn(known) != "" {
			t.Errorf("try %d: %d and %d\n%s\n%s", i, known.status, unknown.status, words(known), words(unknown))
		}
		switch {
		case i < 5 && (known.status != http.StatusUnauthorized || unknown.status != http.StatusUnauthorized):
			t.Errorf("try %d: %d and %d", i, known.status, unknown.status)
		case known.status == http.StatusTooManyRequests:
			waits++
			if known.header.Get("Retry-After") == "" {
				t.Error("nothing says when the next try may come")
			}
		}
	}
	if waits == 0 {
		t.Error("nobody who guesses has to wait")
	}
	ask := func(email string) reply {
		first := g.get("/reset")
		return g.posts(http.MethodPost, "/reset", url.Values{"email": {email}}, csrfIn(first.body), "Cookie", cookiesOf(first))
	}
	known, unknown := ask("ada@example.com"), ask("bob@example.com")
	if known.status != http.StatusOK || known.status != unknown.status || words(known) != words(unknown) {
		t.Errorf("asking for a reset tells who is known: %d and %d", known.status, unknown.status)
	}
}
