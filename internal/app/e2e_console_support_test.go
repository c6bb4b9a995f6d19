package app_test

import (
	"html"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
)

// visitor is a browser without scripts: it keeps cookies, follows redirects, and sends
// forms with the token of the page that it looked at last.
type visitor struct {
	s      *server
	client *http.Client
	csrf   string
}

// visitor opens a browser that nobody is signed in with.
func (s *server) visitor() *visitor {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{}, Jar: jar}
	s.t.Cleanup(client.CloseIdleConnections)
	return &visitor{s: s, client: client}
}

// owner sets the server up, and is its operator and the owner of its first account.
func (s *server) owner() *visitor {
	s.t.Helper()
	link := regexp.MustCompile(`/setup/[A-Za-z0-9_-]+`).FindString(s.out.String())
	if link == "" {
		s.t.Fatalf("no link to set up in %q", s.out.String())
	}
	v := s.visitor()
	v.get(link)
	v.post(link, "name", "Ada", "email", "ada@example.com", "password", "a long enough secret")
	return v
}

var tokenOfForms = regexp.MustCompile(`<meta name="csrf" content="([^"]+)">`)

func (v *visitor) do(req *http.Request) reply {
	v.s.t.Helper()
	req.Header.Set("Accept", "text/html")
	browser := *v.s
	browser.client = v.client
	r := browser.do(req)
	if m := tokenOfForms.FindStringSubmatch(r.body); m != nil {
		v.csrf = html.UnescapeString(m[1])
	}
	return r
}

// get opens a page.
func (v *visitor) get(path string) reply {
	v.s.t.Helper()
	return v.do(v.s.request(http.MethodGet, path, ""))
}

// post sends a form of names and values in turn, and goes where the answer leads.
func (v *visitor) post(path string, fields ...string) reply {
	v.s.t.Helper()
	form := url.Values{"_csrf": {v.csrf}}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	return v.do(v.s.request(http.MethodPost, path, form.Encode(), "Content-Type", "application/x-www-form-urlencoded"))
}

// plainText is a page's words without its tags, for what a test says.
func plainText(page string) string {
	_, main, _ := strings.Cut(page, `<main`)
	return strings.Join(strings.Fields(html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(main, " "))), " ")
}
