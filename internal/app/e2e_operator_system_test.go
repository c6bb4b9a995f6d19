package app_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"skytower/internal/jobs/jobstest"
	"skytower/internal/skytells"
)

// operatorOn runs a test on both engines, with an operator's key and an account's.
func operatorOn(t *testing.T, flags map[string]string, test func(t *testing.T, s *server)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, start(t, options{flags: flags}))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, startPostgres(t, flags))
	})
}

func TestSystem(t *testing.T) {
	t.Parallel()
	operatorOn(t, map[string]string{"egress-allow": "127.0.0.0/8"}, func(t *testing.T, s *server) {
		got, err := s.admin().System(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		d := got.Database
		if got.Version != "test" || got.Role != "all" || got.StartedAt.IsZero() || got.Redis.State != "off" || got.Storage.Kind != "folder" || got.Storage.Place == "" {
			t.Errorf("%+v", got)
		}
		if d.Version == "" || d.Bytes <= 0 || d.Schema != d.Newest || d.Schema < 11 || d.FreeBytes <= 0 {
			t.Errorf("database %+v", d)
		}
		if len(got.Replicas) != 1 || !got.Replicas[0].This || got.Replicas[0].ID != got.Replica {
			t.Errorf("replicas %+v", got.Replicas)
		}
		if len(got.Queues) != 6 || got.Queues[0].Name != "places" || got.Queues[1].Workers != 100 {
			t.Errorf("queues %+v", got.Queues)
		}
		settings := map[string]skytells.SystemSetting{}
		for _, c := range got.Config {
			settings[c.Key] = c
		}
		if c := settings["egress_allow"]; c.Value != "127.0.0.0/8" || c.Origin != "--egress-allow" || c.Default {
			t.Errorf("%+v", c)
		}
		if c := settings["keep_alive"]; c.Value != "15s" || c.Origin != "default" || !c.Default {
			t.Errorf("%+v", c)
		}
		if d.Engine == "postgres" {
			if c := settings["master_key"]; c.Value != "[set]" || !c.Secret {
				t.Errorf("%+v", c)
			}
		}
	})
}

// Two processes on one database see each other, and one that stops is gone.
func TestReplicasSeeEachOther(t *testing.T) {
	t.Parallel()
	url := jobstest.Postgres(t)
	one := startPostgresAt(t, url, nil)
	two := startPostgresAt(t, url, nil)
	two.op = one.op
	got, err := two.admin().System(t.Context())
	if err != nil || len(got.Replicas) != 2 || !got.Replicas[0].This || got.Replicas[1].This || got.Replicas[0].Config != got.Replicas[1].Config {
		t.Fatalf("%+v, %v", got.Replicas, err)
	}
	one.stop()
	if got, err = two.admin().System(t.Context()); err != nil || len(got.Replicas) != 1 {
		t.Errorf("%+v, %v", got.Replicas, err)
	}
}

// River's pages: on both engines everything that they read, nothing that writes, and
// nothing from elsewhere.
func TestQueuePages(t *testing.T) {
	t.Parallel()
	operatorOn(t, nil, func(t *testing.T, s *server) {
		pages, err := s.app.QueuePages("/operator/queues/")
		if err != nil {
			t.Fatal(err)
		}
		get := func(method, path string, accept string) *httptest.ResponseRecorder {
			r := httptest.NewRequest(method, path, nil)
			r.Header.Set("Accept", accept)
			w := httptest.NewRecorder()
			pages.ServeHTTP(w, r)
			return w
		}
		index := get(http.MethodGet, "/operator/queues/", "text/html")
		body := index.Body.String()
		policy := index.Header().Get("Content-Security-Policy")
		if index.Code != 200 || !strings.Contains(body, `src="/operator/queues/assets/`) || strings.Contains(body, "http://localhost") || !strings.Contains(body, `id="_goober"`) {
			t.Errorf("%d %s", index.Code, body)
		}
		if !strings.HasPrefix(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") || !strings.Contains(policy, "'sha256-") {
			t.Errorf("policy %q", policy)
		}
		for _, path := range []string{"/api/states", "/api/queues", "/api/queues?limit=5", "/api/jobs?state=available", "/api/jobs?state=completed", "/api/features", "/api/health-checks/complete"} {
			if w := get(http.MethodGet, "/operator/queues"+path, "application/json"); w.Code != 200 {
				t.Errorf("%s: %d %s", path, w.Code, w.Body)
			}
		}
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
			if w := get(method, "/operator/queues/api/jobs/cancel", "*/*"); w.Code != 405 || w.Header().Get("Allow") != "GET, HEAD" || !strings.Contains(w.Body.String(), "only show") {
				t.Errorf("%s: %d %s", method, w.Code, w.Body)
			}
		}
	})
}
