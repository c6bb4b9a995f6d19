package app_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"skytower/internal/provider/providertest"
	"skytower/internal/skytells"
)

// onBoth runs a test with a server on each engine.
func onBoth(t *testing.T, test func(*testing.T, *server)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, start(t, options{}))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, startPostgres(t, nil))
	})
}

// alerts are what the account is told of, after the server has looked.
func (s *server) alerts() skytells.Alerts {
	s.t.Helper()
	if err := s.app.WatchStandings(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	var a skytells.Alerts
	decode(s.t, s.call(http.MethodGet, "/v1/alerts", "").body, &a)
	return a
}

func sameTime(a, b *time.Time) bool { return a != nil && b != nil && a.Equal(*b) }

// An account is told of a low balance when it falls below the level, once, and again only
// after it had more.
func TestALowBalanceIsToldOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *server) {
		up := providertest.NewUpstream(t, providertest.HTTP1)
		up.On(chatPath, jsonScript(chatAnswer))
		s.price(up.URL.JoinPath("v1").String())
		if a := s.alerts(); a.Balance.ToldAt != nil || a.Balance.Level != "5.00" {
			t.Errorf("an account that never had anything: %+v", a.Balance)
		}
		s.grant("5")
		if a := s.alerts(); a.Balance.Low || a.Balance.ToldAt != nil {
			t.Errorf("at the level: %+v", a.Balance)
		}
		if r := s.post(chatPath, chatBody); r.status != http.StatusOK {
			t.Fatalf("%d %s", r.status, r.body)
		}
		low := s.alerts().Balance
		if !low.Low || low.ToldAt == nil {
			t.Fatalf("below the level: %+v", low)
		}
		if again := s.alerts().Balance; !sameTime(again.ToldAt, low.ToldAt) {
			t.Errorf("told at %v, and again at %v", low.ToldAt, again.ToldAt)
		}
		s.grant("1")
		if more := s.alerts().Balance; more.Low || !sameTime(more.ToldAt, low.ToldAt) {
			t.Errorf("above again: %+v", more)
		}
		if r := s.call(http.MethodPut, "/v1/alerts", `{"balance": 50}`); r.status != http.StatusOK {
			t.Fatalf("%d %s", r.status, r.body)
		}
		if next := s.alerts().Balance; !next.Low || next.ToldAt == nil || !next.ToldAt.After(*low.ToldAt) {
			t.Errorf("below the next level: %+v, was told at %v", next, low.ToldAt)
		}
	})
}

// A key's spent budget is told of once for the level.
func TestASpentBudgetIsToldOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *server) {
		up := providertest.NewUpstream(t, providertest.HTTP1)
		up.On(chatPath, jsonScript(chatAnswer))
		s.price(up.URL.JoinPath("v1").String())
		s.grant("10")
		key, err := s.admin().CreateKey(t.Context(), skytells.KeyRequest{Account: s.account(), Name: "web", Budget: "0.002"})
		if err != nil {
			t.Fatal(err)
		}
		body := strings.Replace(chatBody, "{", `{"max_tokens":5,`, 1)
		if r := s.do(s.request(http.MethodPost, chatPath, body, "X-Api-Key", key.Secret)); r.status != http.StatusOK {
			t.Fatalf("%d %s", r.status, r.body)
		}
		of := func(a skytells.Alerts) skytells.KeyBudget {
			t.Helper()
			i := slices.IndexFunc(a.Budget.Keys, func(k skytells.KeyBudget) bool { return k.Key == key.ID })
			if i < 0 {
				t.Fatalf("the key is not in %+v", a)
			}
			return a.Budget.Keys[i]
		}
		if k := of(s.alerts()); k.Reached || k.ToldAt != nil || k.Spent != chatCost || k.Percent != 1 {
			t.Errorf("a little spent: %+v", k)
		}
		if r := s.call(http.MethodPut, "/v1/alerts", `{"budget": 1}`); r.status != http.StatusOK {
			t.Fatalf("%d %s", r.status, r.body)
		}
		much := of(s.alerts())
		if !much.Reached || much.ToldAt == nil {
			t.Fatalf("the level is spent: %+v", much)
		}
		if again := of(s.alerts()); !sameTime(again.ToldAt, much.ToldAt) {
			t.Errorf("told at %v, and again at %v", much.ToldAt, again.ToldAt)
		}
	})
}

// The link of the first start makes one operator.
func TestTheSetUpLinkWorksOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *server) {
		v := s.owner()
		shows(t, "the first page", v.get("/welcome"), "Welcome, Ada", "Add a provider")
		link := regexp.MustCompile(`/setup/[A-Za-z0-9_-]+`).FindString(s.out.String())
		eve := s.visitor()
		eve.get(link)
		r := eve.post(link, "name", "Eve", "email", "eve@example.com", "password", "another long secret")
		if r.status != http.StatusNotFound || !strings.Contains(plainText(r.body), "This link is not valid any more.") {
			t.Errorf("used again: %d %s", r.status, plainText(r.body))
		}
		shows(t, "a stranger's page", eve.get("/me"), "Sign in")
		if r := s.do(s.request(http.MethodPost, "/admin/v1/setup-link", "", "Authorization", "Bearer "+s.op)); r.status/100 == 2 || strings.Contains(r.body, "/setup/") {
			t.Errorf("another link is made: %d %s", r.status, r.body)
		}
	})
}

var sessionButton = regexp.MustCompile(`name="session" value="(ses_[^"]+)"`)

// A person ends one session of theirs, or all others, and nobody else's.
func TestSessionsAreEnded(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *server) {
		v := s.owner()
		in := func() *visitor {
			other := s.visitor()
			other.get("/signin")
			other.post("/signin", "email", "ada@example.com", "password", "a long enough secret")
			shows(t, "a second browser", other.get("/me"), "Where you are signed in")
			return other
		}
		out := func(what string, other *visitor) {
			t.Helper()
			if r := other.get("/me"); strings.Contains(r.body, "Where you are signed in") {
				t.Errorf("%s is still signed in", what)
			}
		}
		one := in()
		id := sessionButton.FindStringSubmatch(v.get("/me").body)
		if id == nil {
			t.Fatal("the other browser has no button")
		}
		v.get("/members")
		link := regexp.MustCompile(`/invite/[A-Za-z0-9_-]+`).FindString(v.post("/members", "name", "Bob", "email", "bob@example.com", "role", "viewer").body)
		bob := s.visitor()
		bob.get(link)
		bob.post(link, "name", "Bob", "password", "another long secret")
		bob.get("/me")
		if r := bob.post("/me/sessions", "session", id[1]); r.status == http.StatusOK && strings.Contains(r.body, "Signed out there.") {
			t.Error("another's session was ended")
		}
		shows(t, "it goes on", one.get("/me"), "Where you are signed in")
		v.get("/me")
		shows(t, "one ended", v.post("/me/sessions", "session", id[1]), "Signed out there.")
		out("the one", one)
		two, three := in(), in()
		v.get("/me")
		v.post("/me/sessions", "session", "")
		out("the second", two)
		out("the third", three)
		shows(t, "the own", v.get("/me"), "this one")
		shows(t, "another person's", bob.get("/me"), "this one")
	})
}
