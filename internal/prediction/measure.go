package prediction

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"time"

	"skytower/internal/blob"
	"skytower/internal/media"
	"skytower/internal/price"
	"skytower/internal/rawjson"
)

// bytesOfToken is how long a token of a text is taken to be where the upstream reports no
// tokens: prediction models don't.
const bytesOfToken = 4

// measure is what a run used and made, so far as q, or cost unless it is nil, ask for it.
// What can't be read stays 0, which stands for what the input let expect.
func (s *Service) measure(ctx context.Context, q price.Quote, cost *price.Quote, m made, took time.Duration) price.Measure {
	out := price.Measure{
		Outputs: int64(len(m.files)), Compute: max(took, 0).Microseconds(), InputMegapixels: m.pixels,
		// A quote counts a token for each three bytes, so that it is never too little.
		Tokens: price.Tokens{In: q.Expect.Tokens.In * 3 / bytesOfToken, Out: int64(m.text+bytesOfToken-1) / bytesOfToken},
	}
	if len(m.files) == 0 && (m.text > 0 || m.heard) {
		out.Outputs = 1
	}
	if kind, ok := lasting(q, cost); ok {
		out.Seconds = s.lasts(ctx, ofKind(m.files, kind))
	}
	if sized(q) || cost != nil && sized(*cost) {
		out.OutputMegapixels = s.pixels(ctx, m.files)
	}
	return out
}

// lasting tells whether the quotes ask how long outputs last, and of which kind those are;
// "" is any.
func lasting(q price.Quote, cost *price.Quote) (kind string, ok bool) {
	switch q.Unit {
	case price.AudioSecond:
		return "audio/", true
	case price.VideoSecond:
		return "video/", true
	case price.Second, price.Minute, price.FiveSeconds:
		return "", true
	}
	if cost != nil {
		return lasting(*cost, nil)
	}
	return "", false
}

// sized reports whether a quote asks how large the outputs are.
func sized(q price.Quote) bool {
	if q.Formula != nil {
		return hasTerm(q.Formula, price.OfOutput)
	}
	return q.Unit == price.Megapixel || q.Unit == price.ImageMegapixel
}

func hasTerm(f *price.Formula, of string) bool {
	for _, t := range f.Terms {
		if t.Of == of {
			return true
		}
	}
	return false
}

// countsInput reports whether the pictures of the input are charged, here or upstream.
func countsInput(quotes ...*price.Quote) bool {
	for _, q := range quotes {
		if q != nil && q.Formula != nil && hasTerm(q.Formula, price.OfInput) {
			return true
		}
	}
	return false
}

// ofKind are the files that play, of a kind if there are any: what a container holds can
// look otherwise from outside.
func ofKind(files []blob.File, kind string) []blob.File {
	var exact, all []blob.File
	for _, f := range files {
		sound, film := strings.HasPrefix(f.Type, "audio/") || f.Type == "application/ogg", strings.HasPrefix(f.Type, "video/")
		if !sound && !film {
			continue
		}
		all = append(all, f)
		if strings.HasPrefix(f.Type, kind) {
			exact = append(exact, f)
		}
	}
	if len(exact) > 0 {
		return exact
	}
	return all
}

// lasts is how long files play together, in microseconds; 0 where one of them does not
// say.
func (s *Service) lasts(ctx context.Context, files []blob.File) (sum int64) {
	for _, f := range files {
		length, ok := time.Duration(0), false
		s.read(ctx, f, func(content io.ReadSeeker) error {
			at := &sought{ReadSeeker: content}
			length, ok = media.Duration(at, f.Size)
			return at.err
		})
		if !ok {
			return 0
		}
		sum += max(length.Microseconds(), 1)
	}
	return sum
}

// pixels is how large pictures are together; 0 where one of them can't be read.
func (s *Service) pixels(ctx context.Context, files []blob.File) (sum int64) {
	for _, f := range files {
		if !strings.HasPrefix(f.Type, "image/") {
			continue
		}
		var width, height int64
		ok := false
		s.read(ctx, f, func(content io.ReadSeeker) error {
			width, height, ok = media.Picture(content)
			return nil
		})
		if !ok {
			return 0
		}
		sum += area(width, height)
	}
	return sum
}

// mostPixels bounds one picture, so that no sum overflows: a million megapixels.
const mostPixels = 1_000_000_000_000

func area(width, height int64) int64 {
	if width > mostPixels/height {
		return mostPixels
	}
	return width * height
}

// read hands a file's content to fn. What goes wrong is logged: whoever measures does
// without.
func (s *Service) read(ctx context.Context, f blob.File, fn func(io.ReadSeeker) error) {
	content, err := s.o.Files.Content(ctx, f)
	if err == nil {
		err = fn(content)
		_ = content.Close()
	}
	if err != nil {
		s.o.Log.Warn("an output could not be measured; what was expected counts", "file", f.ID, "prediction", f.Prediction, "error", err)
	}
}

// sought reads at any place of what can be sought. It keeps the first error but for the
// end.
type sought struct {
	io.ReadSeeker
	err error
}

func (r *sought) ReadAt(p []byte, at int64) (n int, err error) {
	if _, err = r.Seek(at, io.SeekStart); err == nil {
		n, err = io.ReadFull(r.ReadSeeker, p)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	if err != nil && err != io.EOF && r.err == nil {
		r.err = err
	}
	return n, err
}

// inputPixels is how large the pictures in an input are together, as its upstream gets
// it: each is a data URL.
func inputPixels(input json.RawMessage) (sum int64) {
	rawjson.WalkStrings(input, func(_ *rawjson.Path, at rawjson.Span) bool {
		text, err := shortText(input[at.Start:at.End])
		if err != nil {
			return true
		}
		if _, ok := parseDataURL(text); !ok {
			return true
		}
		if text, err = rawjson.Unquote(input[at.Start:at.End]); err != nil {
			return true
		}
		data, _ := parseDataURL(text)
		if width, height, ok := media.Picture(data.open()); ok {
			sum += area(width, height)
		}
		return true
	})
	return sum
}
