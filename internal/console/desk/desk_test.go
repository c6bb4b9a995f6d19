package desk_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"skytower/internal/account"
	"skytower/internal/console/desk"
	"skytower/internal/console/ui"
	"skytower/internal/fault"
	"skytower/internal/httpx"
	"skytower/internal/secret/secrettest"
	"skytower/internal/skytells"
)

// people are sessions by their tokens.
type people struct {
	visitors map[string]account.Visitor
	ended    []string
	gone     bool // the session has ended elsewhere
	closed   bool // the account is suspended
}

func (p *people) Session(_ context.Context, raw string, _ account.Where) (account.Visitor, error) {
	v, ok := p.visitors[raw]
	if !ok {
		return v, fault.New(fault.Unauthorized, "You are not signed in.")
	}
	return v, nil
}

func (p *people) EndSession(_ context.Context, _, id string) error {
	p.ended = append(p.ended, id)
	if p.gone {
		return &fault.Error{ID: fault.InvalidParameter, Status: 404, Message: "There is no such session."}
	}
	return nil
}

func (p *people) Principal(_ context.Context, seat account.Seat) (account.Principal, error) {
	if p.closed {
		return account.Principal{}, fault.New(fault.AccountSuspended, "The account is suspended.")
	}
	return account.Principal{Account: seat.Account}, nil
}

func (p *people) HiddenKey(context.Context, account.Seat, string) (string, time.Time, error) {
	return "sk-hidden", time.Unix(1e9, 0), nil
}

func (p *people) View(_ context.Context, _ account.Visitor, id string) error {
	if id == "acct_none" {
		return &fault.Error{ID: fault.InvalidParameter, Status: 404, Message: "There is no such account."}
	}
	return nil
}

// clients call nothing.
type clients struct{}

func (clients) Member(base string, _ account.Principal) (*skytells.Client, error) {
	return skytells.NewClient(skytells.ClientOptions{BaseURL: base})
}

func (clients) Operator(base string, _ account.Operator) (*skytells.Client, error) {
	return skytells.NewClient(skytells.ClientOptions{BaseURL: base})
}

func visitors() map[string]account.Visitor {
	who := func(id string) account.Visitor {
		return account.Visitor{Session: "ses_" + id, Person: account.Person{ID: "per_" + id, Email: id + "@example.com"}}
	}
	seat := account.Seat{Account: "acct_a", AccountName: "A", Member: "mem_a", Role: account.RoleOwner}
	owner, viewer, alone, operator, auditor, looking := who("owner"), who("viewer"), who("alone"), who("operator"), who("auditor"), who("looking")
	owner.Seats = []account.Seat{seat, {Account: "acct_b", AccountName: "B", Member: "mem_b", Role: account.RoleViewer}}
	viewer.Seats = []account.Seat{{Account: "acct_a", Member: "mem_v", Role: account.RoleViewer}}
	operator.Operator = account.Operator{ID: "opr_1", Role: account.RoleOperator}
	auditor.Operator = account.Operator{ID: "opr_2", Role: account.RoleAuditor}
	looking.Operator = operator.Operator
	looking.Viewing = &account.Seat{Account: "acct_a", AccountName: "A", Role: account.RoleViewer}
	return map[string]account.Visitor{"owner": owner, "viewer": viewer, "alone": alone, "operator": operator, "auditor": auditor, "looking": looking}
}

// site is a mux with a page and an act for each need.
func site(t *testing.T, p *people, public string) *desk.Mux {
	t.Helper()
	kit, err := ui.New()
	if err != nil {
		t.Fatal(err)
	}
	room, err := kit.Room("test", fstest.MapFS{"templates/page.html": {Data: []byte(`{{define "content"}}may write: {{.Shell.CanWrite}}{{end}}`)}, "assets/x.js": {Data: []byte("export {}")}})
	if err != nil {
		t.Fatal(err)
	}
	page := func(d *desk.Desk) error { return d.Page(room, "page", ui.View{Title: "Page"}) }
	done := func(d *desk.Desk) error {
		d.Note("good", strings.Repeat("<b>", 300))
		return d.Redirect(d.Value("to"))
	}
	var rows []desk.Row
	for path, need := range map[string]desk.Need{"/anyone": desk.Anyone, "/person": desk.Person, "/member": desk.Member, "/operator": desk.Operator} {
		rows = append(rows, desk.Row{Method: "GET", Pattern: path, Need: need, Handle: page, Label: path}, desk.Row{Method: "POST", Pattern: path, Need: need, Handle: done},
			desk.Row{Method: "DELETE", Pattern: path, Need: need, Handle: done}, desk.Row{Method: "POST", Pattern: path + "/looks", Need: need, Looks: true, Handle: done})
	}
	rows = append(rows, desk.Row{Method: "GET", Pattern: "/leave", Handle: func(d *desk.Desk) error { return d.Leave(d.Query("to")) }},
		desk.Row{Method: "GET", Pattern: "/keep", Handle: func(d *desk.Desk) error { d.Keep("flow", "secret", time.Minute); return page(d) }},
		desk.Row{Method: "GET", Pattern: "/kept", Handle: func(d *desk.Desk) error { return d.JSON(200, d.Kept("flow")) }},
		desk.Row{Method: "GET", Pattern: "/refused", Handle: func(*desk.Desk) error {
			return &skytells.APIError{Status: 409, ID: "INVALID_PARAMETER", Message: "It is taken."}
		}},
		desk.Row{Method: "GET", Pattern: "/broken", Handle: func(*desk.Desk) error { return errors.New("secret cause") }})
	o := desk.Options{Server: &httpx.Server{Done: func(*httpx.Record) {}, Log: slog.New(slog.DiscardHandler)}, People: p, Clients: clients{}, Kit: kit, Keys: secrettest.Signer(t)}
	if public != "" {
		if o.Public, err = url.Parse(public); err != nil {
			t.Fatal(err)
		}
	}
	m, err := desk.NewMux(o, rows)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

const browser = "text/html,*/*;q=0.8"

// ask sends a request as the person, with a form's token where there is a form.
func ask(t *testing.T, m http.Handler, who, method, path string, form url.Values, header ...string) (*http.Response, string) {
	t.Helper()
	var body io.Reader
	if form != nil {
		if form.Get("_csrf") == "" {
			form.Set("_csrf", token(t, m, who))
		}
		body = strings.NewReader(form.Encode())
	}
	r := httptest.NewRequest(method, "http://localhost:8080"+path, body)
	r.Header.Set("Accept", browser)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if who != "" {
		r.AddCookie(&http.Cookie{Name: "skytower_session", Value: who})
	}
	r.AddCookie(&http.Cookie{Name: "skytower_visit", Value: strings.Repeat("V", 26)})
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
		} else if header[i] == "Cookie" {
			r.Header.Add("Cookie", header[i+1])
		} else {
			r.Header.Set(header[i], header[i+1])
		}
	}
	w := httptest.NewRecorder()
	m.ServeHTTP(w, r)
	res := w.Result()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(text)
}

func token(t *testing.T, m http.Handler, who string) string {
	t.Helper()
	_, page := ask(t, m, who, "GET", "/anyone", nil)
	found := regexp.MustCompile(`name="csrf" content="([^"]+)"`).FindStringSubmatch(page)
	if found == nil {
		t.Fatalf("no token in %s", page)
	}
	return found[1]
}

// Who may open a page (r), change something (w) and look (l), by the need.
func TestNeeds(t *testing.T) {
	t.Parallel()
	m := site(t, &people{visitors: visitors()}, "")
	for who, may := range map[string][4]string{
		"": {"rwl", "", "", ""}, "stranger": {"rwl", "", "", ""}, "alone": {"rwl", "rwl", "", ""}, "owner": {"rwl", "rwl", "rwl", ""}, "viewer": {"rwl", "rwl", "rl", ""},
		"operator": {"rwl", "rwl", "", "rwl"}, "auditor": {"rwl", "rwl", "", "rl"}, "looking": {"rl", "rl", "rl", "rl"},
	} {
		for i, path := range []string{"/anyone", "/person", "/member", "/operator"} {
			for letter, act := range map[string][2]string{"r": {"GET", path}, "w": {"POST", path}, "l": {"POST", path + "/looks"}} {
				var form url.Values
				if act[0] == "POST" {
					form = url.Values{"to": {"/done"}}
				}
				res, body := ask(t, m, who, act[0], act[1], form)
				let := res.StatusCode == 200 || res.Header.Get("Location") == "/done"
				if let != strings.Contains(may[i], letter) {
					t.Errorf("%q %s %s: %d %s %s", who, act[0], act[1], res.StatusCode, res.Header.Get("Location"), body)
				}
				if letter == "r" && let && who != "" && who != "stranger" && strings.Contains(body, "may write: true") && !strings.Contains(may[i], "w") {
					t.Errorf("%q is offered forms on %s", who, path)
				}
			}
		}
	}
	res, _ := ask(t, m, "", "GET", "/member?x=1&y=2", nil)
	if to := res.Header.Get("Location"); res.StatusCode != 303 || to != "/signin?next=%2Fmember%3Fx%3D1%26y%3D2" {
		t.Errorf("%d %s", res.StatusCode, to)
	}
	if res, _ := ask(t, m, "", "GET", "/member", nil, "Accept", "application/json"); res.StatusCode != 401 {
		t.Errorf("a script is answered %d", res.StatusCode)
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	m := site(t, &people{visitors: visitors()}, "")
	good := token(t, m, "owner")
	for what, c := range map[string]struct {
		method, token string
		header        []string
		want          int
	}{
		"good": {"POST", good, nil, 303}, "none": {"POST", "-", nil, 403}, "another's": {"POST", token(t, m, "viewer"), nil, 403}, "a visitor's": {"POST", token(t, m, ""), nil, 403},
		"in the header": {"POST", "-", []string{"X-CSRF-Token", good}, 303}, "a wrong one in the header": {"POST", good, []string{"X-CSRF-Token", "x"}, 403},
		"cross-site": {"POST", good, []string{"Sec-Fetch-Site", "cross-site"}, 403}, "another origin": {"POST", good, []string{"Origin", "http://evil.example"}, 403},
		"this origin": {"POST", good, []string{"Origin", "http://localhost:8080"}, 303}, "same-origin": {"POST", good, []string{"Sec-Fetch-Site", "same-origin"}, 303},
		"another method": {"DELETE", "-", nil, 403}, "another method, good": {"DELETE", good, nil, 303},
	} {
		res, _ := ask(t, m, "owner", c.method, "/member", url.Values{"_csrf": {c.token}, "to": {"/done"}}, c.header...)
		if res.StatusCode != c.want || c.want == 303 && res.Header.Get("Location") != "/done" {
			t.Errorf("%s: %d %s", what, res.StatusCode, res.Header.Get("Location"))
		}
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	m := site(t, &people{visitors: visitors()}, "")
	for _, path := range []string{"/anyone", "/member", "/operator", "/none", "/broken", "/refused", "/kept", "/assets/x/none.js", "/assets/x/test/x.js", "/leave?to=https://pay.example/x"} {
		for _, accept := range []string{browser, "application/json"} {
			for _, who := range []string{"", "owner"} {
				res, body := ask(t, m, who, "GET", path, nil, "Accept", accept)
				h := res.Header
				if policy := h.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'; script-src 'self'; style-src 'self';") || strings.Contains(policy, "unsafe") ||
					h.Get("X-Content-Type-Options") != "nosniff" || h.Get("X-Frame-Options") != "DENY" || h.Get("Referrer-Policy") != "same-origin" {
					t.Errorf("%s for %q: %v", path, who, h)
				}
				if want := map[bool]string{true: "no-cache", false: "no-store"}[path == "/assets/x/test/x.js"]; h.Get("Cache-Control") != want {
					t.Errorf("%s is kept as %q", path, h.Get("Cache-Control"))
				}
				if strings.Contains(body, "secret cause") {
					t.Errorf("%s tells the cause", path)
				}
			}
		}
	}
	_, page := ask(t, m, "", "GET", "/anyone", nil)
	own := regexp.MustCompile(`/assets/[0-9a-f]+/ui/app\.js`).FindString(page)
	if res, _ := ask(t, m, "", "GET", own, nil); res.StatusCode != 200 || !strings.Contains(res.Header.Get("Cache-Control"), "immutable") {
		t.Errorf("%s: %d %v", own, res.StatusCode, res.Header)
	}
	if res, _ := ask(t, m, "", "GET", "/refused", nil); res.StatusCode != 409 {
		t.Errorf("the API's 409 is %d", res.StatusCode)
	}
}

func TestCookies(t *testing.T) {
	t.Parallel()
	p := &people{visitors: visitors()}
	for public, prefix := range map[string]string{"": "skytower_", "https://ai.example.com": "__Host-skytower_"} {
		m := site(t, p, public)
		res, _ := ask(t, m, "", "GET", "/keep", nil, "Cookie", "x=y")
		if len(res.Header["Set-Cookie"]) == 0 {
			t.Fatal("no cookie")
		}
		for _, c := range res.Cookies() {
			if !strings.HasPrefix(c.Name, prefix) || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.Secure != (public != "") {
				t.Errorf("%+v", c)
			}
			if strings.HasSuffix(c.Name, "flow") {
				if _, body := ask(t, m, "", "GET", "/kept", nil, "Cookie", c.Name+"="+c.Value); body != `"secret"` {
					t.Errorf("kept as %s", body)
				}
				for _, changed := range []string{c.Value + "x", "x" + c.Value, strings.Replace(c.Value, ".", "", 1), "." + c.Value, ""} {
					if _, body := ask(t, m, "", "GET", "/kept", nil, "Cookie", c.Name+"="+changed); body != `""` {
						t.Errorf("%q is taken: %s", changed, body)
					}
				}
			}
		}
	}
	if res, _ := ask(t, site(t, p, "https://ai.example.com"), "owner", "GET", "/person", nil); res.StatusCode != 303 {
		t.Errorf("over https a cookie without the prefix is a session: %d", res.StatusCode)
	}
}

// A notice goes with a redirect, is shown once, and is not believed where it was made up.
func TestNotices(t *testing.T) {
	t.Parallel()
	m := site(t, &people{visitors: visitors()}, "")
	res, _ := ask(t, m, "owner", "POST", "/member", url.Values{"to": {"/member"}})
	var sent string
	for _, c := range res.Cookies() {
		if c.Name == "skytower_notes" {
			sent = c.Value
		}
	}
	if sent == "" {
		t.Fatalf("no notice: %v", res.Header)
	}
	res, body := ask(t, m, "owner", "GET", "/member", nil, "Cookie", "skytower_notes="+sent)
	if !strings.Contains(body, "&lt;b&gt;&lt;b&gt;") || strings.Contains(body, "<b>") || !strings.Contains(strings.Join(res.Header["Set-Cookie"], " "), "skytower_notes=; Path=/; Max-Age=0") {
		t.Errorf("%v %s", res.Header["Set-Cookie"], body)
	}
	for _, made := range []string{"W3siS2luZCI6ImJhZCIsIlRleHQiOiJQYXkgbWUifV0.x", sent[1:], "x"} {
		if _, body := ask(t, m, "owner", "GET", "/member", nil, "Cookie", "skytower_notes="+made); strings.Contains(body, `class="notice`) {
			t.Errorf("%q is shown", made)
		}
	}
}

func TestActs(t *testing.T) {
	t.Parallel()
	p := &people{visitors: visitors()}
	m := site(t, p, "")
	for _, p.gone = range []bool{false, true} {
		if res, _ := ask(t, m, "owner", "POST", "/signout", url.Values{}); res.Header.Get("Location") != "/signin" || !strings.Contains(strings.Join(res.Header["Set-Cookie"], " "), "skytower_session=; Path=/; Max-Age=0") {
			t.Errorf("%d %v", res.StatusCode, res.Header)
		}
	}
	if len(p.ended) != 2 || p.ended[0] != "ses_owner" {
		t.Errorf("ended %v", p.ended)
	}
	for id, want := range map[string]int{"acct_b": 303, "acct_none": 403, "": 303} {
		if res, _ := ask(t, m, "owner", "POST", "/session/account", url.Values{"account": {id}}); res.StatusCode != want {
			t.Errorf("account %q: %d", id, res.StatusCode)
		}
	}
	// The account of the cookie, but only with a seat in it: B's seat only looks.
	for id, want := range map[string]bool{"acct_b": false, "acct_a": true, "acct_none": true} {
		if _, body := ask(t, m, "owner", "GET", "/member", nil, "Cookie", "skytower_account="+id); strings.Contains(body, "may write: true") != want {
			t.Errorf("in %s: %s", id, body)
		}
	}
	if res, body := ask(t, m, "owner", "POST", "/session/key", url.Values{}); res.StatusCode != 200 || !strings.Contains(body, `"key":"sk-hidden","expires_at":"2001-`) || res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%d %v %s", res.StatusCode, res.Header, body)
	}
	if res, _ := ask(t, m, "operator", "POST", "/session/view", url.Values{"account": {"acct_none"}}); res.StatusCode != 404 {
		t.Errorf("viewing what is not there: %d", res.StatusCode)
	}
	// Whose account is suspended can still come and go.
	p.closed = true
	for path, want := range map[string]int{"/member": 401, "/person": 200, "/anyone": 200} {
		if res, _ := ask(t, m, "owner", "GET", path, nil); res.StatusCode != want {
			t.Errorf("suspended, %s: %d", path, res.StatusCode)
		}
	}
}

func TestWaysOut(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/": "/", "/x?y=//z": "/x?y=//z", "/%2F/evil": "/%2F/evil", "": "-", "x": "-", "//evil": "-", `/\evil`: "-", `\\evil`: "-", "https:evil": "-", "/\t/evil": "-", "/\n": "-", "/x\x7f": "-", "\t//evil": "-", "javascript:x": "-", " /x": "-",
	} {
		if got := desk.Local(path, "-"); got != want {
			t.Errorf("%q leads to %q", path, got)
		}
	}
	m := site(t, &people{visitors: visitors()}, "")
	for referer, want := range map[string]string{
		"http://localhost:8080/me?x=1": "/me?x=1", "http://localhost:8080//evil": "/", `http://localhost:8080/\evil`: "/%5Cevil", "http://evil.example/x": "/", "http://localhost:8080@evil.example/x": "/", "": "/", "//evil.example": "/", "/x": "/", "::": "/",
	} {
		if res, _ := ask(t, m, "", "POST", "/session/theme", url.Values{"theme": {"dark"}}, "Referer", referer); res.Header.Get("Location") != want {
			t.Errorf("from %q to %q", referer, res.Header.Get("Location"))
		}
	}
	for to, want := range map[string]int{"https://pay.example/x?a=1": 200, "http://id.example/": 200, "javascript:alert(1)": 500, "//pay.example": 500, "/x": 500, "": 500, "data:text/html,x": 500} {
		if res, _ := ask(t, m, "", "GET", "/leave?to="+url.QueryEscape(to), nil); res.StatusCode != want {
			t.Errorf("leaving to %q: %d", to, res.StatusCode)
		}
	}
	for host, want := range map[string]int{"localhost:8080": 200, "127.0.0.1": 200, "[::1]:1": 200, "evil.example:8080": 400, "127.0.0.1.evil.example": 400, "10.0.0.1": 400} {
		if res, body := ask(t, m, "owner", "GET", "/member", nil, "Host", host); res.StatusCode != want || want == 400 && strings.Contains(body, "owner@") {
			t.Errorf("at %s: %d %s", host, res.StatusCode, body)
		}
	}
}
