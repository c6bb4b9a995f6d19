package translate

import (
	"skytower/internal/inference/chatform"
	"skytower/internal/provider"
	"skytower/internal/rawjson"
)

// read turns a chunk into pieces.
func (s *Stream) read(event *provider.Event) {
	if p, ok := s.form.match(event.Data); ok {
		if len(p.text) > 0 {
			p.bytes = event.Bytes
			if p.bytes == 0 {
				p.bytes = chatform.TextBytes(p.text)
			}
			s.pieces = append(s.pieces, p)
		}
		return
	}
	r := &s.reply
	if !r.Read(event.Data) {
		s.err = chatform.Broken("a chunk of the chat stream is not a JSON object")
		return
	}
	s.out.filters.note(r.Prompts, r.Results)
	if reason := chatform.Inner(r.Finish); len(reason) > 0 {
		s.finish = string(reason)
	}
	if s.out.stage == 0 {
		s.pieces = append(s.pieces, piece{kind: pieceBegin})
	}
	if err := s.take(event.Bytes); err != nil {
		s.pieces, s.err = s.pieces[:0], err
		return
	}
	s.form.learn(event, r, s.pieces)
}

func (s *Stream) take(total int) error {
	if err := s.reply.Split(total); err != nil {
		return err
	}
	s.pieces = appendPieces(s.pieces, s.reply.Pieces)
	if len(s.out.items)+len(s.pieces) > mostItems {
		return chatform.Broken("the chat answer has too many parts")
	}
	return nil
}

// appendPieces appends what chat brought.
func appendPieces(dst []piece, brought []chatform.Piece) []piece {
	kinds := [...]pieceKind{
		chatform.Thought: pieceReasoning, chatform.Text: pieceText, chatform.Refusal: pieceRefusal,
		chatform.Notes: pieceNote, chatform.Call: pieceCall,
	}
	for i := range brought {
		b := &brought[i]
		if b.Kind == chatform.Notes {
			dst = appendNotes(dst, b.Text)
			continue
		}
		dst = append(dst, piece{
			kind: kinds[b.Kind], text: b.Text, logprobs: b.Logprobs, bytes: b.Bytes, slot: b.Slot, callID: b.ID, name: b.Name,
		})
	}
	return dst
}

// appendNotes appends a message's citations of pages, in the flat form of Responses.
func appendNotes(dst []piece, notes []byte) []piece {
	rawjson.Elements(notes, func(note []byte) bool {
		var url, title, start, end []byte
		known := func(key []byte) *[]byte {
			switch string(key) {
			case "url":
				return &url
			case "title":
				return &title
			case "start_index":
				return &start
			case "end_index":
				return &end
			}
			return nil
		}
		chatform.Members(note, known)
		if cited, ok := rawjson.Get(note, "url_citation"); ok {
			chatform.Members(cited, known)
		}
		if rawjson.KindOf(url) != rawjson.KindString || !rawjson.Valid(url) {
			return true
		}
		text := append([]byte(`{"type":"url_citation","start_index":`), integer(start)...)
		text = append(append(text, `,"end_index":`...), integer(end)...)
		text = append(append(text, `,"url":`...), url...)
		if rawjson.KindOf(title) != rawjson.KindString || !rawjson.Valid(title) {
			title = []byte(`""`)
		}
		text = append(chatform.Field(text, "title", title), '}')
		dst = append(dst, piece{kind: pieceNote, text: text})
		return true
	})
	return dst
}

func integer(value []byte) []byte {
	if _, ok := rawjson.Int(value); !ok {
		return []byte("0")
	}
	return value
}
