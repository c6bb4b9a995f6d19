package app_test

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"skytower/internal/provider/providertest"
	"skytower/internal/skytells"
)

// leaver is a caller who hangs up.
type leaver struct {
	kind       string // of the provider; "": openai
	path, body string
	// until is what he reads before he leaves; "" leaves before anything came.
	until string
	// answer is the upstream's; left opens when the caller has gone.
	answer func(x *providertest.Exchange, left <-chan struct{})
	// in and out are charged; counted says that nobody reported them.
	in, out int64
	counted bool
	// late calls are waited for by the server, which may or may not have noticed that the
	// caller left when the answer comes.
	late bool

	gates gates
}

// gates tell where a call is: at the upstream, without its caller, over.
type gates struct{ entered, left, ended chan struct{} }

// Contract 12: who hangs up pays what was generated, reported or else counted, and nothing
// where nothing came.
func TestCallersWhoHangUpPayWhatWasGenerated(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	streamed := strings.Replace(chatBody, "{", `{"stream":true,`, 1)
	message := `{"model":"` + chatModel + `","max_tokens":50,"messages":[{"role":"user","content":"hi"}]}`
	streamedMessage := strings.Replace(message, "{", `{"stream":true,`, 1)
	silent := func(x *providertest.Exchange, _ <-chan struct{}) { x.Left() }
	says := func(pieces ...string) func(*providertest.Exchange, <-chan struct{}) {
		return func(x *providertest.Exchange, _ <-chan struct{}) {
			x.Head(200, "Content-Type", "text/event-stream")
			x.Say(strings.Join(pieces, ""))
			x.Left()
		}
	}
	later := func(script providertest.Script) func(*providertest.Exchange, <-chan struct{}) {
		return func(x *providertest.Exchange, left <-chan struct{}) {
			if x.Wait(left) {
				script(x)
			}
		}
	}
	opening := strings.Replace(piece(""), `"content"`, `"role":"assistant","content"`, 1)
	count := func(body string) int64 { return int64(len(body) / 4) }
	cases := map[string]*leaver{
		"plain":             {path: chatPath, body: chatBody, answer: later(jsonScript(chatAnswer)), in: 11, out: 4, late: true},
		"plain-failed":      {path: chatPath, body: chatBody, answer: later(providertest.JSON(500, `{}`)), late: true},
		"embeddings":        {path: embedPath, body: embedBody, answer: later(jsonScript(embedAnswer)), in: 2, late: true},
		"before-the-head":   {path: chatPath, body: streamed, answer: silent},
		"before-the-output": {path: chatPath, body: streamed, until: `"role":"assistant"`, answer: says(opening)},
		"midway":            {path: chatPath, body: streamed, until: "12345678", answer: says(opening, piece("12345678")), out: 2, counted: true},
		"at-the-last-event": {path: chatPath, body: streamed, until: `"finish_reason":"stop"`, answer: says(piece("12345678"), lastPiece, usagePiece), in: 11, out: 4},
		"midway-translated": {path: respPath, body: strings.Replace(respBody, "{", `{"stream":true,`, 1), until: "12345678", answer: says(opening, piece("12345678")), out: 2, counted: true},

		"message":               {path: messagesPath, body: message, answer: later(jsonScript(chatAnswer)), in: 11, out: 4, late: true},
		"message-native":        {kind: "anthropic", path: messagesPath, body: message, answer: later(jsonScript(soundMessage().Whole)), in: 11, out: 4, late: true},
		"message-silent":        {kind: "anthropic", path: messagesPath, body: streamedMessage, answer: silent},
		"message-midway":        {path: messagesPath, body: streamedMessage, until: "12345678", answer: says(opening, piece("12345678")), out: 2, counted: true},
		"message-midway-native": {kind: "anthropic", path: messagesPath, body: streamedMessage, until: "12345678", answer: says(soundMessage().Events[:3]...), out: 2, counted: true},
	}
	s.serveLeavers(cases)
	s.grant("1")
	expected := 0
	for name, c := range cases {
		c.body = strings.NewReplacer(chatModel, name, embedModel, name).Replace(c.body)
		if c.counted {
			c.in = count(c.body)
		}
		if c.in > 0 {
			expected++
		}
		s.leave(c)
	}
	var page skytells.List[skytells.ChargeLine]
	for end := time.Now().Add(patience); len(page.Data) < expected && time.Now().Before(end); {
		page = skytells.List[skytells.ChargeLine]{}
		decode(t, s.call(http.MethodGet, "/v1/charges", "").body, &page)
	}
	for _, line := range page.Data {
		c := cases[line.Model]
		if want := faultNanos(c.in*nanosIn + c.out*nanosOut); string(line.Amount) != want || line.Counted != c.counted || line.Outcome != "hang_up" && !(c.late && line.Outcome == "ok") {
			t.Errorf("%s: charged %+v, want %s", line.Model, line, want)
		}
		c.in = 0
	}
	for name, c := range cases {
		if c.in > 0 {
			t.Errorf("%s: nothing was charged", name)
		}
	}
	if len(page.Data) != expected {
		t.Errorf("%d charges, want %d", len(page.Data), expected)
	}
	s.clean()
	for _, row := range s.rows("select model, outcome from request_log where model <> ''") {
		if c := cases[row[0]]; c == nil || row[1] != "hang_up" && !c.late {
			t.Errorf("the record says %q", row)
		}
	}
	if live := s.rows("select id from lease where state = 'live'"); len(live) > 0 {
		t.Errorf("leases that were not given back: %v", live)
	}
}

// serveLeavers makes a model and an upstream for each.
func (s *server) serveLeavers(cases map[string]*leaver) {
	s.t.Helper()
	res := skytells.Resources{}
	for name, c := range cases {
		up := providertest.NewUpstream(s.t, providertest.HTTP1)
		model := skytells.ModelSpec{
			Slug: name, Type: "text", API: "chat", Pricing: &skytells.PricingSpec{Unit: "million_token", Input: inputPrice, Output: outputPrice},
			Targets: []skytells.TargetSpec{{Provider: name, Model: upChat}},
		}
		route := chatPath
		if c.path == embedPath {
			model.API, model.Pricing.Output, route = "embeddings", "", embedPath
		}
		kind := cmp.Or(c.kind, "openai")
		if kind == "anthropic" {
			route = c.path
		}
		answer := c.answer
		entered, left, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
		up.On(route, func(x *providertest.Exchange) {
			close(entered)
			answer(x, left)
			close(ended)
		})
		c.answer = nil
		c.gates = gates{entered, left, ended}
		res.Providers = append(res.Providers, skytells.ProviderSpec{Name: name, Kind: kind, BaseURL: up.URL.JoinPath("v1").String(), Responses: "chat"})
		res.Models = append(res.Models, model)
	}
	if _, err := s.admin().Apply(s.t.Context(), skytells.ApplyRequest{Source: "test", Resources: res}); err != nil {
		s.t.Fatal(err)
	}
}

// leave asks, reads as far as the case says, hangs up, and waits for the end of the
// upstream's call.
func (s *server) leave(c *leaver) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.t.Context())
	defer cancel()
	read, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		res, err := s.client.Do(s.request(http.MethodPost, c.path, c.body, "X-Api-Key", s.key).WithContext(ctx))
		if err != nil {
			return
		}
		defer res.Body.Close() //nolint:errcheck // left early
		var text []byte
		room := make([]byte, 4096)
		for n := 0; err == nil; n, err = res.Body.Read(room) {
			if text = append(text, room[:n]...); c.until != "" && strings.Contains(string(text), c.until) {
				break
			}
		}
		close(read)
		_, _ = io.Copy(io.Discard, res.Body) // until the caller leaves
	}()
	await(s.t, c.path+": the upstream is asked", c.gates.entered)
	if c.until != "" {
		await(s.t, c.until+" is read", read)
	}
	cancel()
	await(s.t, "the caller has left", gone)
	close(c.gates.left)
	await(s.t, "the upstream's call ends", c.gates.ended)
}
