package local

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
)

// plainConv is a convolution of one pixel, written as it is defined.
func plainConv(s *step, f *frame, x, y, out int) float64 {
	sum, at := float64(s.conv.bias[out]), out*len(s.conv.weights)/s.conv.outputs
	reach := s.conv.size / 2
	for ky := -reach; ky <= reach; ky++ {
		for kx := -reach; kx <= reach; kx++ {
			for _, p := range s.from {
				for c := range p.channels {
					sum += float64(s.conv.weights[at]) * float64(p.pix[f.index(x+kx, y+ky)*p.channels+c])
					at++
				}
			}
		}
	}
	if s.add != nil {
		sum += float64(s.add.pix[f.index(x, y)*s.add.channels+out])
	}
	if s.relu {
		sum = max(sum, 0)
	}
	return sum
}

func noise(r *rand.Rand, n int) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = r.Float32()*2 - 1
	}
	return out
}

func TestStepsAreConvolutions(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	f := &frame{x: 4, y: 0, width: 9, height: 3, right: 15, bottom: 5}
	narrow := &frame{x: 0, y: 2, width: 2, height: 3, right: 2, bottom: 5}
	fill := func(f *frame, channels int) *plane { return &plane{channels, noise(r, channels*f.pixels())} }
	for name, s := range map[string]*step{
		"1x1":          {conv: &conv{size: 1}, from: []*plane{fill(f, 3)}, halo: 6},
		"3x3":          {conv: &conv{size: 3}, from: []*plane{fill(f, 5)}, relu: true, halo: 2},
		"5x5 and more": {conv: &conv{size: 5}, from: []*plane{fill(f, 4)}, add: fill(f, 6), halo: 0},
		"side by side": {conv: &conv{size: 1}, from: []*plane{fill(f, 3), fill(f, 8)}, add: fill(f, 6), relu: true, halo: 1},
		"narrow":       {conv: &conv{size: 3}, from: []*plane{fill(narrow, 3)}, halo: 3},
	} {
		at := f
		if name == "narrow" {
			at = narrow
		}
		s.to = fill(at, 6)
		s.conv.outputs = 6
		for _, p := range s.from {
			s.conv.inputs += p.channels
		}
		s.conv.weights, s.conv.bias = noise(r, s.conv.size*s.conv.size*s.conv.inputs*6), noise(r, 6)
		for i := range s.rows(at) {
			s.row(at, i)
		}
		for y := -s.halo; y < at.height+s.halo; y++ {
			for x := -s.halo; x < at.width+s.halo; x++ {
				for out := range 6 {
					want := 0.0
					if px, py := at.x+x, at.y+y; px >= 0 && py >= 0 && px < at.right && py < at.bottom {
						want = plainConv(s, at, x, y, out)
					}
					if got := s.to.pix[at.index(x, y)*6+out]; math.Abs(float64(got)-want) > 1e-4 {
						t.Fatalf("%s: output %d at %d, %d is %v, want %v", name, out, x, y, got, want)
					}
				}
			}
		}
	}
}

func TestEachDoesAllOnce(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 7, 100} {
		seen := make([]atomic.Int32, n)
		if err := each(t.Context(), 4, n, func(i int) { seen[i].Add(1) }); err != nil {
			t.Fatal(err)
		}
		for i := range seen {
			if got := seen[i].Load(); got != 1 {
				t.Errorf("%d of %d was done %d times", i, n, got)
			}
		}
	}
}

func TestEachEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, end := context.WithCancelCause(t.Context())
	cause, done := errors.New("enough"), 0
	err := each(ctx, 1, 1000, func(int) {
		if done++; done == 3 {
			end(cause)
		}
	})
	if !errors.Is(err, cause) || done != 3 {
		t.Errorf("got %v after %d", err, done)
	}
}

func TestEachReturnsPanics(t *testing.T) {
	t.Parallel()
	err := each(t.Context(), 2, 10, func(i int) {
		if i == 4 {
			panic("four")
		}
	})
	if err == nil || !strings.Contains(err.Error(), "four") {
		t.Errorf("got %v", err)
	}
}
