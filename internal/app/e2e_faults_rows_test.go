package app_test

import (
	"slices"
	"strings"

	"skytower/internal/provider/faultsite"
)

// faultRow is a fault and what comes of it, by contract 9.4 and the design's "Routing".
type faultRow struct {
	fault  faultsite.Fault
	server string
	plain  faultEnd // of a plain answer; nil: there is no such case
	stream faultEnd
	// native is the end of a stream of the upstream's own Responses API, where it differs.
	native faultEnd
	// messages is the end with an upstream of Anthropic's API, where it differs: what that
	// upstream says, or leaves out, is read by another adapter.
	messages faultEnd

	moves  bool     // the second target is tried: this one proved, or said, that it did no work
	apis   []string // that have such a case; nil: all
	unseen bool     // the upstream reads no request
	own    bool     // each case has a target of its own: a busy one is left alone for a while
}

// seen is how many requests the faulty upstream reads of a case.
func (r faultRow) seen() int {
	if r.unseen {
		return 0
	}
	return 1
}

// cases are the row's, for each API, alone and before a sound target.
func (r faultRow) cases() []*faultCase {
	var out []*faultCase
	for _, api := range faultAPIs() {
		want := r.plain
		switch {
		case api.is("messages") && r.messages != nil:
			want = r.messages
		case api.is("native") && api.stream && r.native != nil:
			want = r.native
		case api.stream:
			want = r.stream
		}
		if want == nil || !r.has(api) {
			continue
		}
		for _, two := range []bool{false, true} {
			if two && !api.two {
				continue
			}
			c := &faultCase{row: r, api: api, two: two, want: want}
			if c.moved() {
				c.want = servedEnd{}
			}
			out = append(out, c)
		}
	}
	return out
}

func (r faultRow) has(api faultAPI) bool {
	for _, name := range r.apis {
		if api.is(name) {
			return true
		}
	}
	return r.apis == nil
}

// faultRows is the table.
func faultRows() []faultRow {
	failed := refusedEnd{status: 500, errorID: "INFERENCE_ERROR", kind: "server_error", code: "service_error"}
	late := refusedEnd{status: 504, errorID: "INFERENCE_TIMEOUT", kind: "server_error", code: "inference_timeout"}
	away := refusedEnd{status: 503, errorID: "SERVICE_UNAVAILABLE", kind: "server_error", code: "service_unavailable", after: "5"}
	resting := away
	resting.after = "7"
	denied := refusedEnd{status: 500, errorID: "INFERENCE_ERROR", kind: "server_error", code: "service_error", final: true}
	busy := func(after string) refusedEnd {
		return refusedEnd{status: 429, errorID: "INFERENCE_RATE_LIMITED", kind: "rate_limit_error", code: "inference_rate_limited", after: after}
	}
	theirs := func(status int, param string) refusedEnd {
		r := refusedEnd{status: status, errorID: "INVALID_REQUEST", kind: "invalid_request_error", code: "invalid_request", param: param, told: true}
		if param != "" {
			r.errorID, r.code = "INVALID_PARAMETER", "invalid_parameter"
		}
		return r
	}
	tooLong := theirs(400, "messages")
	tooLong.code = "context_length_exceeded"
	broken := bandEnd{errorID: "INFERENCE_ERROR", code: "service_error", outcome: "cut", output: true}
	silent := bandEnd{errorID: "INFERENCE_TIMEOUT", code: "inference_timeout", outcome: "cut", output: true}
	barren := bandEnd{errorID: "INFERENCE_ERROR", code: "service_error", outcome: "cut"}

	faults := map[string]faultsite.Fault{}
	for _, f := range faultsite.All() {
		faults[f.Name] = f
	}
	var rows []faultRow
	add := func(names string, r faultRow) {
		for _, name := range strings.Fields(names) {
			f, ok := faults[name]
			if !ok {
				panic("there is no fault " + name)
			}
			if r.server == "" {
				r.server = anyBounds
			}
			r.fault = f
			rows = append(rows, r)
		}
	}
	both := func(end faultEnd) faultRow { return faultRow{plain: end, stream: end} }
	own := func(r faultRow) faultRow { r.own = true; return r }
	moves := func(end faultEnd) faultRow { return faultRow{plain: end, stream: end, moves: true} }
	on := func(server string, r faultRow) faultRow { r.server = server; return r }

	// No connection: nothing was sent.
	add("refuse", faultRow{plain: away, stream: away, moves: true, unseen: true})
	// Sent, and no answer: the work may have been done, so nobody else gets it.
	add("close-unread", faultRow{plain: failed, stream: failed, unseen: true})
	add("close reset half-a-head garbage tls huge-head two-lengths length-and-coding interim-flood switch", both(failed))
	add("hang half-a-head-hang interim-hang", on(shortHead, both(late)))
	add("hang-at-start", on(shortIdle, both(late)))
	// An answer of success that is none.
	add("no-content empty gzip-false coding-unknown cut-at-start page half-a-document list hollow error-in-200 error-text-in-200", both(failed))
	add("other-form", faultRow{plain: failed, stream: servedEnd{}, native: failed, messages: failed})
	add("type-json", faultRow{plain: servedEnd{}, stream: failed})
	// Ends before the end.
	add("cut-before-output", faultRow{plain: failed, stream: barren})
	add("cut-midway reset-midway cut-within-event gzip-cut length-too-short", faultRow{plain: failed, stream: broken})
	add("end-midway", faultRow{plain: failed, stream: broken})
	add("hang-midway", on(shortIdle, faultRow{plain: late, stream: silent}))
	add("cut-before-last-chunk", faultRow{plain: failed, stream: servedEnd{}})
	// Strange, and sound.
	add("sound interim gzip type-text type-missing", both(servedEnd{}))
	few := []string{"chat", "native"} // megabytes go out
	add("early", faultRow{plain: servedEnd{}, stream: servedEnd{}, apis: few})
	add("drip", on(shortIdle, both(servedEnd{})))
	// It says that it did nothing, or can do nothing with our credentials or names.
	add("status-302 status-401 status-402 status-403 status-404", moves(denied))
	add("status-408", moves(late))
	add("status-429", own(moves(busy("*"))))
	add("status-429-after", own(moves(busy("7"))))
	add("status-429-long", own(moves(busy("60"))))
	add("status-429-after-ms", own(moves(busy("2"))))
	add("status-503-after", own(moves(resting)))
	add("status-500 status-502 status-503 status-504 status-500-page status-500-cut", moves(failed))
	add("status-529", own(faultRow{plain: failed, stream: failed, moves: true, messages: busy("*")})) // Anthropic's word for being busy
	add("status-500-hang", on(shortIdle, moves(failed)))
	// It refuses the request: the caller is told why, and nobody else is asked.
	add("status-400", both(theirs(400, "")))
	// Anthropic's API names fields, and says that an input is too long, in other ways.
	add("status-400-param", faultRow{plain: theirs(400, "temperature"), stream: theirs(400, "temperature"), messages: theirs(400, "")})
	add("status-400-context", faultRow{plain: tooLong, stream: tooLong, messages: theirs(400, "")})
	add("status-413", both(theirs(413, "")))
	add("early-413", faultRow{plain: theirs(413, ""), stream: theirs(413, ""), apis: few})
	add("status-422", faultRow{plain: theirs(422, "temperature"), stream: theirs(422, "temperature"), messages: theirs(422, "")})
	// A refusal that means nothing to us.
	add("status-400-page status-405 status-409", both(failed))

	for _, edit := range contentFaults(broken, failed) {
		edit.server = anyBounds
		rows = append(rows, edit)
	}
	return rows
}

// contentFaults are answers that come whole and say too little, or the wrong thing. Those of
// the translated API are those of chat.
func contentFaults(broken bandEnd, failed refusedEnd) []faultRow {
	type answer = faultsite.Answer
	edit := func(name string, apis []string, plain, stream faultEnd, change func(*answer)) faultRow {
		return faultRow{plain: plain, stream: stream, apis: apis, fault: faultsite.Edit(name, func(a answer) answer {
			a.Events = append([]string(nil), a.Events...)
			change(&a)
			return a
		})}
	}
	everywhere := func(old, new string) func(*answer) {
		return func(a *answer) {
			a.Whole = strings.ReplaceAll(a.Whole, old, new)
			for i := range a.Events {
				a.Events[i] = strings.ReplaceAll(a.Events[i], old, new)
			}
		}
	}
	// then replaces what comes after the first output.
	then := func(events ...string) func(*answer) {
		return func(a *answer) {
			if a.Events != nil {
				a.Events = append(a.Events[:a.First:a.First], events...)
			}
		}
	}
	without := func(part string) func(*answer) {
		return func(a *answer) {
			a.Events = slices.DeleteFunc(a.Events, func(e string) bool { return strings.Contains(e, part) })
		}
	}
	chat, native, embed := []string{"chat", "translated", "messages-chat"}, []string{"native"}, []string{"embeddings"}
	anthropic := []string{"messages"}
	counted := servedEnd{counted: true}
	crowded := bandEnd{errorID: "INFERENCE_RATE_LIMITED", code: "inference_rate_limited", outcome: "cut", output: true}
	secret := `"message":"` + faultsite.Secret + `"`
	return []faultRow{
		edit("error-midway", chat, nil, broken, then(`data: {"error":{`+secret+`}}`+"\n\n", donePiece)),
		edit("error-event-midway", chat, nil, broken, then("event: error\ndata: {"+secret+"}\n\n")),
		edit("error-midway-native", native, nil, broken, then(`event: error`+"\n"+`data: {"type":"error","sequence_number":6,"code":"x",`+secret+"}\n\n")),
		edit("error-first", chat, nil, failed, func(a *answer) { a.Events = []string{`data: {"error":{` + secret + `}}` + "\n\n"} }),
		edit("error-first-native", native, nil, failed, func(a *answer) { a.Events = []string{"event: error\n" + `data: {"type":"error",` + secret + "}\n\n"} }),
		edit("error-midway-messages", anthropic, nil, broken, then("event: error\n"+`data: {"type":"error","error":{"type":"api_error",`+secret+"}}\n\n")),
		edit("overloaded-midway-messages", anthropic, nil, crowded, then("event: error\n"+`data: {"type":"error","error":{"type":"overloaded_error",`+secret+"}}\n\n")),
		edit("error-first-messages", anthropic, nil, failed, func(a *answer) {
			a.Events = []string{"event: error\n" + `data: {"type":"error","error":{"type":"api_error",` + secret + "}}\n\n"}
		}),
		edit("garbage-midway", chat, nil, broken, then("data: {\"choices\":\n\n", "data: {}\n\n", donePiece)),
		edit("garbage-midway-native", native, nil, broken, then("data: {\"type\":\n\n", "data: {}\n\n")),
		edit("garbage-midway-messages", anthropic, nil, broken, then("event: content_block_delta\ndata: {\"type\":\n\n", "data: {}\n\n")),
		edit("huge-event", []string{"chat"}, nil, broken, then("data: "+strings.Repeat("x", 5<<20)+"\n\n", donePiece)),

		edit("done-missing", chat, nil, servedEnd{}, without("[DONE]")),
		edit("done-and-finish-missing", chat, nil, broken, then()),
		edit("finish-missing", chat, nil, servedEnd{unfinished: true}, without(`"finish_reason":"stop"`)),
		edit("end-missing-native", native, nil, broken, then()),
		edit("end-missing-messages", anthropic, nil, broken, then()),
		edit("crlf-and-comments", nil, nil, servedEnd{}, func(a *answer) {
			for i, e := range a.Events {
				a.Events[i] = ": comment\r\n" + strings.ReplaceAll(e, "\n", "\r\n")
			}
		}),

		edit("usage-missing", chat, counted, counted, func(a *answer) {
			a.Whole = strings.Replace(a.Whole, `,"usage":`+faultUsage, "", 1)
			without(`"usage":`)(a)
		}),
		edit("usage-null", []string{"chat", "translated", "native"}, counted, counted, func(a *answer) {
			everywhere(`"usage":`+faultUsage, `"usage":null`)(a)
			everywhere(`"usage":`+faultNativeUsage, `"usage":null`)(a)
		}),
		edit("usage-null-messages", anthropic, counted, counted, everywhere(`"usage":`+faultMessageUsage, `"usage":null`)),
		edit("usage-at-the-start-of-messages", anthropic, nil, servedEnd{}, func(a *answer) {
			for i, e := range a.Events { // and in the end its output alone
				if strings.HasPrefix(e, "event: message_delta") {
					a.Events[i] = strings.Replace(e, faultMessageUsage, `{"output_tokens":4}`, 1)
				}
			}
		}),
		edit("ping-between-messages", anthropic, nil, servedEnd{}, func(a *answer) {
			a.Events = slices.Insert(a.Events, a.First, "event: ping\ndata: {\"type\": \"ping\"}\n\n")
		}),
		edit("usage-null-embeddings", embed, counted, nil, everywhere(`"usage":{"prompt_tokens":2,"total_tokens":2}`, `"usage":null`)),
		edit("usage-of-zeros", chat, counted, counted, everywhere(faultUsage, `{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}`)),
		edit("usage-on-each-event", chat, nil, servedEnd{}, func(a *answer) {
			for i, e := range a.Events[:a.First] {
				a.Events[i] = strings.Replace(e, `"choices":`, `"usage":{"prompt_tokens":11,"completion_tokens":1,"total_tokens":12},"choices":`, 1)
			}
		}),
		edit("usage-twice", chat, nil, servedEnd{}, func(a *answer) {
			last := len(a.Events) - 1
			a.Events = slices.Insert(a.Events, last, a.Events[last-1])
		}),

		edit("choices-empty-between", chat, nil, servedEnd{}, func(a *answer) {
			a.Events = slices.Insert(a.Events, a.First, `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","choices":[]}`+"\n\n")
		}),
		edit("choices-missing-between", chat, nil, servedEnd{}, func(a *answer) {
			a.Events = slices.Insert(a.Events, a.First, `data: {"id":"chatcmpl-1","object":"chat.completion.chunk"}`+"\n\n")
		}),
		edit("choices-missing", chat, failed, nil, everywhere(`"choices":`, `"chances":`)),
		edit("output-missing", native, failed, nil, everywhere(`"output":`, `"input":`)),
		edit("content-missing", anthropic, failed, nil, everywhere(`"content":`, `"contents":`)),
		edit("data-empty", embed, failed, nil, everywhere(`[{"object":"embedding","index":0,"embedding":[1.0,-2.5,0.25]}]`, `[]`)),
	}
}
