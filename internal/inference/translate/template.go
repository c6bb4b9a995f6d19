package translate

import (
	"bytes"

	"skytower/internal/inference/chatform"
	"skytower/internal/provider"
	"skytower/internal/rawjson"
)

// template is a chunk with a hole where its text stood. The chunks of one stream differ in
// little else, so one that fits the last template need not be read: it was, but for the
// text.
type template struct {
	kind           pieceKind
	slot           int64  // of a call's arguments
	prefix, suffix []byte // around the text's JSON string; no prefix: nothing learned
	quoted         []byte // room for a text with its quotes
	misses         int    // in a row
}

const (
	maxMisses   = 4       // then learning costs more than it brings, until a hit
	maxTemplate = 2 << 10 // bytes; a larger chunk is rare
)

// match returns the piece of a chunk that fits; its text may be empty.
func (f *template) match(data []byte) (piece, bool) {
	if len(f.prefix) == 0 || len(data) < len(f.prefix)+len(f.suffix)+len(`""`) ||
		!bytes.HasPrefix(data, f.prefix) || !bytes.HasSuffix(data, f.suffix) {
		return piece{}, false
	}
	text := data[len(f.prefix) : len(data)-len(f.suffix)]
	if text[0] != '"' || !rawjson.Valid(text) {
		return piece{}, false
	}
	f.misses = 0
	return piece{kind: f.kind, slot: f.slot, text: text[1 : len(text)-1]}, true
}

// plain reports whether the piece is a text, or the arguments of a call that has begun.
func (p *piece) plain() bool {
	return p.kind == pieceText || p.kind == pieceReasoning || p.kind == pieceCall && p.callID == nil && p.name == nil && len(p.text) > 0
}

// learn makes a template of a chunk that brought one text and nothing else. The text's
// place is known only if it occurs once.
func (f *template) learn(event *provider.Event, r *chatform.Reply, pieces []piece) {
	if len(pieces) != 1 || len(event.Data) > maxTemplate {
		return
	}
	p := &pieces[0]
	if !p.plain() || r.Probable() || event.Usage.Reported {
		return
	}
	if f.misses++; f.misses > maxMisses {
		return
	}
	f.quoted = append(append(append(f.quoted[:0], '"'), p.text...), '"')
	at := bytes.Index(event.Data, f.quoted)
	if at < 0 || bytes.LastIndex(event.Data, f.quoted) != at {
		return
	}
	f.kind, f.slot = p.kind, p.slot
	f.prefix = append(f.prefix[:0], event.Data[:at]...)
	f.suffix = append(f.suffix[:0], event.Data[at+len(f.quoted):]...)
}
