package browser

import (
	"errors"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// visitor is a browser without scripts and pictures, for stories that are about cookies and
// links: it keeps cookies, follows redirects, and sends forms with the token of the page
// that it looked at last.
type visitor struct {
	t      *testing.T
	site   *site
	client *http.Client
	csrf   string
	// keep stops before an address that it is true for, which is then in kept.
	keep func(*url.URL) bool
	kept *url.URL
}

// view is what a visitor sees.
type view struct {
	status int
	path   string // where redirects led to
	body   string
}

func (s *site) visitor(t *testing.T) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	v := &visitor{t: t, site: s}
	v.client = &http.Client{Jar: jar, Transport: &http.Transport{}, Timeout: patience, CheckRedirect: v.redirected}
	t.Cleanup(v.client.CloseIdleConnections)
	return v
}

func (v *visitor) redirected(r *http.Request, via []*http.Request) error {
	if v.keep != nil && v.keep(r.URL) {
		v.kept = r.URL
		return http.ErrUseLastResponse
	}
	if len(via) > 10 {
		return errors.New("a circle of redirects")
	}
	return nil
}

const ownersPassword = "a long enough secret"

// owner sets the server up, and is its operator and the owner of its first account.
func (s *site) owner(t *testing.T) *visitor {
	t.Helper()
	v := s.visitor(t)
	link := s.setup()
	v.get(link)
	v.post(link, "name", "Ada", "email", "ada@example.com", "password", ownersPassword).leads(t, "/welcome")
	return v
}

var tokenOfForms = regexp.MustCompile(`<meta name="csrf" content="([^"]+)">`)

func (v *visitor) do(method, address string, body io.Reader) view {
	v.t.Helper()
	if strings.HasPrefix(address, "/") {
		address = v.site.url + address
	}
	r, err := http.NewRequestWithContext(v.t.Context(), method, address, body)
	if err != nil {
		v.t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html")
	if body != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	reply, err := v.client.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer reply.Body.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(reply.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	if m := tokenOfForms.FindStringSubmatch(string(text)); m != nil {
		v.csrf = html.UnescapeString(m[1])
	}
	return view{reply.StatusCode, reply.Request.URL.Path, string(text)}
}

// get opens a page: a path of the site, or a whole address.
func (v *visitor) get(address string) view {
	v.t.Helper()
	return v.do(http.MethodGet, address, nil)
}

// post sends a form of names and values in turn, and goes where the answer leads.
func (v *visitor) post(address string, fields ...string) view {
	v.t.Helper()
	form := url.Values{"_csrf": {v.csrf}}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	return v.do(http.MethodPost, address, strings.NewReader(form.Encode()))
}

// signIn signs in with a password.
func (v *visitor) signIn(email, password string) view {
	v.t.Helper()
	v.get("/signin")
	return v.post("/signin", "email", email, "password", password)
}

// invite makes the account's owner, who v is, invite an e-mail as developer.
func (v *visitor) invite(email string) view {
	v.t.Helper()
	v.get("/members")
	return v.post("/members", "name", "", "email", email, "role", "developer")
}

var tags = regexp.MustCompile(`<[^>]*>`)

// text is the words of the page's main part.
func (p view) text() string {
	_, main, _ := strings.Cut(p.body, "<main")
	_, main, _ = strings.Cut(main, ">")
	return strings.Join(strings.Fields(html.UnescapeString(tags.ReplaceAllString(main, " "))), " ")
}

// leads checks where the visitor is now.
func (p view) leads(t *testing.T, path string) view {
	t.Helper()
	if p.status != http.StatusOK || p.path != path {
		t.Fatalf("at %s with %d, not at %s: %s", p.path, p.status, path, p.text())
	}
	return p
}

// says checks that the page has a status and words.
func (p view) says(t *testing.T, status int, words string) view {
	t.Helper()
	if p.status != status || !strings.Contains(p.text(), words) {
		t.Fatalf("%s is %d, not %d with %q: %s", p.path, p.status, status, words, p.text())
	}
	return p
}

// me checks who the visitor is.
func (v *visitor) me(words string) {
	v.t.Helper()
	v.get("/me").leads(v.t, "/me").says(v.t, http.StatusOK, words)
}

// stranger checks that nobody is signed in.
func (v *visitor) stranger() {
	v.t.Helper()
	v.get("/me").leads(v.t, "/signin")
}
