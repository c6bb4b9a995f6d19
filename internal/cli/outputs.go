package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"unicode"

	"skytower/internal/skytells"
)

// finished prints or saves what an ended prediction put out. One that did not succeed is
// an error, after what there is to show.
func (s *session) finished(ctx context.Context, c *skytells.Client, p skytells.Prediction, to *folder) error {
	paths, err := to.saveOutput(ctx, c, p)
	if err == nil {
		err = ending(p)
	}
	switch {
	case s.JSON:
		return errors.Join(s.show(p, nil), err)
	case to != nil:
		for _, saved := range paths {
			fmt.Fprintln(s.Stdout, plain(saved))
		}
	default:
		s.printOutput(p)
	}
	if err == nil && noOutput(p) {
		s.note("%s", nothingThere(p))
	}
	return err
}

func noOutput(p skytells.Prediction) bool { return len(p.Output) == 0 || string(p.Output) == "null" }

func nothingThere(p skytells.Prediction) string {
	if p.DataRemoved {
		return "Its data has been removed."
	}
	return "It put out nothing."
}

// printOutput prints links one a line, and a text as it is.
func (s *session) printOutput(p skytells.Prediction) {
	links, text := split(p)
	for _, link := range links {
		fmt.Fprintln(s.Stdout, plain(link))
	}
	if text == nil {
		return
	}
	shown := string(text)
	if isTerminal(s.Stdout) {
		shown = harmless(shown)
	}
	fmt.Fprintln(s.Stdout, strings.TrimSuffix(shown, "\n"))
}

// harmless leaves a text readable and takes away what drives a terminal.
func harmless(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return '\uFFFD'
		}
		return r
	}, text)
}

// split tells links from text. Whatever is neither a text nor a list of links is shown
// as JSON; no output is neither.
func split(p skytells.Prediction) (links []string, text []byte) {
	var one string
	var many []string
	switch {
	case noOutput(p):
		return nil, nil
	case json.Unmarshal(p.Output, &one) == nil:
		if p.Model.Type != "text" && isLink(one) {
			return []string{one}, nil
		}
		return nil, []byte(one)
	case json.Unmarshal(p.Output, &many) == nil && allLinks(many):
		return many, nil
	}
	var indented bytes.Buffer
	if json.Indent(&indented, p.Output, "", "  ") != nil {
		return nil, p.Output
	}
	return nil, indented.Bytes()
}

func allLinks(texts []string) bool {
	for _, text := range texts {
		if !isLink(text) {
			return false
		}
	}
	return true
}

func isLink(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// folder is where outputs are saved. Nothing leaves it, whatever files are called, nor
// through links in it, and nothing that is in it is written over.
type folder struct {
	dir  string
	root *os.Root
}

// openFolder makes the folder where it is not there yet; nil where none is wanted.
func openFolder(dir string) (*folder, error) {
	if dir == "" {
		return nil, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // as any program makes a folder; the umask decides
		return nil, usagef("make the folder for outputs: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, usagef("open the folder for outputs: %w", err)
	}
	return &folder{dir: dir, root: root}, nil
}

func (f *folder) close() {
	if f != nil {
		_ = f.root.Close()
	}
}

// saveOutput saves all files, or the text, of a prediction and returns their paths.
func (f *folder) saveOutput(ctx context.Context, c *skytells.Client, p skytells.Prediction) (paths []string, err error) {
	if f == nil {
		return nil, nil
	}
	links, text := split(p)
	for _, link := range links {
		saved, err := f.saveLink(ctx, c, link)
		if err != nil {
			return paths, err
		}
		paths = append(paths, saved)
	}
	if text == nil {
		return paths, nil
	}
	name := "output.json"
	if p.Output[0] == '"' {
		name = "output.txt"
	}
	saved, err := f.save(name, func(to io.Writer) error {
		_, err := to.Write(text)
		return err
	})
	return append(paths, saved), err
}

func (f *folder) saveLink(ctx context.Context, c *skytells.Client, link string) (string, error) {
	return f.save(fileName(link), func(to io.Writer) error { return c.Download(ctx, link, to) })
}

// save writes a new file. One that fails half-way does not stay.
func (f *folder) save(name string, write func(io.Writer) error) (string, error) {
	file, name, err := f.create(name)
	if err != nil {
		return "", fmt.Errorf("save %s: %w", filepath.Join(f.dir, name), err)
	}
	err = errors.Join(write(file), file.Close())
	if err != nil {
		_ = f.root.Remove(name)
		return "", fmt.Errorf("save %s: %w", filepath.Join(f.dir, name), err)
	}
	return filepath.Join(f.dir, name), nil
}

// maxSameName bounds the search for a name that is free.
const maxSameName = 10_000

// create makes a file under the name, or with a number in it where that is taken.
func (f *folder) create(name string) (*os.File, string, error) {
	ending := path.Ext(name)
	stem := strings.TrimSuffix(name, ending)
	for n := 1; ; n++ {
		try := name
		if n > 1 {
			try = fmt.Sprintf("%s-%d%s", stem, n, ending)
		}
		file, err := f.root.OpenFile(try, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if !errors.Is(err, fs.ErrExist) || n == maxSameName {
			return file, try, err
		}
	}
}

const maxFileName = 150 // bytes; file systems take 255

// fileName is the last segment of a link's path, without what could be more than the
// name of a visible file.
func fileName(link string) string {
	name := ""
	if u, err := url.Parse(link); err == nil {
		name = path.Base(u.Path)
	}
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '_'
		}
		return r
	}, strings.ToValidUTF8(name, "_"))
	name = strings.TrimLeft(name, ". ")
	if len(name) > maxFileName {
		ending := path.Ext(name)
		ending = ending[:min(len(ending), 20)]
		name = strings.ToValidUTF8(name[:maxFileName-len(ending)], "") + ending
	}
	if strings.Trim(name, "_") == "" {
		return "output"
	}
	return name
}
