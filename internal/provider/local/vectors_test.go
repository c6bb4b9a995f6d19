package local

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
)

func testVectors(t testing.TB) *vectors {
	t.Helper()
	v, err := loadVectors(embedSmall)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// similarity is the cosine of two texts in the first d dimensions.
func similarity(t *testing.T, v *vectors, a, b string, d int) float32 {
	t.Helper()
	x, okX := v.embed(words(a))
	y, okY := v.embed(words(b))
	if !okX || !okY || !normalise(x[:d]) || !normalise(y[:d]) {
		t.Fatalf("no vector of %d dimensions for %q or %q", d, a, b)
	}
	return dot(x[:d], y[:d])
}

// The rule: in full length every related pair scores above every unrelated one,
// with a gap of at least 0.1 between the worst of each. Shortened vectors may
// confuse some, but the chance that a related pair scores above an unrelated one
// (the area under the curve) stays at 0.98 or more down to 25 dimensions.
func TestRelatedSentencesScoreAboveUnrelated(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/pairs.json")
	if err != nil {
		t.Fatal(err)
	}
	var pairs struct{ Related, Unrelated [][2]string }
	if err := json.Unmarshal(raw, &pairs); err != nil {
		t.Fatal(err)
	}
	if len(pairs.Related) != 25 || len(pairs.Unrelated) != 25 {
		t.Fatalf("%d related and %d unrelated pairs, want 25 of each", len(pairs.Related), len(pairs.Unrelated))
	}
	v := testVectors(t)
	score := func(pairs [][2]string, d int) []float32 {
		var scores []float32
		for _, p := range pairs {
			scores = append(scores, similarity(t, v, p[0], p[1], d))
		}
		return scores
	}
	for _, d := range []int{25, 50, dims} {
		related, unrelated := score(pairs.Related, d), score(pairs.Unrelated, d)
		if area := area(related, unrelated); area < 0.98 {
			t.Errorf("%d dimensions: area under the curve is %.4f, want at least 0.98", d, area)
		}
		if low, high := slices.Min(related), slices.Max(unrelated); d == dims && low-high < 0.1 {
			t.Errorf("worst related pair %.2f, best unrelated pair %.2f, want a gap of 0.1", low, high)
		}
	}
}

func area(related, unrelated []float32) float64 {
	above := 0
	for _, a := range related {
		for _, b := range unrelated {
			if a > b {
				above++
			}
		}
	}
	return float64(above) / float64(len(related)*len(unrelated))
}

func TestEmbedVectors(t *testing.T) {
	t.Parallel()
	v := testVectors(t)
	if len(v.rank) != 50_000 || v.rank["the"] != 0 {
		t.Errorf("%d words, \"the\" at %d; want 50,000, most frequent first", len(v.rank), v.rank["the"])
	}
	for _, text := range []string{"the", "The cat", strings.Repeat("word ", 5000), "state-of-the-art", "don't", "it’s"} {
		vec, ok := v.embed(words(text))
		if length := math.Sqrt(float64(dot(vec[:], vec[:]))); !ok || math.Abs(length-1) > 1e-5 {
			t.Errorf("%.20q: ok %v, length %v", text, ok, length)
		}
	}
	for _, text := range []string{"", "  ", "?!", "qxzvbn", "日本語"} {
		if _, ok := v.embed(words(text)); ok {
			t.Errorf("%q has a vector", text)
		}
	}
	if got := similarity(t, v, "A CAT, on a rug!", "a cat on a rug", dims); got < 0.9999 {
		t.Errorf("case and punctuation count: %v", got)
	}
	if got := similarity(t, v, "cat qxzvbn", "cat", dims); got < 0.9999 {
		t.Errorf("an unknown word counts: %v", got)
	}
}

func TestBrokenTablesAreRefused(t *testing.T) {
	t.Parallel()
	other := "SKYEMB1\n" + embedSmall[8:12] + "\x63" + embedSmall[13:]
	for name, table := range map[string]string{
		"empty": "", "other magic": "x" + embedSmall, "header only": embedSmall[:16], "other dimensions": other,
		"no words": embedSmall[:16+400+50_000*104], "cut words": embedSmall[:len(embedSmall)-100],
	} {
		if _, err := loadVectors(table); err == nil {
			t.Errorf("%s: loaded", name)
		}
	}
}

func BenchmarkEmbed(b *testing.B) {
	v := testVectors(b)
	for b.Loop() {
		v.embed(words("The doctor examined the patient in the hospital."))
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		testVectors(b)
	}
}
