package local

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"strings"
	"testing"

	"skytower/internal/provider"
)

// quarters is a picture that looks different from every side: red, green over blue,
// white.
func quarters(side int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, 2*side, 2*side))
	for y := range 2 * side {
		for x := range 2 * side {
			m.SetNRGBA(x, y, []color.NRGBA{{255, 0, 0, 255}, {0, 255, 0, 255}, {0, 0, 255, 255}, {255, 255, 255, 255}}[y/side*2+x/side])
		}
	}
	return m
}

func asJPEG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := jpeg.Encode(&out, m, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// exif is a JPEG segment that states an orientation, behind an entry of another tag.
func exif(order binary.AppendByteOrder, turn uint16) []byte {
	head := map[bool]string{true: "II*\x00", false: "MM\x00*"}[order.String() == binary.LittleEndian.String()]
	tiff := order.AppendUint32([]byte(head), 10) // the directory is not right behind the head
	tiff = order.AppendUint16(append(tiff, 0, 0), 2)
	for _, entry := range [][2]uint16{{0x10f, 7}, {0x112, turn}} {
		tiff = order.AppendUint16(order.AppendUint16(tiff, entry[0]), 3)
		tiff = order.AppendUint16(order.AppendUint32(tiff, 1), entry[1])
		tiff = append(tiff, 0, 0)
	}
	body := append([]byte("Exif\x00\x00"), tiff...)
	return append(binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(body)+2)), body...)
}

// withSegment puts a segment behind the start of a JPEG and another one.
func withSegment(jpeg, segment []byte) []byte {
	return bytes.Join([][]byte{jpeg[:2], {0xff, 0xfe, 0, 4, 'h', 'i'}, segment, jpeg[2:]}, nil)
}

func TestPicturesAreReadUpright(t *testing.T) {
	t.Parallel()
	file := asJPEG(t, quarters(16))
	names := map[color.NRGBA]byte{{255, 0, 0, 255}: 'r', {0, 255, 0, 255}: 'g', {0, 0, 255, 255}: 'b', {255, 255, 255, 255}: 'w'}
	for turn, want := range []string{1: "rgbw", 2: "grwb", 3: "wbgr", 4: "bwrg", 5: "rbgw", 6: "brwg", 7: "wgbr", 8: "gwrb", 9: "rgbw"} {
		if turn == 0 {
			continue
		}
		for _, order := range []binary.AppendByteOrder{binary.BigEndian, binary.LittleEndian} {
			m, err := decode(t.Context(), withSegment(file, exif(order, uint16(turn))), "m")
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, at := range []image.Point{{8, 8}, {24, 8}, {8, 24}, {24, 24}} {
				c := m.NRGBAAt(at.X, at.Y)
				for _, v := range []*uint8{&c.R, &c.G, &c.B} {
					*v = *v / 128 * 255
				}
				got += string(names[c])
			}
			if got != want {
				t.Errorf("orientation %d, %v: got %s, want %s", turn, order, got, want)
			}
		}
	}
}

func TestOrientationSwapsSides(t *testing.T) {
	t.Parallel()
	file := withSegment(asJPEG(t, image.NewNRGBA(image.Rect(0, 0, 3, 7))), exif(binary.BigEndian, 6))
	if m, err := decode(t.Context(), file, "m"); err != nil || m.Rect != image.Rect(0, 0, 7, 3) {
		t.Errorf("got %v", err)
	}
	for name, segment := range map[string][]byte{
		"short": file[2:20], "length 0": {0xff, 0xe1, 0, 0}, "no TIFF": {0xff, 0xe1, 0, 8, 'E', 'x', 'i', 'f', 0, 0},
	} {
		if got := orientationOf(append([]byte{0xff, 0xd8}, segment...)); got != upright {
			t.Errorf("%s: got %d", name, got)
		}
	}
}

// bitWriter writes the least significant bit first.
type bitWriter struct {
	out []byte
	n   uint
}

func (w *bitWriter) put(value uint64, bits uint) {
	for i := range bits {
		if w.n%8 == 0 {
			w.out = append(w.out, 0)
		}
		w.out[w.n/8] |= byte(value>>i&1) << (w.n % 8)
		w.n++
	}
}

// asWebP is a lossless WebP of one colour: each of its codes has one symbol, so that no
// pixel takes a bit.
func asWebP(width, height int, c color.NRGBA) []byte {
	var w bitWriter
	w.put(0x2f, 8)
	w.put(uint64(width-1), 14)
	w.put(uint64(height-1), 14)
	w.put(1, 1) // alpha
	w.put(0, 3+1+1+1)
	for _, symbol := range []uint8{c.G, c.R, c.B, c.A, 0} {
		w.put(0b101, 3) // simple, one symbol, of eight bits
		w.put(uint64(symbol), 8)
	}
	return riff("VP8L", w.out)
}

func riff(kind string, body []byte) []byte {
	out := append([]byte("WEBP"+kind), binary.LittleEndian.AppendUint32(nil, uint32(len(body)))...)
	out = append(append(out, body...), make([]byte, len(body)%2)...)
	return append(append([]byte("RIFF"), binary.LittleEndian.AppendUint32(nil, uint32(len(out)))...), out...)
}

func TestFormats(t *testing.T) {
	t.Parallel()
	c := color.NRGBA{200, 100, 50, 128}
	plain := image.NewNRGBA(image.Rect(0, 0, 3, 2))
	palette := image.NewPaletted(plain.Rect, color.Palette{c})
	deep := image.NewNRGBA64(plain.Rect)
	for i := range 6 {
		plain.SetNRGBA(i%3, i/3, c)
		deep.SetNRGBA64(i%3, i/3, color.NRGBA64{200 * 257, 100 * 257, 50 * 257, 128 * 257})
	}
	for name, file := range map[string][]byte{
		"PNG": encoded(t, plain), "PNG with a palette": encoded(t, palette), "PNG of 16 bits": encoded(t, deep), "WebP": asWebP(3, 2, c),
	} {
		m, err := decode(t.Context(), file, "m")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := m.NRGBAAt(2, 1)
		far := max(diff(got.R, c.R), diff(got.G, c.G), diff(got.B, c.B), diff(got.A, c.A))
		if m.Rect != plain.Rect || far > 1 {
			t.Errorf("%s: %v of %v", name, got, m.Rect)
		}
	}
}

func diff(a, b uint8) uint8 { return max(a, b) - min(a, b) }

// sized is a PNG that says it has another size.
func sized(file []byte, width, height uint32) []byte {
	file = bytes.Clone(file)
	binary.BigEndian.PutUint32(file[16:], width)
	binary.BigEndian.PutUint32(file[20:], height)
	binary.BigEndian.PutUint32(file[29:], crc32.ChecksumIEEE(file[12:29]))
	return file
}

func TestHostilePictures(t *testing.T) {
	t.Parallel()
	small := encoded(t, quarters(2))
	photo := asJPEG(t, quarters(8))
	var animation bytes.Buffer
	if err := gif.Encode(&animation, quarters(2), nil); err != nil {
		t.Fatal(err)
	}
	huge := bytes.Clone(photo)
	at := bytes.Index(huge, []byte{0xff, 0xc0})
	copy(huge[at+5:], "\xff\xff\xff\xff")
	canvas := riff("VP8X", []byte{0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	web := asWebP(3, 2, color.NRGBA{})
	for name, tc := range map[string]struct {
		file []byte
		want string
	}{
		"huge PNG":       {sized(small, 60_000, 60_000), "60000 x 60000 pixels; shown takes 1 to 1024"},
		"wide PNG":       {sized(small, maxSide+1, 1), "1025 x 1 pixels"},
		"high PNG":       {sized(small, 1, maxSide+1), "1 x 1025 pixels"},
		"huge JPEG":      {huge, "65535 x 65535 pixels"},
		"huge WebP":      {asWebP(16384, 16384, color.NRGBA{}), "16384 x 16384 pixels"},
		"huge canvas":    {canvas, "damaged"},
		"PNG without":    {sized(small, 1000, 1000), "not enough pixel data"},
		"PNG of size 0":  {sized(small, 0, 4), "damaged"},
		"cut PNG":        {small[:len(small)/2], "not enough pixel data"},
		"PNG head":       {small[:8], "cut short"},
		"broken PNG":     {append(bytes.Clone(small[:45]), bytes.Repeat([]byte{0xff}, 50)...), "PNG picture"},
		"cut JPEG":       {photo[:len(photo)-30], "damaged"},
		"JPEG head":      {photo[:3], "cut short"},
		"cut WebP":       {web[:len(web)-4], "WebP picture"},
		"WebP head":      {web[:12], "WebP picture"},
		"moving WebP":    {riff("ANIM", make([]byte, 6)), "WebP picture"},
		"other RIFF":     {append([]byte("RIFF\x04\x00\x00\x00WAVE"), web...), "no PNG, JPEG or WebP"},
		"GIF":            {animation.Bytes(), "no PNG, JPEG or WebP"},
		"SVG":            {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), "no PNG, JPEG or WebP"},
		"page":           {[]byte("<!doctype html>"), "no PNG, JPEG or WebP"},
		"nothing":        {nil, "no PNG, JPEG or WebP"},
		"a head's start": {[]byte("RIFF"), "no PNG, JPEG or WebP"},
	} {
		_, err := decode(t.Context(), tc.file, "shown")
		wantRejected(t, name, err, tc.want)
	}
}

func TestDecodersMayPanicOrTakeTooLong(t *testing.T) {
	t.Parallel()
	if err := guarded(func() error { panic("index out of range") }); err == nil {
		t.Error("a panic is no error")
	}
	f, _ := formatOf([]byte("\xff\xd8\xff"))
	wantRejected(t, "slow", unreadable(t.Context(), f, context.DeadlineExceeded), "too long")
	ctx, end := context.WithCancelCause(t.Context())
	cause := errors.New("gone")
	end(cause)
	if _, err := decode(ctx, encoded(t, quarters(2)), "m"); provider.ClassOf(err) != provider.Cancelled || !errors.Is(err, cause) {
		t.Errorf("got %v", err)
	}
	if _, err := encode(ctx, quarters(2)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	file := asJPEG(f, quarters(4))
	f.Add(encoded(f, quarters(2)))
	f.Add(withSegment(file, exif(binary.LittleEndian, 6)))
	f.Add(withSegment(file, exif(binary.BigEndian, 3)))
	f.Add(asWebP(3, 2, color.NRGBA{1, 2, 3, 4}))
	f.Fuzz(func(t *testing.T, content []byte) {
		m, err := decode(t.Context(), content, "m")
		if err == nil && (m.Rect.Empty() || m.Rect.Dx() > maxSide || m.Rect.Dy() > maxSide) {
			t.Errorf("a picture of %v", m.Rect)
		}
		if err != nil && strings.Contains(err.Error(), "gave up") {
			t.Logf("a decoder panicked: %v", err)
		}
	})
}
