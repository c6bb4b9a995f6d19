package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"skytower/internal/skytells"
)

// lineReader reads what a person types.
type lineReader interface {
	// read shows the prompt and waits for a line. The error is io.EOF where the person
	// ends the input, errInterrupt for Ctrl-C.
	read(ctx context.Context, prompt string) (string, error)
}

var errInterrupt = errors.New("interrupted")

const (
	firstPrompt = ">>> "
	nextPrompt  = "... "
	block       = `"""`
)

const talkHelp = `/system TEXT   how the model is to behave; without TEXT, nothing special
/model NAME    go on with another model; without NAME, show which it is
/image FILE    send a picture along with the next message
/clear         forget the conversation
/save FILE     write it to a file, as Markdown where it ends in .md, else as JSON
/usage         tell tokens, cost and time after each answer, or no more
/quit          leave, as Ctrl-D does
"""            begins and ends a message of several lines; \ at a line's end goes on as well
Ctrl-C         ends the answer that is coming`

// talk is a conversation at a terminal.
type talk struct {
	*chat
	in      lineReader
	images  []string // for the next message
	stopper *stopper
}

// talk holds the conversation until the person leaves, which is no error.
func (c *chat) talk(ctx context.Context, in lineReader, images []string) error {
	c.s.note("Talking to %s. /help tells what else there is, Ctrl-D leaves.", c.ask.Model)
	life, stop := c.s.listen(ctx)
	defer stop.close()
	t := &talk{chat: c, in: in, images: images, stopper: stop}
	for life.Err() == nil {
		text, err := t.message(life)
		switch {
		case errors.Is(err, errInterrupt):
			c.s.note("(/quit or Ctrl-D leaves.)")
			continue
		case errors.Is(err, io.EOF), life.Err() != nil:
			return nil
		case err != nil:
			return err
		}
		leave, err := t.act(life, text)
		if err != nil {
			fmt.Fprintln(c.s.Stderr, hideSecrets(plain(c.s.explain(err))))
		}
		if leave {
			return nil
		}
	}
	return nil
}

// message reads lines until a message is whole.
func (t *talk) message(ctx context.Context) (string, error) {
	line, err := t.in.read(ctx, firstPrompt)
	if err != nil {
		return "", err
	}
	if rest, ok := strings.CutPrefix(strings.TrimSpace(line), block); ok {
		return t.block(ctx, rest)
	}
	var lines []string
	for strings.HasSuffix(line, `\`) {
		lines = append(lines, strings.TrimSuffix(line, `\`))
		if line, err = t.in.read(ctx, nextPrompt); err != nil {
			return "", err
		}
	}
	return strings.TrimSpace(strings.Join(append(lines, line), "\n")), nil
}

// block reads on to the closing quotes.
func (t *talk) block(ctx context.Context, line string) (string, error) {
	var lines []string
	for {
		text, closed := strings.CutSuffix(strings.TrimRight(line, " \t"), block)
		if closed {
			line = text
		}
		lines = append(lines, line)
		if closed {
			return strings.Trim(strings.Join(lines, "\n"), "\n"), nil
		}
		var err error
		if line, err = t.in.read(ctx, nextPrompt); err != nil {
			return "", err
		}
	}
}

// act obeys a command, or sends a message.
func (t *talk) act(ctx context.Context, text string) (leave bool, err error) {
	word, rest, _ := strings.Cut(text, " ")
	rest = strings.TrimSpace(rest)
	switch {
	case text == "":
		return false, nil
	case !strings.HasPrefix(text, "/") || strings.ContainsAny(word[1:], "/."): // a path is no command
		return false, t.send(ctx, text)
	}
	switch word {
	case "/quit", "/exit", "/bye", "/q":
		return true, nil
	case "/help", "/?":
		t.s.note("%s", talkHelp)
	case "/system":
		t.system(rest)
		t.s.note("%s", map[bool]string{true: "Set.", false: "Taken away."}[rest != ""])
	case "/model":
		return false, t.model(ctx, rest)
	case "/image":
		return false, t.image(ctx, rest)
	case "/clear":
		t.clear()
		t.s.note("Forgotten.")
	case "/save":
		return false, t.save(rest)
	case "/usage":
		t.usage = !t.usage
		t.s.note("%s", map[bool]string{true: "Usage is told after each answer.", false: "Usage is told no more."}[t.usage])
	default:
		known := []string{"/system", "/model", "/image", "/clear", "/save", "/usage", "/quit", "/help"}
		hint := didYouMean(word, known)
		if hint == "" {
			hint = "; /help lists what there is"
		}
		return false, usagef("there is no %s%s", word, hint)
	}
	return false, nil
}

// send asks for an answer. Ctrl-C ends it, and what came stays in the conversation; a
// message that could not be answered does not.
func (t *talk) send(ctx context.Context, text string) error {
	before := len(t.ask.Messages)
	t.say("user", skytells.ChatText{Text: text, Images: t.images})
	work, done := t.stopper.work(ctx)
	defer done()
	a, err := t.answer(work, t.shower())
	if a.Content != "" && !strings.HasSuffix(a.Content, "\n") {
		fmt.Fprintln(t.s.Stdout)
	}
	interrupted := work.Err() != nil && ctx.Err() == nil
	if err != nil && (!interrupted || a.Content == "") {
		t.ask.Messages = t.ask.Messages[:before]
	} else {
		t.say("assistant", skytells.ChatText{Text: a.Content})
		t.images = nil
	}
	switch {
	case interrupted:
		t.s.note("(Stopped.)")
		return nil
	case err != nil:
		return err
	}
	if t.usage {
		a.Cost = t.cost(ctx, a)
	}
	t.after(a)
	return nil
}

func (t *talk) model(ctx context.Context, name string) error {
	if name == "" {
		t.s.note("%s", t.ask.Model)
		return nil
	}
	found, err := t.client.Model(ctx, name)
	var no *skytells.APIError
	switch {
	case errors.As(err, &no) && no.Status == 403: // the key may not read models
		found.Namespace = name
	case err != nil:
		return nearModel(ctx, t.client, name, err)
	}
	t.ask.Model = found.Namespace
	t.s.note("%s answers from now on.", t.ask.Model)
	return nil
}

func (t *talk) image(ctx context.Context, path string) error {
	if path == "" {
		return usagef("say which: /image FILE")
	}
	more, err := t.s.pictures(ctx, []string{path})
	if err != nil {
		return err
	}
	t.images = append(t.images, more...)
	t.s.note("It goes along with the next message.")
	return nil
}

// clear forgets all messages but what the system was told.
func (t *talk) clear() {
	kept := t.ask.Messages[:0:0]
	for _, message := range t.ask.Messages {
		if message.Role == "system" {
			kept = append(kept, message)
		}
	}
	t.ask.Messages, t.images = kept, nil
}

// saved is a conversation in a file.
type saved struct {
	Model    string                 `json:"model"`
	Messages []skytells.ChatMessage `json:"messages"`
}

// save writes the conversation to a new file.
func (t *talk) save(path string) error {
	if path == "" {
		return usagef("say where: /save FILE")
	}
	text, err := json.MarshalIndent(saved{t.ask.Model, t.ask.Messages}, "", "  ")
	if err != nil {
		return err
	}
	if strings.HasSuffix(path, ".md") {
		text = []byte(t.markdown())
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("save %s: %w", path, withoutPath(err))
	}
	_, err = file.Write(append(text, '\n'))
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("save %s: %w", path, withoutPath(err))
	}
	t.s.note("Saved in %s.", path)
	return nil
}

func (t *talk) markdown() string {
	var text strings.Builder
	fmt.Fprintf(&text, "# Conversation with %s\n", t.ask.Model)
	for _, message := range t.ask.Messages {
		fmt.Fprintf(&text, "\n## %s\n\n%s\n", message.Role, message.Content.Text)
	}
	return text.String()
}

// stopper lets an interrupt end the answer that is coming rather than the program.
type stopper struct {
	mu     sync.Mutex
	cancel context.CancelFunc // of the answer; nil where none is coming
	close  func()
}

// listen takes the interrupts from now on. life ends where the process is asked to end,
// and not by an interrupt.
func (s *session) listen(ctx context.Context) (life context.Context, stop *stopper) {
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	came, forget := s.Interrupts()
	over := make(chan struct{})
	stop = &stopper{}
	go func() {
		defer close(over)
		for {
			select {
			case signal := <-came:
				if signal != os.Interrupt {
					end()
				}
				stop.interrupt()
			case <-life.Done():
				return
			}
		}
	}()
	stop.close = func() {
		end()
		<-over
		forget()
	}
	return life, stop
}

func (s *stopper) interrupt() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cancel != nil {
		s.cancel()
	}
}

// work is a context that an interrupt ends.
func (s *stopper) work(ctx context.Context) (context.Context, func()) {
	work, cancel := context.WithCancel(ctx)
	s.mu.Lock()
	s.cancel = cancel
	s.mu.Unlock()
	return work, func() {
		s.mu.Lock()
		s.cancel = nil
		s.mu.Unlock()
		cancel()
	}
}
