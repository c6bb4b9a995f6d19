package main

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"runtime"
	"strconv"

	"github.com/hybridgroup/yzma/pkg/llama"
)

const (
	chatBatch  = 512 // tokens of one computation, over all calls
	queueBound = 1024
)

// loadLibrary loads llama.cpp, and returns what it says of the processor.
func loadLibrary(folder string) (string, error) {
	if err := llama.Load(folder); err != nil {
		return "", fmt.Errorf("load llama.cpp from %s (it needs libffi and libstdc++ on this machine): %w", folder, err)
	}
	llama.Init()
	if llama.GGMLBackendDeviceCount() == 0 {
		return "", fmt.Errorf("llama.cpp in %s has no part that fits this machine's processor", folder)
	}
	return llama.PrintSystemInfo(), nil
}

// engine is a loaded model and the calls that it works on. The context belongs to the
// goroutine of run alone; the vocabulary may be read by all.
type engine struct {
	model      llama.Model
	vocab      llama.Vocab
	context    llama.Context
	memory     llama.Memory
	room       int // tokens of one call
	width      int // numbers of an embedding
	embeddings bool
	prompts    prompter
	presets    presets
	described  string

	arrivals chan *job
	slots    []slot
	batch    llama.Batch
	capacity int // of batch
	turn     int // the slot whose prompt is read first
}

func poolingOf(name string) (llama.PoolingType, error) {
	switch name {
	case "":
		return llama.PoolingTypeUnspecified, nil
	case "mean":
		return llama.PoolingTypeMean, nil
	case "cls":
		return llama.PoolingTypeCLS, nil
	case "last":
		return llama.PoolingTypeLast, nil
	}
	return 0, fmt.Errorf("-pooling is mean, cls or last, not %q", name)
}

// load reads the file and makes room for its calls.
func load(o *options) (*engine, error) {
	if _, err := os.Stat(o.model); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no file %s", o.model)
	}
	params := llama.ModelDefaultParams()
	params.NGpuLayers = int32(min(o.gpuLayers, math.MaxInt32))
	model, err := llama.ModelLoadFromFile(o.model, params)
	if err != nil {
		return nil, fmt.Errorf("llama.cpp can't load %s: %w; the lines above say why", o.model, err)
	}
	e := &engine{model: model, vocab: llama.ModelGetVocab(model), embeddings: o.embeddings, described: llama.ModelDesc(model),
		arrivals: make(chan *job, queueBound), slots: make([]slot, o.parallel)}
	room := o.context
	if trained := int(llama.ModelNCtxTrain(model)); trained > 0 {
		room = min(room, trained)
	}
	if err := e.openContext(o, room); err != nil {
		return nil, err
	}
	e.room, e.width = min(room, int(llama.NCtxSeq(e.context))), int(llama.ModelNEmbdOut(model))
	if e.memory, err = llama.GetMemory(e.context); err != nil {
		return nil, err
	}
	if !o.embeddings {
		e.prompts = newPrompter(llama.ModelChatTemplate(model, ""), e.textOf(llama.VocabBOS(e.vocab)), e.textOf(llama.VocabEOS(e.vocab)))
		e.presets = presetsOf(model)
	}
	e.batch = llama.BatchInit(int32(e.capacity), 0, 1)
	return e, nil
}

// openContext makes the memory for all calls. An embedding is computed in one piece, so
// there a batch holds the longest text.
func (e *engine) openContext(o *options, room int) error {
	c := llama.ContextDefaultParams()
	c.NCtx, c.NSeqMax = uint32(room*o.parallel), uint32(o.parallel)
	c.NThreads, c.NThreadsBatch = int32(o.threads), int32(o.threads)
	e.capacity = max(chatBatch, o.parallel)
	if o.embeddings {
		e.capacity = room
		c.Embeddings = 1
		c.NUbatch = uint32(e.capacity)
		c.PoolingType, _ = poolingOf(o.pooling) // it was checked
	}
	c.NBatch = uint32(e.capacity)
	c.NoPerf, c.KVUnified = 1, 0
	context, err := llama.InitFromModel(e.model, c)
	if err != nil {
		return fmt.Errorf("make room for %d calls of %d tokens (less of both needs less memory): %w", o.parallel, room, err)
	}
	e.context = context
	if pooling := llama.GetPoolingType(context); o.embeddings && (pooling == llama.PoolingTypeNone || pooling == llama.PoolingTypeRank) {
		return errors.New("the file does not say how a text's vector is made of those of its tokens, as models for embeddings do: it may be a chat model; where you know better, set pooling to mean, cls or last")
	}
	return nil
}

func (e *engine) report(system string) report {
	r := report{Ready: true, System: system, Context: e.room, Parallel: len(e.slots), Described: e.described}
	if e.embeddings {
		r.Width = e.width
	}
	r.Template = e.prompts.err == nil && !e.embeddings
	return r
}

// textOf is the text that stands for a token in a template, "" where there is no such token.
func (e *engine) textOf(token llama.Token) string {
	if token < 0 {
		return ""
	}
	return llama.VocabGetText(e.vocab, token)
}

// piece is the text of a generated token, possibly not whole characters; "" of tokens that
// are signs to the program.
func (e *engine) piece(token llama.Token) []byte {
	buf := make([]byte, 64)
	n := llama.TokenToPiece(e.vocab, token, buf, 0, false)
	if n < 0 {
		buf = make([]byte, -n)
		n = llama.TokenToPiece(e.vocab, token, buf, 0, false)
	}
	return buf[:max(0, n)]
}

// presets are how to choose tokens where the caller does not say: the file's own wishes,
// else llama.cpp's usual ones.
type presets struct {
	temperature, topP, minP float32
	topK                    int32
}

func presetsOf(model llama.Model) presets {
	p := presets{temperature: 0.8, topP: 0.95, minP: 0.05, topK: 40}
	number := func(key llama.ModelMetaKey, to *float32) {
		if text, ok := llama.ModelMetaValStr(model, llama.ModelMetaKeyStr(key)); ok {
			if f, err := strconv.ParseFloat(text, 32); err == nil && f >= 0 && f <= 100 {
				*to = float32(f)
			}
		}
	}
	number(llama.ModelMetaKeySamplingTemp, &p.temperature)
	number(llama.ModelMetaKeySamplingTopP, &p.topP)
	number(llama.ModelMetaKeySamplingMinP, &p.minP)
	top := float32(p.topK)
	number(llama.ModelMetaKeySamplingTopK, &top)
	p.topK = int32(top)
	return p
}

// tokenize is safe for any text: the library reads up to a NUL, and counts on.
func (e *engine) tokenize(text string, special, parse bool) []llama.Token {
	if text == "" {
		return nil
	}
	defer runtime.KeepAlive(text)
	return llama.Tokenize(e.vocab, text, special, parse)
}
