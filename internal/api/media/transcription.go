package media

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"skytower/internal/account"
	"skytower/internal/fault"
	"skytower/internal/httpx"
	"skytower/internal/prediction"
	"skytower/internal/rawjson"
)

// The forms of a transcript.
const (
	formJSON    = "json"
	formText    = "text"
	formSRT     = "srt"
	formVTT     = "vtt"
	formVerbose = "verbose_json"
)

// transcribing is a call that writes a sound down.
type transcribing struct {
	*work
	form   string // that the caller wants
	asked  string // that the model was asked for; "" is its own
	stream bool
}

// transcribe writes down what is said in a sound.
func (h *Handlers) transcribe(c *httpx.Call, who account.Principal) error {
	w, err := h.begin(c, who)
	if err != nil {
		return err
	}
	defer w.drop()
	if w.ask, err = h.readForm(c, who.Account, w.first, fileFields{"file": 1}); err != nil {
		return err
	}
	if err := w.named(); err != nil {
		return err
	}
	if w.kind() != kindText || !w.schema.has(soundNames()...) {
		return w.elsewhere()
	}
	return (&transcribing{work: w}).serve()
}

func (t *transcribing) serve() (err error) {
	if err := t.hasSound(); err != nil {
		return err
	}
	if t.form, err = t.ask.word("response_format", formJSON, formText, formSRT, formVTT, formVerbose); err != nil {
		return err
	}
	if t.stream, err = t.ask.flag("stream"); err != nil {
		return err
	}
	dryRun, err := t.ask.flag("dry_run")
	if err != nil {
		return err
	}
	if t.stream && t.form != formJSON && t.form != formText {
		return fault.Invalid("response_format", "A stream has the response_format json or text, not %s.", t.form)
	}
	in, err := t.inputs()
	if err != nil {
		return err
	}
	if dryRun {
		return t.quote([]*input{in})
	}
	if err := t.create([]*input{in}, t.stream); err != nil {
		return err
	}
	if t.stream {
		return t.follow()
	}
	ctx, stop := t.held()
	defer stop()
	done, err := t.wait(ctx)
	if err != nil {
		return err
	}
	return t.answer(ctx, done[0])
}

// hasSound refuses what is no sound. What its first bytes don't tell may be one.
func (t *transcribing) hasSound() error {
	files := t.ask.files["file"]
	if len(files) == 0 && t.ask.fields["file"].raw == nil {
		return fault.Invalid("file", "The field 'file' is required: the sound to write down.")
	}
	for _, f := range files {
		switch kind := f.file.Type; {
		case strings.HasPrefix(kind, "audio/"), strings.HasPrefix(kind, "video/"), kind == "application/ogg", kind == "application/octet-stream":
		default:
			return fault.Invalid("file", "The file is %s and not a sound.", kind)
		}
	}
	return nil
}

// granularityNames are what models call the wish for times of words.
func wordTimeNames() []string { return []string{"word_timestamps", "timestamp_words"} }

func (t *transcribing) inputs() (*input, error) {
	in := t.input()
	if err := in.passFiles("file", t.refer, soundNames()...); err != nil {
		return nil, err
	}
	if err := t.formOf(in); err != nil {
		return nil, err
	}
	if err := t.granularities(in); err != nil {
		return nil, err
	}
	for _, p := range []place{
		{"language", []string{"language", "lang", "source_language"}, []string{"", "auto"}},
		{"prompt", []string{"prompt", "initial_prompt"}, []string{""}},
		{"temperature", nil, []string{"0", "0.0"}},
		{"chunking_strategy", nil, []string{"auto"}},
	} {
		if err := in.pass(p); err != nil {
			return nil, err
		}
	}
	if name, p := in.schema.first("stream"); t.stream && !in.schema.open && p != nil && p.is("boolean") {
		in.set(name, []byte("true"))
	}
	in.user()
	return in, in.rest()
}

// formOf asks the model for what the form of the answer needs. A form with times is
// refused of a model that is not known to give any: before it costs something.
func (t *transcribing) formOf(in *input) error {
	name, prop := in.schema.first("response_format", "output_format", "format", "transcription", "output")
	var words []string
	if prop != nil && !in.schema.open {
		words = prop.words()
	}
	var wanted []string
	switch t.form {
	case formText, formJSON: // whatever it gives has the text in it
		return nil
	case formVerbose:
		wanted = []string{formVerbose}
	default:
		wanted = []string{t.form, formVerbose}
	}
	for _, word := range wanted {
		if slices.Contains(words, word) || in.schema.open {
			t.asked = word
			if in.schema.open {
				name = "response_format"
			}
			in.setText(name, word)
			return nil
		}
	}
	if givesSegments(t.model.Model.OutputSchema) {
		return nil
	}
	return fault.Invalid("response_format", "The model '%s' gives no times of what is said, which %s needs: use json or text.", short(t.model.Asked), t.form)
}

// givesSegments reports whether an output is described as one that has segments.
func givesSegments(output json.RawMessage) bool {
	return bytes.Contains(output, []byte(`"segments"`)) || bytes.Contains(output, []byte(`"chunks"`))
}

// granularities asks for times of words, where they are wanted: those of segments come with
// verbose_json.
func (t *transcribing) granularities(in *input) error {
	const field = "timestamp_granularities"
	f, ok := in.take(field)
	if !ok {
		return nil
	}
	if t.form != formVerbose {
		return fault.Invalid(field, "The field '%s' needs the response_format verbose_json.", field)
	}
	if name, prop := in.schema.first(field); prop != nil {
		in.set(name, f.raw)
		return nil
	}
	var words []string
	if json.Unmarshal(f.raw, &words) != nil {
		return fault.Invalid(field, "The field '%s' must be a list of: segment, word.", field)
	}
	for _, word := range words {
		name, prop := in.schema.first(wordTimeNames()...)
		switch {
		case word == "segment":
		case word != "word":
			return fault.Invalid(field, "The field '%s' must be a list of: segment, word.", field)
		case prop == nil:
			return fault.Invalid(field, "The model '%s' gives no times of words.", short(in.model))
		default:
			in.set(name, []byte("true"))
		}
	}
	return nil
}

// Transcript is the answer in the form json.
type Transcript struct {
	Text  string `json:"text"`
	Usage *Heard `json:"usage,omitempty" doc:"What the upstream counted, else how long the sound is, where that is known."`
}

// length is how long the sound of the form plays, 0 where its headers don't say, or where it
// came as an address.
func (t *transcribing) length(ctx context.Context) time.Duration {
	files := t.ask.files["file"]
	if len(files) == 0 {
		return 0
	}
	return t.seconds(ctx, files[0].file)
}

// answer sends the transcript in the form that was asked for.
func (t *transcribing) answer(ctx context.Context, rec prediction.Record) error {
	output, err := t.output(ctx, rec)
	if err != nil {
		return err
	}
	said := readTranscript(output)
	kind, body := "text/plain; charset=utf-8", ""
	switch t.form {
	case formText:
		body = strings.TrimRight(said.text, "\n") + "\n"
	case formSRT, formVTT:
		if body, err = said.subtitles(t.form, t.asked == t.form); err != nil {
			return err
		}
		if t.form == formVTT {
			kind = "text/vtt; charset=utf-8"
		}
	default:
		kind = "application/json"
		if body, err = t.json(ctx, rec, said); err != nil {
			return err
		}
	}
	t.admit()
	t.c.Header().Set("X-Content-Type-Options", "nosniff")
	return t.c.Raw(http.StatusOK, kind, []byte(body))
}

// json is the transcript as JSON, with what it took.
func (t *transcribing) json(ctx context.Context, rec prediction.Record, said transcript) (string, error) {
	heard, err := t.heard(ctx, rec, said)
	if err != nil {
		return "", err
	}
	if t.form != formVerbose {
		return said.json(heard)
	}
	return said.verbose(t.length(ctx), heard)
}

// output is what the model gave, as JSON: a text, or an object. One that is a file is read
// as a text.
func (t *transcribing) output(ctx context.Context, rec prediction.Record) (json.RawMessage, error) {
	if rec.Output != "" && rec.Output != "null" {
		return json.RawMessage(rec.Output), nil
	}
	shown, err := t.h.Predictions.Show(ctx, []prediction.Record{rec}, t.base)
	if err != nil {
		return nil, err
	}
	files := shown[0].Metadata.Storage.Files
	if len(files) == 0 || files[0].Size > maxTranscript {
		return nil, madeNothing("transcript")
	}
	_, content, err := t.open(ctx, files[0])
	if err != nil {
		return nil, err
	}
	defer content.Close() //nolint:errcheck // read to its end
	text, err := io.ReadAll(io.LimitReader(content, maxTranscript))
	if err != nil {
		return nil, fmt.Errorf("read file %s: %w", files[0].Name, err)
	}
	if rawjson.Valid(text) && rawjson.KindOf(text) == rawjson.KindObject {
		return text, nil
	}
	return rawjson.AppendQuote(nil, strings.ToValidUTF8(string(text), "\uFFFD")), nil
}

// TranscriptEvent is one event of a stream of a transcript.
type TranscriptEvent struct {
	Type  string  `json:"type" enum:"transcript.text.delta,transcript.text.done"`
	Delta string  `json:"delta,omitempty" doc:"Of a delta: the next piece of the text."`
	Text  *string `json:"text,omitempty" doc:"Of the end: the whole text."`
	Usage *Heard  `json:"usage,omitempty" doc:"Of the end: what the upstream counted, else how long the sound is, where that is known."`
}

// follow streams the text as it comes.
func (t *transcribing) follow() error {
	ctx, stop := t.held()
	defer stop()
	out := t.events()
	err := t.followText(ctx, out)
	if err != nil {
		t.broke(err)
	}
	return out.end(err)
}

func (t *transcribing) followText(ctx context.Context, out *events) error {
	var sent strings.Builder
	piece := func(text string) error {
		sent.WriteString(text)
		return out.send("transcript.text.delta", TranscriptEvent{Type: "transcript.text.delta", Delta: text})
	}
	rec, err := t.work.follow(ctx, t.recs[0], news{text: piece})
	if err != nil {
		return err
	}
	output, err := t.output(ctx, rec)
	if err != nil {
		return err
	}
	said := readTranscript(output)
	// What came too late for the news, or all of it: pieces and text make one whole.
	if rest, ok := strings.CutPrefix(said.text, sent.String()); ok && rest != "" {
		if err := piece(rest); err != nil {
			return err
		}
	}
	heard, err := t.heard(ctx, rec, said)
	if err != nil {
		return err
	}
	return out.send("transcript.text.done", TranscriptEvent{Type: "transcript.text.done", Text: &said.text, Usage: heard})
}
