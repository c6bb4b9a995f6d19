// Package skytellstest reads replies as the strictest known client does, for tests: a
// closed decoder written from contract 1.9 to 1.15, 6.2 and 9.1, not from the server's
// own types, so that it notices what those would let pass.
//
// It knows the wire and nothing of the server. Its one rule: a reply that it accepts
// can be decoded by every client of contract 14.
package skytellstest

import (
	"encoding/json"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"skytower/internal/skytells"
)

// Words is the vocabulary of the route that created a prediction (contract 15.1).
type Words string

// The two vocabularies: the SDKs' closed one, and the one of /v1/predictions.
const (
	SDK Words = skytells.StatusCancelled
	CLI Words = skytells.StatusCanceled
)

// Prediction fails the test unless body is one prediction that every client reads.
func Prediction(t testing.TB, body []byte, words Words) skytells.Prediction {
	t.Helper()
	for _, problem := range CheckPrediction(body, words) {
		t.Errorf("strict decoder: %s\nin %s", problem, body)
	}
	return decode[skytells.Prediction](t, body)
}

// List fails the test unless body is a list of predictions (contract 6.5). Their
// creating routes may differ.
func List(t testing.TB, body []byte) skytells.PredictionList {
	t.Helper()
	var list struct {
		Data       *[]json.RawMessage
		Pagination map[string]json.RawMessage
	}
	if err := json.Unmarshal(body, &list); err != nil || list.Data == nil {
		t.Fatalf("strict decoder: no list: %v in %s", err, body)
	}
	for _, item := range *list.Data {
		words := SDK
		if strings.Contains(string(item), `"status":"canceled"`) {
			words = CLI
		}
		for _, problem := range CheckPrediction(item, words) {
			t.Errorf("strict decoder: %s\nin %s", problem, item)
		}
	}
	for _, name := range []string{"current_page", "per_page", "total", "last_page"} {
		var n int64
		if err := json.Unmarshal(list.Pagination[name], &n); err != nil {
			t.Errorf("strict decoder: pagination.%s: %v", name, err)
		}
	}
	return decode[skytells.PredictionList](t, body)
}

// Error fails the test unless body is the REST envelope (contract 9.1).
func Error(t testing.TB, body []byte) skytells.ErrorEnvelope {
	t.Helper()
	o := object{name: "error envelope", fields: fields(body)}
	if string(o.fields["status"]) != "false" {
		o.problem("status is %s, not false", o.fields["status"])
	}
	o.text("response")
	inner := o.inner("error")
	for _, name := range []string{"message", "details", "error_id"} {
		inner.text(name)
	}
	var status int
	if json.Unmarshal(inner.fields["http_status"], &status) != nil || status < 400 {
		inner.problem("http_status is %s", inner.fields["http_status"])
	}
	for _, problem := range append(o.problems, inner.problems...) {
		t.Errorf("strict decoder: %s\nin %s", problem, body)
	}
	return decode[skytells.ErrorEnvelope](t, body)
}

func decode[T any](t testing.TB, body []byte) (v T) {
	t.Helper()
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatalf("decode: %v in %s", err, body)
	}
	return v
}

// CheckPrediction says what a closed decoder would stumble over.
func CheckPrediction(body []byte, words Words) []string {
	o := &object{name: "prediction", fields: fields(body)}
	if o.fields == nil {
		return []string{"it is no object"}
	}
	for _, name := range []string{"id", "privacy"} {
		o.text(name)
	}
	o.word("status", "pending", "starting", "started", "processing", "succeeded", "failed", string(words))
	o.word("type", "inference", "training")
	o.word("source", "api", "cli", "web")
	o.boolean("stream")
	o.times()
	o.kind("input", "{", "n")
	o.output()
	o.failure()
	o.parts()
	return o.problems
}

// object is a JSON object whose fields are checked one by one.
type object struct {
	name     string
	fields   map[string]json.RawMessage
	problems []string
}

func fields(body []byte) (f map[string]json.RawMessage) {
	if json.Unmarshal(body, &f) != nil {
		return nil
	}
	return f
}

func (o *object) problem(format string, args ...any) {
	o.problems = append(o.problems, o.name+": "+fmt.Sprintf(format, args...))
}

// inner is a field that must be an object.
func (o *object) inner(name string) *object {
	in := &object{name: o.name + "." + name, fields: fields(o.fields[name])}
	if in.fields == nil {
		o.problem("%s must be an object, not %q", name, o.fields[name])
	}
	return in
}

// take collects the problems of an inner object.
func (o *object) take(in *object) { o.problems = append(o.problems, in.problems...) }

// text is a field that must be a string and not empty.
func (o *object) text(name string) string {
	var s *string
	if json.Unmarshal(o.fields[name], &s) != nil || s == nil || *s == "" {
		o.problem("%s must be a text, not %q", name, o.fields[name])
		return ""
	}
	return *s
}

func (o *object) word(name string, allowed ...string) {
	if word := o.text(name); word != "" && !slices.Contains(allowed, word) {
		o.problem("%s is %q, which a closed enum does not know", name, word)
	}
}

func (o *object) boolean(name string) bool {
	var b *bool
	if json.Unmarshal(o.fields[name], &b) != nil || b == nil {
		o.problem("%s must be true or false, not %q", name, o.fields[name])
		return false
	}
	return *b
}

func (o *object) number(name string, required bool) {
	raw, ok := o.fields[name]
	var n *float64
	if ok && (json.Unmarshal(raw, &n) != nil || n == nil) || required && !ok {
		o.problem("%s must be a number, not %q", name, raw)
	}
}

// kind is a field that is always there and begins in one of these ways.
func (o *object) kind(name string, beginnings ...string) {
	raw := string(o.fields[name])
	if !slices.ContainsFunc(beginnings, func(b string) bool { return strings.HasPrefix(raw, b) }) {
		o.problem("%s is %q", name, raw)
	}
}

// address is an absolute address.
func (o *object) address(name string) *url.URL {
	u, err := url.Parse(o.text(name))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		o.problem("%s is not an absolute address: %s", name, o.fields[name])
		return &url.URL{}
	}
	return u
}

// status without the spelling.
func (o *object) status() string {
	return strings.Replace(o.text("status"), skytells.StatusCanceled, skytells.StatusCancelled, 1)
}

func (o *object) times() {
	for _, name := range []string{"created_at", "updated_at"} {
		o.time(name)
	}
	for _, name := range []string{"started_at", "completed_at"} {
		if o.kind(name, `"`, "null"); string(o.fields[name]) != "null" {
			o.time(name)
		}
	}
	if ended := string(o.fields["completed_at"]) != "null"; ended != skytells.Terminal(o.status()) {
		o.problem("completed_at is %s while the status is %s", o.fields["completed_at"], o.fields["status"])
	}
}

func (o *object) time(name string) {
	const form = "2006-01-02T15:04:05.000000Z"
	if _, err := time.Parse(form, o.text(name)); err != nil {
		o.problem("%s: %v", name, err)
	}
}

// output is null, a text, or texts.
func (o *object) output() {
	var text *string
	var texts []string
	raw, ok := o.fields["output"]
	if !ok || json.Unmarshal(raw, &text) != nil && json.Unmarshal(raw, &texts) != nil {
		o.problem("output must be null, a text or texts, not %q", raw)
	}
}

// failure: all that clients read about a failure stands there, and only then.
func (o *object) failure() {
	failed := o.status() == skytells.StatusFailed
	for _, name := range []string{"error", "response"} {
		if o.kind(name, `"`, "null"); (string(o.fields[name]) != "null") != failed {
			o.problem("%s is %s while the status is %s", name, o.fields[name], o.fields["status"])
		}
	}
	for _, name := range []string{"error_id", "error_message"} {
		if _, ok := o.fields[name]; ok != failed {
			o.problem("%s: present %v while the status is %s", name, ok, o.fields["status"])
		}
	}
}

// parts are the inner objects.
func (o *object) parts() {
	model := o.inner("model")
	model.text("name")
	model.word("type", "image", "video", "audio", "music", "text")
	webhook := o.inner("webhook")
	webhook.kind("events", "[")
	if webhook.kind("url", `"`, "null"); string(webhook.fields["url"]) != "null" {
		webhook.address("url")
	}
	metrics := o.inner("metrics")
	for _, name := range []string{"image_count", "predict_time", "total_time", "asset_count", "progress"} {
		metrics.number(name, false)
	}
	urls := o.inner("urls")
	for _, name := range []string{"get", "cancel", "stream", "delete"} {
		if u := urls.address(name); !strings.HasPrefix(u.Path, "/v1/predictions/") {
			urls.problem("%s leads to %s", name, u.Path)
		}
	}
	metadata := o.inner("metadata")
	o.storage(metadata)
	for _, in := range []*object{model, webhook, metrics, urls, metadata} {
		o.take(in)
	}
}

func (o *object) storage(metadata *object) {
	billing := metadata.inner("billing")
	billing.number("credits_used", true)
	storage := metadata.inner("storage")
	storage.kind("files", "[")
	o.take(billing)
	o.take(storage)
	if metadata.boolean("data_available") && o.status() != skytells.StatusSucceeded {
		metadata.problem("data_available while the status is %s", o.fields["status"])
	}
	var files []json.RawMessage
	_ = json.Unmarshal(storage.fields["files"], &files)
	saved := map[string]bool{}
	for i, raw := range files {
		file := &object{name: fmt.Sprintf("file %d", i), fields: fields(raw)}
		file.text("name")
		file.text("type")
		var size int64
		if json.Unmarshal(file.fields["size"], &size) != nil {
			file.problem("size must be a whole number, not %s", file.fields["size"])
		}
		name := path.Base(file.address("url").Path)
		if saved[name] {
			file.problem("two links end in %s: a client would save one over the other", name)
		}
		saved[name] = true
		o.take(file)
	}
}
