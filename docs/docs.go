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

// Schemas are JSON Schemas for editors: of the process file and of resource files.
//
//go:embed schemas/*.json
var Schemas embed.FS

// Guide is the part of the manual for people who use or run a server: what
// skytower-docs answers from. The other pages are for those who change the program.
//
//go:embed index.md getting-started.md providers.md models.md api.md errors.md
//go:embed bad-days.md keys.md accounts.md cli.md configuration.md operations.md predictions.md prices.md
//go:embed authentication.md streaming.md webhooks.md
//go:embed credit.md limits.md payments.md routing.md responses.md three-machines.md
//go:embed messages.md media.md cache.md guards.md batches.md engines.md
var Guide embed.FS
