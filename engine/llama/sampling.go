package main

import (
	"math"
	"math/rand/v2"
	"strconv"
	"unsafe"

	"github.com/hybridgroup/yzma/pkg/llama"
)

// sampler makes the chain that chooses tokens: first what forbids or dampens tokens, then
// what keeps the likely ones, then the choice by chance (or by rank, at temperature 0).
func (e *engine) sampler(q *chatRequest) (llama.Sampler, *failure) {
	grammar, f := q.grammar()
	if f != nil {
		return 0, f
	}
	var parts []llama.Sampler
	if bias := e.bias(q.LogitBias); bias != 0 {
		parts = append(parts, bias)
	}
	if penalties := e.penalties(q); penalties != 0 {
		parts = append(parts, penalties)
	}
	if grammar != "" {
		guide := llama.SamplerInitGrammar(e.vocab, grammar, rootRule)
		if guide == 0 {
			for _, part := range parts {
				llama.SamplerFree(part)
			}
			return 0, refused("response_format", "llama.cpp does not take the grammar that was made of the schema.")
		}
		parts = append(parts, guide)
	}
	chain := llama.SamplerChainInit(llama.SamplerChainDefaultParams())
	for _, part := range append(parts, e.choice(q)...) {
		llama.SamplerChainAdd(chain, part)
	}
	return chain, nil
}

// choice is by rank at temperature 0, else by chance among the likely.
func (e *engine) choice(q *chatRequest) []llama.Sampler {
	temperature := or(q.Temperature, e.presets.temperature)
	if temperature == 0 {
		return []llama.Sampler{llama.SamplerInitGreedy()}
	}
	var parts []llama.Sampler
	top := e.presets.topK
	if q.TopK != nil {
		top = int32(*q.TopK)
	}
	if top > 0 {
		parts = append(parts, llama.SamplerInitTopK(top))
	}
	if p := or(q.TopP, e.presets.topP); p < 1 {
		parts = append(parts, llama.SamplerInitTopP(p, 1))
	}
	if p := or(q.MinP, e.presets.minP); p > 0 {
		parts = append(parts, llama.SamplerInitMinP(p, 1))
	}
	return append(parts, llama.SamplerInitTemp(temperature), llama.SamplerInitDist(seedOf(q.Seed)))
}

func or(value *float64, preset float32) float32 {
	if value == nil {
		return preset
	}
	return float32(*value)
}

// seedOf is the caller's, or chance. One number means chance to the library itself.
func seedOf(given *int64) uint32 {
	seed := rand.Uint32()
	if given != nil {
		seed = uint32(*given) ^ uint32(*given>>32)
	}
	if seed == llama.DefaultSeed {
		seed--
	}
	return seed
}

// penalties dampen tokens that were generated already; 0 where none are asked for.
func (e *engine) penalties(q *chatRequest) llama.Sampler {
	repeat, frequency, presence := or(q.Repetition, 1), or(q.Frequency, 0), or(q.Presence, 0)
	if repeat == 1 && frequency == 0 && presence == 0 {
		return 0
	}
	return llama.SamplerInitPenalties(llama.VocabNTokens(e.vocab), int32(e.room), repeat, frequency, presence)
}

func (e *engine) bias(wanted map[string]float64) llama.Sampler {
	size := llama.VocabNTokens(e.vocab)
	var list []llama.LogitBias
	for text, bias := range wanted {
		token, err := strconv.ParseInt(text, 10, 32)
		if err != nil || int32(token) >= size {
			continue // no such token: nothing to change
		}
		if bias <= -100 {
			bias = math.Inf(-1)
		}
		list = append(list, llama.LogitBias{Token: llama.Token(token), Bias: float32(bias)})
	}
	if len(list) == 0 {
		return 0
	}
	return llama.SamplerInitLogitBias(size, int32(len(list)), unsafe.SliceData(list))
}
