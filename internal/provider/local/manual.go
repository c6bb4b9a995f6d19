package local

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"skytower/docs"
)

// passageWords is the length at which a section is cut into several passages;
// only a single paragraph, list or code block can be longer.
const passageWords = 120

// manual is the searchable form of the Markdown files; it never changes after
// loading.
type manual struct {
	home     string // address of the manual
	print    string // names this state of the manual
	passages []passage
	index    *index
}

// passage is a quotable piece of one section.
type passage struct {
	title string // "Page › Section"
	link  string
	text  string // Markdown
}

// errNoText is a manual of headings, or of nothing.
var errNoText = errors.New("no Markdown text in it")

// hasText fails where no .md file has a line that is no heading.
func hasText(files fs.FS) error {
	found := false
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(name) != ".md" {
			return err
		}
		text, err := fs.ReadFile(files, name)
		for line := range strings.Lines(string(text)) {
			line = strings.TrimSpace(line)
			if level, _ := headingOf(line); level == 0 && line != "" {
				found = true
				return fs.SkipAll
			}
		}
		return err
	})
	if err == nil && !found {
		err = errNoText
	}
	return err
}

// readManual reads every .md file.
func readManual(files fs.FS, docsURL string, table *vectors) (*manual, error) {
	m := &manual{home: docsURL}
	sum := sha256.New()
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(name) != ".md" {
			return err
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		fmt.Fprintf(sum, "%s\n%s\n", name, text)
		m.passages = append(m.passages, cutPage(name, string(text), docsURL)...)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(m.passages) == 0 {
		return nil, errNoText
	}
	m.print = hex.EncodeToString(sum.Sum(nil))[:10]
	m.index = newIndex(m.passages, table)
	return m, nil
}

// cutter holds the place in one page while it is cut.
type cutter struct {
	link     func(anchor string) string
	relative func(markdown string) string
	path     []string // headings above the text, by level
	anchors  docs.Anchors
	anchor   string
	blocks   []string
	out      []passage
}

// cutPage cuts one Markdown page into passages. It knows ATX headings ("## x"),
// blank lines and fenced code; other Markdown is text to it.
func cutPage(name, text, docsURL string) []passage {
	page := pageURL(docsURL, strings.TrimSuffix(name, ".md"))
	c := &cutter{}
	c.relative = func(s string) string { return absoluteLinks(s, path.Dir(name), docsURL) }
	c.link = func(anchor string) string {
		if anchor == "" {
			return page
		}
		return page + "#" + anchor
	}
	for _, block := range blocks(text) {
		level, heading := headingOf(block)
		if level == 0 {
			c.add(block)
			continue
		}
		c.flush()
		c.enter(level, heading)
	}
	c.flush()
	if len(c.path) == 0 {
		for i := range c.out {
			c.out[i].title = strings.TrimSuffix(path.Base(name), ".md")
		}
	}
	return c.out
}

// pageURL is the address of a rendered page; the index is the manual's home.
func pageURL(docsURL, page string) string {
	if page == "index" {
		return docsURL
	}
	return docsURL + "/" + page
}

// add takes one block of text, and begins another passage where this one would
// get too long.
func (c *cutter) add(block string) {
	size := len(strings.Fields(block))
	for _, b := range c.blocks {
		size += len(strings.Fields(b))
	}
	if size > passageWords {
		c.flush()
	}
	c.blocks = append(c.blocks, c.relative(block))
}

func (c *cutter) flush() {
	if len(c.blocks) == 0 {
		return
	}
	title := slices.DeleteFunc(slices.Clone(c.path), func(s string) bool { return s == "" })
	c.out = append(c.out, passage{
		title: strings.Join(title, " › "), link: c.link(c.anchor), text: strings.Join(c.blocks, "\n\n"),
	})
	c.blocks = nil
}

func (c *cutter) enter(level int, heading string) {
	for len(c.path) < level {
		c.path = append(c.path, "")
	}
	c.path = append(c.path[:level-1], docs.Plain(heading))
	c.anchor = c.anchors.Next(heading)
}

// blocks cuts Markdown at blank lines and headings; a fenced code block is not
// cut.
func blocks(text string) []string {
	var found, open []string
	flush := func() {
		if len(open) > 0 {
			found = append(found, strings.Join(open, "\n"))
		}
		open = nil
	}
	fence := ""
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \t\r\n")
		mark := fenceOf(line)
		level, _ := headingOf(line)
		switch {
		case fence != "":
			open = append(open, line)
			if strings.HasPrefix(mark, fence) && strings.Trim(line, " "+fence[:1]) == "" {
				fence = ""
			}
		case mark != "":
			fence = mark
			open = append(open, line)
		case strings.TrimSpace(line) == "":
			flush()
		case level > 0:
			flush()
			found = append(found, line)
		default:
			open = append(open, line)
		}
	}
	flush()
	return found
}

// fenceOf returns the run of ``` or ~~~ that the line begins with, or "".
func fenceOf(line string) string {
	line = strings.TrimLeft(line, " ")
	for _, c := range []string{"`", "~"} {
		if rest := strings.TrimLeft(line, c); len(line)-len(rest) >= 3 {
			return line[:len(line)-len(rest)]
		}
	}
	return ""
}

// headingOf returns the level (1-6) and the text of a heading line; level 0 is no
// heading.
func headingOf(line string) (int, string) {
	rest := strings.TrimLeft(line, "#")
	level := len(line) - len(rest)
	if level == 0 || level > 6 || !strings.HasPrefix(rest, " ") || strings.Contains(rest, "\n") {
		return 0, ""
	}
	rest = strings.TrimSpace(rest)
	if open := strings.TrimRight(rest, "#"); strings.HasSuffix(open, " ") || open == "" {
		rest = strings.TrimSpace(open) // a closing run of # is no part of it
	}
	return level, rest
}

var relativeLink = regexp.MustCompile(`\]\(([^)\s:#]+)\.md(#[^)\s]*)?\)`)

// absoluteLinks points links between the manual's files at the rendered pages,
// since a quoted passage is read elsewhere.
func absoluteLinks(markdown, dir, docsURL string) string {
	return relativeLink.ReplaceAllStringFunc(markdown, func(link string) string {
		part := relativeLink.FindStringSubmatch(link)
		target := path.Join(dir, part[1])
		if strings.HasPrefix(target, "../") || path.IsAbs(part[1]) {
			return link
		}
		return "](" + pageURL(docsURL, target) + part[2] + ")"
	})
}
