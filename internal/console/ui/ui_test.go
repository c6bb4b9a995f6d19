package ui_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"skytower/internal/console/ui"
)

const evil = `"><script>alert(1)</script>`

func kit(t *testing.T) *ui.Kit {
	t.Helper()
	k, err := ui.New()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// render makes a page of one template.
func render(t *testing.T, content string, s ui.Shell, v ui.View) string {
	t.Helper()
	room, err := kit(t).Room("test", fstest.MapFS{"templates/page.html": {Data: []byte(`{{define "content"}}` + content + `{{end}}`)}})
	if err != nil {
		t.Fatal(err)
	}
	page, err := room.Render("page", s, v)
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

// Whatever the frame and the components show is text.
func TestComponentsShowText(t *testing.T) {
	t.Parallel()
	chart := ui.Chart{Title: evil, X: evil, Labels: []string{evil, "b"}, Series: []ui.Series{{Name: evil, Values: []float64{1}}, {Name: "x", Values: []float64{2, 3}}}, Format: func(float64) string { return evil }}
	lines := chart
	lines.Lines = true
	shell := ui.Shell{CSRF: evil, Theme: "dark", Person: evil, Viewing: evil, Base: evil, Notices: []ui.Notice{{Kind: evil, Text: evil}},
		Accounts: []ui.AccountChoice{{ID: evil, Name: evil}, {ID: "b", Name: "b"}}, Menu: []ui.Menu{{Title: evil, Links: []ui.Link{{Label: evil, Path: "javascript:alert(1)"}}}}}
	page := render(t, `
		{{template "field" dict "name" .Data.Evil "label" .Data.Evil "value" .Data.Evil "help" .Data.Evil "error" .Data.Evil "placeholder" .Data.Evil}}
		{{template "field" dict "name" "t" "label" .Data.Evil "value" .Data.Evil "rows" 3 "code" true}}
		{{template "select" dict "name" "s" "label" .Data.Evil "options" .Data.Choices "value" .Data.Evil}}
		{{template "check" dict "name" "c" "label" .Data.Evil "value" .Data.Evil}}
		{{template "stat" dict "label" .Data.Evil "value" .Data.Evil "note" .Data.Evil "href" "javascript:alert(1)"}}
		{{template "badge" dict "kind" .Data.Evil "text" .Data.Evil}}{{template "status" .Data.Evil}}
		{{template "empty" dict "title" .Data.Evil "text" .Data.Evil "href" "javascript:alert(1)" "action" .Data.Evil}}
		{{template "notice" dict "kind" .Data.Evil "text" .Data.Evil}}{{template "code" dict "text" .Data.Evil "label" .Data.Evil "lang" .Data.Evil}}
		{{template "secret" dict "value" .Data.Evil}}{{template "pages" dict "next" "javascript:alert(1)" "previous" .Data.Evil "shown" .Data.Evil}}
		{{template "tabs" dict "label" .Data.Evil "links" .Data.Links}}{{template "chart" .Data.Chart}}{{template "chart" .Data.Lines}}
		<a href="/x?{{query "a" .Data.Evil "b" ""}}">{{path .Data.Evil}}</a>{{time .Data.Evil}}{{money .Data.Evil}}{{number .Data.Evil}}`,
		shell, ui.View{Title: evil, Data: map[string]any{"Evil": evil, "Choices": []ui.Choice{{Value: evil, Label: evil}}, "Links": []ui.Link{{Label: evil, Path: "javascript:alert(1)"}}, "Chart": chart, "Lines": lines}})
	if strings.Contains(page, "<script>") || regexp.MustCompile(`(?i)(href|src|action)="\s*javascript:`).MatchString(page) {
		t.Errorf("%s", page)
	}
	if !strings.Contains(page, `href="/x?a=%22%3E%3Cscript%3Ealert%281%29%3C%2Fscript%3E"`) {
		t.Error("the link's query is not encoded")
	}
}

// noInline are what the policy of pages forbids, or what would take text for HTML.
func noInline() map[string]*regexp.Regexp {
	return map[string]*regexp.Regexp{
		".html": regexp.MustCompile(`(?i)\sstyle\s*=|\son[a-z]+\s*=\s*["'{]|javascript:|<style|<script(?:\s[^>]*)?>[^<\s]|srcdoc\s*=|(?:src|href|action)\s*=\s*["']?(?:https?:)?//`),
		".js":   regexp.MustCompile(`\.(?:inner|outer)HTML\s*\+?=[^=]|insertAdjacentHTML|document\.write|\beval\(|new Function\(|javascript:|setAttribute\(\s*["'](?:style|on)|createContextualFragment|(?:from|import\()\s*["']https?:`),
		".css":  regexp.MustCompile(`(?i)@import|url\(\s*["']?(?:https?:)?//|expression\(|javascript:`),
		".svg":  regexp.MustCompile(`(?i)<script|\son[a-z]+\s*=|javascript:|<foreignObject`),
	}
}

// TestNothingInline reads the templates and assets of all rooms.
func TestNothingInline(t *testing.T) {
	t.Parallel()
	read := 0
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		folder := filepath.Base(filepath.Dir(path))
		bad := noInline()[filepath.Ext(path)]
		if bad == nil || folder != "templates" && folder != "assets" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		read++
		for n, line := range strings.Split(string(text), "\n") {
			if found := bad.FindString(line); found != "" {
				t.Errorf("%s:%d: %q", path, n+1, found)
			}
		}
		return nil
	})
	if err != nil || read < 30 {
		t.Errorf("%d files, %v", read, err)
	}
	for ext, text := range map[string]string{".html": `<a onclick="x()">`, ".js": `a.innerHTML = b`, ".css": `@import "x"`, ".svg": `<svg onload="x">`} {
		if !noInline()[ext].MatchString(text) {
			t.Errorf("%s would pass", text)
		}
	}
}

// An address of an asset changes with any asset, and what is not there is no address.
func TestAssets(t *testing.T) {
	t.Parallel()
	one, two := kit(t), kit(t)
	if err := two.AddAssets("room", fstest.MapFS{"assets/x.js": {Data: []byte("export {}")}, "assets/sub/y.js": {Data: []byte("x")}}); err != nil {
		t.Fatal(err)
	}
	if one.Stamp() == two.Stamp() || one.Stamp() != kit(t).Stamp() {
		t.Error("the stamp does not name the assets")
	}
	if a, ok := two.Asset("anything/room/x.js"); !ok || a.Type != "text/javascript; charset=utf-8" || string(a.Body) != "export {}" {
		t.Errorf("%+v %v", a, ok)
	}
	for _, path := range []string{"", "x", "x/room/none.js", "x/room/../room/x.js", "room/x.js", "x/room/sub/y.js"} {
		if _, ok := two.Asset(path); ok {
			t.Errorf("%q is an asset", path)
		}
	}
	room, err := one.Room("test", fstest.MapFS{"templates/page.html": {Data: []byte(`{{define "content"}}{{asset "none/x.js"}}{{end}}`)}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := room.Render("page", ui.Shell{}, ui.View{}); err == nil {
		t.Error("a page names an asset that is not there")
	}
	if _, err := room.Render("other", ui.Shell{}, ui.View{}); err == nil {
		t.Error("a page that is not there is rendered")
	}
}

// Parts are shared by a room's pages, and are no pages.
func TestRooms(t *testing.T) {
	t.Parallel()
	room, err := kit(t).Room("test", fstest.MapFS{"templates/_parts.html": {Data: []byte(`{{define "part"}}shared{{end}}`)}, "templates/a.html": {Data: []byte(`{{define "content"}}A {{template "part"}}{{end}}`)},
		"templates/b.html": {Data: []byte(`{{define "content"}}B {{template "part"}}{{end}}`)}})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"a": "A shared", "b": "B shared"} {
		if page, err := room.Render(name, ui.Shell{}, ui.View{Plain: true}); err != nil || !strings.Contains(string(page), want) {
			t.Errorf("%s: %s, %v", name, page, err)
		}
	}
	if _, err := room.Render("_parts", ui.Shell{}, ui.View{}); err == nil {
		t.Error("a part is a page")
	}
	broken := kit(t)
	if _, err := broken.Room("broken", fstest.MapFS{"templates/a.html": {Data: []byte(`{{`)}}); err != nil {
		t.Fatal(err)
	}
	if err := broken.Check(); err == nil || !strings.Contains(err.Error(), "parse the page a") {
		t.Errorf("a broken page: %v", err)
	}
}
