package config

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Engine is a GGUF file on this machine that serves as a chat or embeddings model, by
// llama.cpp in a process of its own. Engines stand in the file only: no request can make a
// file be loaded. All fields are valid and filled in after Load.
type Engine struct {
	Name        string // the model's slug
	Title       string // what people read
	Description string
	File        string        // the bare name of a file in the folder models of the data folder
	Embeddings  bool          // instead of chat
	Pooling     string        // mean, cls or last; "": as the file says
	Threads     int           // that compute; 0: half of the processors
	Context     int           // tokens of one call, prompt and answer
	Parallel    int           // calls at the same time
	MaxQueue    int           // calls that may wait for one of those places
	GPULayers   int           // layers that a graphics card computes
	Preload     bool          // when the server starts, not with the first call
	LoadTimeout time.Duration // how long it may take to load
	IdleUnload  time.Duration // without a call, after which its memory is given back; 0: never
}

const (
	keyEngines = "engines"

	maxEngines   = 100
	engineSuffix = ".gguf"
)

// engineField is one row of the table of an engine's settings.
type engineField struct {
	Key      string
	Default  string
	Kind     Kind
	Choices  []string
	Required bool
	Doc      string // one line

	plain func(*Engine) value
}

const fieldFile = "file"

// engineFields returns the table, in the order of the manual's page.
func engineFields() []engineField {
	poolings := []string{"", "mean", "cls", "last"}
	return []engineField{
		{Key: fieldName, Kind: Text, Required: true,
			Doc:   "The model's name, as callers write it: small letters, digits, `.`, `_` and `-`.",
			plain: func(e *Engine) value { return &slugValue{&e.Name} }},
		{Key: fieldFile, Kind: Text, Required: true,
			Doc:   "The name of the GGUF file in the folder `models` of the data folder, such as `chat.gguf`.",
			plain: func(e *Engine) value { return &ggufValue{&e.File} }},
		{Key: "title", Kind: Text,
			Doc:   "The name that people read; the model's name if empty.",
			plain: func(e *Engine) value { return &lineValue{&e.Title, 200} }},
		{Key: "description", Kind: Text,
			Doc:   "What the model is.",
			plain: func(e *Engine) value { return &lineValue{&e.Description, 4000} }},
		{Key: "embeddings", Kind: Boolean, Default: "false",
			Doc:   "Serve embeddings instead of chat.",
			plain: func(e *Engine) value { return &boolValue{&e.Embeddings} }},
		{Key: "pooling", Kind: Choice, Choices: poolings,
			Doc:   "How a text's vector is made of those of its tokens, for embeddings; as the file says if empty.",
			plain: func(e *Engine) value { return &choiceValue{&e.Pooling, poolings} }},
		{Key: "threads", Kind: Integer, Default: "0",
			Doc:   "Threads that compute; 0 is half of the processors. More threads than free processors make it many times slower.",
			plain: func(e *Engine) value { return &intValue{&e.Threads, 0, 1024} }},
		{Key: "context", Kind: Integer, Default: "4096",
			Doc:   "Tokens of one call, prompt and answer together; at most what the file was trained for. Each takes memory.",
			plain: func(e *Engine) value { return &intValue{&e.Context, 16, 1 << 24} }},
		{Key: "parallel", Kind: Integer, Default: "1",
			Doc:   "Calls at the same time. Each takes the memory of a context.",
			plain: func(e *Engine) value { return &intValue{&e.Parallel, 1, 256} }},
		{Key: "max_queue", Kind: Integer, Default: "32",
			Doc:   "Calls that may wait for a place; more are told to come back.",
			plain: func(e *Engine) value { return &intValue{&e.MaxQueue, 0, 10_000} }},
		{Key: "gpu_layers", Kind: Integer, Default: "0",
			Doc:   "Layers that a graphics card computes, with a library that can.",
			plain: func(e *Engine) value { return &intValue{&e.GPULayers, 0, 100_000} }},
		{Key: "preload", Kind: Boolean, Default: "false",
			Doc:   "Load it when the server starts, not with the first call.",
			plain: func(e *Engine) value { return &boolValue{&e.Preload} }},
		{Key: "load_timeout", Kind: Duration, Default: "5m",
			Doc:   "How long it may take to load.",
			plain: func(e *Engine) value { return &durationValue{&e.LoadTimeout, time.Second, day} }},
		{Key: "idle_unload", Kind: Duration, Default: "0s",
			Doc:   "How long after the last call its memory is given back; 0 is never.",
			plain: func(e *Engine) value { return &durationValue{&e.IdleUnload, 0, 30 * day} }},
	}
}

// ggufValue is the bare name of a GGUF file. It can't lead out of the folder of models.
type ggufValue struct{ to *string }

func (v *ggufValue) set(text string) error {
	if strings.ContainsAny(text, `/\`) {
		return errors.New("it is the name of a file in the folder models of the data folder, without a path")
	}
	if !IsGGUF(text) {
		return fmt.Errorf("%q is no name of a GGUF file: letters, digits, '.', '_', '-' and '+', and .gguf at the end", text)
	}
	*v.to = text
	return nil
}

func (v *ggufValue) text() string { return *v.to }

// IsGGUF reports whether a text can be the bare name of a GGUF file.
func IsGGUF(name string) bool {
	return regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._+-]{0,199}\.gguf$`).MatchString(name)
}

// SlugOf is the name of a model that a file's name suggests.
func SlugOf(file string) string {
	text := strings.ToLower(strings.TrimSuffix(file, engineSuffix))
	text = strings.ReplaceAll(text, "+", "-")
	return strings.TrimLeft(text, "_.-")
}

// NewEngine is an engine of which only this is said.
func NewEngine(name, file string) (Engine, error) {
	e := defaultEngine()
	if err := (&ggufValue{&e.File}).set(file); err != nil {
		return e, fmt.Errorf("%s: %w", fieldFile, err)
	}
	if err := (&slugValue{&e.Name}).set(name); err != nil {
		return e, fmt.Errorf("%s: %w", fieldName, err)
	}
	return e, nil
}

// defaultEngine is an engine whose file says nothing.
func defaultEngine() Engine {
	var e Engine
	for _, f := range engineFields() {
		if f.Default != "" {
			_ = f.plain(&e).set(f.Default) // a test sees to it
		}
	}
	return e
}
