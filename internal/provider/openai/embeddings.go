package openai

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"math"
	"slices"
	"strconv"

	"skytower/internal/provider"
	"skytower/internal/provider/remote"
	"skytower/internal/rawjson"
)

// embeddingsAnswer checks an embeddings answer, puts the shown name in, and brings
// the vectors into the form that was asked for (contract 1.18). Vectors that have
// that form already are never read: they are most of a large answer.
func (p *Provider) embeddingsAnswer(call *provider.Call, s *scratch) (*provider.Answer, error) {
	s.takeVectors()
	if nullVector(s.frame) {
		return nil, remote.Broken("an embedding is null")
	}
	var t top
	if !rawjson.Valid(s.frame) || !t.read(s.frame) {
		return nil, remote.Broken("the answer is not a JSON object")
	}
	if t.failed() {
		return nil, p.reported(call, s.frame)
	}
	if len(s.vectors) == 0 {
		return nil, remote.Broken("the answer has no embeddings")
	}
	a := provider.Answer{Usage: readUsage(t.usage)}
	changed, err := p.form(call, s.vectors)
	if err != nil {
		return nil, err
	}
	var room [64]byte
	shown := showModel(s.shown, s.frame, t.model, rawjson.AppendQuote(room[:0], call.Show))
	if &shown[0] != &s.frame[0] {
		s.shown = shown
	}
	if !changed {
		if whole, ok := splice(s.body, s.frame, shown, s.vectors, s.places); ok {
			a.Body = whole
			return s.done(a), nil
		}
	}
	s.out = putVectors(s.out, shown, s.vectors)
	a.Body = s.out
	return s.done(a), nil
}

// splice makes of doc, in its own memory, what it is with shown for its frame: most
// of a large answer stays where it is. It is false where there is no room, or where a
// vector stands within what differs.
func splice(doc, frame, shown []byte, vectors [][]byte, places []int) ([]byte, bool) {
	from, end := 0, len(frame)
	for from < min(end, len(shown)) && frame[from] == shown[from] {
		from++
	}
	grown := len(shown) - len(frame)
	for end > from && end+grown > from && frame[end-1] == shown[end+grown-1] {
		end--
	}
	if from == end && grown == 0 {
		return doc, true
	}
	at := from // in doc
	for i, place := range places {
		switch {
		case place < from:
			at += len(vectors[i]) - len("[]")
		case place < end:
			return nil, false
		}
	}
	if grown > cap(doc)-len(doc) {
		return nil, false
	}
	out := doc[:len(doc)+grown]
	behind := at + end - from
	copy(out[behind+grown:], doc[behind:])
	copy(out[at:], shown[from:end+grown])
	return out, true
}

// The key of a vector. In valid JSON these bytes stand nowhere but at a string of
// this very content: within a string, quotes are escaped.
const vectorKey = `"embedding"`

// takeVectors fills frame with body, each vector, an array or a string, replaced by an
// empty one; vectors with those; and places with where they were in frame.
func (s *scratch) takeVectors() {
	doc := s.body
	s.frame = s.frame[:0]
	done := 0
	for at := 0; ; {
		i := bytes.Index(doc[at:], []byte(vectorKey))
		if i < 0 {
			s.frame = append(s.frame, doc[done:]...)
			return
		}
		at += i + len(vectorKey)
		start, ok := vectorAt(doc, at)
		if !ok {
			continue
		}
		end := bytes.IndexByte(doc[start+1:], closing(doc[start]))
		if end < 0 {
			continue
		}
		end += start + 1
		s.vectors = append(s.vectors, doc[start:end+1])
		s.frame = append(append(s.frame, doc[done:start+1]...), doc[end])
		s.places = append(s.places, len(s.frame)-len("[]"))
		at, done = end+1, end+1
	}
}

// putVectors is takeVectors backwards, into dst.
func putVectors(dst, frame []byte, vectors [][]byte) []byte {
	size := len(frame)
	for _, v := range vectors {
		size += len(v)
	}
	out := slices.Grow(dst[:0], size)
	done := 0
	for at := 0; len(vectors) > 0; {
		i := bytes.Index(frame[at:], []byte(vectorKey))
		if i < 0 {
			break
		}
		at += i + len(vectorKey)
		start, ok := vectorAt(frame, at)
		if !ok {
			continue
		}
		out = append(append(out, frame[done:start]...), vectors[0]...)
		vectors = vectors[1:]
		done = start + len("[]")
		at = done
	}
	return append(out, frame[done:]...)
}

// vectorAt finds the value behind a key, if that is what stood before i and its
// value is an array or a string.
func vectorAt(doc []byte, i int) (int, bool) {
	i, ok := valueAt(doc, i)
	return i, ok && (doc[i] == '[' || doc[i] == '"')
}

// valueAt finds the value behind a key, if that is what stood before i.
func valueAt(doc []byte, i int) (int, bool) {
	colon := false
	for ; i < len(doc); i++ {
		switch c := doc[i]; {
		case c == ' ', c == '\t', c == '\n', c == '\r':
		case c == ':' && !colon:
			colon = true
		default:
			return i, colon
		}
	}
	return 0, false
}

// nullVector reports whether a place of a vector holds null.
func nullVector(frame []byte) bool {
	for at := 0; ; {
		i := bytes.Index(frame[at:], []byte(vectorKey))
		if i < 0 {
			return false
		}
		at += i + len(vectorKey)
		if v, ok := valueAt(frame, at); ok && frame[v] == 'n' {
			return true
		}
	}
}

func closing(c byte) byte {
	if c == '[' {
		return ']'
	}
	return c
}

// form brings every vector into the form that the caller asked for; floats are the
// default. It reports whether any had another form.
func (p *Provider) form(call *provider.Call, vectors [][]byte) (changed bool, err error) {
	want, _, err := call.Body.String("encoding_format")
	if err != nil {
		return false, err
	}
	for i, v := range vectors {
		var ok bool
		switch text := v[0] == '"'; {
		case text && want != "base64":
			vectors[i], ok = toFloats(v)
			changed = true
		case !text && want == "base64":
			vectors[i], ok = toBase64(v)
			changed = true
		default:
			ok = believable(v)
		}
		if !ok {
			return false, remote.Broken("embedding %d is not a vector", i)
		}
	}
	return changed, nil
}

// believable refuses what is seen of servers that failed to compute: no elements,
// null, and NaN, which is no JSON.
func believable(v []byte) bool {
	if v[0] == '"' {
		return len(v) > len(`""`)
	}
	return bytes.IndexByte(v, 'n') < 0 && bytes.IndexByte(v, 'N') < 0 && len(bytes.TrimSpace(v[1:len(v)-1])) > 0
}

// toFloats decodes little-endian float32s.
func toFloats(v []byte) ([]byte, bool) {
	s, err := rawjson.Unquote(v)
	if err != nil {
		return nil, false
	}
	data, err := base64.StdEncoding.DecodeString(s)
	if err != nil || len(data) == 0 || len(data)%4 != 0 {
		return nil, false
	}
	out := append(make([]byte, 0, len(data)*3), '[')
	for i := 0; i < len(data); i += 4 {
		f := float64(math.Float32frombits(binary.LittleEndian.Uint32(data[i:])))
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return nil, false
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = strconv.AppendFloat(out, f, 'g', -1, 32)
	}
	return append(out, ']'), true
}

// toBase64 encodes numbers as little-endian float32s.
func toBase64(v []byte) ([]byte, bool) {
	data := make([]byte, 0, len(v)/2)
	ok := true
	whole := rawjson.Elements(v, func(value []byte) bool {
		var f float64
		f, ok = rawjson.Float(value)
		ok = ok && math.Abs(f) <= math.MaxFloat32
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(float32(f)))
		return ok
	})
	if !whole || !ok || len(data) == 0 {
		return nil, false
	}
	out := make([]byte, 0, base64.StdEncoding.EncodedLen(len(data))+2)
	out = base64.StdEncoding.AppendEncode(append(out, '"'), data)
	return append(out, '"'), true
}
