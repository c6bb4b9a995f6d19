package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"skytower/internal/config"
	"skytower/internal/provider/llama"
)

// NewModel is a GGUF file that is to be served; the fields are those of the command line.
type NewModel struct {
	File       string
	Name       string
	Title      string
	Config     string
	Data       string
	Embeddings bool
	Pooling    string
	Threads    int
	Context    int
	Parallel   int
	Preload    bool
}

// AddedModel is what was added, with its names in JSON.
type AddedModel struct {
	Name         string   `json:"name"`
	File         string   `json:"file"`
	Config       string   `json:"config"`
	Copied       bool     `json:"copied"`
	Architecture string   `json:"architecture"`
	Trained      int64    `json:"trained_context,omitempty"`
	Template     bool     `json:"chat_template"`
	Size         int64    `json:"size"`
	Entry        string   `json:"entry"`
	Notes        []string `json:"notes"`
}

// AddModel puts an engine into the process file. The file's header is read first; a file that
// is elsewhere is copied into the data folder.
func AddModel(ctx context.Context, m NewModel, environ []string) (AddedModel, error) {
	var none AddedModel
	cfg, path, err := processFile(m, environ)
	if err != nil {
		return none, err
	}
	file := filepath.Base(m.File)
	engine, err := engineOf(m, file)
	if err != nil {
		return none, err
	}
	from := m.File
	if from == file {
		from = filepath.Join(llama.ModelsIn(cfg.Data), file)
		if _, err := os.Stat(from); errors.Is(err, fs.ErrNotExist) {
			from = file // perhaps it is in this very folder
		}
	}
	found, err := llama.ReadGGUF(from)
	if errors.Is(err, fs.ErrNotExist) {
		return none, fmt.Errorf("there is no %s, neither in %s nor at that path", m.File, llama.ModelsIn(cfg.Data))
	}
	if err != nil {
		return none, fmt.Errorf("%s: %w", from, err)
	}
	if err := suits(found, engine); err != nil {
		return none, fmt.Errorf("%s: %w", from, err)
	}
	text, err := withEngine(path, engine)
	if err != nil {
		return none, err
	}
	copied, err := copyModel(ctx, from, filepath.Join(llama.ModelsIn(cfg.Data), file))
	if err != nil {
		return none, err
	}
	if err := replaceFile(path, text); err != nil {
		return none, err
	}
	return AddedModel{
		Name: engine.Name, File: file, Config: path, Copied: copied, Architecture: found.Architecture, Trained: found.Context,
		Template: found.Template, Size: found.Size, Entry: engine.Entry(), Notes: notes(cfg, path, m.Data),
	}, nil
}

// processFile is the configuration with its file, which need not be there yet.
func processFile(m NewModel, environ []string) (*config.Config, string, error) {
	src := config.Sources{File: m.Config, Env: environ, Flags: map[string]string{}}
	if m.Data != "" {
		src.Flags["data"] = m.Data
	}
	path, _ := config.FileOf(src)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		src.File = os.DevNull // what it will be like
	}
	cfg, err := config.Load(src)
	return cfg, path, err
}

func engineOf(m NewModel, file string) (config.Engine, error) {
	name := m.Name
	if name == "" {
		name = config.SlugOf(file)
	}
	e, err := config.NewEngine(name, file)
	if err != nil {
		return e, err
	}
	e.Title, e.Embeddings, e.Pooling, e.Threads, e.Preload = m.Title, m.Embeddings, m.Pooling, m.Threads, m.Preload
	if m.Context != 0 {
		e.Context = m.Context
	}
	if m.Parallel != 0 {
		e.Parallel = m.Parallel
	}
	return e, nil
}

// suits refuses a file that can't serve what is wanted.
func suits(f llama.File, e config.Engine) error {
	switch {
	case !e.Embeddings && !f.Template && f.Pooling:
		return errors.New("it is a model for embeddings; add it with --embeddings")
	case !e.Embeddings && !f.Template:
		return errors.New("it has no chat template, so it is not known how this model expects a talk; take a file of a chat (instruct) model")
	case e.Embeddings && !f.Pooling && e.Pooling == "":
		return errors.New("it does not say how a text's vector is made of those of its tokens, as models for embeddings do; where you know, give --pooling mean, cls or last")
	case f.Parts > 1:
		return fmt.Errorf("the model consists of %d files; put all of them into the folder models, and write the first one into engines yourself", f.Parts)
	}
	return nil
}

// withEngine is the process file's text with the engine.
func withEngine(path string, e config.Engine) ([]byte, error) {
	before, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	text, err := config.AppendEngine(before, e)
	if err != nil {
		return nil, fmt.Errorf("%s can't be added to: %w. Write this into its list engines yourself:\n%s", path, err, e.Entry())
	}
	return text, nil
}

// copyModel puts a file into the folder of models, unless it is there.
func copyModel(ctx context.Context, from, to string) (bool, error) {
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return false, err
	}
	source, err := os.Open(from)
	if err != nil {
		return false, err
	}
	defer source.Close() //nolint:errcheck // only read
	one, err := source.Stat()
	if err != nil {
		return false, err
	}
	if other, err := os.Stat(to); err == nil {
		if os.SameFile(one, other) {
			return false, nil
		}
		return false, fmt.Errorf("there is another file %s already; give yours another name", to)
	}
	part, err := os.CreateTemp(filepath.Dir(to), ".copy-")
	if err != nil {
		return false, err
	}
	_, err = io.Copy(part, stoppable{ctx, source})
	if err = errors.Join(err, part.Sync(), part.Close()); err == nil {
		err = os.Rename(part.Name(), to)
	}
	if err != nil {
		return false, errors.Join(fmt.Errorf("copy %s: %w", from, err), os.Remove(part.Name()))
	}
	return true, nil
}

// stoppable ends a long copy when its command is interrupted.
type stoppable struct {
	ctx context.Context
	io.Reader
}

// Read fails once the context is over.
func (s stoppable) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.Reader.Read(p)
}

// replaceFile writes a file as a whole: who reads it sees the old or the new one.
func replaceFile(path string, text []byte) error {
	mode := os.FileMode(0o600)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	part, err := os.CreateTemp(filepath.Dir(path), ".skytower-")
	if err != nil {
		return err
	}
	_, err = part.Write(text)
	if err = errors.Join(err, part.Chmod(mode), part.Sync(), part.Close()); err == nil {
		err = os.Rename(part.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(part.Name()))
	}
	return nil
}

// notes say what is still to be done.
func notes(cfg *config.Config, path, data string) []string {
	command := "skytower serve"
	if path != config.FileIn(cfg.Data) {
		command += " --config " + path
	}
	if data != "" {
		command += " --data " + data
	}
	list := []string{"Start the server anew to serve it: " + command}
	if _, err := llama.FindProgram(os.Getenv); err != nil {
		list = append(list, err.Error())
	}
	if _, err := os.Stat(llama.LibraryIn(cfg.Data, os.Getenv)); err != nil {
		list = append(list, "llama.cpp's library is not installed: skytower engine install --data "+cfg.Data)
	}
	return list
}
