// Package docs embeds the manual, so that the binary serves it without files.
package docs

import "embed"

// Pages are the manual's Markdown files.
//
//go:embed *.md
var Pages embed.FS
