package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"skytower/internal/catalog"
	"skytower/internal/fault"
	"skytower/internal/httpx"
	"skytower/internal/provider"
	"skytower/internal/provider/command"
	"skytower/internal/rawjson"
	"skytower/internal/skytells"
)

const (
	// tryPatience bounds one try, and runPatience that of a prediction model that is to run:
	// the caller waits for the answer.
	tryPatience = 30 * time.Second
	runPatience = 110 * time.Second
	// tryTokens is how long an answer may become.
	tryTokens = 16
)

// TryProvider asks a provider for something cheap (admin.Instance).
func (a *App) TryProvider(ctx context.Context, name string) (skytells.TryResult, error) {
	p, ok := a.catalog.Snapshot().Provider(name)
	if !ok {
		return skytells.TryResult{}, &fault.Error{ID: fault.InvalidParameter, Status: 404, Param: "name", Message: fmt.Sprintf("There is no provider '%.60s'.", name)}
	}
	ctx, cancel := context.WithTimeout(ctx, tryPatience)
	defer cancel()
	return a.tryReach(ctx, p, p.Name, a.upstreamNames(p.Name)), nil
}

// upstreamNames are the names by which targets know models of a provider.
func (a *App) upstreamNames(provider string) (names []string) {
	for _, m := range a.catalog.Snapshot().All() {
		for _, t := range m.Targets {
			if t.Provider == provider {
				names = append(names, t.Model)
			}
		}
	}
	return names
}

// TryTargets calls the targets of a model, each on its own (admin.Instance). It goes past
// limits, ledger, breakers and averages: nobody is charged, and no caller is affected.
func (a *App) TryTargets(ctx context.Context, r skytells.TryRequest) ([]skytells.TryResult, error) {
	if r.Model == "" {
		return nil, fault.Invalid("model", "The field 'model' is required.")
	}
	model, err := a.catalog.Any(r.Model)
	if err != nil {
		return nil, err
	}
	targets, err := wantedTargets(model, r.Target)
	if err != nil {
		return nil, err
	}
	if r.Run && model.API != catalog.Prediction {
		return nil, fault.Invalid("run", "Only a prediction model runs; others are asked for a small answer anyway.")
	}
	if r.Run {
		if r.Input, err = model.CheckInput(orEmpty(r.Input)); err != nil {
			return nil, err
		}
	}
	results := make([]skytells.TryResult, len(targets))
	var all sync.WaitGroup
	for i, t := range targets {
		all.Go(func() { results[i] = a.tryTarget(ctx, model, t, r) })
	}
	all.Wait()
	return results, nil
}

func orEmpty(input json.RawMessage) json.RawMessage {
	if len(input) == 0 {
		return json.RawMessage("{}")
	}
	return input
}

func wantedTargets(m *catalog.Model, name string) ([]catalog.Target, error) {
	if m.Router || len(m.Targets) == 0 {
		return nil, fault.Invalid("model", "The model '%s' has no targets of its own: try one of those that it stands for.", m.Slug)
	}
	if name == "" {
		return m.Targets, nil
	}
	var names []string
	for _, t := range m.Targets {
		if t.Name == name {
			return []catalog.Target{t}, nil
		}
		names = append(names, t.Name)
	}
	return nil, fault.Invalid("target", "The model '%s' has no target '%.100s'; it has %s.", m.Slug, name, strings.Join(names, ", "))
}

func (a *App) tryTarget(ctx context.Context, m *catalog.Model, t catalog.Target, r skytells.TryRequest) skytells.TryResult {
	patience := tryPatience
	if r.Run {
		patience = runPatience
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	p, _ := a.catalog.Snapshot().Provider(t.Provider) // the zero one explains as well
	p.Name = t.Provider
	switch {
	case m.API == catalog.Prediction && !r.Run:
		return a.tryReach(ctx, p, t.Name, []string{t.Model})
	case m.API == catalog.Prediction:
		return a.tried(p, t.Name, "prediction", func(out *skytells.TryResult) error { return a.tryRun(ctx, m, t, r.Input, out) })
	}
	return a.tried(p, t.Name, m.API, func(out *skytells.TryResult) error { return a.tryCall(ctx, m.API, t, out) })
}

// tried measures a try and says how it went.
func (a *App) tried(p catalog.Provider, target, did string, try func(*skytells.TryResult) error) skytells.TryResult {
	out := skytells.TryResult{Target: target, Provider: p.Name, Did: did}
	began := time.Now()
	err := try(&out)
	out.LatencyMS = time.Since(began).Milliseconds()
	if err != nil {
		f := explainFailure(err, p)
		out.Class, out.Status, out.Message, out.Advice = f.class, f.status, f.message, f.advice
		return out
	}
	out.OK = true
	if out.Message == "" {
		out.Message = "It answered."
	}
	return out
}

// tryReach asks without letting a model work. names are models that ought to be there.
func (a *App) tryReach(ctx context.Context, p catalog.Provider, target string, names []string) skytells.TryResult {
	var did string
	out := a.tried(p, target, "list", func(out *skytells.TryResult) error {
		if known, ok := a.commands(p.Name); ok && len(names) == 1 && target != p.Name {
			return known.MissingOf(names[0])
		}
		r, err := a.reach(ctx, p.Name, names)
		did = r.did
		if err != nil {
			return err
		}
		out.Message = "It answered: " + r.text + "."
		if missing := missingModels(r.models, names); len(missing) > 0 {
			out.Message = "It answered: " + r.text + ", and does not list " + strings.Join(missing, ", ") + "."
			out.Advice = "Where the upstream knows it all the same, ignore this; else mend the target."
		}
		return nil
	})
	if did != "" {
		out.Did = did
	}
	return out
}

func (a *App) commands(name string) (*command.Provider, bool) {
	adapter, err := a.adapters.Adapter(name)
	if err != nil {
		return nil, false
	}
	known, ok := adapter.(*command.Provider)
	return known, ok
}

func unable() error {
	return &provider.Error{Class: provider.Unsupported, Message: "This kind of provider does not serve such models."}
}

// tryCall asks for a few tokens, or for the embedding of one word.
func (a *App) tryCall(ctx context.Context, api string, t catalog.Target, out *skytells.TryResult) error {
	adapter, err := a.adapters.Adapter(t.Provider)
	if err != nil {
		return err
	}
	call := &provider.Call{Model: t.Model, Show: t.Model, RequestID: httpx.NewID("try_", time.Now()), FirstByte: t.FirstByte, Idle: t.Idle}
	var answer *provider.Answer
	if api == catalog.Embeddings {
		embedder, ok := adapter.(provider.Embedder)
		if !ok {
			return unable()
		}
		if call.Body, err = rawjson.Scan([]byte(`{"model":"","input":"hello"}`), rawjson.NewFields("model", "input")); err != nil {
			return err
		}
		answer, err = embedder.Embed(ctx, call)
	} else {
		chatter, ok := adapter.(provider.Chatter)
		if !ok {
			return unable()
		}
		body := fmt.Sprintf(`{"model":"","messages":[{"role":"user","content":"Say hello."}],"max_tokens":%d}`, tryTokens)
		if call.Body, err = rawjson.Scan([]byte(body), rawjson.NewFields("model", "messages", "max_tokens")); err != nil {
			return err
		}
		answer, err = chatter.Chat(ctx, call)
	}
	if err != nil {
		return err
	}
	out.TokensIn, out.TokensOut = answer.Usage.Input, answer.Usage.Output
	out.Text = answerText(api, answer.Body)
	if answer.Free != nil {
		answer.Free()
	}
	return nil
}

// answerText is what people want to see of an answer.
func answerText(api string, body []byte) string {
	if api == catalog.Embeddings {
		var answer struct {
			Data []struct {
				Embedding json.RawMessage `json:"embedding"`
			} `json:"data"`
		}
		var vector []float64
		if json.Unmarshal(body, &answer) != nil || len(answer.Data) == 0 || json.Unmarshal(answer.Data[0].Embedding, &vector) != nil {
			return cutText(string(body))
		}
		return fmt.Sprintf("a vector of %d numbers", len(vector))
	}
	var answer struct {
		Choices []struct {
			Message struct {
				Content   string `json:"content"`
				Reasoning string `json:"reasoning_content"`
			} `json:"message"`
		} `json:"choices"`
	}
	if json.Unmarshal(body, &answer) != nil || len(answer.Choices) == 0 {
		return cutText(string(body))
	}
	if text := answer.Choices[0].Message.Content; text != "" {
		return cutText(text)
	}
	return cutText(answer.Choices[0].Message.Reasoning)
}

// tryRun lets a prediction model work, outside of all that predictions are: nothing of it
// is kept.
func (a *App) tryRun(ctx context.Context, m *catalog.Model, t catalog.Target, input json.RawMessage, out *skytells.TryResult) error {
	adapter, err := a.adapters.Adapter(t.Provider)
	if err != nil {
		return err
	}
	predictor, ok := adapter.(provider.Predictor)
	if !ok {
		return unable()
	}
	folder, err := os.MkdirTemp(a.scratch, "try-")
	if err != nil {
		return fmt.Errorf("make a folder for the try: %w", err)
	}
	defer os.RemoveAll(folder)                      //nolint:errcheck // or the next start does it
	if err := os.Chmod(folder, 0o711); err != nil { //nolint:gosec // commands run as another user
		return fmt.Errorf("make a folder for the try: %w", err)
	}
	result, err := predictor.Predict(ctx, &provider.Run{
		ID: uuid.NewString(), Model: t.Model, Show: m.Slug, Kind: m.Card().Type, Input: input,
		Scratch: func() (string, error) { return os.MkdirTemp(folder, "") }, Watch: unwatched{},
	})
	if err != nil {
		if ctx.Err() != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return &provider.Error{Class: provider.Timeout, Message: fmt.Sprintf("The run took longer than %s, and was stopped. As a prediction it may take longer.", runPatience), Err: err}
		}
		return err
	}
	out.Text, out.Message = resultText(result), "It ran."
	return nil
}

// unwatched lets the news of a run go by.
type unwatched struct{}

func (unwatched) Submitting(context.Context) error        { return nil }
func (unwatched) Submitted(context.Context, string) error { return nil }
func (unwatched) Progress(provider.Progress)              {}

func resultText(r *provider.Result) string {
	switch {
	case len(r.Files) > 0:
		return fmt.Sprintf("%d files", len(r.Files))
	case r.Text != nil:
		return cutText(*r.Text)
	}
	return cutText(string(r.JSON))
}
