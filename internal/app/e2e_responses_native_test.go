package app_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"

	"skytower/internal/provider/providertest"
)

// nativeRequest is what the upstream with a Responses API reads.
type nativeRequest struct {
	Input    json.RawMessage `json:"input"`
	Previous *string         `json:"previous_response_id"`
	Store    *bool           `json:"store"`
	Stream   bool            `json:"stream"`
	Tools    []struct {
		Type string `json:"type"`
		Name string `json:"name"`
	} `json:"tools"`
	Reasoning *struct {
		Summary *string `json:"summary"`
	} `json:"reasoning"`
	Background *bool    `json:"background"`
	Include    []string `json:"include"`

	// What the answer tells again.
	Instructions json.RawMessage `json:"instructions"`
	Metadata     json.RawMessage `json:"metadata"`
	Text         json.RawMessage `json:"text"`
	ToolChoice   json.RawMessage `json:"tool_choice"`
}

// echo is the part of a response that tells the request again.
func (r *nativeRequest) echo() doc {
	out := doc{}
	for name, value := range map[string]json.RawMessage{
		"instructions": r.Instructions, "metadata": r.Metadata, "text": r.Text, "tool_choice": r.ToolChoice,
	} {
		if value != nil {
			out[name] = value
		}
	}
	return out
}

// nativeItem is an item of the input.
type nativeItem struct {
	Type      string          `json:"type"`
	Role      string          `json:"role"`
	ID        string          `json:"id"`
	Content   json.RawMessage `json:"content"`
	CallID    string          `json:"call_id"`
	Output    json.RawMessage `json:"output"`
	Encrypted *string         `json:"encrypted_content"`
}

// native is the upstream with a Responses API. It keeps nothing: who continues a
// conversation has to send all of it.
func (s *stage) native(x *providertest.Exchange) {
	var r nativeRequest
	if err := json.Unmarshal([]byte(x.Request.Body), &r); err != nil {
		refused(x, http.StatusBadRequest, "", "native: "+err.Error())
		return
	}
	k, param, wrong := r.talk()
	if wrong != "" {
		status := http.StatusBadRequest
		if strings.Contains(wrong, "not found") {
			status = http.StatusNotFound
		}
		refused(x, status, param, wrong)
		return
	}
	sc := k.scene()
	var sealed any
	if slices.Contains(r.Include, "reasoning.encrypted_content") {
		sealed = "c2VhbGVk"
	}
	a := &nativeAnswer{sc: sc, sealed: sealed, echo: r.echo(), name: fmt.Sprintf("%016x", rand.Uint64()), summary: r.Reasoning != nil && r.Reasoning.Summary != nil}
	switch {
	case r.Stream:
		a.tell()
		n := a.end
		s.play(x, sc, a.events[:n], a.events[n:])
	case sc.ends == "hang":
		s.hang(x)
	case sc.ends == "error":
		providertest.JSON(http.StatusInternalServerError, `{"error":{"message":"The model failed.","type":"server_error"}}`)(x)
	default:
		a.tell()
		providertest.JSON(http.StatusOK, mustJSON(a.last))(x)
	}
}

// talk reads the input as OpenAI does, which checks it more than one would think.
func (r *nativeRequest) talk() (k talk, param, wrong string) {
	switch {
	case r.Previous != nil:
		return k, "previous_response_id", "Previous response with id '" + *r.Previous + "' not found."
	case r.Store == nil || *r.Store:
		return k, "store", "This upstream may keep nothing."
	case r.Background != nil && *r.Background:
		return k, "background", "This upstream has no background."
	}
	for i, tool := range r.Tools {
		if tool.Type == "function" && tool.Name == "" {
			return k, fmt.Sprintf("tools[%d].name", i), "Missing required parameter: 'tools[0].name'."
		}
	}
	if json.Unmarshal(r.Input, &k.last) == nil {
		return k, "", ""
	}
	var items []nativeItem
	if err := json.Unmarshal(r.Input, &items); err != nil || len(items) == 0 {
		return k, "input", "input: a string or items are needed"
	}
	calls := map[string]bool{}
	for i, item := range items {
		if wrong := k.add(item, calls); wrong != "" {
			return k, fmt.Sprintf("input[%d]", i), wrong
		}
	}
	for id, open := range calls {
		if open {
			return k, "input", "No tool output found for function call " + id + "."
		}
	}
	return k, "", ""
}

// add reads one item. calls are those so far, true where they have no result yet.
func (k *talk) add(item nativeItem, calls map[string]bool) string {
	text, images, wrong := nativeContent(item.Content)
	if wrong != "" {
		return wrong
	}
	k.before, k.last, k.images, k.result = k.before+"\n"+k.last, text, images, ""
	switch item.Type {
	case "", "message":
		if item.Role == "" {
			return "a message without a role"
		}
	case "reasoning":
		if item.Encrypted == nil {
			return "Item with id '" + item.ID + "' not found. Items are not persisted when `store` is set to false."
		}
	case "function_call":
		calls[item.CallID] = true
	case "function_call_output":
		if !calls[item.CallID] {
			return "No tool call found for function call output with call_id " + item.CallID + "."
		}
		calls[item.CallID] = false
		k.result, _, wrong = nativeContent(item.Output)
	case "item_reference":
		return "Item with id '" + item.ID + "' not found."
	default:
		return "there is no item of type " + item.Type
	}
	return wrong
}

// nativeContent reads a string or parts.
func nativeContent(raw json.RawMessage) (text string, images []string, wrong string) {
	if len(raw) == 0 || string(raw) == "null" || json.Unmarshal(raw, &text) == nil {
		return text, nil, ""
	}
	var parts []struct {
		Type     string `json:"type"`
		Text     string `json:"text"`
		Refusal  string `json:"refusal"`
		ImageURL string `json:"image_url"`
		Filename string `json:"filename"`
	}
	if err := json.Unmarshal(raw, &parts); err != nil {
		return "", nil, err.Error()
	}
	for _, p := range parts {
		switch p.Type {
		case "input_text", "output_text", "reasoning_text":
			text += p.Text
		case "refusal":
			text += p.Refusal
		case "input_image":
			images = append(images, p.ImageURL)
		case "input_file":
			images = append(images, p.Filename)
		default:
			return "", nil, "there is no part " + p.Type
		}
	}
	return text, images, ""
}

// nativeAnswer tells a scene as OpenAI does. Its ids are its own.
type nativeAnswer struct {
	sc      scene
	echo    doc
	name    string // of this answer, in its ids
	summary bool   // reasoning is told as a summary
	sealed  any    // the encrypted form of the reasoning, or nil

	events []string
	end    int // the events before the scene's end
	output []any
	last   map[string]any // the response object at its end
}

type doc = map[string]any

func (a *nativeAnswer) emit(kind string, fields doc) {
	event := maps.Clone(fields)
	event["type"], event["sequence_number"] = kind, len(a.events)
	if strings.HasSuffix(kind, ".delta") {
		event["obfuscation"] = "x1y2z3"
	}
	a.events = append(a.events, "event: "+kind+"\ndata: "+mustJSON(event)+"\n\n")
}

// response is the object as it is now.
func (a *nativeAnswer) response(status string, more doc) doc {
	r := doc{
		"id": "resp_up" + a.name, "object": "response", "created_at": 1748000000, "completed_at": nil, "status": status, "background": false,
		"error": nil, "incomplete_details": nil, "instructions": nil, "max_output_tokens": nil, "max_tool_calls": nil, "model": upNative,
		"output": append([]any{}, a.output...), "parallel_tool_calls": true, "previous_response_id": nil, "prompt_cache_key": nil,
		"reasoning": doc{"effort": nil, "summary": nil}, "safety_identifier": nil, "service_tier": "default", "store": false,
		"temperature": 1, "text": doc{"format": doc{"type": "text"}, "verbosity": "medium"}, "tool_choice": "auto", "tools": []any{},
		"top_logprobs": 0, "top_p": 1, "truncation": "disabled", "usage": nil, "user": nil, "metadata": doc{},
	}
	maps.Copy(r, a.echo)
	maps.Copy(r, more)
	return r
}

// tell makes all events and the last object.
func (a *nativeAnswer) tell() {
	status, details := "completed", any(nil)
	switch a.sc.ends {
	case "length":
		status, details = "incomplete", doc{"reason": "max_output_tokens"}
	case "content_filter":
		status, details = "incomplete", doc{"reason": "content_filter"}
	}
	a.emit("response.created", doc{"response": a.response("in_progress", nil)})
	a.emit("response.in_progress", doc{"response": a.response("in_progress", nil)})
	if len(a.sc.thinks) > 0 {
		a.think()
	}
	if len(a.sc.says)+len(a.sc.refuses) > 0 {
		a.message(status)
	}
	for _, c := range a.sc.calls {
		a.call(c)
	}
	if a.end == 0 {
		a.end = len(a.events)
	}
	if a.sc.ends == "error" {
		a.events = a.events[:a.end]
		a.output = nil
		a.last = a.response("failed", doc{"error": doc{"code": "server_error", "message": "The model failed at " + upNative + "."}})
		a.emit("response.failed", doc{"response": a.last})
		return
	}
	usage := doc{
		"input_tokens": sceneInput, "output_tokens": sceneOutput, "total_tokens": sceneInput + sceneOutput,
		"input_tokens_details": doc{"cached_tokens": sceneCached}, "output_tokens_details": doc{"reasoning_tokens": 0},
	}
	if len(a.sc.thinks) > 0 {
		usage["output_tokens_details"] = doc{"reasoning_tokens": sceneReasoning}
	}
	a.last = a.response(status, doc{"usage": usage, "incomplete_details": details, "completed_at": 1748000002})
	a.emit("response."+status, doc{"response": a.last})
}

// open begins an item, and close ends it.
func (a *nativeAnswer) open(item doc) {
	a.emit("response.output_item.added", doc{"output_index": len(a.output), "item": item})
}

func (a *nativeAnswer) close(item doc) {
	a.emit("response.output_item.done", doc{"output_index": len(a.output), "item": item})
	a.output = append(a.output, item)
}

// at is the place of a part in the item that is open.
func (a *nativeAnswer) at(item string, more doc) doc {
	d := doc{"output_index": len(a.output), "item_id": item, "content_index": 0}
	maps.Copy(d, more)
	return d
}

func (a *nativeAnswer) think() {
	id := "rs_up" + a.name
	a.open(doc{"id": id, "type": "reasoning", "summary": []any{}, "status": "in_progress"})
	if !a.summary {
		part := doc{"type": "reasoning_text", "text": a.sc.thought()}
		a.emit("response.content_part.added", a.at(id, doc{"part": doc{"type": "reasoning_text", "text": ""}}))
		for _, text := range a.sc.thinks {
			a.emit("response.reasoning_text.delta", a.at(id, doc{"delta": text}))
		}
		a.emit("response.reasoning_text.done", a.at(id, doc{"text": a.sc.thought()}))
		a.emit("response.content_part.done", a.at(id, doc{"part": part}))
		a.close(doc{"id": id, "type": "reasoning", "summary": []any{}, "content": []any{part}, "encrypted_content": a.sealed, "status": "completed"})
		return
	}
	at := func(more doc) doc {
		d := a.at(id, more)
		delete(d, "content_index")
		d["summary_index"] = 0
		return d
	}
	part := doc{"type": "summary_text", "text": a.sc.thought()}
	a.emit("response.reasoning_summary_part.added", at(doc{"part": doc{"type": "summary_text", "text": ""}}))
	for _, text := range a.sc.thinks {
		a.emit("response.reasoning_summary_text.delta", at(doc{"delta": text}))
	}
	a.emit("response.reasoning_summary_text.done", at(doc{"text": a.sc.thought()}))
	a.emit("response.reasoning_summary_part.done", at(doc{"part": part}))
	a.close(doc{"id": id, "type": "reasoning", "summary": []any{part}, "encrypted_content": a.sealed, "status": "completed"})
}

// message tells the text or the refusal.
func (a *nativeAnswer) message(status string) {
	id := "msg_up" + a.name
	a.open(doc{"id": id, "type": "message", "status": "in_progress", "role": "assistant", "content": []any{}})
	kind, field, pieces, part := "output_text", "text", a.sc.says, doc{"type": "output_text", "text": "", "annotations": []any{}, "logprobs": []any{}}
	if len(a.sc.refuses) > 0 {
		kind, field, pieces, part = "refusal", "refusal", a.sc.refuses, doc{"type": "refusal", "refusal": ""}
	}
	a.emit("response.content_part.added", a.at(id, doc{"part": maps.Clone(part)}))
	for _, text := range pieces {
		delta := doc{"delta": text}
		if kind == "output_text" {
			delta["logprobs"] = []any{}
		}
		a.emit("response."+kind+".delta", a.at(id, delta))
	}
	if a.sc.ends == "hang" || a.sc.ends == "error" {
		a.end = len(a.events)
	}
	if a.sc.cites {
		part["annotations"] = []any{a.sc.citation()}
		a.emit("response.output_text.annotation.added", a.at(id, doc{"annotation_index": 0, "annotation": a.sc.citation()}))
	}
	part[field] = strings.Join(pieces, "")
	done := doc{field: part[field]}
	if kind == "output_text" {
		done["logprobs"] = []any{}
	}
	a.emit("response."+kind+".done", a.at(id, done))
	a.emit("response.content_part.done", a.at(id, doc{"part": part}))
	a.close(doc{"id": id, "type": "message", "status": status, "role": "assistant", "content": []any{part}})
}

func (a *nativeAnswer) call(c sceneCall) {
	id := fmt.Sprint("fc_up", len(a.output), a.name)
	item := func(status, arguments string) doc {
		return doc{"id": id, "type": "function_call", "status": status, "call_id": c.id, "name": c.name, "arguments": arguments}
	}
	at := func(more doc) doc {
		d := a.at(id, more)
		delete(d, "content_index")
		return d
	}
	a.open(item("in_progress", ""))
	for _, text := range c.arguments {
		if text == "" {
			continue
		}
		a.emit("response.function_call_arguments.delta", at(doc{"delta": text}))
	}
	whole := strings.Join(c.arguments, "")
	a.emit("response.function_call_arguments.done", at(doc{"arguments": whole, "name": c.name}))
	a.close(item("completed", whole))
}
