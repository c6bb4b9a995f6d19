// Package local holds the models that are part of the binary, so that a fresh
// server answers at once: skytower-embed-small makes embeddings from pretrained
// word vectors, skytower-docs quotes passages of Skytower's own manual. Both are
// plain computation on data that is embedded; nothing is downloaded, and no text
// is generated.
//
// The package knows no HTTP, no account and no price. It sees a call as the
// OpenAI JSON that the caller sent, and ignores fields that it has no use for.
//
// Its one invariant: it never makes an answer up. A text without a known word
// gets an error and not a vector, and a question without a passage gets told so.
package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"skytower/internal/provider"
)

// The slugs of the models, which are also their upstream names.
const (
	EmbedSmall = "skytower-embed-small"
	Docs       = "skytower-docs"
)

// Card describes a model for the catalogue.
type Card struct {
	Slug        string
	Name        string
	Description string
	API         string // "chat" or "embeddings"
	Dimensions  int    // length of the vectors; 0 for chat
}

// Models returns the cards of the built-in models.
func Models() []Card {
	return []Card{
		{
			Slug: EmbedSmall, Name: "Skytower Embed Small", API: "embeddings", Dimensions: dims,
			Description: "Embeddings of English text in 100 dimensions, from the GloVe vectors of 50,000 words, weighted by " +
				"rarity. It compares what texts are about; word order and negation are lost, and a text without a known " +
				"English word is refused. Built in, runs on the CPU.",
		},
		{
			Slug: Docs, Name: "Skytower Docs", API: "chat",
			Description: "Finds the passages of Skytower's own manual that answer a question and quotes them with links. It is " +
				"not a language model: it generates no text, reads only the last user message, and says so when it finds " +
				"nothing. Built in, runs on the CPU.",
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
	vectors *vectors
	manual  *manual
	now     func() time.Time
}

var (
	_ provider.Chatter  = (*Provider)(nil)
	_ provider.Embedder = (*Provider)(nil)
)

// New loads the vectors and reads the manual, which takes some tens of
// milliseconds. It fails where the manual cannot be read or holds no text.
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
	table, err := loadVectors(embedSmall)
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", EmbedSmall, err)
	}
	manual, err := readManual(o.Manual, o.DocsURL, table)
	if err != nil {
		return nil, fmt.Errorf("read the manual: %w", err)
	}
	return &Provider{vectors: table, manual: manual, now: o.Now}, nil
}

// check refuses a call that has ended, or that another model was meant by.
func check(ctx context.Context, call *provider.Call, want string) error {
	if err := ctx.Err(); err != nil {
		return &provider.Error{Class: provider.Cancelled, Err: err}
	}
	if call.Model == want {
		return nil
	}
	for _, card := range Models() {
		if card.Slug == call.Model {
			return &provider.Error{Class: provider.Unsupported, Err: fmt.Errorf("%s serves %s only", call.Model, card.API)}
		}
	}
	return &provider.Error{Class: provider.Denied, Err: fmt.Errorf("no built-in model %q", call.Model)}
}
