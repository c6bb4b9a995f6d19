package layout

import (
	"path"
	"regexp"
	"strings"
	gotesting "testing"

	"skytower/docs"
)

// Links between files work in a checkout and, rewritten, in the served manual; a
// dead one is found by nobody else.
func TestLinksOfTheManualLead(t *gotesting.T) {
	t.Parallel()
	texts := load(t).texts
	for name, text := range texts {
		if path.Ext(name) != ".md" || path.Dir(name) != "docs" && path.Dir(name) != "." {
			continue
		}
		for _, dead := range deadLinks(name, text, texts) {
			t.Errorf("%s: the link to %s leads nowhere", name, dead)
		}
	}
}

var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

func deadLinks(name, text string, texts map[string]string) []string {
	var dead []string
	for _, m := range link.FindAllStringSubmatch(text, -1) {
		to, anchor, _ := strings.Cut(m[1], "#")
		if strings.Contains(to, "://") {
			continue
		}
		file := name
		if to != "" {
			file = path.Join(path.Dir(name), to)
		}
		page, ok := texts[file]
		if !ok || anchor != "" && !hasAnchor(page, anchor) {
			dead = append(dead, m[1])
		}
	}
	return dead
}

// hasAnchor reports whether a heading outside of code blocks has the anchor.
func hasAnchor(page, anchor string) bool {
	var anchors docs.Anchors
	for i, part := range strings.Split("\n"+page, "\n```") {
		if i%2 == 1 {
			continue // a code block
		}
		for _, m := range regexp.MustCompile(`(?m)^#{1,6} (.+)$`).FindAllStringSubmatch(part, -1) {
			if anchors.Next(m[1]) == anchor {
				return true
			}
		}
	}
	return false
}

func TestDeadLinksAreFound(t *gotesting.T) {
	t.Parallel()
	texts := map[string]string{"docs/a.md": "# A\n\n## Use it?\n\n```sh\n# Comment\n```\n\n## Use it\n", "docs/b.md": ""}
	for to, isDead := range map[string]bool{
		"a.md": false, "a.md#use-it": false, "a.md#use-that": true, "a.md#use-it-1": false, "a.md#use-it-2": true, "a.md#comment": true, "c.md": true, "#use-it": true,
		"https://example.com/c.md": false,
	} {
		if got := deadLinks("docs/b.md", "[x]("+to+")", texts); (len(got) > 0) != isDead {
			t.Errorf("%s: got %q", to, got)
		}
	}
}

// A newcomer reads the whole README, or none of it.
func TestReadmeIsShort(t *gotesting.T) {
	t.Parallel()
	const most = 150
	if n := strings.Count(load(t).texts["README.md"], "\n"); n >= most {
		t.Errorf("README.md has %d lines; details belong into docs/", n)
	}
}
