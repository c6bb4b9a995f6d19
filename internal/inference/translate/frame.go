package translate

import (
	"strconv"

	"skytower/internal/inference/chatform"
	"skytower/internal/provider"
	"skytower/internal/rawjson"
)

// frame is what stays the same of a response object from its creation to its end, in the
// order of contract 7.2, as JSON on one line.
type frame struct {
	id      []byte // {"id":…,"object":"response","created_at":…
	model   []byte // ,"background":…,"model":…
	asked   []byte // ,"instructions":… to ,"metadata":…
	options []byte // ,"service_tier":… to ,"presence_penalty":…
	further []byte // what OpenAI's object has beyond the contract's
}

// frame writes down what was asked for, as the response repeats it.
func (a *asked) frame(id, show string, at int64) frame {
	var f frame
	buf := make([]byte, 0, 768+len(a.instructions)+len(a.tools)+len(a.text)+len(a.metadata))
	cut := func(part *[]byte) {
		*part = buf[:len(buf):len(buf)]
		buf = buf[len(buf):]
	}
	buf = append(rawjson.AppendQuote(append(buf, `{"id":`...), id), `,"object":"response","created_at":`...)
	buf = strconv.AppendInt(buf, at, 10)
	cut(&f.id)
	buf = chatform.Field(buf, "background", or(a.background, "false"))
	buf = rawjson.AppendQuote(append(buf, `,"model":`...), show)
	cut(&f.model)
	buf = a.appendAsked(buf)
	cut(&f.asked)
	buf = chatform.Field(buf, "service_tier", or(a.tier, `"default"`))
	buf = chatform.Field(buf, "frequency_penalty", or(a.frequency, "0"))
	buf = chatform.Field(buf, "presence_penalty", or(a.presence, "0"))
	cut(&f.options)
	buf = a.appendFurther(buf)
	cut(&f.further)
	return f
}

func (a *asked) appendAsked(dst []byte) []byte {
	dst = chatform.Field(dst, "instructions", orNull(a.instructions))
	dst = chatform.Field(dst, "previous_response_id", orNull(a.previous))
	dst = chatform.Field(dst, "store", or(a.store, "false"))
	dst = chatform.Field(dst, "temperature", orNull(a.temperature))
	dst = chatform.Field(dst, "top_p", orNull(a.topP))
	dst = chatform.Field(dst, "max_output_tokens", orNull(a.maxOutputTokens))
	dst = append(dst, `,"tools":`...)
	if len(a.functions) == 0 {
		dst = append(dst, '[', ']')
	} else {
		dst = rawjson.Compact(dst, a.appendFlat(nil))
	}
	dst = a.choice.appendFlat(append(dst, `,"tool_choice":`...))
	dst = chatform.Field(dst, "parallel_tool_calls", or(a.parallel, "true"))
	dst = chatform.Field(dst, "truncation", or(a.truncation, `"disabled"`))
	return rawjson.Compact(append(dst, `,"metadata":`...), or(a.metadata, "{}"))
}

func (a *asked) appendFurther(dst []byte) []byte {
	dst = append(dst, `,"text":{"format":`...)
	if a.format.isSchema() {
		dst = rawjson.Compact(dst, a.format.appendFlat(nil))
	} else {
		dst = a.format.appendFlat(dst)
	}
	dst = append(chatform.Given(dst, "verbosity", a.verbosity), '}')
	dst = append(append(dst, `,"reasoning":{"effort":`...), orNull(a.reasoning.effort)...)
	dst = append(chatform.Field(dst, "summary", orNull(a.reasoning.summary)), '}')
	dst = chatform.Given(dst, "max_tool_calls", a.maxToolCalls)
	dst = chatform.Given(dst, "top_logprobs", a.topLogprobs)
	dst = chatform.Given(dst, "user", a.user)
	dst = chatform.Given(dst, "prompt_cache_key", a.cacheKey)
	dst = chatform.Given(dst, "prompt_cache_retention", a.cacheRetention)
	return chatform.Given(dst, "safety_identifier", a.safetyID)
}

// ending is what changes of a response object.
type ending struct {
	status    string
	completed int64  // Unix seconds; 0: it is not completed
	reason    string // why it is incomplete; ""
	failure   []byte // the error object; nil
	usage     provider.Usage
}

// append writes the response object with the output so far; a nil output has none.
func (f *frame) append(dst []byte, e *ending, o *output) []byte {
	dst = append(append(dst, f.id...), `,"completed_at":`...)
	if e.completed > 0 {
		dst = strconv.AppendInt(dst, e.completed, 10)
	} else {
		dst = append(dst, "null"...)
	}
	dst = append(append(append(dst, `,"status":"`...), e.status...), '"')
	dst = append(append(dst, f.model...), `,"output_text":"`...)
	if e.status != inProgress && o != nil {
		dst = append(o.appendText(dst), `","output":[`...)
		dst = append(o.appendItems(dst), ']')
	} else {
		dst = append(dst, `","output":[]`...)
	}
	dst = chatform.Field(append(dst, f.asked...), "error", orNull(e.failure))
	if e.reason != "" {
		dst = append(append(append(dst, `,"incomplete_details":{"reason":"`...), e.reason...), `"}`...)
	} else {
		dst = append(dst, `,"incomplete_details":null`...)
	}
	dst = append(append(dst, f.options...), `,"usage":`...)
	dst = append(appendUsage(dst, e.usage), `,"content_filters":`...)
	if e.status != inProgress && o != nil {
		dst = o.filters.append(dst, e.reason == "content_filter")
	} else {
		dst = append(dst, "null"...) // contract 7.2: while streaming
	}
	return append(append(dst, f.further...), '}')
}

func appendUsage(dst []byte, u provider.Usage) []byte {
	if !u.Reported {
		return append(dst, "null"...)
	}
	dst = strconv.AppendInt(append(dst, `{"input_tokens":`...), u.Input, 10)
	dst = strconv.AppendInt(append(dst, `,"output_tokens":`...), u.Output, 10)
	dst = strconv.AppendInt(append(dst, `,"total_tokens":`...), u.Input+u.Output, 10)
	dst = strconv.AppendInt(append(dst, `,"input_tokens_details":{"cached_tokens":`...), u.Cached, 10)
	dst = strconv.AppendInt(append(dst, `},"output_tokens_details":{"reasoning_tokens":`...), u.Reasoning, 10)
	return append(dst, '}', '}')
}

// filters is what the upstream's content filters said (contract 7.1), as it stands.
type filters struct {
	prompts    []byte // prompt_filter_results, an array
	completion []byte // content_filter_results of the choice, an object
}

// note keeps a copy of what a chunk or an answer tells.
func (f *filters) note(prompts, completion []byte) {
	if rawjson.KindOf(prompts) == rawjson.KindArray && rawjson.Valid(prompts) {
		f.prompts = append(f.prompts[:0], prompts...)
	}
	if rawjson.KindOf(completion) == rawjson.KindObject && len(completion) > len("{}") && rawjson.Valid(completion) {
		f.completion = append(f.completion[:0], completion...)
	}
}

// append writes the response's content_filters; null where nothing was filtered.
func (f *filters) append(dst []byte, blocked bool) []byte {
	start := len(dst)
	dst = append(dst, '[')
	rawjson.Elements(f.prompts, func(prompt []byte) bool {
		if results, ok := rawjson.Get(prompt, "content_filter_results"); ok && rawjson.KindOf(results) == rawjson.KindObject {
			dst = appendFilter(chatform.Separated(dst, start+1), "prompt", results, filtered(results))
		}
		return true
	})
	if f.completion != nil {
		dst = appendFilter(chatform.Separated(dst, start+1), "completion", f.completion, blocked || filtered(f.completion))
	}
	if len(dst) == start+1 {
		return append(dst[:start], "null"...)
	}
	return append(dst, ']')
}

func appendFilter(dst []byte, source string, results []byte, blocked bool) []byte {
	dst = strconv.AppendBool(append(dst, `{"blocked":`...), blocked)
	dst = append(append(append(dst, `,"source_type":"`...), source...), `","content_filter_results":`...)
	return append(rawjson.Compact(dst, results), '}')
}

// filtered reports whether a category was reason to block.
func filtered(results []byte) (yes bool) {
	rawjson.Top(results, func(_, category []byte) bool {
		value, _ := rawjson.Get(category, "filtered")
		yes = yes || rawjson.KindOf(value) == rawjson.KindTrue
		return !yes
	})
	return yes
}

func orNull(value []byte) []byte { return or(value, "null") }

// or is the value, or what stands for it where it is absent.
func or(value []byte, absent string) []byte {
	if value == nil {
		return []byte(absent)
	}
	return value
}
