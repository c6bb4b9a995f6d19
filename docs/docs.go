// Package docs embeds the manual, so that the binary serves it without files, and
// says how its headings are linked to.
//
// It knows neither who serves the pages nor who searches them. Its one invariant:
// whoever links to a heading gets the anchor from here.
package docs

import "embed"

// Pages are the manual's Markdown files.
//
//go:embed *.md
var Pages embed.FS
