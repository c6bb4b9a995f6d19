package local

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
)

// conv is a convolution with a square window of odd size, which keeps the picture's
// size.
type conv struct {
	size, inputs, outputs int
	weights               []float32 // [output][ky][kx][input]
	bias                  []float32
}

// plane is what lies between two layers: channels numbers a pixel, for a tile and a
// margin around it.
type plane struct {
	channels int
	pix      []float32
}

// frame is the rectangle of the picture that planes cover: a tile, with margin pixels
// on every side.
type frame struct {
	x, y, width, height int // the tile's own place in the picture
	right, bottom       int // the picture's size
}

// margin is how far outside of a tile a pixel can lie that its output depends on: the
// sum of the layers' reach.
const margin = 10

// stride is the planes' width in pixels.
func (f *frame) stride() int { return f.width + 2*margin }

// pixels is how many pixels a plane has.
func (f *frame) pixels() int { return f.stride() * (f.height + 2*margin) }

// index is the place in a plane of a pixel, in the tile's coordinates.
func (f *frame) index(x, y int) int { return (y+margin)*f.stride() + x + margin }

// inside are the columns from -halo to width+halo that lie in the picture.
func (f *frame) inside(halo int) (from, to int) {
	return max(-halo, -f.x), min(f.width+halo, f.right-f.x)
}

// step is one layer at work: a convolution of planes that are read as one, side by
// side, plus another plane.
type step struct {
	conv *conv
	from []*plane
	add  *plane // nil: nothing
	to   *plane
	relu bool
	halo int // how far outside of the tile its output is needed
}

// rows is how many rows the step makes.
func (s *step) rows(f *frame) int { return f.height + 2*s.halo }

// row makes one row, from 0. What lies outside of the picture is zero: that is what
// the network's layers pad with, so a tile at the picture's edge needs nothing special.
func (s *step) row(f *frame, i int) {
	y := i - s.halo
	n := s.to.channels
	row := s.to.pix[f.index(-s.halo, y)*n : f.index(f.width+s.halo, y)*n]
	if y < -f.y || y >= f.bottom-f.y {
		clear(row)
		return
	}
	from, to := f.inside(s.halo)
	clear(row[:(from+s.halo)*n])
	clear(row[(to+s.halo)*n:])
	runs := s.runs(f, y)
	for out := 0; out < n; out += 2 {
		s.pair(f, runs, out, from, to, y)
	}
}

// run is a stretch of numbers that lie one after the other both in a plane, for the
// window of one pixel, and in the weights of one output.
type run struct {
	pix      []float32 // from the window of the pixel with x = 0
	zero     int       // index of that window
	channels int
	at, n    int // of the weights
}

// runs are the stretches of a window in row y. A window's row is one: the pixels of a
// row lie side by side.
func (s *step) runs(f *frame, y int) []run {
	var runs []run
	at, reach := 0, s.conv.size/2
	for ky := range s.conv.size {
		for _, p := range s.from {
			n := s.conv.size * p.channels
			zero := f.index(-reach, y+ky-reach) * p.channels
			runs = append(runs, run{pix: p.pix, zero: zero, channels: p.channels, at: at, n: n})
			at += n
		}
	}
	return runs
}

// block is how many pixels are worked on at a time, for two outputs: as many as keep
// their sums in registers.
const block = 5

// pair makes two outputs of the pixels from..to of a row. At the row's end a block
// moves back and makes some pixels again: they come out the same.
func (s *step) pair(f *frame, runs []run, out, from, to, y int) {
	each := len(s.conv.weights) / s.conv.outputs
	w0 := s.conv.weights[out*each:][:each]
	w1 := s.conv.weights[(out+1)*each:][:each]
	for x := from; x < to; {
		sums := [2 * block]float32{}
		for i := 0; i < len(sums); i += 2 {
			sums[i], sums[i+1] = s.conv.bias[out], s.conv.bias[out+1]
		}
		width := block
		if to-from < block {
			width = 1
		} else {
			x = min(x, to-block)
		}
		for i := range runs {
			r := &runs[i]
			in := r.pix[r.zero+x*r.channels:]
			if width == 1 {
				multiply1(in, w0[r.at:][:r.n], w1[r.at:][:r.n], &sums)
			} else {
				multiply5(in, r.channels, w0[r.at:][:r.n], w1[r.at:][:r.n], &sums)
			}
		}
		s.store(sums[:2*width], f.index(x, y), out)
		x += width
	}
}

// multiply5 adds the products of five windows, each `apart` numbers after the one
// before, with the weights of two outputs. All sums go on in the same order wherever a
// pixel stands in its tile, which is why tiles have no seams.
func multiply5(in []float32, apart int, w0, w1 []float32, sums *[2 * block]float32) {
	n := len(w0)
	w1 = w1[:n]
	x0, x1, x2, x3, x4 := in[:n], in[apart:][:n], in[2*apart:][:n], in[3*apart:][:n], in[4*apart:][:n]
	a0, b0, a1, b1, a2, b2, a3, b3, a4, b4 := sums[0], sums[1], sums[2], sums[3], sums[4], sums[5], sums[6], sums[7], sums[8], sums[9]
	for i, p := range w0 {
		q := w1[i]
		v := x0[i]
		a0 += v * p
		b0 += v * q
		v = x1[i]
		a1 += v * p
		b1 += v * q
		v = x2[i]
		a2 += v * p
		b2 += v * q
		v = x3[i]
		a3 += v * p
		b3 += v * q
		v = x4[i]
		a4 += v * p
		b4 += v * q
	}
	*sums = [2 * block]float32{a0, b0, a1, b1, a2, b2, a3, b3, a4, b4}
}

// multiply1 is multiply5 for one window, in pictures that are narrower than a block.
func multiply1(in, w0, w1 []float32, sums *[2 * block]float32) {
	n := len(w0)
	in, w1 = in[:n], w1[:n]
	a, b := sums[0], sums[1]
	for i, p := range w0 {
		a += in[i] * p
		b += in[i] * w1[i]
	}
	sums[0], sums[1] = a, b
}

// store writes the sums of two outputs of pixels side by side.
func (s *step) store(sums []float32, at, out int) {
	for i := 0; i < len(sums); i += 2 {
		a, b := sums[i], sums[i+1]
		if s.add != nil {
			more := s.add.pix[at*s.add.channels+out:][:2]
			a, b = a+more[0], b+more[1]
		}
		if s.relu {
			a, b = max(a, 0), max(b, 0)
		}
		to := s.to.pix[at*s.to.channels+out:][:2]
		to[0], to[1] = a, b
		at++
	}
}

// each calls do for 0 to n-1 on some workers, and returns when all have ended: early
// where ctx ends. A panic comes back as an error.
func each(ctx context.Context, workers, n int, do func(int)) error {
	var next atomic.Int64
	var panicked atomic.Pointer[error]
	var crew sync.WaitGroup
	for range min(workers, n) {
		crew.Go(func() {
			defer func() {
				if v := recover(); v != nil {
					err := fmt.Errorf("panic: %v\n%s", v, debug.Stack())
					panicked.Store(&err)
				}
			}()
			for ctx.Err() == nil && panicked.Load() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				do(i)
			}
		})
	}
	crew.Wait()
	if err := panicked.Load(); err != nil {
		return *err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}
