package translate

import (
	"skytower/internal/inference/chatform"
	"skytower/internal/rawjson"
)

// none is no index.
const none = -1

// mostItems bounds what one answer may hold; models make a few.
const mostItems = 1024

// itemKind is what an output item is.
type itemKind uint8

const (
	reasoningItem itemKind = iota
	messageItem
	callItem
)

// partKind is what a part of an item holds. A call's arguments are a part without events
// of its own.
type partKind uint8

const (
	textPart partKind = iota
	refusalPart
	reasoningPart
	summaryPart
	argumentsPart
)

// part is one text of an item.
type part struct {
	kind     partKind
	text     []byte // what stands between the quotes of its JSON string
	logprobs []byte // elements of the array, without brackets
	notes    []byte // annotations, likewise
	noted    int    // how many annotations
	told     bool   // its text's last event was given
	done     bool   // its own last event was given
}

// outputItem is one item of the output.
type outputItem struct {
	kind   itemKind
	id     string
	status string // "" while it is open
	parts  []part
	// Of a call: its place among the chat message's calls, and JSON strings.
	slot         int64
	callID, name []byte
}

// output is what an answer holds so far, as the events that were given told it. Each
// event is one op: what it changes is known, so that the last one can be taken back.
type output struct {
	newID   func(prefix string) string
	show    shape
	items   []outputItem
	open    int // the message or reasoning that is open, or none; calls stay open to the end
	stage   int // how many of the two opening events were given
	seq     int64
	ended   bool
	filters filters
	last    op
}

// opKind is a kind of event.
type opKind uint8

const (
	opNone opKind = iota
	opCreated
	opInProgress
	opItem     // an item is added
	opPart     // a part is added
	opDelta    // a text grows
	opNote     // an annotation is added
	opTextDone // a text is whole
	opPartDone
	opItemDone
	opEnd
)

// op is one event, and what it does to the output.
type op struct {
	kind  opKind
	item  int
	part  int
	piece *piece // where the op comes from
	adds  itemKind
	opens partKind
	// What was there before, for undo.
	text, logprobs, notes int
}

// apply does what an event tells.
func (o *output) apply(p op) {
	o.seq++
	switch p.kind {
	case opCreated, opInProgress:
		o.stage++
	case opItem:
		o.add(&p)
	case opPart:
		it := &o.items[p.item]
		it.parts = append(it.parts, part{kind: p.opens})
	case opDelta, opNote:
		o.grow(&p)
	case opTextDone:
		o.items[p.item].parts[p.part].told = true
	case opPartDone:
		o.items[p.item].parts[p.part].done = true
	case opItemDone:
		o.items[p.item].status = p.piece.done()
		if o.open == p.item {
			o.open = none
		}
	case opEnd:
		o.ended = true
	}
	o.last = p
}

func (o *output) add(p *op) {
	it := outputItem{kind: p.adds}
	switch p.adds {
	case reasoningItem:
		it.id = o.newID("rs_")
	case messageItem:
		it.id = o.newID("msg_")
	case callItem:
		p.piece.home = len(o.items) + 1
		it.id = o.newID("fc_")
		it.slot = p.piece.slot
		it.name = append([]byte(nil), or(p.piece.name, `""`)...)
		it.callID = append([]byte(nil), p.piece.callID...)
		if len(it.callID) <= len(`""`) {
			it.callID = rawjson.AppendQuote(nil, o.newID("call_"))
		}
		it.parts = []part{{kind: argumentsPart}}
	}
	if it.kind != callItem {
		o.open = len(o.items)
	}
	o.items = append(o.items, it)
}

// grow adds a delta or an annotation to a part.
func (o *output) grow(p *op) {
	t := &o.items[p.item].parts[p.part]
	p.text, p.logprobs, p.notes = len(t.text), len(t.logprobs), len(t.notes)
	if p.kind == opNote {
		t.notes = append(chatform.Separated(t.notes, 0), p.piece.text...)
		t.noted++
		return
	}
	t.text = append(t.text, p.piece.text...)
	if len(p.piece.logprobs) > 0 {
		t.logprobs = append(chatform.Separated(t.logprobs, 0), p.piece.logprobs...)
	}
}

// undo takes the last event back, as if it had never been given.
func (o *output) undo() {
	p := o.last
	if p.kind == opNone {
		return
	}
	o.last = op{}
	o.seq--
	switch p.kind {
	case opCreated, opInProgress:
		o.stage--
	case opItem:
		o.items = o.items[:p.item]
		if o.open == p.item {
			o.open = none
		}
	case opPart:
		it := &o.items[p.item]
		it.parts = it.parts[:p.part]
	case opDelta, opNote:
		t := &o.items[p.item].parts[p.part]
		t.text, t.logprobs, t.notes = t.text[:p.text], t.logprobs[:p.logprobs], t.notes[:p.notes]
		if p.kind == opNote {
			t.noted--
		}
	case opTextDone:
		o.items[p.item].parts[p.part].told = false
	case opPartDone:
		o.items[p.item].parts[p.part].done = false
	case opItemDone:
		it := &o.items[p.item]
		it.status = ""
		if it.kind != callItem {
			o.open = p.item
		}
	case opEnd:
		o.ended = false
	}
}
