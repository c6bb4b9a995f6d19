package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"skytower/internal/catalog"
	"skytower/internal/fault"
	"skytower/internal/provider"
	"skytower/internal/provider/command"
	"skytower/internal/provider/llama"
)

// reached is what a cheap call to an upstream found.
type reached struct {
	did    string // list, health
	text   string // what it says, in a few words
	models []provider.Listed
}

// maxUpstreamText bounds what is repeated of an upstream's words, in bytes.
const maxUpstreamText = 500

// reach asks a provider for something cheap that needs our credentials: its list of
// models, or its health. models are upstream names that it ought to have; an upstream
// with more models than anybody would list is asked for the first of them.
func (a *App) reach(ctx context.Context, name string, models []string) (reached, error) {
	adapter, err := a.adapters.Adapter(name)
	if err != nil {
		return reached{did: "list"}, err
	}
	switch known := adapter.(type) {
	case *command.Provider:
		return reachCommands(known)
	case *llama.Provider:
		return reachEngines(known, models)
	case interface {
		Ready(context.Context) (string, error)
	}:
		word, err := known.Ready(ctx)
		return reached{did: "health", text: "the container says " + word}, err
	case provider.Describer:
		return describe(ctx, known, models)
	case provider.Lister:
		listed, err := known.Models(ctx)
		return reached{did: "list", text: fmt.Sprintf("it lists %d models", len(listed)), models: listed}, err
	}
	return reached{did: "list", text: "it is part of this program"}, nil
}

// describe asks for one model, one that everybody may see where none is ours.
func describe(ctx context.Context, d provider.Describer, models []string) (reached, error) {
	name := "replicate/hello-world"
	if len(models) > 0 {
		name = models[0]
	}
	listed, err := d.Describe(ctx, []string{name})
	return reached{did: "list", text: "it describes " + name, models: listed}, err
}

func reachCommands(p *command.Provider) (reached, error) {
	r := reached{did: "list", text: fmt.Sprintf("%d commands", len(p.Names()))}
	if missing := p.Missing(); len(missing) > 0 {
		return r, errors.New(strings.Join(missing, "; "))
	}
	return r, nil
}

// failure is an upstream's failure for operators.
type failure struct {
	class           string
	status          int
	message, advice string
}

// explainFailure says what went wrong with a provider, and what to do. The message holds
// the upstream's own words, cut, and never our credential.
func explainFailure(err error, p catalog.Provider) failure {
	var up *provider.Error
	if !errors.As(err, &up) {
		f := failure{class: provider.Broken.String(), message: err.Error(), advice: "Mend the provider's settings, or the model's target."}
		if told := new(fault.Error); errors.As(err, &told) {
			f.message = told.Message
		}
		if p.Broken != "" {
			f.class, f.message = provider.Denied.String(), p.Broken
			f.advice = "Give the provider a credential that this server can read: set the variable or the file that it names, or store the key anew."
		}
		f.message = without(f.message, p.Credential.Reveal())
		return f
	}
	f := failure{class: up.Class.String(), status: up.Status, advice: adviceFor(up, p)}
	f.message = without(sentence(up), p.Credential.Reveal())
	return f
}

// sentence is the failure in words: the upstream's own, where it has any.
func sentence(e *provider.Error) string {
	switch {
	case e.Message != "" && e.Status != 0:
		return fmt.Sprintf("It answered %d: %s", e.Status, cutText(e.Message))
	case e.Message != "":
		return cutText(e.Message)
	case e.Status != 0:
		return fmt.Sprintf("It answered %d %s.", e.Status, http.StatusText(e.Status))
	case e.Err != nil:
		return cutText(e.Err.Error())
	}
	return "The call failed: " + e.Class.String() + "."
}

// adviceFor says what usually mends a failure of the class.
func adviceFor(e *provider.Error, p catalog.Provider) string {
	at := p.BaseURL
	switch {
	case e.Class == provider.Unreachable:
		return "See that " + at + " is right, that something listens there, and that this machine may reach it. Within a container, 127.0.0.1 is the container itself."
	case e.Class == provider.Timeout:
		return "See whether the upstream is busy or still loads the model; first_byte_timeout, or the target's own, is how long it may take."
	case e.Class == provider.Busy:
		return "Our quota there is used up, or the upstream is full: wait, raise the quota, or add another target."
	case e.Class == provider.Denied && (e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden):
		return "The upstream does not accept our credential: give the provider another one."
	case e.Class == provider.Denied && e.Status == http.StatusPaymentRequired:
		return "Our account at the upstream has no credit left."
	case e.Class == provider.Denied:
		return "See that the address " + at + " is the one that ends before the routes (for OpenAI-compatible servers usually with /v1), and that the upstream knows the model's name."
	case e.Class == provider.Rejected:
		return "The upstream does not take such a request: see that the model serves what the catalogue says it does."
	case e.Class == provider.Unsupported:
		return "The upstream cannot do this: give the model another target, or another 'api'."
	case e.Class == provider.Forbidden:
		return "The address is not allowed for outgoing calls: use another."
	case e.Class == provider.Failed:
		return "Look at the upstream's log, and start it again."
	}
	return "Look at the upstream's log: it failed, or something between it and this server did."
}

// without cuts a secret out of a text.
func without(text, secret string) string {
	const shortest = 4 // shorter ones would take half of the text along
	if len(secret) < shortest {
		return text
	}
	return strings.ReplaceAll(text, secret, "[redacted]")
}

// cutText shortens a text of an upstream to what people read, on whole characters and
// without control characters.
func cutText(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' || r == 0x7f || r == utf8.RuneError {
			return ' '
		}
		return r
	}, strings.TrimSpace(text))
	if len(text) <= maxUpstreamText {
		return text
	}
	cut := maxUpstreamText
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}
