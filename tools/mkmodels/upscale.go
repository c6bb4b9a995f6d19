package main

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"path"
	"slices"
	"strings"
)

// topology is the network that the program's code computes, one layer a line. Weights
// mean nothing in another one, so the source has to be this one exactly.
const topology = `LR InputLayer
F_m1 Conv2D 3x3x64 same LR
F_0 Conv2D 3x3x64 same F_m1
F_1_1 Conv2D 3x3x4 same F_0
F_1_1_Relu Activation relu F_1_1
RDB_Concat_1_1 Concatenate 3 F_0 F_1_1_Relu
LFF_1 Conv2D 1x1x64 valid RDB_Concat_1_1
LRL_1 Add LFF_1 F_0
F_2_1 Conv2D 3x3x4 same LRL_1
F_2_1_Relu Activation relu F_2_1
RDB_Concat_2_1 Concatenate 3 LRL_1 F_2_1_Relu
LFF_2 Conv2D 1x1x64 valid RDB_Concat_2_1
LRL_2 Add LFF_2 LRL_1
LRLs_Concat Concatenate 3 LRL_1 LRL_2
GFF_1 Conv2D 1x1x64 same LRLs_Concat
GFF_2 Conv2D 3x3x64 same GFF_1
FDF Add GFF_2 F_m1
UPN1 Conv2D 5x5x64 same FDF
UPN1_Relu Activation relu UPN1
UPN2 Conv2D 3x3x32 same UPN1_Relu
UPN2_Relu Activation relu UPN2
UPN3 Conv2D 3x3x12 same UPN2_Relu
UPsample UpSampling2D 2x2 nearest UPN3
SR Conv2D 3x3x3 same UPsample
`

// layersModel is the part of a tfjs layers model that is read.
type layersModel struct {
	Topology struct {
		Model struct {
			Config struct {
				Layers []layer `json:"layers"`
			} `json:"config"`
		} `json:"model_config"`
	} `json:"modelTopology"`
	Manifest []struct {
		Weights []struct {
			Name  string `json:"name"`
			Shape []int  `json:"shape"`
			Type  string `json:"dtype"`
		} `json:"weights"`
	} `json:"weightsManifest"`
}

type layer struct {
	Class   string                `json:"class_name"`
	Name    string                `json:"name"`
	Inbound [][][]json.RawMessage `json:"inbound_nodes"`
	Config  struct {
		Filters       int    `json:"filters"`
		Kernel        []int  `json:"kernel_size"`
		Strides       []int  `json:"strides"`
		Dilation      []int  `json:"dilation_rate"`
		Padding       string `json:"padding"`
		Format        string `json:"data_format"`
		Activation    string `json:"activation"`
		Axis          int    `json:"axis"`
		Size          []int  `json:"size"`
		Interpolation string `json:"interpolation"`
	} `json:"config"`
}

// line writes the layer as topology does.
func (l layer) line() (string, error) {
	fields := []string{l.Name, l.Class}
	c := l.Config
	switch l.Class {
	case "Conv2D":
		if len(c.Kernel) != 2 || !slices.Equal(c.Strides, []int{1, 1}) || !slices.Equal(c.Dilation, []int{1, 1}) ||
			c.Format != "channels_last" || c.Activation != "linear" {
			return "", fmt.Errorf("layer %s is a convolution of another kind", l.Name)
		}
		fields = append(fields, fmt.Sprintf("%dx%dx%d", c.Kernel[0], c.Kernel[1], c.Filters), c.Padding)
	case "Activation":
		fields = append(fields, c.Activation)
	case "Concatenate":
		fields = append(fields, fmt.Sprint(c.Axis))
	case "UpSampling2D":
		if len(c.Size) != 2 {
			return "", fmt.Errorf("layer %s has no size", l.Name)
		}
		fields = append(fields, fmt.Sprintf("%dx%d", c.Size[0], c.Size[1]), c.Interpolation)
	}
	if len(l.Inbound) > 0 {
		for _, in := range l.Inbound[0] {
			var name string
			if err := json.Unmarshal(in[0], &name); err != nil {
				return "", fmt.Errorf("inputs of layer %s: %w", l.Name, err)
			}
			fields = append(fields, name)
		}
	}
	return strings.Join(fields, " "), nil
}

// kernel is a convolution: weights[ky][kx][input][output] as the source has them.
type kernel struct {
	size, inputs, outputs int
	weights, bias         []float32
}

func (k *kernel) at(ky, kx, in, out int) float32 {
	return k.weights[((ky*k.size+kx)*k.inputs+in)*k.outputs+out]
}

// readUpscaler converts the package's model, and takes its sample for the tests.
func readUpscaler(file string) (map[string][]byte, error) {
	found, err := unpack(file)
	if err != nil {
		return nil, err
	}
	var model layersModel
	if err := json.Unmarshal(found["models/model.json"], &model); err != nil {
		return nil, fmt.Errorf("model.json: %w", err)
	}
	kernels, err := model.kernels(found["models/group1-shard1of1.bin"])
	if err != nil {
		return nil, err
	}
	table, err := encodeKernels(kernels)
	if err != nil {
		return nil, err
	}
	return map[string][]byte{
		"data/upscale-2x.bin":           table,
		"testdata/upscale/sample.png":   found["assets/fixture.png"],
		"testdata/upscale/sample2x.png": found["assets/samples/2x/result.png"],
	}, nil
}

// kernels are the convolutions in the order of their layers.
func (m *layersModel) kernels(raw []byte) ([]*kernel, error) {
	var lines strings.Builder
	var order []string
	for _, l := range m.Topology.Model.Config.Layers {
		text, err := l.line()
		if err != nil {
			return nil, err
		}
		lines.WriteString(text + "\n")
		if l.Class == "Conv2D" {
			order = append(order, l.Name)
		}
	}
	if lines.String() != topology {
		return nil, errors.New("the model has another topology:\n" + lines.String())
	}
	byName, err := m.weights(raw)
	if err != nil {
		return nil, err
	}
	var kernels []*kernel
	for _, name := range order {
		k := byName[name]
		if k == nil || len(k.bias) != k.outputs || len(k.weights) == 0 {
			return nil, fmt.Errorf("the weights of layer %s are missing", name)
		}
		kernels = append(kernels, k)
	}
	last := len(kernels) - 1
	kernels[last] = foldUpsampling(kernels[last])
	return kernels, nil
}

// weights cuts the file of weights along its manifest.
func (m *layersModel) weights(raw []byte) (map[string]*kernel, error) {
	byName := map[string]*kernel{}
	for _, group := range m.Manifest {
		for _, w := range group.Weights {
			n := 1
			for _, d := range w.Shape {
				n *= d
			}
			if w.Type != "float32" || n < 1 || 4*n > len(raw) {
				return nil, fmt.Errorf("weights %s are of type %s, or cut short", w.Name, w.Type)
			}
			values := make([]float32, n)
			for i := range values {
				values[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
			}
			raw = raw[4*n:]
			layer, part := path.Split(w.Name)
			layer = strings.TrimSuffix(layer, "/")
			if byName[layer] == nil {
				byName[layer] = &kernel{}
			}
			switch k := byName[layer]; {
			case part == "bias":
				k.bias = values
			case len(w.Shape) == 4 && w.Shape[0] == w.Shape[1]:
				k.size, k.inputs, k.outputs, k.weights = w.Shape[0], w.Shape[2], w.Shape[3], values
			default:
				return nil, fmt.Errorf("weights %s have the shape %v", w.Name, w.Shape)
			}
		}
	}
	if len(raw) > 0 {
		return nil, fmt.Errorf("%d bytes of weights belong to no layer", len(raw))
	}
	return byName, nil
}

// foldUpsampling turns a 3x3 convolution of a picture that was doubled by repeating
// pixels into one of the picture itself: of its four sets of outputs, each makes one
// pixel of the 2x2 that a pixel becomes (top left, top right, bottom left, bottom
// right). It saves the doubled picture, and every layer has the same size.
func foldUpsampling(k *kernel) *kernel {
	folded := &kernel{size: 3, inputs: k.inputs, outputs: 4 * k.outputs}
	sums := make([]float64, 9*k.inputs*folded.outputs)
	for phase := range 4 {
		folded.bias = append(folded.bias, k.bias...)
		for tap := range 9 {
			// The tap's place in the doubled picture, halved, is its place in the picture.
			ky := (phase/2 + tap/3 + 1) / 2
			kx := (phase%2 + tap%3 + 1) / 2
			for in := range k.inputs {
				for out := range k.outputs {
					sums[((ky*3+kx)*k.inputs+in)*folded.outputs+phase*k.outputs+out] += float64(k.at(tap/3, tap%3, in, out))
				}
			}
		}
	}
	for _, v := range sums {
		folded.weights = append(folded.weights, float32(v))
	}
	return folded
}

// encodeKernels writes the embedded form, everything little-endian:
//
//	"SKYUPS1\n"
//	uint32 number of convolutions, and of each, in the order of the layers:
//	uint32 size of the square window, uint32 inputs, uint32 outputs
//	float16 weights [output][ky][kx][input], float16 biases [output]
//
// The last one is folded with the upsampling before it (see foldUpsampling). Half
// precision halves the size, and changes no colour of the package's sample by more than
// one step of 255: 67.8 dB against the same picture from float32 weights.
func encodeKernels(kernels []*kernel) ([]byte, error) {
	out := binary.LittleEndian.AppendUint32([]byte("SKYUPS1\n"), uint32(len(kernels)))
	for _, k := range kernels {
		for _, n := range []int{k.size, k.inputs, k.outputs} {
			out = binary.LittleEndian.AppendUint32(out, uint32(n))
		}
		values := make([]float32, 0, len(k.weights)+len(k.bias))
		for o := range k.outputs {
			for tap := range k.size * k.size {
				for in := range k.inputs {
					values = append(values, k.at(tap/k.size, tap%k.size, in, o))
				}
			}
		}
		for _, v := range append(values, k.bias...) {
			half, ok := toHalf(v)
			if !ok {
				return nil, fmt.Errorf("the weight %v is too large for half precision", v)
			}
			out = binary.LittleEndian.AppendUint16(out, half)
		}
	}
	return out, nil
}

// toHalf rounds to IEEE 754 half precision, to even where it is half-way. ok is false
// for what it can't hold.
func toHalf(v float32) (half uint16, ok bool) {
	sign := uint16(math.Float32bits(v) >> 16 & 0x8000)
	// The same number with half precision's range of exponents, still with 23 bits.
	bits := math.Float32bits(float32(math.Abs(float64(v))) * 0x1p-112)
	bits = (bits + 0xfff + bits>>13&1) >> 13
	return sign | uint16(bits), bits < 0x7c00 // false for NaN too
}
