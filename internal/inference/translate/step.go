package translate

import "skytower/internal/inference/chatform"

// pieceKind is what a piece of a chat answer brings.
type pieceKind uint8

const (
	pieceBegin     pieceKind = iota // the upstream began to answer
	pieceReasoning                  // a piece of what the model thought
	pieceText
	pieceRefusal
	pieceNote // an annotation of the text
	pieceCall // a piece of a tool call
	pieceEnd  // nothing more comes
)

// piece is what one chunk brings for one item. One piece may need several events: those
// that close what was open before it, open what it belongs to, and tell it.
type piece struct {
	kind     pieceKind
	text     []byte // inside of a JSON string; of an annotation, the object
	logprobs []byte // elements of an array
	bytes    int    // of text, as the chat event counts it
	spent    bool   // its own event was given
	home     int    // the item that it began, counted from 1; 0: none
	// Of a call: its place, and JSON strings, nil where not told.
	slot         int64
	callID, name []byte
	// Of the end.
	status  string // of the items that are still open
	reason  string // why the response is incomplete, or ""
	stopped bool   // nothing is added that had not begun
}

// done is the status of an item that the piece ends.
func (p *piece) done() string {
	if p.kind == pieceEnd {
		return p.status
	}
	return completed
}

// step returns the next event that the piece needs, given those before it; opNone where
// it needs no more. It changes nothing.
func (o *output) step(p *piece) op {
	switch {
	case o.stage == 0:
		return op{kind: opCreated, piece: p}
	case o.stage == 1:
		return op{kind: opInProgress, piece: p}
	case p.kind == pieceBegin || p.spent:
		return op{}
	case p.kind == pieceEnd:
		return o.stepEnd(p)
	case p.kind == pieceCall:
		return o.stepCall(p)
	}
	return o.stepText(p)
}

// place is the item and the part that a text belongs to.
func (o *output) place(p *piece) (itemKind, partKind) {
	switch {
	case p.kind == pieceReasoning && o.show.summary:
		return reasoningItem, summaryPart
	case p.kind == pieceReasoning:
		return reasoningItem, reasoningPart
	case p.kind == pieceRefusal:
		return messageItem, refusalPart
	}
	return messageItem, textPart
}

// stepText ends what else is open, as OpenAI's own streams do: items follow each other.
// Text that comes after a call is a message of its own.
func (o *output) stepText(p *piece) op {
	kind, within := o.place(p)
	if o.open == none {
		return op{kind: opItem, item: len(o.items), adds: kind, piece: p}
	}
	it := &o.items[o.open]
	if it.kind != kind {
		return o.closing(o.open, p)
	}
	last := len(it.parts) - 1
	if last < 0 || it.parts[last].done {
		return op{kind: opPart, item: o.open, part: last + 1, opens: within, piece: p}
	}
	if it.parts[last].kind != within || it.parts[last].told {
		return closingPart(it, o.open, p)
	}
	if p.kind == pieceNote {
		return op{kind: opNote, item: o.open, part: last, piece: p}
	}
	return op{kind: opDelta, item: o.open, part: last, piece: p}
}

// stepCall adds a call where it is new. Calls stay open to the end: their pieces may come
// in turns.
func (o *output) stepCall(p *piece) op {
	if i := o.callOf(p); i != none {
		if len(p.text) == 0 {
			return op{}
		}
		return op{kind: opDelta, item: i, piece: p}
	}
	if o.open != none {
		return o.closing(o.open, p)
	}
	return op{kind: opItem, item: len(o.items), adds: callItem, piece: p}
}

// callOf finds the call that a piece belongs to. Most servers number calls; some number
// every call 0, or none: an id that is new, with a name, begins a call all the same.
func (o *output) callOf(p *piece) int {
	if p.home > 0 {
		return p.home - 1
	}
	latest := none
	hasID := len(p.callID) > len(`""`)
	for i := len(o.items) - 1; i >= 0; i-- {
		it := &o.items[i]
		if it.kind != callItem || it.slot != p.slot {
			continue
		}
		if hasID && chatform.SameText(p.callID, it.callID) {
			return i
		}
		if latest == none {
			latest = i
		}
	}
	if p.name != nil && (hasID || p.slot == chatform.Unplaced) {
		return none
	}
	return latest
}

// stepEnd closes what is open, in the order of the output. An answer without anything in
// it is an empty message, as clients expect one.
func (o *output) stepEnd(p *piece) op {
	if !p.stopped && len(o.items) == 0 {
		return op{kind: opItem, adds: messageItem, piece: p}
	}
	if only := len(o.items) == 1; !p.stopped && only && o.items[0].kind == messageItem && len(o.items[0].parts) == 0 {
		return op{kind: opPart, opens: textPart, piece: p}
	}
	for i := range o.items {
		if o.items[i].status == "" {
			return o.closing(i, p)
		}
	}
	if o.ended {
		return op{}
	}
	return op{kind: opEnd, piece: p}
}

// closing is the next event that ends an item.
func (o *output) closing(i int, p *piece) op {
	it := &o.items[i]
	if last := len(it.parts) - 1; last >= 0 && !it.parts[last].done {
		if next := closingPart(it, i, p); next.kind != opNone {
			return next
		}
	}
	return op{kind: opItemDone, item: i, piece: p}
}

// closingPart is the next event that ends an item's last part.
func closingPart(it *outputItem, i int, p *piece) op {
	last := len(it.parts) - 1
	switch t := &it.parts[last]; {
	case !t.told:
		return op{kind: opTextDone, item: i, part: last, piece: p}
	case t.kind != argumentsPart:
		return op{kind: opPartDone, item: i, part: last, piece: p}
	}
	return op{}
}
