package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"skytower/internal/skytells"
)

const (
	// inputBytesPerToken is how the server estimates tokens that no model has counted yet.
	inputBytesPerToken = 3
	maxExplained       = 1_000_000 // tokens of a made-up request
	maxRequestFile     = 3 << 20   // what the server takes, with room for the rest
)

type routerExplain struct {
	Model      string `arg:"" optional:"" help:"The router, or any model; may be left out with --request."`
	Tools      bool   `help:"The request brings tools."`
	Images     bool   `help:"It holds a picture."`
	JSONSchema bool   `name:"json-schema" help:"It asks for an answer by a JSON schema."`
	Input      int    `name:"input-tokens" placeholder:"N" help:"About how many input tokens it has."`
	Output     int    `name:"output-tokens" placeholder:"N" help:"Most output tokens that it asks for."`
	User       string `placeholder:"TEXT" help:"Its user, which may keep it at one model."`
	CacheKey   string `name:"cache-key" placeholder:"TEXT" help:"Its prompt_cache_key, likewise."`
	Account    string `placeholder:"ID" help:"The account that would send it; else one that has no private models."`
	Request    string `placeholder:"FILE" help:"Body of a real request, from a JSON file or - for standard input, in place of the flags above."`
	API        string `name:"api" placeholder:"chat|responses|messages" help:"The route of --request; told by its input if left out."`
}

// Run asks and shows.
func (r *routerExplain) Run(ctx context.Context, s *session) error {
	ask := skytells.RouterExplainRequest{Account: r.Account, API: r.API}
	if err := r.check(); err != nil {
		return err
	}
	body, err := r.body(ctx, s)
	if err != nil {
		return err
	}
	if ask.API == "" && body["input"] != nil && body["messages"] == nil {
		ask.API = "responses"
	}
	if ask.Request, err = json.Marshal(body); err != nil {
		return err
	}
	c, err := s.connect()
	if err != nil {
		return err
	}
	told, err := c.ExplainRouter(ctx, ask)
	if err != nil {
		return err
	}
	return s.show(told, func(t *table) { drawExplanation(t, told) })
}

func (r *routerExplain) check() error {
	described := r.Tools || r.Images || r.JSONSchema || r.Input != 0 || r.Output != 0 || r.User != "" || r.CacheKey != ""
	switch {
	case r.Request != "" && described:
		return usagef("--request is the whole request: describe it there")
	case r.Request == "" && r.Model == "":
		return usagef("say which model: skytower router explain %s", defaultRouter)
	case r.Request == "" && r.API != "":
		return usagef("--api goes with --request")
	case r.API != "" && r.API != "chat" && r.API != "responses" && r.API != "messages":
		return usagef("--api is chat, responses or messages, not %q", r.API)
	case r.Input < 0 || r.Input > maxExplained || r.Output < 0:
		return usagef("--input-tokens is at most %d, and neither number is below 0", maxExplained)
	}
	return nil
}

// body is the request that is asked about: a given one, or one that is made of the flags.
func (r *routerExplain) body(ctx context.Context, s *session) (map[string]json.RawMessage, error) {
	body := map[string]json.RawMessage{}
	if r.Request == "" {
		return body, r.describe(body)
	}
	text, err := s.readFile(ctx, r.Request)
	if err != nil {
		return nil, usagef("read %s: %w", r.Request, err)
	}
	if text = bytes.TrimSpace(text); json.Unmarshal(text, &body) != nil || body == nil || len(text) > maxRequestFile {
		return nil, usagef("%s: a request is a JSON object of at most %d KiB", r.Request, maxRequestFile>>10)
	}
	if r.Model != "" {
		err = put(body, "model", r.Model)
	}
	return body, err
}

// describe makes a chat completion that needs what the flags say.
func (r *routerExplain) describe(body map[string]json.RawMessage) error {
	text := "Hello"
	if most := r.Input * inputBytesPerToken; most > len(text) {
		text = strings.Repeat("a ", most/2)
	}
	var content any = text
	if r.Images {
		content = []any{
			map[string]any{"type": "text", "text": text},
			map[string]any{"type": "image_url", "image_url": map[string]any{"url": "data:image/png;base64,iVBORw0KGgo="}},
		}
	}
	fields := map[string]any{"model": r.Model, "messages": []any{map[string]any{"role": "user", "content": content}}}
	if r.Tools {
		fields["tools"] = []any{map[string]any{"type": "function", "function": map[string]any{"name": "example", "parameters": map[string]any{"type": "object"}}}}
	}
	if r.JSONSchema {
		fields["response_format"] = map[string]any{"type": "json_schema", "json_schema": map[string]any{"name": "example", "schema": map[string]any{"type": "object"}}}
	}
	if r.Output > 0 {
		fields["max_tokens"] = r.Output
	}
	if r.User != "" {
		fields["user"] = r.User
	}
	if r.CacheKey != "" {
		fields["prompt_cache_key"] = r.CacheKey
	}
	for name, value := range fields {
		if err := put(body, name, value); err != nil {
			return err
		}
	}
	return nil
}

func put(body map[string]json.RawMessage, name string, value any) error {
	text, err := json.Marshal(value)
	body[name] = text
	return err
}

func drawExplanation(t *table, e skytells.RouterExplanation) {
	t.row("model", firstOf(e.Model, "(none can serve the request)"))
	t.row("why", e.Why)
	if e.Router != "" {
		t.row("router", e.Router)
		t.row("policy", e.Policy)
		rule := "none holds: the router's own policy and models"
		if e.Rule != nil {
			rule = strconv.Itoa(*e.Rule)
		}
		t.row("rule", rule)
		t.row("sticky by", e.Sticky)
	}
	t.row("needs", needsText(e.Needs))
	if len(e.Candidates) > 0 {
		t.row("")
		t.row("CANDIDATE", "ABLE", "HEALTHY", "COST", "FIRST BYTE", "TOKENS/S", "WHY")
	}
	for _, one := range e.Candidates {
		t.row(one.Model, yesNo(one.Able), yesNo(one.Healthy), dollars(one.Cost), milliseconds(one.FirstByteMS), measured(one.TokensPerSecond), one.Why)
	}
	if len(e.Targets) > 0 {
		t.row("")
		t.row("TARGET", "PROVIDER", "STATE", "RETRY IN", "FAILURES", "FIRST BYTE", "TOKENS/S")
	}
	for _, one := range e.Targets {
		t.row(one.Model, one.Provider, one.State, milliseconds(float64(one.RetryInMS)), count(one.Failures), milliseconds(one.FirstByteMS), measured(one.TokensPerSecond))
	}
}

// needsText is "tools, about 1200 input tokens, at most 100 output tokens".
func needsText(n skytells.RouterNeeds) string {
	parts := slices.DeleteFunc([]string{
		map[bool]string{true: "tools"}[n.Tools], map[bool]string{true: "images"}[n.Images], map[bool]string{true: "a JSON schema"}[n.JSONSchema],
		"about " + strconv.FormatInt(n.Input, 10) + " input tokens",
	}, func(part string) bool { return part == "" })
	if n.Output > 0 {
		parts = append(parts, "at most "+strconv.FormatInt(n.Output, 10)+" output tokens")
	}
	return strings.Join(parts, ", ")
}
