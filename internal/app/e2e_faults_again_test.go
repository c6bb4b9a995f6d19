package app_test

import (
	"net/http"
	"strings"
	"testing"

	"skytower/internal/provider/faultsite"
	"skytower/internal/skytells"
)

// What happens to a request on a connection that served one before: it is sent again only
// where the first connection took nothing of it, neither to the same target nor to
// another one (issue: paid work is never sent twice).
func TestAConnectionThatEndsBeforeItsSecondAnswer(t *testing.T) {
	t.Parallel()
	s := start(t, options{flags: map[string]string{"breaker-failures": "0", "retry-percent": "1000"}})
	res := skytells.Resources{}
	backup := faultsite.New(t, faultsite.Wire()[0], soundAnswer)
	res.Providers = append(res.Providers, faultProviders("backup", backup)...)
	type one struct {
		*faultCase
		site *faultsite.Site
	}
	var cases []one
	for _, f := range faultsite.Keep() {
		for _, two := range []bool{false, true} {
			c := &faultCase{row: faultRow{fault: f}, api: faultAPIs()[0], two: two}
			site := faultsite.New(t, f, soundAnswer)
			spec := c.model()
			spec.Targets[0].Provider = spec.Slug + "-chat"
			res.Providers = append(res.Providers, faultProviders(spec.Slug, site)[0])
			res.Models = append(res.Models, spec)
			cases = append(cases, one{c, site})
		}
	}
	if _, err := s.admin().Apply(t.Context(), skytells.ApplyRequest{Source: "test", Resources: res}); err != nil {
		t.Fatal(err)
	}
	s.grant("1")
	answered := 0
	for _, c := range cases {
		want := http.StatusInternalServerError
		if c.row.fault.Name == "stale" {
			want = http.StatusOK
		}
		asked := s.askTwice(c.faultCase, c.site)
		answered += asked - 1
		if want == http.StatusOK {
			answered++
		}
		if c.got.status != want || want != http.StatusOK && !strings.Contains(c.got.body, "INFERENCE_ERROR") {
			t.Errorf("%s: %d %s", c.name(), c.got.status, c.got.body)
		}
		if n := c.site.Requests(""); n != asked || c.site.Requests(c.got.id()) != 1 {
			t.Errorf("%s: %d requests came of %d, %d of them the last", c.name(), n, asked, c.site.Requests(c.got.id()))
		}
	}
	if n := backup.Requests(""); n != 0 {
		t.Errorf("another target got %d requests", n)
	}
	if lines := s.rows("select request, amount from charge_line"); len(lines) != answered {
		t.Errorf("%d charges for %d answers", len(lines), answered)
	}
}

// askTwice asks until a request was not the first of its connection, and tells how often.
// Two are enough, but where the machine is so slow that the connection was given up.
func (s *server) askTwice(c *faultCase, site *faultsite.Site) (asked int) {
	s.t.Helper()
	for asked = 1; asked <= 10; asked++ {
		if c.ask(s); c.err != nil {
			s.t.Fatal(c.err)
		}
		if c.row.fault.Name == "stale" {
			site.AwaitClosed()
		}
		if asked > 1 && (c.got.status != http.StatusOK || c.row.fault.Name == "stale") {
			return asked
		}
	}
	return asked - 1
}
