package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"skytower/internal/skytells"
)

const (
	maxPrompt  = 8 << 20  // bytes of a prompt, what comes on standard input included
	maxPicture = 20 << 20 // bytes of one picture
)

type chatCommand struct {
	accountKey
	Model       string   `arg:"" optional:"" help:"The model; deepbrain-router if left out. A text with spaces in this place is the prompt."`
	Prompt      []string `arg:"" optional:"" help:"What to ask. What comes on standard input is put behind it, or is the prompt itself. Without either, on a terminal, a conversation begins."`
	System      string   `short:"s" placeholder:"TEXT" help:"How the model is to behave."`
	Image       []string `sep:"none" placeholder:"FILE" help:"A picture to look at, a file or an address; may be given several times."`
	MaxTokens   int64    `name:"max-tokens" placeholder:"N" help:"Most tokens of an answer."`
	Temperature *float64 `placeholder:"N" help:"0 is the most predictable; most models take up to 2."`
	Usage       bool     `short:"u" help:"Tell tokens, cost and time on standard error after each answer."`
}

// Run answers one prompt, or talks.
func (c *chatCommand) Run(ctx context.Context, s *session) error {
	if err := c.check(); err != nil {
		return err
	}
	model, prompt := c.words()
	client, err := c.connect(s)
	if err != nil {
		return err
	}
	defer client.CloseIdle()
	images, err := s.pictures(ctx, c.Image)
	if err != nil {
		return err
	}
	chat := &chat{s: s, client: client, usage: c.Usage, ask: skytells.ChatRequest{
		Model: model, MaxTokens: c.MaxTokens, Temperature: c.Temperature,
	}}
	chat.system(c.System)
	terminal, typed := terminalOf(s.Stdin)
	if typed && prompt == "" {
		if s.JSON {
			return usagef("--json needs a prompt: a conversation is for people")
		}
		return chat.talk(ctx, s.lines(terminal), images)
	}
	if !typed {
		if prompt, err = s.withInput(ctx, prompt); err != nil {
			return err
		}
	}
	if prompt == "" {
		return usagef("no prompt: give one, or send it on standard input")
	}
	return chat.once(ctx, prompt, images)
}

func (c *chatCommand) check() error {
	switch {
	case c.MaxTokens < 0:
		return usagef("--max-tokens is a number above 0")
	case c.Temperature != nil && !(*c.Temperature >= 0 && *c.Temperature <= 10):
		return usagef("--temperature is a number from 0, mostly up to 2")
	}
	return nil
}

// words tells the model from the prompt: no model's name has a space in it.
func (c *chatCommand) words() (model, prompt string) {
	words := c.Prompt
	model = c.Model
	if strings.ContainsFunc(model, unicode.IsSpace) {
		words, model = append([]string{model}, words...), ""
	}
	return firstOf(model, defaultRouter), strings.Join(words, " ")
}

// withInput puts what comes on standard input behind the prompt.
func (s *session) withInput(ctx context.Context, prompt string) (string, error) {
	text, err := waitFor(ctx, func() ([]byte, error) { return readAll(s.Stdin, maxPrompt) })
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case err != nil:
		return "", usagef("read standard input: %w", err)
	case !utf8.Valid(text):
		return "", usagef("what came on standard input is no text; --image sends a picture")
	}
	parts := []string{prompt, strings.TrimRight(string(text), "\n")}
	return strings.Trim(strings.Join(parts, "\n\n"), "\n"), nil
}

// pictures reads pictures as data URLs; addresses stay as they are.
func (s *session) pictures(ctx context.Context, names []string) ([]string, error) {
	var all []string
	for _, name := range names {
		if isLink(name) || strings.HasPrefix(name, "data:") {
			all = append(all, name)
			continue
		}
		one, err := s.picture(ctx, name)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

func (s *session) picture(ctx context.Context, path string) (string, error) {
	if path == "-" {
		return "", usagef("--image takes a file or an address; standard input is for the prompt")
	}
	content, err := s.readWhole(ctx, path, maxPicture)
	if err != nil {
		return "", usagef("read %s: %w", path, err)
	}
	address := dataURL(path, content)
	if !strings.HasPrefix(address, "data:image/") {
		return "", usagef("%s is no picture", path)
	}
	return address, nil
}

// chat is a conversation with one model.
type chat struct {
	s      *session
	client *skytells.Client
	ask    skytells.ChatRequest // with the messages so far
	usage  bool
}

// system puts the text at the conversation's head; "" takes it away.
func (c *chat) system(text string) {
	if len(c.ask.Messages) > 0 && c.ask.Messages[0].Role == "system" {
		c.ask.Messages = c.ask.Messages[1:]
	}
	if text != "" {
		head := skytells.ChatMessage{Role: "system", Content: skytells.ChatText{Text: text}}
		c.ask.Messages = append([]skytells.ChatMessage{head}, c.ask.Messages...)
	}
}

func (c *chat) say(role string, content skytells.ChatText) {
	c.ask.Messages = append(c.ask.Messages, skytells.ChatMessage{Role: role, Content: content})
}

// chatAnswer is a whole answer, as --json prints it.
type chatAnswer struct {
	ID        string              `json:"id"`
	Model     string              `json:"model"`
	Content   string              `json:"content"`
	Reasoning string              `json:"reasoning,omitempty"`
	Finish    string              `json:"finish_reason"`
	Usage     *skytells.ChatUsage `json:"usage"`
	Cost      skytells.Amount     `json:"cost,omitempty"` // with --usage, where the key may read charges
	RequestID string              `json:"request_id"`

	first, whole time.Duration
}

// once answers one prompt.
func (c *chat) once(ctx context.Context, prompt string, images []string) error {
	c.say("user", skytells.ChatText{Text: prompt, Images: images})
	show := c.shower()
	if c.s.JSON {
		show = func(string) {}
	}
	a, err := c.answer(ctx, show)
	if !c.s.JSON && a.Content != "" && !strings.HasSuffix(a.Content, "\n") {
		fmt.Fprintln(c.s.Stdout)
	}
	if err != nil {
		return err
	}
	if c.usage {
		a.Cost = c.cost(ctx, a)
	}
	if c.s.JSON {
		return c.s.show(a, nil)
	}
	c.after(a)
	return nil
}

// shower writes text as it comes; to a terminal without what would drive it.
func (c *chat) shower() func(string) {
	terminal := isTerminal(c.s.Stdout)
	return func(text string) {
		if terminal {
			text = harmless(text)
		}
		fmt.Fprint(c.s.Stdout, text)
	}
}

// answer asks and shows the text as it comes. What came before an error is in the answer.
func (c *chat) answer(ctx context.Context, show func(string)) (a chatAnswer, err error) {
	began := time.Now()
	stream, err := c.client.StreamChat(ctx, c.ask)
	if err != nil {
		return a, nearModel(ctx, c.client, c.ask.Model, err)
	}
	defer stream.Close()
	a.RequestID, a.Model = stream.RequestID, c.ask.Model
	for {
		piece, err := stream.Next()
		if a.whole = time.Since(began); err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return a, err
		}
		if a.first == 0 && piece.Text+piece.Reasoning != "" {
			a.first = a.whole
		}
		a.add(piece)
		show(piece.Text)
	}
}

func (a *chatAnswer) add(p skytells.ChatPiece) {
	a.ID, a.Model = firstOf(p.ID, a.ID), firstOf(p.Model, a.Model)
	a.Content += p.Text
	a.Reasoning += p.Reasoning
	a.Finish = firstOf(p.Finish, a.Finish)
	if p.Usage != nil {
		a.Usage = p.Usage
	}
}

// after tells what a person should know of an answer that has ended.
func (c *chat) after(a chatAnswer) {
	switch a.Finish {
	case "length":
		c.s.note("(The answer was cut off: it reached its limit of tokens, or what the credit covers.)")
	case "content_filter":
		c.s.note("(The answer was cut off by the model's content filter.)")
	}
	if a.Content == "" && a.Finish != "" {
		c.s.note("(The answer is empty.)")
	}
	if c.usage {
		fmt.Fprintln(c.s.Stderr, coloured(plain(usageLine(a)), faint, c.s.colourful(c.s.Stderr)))
	}
}

// recentCharges is how far back the charge of an answer is looked for.
const recentCharges = 20

// cost is what an answer was charged; "" where the key may not read charges, or there is
// none, as for free models. The charge is there before the answer has ended.
func (c *chat) cost(ctx context.Context, a chatAnswer) skytells.Amount {
	charges, err := c.client.MyCharges(ctx, skytells.ChargeQuery{Limit: recentCharges})
	if err != nil {
		return ""
	}
	for _, charge := range charges {
		if charge.Request == a.RequestID {
			return charge.Amount
		}
	}
	return ""
}

// usageLine is "llama3 · 12 tokens in, 34 out · $0.00012 · 1.2 s, first token after 0.3 s".
func usageLine(a chatAnswer) string {
	parts := []string{a.Model}
	if a.Usage != nil {
		parts = append(parts, fmt.Sprintf("%d tokens in, %d out", a.Usage.PromptTokens, a.Usage.CompletionTokens))
	}
	if a.Cost != "" {
		parts = append(parts, dollars(a.Cost))
	}
	return strings.Join(append(parts, fmt.Sprintf("%.1f s, first token after %.1f s", a.whole.Seconds(), a.first.Seconds())), " · ")
}
