package app

import (
	"archive/zip"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"skytower/internal/account"
	"skytower/internal/api/books"
	"skytower/internal/blob"
	"skytower/internal/ledger"
	"skytower/internal/prediction"
	"skytower/internal/response"
	"skytower/internal/skytells"
)

// exportPage is how many rows of a list are in memory at once.
const exportPage = 500

const exportReadme = `This is all that a Skytower keeps about one account.

account.json       the account and its settings
members.json       its members, removed ones included
keys.json          its API keys, without the keys themselves
predictions.jsonl  its predictions, one a line, newest first; input and output are missing where
                   they were removed after the account's retention
charges.csv        every charge, newest first; amounts are US dollars
credits.csv        every other movement of credit, newest first
statements/        a statement for each month
batches.jsonl      its batches, newest first; their results are among the files
responses.jsonl    stored responses with their input, one a line
files.jsonl        uploaded files that are still kept, one a line, with links that end with them
bodies.jsonl       kept bodies of requests and their answers, one request a line, oldest first
`

// RecordExport notes who exports an account (admin.Exporter). Its error is that there is
// no such account.
func (a *App) RecordExport(ctx context.Context, actor, id string) error {
	if _, err := a.accounts.Account(ctx, id); err != nil {
		return err
	}
	return a.predictions.Record(ctx, actor, "account.export", id, "")
}

// ExportAccount writes the zip (admin.Exporter). It holds a page of one list in memory,
// whatever the size of the account.
func (a *App) ExportAccount(ctx context.Context, id, base string, to io.Writer) error {
	owner, err := a.accounts.Account(ctx, id)
	if err != nil {
		return err
	}
	e := &export{App: a, account: owner, base: base, zip: zip.NewWriter(to), now: time.Now()}
	for _, part := range []struct {
		name  string
		write func(context.Context, io.Writer) error
	}{
		{"README.txt", func(_ context.Context, w io.Writer) error { _, err := io.WriteString(w, exportReadme); return err }},
		{"account.json", func(_ context.Context, w io.Writer) error { return writeJSON(w, owner) }},
		{"members.json", e.members}, {"keys.json", e.keys}, {"predictions.jsonl", e.predictions}, {"charges.csv", e.charges},
		{"credits.csv", e.credits}, {"batches.jsonl", e.batches}, {"responses.jsonl", e.responses}, {"files.jsonl", e.files},
		{"bodies.jsonl", e.bodies},
	} {
		if err := e.file(ctx, part.name, part.write); err != nil {
			return err
		}
	}
	if err := e.statements(ctx); err != nil {
		return err
	}
	if err := e.zip.Close(); err != nil {
		return fmt.Errorf("export account %s: %w", id, err)
	}
	return nil
}

// export is one on its way.
type export struct {
	*App
	account skytells.Account
	base    string
	zip     *zip.Writer
	now     time.Time
}

func (e *export) file(ctx context.Context, name string, write func(context.Context, io.Writer) error) error {
	w, err := e.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: e.now.UTC()})
	if err == nil {
		err = write(ctx, w)
	}
	if err == nil {
		err = e.zip.Flush() // so that something moves also where the next part takes its time
	}
	if err != nil {
		return fmt.Errorf("export %s of account %s: %w", name, e.account.ID, err)
	}
	return nil
}

func writeJSON(w io.Writer, v any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}

func (e *export) members(ctx context.Context, w io.Writer) error {
	all, err := everyPage(func(p account.Page) ([]skytells.Member, error) { return e.accounts.Members(ctx, e.account.ID, p) }, func(m skytells.Member) string { return m.ID })
	if err != nil {
		return err
	}
	return writeJSON(w, all)
}

func (e *export) keys(ctx context.Context, w io.Writer) error {
	all, err := everyPage(func(p account.Page) ([]skytells.Key, error) { return e.accounts.Keys(ctx, e.account.ID, p) }, func(k skytells.Key) string { return k.ID })
	if err != nil {
		return err
	}
	return writeJSON(w, all)
}

// everyPage reads a list of what people make by hand, which is never long, to its end.
func everyPage[T any](read func(account.Page) ([]T, error), id func(T) string) ([]T, error) {
	all := []T{}
	p := account.Page{Limit: exportPage}
	for {
		page, err := read(p)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if len(page) < exportPage {
			return all, nil
		}
		p.After = id(page[len(page)-1])
	}
}

func (e *export) predictions(ctx context.Context, w io.Writer) error {
	lines := json.NewEncoder(w)
	return e.App.predictions.Each(ctx, e.account.ID, func(records []prediction.Record) error {
		shown, err := e.App.predictions.Show(ctx, records, e.base)
		for i := 0; err == nil && i < len(shown); i++ {
			err = lines.Encode(shown[i])
		}
		return err
	})
}

func (e *export) charges(ctx context.Context, w io.Writer) error {
	out := csv.NewWriter(w)
	err := out.Write([]string{
		"created_at", "request", "key", "model", "kind", "tokens_in", "tokens_out", "tokens_cached", "tokens_reasoning", "quantity", "unit", "price_version", "amount_usd", "outcome",
	})
	if err != nil {
		return err
	}
	p := ledger.Page{Limit: exportPage}
	for {
		lines, err := e.ledger.Charges(ctx, e.account.ID, time.Time{}, time.Time{}, p)
		if err != nil {
			return err
		}
		for _, n := range lines {
			if err := out.Write(chargeCells(n)); err != nil {
				return err
			}
		}
		out.Flush()
		if err := out.Error(); err != nil || len(lines) < exportPage {
			return err
		}
		last := lines[len(lines)-1]
		p.Before = ledger.Position{At: last.At, Request: last.Request}
	}
}

func chargeCells(n ledger.Line) []string {
	const millionths = 1e6
	quantity := ""
	if n.Unit != "" {
		quantity = strconv.FormatFloat(float64(n.Quantity)/millionths, 'f', -1, 64)
	}
	whole := func(n int64) string { return strconv.FormatInt(n, 10) }
	return []string{
		n.At.UTC().Format(time.RFC3339Nano), safeCell(n.Request), n.Key, safeCell(n.Model), n.Kind, whole(n.Input), whole(n.Output), whole(n.Cached), whole(n.Reasoning),
		quantity, n.Unit, whole(n.PriceVersion), n.Amount.String(), n.Outcome,
	}
}

// safeCell keeps a text from being a formula where a spreadsheet opens the file.
func safeCell(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}

func (e *export) credits(ctx context.Context, w io.Writer) error {
	out := csv.NewWriter(w)
	if err := out.Write([]string{"created_at", "id", "kind", "amount_usd", "reason", "reference"}); err != nil {
		return err
	}
	p := ledger.Page{Limit: exportPage}
	for {
		moves, err := e.ledger.Transfers(ctx, e.account.ID, p)
		if err != nil {
			return err
		}
		for _, t := range moves {
			if err := out.Write([]string{t.At.UTC().Format(time.RFC3339Nano), safeCell(t.ID), t.Kind, t.Amount.String(), safeCell(t.Reason), safeCell(t.Ref)}); err != nil {
				return err
			}
		}
		out.Flush()
		if err := out.Error(); err != nil || len(moves) < exportPage {
			return err
		}
		last := moves[len(moves)-1]
		p.Before = ledger.Position{At: last.At, Request: last.ID}
	}
}

// statements writes one for each month since the account was made, at most fifty years.
func (e *export) statements(ctx context.Context) error {
	const most = 600
	created := e.account.CreatedAt.UTC()
	month := time.Date(created.Year(), created.Month(), 1, 0, 0, 0, 0, time.UTC)
	for range most {
		if month.After(e.now) {
			return nil
		}
		made, err := e.ledger.Statement(ctx, e.account.ID, month)
		if err != nil {
			return fmt.Errorf("export the statement of %s: %w", month.Format("2006-01"), err)
		}
		text, err := books.CSV(books.Statement(made, e.account.Name, e.now))
		if err != nil {
			return err
		}
		err = e.file(ctx, "statements/"+month.Format("2006-01")+".csv", func(_ context.Context, w io.Writer) error { _, err := w.Write(text); return err })
		if err != nil {
			return err
		}
		month = month.AddDate(0, 1, 0)
	}
	return nil
}

// exportedResponse is a line of responses.jsonl.
type exportedResponse struct {
	ID        string            `json:"id"`
	Previous  string            `json:"previous_response_id,omitempty"`
	Model     string            `json:"model"`
	State     string            `json:"status"`
	CreatedAt time.Time         `json:"created_at"`
	Response  json.RawMessage   `json:"response"`
	Input     []json.RawMessage `json:"input"`
}

func (e *export) responses(ctx context.Context, w io.Writer) error {
	lines := json.NewEncoder(w)
	return e.App.responses.Each(ctx, e.account.ID, func(r response.Record) error {
		line := exportedResponse{
			ID: r.ID, Previous: r.Previous, Model: r.Model, State: string(r.State), CreatedAt: r.Created, Response: r.Body, Input: []json.RawMessage{},
		}
		if !json.Valid(line.Response) {
			line.Response = json.RawMessage("null")
		}
		const page = 100
		p := response.Page{Limit: page, Order: "asc"}
		for {
			items, more, err := e.App.responses.InputItems(ctx, e.account.ID, r.ID, p)
			if err != nil {
				break // deleted meanwhile, or a conversation that has lost a part
			}
			for _, item := range items {
				line.Input = append(line.Input, item.Body)
			}
			if !more || len(items) == 0 {
				break
			}
			p.After = items[len(items)-1].ID
		}
		return lines.Encode(line)
	})
}

// exportedFile is a line of files.jsonl.
type exportedFile struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	Type      string     `json:"type"`
	Bytes     int64      `json:"bytes"`
	Purpose   string     `json:"purpose,omitempty"`
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	URL       string     `json:"url"`
}

func (e *export) files(ctx context.Context, w io.Writer) error {
	base := e.base
	if e.cfg.Predictions.FilesURL != nil {
		base = textOf(e.cfg.Predictions.FilesURL)
	}
	lines := json.NewEncoder(w)
	return e.App.files.Each(ctx, e.account.ID, func(files []blob.File) error {
		for _, f := range files {
			line := exportedFile{
				ID: f.ID, Name: f.Name, Type: f.Type, Bytes: f.Size, Purpose: f.Purpose, CreatedAt: f.CreatedAt, ExpiresAt: momentOf(f.ExpiresAt), URL: e.App.files.Link(base, f),
			}
			if err := lines.Encode(line); err != nil {
				return err
			}
		}
		return nil
	})
}

// removeAccount removes what other rooms keep of an account that is closed: batches, before
// their files, predictions with their files, uploads, stored responses, kept bodies of requests, kept answers. It is safe to run twice, and
// goes on where it was broken off. Charges stay: they are books.
func (a *App) removeAccount(ctx context.Context, id string) error {
	return errors.Join(a.batches.RemoveAccount(ctx, id), a.predictions.RemoveAccount(ctx, id), a.files.RemoveAccount(ctx, id), a.responses.RemoveAccount(ctx, id), a.archive.RemoveAccount(ctx, id),
		a.eraseAnswers(ctx, id))
}
