package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"strings"
	"time"

	"golang.org/x/image/webp"
)

const (
	maxSide    = 1024             // pixels of a picture's side
	maxContent = 16 << 20         // bytes of a picture's file; one of maxSide has less
	patience   = 20 * time.Second // for reading a picture; some tenths of a second is usual
)

// format is a kind of file that is read. The standard library's register of formats is
// not asked: what stands in it depends on who else is in the program.
type format struct {
	name, start, middle string // middle stands at byte 8
	config              func(io.Reader) (image.Config, error)
	decode              func(io.Reader) (image.Image, error)
}

func formatOf(content []byte) (format, bool) {
	for _, f := range []format{
		{name: "PNG", start: "\x89PNG\r\n\x1a\n", config: png.DecodeConfig, decode: png.Decode},
		{name: "JPEG", start: "\xff\xd8\xff", config: jpeg.DecodeConfig, decode: jpeg.Decode},
		{name: "WebP", start: "RIFF", middle: "WEBP", config: webp.DecodeConfig, decode: webp.Decode},
	} {
		head := string(content[:min(len(content), 16)])
		if strings.HasPrefix(head, f.start) && (f.middle == "" || strings.HasPrefix(head[min(len(head), 8):], f.middle)) {
			return f, true
		}
	}
	return format{}, false
}

// decode reads a picture upright, with straight alpha. Its size is looked at before any
// memory is taken for it. model is what the caller calls the model.
func decode(ctx context.Context, content []byte, model string) (*image.NRGBA, error) {
	f, ok := formatOf(content)
	if !ok {
		return nil, rejected("the file's content is no PNG, JPEG or WebP picture.")
	}
	bounded, end := context.WithTimeout(ctx, patience)
	defer end()
	var size image.Config
	if err := guarded(func() (err error) { size, err = f.config(reading(bounded, content)); return err }); err != nil {
		return nil, unreadable(ctx, f, err)
	}
	if size.Width < 1 || size.Height < 1 || size.Width > maxSide || size.Height > maxSide {
		return nil, rejected("the picture has %d x %d pixels; %s takes 1 to %d on each side.", size.Width, size.Height, model, maxSide)
	}
	var picture *image.NRGBA
	err := guarded(func() error {
		decoded, err := f.decode(reading(bounded, content))
		if err != nil {
			return err
		}
		if decoded.Bounds().Dx() != size.Width || decoded.Bounds().Dy() != size.Height {
			return errors.New("its size is not what it says")
		}
		turn := upright
		if f.name == "JPEG" {
			turn = orientationOf(content)
		}
		picture = straighten(decoded, turn)
		return nil
	})
	if err != nil {
		return nil, unreadable(ctx, f, err)
	}
	return picture, nil
}

// unreadable says why a picture can't be decoded.
func unreadable(ctx context.Context, f format, err error) error {
	switch {
	case ctx.Err() != nil:
		return ended(ctx, err)
	case errors.Is(err, context.DeadlineExceeded):
		return rejected("the %s picture takes too long to read.", f.name)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return rejected("the %s picture is cut short.", f.name)
	}
	return rejected("the %s picture is damaged, or of a kind that can't be read (%v).", f.name, err)
}

// guarded calls a decoder. Files of strangers are what makes those panic.
func guarded(call func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("its decoder gave up: %v", v)
		}
	}()
	return call()
}

// attended is a stream that ends with ctx: with it a decoder or an encoder does.
type attended struct {
	ctx context.Context
	io.Reader
	io.Writer
}

func reading(ctx context.Context, content []byte) io.Reader {
	return attended{ctx: ctx, Reader: bytes.NewReader(content)}
}

func (a attended) Read(p []byte) (int, error) {
	if err := a.ctx.Err(); err != nil {
		return 0, err
	}
	return a.Reader.Read(p)
}

func (a attended) Write(p []byte) (int, error) {
	if err := a.ctx.Err(); err != nil {
		return 0, err
	}
	return a.Writer.Write(p)
}

// encode writes a PNG. One without transparency has no alpha.
func encode(ctx context.Context, picture *image.NRGBA) ([]byte, error) {
	var out bytes.Buffer
	if err := png.Encode(attended{ctx: ctx, Writer: &out}, picture); err != nil {
		return nil, fmt.Errorf("encode the picture: %w", err)
	}
	return out.Bytes(), nil
}

// straighten copies a picture upright. Colours keep their value under transparency,
// where the file has one.
func straighten(from image.Image, turn orientation) *image.NRGBA {
	b := from.Bounds()
	width, height := b.Dx(), b.Dy()
	if turn.swaps() {
		width, height = height, width
	}
	to := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			fromX, fromY := turn.source(x, y, width, height)
			to.SetNRGBA(x, y, color.NRGBAModel.Convert(from.At(b.Min.X+fromX, b.Min.Y+fromY)).(color.NRGBA))
		}
	}
	return to
}

// doubleAlpha fills in the alpha of a picture twice as large, bilinear: the model knows
// colours only.
func doubleAlpha(to, from *image.NRGBA) {
	width, height := from.Rect.Dx(), from.Rect.Dy()
	alpha := func(x, y int) int {
		x, y = min(max(x, 0), width-1), min(max(y, 0), height-1)
		return int(from.Pix[y*from.Stride+4*x+3])
	}
	for y := range 2 * height {
		y0, y1 := y/2, y/2+y%2*2-1 // the nearest row, and the next on the other side
		for x := range 2 * width {
			x0, x1 := x/2, x/2+x%2*2-1
			sum := 9*alpha(x0, y0) + 3*alpha(x1, y0) + 3*alpha(x0, y1) + alpha(x1, y1)
			to.Pix[y*to.Stride+4*x+3] = uint8((sum + 8) / 16)
		}
	}
}
