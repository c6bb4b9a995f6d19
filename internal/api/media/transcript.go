package media

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"skytower/internal/fault"
	"skytower/internal/rawjson"
)

// transcript is what a model gave, in whatever form: a text, or an object in the form of
// OpenAI's verbose_json, of Whisper's own programs, or of Hugging Face's pipelines.
type transcript struct {
	text     string
	language string
	duration float64 // seconds; 0: not said
	segments []segment
	words    json.RawMessage // as the model gave them; nil: none
}

// segment is a piece of a transcript, with its times in seconds.
type segment struct {
	start, end float64
	text       string
	raw        json.RawMessage // as the model gave it, where it is in OpenAI's form
}

// maxSegments bounds what is made of one output.
const maxSegments = 100_000

func readTranscript(output json.RawMessage) (t transcript) {
	if rawjson.KindOf(output) != rawjson.KindObject {
		t.text = textOf(output)
		return t
	}
	for _, name := range [...]string{"segments", "chunks"} {
		list, _ := rawjson.Get(output, name)
		rawjson.Elements(list, func(value []byte) bool {
			if s, ok := readSegment(value); ok {
				t.segments = append(t.segments, s)
			}
			return len(t.segments) < maxSegments
		})
		if len(t.segments) > 0 {
			break
		}
	}
	t.text, t.language = firstText(output, "text", "transcription", "transcript"), firstText(output, "language", "detected_language", "lang")
	if value, ok := rawjson.Get(output, "duration"); ok {
		t.duration = number(value)
	}
	if words, ok := rawjson.Get(output, "words"); ok && rawjson.KindOf(words) == rawjson.KindArray {
		t.words = words
	}
	if t.text == "" {
		var all strings.Builder
		for _, s := range t.segments {
			all.WriteString(s.text)
		}
		t.text = strings.TrimSpace(all.String())
	}
	return t
}

// textOf is a text, or the pieces of one; anything else is shown as it is.
func textOf(output json.RawMessage) string {
	switch rawjson.KindOf(output) {
	case rawjson.KindString:
		s, err := rawjson.Unquote(output)
		if err == nil {
			return s
		}
	case rawjson.KindArray:
		var pieces []string
		if json.Unmarshal(output, &pieces) == nil {
			return strings.Join(pieces, "")
		}
	}
	return string(output)
}

func firstText(object []byte, names ...string) string {
	for _, name := range names {
		value, _ := rawjson.Get(object, name)
		if s, err := rawjson.Unquote(value); err == nil && rawjson.KindOf(value) == rawjson.KindString && s != "" {
			return s
		}
	}
	return ""
}

func number(value []byte) float64 {
	n, ok := rawjson.Float(value)
	if !ok || !(n >= 0) || n > maxSeconds {
		return 0
	}
	return n
}

// maxSeconds bounds what is believed of a time.
const maxSeconds = 366 * 24 * 3600

// readSegment reads {start, end, text}, or {timestamp: [start, end], text}.
func readSegment(value []byte) (s segment, ok bool) {
	start, timed := rawjson.Get(value, "start")
	end, _ := rawjson.Get(value, "end")
	s.text = firstText(value, "text")
	if timed {
		s.start, s.end, s.raw = number(start), number(end), value
		return s, rawjson.KindOf(start) == rawjson.KindNumber
	}
	var times []*float64
	list, _ := rawjson.Get(value, "timestamp")
	if json.Unmarshal(list, &times) != nil || len(times) != 2 || times[0] == nil {
		return s, false
	}
	s.start, s.end = *times[0], *times[0]
	if times[1] != nil {
		s.end = *times[1]
	}
	return s, s.start >= 0 && s.end >= s.start && s.end <= maxSeconds
}

// verbose is OpenAI's verbose_json.
type verbose struct {
	Task     string            `json:"task"`
	Language string            `json:"language"`
	Duration float64           `json:"duration"`
	Text     string            `json:"text"`
	Segments []json.RawMessage `json:"segments"`
	Words    json.RawMessage   `json:"words,omitempty"`
	Usage    *Heard            `json:"usage,omitempty"`
}

// json is the transcript in the form json.
func (t transcript) json(heard *Heard) (string, error) {
	return encoded(Transcript{Text: t.text, Usage: heard})
}

// verbose is the transcript in the form verbose_json. length is that of the sound, 0 where
// it is not known.
func (t transcript) verbose(length time.Duration, heard *Heard) (string, error) {
	if len(t.segments) == 0 && t.words == nil {
		return "", noTimes()
	}
	v := verbose{Task: "transcribe", Language: t.language, Duration: t.duration, Text: t.text, Segments: []json.RawMessage{}, Words: t.words, Usage: heard}
	for i, s := range t.segments {
		v.Segments = append(v.Segments, s.json(i))
		if s.end > v.Duration && t.duration == 0 && length == 0 {
			v.Duration = s.end
		}
	}
	if t.duration == 0 && length > 0 {
		v.Duration = math.Round(length.Seconds()*1000) / 1000
	}
	return encoded(v)
}

func encoded(v any) (string, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("encode a transcript: %w", err)
	}
	return string(body), nil
}

// json is the segment in OpenAI's form: as the model gave it, or with what is known.
func (s segment) json(i int) json.RawMessage {
	if s.raw != nil {
		if _, ok := rawjson.Get(s.raw, "id"); ok {
			return s.raw
		}
	}
	out, err := json.Marshal(struct {
		ID    int     `json:"id"`
		Start float64 `json:"start"`
		End   float64 `json:"end"`
		Text  string  `json:"text"`
	}{i, s.start, s.end, s.text})
	if err != nil { // numbers and a text always marshal
		return json.RawMessage("{}")
	}
	return out
}

func noTimes() error {
	return &fault.Error{ID: fault.InvalidParameter, Param: "response_format", NoRetry: true,
		Message: "The model gave no times of what is said: use the response_format json or text."}
}

// subtitles are the transcript in a form of subtitles. native says that the model was
// asked for it: then its text is that form already.
func (t transcript) subtitles(form string, native bool) (string, error) {
	if len(t.segments) == 0 {
		if native && strings.Contains(t.text, "-->") || native && strings.TrimSpace(t.text) == "" {
			return t.text, nil
		}
		return "", noTimes()
	}
	var out strings.Builder
	if form == formVTT {
		out.WriteString("WEBVTT\n\n")
	}
	for i, s := range t.segments {
		if form == formSRT {
			fmt.Fprintf(&out, "%d\n", i+1)
		}
		fmt.Fprintf(&out, "%s --> %s\n%s\n\n", clock(s.start, form), clock(s.end, form), oneLine(s.text, form))
	}
	return out.String(), nil
}

// clock writes seconds as 00:00:01,500 (SubRip) or 00:00:01.500 (WebVTT).
func clock(seconds float64, form string) string {
	ms := int64(math.Round(seconds * 1000))
	point := ","
	if form == formVTT {
		point = "."
	}
	return fmt.Sprintf("%02d:%02d:%02d%s%03d", ms/3_600_000, ms/60_000%60, ms/1000%60, point, ms%1000)
}

// oneLine keeps a text from ending its cue, or from being read as another's times.
func oneLine(text, form string) string {
	text = strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "-->", "->")
	if form == formVTT { // where markup is escaped (WebVTT, section 4.2.2)
		text = strings.NewReplacer("&", "&amp;", "<", "&lt;").Replace(text)
	}
	return text
}
