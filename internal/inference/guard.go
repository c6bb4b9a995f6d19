package inference

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"skytower/internal/catalog"
	"skytower/internal/fault"
	"skytower/internal/guard"
	"skytower/internal/provider"
	"skytower/internal/rawjson"
)

// moderationTime bounds one question to a moderation model.
const moderationTime = 15 * time.Second

// guarded is the adapter with the model's guards before and behind it, and the adapter
// itself where the model has none. A guarded adapter has chat and embeddings alone: what
// cannot be looked at is not passed on.
func (r *run) guarded(adapter any) any {
	if r.model.Model.Guards == nil {
		return adapter
	}
	if r.guards == nil {
		r.guards = newGuarding(r, r.model.Model.Guards)
	}
	a := &guardedAdapter{guarding: r.guards}
	a.chat, _ = adapter.(provider.Chatter)
	a.embed, _ = adapter.(provider.Embedder)
	return a
}

// guarding is what the guards of a model do for one request, over all of its tries.
type guarding struct {
	run        *run
	prompt     guard.Chain // that look at the prompt; nil: none does
	completion guard.Chain // that look at the answer
	strict     bool        // only what the latter have looked at may pass
	report     guard.Report
	asked      bool // the prompt was looked at: a moderation model is asked once
}

func newGuarding(r *run, guards []*catalog.Guard) *guarding {
	chain := compiled(guards)
	g := &guarding{run: r, prompt: chain.Of(guard.Prompt), completion: chain.Of(guard.Completion)}
	g.strict = g.completion.Changes()
	return g
}

// compiled are the guards as the catalogue made them ready. One that it did not lets nothing
// pass.
func compiled(guards []*catalog.Guard) guard.Chain {
	chain := make(guard.Chain, len(guards))
	for i, g := range guards {
		ready, ok := g.Compiled.(*guard.Guard)
		if !ok {
			ready = guard.New(g.Spec)
		}
		chain[i] = ready
	}
	return chain
}

// judge asks a provider's moderation model.
func (s *Service) judge(ctx context.Context, name, model string, texts []string) ([]guard.Judgement, error) {
	adapter, err := s.Adapters.Adapter(name)
	if err != nil {
		return nil, err
	}
	moderator, ok := adapter.(provider.Moderator)
	if !ok {
		return nil, errors.New("provider has no moderation models")
	}
	ctx, cancel := context.WithTimeout(ctx, moderationTime)
	defer cancel()
	said, err := moderator.Moderate(ctx, model, texts)
	if err != nil {
		s.failed(name, err)
		return nil, err
	}
	judgements := make([]guard.Judgement, len(said))
	for i, j := range said {
		judgements[i] = guard.Judgement(j)
	}
	return judgements, nil
}

// told counts what the guards made of one text or prompt.
func (s *Service) told(report *guard.Report) {
	if s.OnGuard == nil {
		return
	}
	for _, verdict := range report.Verdicts() {
		s.OnGuard(verdict)
	}
}

// look shows the prompt to the guards. The call that goes on is another one where they
// changed it. Errors: CONTENT_POLICY_VIOLATION where one blocks, SERVICE_UNAVAILABLE where
// one can't judge.
func (g *guarding) look(ctx context.Context, call *provider.Call, find func(doc []byte) ([]rawjson.Span, error)) (*provider.Call, error) {
	if g.prompt == nil {
		return call, nil
	}
	chain, report := g.prompt, &g.report
	if g.asked { // the judgement stands: only what is changed has to be changed again
		chain, report = chain.Local(), &guard.Report{}
	}
	doc := call.Body.Bytes()
	spans, err := find(doc)
	if err != nil {
		return nil, err
	}
	changes, err := lookAt(ctx, chain, g.run.svc.judge, report, doc, spans)
	if err != nil {
		return nil, &provider.Error{Class: provider.Cancelled, Err: err}
	}
	if !g.asked {
		g.asked = true
		g.run.svc.told(report)
	}
	if err := Blocked(report); err != nil {
		return nil, err
	}
	if len(changes) == 0 {
		return call, nil
	}
	own := *call
	fields := g.run.req.fields
	if api := g.run.req.API; api != Chat && api != Embeddings {
		fields = nil // it was translated
	}
	own.Body, err = rawjson.Scan(rawjson.Splice(nil, doc, changes), fields)
	return &own, err
}

// Blocked is the refusal of a prompt that the guards do not let pass; nil: they do. It names
// the kind of guard, and nothing of the text.
func Blocked(report *guard.Report) error { return blocked(report, "The content of the request") }

func blocked(report *guard.Report, subject string) error {
	by := report.Blocked()
	switch {
	case by == nil:
		return nil
	case report.Undecided():
		return fault.Newf(fault.ServiceUnavailable, "%s cannot be checked at the moment; try again later.", subject)
	}
	what := map[string]string{
		guard.Rules:        "holds words that this model's rules do not allow",
		guard.PersonalData: "holds personal data, which this model's guards do not let pass",
		guard.Moderation:   "was refused by this model's content moderation",
	}[by.Kind]
	if what == "" {
		what = "cannot be checked by this model's guards"
	}
	return fault.New(fault.ContentPolicyViolation, fmt.Sprintf("%s %s (guard: %s).", subject, what, by.Kind))
}

// lookAt shows the strings of a document to guards, and says what to put in the places of
// those that they changed.
func lookAt(ctx context.Context, chain guard.Chain, judge guard.Judge, report *guard.Report, doc []byte, spans []rawjson.Span) ([]rawjson.Replacement, error) {
	texts, err := unquoted(doc, spans)
	if err != nil {
		return nil, err
	}
	before := slices.Clone(texts)
	if err := chain.Whole(ctx, judge, report, texts); err != nil || report.Blocked() != nil {
		return nil, err
	}
	return changed(spans, before, texts), nil
}

// unquoted are the strings at the places of a document.
func unquoted(doc []byte, spans []rawjson.Span) ([]string, error) {
	texts := make([]string, len(spans))
	for i, span := range spans {
		text, err := rawjson.Unquote(doc[span.Start:span.End])
		if err != nil {
			return nil, err
		}
		texts[i] = text
	}
	return texts, nil
}

// changed says what to put in the places of the strings that are others than before.
func changed(spans []rawjson.Span, before, texts []string) (changes []rawjson.Replacement) {
	for i, text := range texts {
		if text == before[i] {
			continue
		}
		if isDocument(before[i]) { // the arguments of a tool stay JSON
			text = string(new(guard.JSON).Append(nil, []byte(text)))
		}
		changes = append(changes, rawjson.Replacement{Span: spans[i], Raw: rawjson.AppendQuote(nil, text)})
	}
	return changes
}

// isDocument reports whether a text is a JSON object or array.
func isDocument(text string) bool {
	return text != "" && (text[0] == '{' || text[0] == '[') && rawjson.Valid([]byte(text))
}

// promptTexts are the strings of a chat request that a model reads as text.
func promptTexts(doc []byte) ([]rawjson.Span, error) {
	return textsOf(doc, func(p *rawjson.Path) bool {
		return (p.Is(p.Len()-1, "messages") || p.Is(p.Len()-1, "prediction")) && isText(p)
	})
}

// inputTexts are the texts of a request for embeddings. Token ids can't be looked at.
func inputTexts(doc []byte) ([]rawjson.Span, error) {
	input, _ := rawjson.Get(doc, "input")
	ids := rawjson.KindOf(input) != rawjson.KindString
	if rawjson.KindOf(input) == rawjson.KindArray {
		ids = false
		rawjson.Elements(input, func(element []byte) bool {
			ids = rawjson.KindOf(element) != rawjson.KindString
			return !ids
		})
	}
	if ids {
		return nil, fault.Invalid("input", "This model's guards read what goes to it: send 'input' as text, not as token ids.")
	}
	return textsOf(doc, func(p *rawjson.Path) bool { return p.Is(p.Len()-1, "input") })
}

// textsOf are the strings of a document that count as texts.
func textsOf(doc []byte, counts func(*rawjson.Path) bool) ([]rawjson.Span, error) {
	var spans []rawjson.Span
	whole := rawjson.WalkStrings(doc, func(p *rawjson.Path, at rawjson.Span) bool {
		if counts(p) {
			spans = append(spans, at)
		}
		return true
	})
	if !whole {
		return nil, fault.New(fault.InvalidRequest, "The request body is nested too deeply.")
	}
	return spans, nil
}

// isText reports whether a string within a message is text: all are but names, ids, and
// contents that are no text.
func isText(p *rawjson.Path) bool {
	up := 0
	for _, listed := p.Index(up); listed; _, listed = p.Index(up) {
		up++
	}
	switch p.Key(up) {
	case "role", "type", "id", "tool_call_id", "name", "detail", "format", "data", "file_data", "file_id", "encrypted_content", "signature":
		return false
	}
	return !namesAddress(p)
}

// guardedAdapter is an adapter behind guards.
type guardedAdapter struct {
	*guarding
	chat  provider.Chatter
	embed provider.Embedder
}

// Embed shows the texts to the guards of prompts.
func (a *guardedAdapter) Embed(ctx context.Context, call *provider.Call) (*provider.Answer, error) {
	if a.embed == nil {
		return nil, errUnsupported(Embeddings)
	}
	call, err := a.look(ctx, call, inputTexts)
	if err != nil {
		return nil, err
	}
	return a.embed.Embed(ctx, call)
}

// Chat shows the prompt to the guards, and then the answer.
func (a *guardedAdapter) Chat(ctx context.Context, call *provider.Call) (*provider.Answer, error) {
	if a.chat == nil {
		return nil, errUnsupported(Chat)
	}
	call, err := a.look(ctx, call, promptTexts)
	if err != nil {
		return nil, err
	}
	answer, err := a.chat.Chat(ctx, call)
	if err != nil {
		return nil, err
	}
	return a.answer(ctx, answer)
}

// ChatStream is Chat for a streamed answer.
func (a *guardedAdapter) ChatStream(ctx context.Context, call *provider.Call) (provider.Stream, error) {
	if a.chat == nil {
		return nil, errUnsupported(Chat)
	}
	call, err := a.look(ctx, call, promptTexts)
	if err != nil {
		return nil, err
	}
	stream, err := a.chat.ChatStream(ctx, call)
	if err != nil {
		return nil, err
	}
	return newGuardedStream(ctx, a.guarding, stream), nil
}
