package local

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func TestCutPage(t *testing.T) {
	t.Parallel()
	page := strings.Join([]string{
		"Before any heading.", "", "# The `page`", "", "Intro,", "two lines.", "", "## Same", "", "One. See [keys](../keys.md#new), [up](../../x.md), [web](https://a.test/b.md).",
		"", "## Same ##", "", "~~~", "# no heading", "", "```", "~~~", "## A [link](x.md) & more: done?", "Directly below.", "",
		"#hashtag", "", "### Deep", "", "#### Empty", "## Last", "", "```go", "func open() {", "",
	}, "\r\n")
	want := []passage{
		{"", "/docs/sub/page", "Before any heading."},
		{"The page", "/docs/sub/page#the-page", "Intro,\ntwo lines."},
		{"The page › Same", "/docs/sub/page#same", "One. See [keys](/docs/keys#new), [up](../../x.md), [web](https://a.test/b.md)."},
		{"The page › Same", "/docs/sub/page#same-1", "~~~\n# no heading\n\n```\n~~~"},
		{"The page › A link & more: done?", "/docs/sub/page#a-link--more-done", "Directly below.\n\n#hashtag"},
		{"The page › Last", "/docs/sub/page#last", "```go\nfunc open() {"},
	}
	if diff := cmp.Diff(want, cutPage("sub/page.md", page, "/docs"), cmp.AllowUnexported(passage{})); diff != "" {
		t.Error(diff)
	}
}

func TestLongSectionsAreCut(t *testing.T) {
	t.Parallel()
	paragraph := strings.Repeat("word ", 50)
	got := cutPage("p.md", "# P\n\n"+strings.Repeat(paragraph+"\n\n", 5), "/docs")
	if len(got) != 3 {
		t.Fatalf("%d passages, want 3", len(got))
	}
	for _, p := range got {
		if n := len(strings.Fields(p.text)); n > passageWords || p.link != "/docs/p#p" {
			t.Errorf("%d words at %s", n, p.link)
		}
	}
	untitled := cutPage("notes.md", "Just text.", "/docs")
	if len(untitled) != 1 || untitled[0].title != "notes" {
		t.Errorf("page without heading: %+v", untitled)
	}
}

func TestTheIndexIsTheHome(t *testing.T) {
	t.Parallel()
	got := cutPage("index.md", "# Manual\n\nBegin [here](start.md) or [there](index.md#more).", "/docs")
	want := []passage{{"Manual", "/docs#manual", "Begin [here](/docs/start) or [there](/docs#more)."}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(passage{})); diff != "" {
		t.Error(diff)
	}
}

func TestNewNeedsAManual(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]Options{
		"none": {}, "empty": {Manual: fstest.MapFS{}}, "missing folder": {Manual: os.DirFS("testdata/nowhere")},
		"headings only": {Manual: fstest.MapFS{"a.md": {Data: []byte("# A\n\n## B\n")}}},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	p, err := New(Options{Manual: fstest.MapFS{"a.md": {Data: []byte("Text.")}, "b.txt": {Data: []byte("Other.")}}})
	if err != nil {
		t.Fatal(err)
	}
	if m := testManual(t, p); len(m.passages) != 1 || m.passages[0].link != "/docs/a" {
		t.Errorf("one file: %+v", m)
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"":                          nil,
		"The cat, the CAT.":         {"the", "cat", "the", "cat"},
		"don’t -- state-of-the-art": {"don't", "state-of-the-art"},
		"max_tokens=4.5 'quoted'":   {"max", "tokens", "4.5", "quoted"},
		"end... of-":                {"end", "of"},
		"née 東京 a\xffb":             {"née", "東京", "a", "b"},
	} {
		if diff := cmp.Diff(want, words(text)); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}

func TestTerms(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"How do I stop the streaming of streams?": {"stop", "stream", "stream"},
		"stopped changing policies":               {"stop", "chang", "policy"},
		"change the classes, buses, statuses":     {"chang", "class", "bus", "status"},
		"api.skytells.ai isn't Skytower's":        {"api", "skytell", "ai"},
		"404 errors":                              {"404", "error"},
	} {
		if diff := cmp.Diff(want, terms(text)); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}

func FuzzCutPage(f *testing.F) {
	f.Add("# A\n\ntext\n\n```\n# code\n```\n## B [x](y.md)\nmore")
	f.Add("\v")
	f.Add("~~~\n\r\n#\n####### x\n\xff")
	f.Fuzz(func(t *testing.T, page string) {
		for _, p := range cutPage("a/b.md", page, "/docs") {
			if strings.TrimSpace(p.text) == "" || !strings.HasPrefix(p.link, "/docs/a/b") {
				t.Errorf("passage %+v", p)
			}
			terms(p.text)
		}
	})
}
