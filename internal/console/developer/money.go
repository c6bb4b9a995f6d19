package developer

import (
	"strings"
	"time"

	"skytower/internal/account"
	"skytower/internal/console/desk"
	"skytower/internal/console/ui"
	"skytower/internal/fault"
	"skytower/internal/money"
	"skytower/internal/skytells"
)

// statementMonths are linked from the billing page; older ones are reached by address.
const statementMonths = 24

type billingView struct {
	Stats     []stat
	Buckets   []bucketRow
	Order     string
	Months    []ui.Link
	Transfers []skytells.Transfer
	Payments  bool // are set up
	MayPay    bool
	Checkouts []skytells.Checkout
	Amount    string // what was typed
}

type bucketRow struct {
	Kind    string
	Balance skytells.Amount
	Expires *time.Time
}

// kindWords are kinds of credit in words.
func kindWords(kind string) string {
	switch kind {
	case "sponsored":
		return "Given credit"
	case "deposited":
		return "Paid-in credit"
	case "payg":
		return "Pay as you go (the credit line)"
	}
	return kind
}

// orderWords are an order of drawing in words.
func orderWords(order []string) string {
	words := map[string]string{"sponsored": "given credit", "deposited": "paid-in credit", "payg": "pay as you go"}
	var out []string
	for _, kind := range order {
		out = append(out, words[kind])
	}
	return capital(strings.Join(out, ", then "))
}

// billing shows the credit, statements and payments.
func (p *Pages) billing(d *desk.Desk) error { return p.showBilling(d, "") }

func (p *Pages) showBilling(d *desk.Desk, amount string) error {
	b, err := d.V1.MyBalance(d.Ctx())
	if err != nil {
		return p.refused(d, "Billing", err)
	}
	own, err := p.o.Accounts.SeatSettings(d.Ctx(), d.Seat)
	if err != nil {
		return err
	}
	s, err := d.V1.MyStatement(d.Ctx(), "")
	if err != nil {
		return err
	}
	v := billingView{Order: orderWords(b.DrawOrder), Transfers: s.Transfers, Months: months(own.CreatedAt, time.Now().UTC()), MayPay: does(d, account.BillingWrite), Amount: amount,
		Stats: []stat{
			{Label: "Balance", Value: ui.Money(b.Balance)}, {Label: "Available now", Value: ui.Money(b.Available), Note: "with the credit line, less what is set aside"},
			{Label: "Set aside", Value: ui.Money(b.Reserved), Note: "for predictions that run or wait"}, {Label: "Credit line", Value: ui.Money(b.CreditLine), Note: "how far below zero it may go"},
			{Label: "Charged this month", Value: ui.Money(s.Charged), Note: ui.Money(s.Credited) + " credited", Href: "/billing/charges"},
		}}
	for _, bucket := range b.Buckets {
		v.Buckets = append(v.Buckets, bucketRow{kindWords(bucket.Kind), bucket.Balance, bucket.ExpiresAt})
	}
	if v.Checkouts, v.Payments, err = checkouts(d); err != nil {
		return err
	}
	return p.show(d, "billing", "Billing", v)
}

// checkouts are the newest payments, and whether payments are set up.
func checkouts(d *desk.Desk) ([]skytells.Checkout, bool, error) {
	list, err := d.V1.MyCheckouts(d.Ctx())
	if refusedBy(err, fault.EndpointNotFound) {
		return nil, false, nil
	}
	return list, err == nil, err
}

// months are links to statements, the newest first.
func months(since, now time.Time) []ui.Link {
	var out []ui.Link
	month := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
	first := time.Date(since.UTC().Year(), since.UTC().Month(), 1, 0, 0, 0, 0, time.UTC)
	for range statementMonths {
		if month.Before(first) {
			break
		}
		out = append(out, ui.Link{Label: month.Format("January 2006"), Path: "/billing/statements/" + month.Format("2006-01")})
		month = month.AddDate(0, -1, 0)
	}
	return out
}

// topUp begins a payment and leads to the processor's page.
func (p *Pages) topUp(d *desk.Desk) error {
	typed := d.Value("amount")
	r := skytells.CheckoutRequest{Amount: dollars(typed), SuccessURL: d.Base + "/billing/paid", CancelURL: d.Base + "/billing/cancelled"}
	if _, err := money.Parse(string(r.Amount)); err != nil {
		d.Note("bad", "The amount must be dollars, such as 25 or 9.50.")
		return p.showBilling(d, typed)
	}
	checkout, err := d.V1.BeginCheckout(d.Ctx(), r)
	if err != nil {
		if err := d.Say(err); err != nil {
			return err
		}
		return p.showBilling(d, typed)
	}
	return d.Leave(checkout.URL)
}

// paid is where a payer comes back to: the credit follows when the processor says so.
func (p *Pages) paid(d *desk.Desk) error {
	list, _, err := checkouts(d)
	if err != nil {
		return p.refused(d, "Payment", err)
	}
	return p.show(d, "paid", "Thank you", struct {
		Checkouts []skytells.Checkout
		Waiting   bool
	}{list[:min(len(list), 3)], len(list) > 0 && list[0].State == "open"}, "developer/live.js")
}

func (p *Pages) notPaid(d *desk.Desk) error {
	d.Note("warn", "Nothing was paid.")
	return d.Redirect("/billing")
}

type statementView struct {
	skytells.Statement
	Title          string
	Next, Previous string
}

func (p *Pages) statement(d *desk.Desk) error {
	month := d.Request.PathValue("month")
	s, err := d.V1.MyStatement(d.Ctx(), month)
	if err != nil {
		return p.refused(d, "Statement", err)
	}
	v := statementView{Statement: s, Title: s.Month}
	if at, err := time.Parse("2006-01", s.Month); err == nil {
		v.Title = at.Format("January 2006")
		v.Previous = "/billing/statements/" + at.AddDate(0, -1, 0).Format("2006-01")
		if next := at.AddDate(0, 1, 0); !next.After(time.Now().UTC()) {
			v.Next = "/billing/statements/" + next.Format("2006-01")
		}
	}
	return p.show(d, "statement", "Statement of "+v.Title, v)
}

func (p *Pages) statementCSV(d *desk.Desk) error {
	month := d.Request.PathValue("month")
	text, err := d.V1.MyStatementAs(d.Ctx(), month, "csv")
	if err != nil {
		return p.refused(d, "Statement", err)
	}
	return file(d, "text/csv; charset=utf-8", "statement-"+time.Now().UTC().Format("20060102")+".csv", text)
}

// chargesOnPage of the list of charges.
const chargesOnPage = 50

type chargesView struct {
	From, To string
	Charges  []chargeRow
	Next     string
}

type chargeRow struct {
	skytells.ChargeLine
	KeyName, Href string
}

// charges lists them with what explains each one.
func (p *Pages) charges(d *desk.Desk) error {
	v := chargesView{From: d.Query("from"), To: d.Query("to")}
	names, err := p.keyNames(d)
	if err != nil {
		return err
	}
	list, err := d.V1.MyCharges(d.Ctx(), skytells.ChargeQuery{From: v.From, To: v.To, Before: d.Query("before"), BeforeID: d.Query("before_id"), Limit: chargesOnPage})
	if err != nil {
		if err := d.Say(err); err != nil {
			return err
		}
		return p.show(d, "charges", "Charges", v)
	}
	for _, c := range list {
		href := "/predictions/" + c.Request
		if strings.HasPrefix(c.Request, "req_") {
			href = "/requests/" + c.Request
		}
		v.Charges = append(v.Charges, chargeRow{c, nameOf(names, c.Key), href})
	}
	if len(list) == chargesOnPage {
		last := list[len(list)-1]
		v.Next = "/billing/charges?" + queryOf("from", v.From, "to", v.To, "before", last.CreatedAt.UTC().Format(time.RFC3339Nano), "before_id", last.Request)
	}
	return p.show(d, "charges", "Charges", v)
}

// compareAmounts orders two exact decimals.
func compareAmounts(a, b skytells.Amount) int {
	x, _ := money.Parse(string(a))
	y, _ := money.Parse(string(b))
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

type limitsView struct {
	skytells.Limits
	Rows    []limitRow
	General []limitRow
}

// limitRow is one limit with its use.
type limitRow struct {
	What, Unit string
	skytells.LimitUse
	Reset string
}

// limits shows what the tier and rules allow, and what of it is used.
func (p *Pages) limits(d *desk.Desk) error {
	l, err := d.V1.MyLimits(d.Ctx())
	if err != nil {
		return p.refused(d, "Limits", err)
	}
	names, err := p.keyNames(d)
	if err != nil {
		return err
	}
	v := limitsView{Limits: l}
	if l.Predictions != nil {
		v.Rows = append(v.Rows, limitRow{What: "Predictions of the account", Unit: "at the same time", LimitUse: *l.Predictions})
	}
	for _, scope := range l.Data {
		v.Rows = append(v.Rows, limitRows(scope, names)...)
	}
	for _, scope := range l.General {
		v.General = append(v.General, limitRows(scope, names)...)
	}
	return p.show(d, "limits", "Limits", v, "developer/live.js")
}

func limitRows(s skytells.LimitScope, names map[string]string) []limitRow {
	what := map[string]string{"chat": "Chat", "responses": "Responses", "messages": "Messages", "embeddings": "Embeddings", "predictions": "Predictions", "*": "Each route"}[s.Route]
	switch s.Model {
	case "*":
		what += ", all models together"
	case "":
		what += ", each model"
	default:
		what += ", " + s.Model
	}
	if s.Key != "" {
		what += ", key " + nameOf(names, s.Key)
	}
	if s.Surface == "edge" {
		what += " (edge)"
	}
	var out []limitRow
	add := func(u *skytells.LimitUse, unit string) {
		if u == nil {
			return
		}
		row := limitRow{What: what, Unit: unit, LimitUse: *u}
		if u.Reset > 0 {
			row.Reset = ui.Duration(time.Duration(u.Reset) * time.Second)
		}
		out = append(out, row)
	}
	add(s.Requests, "requests a minute")
	add(s.TokensIn, "input tokens a minute")
	add(s.TokensOut, "output tokens a minute")
	add(s.Concurrency, "calls at the same time")
	return out
}
