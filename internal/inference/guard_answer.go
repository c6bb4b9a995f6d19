package inference

import (
	"context"

	"skytower/internal/guard"
	"skytower/internal/provider"
	"skytower/internal/rawjson"
)

// object writes a JSON object member by member.
type object struct{ out []byte }

func (o *object) key(name []byte) {
	if len(o.out) == 0 {
		o.out = append(o.out, '{')
	} else {
		o.out = append(o.out, ',')
	}
	o.out = append(append(append(o.out, '"'), name...), '"', ':')
}

func (o *object) put(name, value []byte) {
	o.key(name)
	o.out = append(o.out, value...)
}

func (o *object) set(name string, value []byte) { o.put([]byte(name), value) }

// empty reports whether nothing was put in.
func (o *object) empty() bool { return len(o.out) == 0 }

func (o *object) end() []byte {
	if o.empty() {
		return []byte("{}")
	}
	return append(o.out, '}')
}

// frame copies what an answer or chunk has besides its choices and what guards say of the
// prompt. With guards that keep things from passing, what is not known is left out.
func (g *guarding) frame(o *object, doc []byte) (choices, prompts []byte) {
	rawjson.Top(doc, func(key, value []byte) bool {
		switch string(key) {
		case "choices":
			choices = value
		case "prompt_filter_results":
			prompts = value
		case "id", "object", "created", "model", "system_fingerprint", "service_tier", "usage":
			o.put(key, value)
		default:
			if !g.strict {
				o.put(key, value)
			}
		}
		return true
	})
	return choices, prompts
}

// prompts appends prompt_filter_results: what our guards found in the prompt, with what the
// upstream's own filters did.
func (g *guarding) prompts(dst, upstream []byte) []byte {
	if g.report.Empty() {
		return append(dst, upstream...)
	}
	var base []byte
	rawjson.Elements(upstream, func(first []byte) bool {
		base, _ = rawjson.Get(first, "content_filter_results")
		return false
	})
	return append(g.report.AppendJSON(append(dst, `[{"prompt_index":0,"content_filter_results":`...), base), `}]`...)
}

// answer shows a whole answer to the guards. Where one blocks a choice, that choice ends as
// content_filter and is empty.
func (g *guarding) answer(ctx context.Context, answer *provider.Answer) (*provider.Answer, error) {
	var o object
	choices, upstream := g.frame(&o, answer.Body)
	list := []byte{'['}
	var failed error
	rawjson.Elements(choices, func(choice []byte) bool {
		if len(list) > 1 {
			list = append(list, ',')
		}
		list, failed = g.choice(ctx, list, choice)
		return failed == nil
	})
	if failed != nil {
		return nil, failed
	}
	o.set("choices", append(list, ']'))
	if prompts := g.prompts(nil, upstream); len(prompts) > 0 {
		o.set("prompt_filter_results", prompts)
	}
	own := *answer
	own.Body = o.end()
	return &own, nil
}

// choice appends a choice of a whole answer as it may pass.
func (g *guarding) choice(ctx context.Context, dst, choice []byte) ([]byte, error) {
	if g.completion == nil {
		return append(dst, choice...), nil
	}
	message, _ := rawjson.Get(choice, "message")
	theirs, _ := rawjson.Get(choice, "content_filter_results")
	spans, err := textsOf(message, isText)
	if err != nil {
		return nil, err
	}
	var report guard.Report
	changes, err := lookAt(ctx, g.completion, g.run.svc.judge, &report, message, spans)
	if err != nil {
		return nil, &provider.Error{Class: provider.Cancelled, Err: err}
	}
	g.run.svc.told(&report)
	var o object
	rawjson.Top(choice, func(key, value []byte) bool {
		switch string(key) {
		case "message":
			value = rawjson.Splice(nil, message, changes)
			if report.Blocked() != nil {
				value = []byte(`{"role":"assistant","content":""}`)
			}
		case "finish_reason":
			if report.Blocked() != nil {
				value = []byte(`"content_filter"`)
			}
		case "content_filter_results":
			return true
		default:
			if value = g.beside(key, value); value == nil {
				return true
			}
		}
		o.put(key, value)
		return true
	})
	o.set("content_filter_results", report.AppendJSON(nil, theirs))
	return append(dst, o.end()...), nil
}

// beside is what may pass of a choice besides its text: the chances of tokens hold the text
// once more, and what is not known may do so.
func (g *guarding) beside(key, value []byte) []byte {
	switch {
	case !g.strict, string(key) == "index":
		return value
	case string(key) == "logprobs":
		return []byte("null")
	}
	return nil
}
