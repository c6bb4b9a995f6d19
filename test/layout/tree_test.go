// Package layout holds the tests of the project's own rules: who may import whom
// (table_test.go), and what a reader may rely on in every file (rules_test.go).
//
// They read the source as text and syntax, in this process, so that a changed file
// is a reason for Go to run them again. They refuse to know what the code does.
// Their one invariant: a rule has no silent exception. Where one is needed, it
// stands in the rule or on the line, with its reason.
package layout

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	gotesting "testing"
)

// module is the prefix of our own import paths.
const module = "skytower"

// source is one Go file.
type source struct {
	path string // from the root, with slashes
	set  *token.FileSet
	file *ast.File
	text string
}

func (s *source) dir() string          { return path.Dir(s.path) }
func (s *source) isTest() bool         { return strings.HasSuffix(s.path, "_test.go") }
func (s *source) line(p token.Pos) int { return s.set.Position(p).Line }

// imports are the file's import paths with their lines.
func (s *source) imports() map[string]int {
	all := map[string]int{}
	for _, i := range s.file.Imports {
		all[strings.Trim(i.Path.Value, `"`)] = s.line(i.Pos())
	}
	return all
}

// reason is the text after `//nolint:RULE // ` on a line, or "".
func (s *source) reason(rule string, line int) string {
	for _, group := range s.file.Comments {
		for _, c := range group.List {
			if rest, ok := strings.CutPrefix(c.Text, "//nolint:"+rule); ok && s.line(c.Pos()) == line {
				return strings.TrimSpace(strings.TrimLeft(rest, " /"))
			}
		}
	}
	return ""
}

// tree is what the tests read, parsed once.
type tree struct {
	goFiles []*source
	texts   map[string]string // every other text file by its path
}

func load(t *gotesting.T) tree {
	t.Helper()
	all, err := parsed()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

var parsed = sync.OnceValues(readTree)

func root() string { return filepath.Join("..", "..") }

// maxText leaves out model data and the like.
const maxText = 2 << 20

func readTree() (tree, error) {
	all := tree{texts: map[string]string{}}
	err := filepath.WalkDir(root(), func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root(), name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			if isForeign(rel) {
				return fs.SkipDir
			}
			return nil
		}
		return all.add(rel, name, d)
	})
	return all, err
}

// isForeign is true for folders that are not part of the project: what
// .gitignore leaves out, and git's own.
func isForeign(dir string) bool {
	switch path.Base(dir) {
	case ".git", "node_modules", "rapid":
		return true
	}
	switch dir {
	case "bin", "data", "tmp", ".tools":
		return true
	}
	return false
}

func (all *tree) add(rel, name string, d fs.DirEntry) error {
	info, err := d.Info()
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxText {
		return err
	}
	content, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	text := string(content)
	if strings.ContainsRune(text, 0) {
		if strings.HasPrefix(rel, "docs/images/") {
			all.texts[rel] = "" // links lead to it
		}
		return nil
	}
	all.texts[rel] = text
	if !strings.HasSuffix(rel, ".go") || strings.Contains(rel, "testdata/") {
		return nil
	}
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, rel, content, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	all.goFiles = append(all.goFiles, &source{path: rel, set: set, file: file, text: text})
	return nil
}
