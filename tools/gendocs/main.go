// Command gendocs writes what is made from tables in the code: pages of the manual
// (docs/errors.md, docs/configuration.md), and JSON Schemas for editors (docs/schemas):
//
//	go run ./tools/gendocs
//
// The prose around the tables is in the folder pages. It refuses to know what an
// error or a setting means: every fact comes from the tables. Its one invariant,
// which a test keeps: what is committed is what it would write.
package main

import (
	"embed"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"skytower/internal/cli"
	"skytower/internal/config"
	"skytower/internal/fault"
)

//go:embed pages/*.md
var templates embed.FS

func main() {
	dir := flag.String("dir", "docs", "the folder of the manual")
	flag.Parse()
	if err := run(*dir); err != nil {
		fmt.Fprintln(os.Stderr, "gendocs:", err)
		os.Exit(1)
	}
}

func run(dir string) error {
	pages, err := render()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(dir, schemas), 0o755); err != nil {
		return fmt.Errorf("make the folder of schemas: %w", err)
	}
	for name, text := range pages {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return fmt.Errorf("write a page: %w", err)
		}
	}
	return nil
}

// render makes all pages, by their file names.
func render() (map[string]string, error) {
	parsed, err := template.ParseFS(templates, "pages/*.md")
	if err != nil {
		return nil, fmt.Errorf("parse the pages: %w", err)
	}
	pages := map[string]string{}
	for _, page := range parsed.Templates() {
		var text strings.Builder
		if err := page.Execute(&text, tables()); err != nil {
			return nil, fmt.Errorf("render %s: %w", page.Name(), err)
		}
		pages[page.Name()] = text.String()
	}
	pages[schemas+"/skytower.schema.json"] = string(config.Schema())
	pages[schemas+"/resources.schema.json"] = string(cli.ResourceSchema())
	return pages, nil
}

// schemas is the folder of JSON Schemas in that of the manual.
const schemas = "schemas"

// content is what the pages can show.
type content struct {
	Settings string // a Markdown table
	Commands string // a Markdown table
	Engines  string // likewise
	Errors   []failure
}

// failure is a row of the table of errors, in words.
type failure struct {
	fault.Entry
	Where, Again string
}

func tables() content {
	c := content{Settings: config.Markdown(), Commands: config.CommandsMarkdown(), Engines: config.EnginesMarkdown()}
	for _, e := range fault.Table() {
		c.Errors = append(c.Errors, failure{e, where(e.Surface), again(e.Retry)})
	}
	return c
}

func where(s fault.Surface) string {
	switch s {
	case fault.REST:
		return "REST routes"
	case fault.Inference:
		return "inference routes"
	}
	return "all routes"
}

func again(r fault.Retry) string {
	switch r {
	case fault.AfterRetryAfter:
		return "after `Retry-After`"
	case fault.Later:
		return "yes, later"
	}
	return "no"
}
