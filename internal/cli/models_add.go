package cli

import (
	"context"
	"fmt"
)

// NewModel is a GGUF file that is to be served.
type NewModel struct {
	File       string // its name in the folder models of the data folder, or a path to be copied from
	Name       string // the model's; "": made of the file's
	Title      string
	Config     string // the process file; "": the one that SKYTOWER_CONFIG names, or that of the data folder
	Data       string // the data folder; "": as the process file says
	Embeddings bool
	Pooling    string
	Threads    int // 0: half of the processors
	Context    int // 0: the usual one
	Parallel   int // 0: one
	Preload    bool
}

// AddedModel is what was added.
type AddedModel struct {
	Name         string   `json:"name"`
	File         string   `json:"file"`
	Config       string   `json:"config"`       // the process file that it stands in now
	Copied       bool     `json:"copied"`       // the file was copied into the data folder
	Architecture string   `json:"architecture"` // such as llama
	Trained      int64    `json:"trained_context,omitempty"`
	Template     bool     `json:"chat_template"`
	Size         int64    `json:"size"`  // bytes
	Entry        string   `json:"entry"` // what was added to the process file
	Notes        []string `json:"notes"` // what is still to be done
}

type modelsAdd struct {
	File       string `arg:"" help:"The GGUF file: its name in DATA/models, or a path, from which it is copied there."`
	Name       string `placeholder:"NAME" help:"The model's name, as callers write it; made of the file's name if not given."`
	Title      string `placeholder:"TEXT" help:"The name that people read."`
	Config     string `placeholder:"FILE" help:"The process file; made if it is not there. SKYTOWER_CONFIG names it, too; skytower.yaml in the data folder if none does."`
	Embeddings bool   `help:"Serve embeddings instead of chat."`
	Pooling    string `placeholder:"mean|cls|last" help:"How a text's vector is made, where the file does not say."`
	Threads    int    `placeholder:"N" help:"Threads that compute; half of the processors if not given."`
	Context    int    `placeholder:"TOKENS" help:"Tokens of one call, prompt and answer; 4096 if not given."`
	Parallel   int    `placeholder:"N" help:"Calls at the same time; 1 if not given."`
	Preload    bool   `help:"Load it when the server starts, not with the first call."`
}

// Run adds the model. It works on this machine's files, and asks no server.
func (m *modelsAdd) Run(ctx context.Context, s *session) error {
	if s.AddModel == nil {
		return usagef("this program can't change a process file")
	}
	added, err := s.AddModel(ctx, NewModel{
		File: m.File, Name: m.Name, Title: m.Title, Config: m.Config, Data: s.Data, Embeddings: m.Embeddings, Pooling: m.Pooling,
		Threads: m.Threads, Context: m.Context, Parallel: m.Parallel, Preload: m.Preload,
	})
	if err != nil {
		return err
	}
	return s.show(added, func(t *table) {
		t.row(fmt.Sprintf("%s serves %s (%s, %d MiB) and stands in %s.", added.Name, added.File, added.Architecture, added.Size>>20, added.Config))
		for _, note := range added.Notes {
			t.row(note)
		}
	})
}
