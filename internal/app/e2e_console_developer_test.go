package app_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"skytower/internal/skytells"
)

// shows fails unless the page is there and says all of this.
func shows(t *testing.T, what string, r reply, words ...string) {
	t.Helper()
	if r.status != http.StatusOK {
		t.Errorf("%s: %d %s", what, r.status, plainText(r.body))
		return
	}
	text := plainText(r.body)
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("%s does not say %q: %s", what, w, text)
		}
	}
}

// A key is shown once, works, is changed, replaced and revoked.
func TestConsoleKeys(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	v := s.owner()
	shows(t, "home", v.get("/"), "Your first call", "is free", "Balance")
	v.get("/keys/new")
	shows(t, "a key without scopes", v.post("/keys", "name", "none"), "Choose at least one")
	shows(t, "a wrong budget", v.post("/keys", "name", "web", "scope", "inference", "budget", "lots"), "must be dollars")
	made := v.post("/keys", "name", `<script>alert("k")</script>`, "scope", "inference", "scope", "models:read", "budget", "$1.50")
	shows(t, "the new key", made, "shown this once", "curl "+s.base)
	key := regexp.MustCompile(`sk-[0-9A-Za-z]{20,}`).FindString(made.body)
	if r := s.do(s.request("GET", "/v1/models", "", "X-Api-Key", key)); r.status != http.StatusOK {
		t.Fatalf("the key that was shown is no key: %d", r.status)
	}
	list := v.get("/keys")
	shows(t, "the list", list, `<script>alert("k")</script>`, "$1.50")
	if strings.Contains(list.body, key) || strings.Contains(list.body, "<script>alert") {
		t.Error("the list holds the key, or a name as a script")
	}
	path := regexp.MustCompile(`href="(/keys/key_[^"]+)">&lt;script`).FindStringSubmatch(list.body)
	if path == nil {
		t.Fatal("the list does not lead to the key")
	}
	v.get(path[1])
	shows(t, "the change", v.post(path[1], "name", "site", "budget", "", "models", "skytower-docs"), "The key is changed", "site")
	shows(t, "a replacement", v.post(path[1]+"/rotate", "overlap", "24h"), "works for a day more", "sk-")
	shows(t, "the end", v.post(path[1]+"/revoke"), "is revoked")
	shows(t, "no key", reply{http.StatusOK, nil, v.get("/keys/key_nobody").body}, "There is no such key")
}

// What callers wrote and what upstreams answered is text on every page.
func TestConsoleShowsWhatWasCalled(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	v := s.owner()
	for range 3 {
		s.call("POST", "/v1/chat/completions", `{"model":"skytower-docs","messages":[{"role":"user","content":"How do I add a model?"}]}`)
	}
	failed := s.call("POST", "/v1/predictions", `{"model":"skytower-upscale-2x","await":true,"input":{"image":"https://127.0.0.1/<script>alert(1)</script>"}}`)
	var p skytells.Prediction
	decode(t, failed.body, &p)
	done := s.call("POST", "/v1/predictions", `{"model":"skytower-upscale-2x","await":true,"input":{"image":"`+pixel+`"}}`)
	var q skytells.Prediction
	decode(t, done.body, &q)
	page := v.get("/predictions/" + p.ID)
	shows(t, "a failed prediction", page, "failed", "What to do:", "Created", "script")
	if strings.Contains(page.body, "<script>alert") {
		t.Error("an input runs")
	}
	picture := v.get("/predictions/" + q.ID)
	shows(t, "a picture", picture, "succeeded", "Download")
	if !strings.Contains(picture.body, `<img src="`+s.base+`/files/`) {
		t.Error("the picture is not shown")
	}
	shows(t, "the list", v.get("/predictions?status=failed"), "failed", "skytower-upscale-2x")
	shows(t, "page 201", v.get("/predictions?from=yesterday"), "must be")
	shows(t, "the model", v.get("/models/skytower-upscale-2x?code=go"), "package main", "Input", "required", "Free")
	shows(t, "no model", reply{http.StatusOK, nil, v.get("/models/none").body}, "Nothing here")
	for _, path := range []string{"/models?q=docs", "/requests", "/requests?status=4xx", "/usage", "/usage?by=model&show=tokens&days=7", "/usage?by=key", "/usage?days=own&from=2026-13-01",
		"/billing", "/billing/charges", "/billing/cancelled", "/limits", "/settings", "/members", "/usage.csv?by=model"} {
		if r := v.get(path); r.status != http.StatusOK {
			t.Errorf("%s: %d %s", path, r.status, plainText(r.body))
		}
	}
	shows(t, "deletion", func() reply { v.get("/predictions/" + q.ID); return v.post("/predictions/" + q.ID + "/delete") }(), "are deleted")
}

// pixel is a picture of one.
const pixel = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

// The account's own choices, its people, and its end.
func TestConsoleSettings(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	v := s.owner()
	v.get("/settings")
	shows(t, "settings", v.post("/settings", "name", "Lighthouse", "retention", "48h", "concurrency", ""), "The settings are kept", "Lighthouse")
	shows(t, "a wrong retention", v.post("/settings", "name", "Lighthouse", "retention", "soon"), "must be a duration")
	shows(t, "an order", v.post("/settings/order", "order", "deposited sponsored payg"), "in this order from now on")
	shows(t, "billing", v.get("/billing"), "Paid-in credit, then given credit, then pay as you go")
	shows(t, "no such order", v.post("/settings/order", "order", "gold"), "The order must name each")
	secret := v.post("/settings/webhook-secret")
	shows(t, "a secret", secret, "shown this once", "whsec_")
	if strings.Contains(v.get("/settings").body, "whsec_") {
		t.Error("the secret is shown again")
	}
	v.get("/members")
	invited := v.post("/members", "name", "Grace", "email", "grace@example.com", "role", "viewer")
	shows(t, "an invitation", invited, "shown this once", s.base+"/invite/")
	link := regexp.MustCompile(`/invite/[A-Za-z0-9_-]+`).FindString(invited.body)
	guest := s.visitor()
	guest.get(link)
	guest.post(link, "name", "Grace", "password", "another long secret")
	shows(t, "a viewer's home", guest.get("/"), "Lighthouse", "Requests today")
	if r := guest.get("/keys/new"); !strings.Contains(r.body, "makes no keys") {
		t.Errorf("a viewer is offered a key: %s", plainText(r.body))
	}
	shows(t, "a viewer's billing", guest.get("/billing"), "billing:read")
	for _, path := range []string{"/keys", "/settings", "/settings/order", "/settings/webhook-secret", "/settings/close", "/members", "/billing/topup"} {
		guest.get("/")
		if r := guest.post(path, "name", "Lighthouse", "scope", "inference", "email", "x@example.com", "role", "owner", "order", "payg deposited sponsored"); r.status == http.StatusOK &&
			!strings.Contains(r.body, `role="alert"`) {
			t.Errorf("a viewer may POST %s: %s", path, plainText(r.body))
		}
	}
	v.get("/settings")
	shows(t, "a wrong name", v.post("/settings/close", "name", "Another"), "Nothing was deleted")
	v.post("/settings/close", "name", "Lighthouse")
	if r := s.do(s.request("GET", "/v1/models", "", "X-Api-Key", s.key)); r.status == http.StatusOK {
		t.Error("a deleted account's key still works")
	}
}
