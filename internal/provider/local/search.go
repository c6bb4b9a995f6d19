package local

import (
	"cmp"
	"math"
	"slices"
)

// The usual parameters of BM25 (Robertson and Zaragoza, 2009): how fast repeats of a
// term count less, and how much a long passage is held back.
const (
	saturation = 1.2
	lengthBias = 0.75
)

const (
	titleWeight   = 2   // a term in a title counts as this many
	meaningWeight = 0.5 // of the similarity of vectors against the matched terms
	maxTerms      = 64  // of one question
	maxHits       = 3

	// enough is the score below which a passage is no answer, and near is how
	// close to the best one the others have to come to be quoted as well. matched
	// is the least share of the question's rarity-weighted terms that a passage
	// must hold, whatever the vectors say: they find that texts are about the
	// same field, which for a manual is nearly always so.
	enough  = 0.38
	near    = 0.7
	matched = 0.25
)

// index ranks passages by BM25 and by the similarity of their vectors.
type index struct {
	table   *vectors
	docs    []indexed
	holding map[string]int // term → number of passages with it
	length  float64        // mean number of terms
}

// indexed is one passage as the search sees it.
type indexed struct {
	count  map[string]int
	length int
	vec    [dims]float32
	hasVec bool
}

func newIndex(passages []passage, table *vectors) *index {
	x := &index{table: table, holding: map[string]int{}}
	total := 0
	for _, p := range passages {
		d := indexed{count: map[string]int{}}
		for _, term := range terms(p.text) {
			d.count[term]++
			d.length++
		}
		for _, term := range terms(p.title) {
			d.count[term] += titleWeight
			d.length += titleWeight
		}
		for term := range d.count {
			x.holding[term]++
		}
		d.vec, d.hasVec = table.embed(words(p.title + "\n" + p.text))
		total += d.length
		x.docs = append(x.docs, d)
	}
	x.length = float64(total) / float64(len(passages))
	return x
}

// hit is a passage found, by its place in the list.
type hit struct {
	passage int
	score   float64
}

// search returns the passages that answer the question, best first, at most
// maxHits; none where nothing is good enough.
func (x *index) search(question string) []hit {
	asked := unique(terms(question))
	asked = asked[:min(len(asked), maxTerms)]
	if len(asked) == 0 {
		return nil
	}
	vec, hasVec := x.table.embed(words(question))
	var hits []hit
	for i, d := range x.docs {
		score, share := x.lexical(asked, d)
		if share < matched {
			continue
		}
		if hasVec && d.hasVec {
			score += meaningWeight * float64(max(0, dot(vec[:], d.vec[:])))
		}
		if score >= enough {
			hits = append(hits, hit{i, score})
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int { return cmp.Compare(b.score, a.score) })
	for i, h := range hits {
		if i == maxHits || h.score < near*hits[0].score {
			return hits[:i]
		}
	}
	return hits
}

// lexical returns the BM25 score as a part of the highest that is possible for
// these terms, and the share of the terms that the passage holds, each weighted by
// its rarity. A term that stands nowhere in the manual counts as the rarest.
func (x *index) lexical(asked []string, d indexed) (score, share float64) {
	all := 0.0
	for _, term := range asked {
		rarity := x.rarity(term)
		all += rarity
		n := float64(d.count[term])
		if n == 0 {
			continue
		}
		share += rarity
		held := saturation * (1 - lengthBias + lengthBias*float64(d.length)/x.length)
		score += rarity * n / (n + held)
	}
	return score / all, share / all
}

func (x *index) rarity(term string) float64 {
	n, with := float64(len(x.docs)), float64(x.holding[term])
	return math.Log(1 + (n-with+0.5)/(with+0.5))
}
