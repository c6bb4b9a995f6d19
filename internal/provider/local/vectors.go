package local

import (
	_ "embed" // for the table below
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
)

// dims is the length of the vectors of skytower-embed-small.
const dims = 100

// rarity is the parameter `a` of smooth inverse frequency, at the value that the
// paper recommends (Arora, Liang and Ma, 2017).
const rarity = 1e-3

// embedSmall is made by tools/mkmodels, which describes the layout; NOTICE names
// its source.
//
//go:embed data/embed-small.bin
var embedSmall string

// vectors is a table of word vectors; it never changes after loading.
type vectors struct {
	rank   map[string]int // word → place in the order of frequency, from 0
	common [dims]float32  // the direction that all sentences share, of length 1
	scale  []float32
	values string // dims × int8 a word
}

// loadVectors reads the table; the values stay where they are in the binary.
func loadVectors(table string) (*vectors, error) {
	const magic = "SKYEMB1\n"
	head := len(magic) + 8
	if len(table) < head || !strings.HasPrefix(table, magic) {
		return nil, errors.New("not a table of word vectors")
	}
	n := int(binary.LittleEndian.Uint32([]byte(table[len(magic):])))
	d := int(binary.LittleEndian.Uint32([]byte(table[len(magic)+4:])))
	wordsAt := head + 4*dims + 4*n + dims*n
	if d != dims || n > len(table) || wordsAt > len(table) {
		return nil, fmt.Errorf("table of %d words and %d dimensions is cut short or of another size", n, d)
	}
	v := &vectors{scale: make([]float32, n), values: table[head+4*dims+4*n : wordsAt]}
	readFloats(v.common[:], table[head:])
	readFloats(v.scale, table[head+4*dims:])
	v.rank = make(map[string]int, n)
	for word := range strings.Lines(table[wordsAt:]) {
		v.rank[strings.TrimSuffix(word, "\n")] = len(v.rank)
	}
	if len(v.rank) != n {
		return nil, fmt.Errorf("table names %d words and holds %d", n, len(v.rank))
	}
	return v, nil
}

func readFloats(out []float32, from string) {
	for i := range out {
		b := from[4*i : 4*i+4]
		out[i] = math.Float32frombits(uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24)
	}
}

// embed returns the unit vector of a text that was cut into words, and false
// where the table knows none of them. The vector is the sum of the word vectors,
// each weighted by a/(a+p), without its part along the common direction.
func (v *vectors) embed(words []string) (vec [dims]float32, ok bool) {
	for _, word := range words {
		if v.add(&vec, word) {
			ok = true
			continue
		}
		for _, part := range parts(word) {
			ok = v.add(&vec, part) || ok
		}
	}
	if !ok {
		return vec, false
	}
	along := dot(vec[:], v.common[:])
	rest := vec
	for i := range rest {
		rest[i] -= along * v.common[i]
	}
	if normalise(rest[:]) {
		return rest, true
	}
	return vec, normalise(vec[:])
}

// add adds the weighted vector of one word. The source has no frequencies, so
// they are estimated from the rank by Zipf's law.
func (v *vectors) add(sum *[dims]float32, word string) bool {
	i, known := v.rank[word]
	if !known {
		return false
	}
	p := 1 / (float64(i+1) * math.Log(float64(len(v.scale))))
	factor := v.scale[i] * float32(rarity/(rarity+p))
	row := v.values[i*dims : (i+1)*dims]
	for d := range sum {
		sum[d] += factor * float32(int8(row[d]))
	}
	return true
}

func dot(a, b []float32) float32 {
	var sum float32
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

// normalise scales the vector to length 1; false means that it has no direction.
func normalise(v []float32) bool {
	length := math.Sqrt(float64(dot(v, v)))
	if length < 1e-6 {
		return false
	}
	for i := range v {
		v[i] = float32(float64(v[i]) / length)
	}
	return true
}
