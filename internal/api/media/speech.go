package media

import (
	"math"
	"strconv"

	"skytower/internal/account"
	"skytower/internal/fault"
	"skytower/internal/httpx"
	"skytower/internal/rawjson"
)

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
	w.listened = true
	ear := h.Predictions.Listen(w.first)
	defer ear.Close()
	if err := w.create([]*input{in}, false); err != nil {
		return err
	}
	return w.spoken(ear, stream == "sse")
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
