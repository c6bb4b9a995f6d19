package local

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"skytower/internal/provider"
)

// proof asks for whole rounds instead of parts.
const proof = "SKYTOWER_PROOF"

func readSample(t testing.TB, name string) *image.NRGBA {
	t.Helper()
	raw, err := os.ReadFile("testdata/upscale/" + name)
	if err != nil {
		t.Fatal(err)
	}
	// The tests' own reading, not that of the package.
	decoded, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return decoded.(*image.NRGBA)
}

// part is a copy of a rectangle.
func part(from *image.NRGBA, r image.Rectangle) *image.NRGBA {
	to := image.NewNRGBA(image.Rect(0, 0, r.Dx(), r.Dy()))
	for y := range r.Dy() {
		copy(to.Pix[y*to.Stride:][:to.Stride], from.Pix[from.PixOffset(r.Min.X, r.Min.Y+y):])
	}
	return to
}

func loaded(t testing.TB) *network {
	t.Helper()
	net, err := loadNetwork(upscale2x)
	if err != nil {
		t.Fatal(err)
	}
	return net
}

// larger runs the network in tiles of this side.
func larger(t testing.TB, net *network, from *image.NRGBA, tile int) *image.NRGBA {
	t.Helper()
	to := image.NewNRGBA(image.Rect(0, 0, 2*from.Rect.Dx(), 2*from.Rect.Dy()))
	u := upscaling{net: net, workers: 2, tile: tile, told: func(float64) {}}
	if err := u.run(t.Context(), from, to); err != nil {
		t.Fatal(err)
	}
	return to
}

// psnr compares the colours of two pictures of the same size, in decibels.
func psnr(a, b *image.NRGBA) float64 {
	sum, n := 0.0, 0
	for i := range a.Pix {
		if i%4 < 3 {
			d := float64(a.Pix[i]) - float64(b.Pix[i])
			sum, n = sum+d*d, n+1
		}
	}
	return 10 * math.Log10(255*255*float64(n)/sum)
}

// The package's own sample says what the network makes of a picture. A part of it comes
// out the same, except near an edge that the whole does not have.
func TestTheSampleComesOut(t *testing.T) {
	t.Parallel()
	net, from, want := loaded(t), readSample(t, "sample.png"), readSample(t, "sample2x.png")
	const side = 30
	parts := map[image.Rectangle]image.Rectangle{
		image.Rect(0, 0, side, side):           image.Rect(0, 0, side-margin, side-margin),
		image.Rect(60, 45, 60+side, 45+side):   image.Rect(60+margin, 45+margin, 60+side-margin, 45+side-margin),
		image.Rect(128-side, 80, 128, 80+side): image.Rect(128-side+margin, 80+margin, 128, 80+side-margin),
	}
	if os.Getenv(proof) != "" {
		parts = map[image.Rectangle]image.Rectangle{from.Rect: from.Rect}
	}
	for whole, valid := range parts {
		got := larger(t, net, part(from, whole), tileSide)
		got = part(got, image.Rectangle{valid.Min.Sub(whole.Min).Mul(2), valid.Max.Sub(whole.Min).Mul(2)})
		if db := psnr(got, part(want, image.Rectangle{valid.Min.Mul(2), valid.Max.Mul(2)})); db < 45 {
			t.Errorf("%v: %.2f dB", whole, db)
		}
	}
}

func TestTilesHaveNoSeams(t *testing.T) {
	t.Parallel()
	net, sample := loaded(t), readSample(t, "sample.png")
	for _, tc := range []struct{ width, height, tile int }{{23, 6, 8}, {5, 23, 12}, {3, 13, 7}, {1, 1, 1}} {
		from := part(sample, image.Rect(50, 50, 50+tc.width, 50+tc.height))
		if !bytes.Equal(larger(t, net, from, tileSide).Pix, larger(t, net, from, tc.tile).Pix) {
			t.Errorf("%+v: the tiles make another picture than the whole", tc)
		}
	}
}

// Eight bits a colour hide a halo that is a little too small, so they are checked on
// their own: each layer finds what it reads, as wide as it reads it.
func TestStepsFindWhatTheyRead(t *testing.T) {
	t.Parallel()
	in, steps, out := loaded(t).steps(newDesk(1))
	holds := map[*float32]*plane{&in.pix[0]: in} // what each part of the desk holds now
	halos := map[*plane]int{in: margin}
	for i, s := range steps {
		reads := map[*plane]int{}
		for _, p := range s.from {
			reads[p] = s.halo + s.conv.size/2
		}
		if s.add != nil {
			reads[s.add] = max(reads[s.add], s.halo)
		}
		for p, halo := range reads {
			if holds[&p.pix[0]] != p || halos[p] < halo || &p.pix[0] == &s.to.pix[0] {
				t.Errorf("step %d reads a plane that is not there, or too narrow", i)
			}
		}
		holds[&s.to.pix[0]], halos[s.to] = s.to, s.halo
	}
	if holds[&out.pix[0]] != out {
		t.Error("the output is not there")
	}
}

func TestTilesCoverThePicture(t *testing.T) {
	t.Parallel()
	for width := 1; width < 300; width++ {
		seen := make([]int, width)
		for _, f := range cut(width, 1, 128) {
			for x := range f.width {
				seen[f.x+x]++
			}
			if f.width > 128 || f.width < min(width, block) || f.pixels() > largest(cut(width, 1, 128)) {
				t.Fatalf("a tile of %d is %d wide", width, f.width)
			}
		}
		if slices.Min(seen) != 1 || slices.Max(seen) != 1 {
			t.Fatalf("the tiles of %d do not cover it once", width)
		}
	}
}

func TestBrokenWeightsAreRefused(t *testing.T) {
	t.Parallel()
	for name, table := range map[string]string{
		"empty": "", "other": "SKYEMB1\n" + upscale2x[8:], "short": upscale2x[:len(upscale2x)-1], "head": upscale2x[:12],
		"long": upscale2x + "x", "shape": upscale2x[:12] + "\x05" + upscale2x[13:],
	} {
		if _, err := loadNetwork(table); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestReadHalves(t *testing.T) {
	t.Parallel()
	got := make([]float32, 6)
	readHalves(got, "\x00\x3c\x00\xc0\xff\x7b\x01\x00\x00\x04\x00\x80")
	want := []float32{1, -2, 65504, 0x1p-24, 0x1p-14, 0}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// heard is a watcher that keeps percentages.
type heard struct {
	provider.Watcher
	mu      sync.Mutex
	percent []float64
	on      func()
}

func (h *heard) Progress(p provider.Progress) {
	h.mu.Lock()
	h.percent = append(h.percent, p.Percent)
	h.mu.Unlock()
	if h.on != nil {
		h.on()
	}
}

func newRun(content []byte, watch provider.Watcher) *provider.Run {
	input, _ := json.Marshal(map[string]string{"image": "data:;base64," + base64.StdEncoding.EncodeToString(content)})
	return &provider.Run{Model: Upscale2x, Show: "shown/" + Upscale2x, Kind: "image", Input: input, Watch: watch}
}

func encoded(t testing.TB, picture image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, picture); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestPredict(t *testing.T) {
	t.Parallel()
	p, watch := testProvider(t), &heard{}
	from := part(readSample(t, "sample.png"), image.Rect(40, 40, 46, 44))
	from.SetNRGBA(0, 0, color.NRGBA{R: 9, A: 0})
	result, err := p.Predict(t.Context(), newRun(encoded(t, from), watch))
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Files) != 1 || result.Text != nil || result.JSON != nil || result.Took <= 0 {
		t.Fatalf("got %+v", result)
	}
	file := result.Files[0]
	got, err := png.Decode(bytes.NewReader(file.Data))
	if err != nil || file.Name != "upscaled.png" || file.Type != "image/png" {
		t.Fatalf("%s of type %s: %v", file.Name, file.Type, err)
	}
	want := larger(t, loaded(t), from, tileSide)
	doubleAlpha(want, from)
	if g, ok := got.(*image.NRGBA); !ok || g.Rect != want.Rect || !bytes.Equal(g.Pix, want.Pix) {
		t.Errorf("another picture came out, of size %v", got.Bounds())
	}
	if last := watch.percent[len(watch.percent)-1]; !slices.IsSorted(watch.percent) || math.Abs(last-100) > 1e-9 || watch.percent[0] > 5 {
		t.Errorf("progress %v", watch.percent)
	}
}

func TestPredictEndsWithItsContext(t *testing.T) {
	t.Parallel()
	p := testProvider(t)
	content := encoded(t, image.NewNRGBA(image.Rect(0, 0, 6, 6)))
	ctx, end := context.WithCancelCause(t.Context())
	watch := &heard{on: func() { end(provider.ErrHandBack) }}
	for range 2 { // the second run begins with an ended context
		_, err := p.Predict(ctx, newRun(content, watch))
		if provider.ClassOf(err) != provider.Cancelled {
			t.Errorf("got %v", err)
		}
	}
	if len(watch.percent) != 1 {
		t.Errorf("the work went on: %v", watch.percent)
	}
	if _, err := p.Predict(t.Context(), newRun(content, &heard{})); err != nil {
		t.Errorf("the next run: %v", err)
	}
}

func TestWaitingEndsWithItsContext(t *testing.T) {
	t.Parallel()
	p := testProvider(t)
	p.upscaler.turn <- struct{}{}
	ctx, end := context.WithCancelCause(t.Context())
	ended, watch := make(chan error), &heard{}
	cause := errors.New("gave up")
	go func() {
		_, _, err := p.upscaler.upscale(ctx, image.NewNRGBA(image.Rect(0, 0, 2, 2)), watch)
		ended <- err
	}()
	end(cause)
	if err := <-ended; provider.ClassOf(err) != provider.Cancelled || !errors.Is(err, cause) || len(watch.percent) > 0 {
		t.Errorf("got %v, progress %v", err, watch.percent)
	}
}

func TestOnePictureAtATime(t *testing.T) {
	t.Parallel()
	p := testProvider(t)
	content := encoded(t, image.NewNRGBA(image.Rect(0, 0, 2, 2)))
	var mu sync.Mutex
	var order []int
	var crew sync.WaitGroup
	for i := range 4 {
		watch := &heard{on: func() {
			mu.Lock()
			defer mu.Unlock()
			order = append(order, i)
		}}
		crew.Go(func() {
			if _, err := p.Predict(t.Context(), newRun(content, watch)); err != nil {
				t.Error(err)
			}
		})
	}
	crew.Wait()
	if runs := slices.Compact(order); len(runs) != 4 {
		t.Errorf("the pictures were worked on at the same time: %v", runs)
	}
}

func TestPredictRefuses(t *testing.T) {
	t.Parallel()
	p := testProvider(t)
	for input, want := range map[string]string{
		`{}`:                                       "must be a file",
		`{"image":7}`:                              "must be the address",
		`{"image":"https://example.com/a.png"}`:    "must be a file",
		`{"image":"data:image/png;base64"}`:        "no comma",
		`{"image":"data:image/png;base64,*"}`:      "not base64",
		`{"image":"data:image/png,%zz"}`:           "two digits",
		`{"image":"data:image/png;base64,R0lGOD"}`: "no PNG, JPEG or WebP",
		`{"image":"data:,"}`:                       "no PNG, JPEG or WebP",
		`{"image":"data:,` + strings.Repeat("x", maxContent+1) + `"}`: "larger than 16 MiB",
	} {
		_, err := p.Predict(t.Context(), &provider.Run{Model: Upscale2x, Input: json.RawMessage(input), Watch: &heard{}})
		wantRejected(t, input[:min(len(input), 60)], err, want)
	}
	for model, want := range map[string]provider.Class{Docs: provider.Unsupported, "gpt": provider.Denied} {
		if _, err := p.Predict(t.Context(), &provider.Run{Model: model}); provider.ClassOf(err) != want {
			t.Errorf("%s: got %v", model, err)
		}
	}
}

func wantRejected(t *testing.T, name string, err error, message string) {
	t.Helper()
	var got *provider.Error
	if !errors.As(err, &got) || got.Class != provider.Rejected || got.Param != "input.image" || !strings.Contains(got.Message, message) {
		t.Errorf("%s: got %v, want a refusal with %q", name, err, message)
	}
}

func TestReadDataURL(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"data:image/png;base64,+/8=", "data:;base64,-_8", "DATA:image/png;BASE64,+/8=\n", " data:a;charset=b;base64,+/8",
		"data:,%fb%ff",
	} {
		if got, err := readDataURL(address); err != nil || string(got) != "\xfb\xff" {
			t.Errorf("%q: %x, %v", address, got, err)
		}
	}
}

func TestDoubleAlpha(t *testing.T) {
	t.Parallel()
	from, to := image.NewNRGBA(image.Rect(0, 0, 2, 1)), image.NewNRGBA(image.Rect(0, 0, 4, 2))
	from.Pix[3] = 200
	doubleAlpha(to, from)
	for y := range 2 {
		for x, want := range []uint8{200, 150, 50, 0} {
			if got := to.NRGBAAt(x, y).A; got != want {
				t.Errorf("alpha at %d, %d is %d, want %d", x, y, got, want)
			}
		}
	}
}

func BenchmarkUpscale128(b *testing.B) {
	net, from := loaded(b), readSample(b, "sample.png")
	to := image.NewNRGBA(image.Rect(0, 0, 256, 256))
	u := upscaling{net: net, workers: newUpscaler().workers, tile: tileSide, told: func(float64) {}}
	for b.Loop() {
		if err := u.run(b.Context(), from, to); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoadNetwork(b *testing.B) {
	for b.Loop() {
		loaded(b)
	}
}
