package price

import (
	"encoding/json"
	"strconv"
	"strings"
)

// What is expected where the input says nothing.
const (
	expectedSeconds      = 10 // of a video
	expectedAudioSeconds = 60
	expectedCompute      = 60
	expectedPixels       = million // of one picture, given or made
	expectedTokens       = 8192    // of one text
	tokensOfFile         = 1600    // of a picture within the input
	bytesOfToken         = 3       // a text has fewer tokens than a third of its bytes
)

// Bounds of what an input is believed, so that no sum overflows: more is never made.
const (
	mostOutputs = 10_000
	mostSeconds = 24 * 60 * 60
	mostPixels  = 100_000 * million
	mostTokens  = 1_000_000_000
	mostScale   = 16 // of an upscaler
)

// expect is the most that the input lets expect. Models name their fields as they like:
// these are the names that Replicate's, Skytells' and OpenAI's models share.
func expect(input json.RawMessage, unit string) Measure {
	v, _ := decode(input)
	fields, _ := v.(map[string]any)
	in := request{fields: fields}
	outputs := in.most(mostOutputs, "num_outputs", "n", "num_images", "number_of_images", "number_of_outputs", "num_samples",
		"num_videos", "max_images", "batch_size")
	outputs = max(divide(outputs, million), 1)
	files, fileBytes := files(v)
	tokens := max(in.most(mostTokens, "max_tokens", "max_new_tokens", "max_output_tokens", "max_completion_tokens", "max_length"), 0) / million
	if tokens == 0 {
		tokens = expectedTokens
	}
	return Measure{
		Outputs: outputs, Seconds: times(in.seconds(unit), outputs), Compute: expectedCompute * million,
		OutputMegapixels: times(in.pixels(), outputs), InputMegapixels: files * expectedPixels,
		Tokens: Tokens{In: (int64(len(input))-fileBytes)/bytesOfToken + files*tokensOfFile, Out: times(tokens, outputs)},
	}
}

// request is an input's fields.
type request struct{ fields map[string]any }

// most is the largest number in millionths that stands in any of the fields, at most limit
// whole ones; 0 where none does.
func (r request) most(limit int64, names ...string) int64 {
	var most int64
	for _, name := range names {
		if n, ok := number(r.fields[name]); ok {
			most = max(most, n)
		}
	}
	return min(most, limit*million)
}

// seconds is how long one output lasts, in millionths.
func (r request) seconds(unit string) int64 {
	most := r.most(mostSeconds, "duration", "seconds", "length", "duration_seconds", "num_seconds", "total_seconds", "seconds_total",
		"video_length", "audio_length", "max_duration", "audio_length_in_s")
	frames := r.most(mostSeconds, "num_frames", "frames")
	if rate := r.most(mostSeconds, "fps", "frames_per_second", "frame_rate"); rate >= million {
		most = max(most, divide(times(frames, million), rate))
	}
	if most > 0 {
		return most
	}
	if unit == Audio || unit == AudioSecond {
		return expectedAudioSeconds * million
	}
	return expectedSeconds * million
}

// pixels is the size of one output, which is its megapixels in millionths.
func (r request) pixels() int64 {
	width, height := r.most(mostPixels, "width"), r.most(mostPixels, "height")
	most := area(width/million, height/million)
	for _, name := range []string{"size", "resolution", "image_size", "output_size", "dimensions"} {
		most = max(most, pixelsOf(r.fields[name]))
	}
	most = max(most, r.most(mostPixels/million, "megapixels", "output_megapixels", "max_megapixels"))
	if scale := r.most(mostScale, "scale", "scale_factor", "upscale_factor", "upscale"); scale > million {
		most = max(most, times(scale, scale)/million)
	}
	if most == 0 {
		return expectedPixels
	}
	return min(most, mostPixels)
}

func area(width, height int64) int64 { return min(times(width, height), mostPixels) }

// pixelsOf reads a size: 1024x768, {"width", "height"}, 1080p, 2K, 0.5 MP; 0 for others.
func pixelsOf(v any) int64 {
	if o, ok := v.(map[string]any); ok {
		r := request{fields: o}
		return area(r.most(mostPixels, "width")/million, r.most(mostPixels, "height")/million)
	}
	text, _ := v.(string)
	text = strings.ToLower(strings.ReplaceAll(text, " ", ""))
	for _, sign := range []string{"x", "*", "×"} {
		if w, h, ok := strings.Cut(text, sign); ok {
			return area(whole(w), whole(h))
		}
	}
	const longSide, shortSide = 16, 9 // of a film
	const thousand = 1024             // as the K of picture sizes
	if n, ok := strings.CutSuffix(text, "mp"); ok {
		size, _ := number(n)
		return min(size, mostPixels)
	}
	if n, ok := strings.CutSuffix(text, "k"); ok {
		return area(times(whole(n), thousand), times(whole(n), thousand))
	}
	if n, ok := strings.CutSuffix(text, "p"); ok {
		return area(times(whole(n), longSide)/shortSide, whole(n))
	}
	return 0
}

// whole reads a plain number, 0 where it is none.
func whole(text string) int64 {
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		return 0
	}
	return int64(n)
}

// number reads what is a number, or a text that holds one, in millionths, rounded up.
func number(v any) (int64, bool) {
	switch n := v.(type) {
	case json.Number:
		return millionths(string(n))
	case string:
		n = strings.ToLower(strings.TrimSpace(n))
		for _, word := range []string{"seconds", "second", "secs", "sec", "s"} {
			if rest, ok := strings.CutSuffix(n, word); ok {
				n = strings.TrimSpace(rest)
				break
			}
		}
		return millionths(n)
	}
	return 0, false
}

// mostNumber bounds what millionths gives.
const mostNumber = 1_000_000_000_000_000_000

// millionths reads a decimal number that is not negative, rounded up.
func millionths(text string) (int64, bool) {
	if !plain(text) {
		return 0, false
	}
	f := scientific(text)
	const places, most = 6, 18 // digits
	at := f.exponent + places  // where the millionths end
	switch {
	case !f.ok || f.negative:
		return 0, false
	case f.digits == "":
		return 0, true
	case at > most:
		return mostNumber, true
	case at <= 0:
		return 1, true
	}
	digits, rest := f.digits, false
	if int(at) < len(digits) {
		digits, rest = digits[:at], true
	}
	digits += strings.Repeat("0", int(at)-len(digits))
	n, err := strconv.ParseInt(digits, 10, 64)
	if rest {
		n++
	}
	return n, err == nil
}

// plain reports whether the text can be a JSON number.
func plain(text string) bool {
	return text != "" && '0' <= text[0] && text[0] <= '9' && json.Valid([]byte(text))
}

// files counts the files that an input names or holds, and the bytes of those it holds.
func files(v any) (count, size int64) {
	switch x := v.(type) {
	case string:
		switch {
		case strings.HasPrefix(x, "data:"):
			return 1, int64(len(x))
		case strings.HasPrefix(x, "https://"), strings.HasPrefix(x, "http://"):
			return 1, 0
		}
	case []any:
		for _, one := range x {
			n, bytes := files(one)
			count, size = count+n, size+bytes
		}
	case map[string]any:
		for _, one := range x {
			n, bytes := files(one)
			count, size = count+n, size+bytes
		}
	}
	return min(count, mostOutputs), size
}
