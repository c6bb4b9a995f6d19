package layout

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strings"
	gotesting "testing"
)

// rule looks at one Go file.
type rule func(*source) []string

func TestGoFilesKeepTheRules(t *gotesting.T) {
	t.Parallel()
	for name, check := range map[string]rule{
		"no init functions":        initFunctions,
		"no mutable globals":       mutableGlobals,
		"no functions over a page": longFunctions,
		"no sleeping, no skipping": sleepsAndSkips,
		"exceptions have a reason": bareExceptions,
	} {
		t.Run(name, func(t *gotesting.T) {
			t.Parallel()
			for _, f := range load(t).goFiles {
				for _, problem := range check(f) {
					t.Error(problem)
				}
			}
		})
	}
}

func (s *source) problem(p token.Pos, format string, args ...any) string {
	return fmt.Sprintf("%s:%d: %s", s.path, s.line(p), fmt.Sprintf(format, args...))
}

// Importing a package must do nothing.
func initFunctions(s *source) []string {
	var found []string
	for _, d := range s.file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
			found = append(found, s.problem(f.Pos(), "init does work that no caller asked for: do it in a constructor"))
		}
	}
	return found
}

// mutableGlobals finds package variables through which two tests, or two servers
// in one process, could meet. Tests may have their own.
func mutableGlobals(s *source) []string {
	if s.isTest() || isTestSupport(s) {
		return nil
	}
	var found []string
	for _, d := range s.file.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.VAR {
			continue
		}
		for _, spec := range g.Specs {
			v := spec.(*ast.ValueSpec)
			if v.Names[0].Name == "_" || s.reason("gochecknoglobals", s.line(v.Pos())) != "" {
				continue
			}
			if what := mutable(v); what != "" {
				found = append(found, s.problem(v.Pos(), "the global %s is %s: make it a function, a constant or a field", v.Names[0].Name, what))
			}
		}
	}
	return found
}

// isTestSupport is true for packages that only tests import: their servers belong
// to the test process.
func isTestSupport(s *source) bool {
	return slices.ContainsFunc(table(), func(r room) bool { return r.dir == s.dir() && r.kind == testing })
}

func mutable(v *ast.ValueSpec) string {
	if v.Type != nil {
		switch t := v.Type.(type) {
		case *ast.MapType, *ast.StarExpr, *ast.ChanType, *ast.FuncType:
			return "of a type that can be changed"
		case *ast.ArrayType:
			if t.Len == nil {
				return "a slice"
			}
		case *ast.SelectorExpr:
			if isName(t.X, "sync") || isName(t.X, "atomic") {
				return "shared state"
			}
		}
	}
	for _, value := range v.Values {
		if what := mutableValue(value); what != "" {
			return what
		}
	}
	return ""
}

func mutableValue(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.CompositeLit:
		switch t := e.Type.(type) {
		case *ast.MapType:
			return "a map"
		case *ast.ArrayType:
			if t.Len == nil {
				return "a slice"
			}
		}
	case *ast.UnaryExpr:
		if e.Op == token.AND {
			return "a pointer"
		}
	case *ast.CallExpr:
		if !isConstantCall(e) {
			return "made by a call that may return anything"
		}
	}
	return ""
}

// isConstantCall is true for calls whose results nobody can change.
func isConstantCall(c *ast.CallExpr) bool {
	switch f := c.Fun.(type) {
	case *ast.SelectorExpr:
		x, ok := f.X.(*ast.Ident)
		return ok && slices.Contains([]string{
			"errors.New", "fmt.Errorf", "regexp.MustCompile", "strings.NewReplacer",
			"netip.MustParsePrefix", "netip.MustParseAddr", "template.Must",
		}, x.Name+"."+f.Sel.Name)
	case *ast.Ident:
		return f.Name == "string" || f.Name == "len"
	}
	return false
}

// page is the most lines of a function: more does not fit in a head.
const page = 100

// Tests are left out: theirs are long by their tables of cases.
func longFunctions(s *source) []string {
	if s.isTest() {
		return nil
	}
	var found []string
	for _, d := range s.file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok {
			if n := s.line(f.End()) - s.line(f.Pos()) + 1; n > page {
				found = append(found, s.problem(f.Pos(), "%s has %d lines, more than %d", f.Name.Name, n, page))
			}
		}
	}
	return found
}

// A test that sleeps is slow on one machine and wrong on another; a test that
// skips proves nothing where it matters. In a synctest bubble time is not real.
func sleepsAndSkips(s *source) []string {
	if !s.isTest() {
		return nil
	}
	var found []string
	bubbles := bubbles(s.file)
	ast.Inspect(s.file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		sel, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		inBubble := slices.ContainsFunc(bubbles, func(b ast.Node) bool { return b.Pos() <= n.Pos() && n.End() <= b.End() })
		switch {
		case isName(sel.X, "time") && sel.Sel.Name == "Sleep" && !inBubble:
			found = append(found, s.problem(n.Pos(), "a test waits for events, it does not sleep"))
		case slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, sel.Sel.Name) && isTester(sel.X):
			found = append(found, s.problem(n.Pos(), "a test does not skip: make what it needs, or say that it is missing by failing"))
		}
		return true
	})
	return found
}

// bubbles are the calls of synctest.Test.
func bubbles(f *ast.File) []ast.Node {
	var found []ast.Node
	ast.Inspect(f, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if sel, ok := call.Fun.(*ast.SelectorExpr); ok && isName(sel.X, "synctest") {
				found = append(found, call)
			}
		}
		return true
	})
	return found
}

func isTester(e ast.Expr) bool {
	return isName(e, "t") || isName(e, "b") || isName(e, "f") || isName(e, "tb") || isName(e, "rt")
}

func isName(e ast.Expr, name string) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == name
}

// bareExceptions finds exceptions for linters without a reason on the line.
func bareExceptions(s *source) []string {
	var found []string
	for _, group := range s.file.Comments {
		for _, c := range group.List {
			for _, form := range []string{"//nolint", "//lint:ignore"} {
				rest, ok := strings.CutPrefix(c.Text, form)
				words := strings.Fields(strings.ReplaceAll(rest, "//", " "))
				if ok && len(words) < 3 {
					found = append(found, s.problem(c.Pos(), "the exception does not say why"))
				}
			}
		}
	}
	return found
}

func TestPackagesSayWhatTheyAre(t *gotesting.T) {
	t.Parallel()
	comments := map[string]int{}
	for _, f := range load(t).goFiles {
		n := comments[f.dir()]
		if f.file.Doc != nil && (!f.isTest() || onlyTests(load(t).goFiles, f.dir())) {
			n++
		}
		comments[f.dir()] = n
	}
	for dir, n := range comments {
		if n != 1 {
			t.Errorf("%s has %d package comments; one file tells what it is for, what it refuses to know, and its invariant", dir, n)
		}
	}
}

func onlyTests(files []*source, dir string) bool {
	return !slices.ContainsFunc(files, func(f *source) bool { return f.dir() == dir && !f.isTest() })
}

// What stands in the project must hold on any machine and in any network.
func TestNothingNamesOneMachine(t *gotesting.T) {
	t.Parallel()
	// Put together, so that the rule does not find itself.
	folders := []string{"/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/"}
	registries := []string{"proxy.go" + "lang.", "registry.npm" + "js.", "deb.deb" + "ian.", "registry.yarn" + "pkg.", "gopr" + "oxy."}
	places := regexp.MustCompile(`(?:^|[\s"'=(\x60])(?:` + strings.Join(folders, "|") + `)\w`)
	hosts := regexp.MustCompile(`(?:` + strings.Join(registries, "|") + `)(?:org|com|io|cn)`)
	for name, text := range load(t).texts {
		for i, line := range linesWith(text, folders) {
			if found := places.FindString(line); found != "" {
				t.Errorf("%s:%d: %q is a path of one machine", name, i, strings.TrimSpace(found))
			}
		}
		for i, line := range linesWith(strings.ToLower(text), registries) {
			if found := hosts.FindString(line); found != "" {
				t.Errorf("%s:%d: %q is the host of a package registry", name, i, found)
			}
		}
	}
}

// linesWith are the lines that hold one of the words, with their numbers. An expression
// over the whole tree would take a minute.
func linesWith(text string, words []string) map[int]string {
	found := map[int]string{}
	holds := func(s string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(s, w) })
	}
	if !holds(text) {
		return found
	}
	for i, line := range strings.Split(text, "\n") {
		if holds(line) {
			found[i+1] = line
		}
	}
	return found
}

func parse(t *gotesting.T, path, text string) *source {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return &source{path: path, set: set, file: file, text: text}
}

// Each rule must find what it is for, and nothing else.
func TestRulesFindWhatTheyAreFor(t *gotesting.T) {
	t.Parallel()
	long := "func f() {\n" + strings.Repeat("\tg()\n", page) + "}"
	for _, c := range []struct {
		name, path, text string
		check            rule
		finds            int
	}{
		{"init", "a.go", "func init() {}", initFunctions, 1},
		{"a method called init", "a.go", "func (x T) init() {}", initFunctions, 0},
		{"a map", "a.go", "var m = map[string]int{}", mutableGlobals, 1},
		{"a slice", "a.go", "var m = []string{}", mutableGlobals, 1},
		{"a declared slice", "a.go", "var m []string", mutableGlobals, 1},
		{"an array", "a.go", "var m = [4]bool{true}", mutableGlobals, 0},
		{"a pointer", "a.go", "var m = &T{}", mutableGlobals, 1},
		{"a mutex", "a.go", "var m sync.Mutex", mutableGlobals, 1},
		{"a call", "a.go", "var m = make(chan int)", mutableGlobals, 1},
		{"a sentinel", "a.go", `var errX = errors.New("x")`, mutableGlobals, 0},
		{"a guard", "a.go", "var _ I = (*T)(nil)", mutableGlobals, 0},
		{"a file system", "a.go", "var Pages embed.FS", mutableGlobals, 0},
		{"a reasoned exception", "a.go", "var m []string //nolint:gochecknoglobals // the linker sets it", mutableGlobals, 0},
		{"a global of a test", "a_test.go", "var m = map[string]int{}", mutableGlobals, 0},
		{"a long function", "a.go", long, longFunctions, 1},
		{"a function of a page", "a.go", strings.Replace(long, "\tg()\n\tg()\n", "", 1), longFunctions, 0},
		{"a sleep", "a_test.go", "func f() { time.Sleep(1) }", sleepsAndSkips, 1},
		{"a sleep in a bubble", "a_test.go", "func f() { synctest.Test(t, func() { time.Sleep(1) }) }", sleepsAndSkips, 0},
		{"a sleep in the product", "a.go", "func f() { time.Sleep(1) }", sleepsAndSkips, 0},
		{"a skip", "a_test.go", `func f() { t.Skip("no") }`, sleepsAndSkips, 1},
		{"a skip of something else", "a_test.go", "func f() { reader.Skip(1) }", sleepsAndSkips, 0},
		{"an exception without a reason", "a.go", "var m []string //nolint:gochecknoglobals", bareExceptions, 1},
		{"an exception with one", "a.go", "var m []string //nolint:gochecknoglobals // the linker sets it", bareExceptions, 0},
	} {
		if got := c.check(parse(t, c.path, "package p\n\n"+c.text+"\n")); len(got) != c.finds {
			t.Errorf("%s: got %q", c.name, got)
		}
	}
}
