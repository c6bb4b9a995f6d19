package local

import (
	"context"
	_ "embed" // for the weights below
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"math"
	"strings"
)

// upscale2x is made by tools/mkmodels, which describes the layout and the network; NOTICE
// names its source.
//
//go:embed data/upscale-2x.bin
var upscale2x string

// The network's convolutions, in the order in which they are stored.
const (
	shallow1 = iota // 3x3, 3 to 64
	shallow2        // 3x3, 64 to 64
	dense1          // 3x3, 64 to 4: the first dense block
	fuse1           // 1x1, 68 to 64
	dense2          // 3x3, 64 to 4: the second
	fuse2           // 1x1, 68 to 64
	global1         // 1x1, 128 to 64: both blocks
	global2         // 3x3, 64 to 64
	up1             // 5x5, 64 to 64
	up2             // 3x3, 64 to 32
	up3             // 3x3, 32 to 12
	double          // 3x3, 12 to 12: four pixels of three colours for each pixel
	convs
)

// shapes are the sizes, inputs and outputs of the convolutions.
func shapes() [convs][3]int {
	return [convs][3]int{
		{3, 3, 64}, {3, 64, 64}, {3, 64, 4}, {1, 68, 64}, {3, 64, 4}, {1, 68, 64},
		{1, 128, 64}, {3, 64, 64}, {5, 64, 64}, {3, 64, 32}, {3, 32, 12}, {3, 12, 12},
	}
}

// network is the upscaler's weights; it never changes after loading.
type network [convs]conv

// loadNetwork reads the weights.
func loadNetwork(table string) (*network, error) {
	head := "SKYUPS1\n" + string(binary.LittleEndian.AppendUint32(nil, convs))
	rest, ok := strings.CutPrefix(table, head)
	if !ok {
		return nil, errors.New("not a table of the upscaler's weights")
	}
	var net network
	for i, want := range shapes() {
		weights := want[0] * want[0] * want[1] * want[2]
		shape := []byte(nil)
		for _, n := range want {
			shape = binary.LittleEndian.AppendUint32(shape, uint32(n))
		}
		rest, ok = strings.CutPrefix(rest, string(shape))
		if !ok || len(rest) < 2*(weights+want[2]) {
			return nil, fmt.Errorf("convolution %d is cut short or of another shape", i)
		}
		c := conv{want[0], want[1], want[2], make([]float32, weights), make([]float32, want[2])}
		readHalves(c.weights, rest)
		readHalves(c.bias, rest[2*weights:])
		rest = rest[2*(weights+want[2]):]
		net[i] = c
	}
	if rest != "" {
		return nil, fmt.Errorf("%d bytes too many", len(rest))
	}
	return &net, nil
}

// readHalves reads numbers of half precision. Those that are infinite, or none, are not
// among them.
func readHalves(out []float32, from string) {
	for i := range out {
		half := uint32(from[2*i]) | uint32(from[2*i+1])<<8
		v := math.Float32frombits(half&0x7fff<<13) * 0x1p112
		if half>>15 == 1 {
			v = -v
		}
		out[i] = v
	}
}

// desk is the memory in which tiles are worked on, one after the other.
type desk struct {
	picture, small, first, a, b, c []float32
}

// newDesk makes a desk for tiles of up to this many pixels, margins included.
func newDesk(pixels int) *desk {
	const wide = 64
	return &desk{
		picture: make([]float32, 3*pixels), small: make([]float32, 4*pixels),
		first: make([]float32, wide*pixels), a: make([]float32, wide*pixels),
		b: make([]float32, wide*pixels), c: make([]float32, wide*pixels),
	}
}

// steps are the network's layers, and the last one's output. A plane's memory is used
// again once its last reader is done.
func (n *network) steps(d *desk) (in *plane, steps []step, out *plane) {
	in = &plane{3, d.picture}
	first := &plane{64, d.first}
	shallow, dense := &plane{64, d.a}, &plane{4, d.small}
	block1, block2 := &plane{64, d.b}, &plane{64, d.c}
	fused, deep := &plane{64, d.a}, &plane{64, d.b}
	wide, mid, narrow := &plane{64, d.a}, &plane{32, d.b}, &plane{12, d.a}
	out = &plane{12, d.b}
	steps = []step{
		{conv: &n[shallow1], from: []*plane{in}, to: first, halo: 9},
		{conv: &n[shallow2], from: []*plane{first}, to: shallow, halo: 8},
		{conv: &n[dense1], from: []*plane{shallow}, to: dense, relu: true, halo: 7},
		{conv: &n[fuse1], from: []*plane{shallow, dense}, add: shallow, to: block1, halo: 7},
		{conv: &n[dense2], from: []*plane{block1}, to: dense, relu: true, halo: 6},
		{conv: &n[fuse2], from: []*plane{block1, dense}, add: block1, to: block2, halo: 6},
		{conv: &n[global1], from: []*plane{block1, block2}, to: fused, halo: 6},
		{conv: &n[global2], from: []*plane{fused}, add: first, to: deep, halo: 5},
		{conv: &n[up1], from: []*plane{deep}, to: wide, relu: true, halo: 3},
		{conv: &n[up2], from: []*plane{wide}, to: mid, relu: true, halo: 2},
		{conv: &n[up3], from: []*plane{mid}, to: narrow, halo: 1},
		{conv: &n[double], from: []*plane{narrow}, to: out, halo: 0},
	}
	return in, steps, out
}

// upscaling is one picture at work.
type upscaling struct {
	net     *network
	workers int
	tile    int                // longest side of a tile, without its margin
	told    func(done float64) // from 0 to 1; called by the goroutine of run
}

// run makes the picture twice as large. It leaves alpha alone.
func (u *upscaling) run(ctx context.Context, from *image.NRGBA, to *image.NRGBA) error {
	tiles := cut(from.Rect.Dx(), from.Rect.Dy(), u.tile)
	desk := newDesk(largest(tiles))
	in, steps, out := u.net.steps(desk)
	share := 1 / float64(len(tiles)*workOf(steps))
	done := 0
	for i := range tiles {
		t := &tiles[i]
		t.fill(in, from)
		for j := range steps {
			s := &steps[j]
			if err := each(ctx, u.workers, s.rows(t), func(row int) { s.row(t, row) }); err != nil {
				return err
			}
			done += s.conv.work()
			u.told(float64(done) * share)
		}
		t.paint(to, out)
	}
	return nil
}

// work is how many products a pixel takes.
func (c *conv) work() int { return len(c.weights) }

func workOf(steps []step) int {
	work := 0
	for i := range steps {
		work += steps[i].conv.work()
	}
	return work
}

// cut divides a picture into tiles that are about equal: so none is narrower than a
// block, unless the picture is.
func cut(width, height, longest int) []frame {
	columns, rows := (width+longest-1)/longest, (height+longest-1)/longest
	tiles := make([]frame, 0, columns*rows)
	for row := range rows {
		for column := range columns {
			x, y := width*column/columns, height*row/rows
			tiles = append(tiles, frame{
				x: x, y: y, width: width*(column+1)/columns - x, height: height*(row+1)/rows - y,
				right: width, bottom: height,
			})
		}
	}
	return tiles
}

// largest is how many pixels the largest of the tiles has, with its margin.
func largest(tiles []frame) int {
	most := 0
	for i := range tiles {
		most = max(most, tiles[i].pixels())
	}
	return most
}

// fill puts the picture's colours into a plane, as numbers from 0 to 1, and zero where
// there is no picture.
func (f *frame) fill(p *plane, from *image.NRGBA) {
	left, right := f.inside(margin)
	clear(p.pix[:3*f.pixels()])
	for y := max(-margin, -f.y); y < min(f.height+margin, f.bottom-f.y); y++ {
		to := p.pix[3*f.index(left, y):]
		row := from.Pix[(f.y+y)*from.Stride+4*(f.x+left):]
		for i := range right - left {
			for c := range 3 {
				to[3*i+c] = float32(row[4*i+c]) / 255
			}
		}
	}
}

// paint takes the four pixels of each pixel of the tile out of a plane: top left, top
// right, bottom left, bottom right.
func (f *frame) paint(to *image.NRGBA, p *plane) {
	for y := range 2 * f.height {
		row := to.Pix[(2*f.y+y)*to.Stride+8*f.x:]
		for x := range 2 * f.width {
			at := f.index(x/2, y/2)*p.channels + 3*(2*(y%2)+x%2)
			for c, v := range p.pix[at : at+3] {
				row[4*x+c] = toByte(v)
			}
		}
	}
}

// toByte rounds a colour from 0 to 1.
func toByte(v float32) uint8 {
	return uint8(min(max(v*255+0.5, 0), 255))
}
