package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/ardanlabs/jinja"
	"github.com/hybridgroup/yzma/pkg/llama"
)

// turn is one message of a talk.
type turn struct{ role, text string }

// prompter makes a prompt of a talk, as the file's template says.
type prompter struct {
	source   string
	compiled *jinja.Template // nil: llama.cpp's own knowledge of usual templates serves
	bos, eos string
	err      error // why there is none
}

// errNoTemplate is a file that does not say how a talk is written.
var errNoTemplate = errors.New("the file has no chat template, so it is not known how this model expects a talk; use a file of a chat (instruct) model")

func newPrompter(source, bos, eos string) prompter {
	p := prompter{source: source, bos: bos, eos: eos}
	if source == "" {
		p.err = errNoTemplate
		return p
	}
	compiled, err := jinja.Compile(source)
	if err == nil {
		p.compiled = compiled
		return p
	}
	if _, known := p.native([]turn{{"user", "hello"}}); known != nil {
		p.err = fmt.Errorf("the file's chat template can't be used: %w", err)
	}
	return p
}

// prompt renders a talk up to where the model goes on. An error is the template's word on
// the messages, such as two of the same role in a row.
func (p *prompter) prompt(talk []turn) (text string, err error) {
	if p.err != nil {
		return "", p.err
	}
	if p.compiled == nil {
		return p.native(talk)
	}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the chat template failed: %v", r)
		}
	}()
	messages := make([]any, len(talk))
	for i, t := range talk {
		messages[i] = map[string]any{"role": t.role, "content": t.text}
	}
	return p.compiled.Render(map[string]any{
		"messages": messages, "add_generation_prompt": true, "bos_token": p.bos, "eos_token": p.eos, "tools": nil, "documents": nil,
	})
}

// native asks llama.cpp, which knows the usual templates by their look.
func (p *prompter) native(talk []turn) (string, error) {
	chat := make([]llama.ChatMessage, len(talk))
	size := 1024
	for i, t := range talk {
		chat[i] = llama.NewChatMessage(t.role, t.text)
		size += 2 * (len(t.text) + len(t.role) + 64)
	}
	buf := make([]byte, size)
	n := int(llama.ChatApplyTemplate(p.source, chat, true, buf))
	if n > len(buf) {
		buf = make([]byte, n)
		n = int(llama.ChatApplyTemplate(p.source, chat, true, buf))
	}
	if n <= 0 || n > len(buf) {
		return "", errors.New("llama.cpp does not know the file's chat template")
	}
	return string(buf[:n]), nil
}

// tokens of a prompt. Where the template writes the token of the beginning itself, the
// library must not add another.
func (e *engine) promptTokens(prompt string) []llama.Token {
	begun := e.prompts.bos != "" && strings.HasPrefix(prompt, e.prompts.bos)
	return e.tokenize(prompt, !begun, true)
}
