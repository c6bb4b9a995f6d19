// Package main runs OpenAI's unmodified Go client against a started server and
// prints what it saw, one JSON line for each scenario.
//
// It is a module of its own, so that the product's list of modules stays short and
// the race detector does not have to be built into so large a package. It refuses
// to know what is right: the test that started it does. Its one invariant: a line
// holds only what the client decoded.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
)

// seen is what the client got; fields that do not apply stay out.
type seen struct {
	Scenario  string            `json:"scenario"`
	Text      string            `json:"text,omitempty"`
	Model     string            `json:"model,omitempty"`
	Finish    string            `json:"finish,omitempty"` // finish_reason or status
	Tool      string            `json:"tool,omitempty"`   // id, name and arguments of the call
	Events    int64             `json:"events,omitempty"` // of a stream
	Input     int64             `json:"input,omitempty"`  // tokens
	Output    int64             `json:"output,omitempty"`
	Reasoning int64             `json:"reasoning,omitempty"`
	Vector    []float64         `json:"vector,omitempty"`
	Vectors   []json.RawMessage `json:"vectors,omitempty"` // the embeddings as the server wrote them
	Models    []string          `json:"models,omitempty"`
	Outline   []string          `json:"outline,omitempty"` // the items of a response
	Error     *failure          `json:"error,omitempty"`
}

// failure is the client's error.
type failure struct {
	Status  int    `json:"status,omitempty"`
	Code    string `json:"code,omitempty"`
	Type    string `json:"type,omitempty"`
	Param   string `json:"param,omitempty"`
	Message string `json:"message,omitempty"`
	Request string `json:"request,omitempty"` // the request id of the headers
}

// peer is the server and its models.
type peer struct{ url, key, chat, embed string }

// client makes an OpenAI client. Without retries errors come at once.
func (p peer) client(key string, retries int) openai.Client {
	return openai.NewClient(option.WithAPIKey(key), option.WithBaseURL(p.url), option.WithMaxRetries(retries))
}

// scenario is one act of a developer.
type scenario struct {
	name string
	run  func(context.Context, peer) (seen, error)
}

func main() {
	p := peer{url: os.Getenv("SKYTOWER_URL"), key: os.Getenv("SKYTOWER_KEY")}
	if p.url == "" || p.key == "" || len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: SKYTOWER_URL=http://…/v1 SKYTOWER_KEY=sk-… openaigo CHAT_MODEL EMBEDDINGS_MODEL\n"+
			"   or: … openaigo responses MODEL [ACT …]")
		os.Exit(2)
	}
	var all []scenario
	if os.Args[1] == "responses" {
		p.chat = os.Args[2]
		all = named(responding(), os.Args[3:])
	} else {
		p.chat, p.embed = os.Args[1], os.Args[2]
		all = append(chats(), append(others(), failures()...)...)
	}
	if err := runAll(context.Background(), p, all); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// named are the scenarios with these names; without names, all.
func named(all []scenario, names []string) []scenario {
	if len(names) == 0 {
		return all
	}
	return slices.DeleteFunc(all, func(s scenario) bool { return !slices.Contains(names, s.name) })
}

func runAll(ctx context.Context, p peer, all []scenario) error {
	out := json.NewEncoder(os.Stdout)
	for _, s := range all {
		got, err := s.run(ctx, p)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		got.Scenario = s.name
		if err := out.Encode(got); err != nil {
			return fmt.Errorf("write the line of %s: %w", s.name, err)
		}
	}
	return nil
}

// failed reads an error as a developer does. One that is none of the client's own
// has a message alone.
func failed(err error) *failure {
	if err == nil {
		return nil
	}
	var e *openai.Error
	if !errors.As(err, &e) {
		return &failure{Message: err.Error()}
	}
	f := &failure{Status: e.StatusCode, Code: e.Code, Type: e.Type, Param: e.Param, Message: e.Message}
	if e.Response != nil {
		f.Request = e.Response.Header.Get("X-Request-Id")
	}
	return f
}
