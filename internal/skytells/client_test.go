package skytells_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/skytells"
)

const operatorKey = "op-0123456789abcdef"

// clientFor returns a client of a server with this handler.
func clientFor(t *testing.T, key string, h http.HandlerFunc) *skytells.Client {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	c, err := skytells.NewClient(skytells.ClientOptions{BaseURL: server.URL + "/", Key: key, UserAgent: "test/1"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdle)
	return c
}

func TestNewClientChecksAddressAndKey(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		url, key string
		insecure bool
		want     string // part of the error; "" for none
	}{
		{"http://127.0.0.1:8080", operatorKey, false, ""},
		{"http://localhost:8080", operatorKey, false, ""},
		{"http://[::1]:8080", operatorKey, false, ""},
		{"http://[::ffff:127.0.0.1]:8080", operatorKey, false, ""},
		{"http://127.255.255.255", operatorKey, false, ""},
		{"http://128.0.0.1", operatorKey, false, "plain http"},
		{"http://126.255.255.255", operatorKey, false, "plain http"},
		{"http://localhost.example.com", operatorKey, false, "plain http"},
		{"http://10.0.0.1", operatorKey, false, "plain http"},
		{"http://10.0.0.1", operatorKey, true, ""},
		{"http://10.0.0.1", "", false, ""},
		{"https://example.com/base/", operatorKey, false, ""},
		{"ftp://example.com", "", false, "http:// or https://"},
		{"127.0.0.1:8080", "", false, "http:// or https://"},
		{"", "", false, "http:// or https://"},
		{"https://user:hunter2@example.com", "", false, "user or password"},
		{"https://example.com?a=b", "", false, "query"},
		{"https://example.com", "op-a\nb", false, "no key has"},
	} {
		_, err := skytells.NewClient(skytells.ClientOptions{BaseURL: c.url, Key: c.key, Insecure: c.insecure})
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: error is %v, want %q", c.url, err, c.want)
		}
		if err != nil && (strings.Contains(err.Error(), "hunter2") || c.key != "" && strings.Contains(err.Error(), c.key)) {
			t.Errorf("%s: the error holds a secret: %v", c.url, err)
		}
	}
}

func TestBaseKeepsAPathButNotTheVersion(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"https://example.com":         "https://example.com",
		"https://example.com/":        "https://example.com",
		"https://example.com/v1":      "https://example.com",
		"https://example.com/sky/v1/": "https://example.com/sky",
	} {
		c, err := skytells.NewClient(skytells.ClientOptions{BaseURL: given})
		if err != nil || c.URL() != want {
			t.Errorf("%s: %v, %v", given, c.URL(), err)
		}
	}
}

// Each method's request, as the server's rows want it.
func TestRequests(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for _, c := range []struct {
		want string // method, path, body
		call func(*skytells.Client) error
	}{
		{"GET /admin/v1/accounts?limit=1000", func(c *skytells.Client) error { _, err := c.Accounts(ctx); return err }},
		{`POST /admin/v1/accounts {"name":"a"}`, func(c *skytells.Client) error {
			_, err := c.CreateAccount(ctx, skytells.AccountRequest{Name: "a"})
			return err
		}},
		{`POST /admin/v1/accounts/x/suspend {"reason":"r"}`, func(c *skytells.Client) error { _, err := c.SuspendAccount(ctx, "x", "r"); return err }},
		{"POST /admin/v1/accounts/x/resume", func(c *skytells.Client) error { _, err := c.ResumeAccount(ctx, "x"); return err }},
		{"GET /admin/v1/keys?account=a&limit=1000", func(c *skytells.Client) error { _, err := c.Keys(ctx, "a"); return err }},
		{`POST /admin/v1/keys {"name":"k"}`, func(c *skytells.Client) error {
			_, err := c.CreateKey(ctx, skytells.KeyRequest{Name: "k"})
			return err
		}},
		{"POST /admin/v1/keys/a%2Fb%3F/revoke", func(c *skytells.Client) error { _, err := c.RevokeKey(ctx, "a/b?"); return err }},
		{`POST /admin/v1/apply {"source":"f","dry_run":true,"resources":{}}`, func(c *skytells.Client) error {
			_, err := c.Apply(ctx, skytells.ApplyRequest{Source: "f", DryRun: true})
			return err
		}},
		{"GET /admin/v1/providers", func(c *skytells.Client) error { _, err := c.Providers(ctx); return err }},
		{`PUT /admin/v1/providers/p {"name":"p","kind":"openai"}`, func(c *skytells.Client) error {
			_, err := c.PutProvider(ctx, skytells.ProviderSpec{Name: "p", Kind: "openai"})
			return err
		}},
		{"DELETE /admin/v1/providers/p", func(c *skytells.Client) error { return c.DeleteProvider(ctx, "p") }},
		{`POST /admin/v1/providers/p/import {"free":true}`, func(c *skytells.Client) error {
			_, err := c.ImportModels(ctx, "p", skytells.ImportRequest{Free: true})
			return err
		}},
		{"GET /admin/v1/models", func(c *skytells.Client) error { _, err := c.ModelSpecs(ctx); return err }},
		{`PUT /admin/v1/models/v%2Fm {"slug":"v/m","open":false}`, func(c *skytells.Client) error {
			_, err := c.PutModel(ctx, skytells.ModelSpec{Slug: "v/m"})
			return err
		}},
		{"DELETE /admin/v1/models/v%2Fm", func(c *skytells.Client) error { return c.DeleteModel(ctx, "v/m") }},
		{"GET /admin/v1/settings", func(c *skytells.Client) error { _, err := c.Settings(ctx); return err }},
		{`PUT /admin/v1/settings {"default_chat":"m","default_embeddings":""}`, func(c *skytells.Client) error {
			_, err := c.PutSettings(ctx, skytells.Settings{DefaultChat: "m"})
			return err
		}},
	} {
		var got string
		client := clientFor(t, operatorKey, func(w http.ResponseWriter, r *http.Request) {
			var body json.RawMessage
			_ = json.NewDecoder(r.Body).Decode(&body)
			got = strings.TrimSpace(fmt.Sprintf("%s %s %s", r.Method, r.RequestURI, body))
			if r.Header.Get("Authorization") != "Bearer "+operatorKey || r.Header.Get("X-Api-Key") != "" || r.Header.Get("User-Agent") != "test/1" {
				t.Errorf("%s: headers %v", got, r.Header)
			}
			if body != nil && r.Header.Get("Content-Type") != "application/json" {
				t.Errorf("%s: no content type", got)
			}
			fmt.Fprint(w, `{}`)
		})
		if err := c.call(client); err != nil {
			t.Errorf("%s: %v", c.want, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("request (-want +got):\n%s", diff)
		}
	}
}

func TestModelsGoWithTheAPIKey(t *testing.T) {
	t.Parallel()
	var got []string
	client := clientFor(t, "sk-abc", func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.RequestURI+" "+r.Header.Get("X-Api-Key")+r.Header.Get("Authorization"))
		if strings.Contains(r.URL.Path, "acme") {
			fmt.Fprint(w, `{"namespace":"acme/one","metadata":{"openai_compatible":true}}`)
			return
		}
		fmt.Fprint(w, `[{"namespace":"one"},{"namespace":"two"}]`)
	})
	models, err := client.Models(context.Background())
	if err != nil || len(models) != 2 || models[1].Namespace != "two" {
		t.Errorf("models: %v, %v", models, err)
	}
	model, err := client.Model(context.Background(), "acme/one", "input_schema", "output_schema")
	if err != nil || model.Namespace != "acme/one" || !model.Metadata.OpenAICompatible {
		t.Errorf("model: %v, %v", model, err)
	}
	want := []string{"/v1/models sk-abc", "/v1/models/acme%2Fone?fields=input_schema%2Coutput_schema sk-abc"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

func TestListsAreReadToTheirEnd(t *testing.T) {
	t.Parallel()
	const total = 2500
	client := clientFor(t, operatorKey, func(w http.ResponseWriter, r *http.Request) {
		first, _ := strconv.Atoi(r.URL.Query().Get("after"))
		limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
		page := skytells.List[skytells.Key]{Data: []skytells.Key{}}
		for i := first + 1; i <= min(first+limit, total); i++ {
			page.Data = append(page.Data, skytells.Key{ID: strconv.Itoa(i)})
		}
		_ = json.NewEncoder(w).Encode(page)
	})
	keys, err := client.Keys(context.Background(), "")
	if err != nil || len(keys) != total {
		t.Fatalf("%d keys, %v", len(keys), err)
	}
	for i, k := range keys {
		if k.ID != strconv.Itoa(i+1) {
			t.Fatalf("key %d is %s", i, k.ID)
		}
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		want   string
	}{
		"REST envelope": {404, `{"status":false,"response":"Short.","error":{"http_status":404,"message":"No such key.","details":"Look again.","error_id":"INVALID_PARAMETER","request_id":"req_1"}}`,
			"No such key. Look again. [INVALID_PARAMETER] (request req_1)"},
		"details that repeat": {400, `{"status":false,"error":{"message":"Bad.","details":"Bad.","error_id":"INVALID_REQUEST"}}`,
			"Bad. [INVALID_REQUEST] (request req_header)"},
		"inference envelope": {429, `{"error":{"message":"Slow down.","type":"rate_limit","error_id":"RATE_LIMITED","request_id":"req_2","details":{"category":"request"}}}`,
			"Slow down. [RATE_LIMITED] (request req_2)"},
		"only a response": {500, `{"status":false,"response":"Broken."}`, "Broken. (request req_header)"},
		"a proxy's page":  {502, `<html>Bad Gateway</html>`, "the answer is 502 Bad Gateway, and not from a Skytower server (request req_header)"},
		"nothing":         {503, ``, "the answer is 503 Service Unavailable, and not from a Skytower server (request req_header)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := clientFor(t, operatorKey, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-Request-Id", "req_header")
				w.WriteHeader(c.status)
				fmt.Fprint(w, c.body)
			})
			_, err := client.Settings(context.Background())
			var no *skytells.APIError
			if !errors.As(err, &no) || no.Status != c.status {
				t.Fatalf("error is %#v", err)
			}
			if diff := cmp.Diff(c.want, err.Error()); diff != "" {
				t.Errorf("text (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnAnswerThatIsNotJSON(t *testing.T) {
	t.Parallel()
	client := clientFor(t, operatorKey, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") })
	_, err := client.Settings(context.Background())
	if err == nil || !strings.Contains(err.Error(), "not what a Skytower server sends") {
		t.Errorf("error is %v", err)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	var met atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { met.Add(1) }))
	t.Cleanup(elsewhere.Close)
	for _, status := range []int{301, 302, 307, 308} {
		client := clientFor(t, operatorKey, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, status)
		})
		_, err := client.CreateKey(context.Background(), skytells.KeyRequest{})
		if err == nil || !strings.Contains(err.Error(), "not followed") {
			t.Errorf("%d: error is %v", status, err)
		}
	}
	if met.Load() != 0 {
		t.Error("the redirect was followed")
	}
}

func TestNoServer(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	client, err := skytells.NewClient(skytells.ClientOptions{BaseURL: server.URL, Key: operatorKey})
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Settings(context.Background())
	var unreachable *skytells.UnreachableError
	if !errors.As(err, &unreachable) || unreachable.URL != server.URL {
		t.Errorf("error is %v", err)
	}
	if strings.Contains(err.Error(), operatorKey) {
		t.Error("the error holds the key")
	}
}

func TestAnAnswerCutShortIsUnreachable(t *testing.T) {
	t.Parallel()
	client := clientFor(t, operatorKey, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		fmt.Fprint(w, "{")
	})
	_, err := client.Settings(context.Background())
	var unreachable *skytells.UnreachableError
	if !errors.As(err, &unreachable) {
		t.Errorf("error is %v", err)
	}
}

func TestACancelledCallSaysSo(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	client := clientFor(t, operatorKey, func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	if _, err := client.Settings(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}
