package app_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"skytower/internal/console/desk"
)

// TestAuthority tries every route and every page with credentials of the other kind.
func TestAuthority(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	before := w.dump()
	t.Run("routes", w.onTest((*world).othersCallRoutes))
	t.Run("pages", w.onTest((*world).othersOpenPages))
	t.Run("auditors", w.onTest((*world).auditorsChangeNothing))
	t.Run("viewers", w.onTest((*world).viewersChangeNothing))
	same(t, "everything", withoutLooking(before), withoutLooking(w.dump()))
}

// withoutLooking leaves out what looking leaves: rows of the audit trail about views, and
// hidden keys.
func withoutLooking(lines []string) []string {
	return slices.DeleteFunc(lines, func(line string) bool {
		return strings.HasPrefix(line, "audit: ") && (strings.Contains(line, "session.") || strings.Contains(line, ".view") || strings.Contains(line, "account.export") || strings.Contains(line, "bodies.read")) ||
			strings.HasPrefix(line, "api_key: ") && strings.Contains(line, "ses_")
	})
}

// pretences are what a request from the network might claim to be let in.
func pretences() []string {
	return []string{"X-Inside", "1", "X-Skytower-Inside", "operator", "X-Account", "acct_x", "X-Operator", "system", "X-Forwarded-For", "127.0.0.1", "User-Agent", "skytower-console"}
}

// othersCallRoutes calls every route with each wrong credential.
func (w *world) othersCallRoutes() {
	w.t.Helper()
	hidden := w.owner.hiddenKey()
	cookie := "skytower_session=" + w.operator.raw + "; __Host-skytower_session=" + w.operator.raw
	other := map[string][]string{"nobody": {}, "a cookie": {"Cookie", cookie}, "pretences": pretences(), "a session as a key": {"X-Api-Key", w.operator.raw, "Authorization", "Bearer " + w.operator.raw}}
	forOperators := map[string][]string{"an account key": {"Authorization", "Bearer " + w.b.key, "X-Api-Key", w.b.key}, "a hidden key": {"Authorization", "Bearer " + hidden},
		"a member's cookie": {"Cookie", "skytower_session=" + w.owner.raw}}
	forAccounts := map[string][]string{"an operator key": {"Authorization", "Bearer " + w.op, "X-Api-Key", w.op}, "a member's cookie": {"Cookie", "skytower_session=" + w.owner.raw}}
	for _, row := range w.routes {
		if row.Public != nil {
			continue
		}
		creds := []map[string][]string{other, forAccounts}
		if row.Operator != nil {
			creds[1] = forOperators
		}
		for _, pattern := range append([]string{row.Pattern}, row.Aliases...) {
			path := fill(w.t, pattern, w.b.id)
			for _, set := range creds {
				for name, header := range set {
					if r := w.do(w.request(row.Method, path, bodyOf(row.Method), header...)); r.status != http.StatusUnauthorized || errorID(r.body) != "UNAUTHORIZED" {
						w.t.Errorf("%s %s with %s: %d %.200s", row.Method, path, name, r.status, r.body)
					}
				}
			}
		}
	}
	// The very same keys are good where they belong.
	if r := w.do(w.request(http.MethodGet, "/v1/models", "", "X-Api-Key", hidden)); r.status != http.StatusOK {
		w.t.Errorf("the hidden key is not good at all: %d %s", r.status, r.body)
	}
}

func bodyOf(method string) string {
	if method == http.MethodGet || method == http.MethodDelete {
		return ""
	}
	return "{}"
}

// othersOpenPages opens every page of operators as a member, and every page of people as
// nobody and with keys.
func (w *world) othersOpenPages() {
	w.t.Helper()
	for _, row := range w.pages {
		path := fill(w.t, row.Pattern, w.b.id)
		if row.Need != desk.Anyone && !row.Bare {
			for _, header := range [][]string{{}, {"X-Api-Key", w.b.key}, {"Authorization", "Bearer " + w.op}, {"Cookie", "skytower_session=" + w.b.key}, pretences()} {
				r := w.nobody.again().posts(row.Method, path, nil, "", header...)
				to := r.header.Get("Location")
				if row.Method == http.MethodGet && (r.status != http.StatusSeeOther || !strings.HasPrefix(to, "/signin?next=")) || row.Method != http.MethodGet && r.status != http.StatusForbidden {
					w.t.Errorf("%s %s with %v: %d %s", row.Method, path, header, r.status, to)
				}
			}
		}
		if row.Need != desk.Operator {
			continue
		}
		for _, g := range []*guest{w.owner, w.developer, w.billing, w.viewer, w.alpha} {
			r := g.posts(row.Method, path, forms(w.b.id), g.token())
			if r.status != http.StatusForbidden || w.a.leak(r.body) != "" {
				w.t.Errorf("%s %s by a member: %d", row.Method, path, r.status)
			}
		}
	}
}

// auditorsChangeNothing tries every act of operators as an auditor, by key and by session.
func (w *world) auditorsChangeNothing() {
	w.t.Helper()
	for _, row := range w.routes {
		if row.Operator == nil {
			continue
		}
		path := fill(w.t, row.Pattern, w.a.id)
		r := w.do(w.request(row.Method, path, bodyOf(row.Method), "Authorization", "Bearer "+w.auditorKey))
		switch {
		case row.Method == http.MethodGet && r.status != http.StatusOK:
			w.t.Errorf("an auditor can't read %s: %d %.200s", path, r.status, r.body)
		case row.Method != http.MethodGet && !row.Poll && (r.status != http.StatusForbidden || errorID(r.body) != "FORBIDDEN"):
			w.t.Errorf("%s %s by an auditor: %d %.200s", row.Method, path, r.status, r.body)
		}
	}
	w.refusesWrites("an auditor", w.auditor, func(row desk.Row) bool { return row.Need == desk.Operator && !row.Looks })
}

// refusesWrites sends every form that changes something.
func (w *world) refusesWrites(who string, g *guest, rows func(desk.Row) bool) {
	w.t.Helper()
	tried := 0
	for _, row := range w.pages {
		if row.Method == http.MethodGet || !rows(row) {
			continue
		}
		tried++
		path := fill(w.t, row.Pattern, w.a.id)
		if r := g.posts(row.Method, path, forms(w.a.id), g.token()); r.status != http.StatusForbidden {
			w.t.Errorf("%s %s by %s: %d %s", row.Method, path, who, r.status, r.header.Get("Location"))
		}
	}
	if tried == 0 {
		w.t.Errorf("nothing was tried as %s", who)
	}
}

// viewersChangeNothing is about viewers of an account, and about operators who look at one.
func (w *world) viewersChangeNothing() {
	w.t.Helper()
	looking := w.operator.again()
	if r := looking.post("/session/view", url.Values{"account": {w.a.ids["account"]}}); r.status != http.StatusSeeOther {
		w.t.Fatalf("the operator can't look: %d %s", r.status, r.body)
	}
	if r := looking.get("/keys"); r.status != http.StatusOK || !strings.Contains(r.body, w.a.ids["key"]) || !strings.Contains(r.body, "You are looking at") {
		w.t.Errorf("the operator sees: %d %.2000s", r.status, r.body)
	}
	for who, g := range map[string]*guest{"a viewer": w.viewer, "somebody who looks": looking} {
		w.refusesWrites(who, g, func(row desk.Row) bool {
			return row.Need == desk.Member && !row.Looks || row.Need == desk.Operator && !row.Looks
		})
		key := g.hiddenKey()
		for _, row := range w.routes {
			if row.Key == nil || row.Method == http.MethodGet {
				continue
			}
			path := fill(w.t, row.Pattern, w.a.id)
			if r := w.do(w.request(row.Method, path, bodyOf(row.Method), "X-Api-Key", key)); r.status != http.StatusForbidden || errorID(r.body) != "FORBIDDEN" {
				w.t.Errorf("%s %s with the hidden key of %s: %d %.200s", row.Method, path, who, r.status, r.body)
			}
		}
	}
	for _, g := range []*guest{w.owner, w.viewer} {
		if r := g.post("/session/view", url.Values{"account": {w.a.ids["account"]}}); r.status != http.StatusForbidden {
			w.t.Errorf("a member looks at another account: %d", r.status)
		}
	}
	key := looking.hiddenKey()
	if r := looking.post("/session/view", url.Values{"account": {""}}); r.status != http.StatusSeeOther {
		w.t.Errorf("the view does not end: %d", r.status)
	}
	w.settled()
	if r := w.do(w.request(http.MethodGet, "/v1/models", "", "X-Api-Key", key)); r.status != http.StatusUnauthorized {
		w.t.Errorf("the hidden key outlives the view: %d", r.status)
	}
}
