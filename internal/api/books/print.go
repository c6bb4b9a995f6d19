package books

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"

	"skytower/internal/skytells"
)

// CSV writes a statement as a table: a row for its opening, each model, each transfer and
// its closing.
func CSV(s skytells.Statement) ([]byte, error) {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	records := [][]string{
		{"kind", "date", "what", "requests", "tokens_in", "tokens_out", "amount_usd", "reference"},
		{"opening", s.Month + "-01", "Opening balance", "", "", "", string(s.Opening), ""},
	}
	for _, t := range s.Transfers {
		records = append(records, []string{t.Kind, t.CreatedAt.UTC().Format(time.RFC3339), cell(t.Reason), "", "", "", string(t.Amount), cell(t.Reference)})
	}
	for _, r := range s.ByModel {
		records = append(records, []string{"charges", s.Month, cell(r.Model), count(r.Requests), count(r.TokensIn), count(r.TokensOut), negative(r.Amount), ""})
	}
	records = append(records, []string{"closing", s.Month, "Closing balance", "", "", "", string(s.Closing), ""})
	if err := w.WriteAll(records); err != nil {
		return nil, fmt.Errorf("write the statement: %w", err)
	}
	return out.Bytes(), nil
}

// UsageCSV writes what was used as a table.
func UsageCSV(u skytells.Usage) ([]byte, error) {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	records := [][]string{{"day", "model", "key", "requests", "tokens_in", "tokens_out", "tokens_cached", "tokens_reasoning", "amount_usd"}}
	for _, r := range u.Data {
		records = append(records, []string{
			r.Day, cell(r.Model), r.Key, count(r.Requests), count(r.TokensIn), count(r.TokensOut), count(r.Cached), count(r.Reasoning), string(r.Amount),
		})
	}
	if err := w.WriteAll(records); err != nil {
		return nil, fmt.Errorf("write the usage: %w", err)
	}
	return out.Bytes(), nil
}

func count(n int64) string { return strconv.FormatInt(n, 10) }

// cell keeps a text from being a formula where a spreadsheet opens the file.
func cell(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}

func negative(a skytells.Amount) string {
	if strings.Trim(string(a), "0.") == "" {
		return string(a)
	}
	return "-" + string(a)
}

// HTML writes a statement as a page to print. It loads nothing.
func HTML(s skytells.Statement) ([]byte, error) {
	page, err := template.New("statement").Parse(statementPage)
	if err != nil {
		return nil, fmt.Errorf("read the statement's page: %w", err)
	}
	var out bytes.Buffer
	if err := page.Execute(&out, s); err != nil {
		return nil, fmt.Errorf("write the statement: %w", err)
	}
	return out.Bytes(), nil
}

const statementPage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Statement {{.Month}} — {{.Name}}</title>
<style>
body { font: 14px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color: #111; background: #fff; }
h1 { font-size: 1.5rem; margin-bottom: 0; }
table { border-collapse: collapse; width: 100%; margin: 1.5rem 0; }
caption { text-align: left; font-weight: 600; padding-bottom: .25rem; }
th, td { text-align: left; padding: .3rem .5rem; border-bottom: 1px solid #ccc; vertical-align: top; }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
tfoot td { font-weight: 600; border-bottom: 0; }
@media print { body { margin: 0; max-width: none; } }
</style>
</head>
<body>
<h1>Statement {{.Month}}</h1>
<p>{{.Name}} ({{.Account}})<br>All amounts in {{.Currency}}. Made {{.GeneratedAt.UTC.Format "2006-01-02 15:04"}} UTC.</p>
<table>
<caption>Summary</caption>
<tbody>
<tr><th scope="row">Opening balance</th><td class="n">{{.Opening}}</td></tr>
<tr><th scope="row">Credited</th><td class="n">{{.Credited}}</td></tr>
<tr><th scope="row">Charged</th><td class="n">{{.Charged}}</td></tr>
</tbody>
<tfoot><tr><td>Closing balance</td><td class="n">{{.Closing}}</td></tr></tfoot>
</table>
<table>
<caption>Charges by model</caption>
<thead><tr><th scope="col">Model</th><th scope="col" class="n">Requests</th><th scope="col" class="n">Tokens in</th><th scope="col" class="n">Tokens out</th><th scope="col" class="n">Amount</th></tr></thead>
<tbody>
{{range .ByModel}}<tr><td>{{.Model}}</td><td class="n">{{.Requests}}</td><td class="n">{{.TokensIn}}</td><td class="n">{{.TokensOut}}</td><td class="n">{{.Amount}}</td></tr>
{{else}}<tr><td colspan="5">None.</td></tr>
{{end}}</tbody>
</table>
<table>
<caption>Credits and corrections</caption>
<thead><tr><th scope="col">Date</th><th scope="col">Kind</th><th scope="col">Reason</th><th scope="col" class="n">Amount</th></tr></thead>
<tbody>
{{range .Transfers}}<tr><td>{{.CreatedAt.UTC.Format "2006-01-02"}}</td><td>{{.Kind}}</td><td>{{.Reason}}</td><td class="n">{{.Amount}}</td></tr>
{{else}}<tr><td colspan="4">None.</td></tr>
{{end}}</tbody>
</table>
</body>
</html>
`
