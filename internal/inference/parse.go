package inference

import (
	"skytower/internal/fault"
	"skytower/internal/limit"
	"skytower/internal/rawjson"
)

// Parser knows which top-level fields each API acts on. A field that it knows must
// not be repeated, escaped or spelled in another case, since an upstream might read
// it otherwise than we did: price, limits and allow-lists would be bypassed.
type Parser struct {
	fields map[API]*rawjson.Fields
	stream *rawjson.Fields
}

// NewParser builds the field tables.
func NewParser() *Parser {
	return &Parser{
		fields: map[API]*rawjson.Fields{
			Chat: rawjson.NewFields("model", "messages", "stream", "stream_options", "max_tokens", "max_completion_tokens",
				"n", "temperature", "top_p", "stop", "tools", "tool_choice", "response_format", "user", "prompt_cache_key", dryRun),
			Responses: rawjson.NewFields("model", "input", "instructions", "stream", "max_output_tokens", "store",
				"previous_response_id", "background", "conversation", "prompt", "temperature", "top_p", "tools", "tool_choice",
				"text", "reasoning", "user", "metadata", "truncation", "parallel_tool_calls", "prompt_cache_key", dryRun),
			Messages: rawjson.NewFields("model", "messages", "system", "max_tokens", "stream", "temperature", "top_p", "top_k",
				"stop_sequences", "tools", "tool_choice", "metadata", "thinking", "output_config", "output_format", "mcp_servers", "thread", dryRun),
			Embeddings: rawjson.NewFields("model", "input", "encoding_format", "dimensions", "user", dryRun),
		},
		stream: rawjson.NewFields("include_usage"),
	}
}

// dryRun is our own field: no upstream gets to see it.
const dryRun = "dry_run"

// Parse scans body as a request of the API and reads what is needed before the
// model is known: its name, and whether the answer is a stream, or a price. The other fields
// wait for Check, since an unknown model is told before a wrong field (design,
// Errors). streamQuery is the `?stream=` of the address, which asks for a stream as
// the field does (contract 7.1).
func (p *Parser) Parse(api API, body []byte, streamQuery bool) (*Request, error) {
	doc, err := rawjson.Scan(body, p.fields[api])
	if err != nil {
		return nil, err
	}
	req := &Request{API: api, Body: doc, Choices: 1, Surface: limit.Standard, fields: p.fields[api], options: p.stream}
	if req.Model, err = requiredString(doc, "model"); err != nil {
		return nil, err
	}
	if err := req.takeDryRun(); err != nil {
		return nil, err
	}
	if api == Embeddings {
		return req, nil
	}
	stream, _, err := doc.Bool("stream")
	if err != nil {
		return nil, err
	}
	req.Stream = stream || streamQuery
	if api == Responses {
		req.Background, _, err = doc.Bool("background")
	}
	return req, err
}

// takeDryRun reads dry_run and takes it out of the body.
func (r *Request) takeDryRun() (err error) {
	if _, ok := r.Body.Raw(dryRun); !ok {
		return nil
	}
	if r.DryRun, _, err = r.Body.Bool(dryRun); err != nil {
		return err
	}
	r.Body, err = r.Body.Edit().Delete(dryRun).Apply()
	return err
}

// Check reads and checks the fields that the server acts on, besides those that
// Parse read; it fills IncludeUsage, MaxTokens and Choices.
func (r *Request) Check() error {
	switch r.API {
	case Embeddings:
		return checkEmbeddings(r.Body)
	case Responses:
		return r.checkResponses()
	case Messages:
		return r.checkMessages()
	default:
		return r.checkChat()
	}
}

func requiredString(doc *rawjson.Object, name string) (string, error) {
	value, ok, err := doc.String(name)
	if err != nil {
		return "", err
	}
	if !ok || value == "" {
		return "", missing(name)
	}
	return value, nil
}

func missing(name string) error {
	return fault.Invalid(name, "The field '%s' is required.", name)
}

func (r *Request) checkChat() error {
	if _, ok, err := r.Body.Array("messages"); err != nil {
		return err
	} else if !ok {
		return missing("messages")
	}
	options, ok, err := r.Body.Object("stream_options", r.options)
	if err != nil {
		return err
	}
	if ok {
		if r.IncludeUsage, _, err = options.Bool("include_usage"); err != nil {
			return err
		}
	}
	if err := positives(r.Body, "n"); err != nil {
		return err
	}
	if n, ok, _ := r.Body.Int("n"); ok {
		r.Choices = n
	}
	if err := numbers(r.Body); err != nil {
		return err
	}
	return r.outputLimit("max_completion_tokens", "max_tokens")
}

func (r *Request) checkResponses() error {
	switch kind := r.Body.Kind("input"); kind {
	case rawjson.KindString, rawjson.KindArray:
	case rawjson.Missing, rawjson.KindNull:
		if r.Body.Kind("previous_response_id") != rawjson.KindString && r.Body.Kind("prompt") != rawjson.KindObject {
			return missing("input")
		}
	default:
		return fault.Invalid("input", "'input' must be a string or an array, not %s.", kind)
	}
	if isSet(r.Body, "conversation") {
		return fault.Invalid("conversation", "Conversations have no objects of their own here: continue one by 'previous_response_id'.")
	}
	if err := numbers(r.Body); err != nil {
		return err
	}
	return r.outputLimit("max_output_tokens")
}

func (r *Request) checkMessages() error {
	if err := r.checkCount(); err != nil {
		return err
	}
	if err := numbers(r.Body); err != nil {
		return err
	}
	if err := r.outputLimit("max_tokens"); err != nil {
		return err
	}
	if r.MaxTokens == 0 {
		return missing("max_tokens")
	}
	return nil
}

// checkCount checks what a request must have whose tokens are counted.
func (r *Request) checkCount() error {
	if isSet(r.Body, "thread") {
		return errThread()
	}
	if _, ok, err := r.Body.Array("messages"); err != nil {
		return err
	} else if !ok {
		return missing("messages")
	}
	return nil
}

func checkEmbeddings(doc *rawjson.Object) error {
	switch kind := doc.Kind("input"); kind {
	case rawjson.KindString, rawjson.KindArray:
	case rawjson.Missing, rawjson.KindNull:
		return missing("input")
	default:
		return fault.Invalid("input", "'input' must be a string, or an array of strings or of token ids, not %s.", kind)
	}
	format, ok, err := doc.String("encoding_format")
	if err != nil {
		return err
	}
	if ok && format != "float" && format != "base64" {
		return fault.Invalid("encoding_format", "'encoding_format' must be 'float' or 'base64'.")
	}
	return positives(doc, "dimensions")
}

// numbers checks the sampling fields' type; their range is the model's business.
func numbers(doc *rawjson.Object) error {
	for _, name := range [...]string{"temperature", "top_p"} {
		if _, _, err := doc.Float(name); err != nil {
			return err
		}
	}
	if _, _, err := doc.Array("tools"); err != nil {
		return err
	}
	return nil
}

func positives(doc *rawjson.Object, names ...string) error {
	for _, name := range names {
		n, ok, err := doc.Int(name)
		if err != nil {
			return err
		}
		if ok && n < 1 {
			return fault.Invalid(name, "'%s' must be at least 1.", name)
		}
	}
	return nil
}

// outputLimit reads the first of the fields that is set.
func (r *Request) outputLimit(names ...string) error {
	if err := positives(r.Body, names...); err != nil {
		return err
	}
	for _, name := range names {
		if n, ok, _ := r.Body.Int(name); ok {
			r.MaxTokens = n
			return nil
		}
	}
	return nil
}
