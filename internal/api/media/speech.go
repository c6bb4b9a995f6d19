package media

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"

	"skytower/internal/account"
	"skytower/internal/fault"
	"skytower/internal/httpx"
	"skytower/internal/prediction"
	"skytower/internal/rawjson"
	"skytower/internal/skytells"
)

// speechPiece is how much of a sound one event of a stream holds, in bytes. It is a
// multiple of three, so that only the last piece is padded.
const speechPiece = 24 << 10

// speak turns a text into a sound.
func (h *Handlers) speak(c *httpx.Call, who account.Principal) error {
	w, err := h.begin(c, who)
	if err != nil {
		return err
	}
	if w.ask, err = h.readJSON(c); err != nil {
		return err
	}
	if err := w.named(); err != nil {
		return err
	}
	if w.kind() != kindAudio || !w.schema.has(spokenNames()...) {
		return w.elsewhere()
	}
	stream, err := w.ask.word("stream_format", "audio", "sse")
	if err != nil {
		return err
	}
	dryRun, err := w.ask.flag("dry_run")
	if err != nil {
		return err
	}
	in, err := w.speechInput()
	if err != nil {
		return err
	}
	if dryRun {
		return w.quote([]*input{in})
	}
	if err := w.create([]*input{in}, false); err != nil {
		return err
	}
	return w.spoken(stream == "sse")
}

// spokenNames are what models call the text that they speak.
func spokenNames() []string { return []string{"input", "text", "prompt", "text_input", "script"} }

func (w *work) speechInput() (*input, error) {
	in := w.input()
	if err := in.passText("input", true, spokenNames()...); err != nil {
		return nil, err
	}
	if err := in.voice(); err != nil {
		return nil, err
	}
	format, err := in.text("response_format")
	if err != nil {
		return nil, err
	}
	if err := in.format("response_format", format, "mp3", "response_format", "output_format", "audio_format", "format"); err != nil {
		return nil, err
	}
	if err := in.speed(); err != nil {
		return nil, err
	}
	if err := in.pass(place{"instructions", []string{"instructions", "instruct", "style_instructions"}, []string{""}}); err != nil {
		return nil, err
	}
	in.user()
	return in, in.rest()
}

// speed passes how fast the voice is: a factor. A model that counts otherwise, such as in
// words a minute, has a usual value far from 1, of which the factor is taken.
func (in *input) speed() error {
	const slowest, fastest = 0.25, 4.0 // OpenAI's bounds
	f, ok := in.take("speed")
	if !ok {
		return nil
	}
	factor, err := strconv.ParseFloat(f.plain(), 64)
	if err != nil || !(slowest <= factor && factor <= fastest) {
		return fault.Invalid("speed", "The field 'speed' must be a number from 0.25 to 4.")
	}
	name, prop := in.schema.first("speed", "speaking_rate", "speech_rate")
	switch usual, _ := rawjson.Float(prop.usual()); {
	case factor == 1:
	case prop == nil:
		return in.noPlace("speed")
	case usual > fastest:
		in.setNumber(name, int(math.Round(usual*factor)))
	default:
		in.set(name, prop.fit(f))
	}
	return nil
}

// voice passes the name of a voice. OpenAI's clients always send one: a model that has but
// one voice speaks with that.
func (in *input) voice() error {
	f, ok := in.take("voice")
	if !ok {
		return nil
	}
	raw := f.raw
	if rawjson.KindOf(raw) == rawjson.KindObject { // a voice by its id
		raw, _ = rawjson.Get(raw, "id")
	}
	if rawjson.KindOf(raw) != rawjson.KindString {
		return fault.Invalid("voice", "The field 'voice' must be the name of a voice.")
	}
	if name, prop := in.schema.first("voice", "voice_id", "voice_name", "speaker", "speaker_id"); prop != nil {
		in.set(name, raw)
	}
	return nil
}

// spoken sends the sound.
func (w *work) spoken(stream bool) error {
	ctx, stop := w.held()
	defer stop()
	if stream {
		out := w.events()
		rec, err := w.follow(ctx, w.recs[0], news{})
		if err == nil {
			err = w.soundEvents(out, rec)
		}
		return out.end(err)
	}
	done, err := w.wait(ctx)
	if err != nil {
		return err
	}
	file, err := w.sound(done[0])
	if err != nil {
		return err
	}
	stored, content, err := w.open(ctx, file)
	if err != nil {
		return err
	}
	defer content.Close() //nolint:errcheck // only read
	w.admit()
	w.c.Header().Set("Content-Type", stored.Type)
	w.c.Header().Set("X-Content-Type-Options", "nosniff")
	return w.c.Content("", time.Time{}, content)
}

// sound is the file that a prediction made.
func (w *work) sound(rec prediction.Record) (skytells.PredictionFile, error) {
	shown, err := w.h.Predictions.Show(w.c.Request.Context(), []prediction.Record{rec}, w.base)
	if err != nil {
		return skytells.PredictionFile{}, err
	}
	files := ofKind(shown[0].Metadata.Storage.Files, "audio/", "video/")
	if len(files) == 0 {
		return skytells.PredictionFile{}, madeNothing("sound")
	}
	return files[0], nil
}

// SpeechEvent is one event of a stream of speech.
type SpeechEvent struct {
	Type  string `json:"type" enum:"speech.audio.delta,speech.audio.done"`
	Audio string `json:"audio,omitempty" doc:"Of a delta: the next piece of the file, in base64."`
}

// soundEvents sends the sound in pieces.
func (w *work) soundEvents(out *events, rec prediction.Record) error {
	file, err := w.sound(rec)
	if err != nil {
		return err
	}
	_, content, err := w.open(w.c.Request.Context(), file)
	if err != nil {
		return err
	}
	defer content.Close() //nolint:errcheck // only read
	piece := make([]byte, speechPiece)
	for {
		n, err := io.ReadFull(content, piece)
		if n > 0 {
			e := SpeechEvent{Type: "speech.audio.delta", Audio: base64.StdEncoding.EncodeToString(piece[:n])}
			if err := out.send(e.Type, e); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return out.send("speech.audio.done", SpeechEvent{Type: "speech.audio.done"})
		}
		if err != nil {
			return fmt.Errorf("read file %s: %w", file.Name, err)
		}
	}
}
