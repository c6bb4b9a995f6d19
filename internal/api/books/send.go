package books

import (
	"context"
	"net/http"
	"time"

	"skytower/internal/httpx"
	"skytower/internal/ledger"
	"skytower/internal/price"
	"skytower/internal/skytells"
)

// Prices finds the price that a charge was made at, however long ago.
type Prices interface {
	PriceAt(ctx context.Context, version int64) (*price.Price, error)
}

// Charges lists charges.
type Charges interface {
	Charges(ctx context.Context, account string, from, to time.Time, p ledger.Page) ([]ledger.Line, error)
	ChargeOf(ctx context.Context, account, request string) ([]ledger.Line, error)
}

// Statements makes statements.
type Statements interface {
	Statement(ctx context.Context, account string, month time.Time) (ledger.Statement, error)
}

// Accounts gives an account's name.
type Accounts interface {
	Account(ctx context.Context, id string) (skytells.Account, error)
}

// Usages adds up usage.
type Usages interface {
	Usage(context.Context, ledger.UsageFilter) ([]ledger.UsageTotal, error)
}

// SendUsage answers with the usage that the query asks for, of an account or ("") of all.
func SendUsage(c *httpx.Call, from Usages, account string, costs bool, now time.Time) error {
	q := c.Request.URL.Query()
	form, err := Format(q, "json", "csv")
	if err != nil {
		return err
	}
	f, err := UsageFilter(q, account, now)
	if err != nil {
		return err
	}
	totals, err := from.Usage(c.Request.Context(), f)
	if err != nil {
		return err
	}
	u := Usage(f, totals, costs)
	if form != "csv" {
		return c.JSON(http.StatusOK, u)
	}
	text, err := UsageCSV(u)
	if err != nil {
		return err
	}
	return sendFile(c, "text/csv; charset=utf-8", "usage-"+u.From+"-"+u.To+".csv", text)
}

func sendFile(c *httpx.Call, kind, name string, content []byte) error {
	c.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	c.Header().Set("X-Content-Type-Options", "nosniff")
	return c.Raw(http.StatusOK, kind, content)
}

// SendStatement answers with the statement that the query asks for.
func SendStatement(c *httpx.Call, from Statements, names Accounts, account string, now time.Time) error {
	q := c.Request.URL.Query()
	form, err := Format(q, "json", "csv", "html")
	if err != nil {
		return err
	}
	month, err := Month(q, now)
	if err != nil {
		return err
	}
	named, err := names.Account(c.Request.Context(), account)
	if err != nil {
		return err
	}
	made, err := from.Statement(c.Request.Context(), account, month)
	if err != nil {
		return err
	}
	return sendStatement(c, form, Statement(made, named.Name, now))
}

func sendStatement(c *httpx.Call, form string, s skytells.Statement) error {
	switch form {
	case "csv":
		text, err := CSV(s)
		if err != nil {
			return err
		}
		return sendFile(c, "text/csv; charset=utf-8", "statement-"+s.Month+".csv", text)
	case "html":
		page, err := HTML(s)
		if err != nil {
			return err
		}
		c.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
		c.Header().Set("X-Content-Type-Options", "nosniff")
		return c.Raw(http.StatusOK, "text/html; charset=utf-8", page)
	}
	return c.JSON(http.StatusOK, s)
}

// chargesOf are the charges of a span, or the one of a request.
func chargesOf(ctx context.Context, from Charges, account, request string, f ledger.UsageFilter, page ledger.Page) ([]ledger.Line, error) {
	if request != "" {
		return from.ChargeOf(ctx, account, request)
	}
	return from.Charges(ctx, account, f.From, f.To, page)
}

// SendCharges answers with a page of charges, each with its explanation.
func SendCharges(c *httpx.Call, from Charges, prices Prices, account string, now time.Time) error {
	q := c.Request.URL.Query()
	f, err := UsageFilter(q, account, now)
	if err != nil {
		return err
	}
	page, err := Page(q)
	if err != nil {
		return err
	}
	lines, err := chargesOf(c.Request.Context(), from, account, q.Get("request"), f, page)
	if err != nil {
		return err
	}
	list := skytells.List[skytells.ChargeLine]{Data: []skytells.ChargeLine{}}
	for _, n := range lines {
		explained, err := chargeLine(c.Request.Context(), prices, n)
		if err != nil {
			return err
		}
		list.Data = append(list.Data, explained)
	}
	return c.JSON(http.StatusOK, list)
}
