package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

// modelOf writes the model whose topology is given. Each weight is its place in the
// file, divided by 1024.
func modelOf(t *testing.T, topology string) (model, weights []byte) {
	t.Helper()
	type entry = map[string]any
	var layers, manifest []entry
	channels := map[string]int{"LR": 3}
	next := float32(0)
	weigh := func(name string, shape ...int) {
		n := 1
		for _, d := range shape {
			n *= d
		}
		for range n {
			weights = binary.LittleEndian.AppendUint32(weights, math.Float32bits(next/1024))
			next++
		}
		manifest = append(manifest, entry{"name": name, "shape": shape, "dtype": "float32"})
	}
	for line := range strings.Lines(topology) {
		words := strings.Fields(line)
		name, class, rest := words[0], words[1], words[2:]
		config := entry{}
		inputs := 1
		switch class {
		case "Conv2D":
			var size, wide, filters int
			fmt.Sscanf(rest[0], "%dx%dx%d", &size, &wide, &filters)
			config = entry{"filters": filters, "kernel_size": []int{size, wide}, "padding": rest[1], "strides": []int{1, 1},
				"dilation_rate": []int{1, 1}, "data_format": "channels_last", "activation": "linear"}
			weigh(name+"/kernel", size, wide, channels[rest[2]], filters)
			weigh(name+"/bias", filters)
			channels[name] = filters
		case "Activation":
			config["activation"] = rest[0]
			channels[name] = channels[rest[1]]
		case "Concatenate":
			config["axis"] = 3
			channels[name], inputs = channels[rest[1]]+channels[rest[2]], 2
		case "Add":
			channels[name], inputs = channels[rest[0]], 2
		case "UpSampling2D":
			config["size"], config["interpolation"] = []int{2, 2}, rest[1]
			channels[name] = channels[rest[2]]
		case "InputLayer":
			inputs = 0
		}
		layer := entry{"class_name": class, "name": name, "config": config}
		if inputs > 0 {
			var nodes []any
			for _, in := range rest[len(rest)-inputs:] {
				nodes = append(nodes, []any{in, 0, 0, entry{}})
			}
			layer["inbound_nodes"] = []any{nodes}
		}
		layers = append(layers, layer)
	}
	model, err := json.Marshal(entry{
		"modelTopology":   entry{"model_config": entry{"config": entry{"layers": layers}}},
		"weightsManifest": []entry{{"weights": manifest}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return model, weights
}

func upscalerOf(t *testing.T, model, weights []byte) (map[string][]byte, error) {
	t.Helper()
	return readUpscaler(packed(t, map[string][]byte{
		"package/models/model.json": model, "package/models/group1-shard1of1.bin": weights,
		"package/assets/fixture.png": []byte("small"), "package/assets/samples/2x/result.png": []byte("large"),
	}))
}

func TestUpscalerConversion(t *testing.T) {
	t.Parallel()
	model, weights := modelOf(t, topology)
	made, err := upscalerOf(t, model, weights)
	if err != nil {
		t.Fatal(err)
	}
	table := made["data/upscale-2x.bin"]
	head := binary.LittleEndian.AppendUint32([]byte("SKYUPS1\n"), 12)
	for _, n := range []uint32{3, 3, 64} {
		head = binary.LittleEndian.AppendUint32(head, n)
	}
	// The source has 222,075 numbers; the folded convolution has four times as many as its own.
	if want := 8 + 4 + 12*12 + 2*(222_075-(9*12*3+3)+(9*12*12+12)); !bytes.HasPrefix(table, head) || len(table) != want {
		t.Errorf("%d bytes, want %d; head %q", len(table), want, table[:24])
	}
	// The second number is of the second input of the same output: 64 numbers further on.
	if one, _ := toHalf(64.0 / 1024); binary.LittleEndian.Uint16(table[26:]) != one {
		t.Errorf("the weights are not in order: %x", table[24:40])
	}
	if string(made["testdata/upscale/sample.png"]) != "small" || string(made["testdata/upscale/sample2x.png"]) != "large" {
		t.Error("the sample is another")
	}
}

func TestOtherUpscalersAreRefused(t *testing.T) {
	t.Parallel()
	model, weights := modelOf(t, topology)
	replace := func(old, by string) []byte { return bytes.Replace(model, []byte(old), []byte(by), 1) }
	other, otherWeights := modelOf(t, strings.Replace(topology, "Activation relu F_1_1", "Activation tanh F_1_1", 1))
	infinite := slices.Clone(weights)
	binary.LittleEndian.PutUint32(infinite, math.Float32bits(70_000))
	for name, tc := range map[string][2][]byte{
		"no model": {nil, weights}, "no layers": {[]byte("{}"), weights}, "another topology": {other, otherWeights},
		"another stride": {replace(`"strides":[1,1]`, `"strides":[2,2]`), weights},
		"another type":   {replace(`"dtype":"float32"`, `"dtype":"uint8"`), weights},
		"missing layer":  {replace(`"name":"GFF_2/kernel"`, `"name":"GFF_3/kernel"`), weights},
		"cut short":      {model, weights[:len(weights)-4]},
		"too long":       {model, append(slices.Clone(weights), 0, 0, 0, 0)},
		"too large":      {model, infinite},
	} {
		if _, err := upscalerOf(t, tc[0], tc[1]); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestFoldUpsampling(t *testing.T) {
	t.Parallel()
	const width, height = 4, 3
	k := &kernel{size: 3, inputs: 2, outputs: 1, bias: []float32{0.5}}
	for i := range 18 {
		k.weights = append(k.weights, float32(i*i%7)-3)
	}
	pixel := func(x, y, in int) float32 {
		if x < 0 || y < 0 || x >= width || y >= height {
			return 0
		}
		return float32((3*x + 5*y + 2*in) % 8)
	}
	doubled := func(x, y, in int) float32 {
		if x < 0 || y < 0 {
			return 0
		}
		return pixel(x/2, y/2, in)
	}
	at := func(k *kernel, x, y, out int, pixel func(x, y, in int) float32) float32 {
		sum := k.bias[out]
		for tap := range 9 {
			for in := range k.inputs {
				sum += k.at(tap/3, tap%3, in, out) * pixel(x+tap%3-1, y+tap/3-1, in)
			}
		}
		return sum
	}
	folded := foldUpsampling(k)
	for y := range 2 * height {
		for x := range 2 * width {
			got, want := at(folded, x/2, y/2, y%2*2+x%2, pixel), at(k, x, y, 0, doubled)
			if got != want {
				t.Errorf("%d, %d: %v, want %v", x, y, got, want)
			}
		}
	}
}

func TestToHalf(t *testing.T) {
	t.Parallel()
	for v, want := range map[float32]uint16{
		0: 0, 1: 0x3c00, -2: 0xc000, 65504: 0x7bff, 0x1p-14: 0x0400, 0x1p-24: 1, 0x1p-26: 0, -0x3p-25: 0x8002,
		1 + 0x1p-11: 0x3c00, 1 + 0x3p-11: 0x3c02, 0.1: 0x2e66,
	} {
		if got, ok := toHalf(v); !ok || got != want {
			t.Errorf("%v: got %04x, want %04x", v, got, want)
		}
	}
	for _, v := range []float32{65520, float32(math.Inf(1)), float32(math.NaN())} {
		if _, ok := toHalf(v); ok {
			t.Errorf("%v was taken", v)
		}
	}
}
