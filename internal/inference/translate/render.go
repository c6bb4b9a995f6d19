package translate

import "strconv"

// appendText joins the texts of all messages: output_text of the response.
func (o *output) appendText(dst []byte) []byte {
	for i := range o.items {
		for k := range o.items[i].parts {
			if p := &o.items[i].parts[k]; p.kind == textPart {
				dst = append(dst, p.text...)
			}
		}
	}
	return dst
}

// appendItems writes the output; what is still open is incomplete.
func (o *output) appendItems(dst []byte) []byte {
	for i := range o.items {
		if i > 0 {
			dst = append(dst, ',')
		}
		it := &o.items[i]
		status := it.status
		if status == "" {
			status = incomplete
		}
		dst = o.appendItem(dst, it, it.parts, status)
	}
	return dst
}

// appendItem writes an item with the given parts: none yet, or all of them.
func (o *output) appendItem(dst []byte, it *outputItem, parts []part, status string) []byte {
	dst = append(append(append(dst, `{"id":"`...), it.id...), `","type":"`...)
	switch it.kind {
	case reasoningItem:
		dst = append(append(append(dst, `reasoning","status":"`...), status...), `","summary":[`...)
		if !o.show.summary {
			dst = append(dst, `],"content":[`...)
		}
		dst = append(appendList(dst, parts), ']')
		if o.show.encrypted {
			dst = append(dst, `,"encrypted_content":null`...)
		}
	case messageItem:
		dst = append(append(append(dst, `message","status":"`...), status...), `","role":"assistant","content":[`...)
		dst = append(appendList(dst, parts), ']')
	case callItem:
		dst = append(append(append(dst, `function_call","status":"`...), status...), `","call_id":`...)
		dst = append(append(append(dst, it.callID...), `,"name":`...), it.name...)
		dst = append(dst, `,"arguments":"`...)
		if len(parts) > 0 {
			dst = append(dst, parts[0].text...)
		}
		dst = append(dst, '"')
	}
	return append(dst, '}')
}

func appendList(dst []byte, parts []part) []byte {
	for i := range parts {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = parts[i].append(dst, &parts[i])
	}
	return dst
}

// append writes a part of the same kind with what content holds.
func (p *part) append(dst []byte, content *part) []byte {
	switch p.kind {
	case refusalPart:
		dst = append(append(dst, `{"type":"refusal","refusal":"`...), content.text...)
		return append(dst, `"}`...)
	case reasoningPart:
		dst = append(append(dst, `{"type":"reasoning_text","text":"`...), content.text...)
		return append(dst, `"}`...)
	case summaryPart:
		dst = append(append(dst, `{"type":"summary_text","text":"`...), content.text...)
		return append(dst, `"}`...)
	}
	dst = append(append(dst, `{"type":"output_text","text":"`...), content.text...)
	dst = append(append(dst, `","annotations":[`...), content.notes...)
	dst = append(append(dst, `],"logprobs":[`...), content.logprobs...)
	return append(dst, `]}`...)
}

// words are what the events of one kind of part are called, and where they keep it.
type words struct {
	added, delta, told, done string // names of events
	index                    string // which list of the item the part is in
	text                     string // the whole text's field
}

func (k partKind) words() words {
	const added, done = "response.content_part.added", "response.content_part.done"
	switch k {
	case refusalPart:
		return words{added, "response.refusal.delta", "response.refusal.done", done, `,"content_index":`, `","refusal":"`}
	case reasoningPart:
		return words{added, "response.reasoning_text.delta", "response.reasoning_text.done", done, `,"content_index":`, `","text":"`}
	case summaryPart:
		return words{
			"response.reasoning_summary_part.added", "response.reasoning_summary_text.delta", "response.reasoning_summary_text.done",
			"response.reasoning_summary_part.done", `,"summary_index":`, `","text":"`,
		}
	case argumentsPart:
		return words{"", "response.function_call_arguments.delta", "response.function_call_arguments.done", "", "", `","arguments":"`}
	default:
		return words{added, "response.output_text.delta", "response.output_text.done", done, `,"content_index":`, `","text":"`}
	}
}

// head begins an event.
func (o *output) head(dst []byte, name string) []byte {
	dst = append(append(append(dst, `{"type":"`...), name...), `","sequence_number":`...)
	return strconv.AppendInt(dst, o.seq-1, 10) // the op has been applied
}

// partHead begins an event about a part, up to the item's id without its closing quote.
func (o *output) partHead(dst []byte, name, index string, p *op) []byte {
	dst = strconv.AppendInt(append(o.head(dst, name), `,"output_index":`...), int64(p.item), 10)
	if index != "" {
		dst = strconv.AppendInt(append(dst, index...), int64(p.part), 10)
	}
	return append(append(dst, `,"item_id":"`...), o.items[p.item].id...)
}

// appendPart writes the event of an op about a part, and returns its name.
func (o *output) appendPart(dst []byte, p *op) ([]byte, string) {
	it := &o.items[p.item]
	t := &it.parts[p.part]
	w := t.kind.words()
	switch p.kind {
	case opPart:
		dst = append(o.partHead(dst, w.added, w.index, p), `","part":`...)
		return append(t.append(dst, &part{}), '}'), w.added
	case opDelta:
		dst = append(append(o.partHead(dst, w.delta, w.index, p), `","delta":"`...), p.piece.text...)
		if t.kind != textPart {
			return append(dst, '"', '}'), w.delta
		}
		dst = append(append(dst, `","logprobs":[`...), p.piece.logprobs...)
		return append(dst, ']', '}'), w.delta
	case opNote:
		const name = "response.output_text.annotation.added"
		dst = append(o.partHead(dst, name, w.index, p), `","annotation_index":`...)
		dst = append(strconv.AppendInt(dst, int64(t.noted-1), 10), `,"annotation":`...)
		return append(append(dst, p.piece.text...), '}'), name
	case opPartDone:
		dst = append(o.partHead(dst, w.done, w.index, p), `","part":`...)
		return append(t.append(dst, t), '}'), w.done
	}
	return o.appendTold(dst, p, t, &w), w.told
}

// appendTold writes the event of a whole text.
func (o *output) appendTold(dst []byte, p *op, t *part, w *words) []byte {
	dst = o.partHead(dst, w.told, w.index, p)
	if t.kind == argumentsPart {
		dst = append(append(dst, `","name":`...), o.items[p.item].name...)
		dst = append(append(dst, w.text[1:]...), t.text...)
		return append(dst, '"', '}')
	}
	dst = append(append(append(dst, w.text...), t.text...), '"')
	if t.kind == textPart {
		dst = append(append(append(dst, `,"logprobs":[`...), t.logprobs...), ']')
	}
	return append(dst, '}')
}

// appendItemEvent writes the event of an item's beginning or end, and returns its name.
func (o *output) appendItemEvent(dst []byte, p *op) ([]byte, string) {
	name, status := "response.output_item.added", inProgress
	it := &o.items[p.item]
	parts := it.parts[:0]
	if p.kind == opItemDone {
		name, status, parts = "response.output_item.done", it.status, it.parts
	}
	dst = strconv.AppendInt(append(o.head(dst, name), `,"output_index":`...), int64(p.item), 10)
	dst = append(dst, `,"item":`...)
	return append(o.appendItem(dst, it, parts, status), '}'), name
}
