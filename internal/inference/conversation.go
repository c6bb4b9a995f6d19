package inference

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"skytower/internal/fault"
	"skytower/internal/provider"
	"skytower/internal/rawjson"
	"skytower/internal/response"
)

// Conversations is what the Responses API keeps, here and not at upstreams: a
// conversation can go on at another target, and nobody finds what is not his own.
type Conversations interface {
	Context(ctx context.Context, account, previous string) ([]response.Item, error)
	Items(ctx context.Context, account string, ids []string) (map[string]json.RawMessage, error)
	Save(ctx context.Context, r response.Record) error
	Linger(account, id string, output []response.Item)
}

// talk is what a Responses request has to do with what is kept.
type talk struct {
	store    bool            // it is to be kept,
	linger   bool            // or to be referred to for a while: the request says nothing of it
	previous string          // or ""
	replay   bool            // the input holds what was answered before
	own      []response.Item // what is new, where it is to be kept
}

// converse reads what the request says of conversations, and makes its input whole:
// what went before, and what it refers to.
func (r *run) converse(ctx context.Context) error {
	if r.req.API != Responses || r.svc.Conversations == nil {
		return nil
	}
	body := r.req.Body
	store, said, err := body.Bool("store")
	if err != nil {
		return err
	}
	previous, _, err := body.String("previous_response_id")
	if err != nil {
		return err
	}
	r.talk = talk{store: store || r.req.Background, linger: !said, previous: previous}
	if r.req.Background && said && !store {
		return fault.Invalid("background", "A response in the background is stored; leave out 'store', or set it to true.")
	}
	refers := bytes.Contains(body.Bytes(), []byte(`"id"`)) // or something else does, which is seen then
	if previous == "" && !r.talk.store && !refers {
		return nil
	}
	return r.wholeInput(ctx)
}

// wholeInput puts the conversation before the request's own items, and what they refer
// to in the references' places.
func (r *run) wholeInput(ctx context.Context) error {
	var before []response.Item
	var err error
	if r.talk.previous != "" {
		if before, err = r.svc.Conversations.Context(ctx, r.who.Account, r.talk.previous); err != nil {
			return err
		}
	}
	items, err := r.refer(ctx, inputItems(r.req.Body), before)
	if err != nil {
		return err
	}
	if r.talk.store {
		if err := r.named(items); err != nil {
			return err
		}
	}
	if !r.talk.replay {
		return nil
	}
	list := []byte{'['}
	for _, item := range before {
		list = append(append(list, item.Body...), ',')
	}
	for _, item := range items {
		list = append(append(list, item...), ',')
	}
	if len(list) > 1 {
		list = list[:len(list)-1]
	}
	r.req.Body, err = r.req.Body.Edit().SetRaw("input", append(list, ']')).Apply()
	return err
}

// inputItems are the items of `input`; a string is one message.
func inputItems(body *rawjson.Object) [][]byte {
	input, _ := body.Raw("input")
	if rawjson.KindOf(input) == rawjson.KindString {
		item := append([]byte(`{"type":"message","role":"user","content":[{"type":"input_text","text":`), input...)
		return [][]byte{append(item, `}]}`...)}
	}
	var items [][]byte
	rawjson.Elements(input, func(item []byte) bool {
		items = append(items, item)
		return true
	})
	return items
}

// refer puts the items in the place of references to them. One that the conversation
// holds already is left out.
func (r *run) refer(ctx context.Context, items [][]byte, before []response.Item) ([][]byte, error) {
	var ids []string
	for _, item := range items {
		if id := reference(item); id != "" {
			ids = append(ids, id)
		}
	}
	r.talk.replay = len(before)+len(ids) > 0
	if len(ids) == 0 {
		return items, nil
	}
	found, err := r.svc.Conversations.Items(ctx, r.who.Account, ids)
	if err != nil {
		return nil, fault.Wrap(err, fault.ServiceUnavailable, "Stored responses cannot be read at the moment; try again later.")
	}
	there := make(map[string]bool, len(before))
	for _, item := range before {
		there[item.ID] = true
	}
	out := make([][]byte, 0, len(items))
	for i, item := range items {
		id := reference(item)
		body, ok := found[id]
		switch {
		case id == "":
			out = append(out, item)
		case there[id]: // it is told once
		case !ok:
			return nil, fault.Invalid(fmt.Sprintf("input[%d].id", i), "There is no item '%s' that this input could refer to.", clipped(id))
		default:
			out = append(out, body)
		}
	}
	return out, nil
}

// clipped bounds a caller's text in a message.
func clipped(text string) string {
	const most = 80
	if len(text) <= most {
		return text
	}
	return text[:most] + "…"
}

// reference is the id that the item refers to, "" if it is no reference: OpenAI lets
// `type` be left out.
func reference(item []byte) string {
	var kind, role, id []byte
	rawjson.Top(item, func(key, value []byte) bool {
		switch string(key) {
		case "type":
			kind = value
		case "role":
			role = value
		case "id":
			id = value
		}
		return true
	})
	if string(kind) != `"item_reference"` && (rawjson.KindOf(kind) == rawjson.KindString || role != nil) {
		return ""
	}
	text, err := rawjson.Unquote(id)
	if err != nil {
		return ""
	}
	return text
}

// named keeps the request's own items for the record, under ids.
func (r *run) named(items [][]byte) error {
	for i, item := range items {
		own, err := response.Named(item)
		if err != nil {
			return fault.Invalid(fmt.Sprintf("input[%d]", i), "'input[%d]' must be an object.", i)
		}
		r.talk.own = append(r.talk.own, own)
	}
	return nil
}

// keep stores the answer, or lets it be referred to for a while. It comes before the end
// of the answer, so that the next request finds it.
func (r *run) keep(ctx context.Context) {
	if !r.talk.store && !r.talk.linger || r.req.API != Responses || r.svc.Conversations == nil || r.background != "" {
		return
	}
	doc := r.lastResponse()
	id := textMember(doc, "id")
	if id == "" {
		return
	}
	output := outputItems(doc)
	if !r.talk.store {
		r.svc.Conversations.Linger(r.who.Account, id, output)
		return
	}
	now := r.svc.Now()
	err := r.svc.Conversations.Save(ctx, response.Record{
		Account: r.who.Account, ID: id, Key: r.who.Key, Previous: r.talk.previous, Model: r.result.Model, State: stateOf(doc),
		Body: bytes.Clone(doc), Input: r.talk.own, Output: output, Created: created(doc, now), Ended: now,
	})
	if err != nil {
		r.svc.Log.Error("a response could not be stored", "request_id", r.req.ID, "error", err)
		r.notStored()
	}
}

// created is when the response says that it was.
func created(doc []byte, now time.Time) time.Time {
	raw, _ := rawjson.Get(doc, "created_at")
	if at, ok := rawjson.Int(raw); ok && at > 0 && at < 1<<40 {
		return time.Unix(at, 0)
	}
	return now
}

func stateOf(doc []byte) response.State {
	switch status := response.State(textMember(doc, "status")); status {
	case response.Incomplete, response.Failed, response.Cancelled:
		return status
	}
	return response.Completed
}

func textMember(doc []byte, name string) string {
	raw, _ := rawjson.Get(doc, name)
	text, err := rawjson.Unquote(raw)
	if err != nil {
		return ""
	}
	return text
}

// outputItems are the items that can be named later.
func outputItems(doc []byte) []response.Item {
	output, _ := rawjson.Get(doc, "output")
	var items []response.Item
	rawjson.Elements(output, func(item []byte) bool {
		if id := textMember(item, "id"); id != "" {
			items = append(items, response.Item{ID: id, Body: bytes.Clone(item)})
		}
		return true
	})
	return items
}

// lastResponse is the response object as the caller is about to get it.
func (r *run) lastResponse() []byte {
	switch {
	case !r.req.Stream:
		return r.answer
	case len(r.last) > 0:
		return lastOf(r.last[len(r.last)-1].Data)
	case r.held != nil:
		return lastOf(r.held.data)
	}
	return nil
}

func lastOf(event []byte) []byte {
	doc, _ := rawjson.Get(event, "response")
	return doc
}

// notStored says in the answer what became of `store`.
func (r *run) notStored() {
	says := func(doc []byte) []byte { return with(doc, "store", []byte("false")) }
	switch {
	case !r.req.Stream:
		r.answer = says(r.answer)
	case len(r.last) > 0:
		end := &r.last[len(r.last)-1]
		end.Data = with(end.Data, "response", says(lastOf(end.Data)))
	case r.held != nil:
		r.held.data = with(r.held.data, "response", says(lastOf(r.held.data)))
	}
}

// mask makes an upstream's own response ours, where more is asked than the upstream
// knows of: it stores nothing, and knows no conversation.
type mask struct {
	id         string    // "" leaves the upstream's
	created    time.Time // zero leaves the upstream's
	store      bool
	previous   string
	background bool
}

// masked is nil where an upstream's response may pass as it is.
func (r *run) masked() *mask {
	if !r.talk.store && r.talk.previous == "" {
		return nil
	}
	return &mask{id: r.background, created: r.began, store: r.talk.store, previous: r.talk.previous, background: r.background != ""}
}

func (m *mask) response(doc []byte) []byte {
	o, err := rawjson.Scan(doc, nil)
	if err != nil {
		return doc
	}
	e := o.Edit().SetBool("store", m.store)
	if m.id != "" {
		e.SetString("id", m.id)
	}
	if !m.created.IsZero() {
		e.SetInt("created_at", m.created.Unix())
	}
	if m.previous != "" {
		e.SetString("previous_response_id", m.previous)
	}
	if m.background {
		e.SetBool("background", true)
	}
	return e.Append(nil)
}

// nativeStream is an upstream's own stream: with the mask on, if there is one, and with
// the whole text in its last response.
type nativeStream struct {
	provider.Stream
	mask *mask
}

// Next changes events that hold the response.
func (s *nativeStream) Next() (provider.Event, error) {
	event, err := s.Stream.Next()
	if err != nil || s.mask == nil && !event.Final {
		return event, err
	}
	switch event.Name {
	case "response.created", "response.in_progress", "response.queued", "response.completed", "response.incomplete", "response.failed":
		if doc := lastOf(event.Data); doc != nil {
			event.Data = with(event.Data, "response", s.own(doc, event.Final))
		}
	}
	return event, nil
}

func (s *nativeStream) own(doc []byte, final bool) []byte {
	if s.mask != nil {
		doc = s.mask.response(doc)
	}
	if final {
		doc = withOutputText(doc)
	}
	return doc
}

// nativeBody is the request for an upstream that has the Responses API itself: it is
// told the whole conversation, and keeps nothing.
func (r *run) nativeBody(body *rawjson.Object) (*rawjson.Object, error) {
	if !r.talk.store && !r.talk.replay {
		return body, nil
	}
	e := body.Edit().Delete("previous_response_id").Delete("background").SetBool("store", false)
	if input, ok := body.Raw("input"); ok && r.talk.replay && rawjson.KindOf(input) == rawjson.KindArray {
		e.SetRaw("input", replayable(input))
	}
	return e.Apply()
}

// replayable is the conversation as an upstream takes it that kept nothing of it:
// reasoning can be read only by who encrypted it, and an item that names itself is
// refused without the reasoning that led to it. What came from the caller has its id from
// us.
func replayable(input []byte) []byte {
	out := []byte{'['}
	dropped := false
	rawjson.Elements(input, func(item []byte) bool {
		kind, role := textMember(item, "type"), textMember(item, "role")
		switch {
		case kind == "reasoning":
			if secret, _ := rawjson.Get(item, "encrypted_content"); rawjson.KindOf(secret) != rawjson.KindString {
				dropped = true
				return true
			}
		case dropped || kind == "function_call_output" || role != "" && role != "assistant":
			if o, err := rawjson.Scan(item, nil); err == nil {
				item = o.Edit().Delete("id").Append(nil)
			}
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(out, item...)
		return true
	})
	return append(out, ']')
}
