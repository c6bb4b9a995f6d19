// Package local holds the models that are part of the binary, so that a fresh
// server answers at once: skytower-embed-small makes embeddings from pretrained
// word vectors, skytower-docs quotes passages of Skytower's own manual, and
// skytower-upscale-2x makes small pictures larger. All are plain computation on data
// that is embedded; nothing is downloaded, and no text is generated.
//
// The package knows no HTTP, no account and no price. It sees a call as the
// OpenAI JSON that the caller sent, or as a prediction's input, and ignores fields
// that it has no use for.
//
// Its one invariant: it never passes anything off as an answer. A text without a known
// word gets an error and not a vector, a question without a passage gets told so, and a
// picture that can't be read is refused.
package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"skytower/internal/provider"
)

// The slugs of the models, which are also their upstream names.
const (
	EmbedSmall = "skytower-embed-small"
	Docs       = "skytower-docs"
	Upscale2x  = "skytower-upscale-2x"
)

// Card describes a model for the catalogue.
type Card struct {
	Slug        string
	Name        string
	Description string
	API         string // "chat", "embeddings" or "prediction"
	Type        string // what it puts out: "text" or "image"
	Dimensions  int    // length of the vectors; 0 for all but embeddings
	// Of predictions:
	InputSchema, OutputSchema json.RawMessage
	Concurrency               int // that are worth being given to workers at the same time
}

// Models returns the cards of the built-in models.
func Models() []Card {
	return []Card{
		{
			Slug: EmbedSmall, Name: "Skytower Embed Small", API: "embeddings", Type: "text", Dimensions: dims,
			Description: "Embeddings of English text in 100 dimensions, from the GloVe vectors of 50,000 words, weighted by " +
				"rarity. It compares what texts are about; word order and negation are lost, and a text without a known " +
				"English word is refused. Built in, runs on the CPU.",
		},
		{
			Slug: Docs, Name: "Skytower Docs", API: "chat", Type: "text",
			Description: "Finds the passages of Skytower's own manual that answer a question and quotes them with links. It is " +
				"not a language model: it generates no text, reads only the last user message, and says so when it finds " +
				"nothing. Built in, runs on the CPU.",
		},
		{
			Slug: Upscale2x, Name: "Skytower Upscale 2x", API: "prediction", Type: "image",
			Description: "Makes a picture twice as wide and twice as high, with a small pretrained network (ESRGAN-slim). It is " +
				"made for small pictures, of at most 1024 pixels on each side: it sharpens edges and cleans them up, and " +
				"takes no instructions; it can't restore what a picture does not show. Transparency is scaled without the " +
				"network. Built in, runs on the CPU.",
			InputSchema: json.RawMessage(upscaleInput), OutputSchema: json.RawMessage(upscaleOutput), Concurrency: waiting,
		},
	}
}

// Options says what the models work on.
type Options struct {
	// Manual holds the Markdown files that skytower-docs quotes.
	Manual fs.FS
	// DocsURL is the address of the rendered manual, without a slash at its end;
	// the page a/b.md is found at DocsURL + "/a/b", index.md at DocsURL. ""
	// means "/docs".
	DocsURL string
	// Now tells the time of an answer; nil means time.Now.
	Now func() time.Time
}

// Provider answers for the built-in models. It is safe for parallel use.
type Provider struct {
	vectors  func() (*vectors, error) // loaded at the first call that needs them,
	manual   func() (*manual, error)  // and likewise read and indexed
	upscaler *upscaler
	now      func() time.Time
}

var (
	_ provider.Chatter   = (*Provider)(nil)
	_ provider.Embedder  = (*Provider)(nil)
	_ provider.Predictor = (*Provider)(nil)
)

// New fails where the manual cannot be read or holds no text. What the models work on waits
// for their first use, where it takes some tens of milliseconds: most servers have models of
// their own, and a start is not held up.
func New(o Options) (*Provider, error) {
	if o.Manual == nil {
		return nil, errors.New("the built-in models need a manual")
	}
	if o.DocsURL == "" {
		o.DocsURL = "/docs"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if err := hasText(o.Manual); err != nil {
		return nil, fmt.Errorf("read the manual: %w", err)
	}
	p := &Provider{upscaler: newUpscaler(), now: o.Now}
	p.vectors = sync.OnceValues(func() (*vectors, error) { return loadVectors(embedSmall) })
	p.manual = sync.OnceValues(func() (*manual, error) {
		table, err := p.vectors()
		if err != nil {
			return nil, err
		}
		return readManual(o.Manual, o.DocsURL, table)
	})
	return p, nil
}

// check refuses a call that has ended, or that another model was meant by.
func check(ctx context.Context, model, want string) error {
	if err := ctx.Err(); err != nil {
		return &provider.Error{Class: provider.Cancelled, Err: err}
	}
	if model == want {
		return nil
	}
	for _, card := range Models() {
		if card.Slug == model {
			return &provider.Error{Class: provider.Unsupported, Err: fmt.Errorf("%s serves %s only", model, card.API)}
		}
	}
	return &provider.Error{Class: provider.Denied, Err: fmt.Errorf("no built-in model %q", model)}
}
