// Package llama serves GGUF files of this machine as chat and embeddings models: llama.cpp
// runs in a child process, one for each model, and is spoken to over a Unix socket.
//
// It starts, watches and ends those processes, and queues calls fairly; the library is
// never loaded into this process. It refuses to know the protocol of the socket, which the
// adapter that it is given speaks, and who calls. Its one invariant: a crash of the library
// costs the calls that it was answering, and nothing else.
package llama

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"skytower/internal/config"
	"skytower/internal/egress"
	"skytower/internal/provider"
)

// Backend speaks to a child by OpenAI's API.
type Backend interface {
	provider.Chatter
	provider.Embedder
}

// Options are what a Provider is made of.
type Options struct {
	Engines []config.Engine
	Data    string // the data folder
	Program string // the program that loads the library; "": it is looked for (FindProgram)
	Library string // the library's folder; "": where Install puts it (LibraryIn)
	// Backend makes the adapter for a child that is reached by upstream, whatever host base
	// names.
	Backend   func(base *url.URL, upstream egress.Upstream) Backend
	Idle      time.Duration    // longest silence within a streamed answer; 0: no bound
	Restarted func()           // a child that died by itself was started anew; may be nil
	Log       *slog.Logger     // nil is silent
	Now       func() time.Time // nil: time.Now
}

// Provider runs engines. It is safe for concurrent use.
type Provider struct {
	options Options
	models  map[string]*model
}

var (
	_ provider.Chatter      = (*Provider)(nil)
	_ provider.Embedder     = (*Provider)(nil)
	_ provider.TokenCounter = (*Provider)(nil)
)

// New makes the engines known; nothing is started.
func New(o Options) *Provider {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Restarted == nil {
		o.Restarted = func() {}
	}
	p := &Provider{options: o, models: map[string]*model{}}
	for _, e := range o.Engines {
		p.models[e.Name] = &model{Engine: e, p: p, queue: newQueue(e.Parallel, e.MaxQueue)}
	}
	return p
}

// String names the provider.
func (p *Provider) String() string { return "llama provider" }

// ModelsIn is the folder of GGUF files within a data folder.
func ModelsIn(data string) string { return filepath.Join(data, "models") }

// path is where an engine's file is.
func (p *Provider) path(e config.Engine) string {
	return filepath.Join(ModelsIn(p.options.Data), e.File)
}

// Preload starts the engines that want it, without waiting for them.
func (p *Provider) Preload() {
	for _, m := range p.models {
		if !m.Preload {
			continue
		}
		if _, err := m.start(); err != nil {
			p.options.Log.Warn("an engine could not be loaded at the start; its first call tries again", "engine", m.Name, "error", err)
		}
	}
}

// Close ends all children, which takes a few seconds at most. No call may run any more.
func (p *Provider) Close() {
	var all sync.WaitGroup
	for _, m := range p.models {
		all.Go(m.close)
	}
	all.Wait()
}

func (p *Provider) model(call *provider.Call) (*model, error) {
	if m, ok := p.models[call.Model]; ok {
		return m, nil
	}
	return nil, &provider.Error{Class: provider.Denied, Err: fmt.Errorf("no engine %q is declared", call.Model)}
}

// chatting is model for those that chat.
func (p *Provider) chatting(call *provider.Call) (*model, error) {
	m, err := p.model(call)
	if err == nil && m.Embeddings {
		return nil, &provider.Error{Class: provider.Unsupported, Err: fmt.Errorf("engine %s makes embeddings", m.Name)}
	}
	return m, err
}

// Chat asks for a whole chat completion.
func (p *Provider) Chat(ctx context.Context, call *provider.Call) (*provider.Answer, error) {
	m, err := p.chatting(call)
	if err != nil {
		return nil, err
	}
	return whole(ctx, m, func(c *child) (*provider.Answer, error) { return c.backend.Chat(ctx, call) })
}

// Embed asks for embeddings.
func (p *Provider) Embed(ctx context.Context, call *provider.Call) (*provider.Answer, error) {
	m, err := p.model(call)
	if err != nil {
		return nil, err
	}
	if !m.Embeddings {
		return nil, &provider.Error{Class: provider.Unsupported, Err: fmt.Errorf("engine %s is a chat model", m.Name)}
	}
	return whole(ctx, m, func(c *child) (*provider.Answer, error) { return c.backend.Embed(ctx, call) })
}

// ChatStream asks for a chat completion in chunks. The place is taken until Close.
func (p *Provider) ChatStream(ctx context.Context, call *provider.Call) (provider.Stream, error) {
	m, err := p.chatting(call)
	if err != nil {
		return nil, err
	}
	leave, err := m.enter(ctx)
	if err != nil {
		return nil, err
	}
	s, err := ask(ctx, m, func(c *child) (provider.Stream, error) { return c.backend.ChatStream(ctx, call) })
	if err != nil {
		leave()
		return nil, err
	}
	return &stream{Stream: s, leave: sync.OnceFunc(leave)}, nil
}

// stream gives its place back when it is closed.
type stream struct {
	provider.Stream
	leave func()
}

// Close ends the call: the child computes no further token for it.
func (s *stream) Close() error {
	defer s.leave()
	return s.Stream.Close()
}

// maxCount bounds the answer that tells a number of tokens, in bytes.
const maxCount = 64 << 10

// CountTokens counts the input tokens of a chat request. It takes no place: nothing is
// computed.
func (p *Provider) CountTokens(ctx context.Context, call *provider.Call) (int64, error) {
	m, err := p.chatting(call)
	if err != nil {
		return 0, err
	}
	return ask(ctx, m, func(c *child) (int64, error) {
		resp, err := c.upstream.Do(ctx, &egress.Request{
			Method: http.MethodPost, URL: c.base.JoinPath("tokens"), Body: call.Body.Edit().Append(nil),
			Header: egress.Header{{Name: "Content-Type", Value: "application/json"}},
		})
		if err != nil {
			return 0, &provider.Error{Class: provider.Broken, Err: err}
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(io.LimitReader(resp.Body, maxCount))
		if err != nil {
			return 0, &provider.Error{Class: provider.Broken, Err: err}
		}
		return readCount(resp.Status, body)
	})
}

func readCount(status int, body []byte) (int64, error) {
	var answer struct {
		Tokens int64
		Error  struct{ Message, Code, Param string }
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return 0, &provider.Error{Class: provider.Broken, Status: status, Err: err}
	}
	switch {
	case status == http.StatusOK:
		return answer.Tokens, nil
	case status == http.StatusBadRequest:
		return 0, &provider.Error{Class: provider.Rejected, Status: status, Message: answer.Error.Message, Code: answer.Error.Code, Param: answer.Error.Param}
	}
	return 0, &provider.Error{Class: provider.Broken, Status: status, Message: answer.Error.Message}
}

// whole makes a call that holds a place until its answer is there.
func whole(ctx context.Context, m *model, call func(*child) (*provider.Answer, error)) (*provider.Answer, error) {
	leave, err := m.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	return ask(ctx, m, call)
}

// ask makes a call to the model's child, which is started where there is none. A child that
// was found dead before it heard of the call is replaced, once.
func ask[T any](ctx context.Context, m *model, call func(*child) (T, error)) (T, error) {
	var none T
	for again := true; ; again = false {
		c, err := m.running(ctx)
		if err != nil {
			return none, err
		}
		answer, err := call(c)
		if err == nil || !again || provider.ClassOf(err) != provider.Unreachable {
			return answer, err
		}
		select {
		case <-c.done: // as it seemed
		case <-ctx.Done():
			return none, err
		case <-time.After(deathTime):
			return none, err
		}
	}
}

// deathTime is how long it may take to hear of the end of a child that does not answer.
const deathTime = 2 * time.Second

// State is what is known of an engine, for operators.
type State struct {
	Name    string
	Loaded  bool
	Problem string // why it can't serve now; "": it can, as far as is known
	Advice  string // what to do about it
	Died    int    // times in a row that its process ended by itself
}

// States are those of all engines, by name.
func (p *Provider) States() []State {
	var all []State
	for _, m := range p.models {
		all = append(all, m.state())
	}
	slices.SortFunc(all, func(a, b State) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return all
}

// StateOf is the state of one engine; false where there is none of that name.
func (p *Provider) StateOf(name string) (State, bool) {
	m, ok := p.models[name]
	if !ok {
		return State{}, false
	}
	return m.state(), true
}

// needs finds program, library and file, and says what to do about what is missing.
func (p *Provider) needs(e config.Engine) (program, library string, err error) {
	if program = p.options.Program; program == "" {
		if program, err = FindProgram(os.Getenv); err != nil {
			return "", "", err
		}
	}
	if library = p.options.Library; library == "" {
		library = LibraryIn(p.options.Data, os.Getenv)
	}
	if err := checkLibrary(library); err != nil {
		return "", "", err
	}
	file := p.path(e)
	if _, err := os.Stat(file); err != nil {
		return "", "", &Missing{
			What: fmt.Sprintf("the file %s can't be read: %v", e.File, unpathed(err)),
			Do:   "Put the GGUF file into the folder models of the server's data folder, or mend engines in its process file.",
		}
	}
	return program, library, nil
}
