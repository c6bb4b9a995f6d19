package operator

import (
	"strings"
	"time"

	"skytower/internal/console/desk"
	"skytower/internal/console/ui"
	"skytower/internal/skytells"
)

type moneyView struct {
	accountHead
	Balance                       skytells.Balance
	Transfers                     []skytells.Transfer
	Charges                       []skytells.ChargeLine
	NextCharges, NextTransfers    string
	Older                         bool // not the first page of one of them
	Amount, Kind, Reason, Expires string
	Line, Order                   string
	Kinds, Orders                 []ui.Choice
}

func (p *Pages) money(d *desk.Desk) error { return p.showMoney(d, moneyView{}) }

// orders are all ways to draw the three kinds of credit.
func orders() []ui.Choice {
	return choices(
		"sponsored deposited payg", "Sponsored, then deposited, then pay as you go",
		"deposited sponsored payg", "Deposited, then sponsored, then pay as you go",
		"sponsored payg deposited", "Sponsored, then pay as you go, then deposited",
		"deposited payg sponsored", "Deposited, then pay as you go, then sponsored",
		"payg sponsored deposited", "Pay as you go, then sponsored, then deposited",
		"payg deposited sponsored", "Pay as you go, then deposited, then sponsored",
	)
}

// showMoney shows balance, transfers and charges, with what was typed.
func (p *Pages) showMoney(d *desk.Desk, v moneyView) (err error) {
	if v.accountHead, err = head(d, "/money"); err != nil {
		return err
	}
	if v.Balance, err = d.Admin.Balance(d.Ctx(), v.ID); err != nil {
		return err
	}
	if v.Line == "" {
		v.Line = string(v.Balance.CreditLine)
	}
	if v.Order == "" {
		v.Order = strings.Join(v.Balance.DrawOrder, " ")
	}
	v.Kinds, v.Orders = choices("sponsored", "Sponsored (given away)", "deposited", "Deposited (paid for)"), orders()
	if err := v.read(d); err != nil {
		return err
	}
	return p.show(d, "money", v.Name+": credit and charges", v)
}

// read reads one page of transfers and of charges.
func (v *moneyView) read(d *desk.Desk) (err error) {
	at, _ := time.Parse(time.RFC3339Nano, asked(d, "t_before"))
	if v.Transfers, err = d.Admin.TransferPage(d.Ctx(), v.ID, at, asked(d, "t_id"), perPage); err != nil {
		return err
	}
	v.Charges, err = d.Admin.ChargePage(d.Ctx(), v.ID, skytells.ChargeQuery{From: day(chargeDays), To: day(0), Before: asked(d, "c_before"), BeforeID: asked(d, "c_id"), Limit: perPage})
	if err != nil {
		return err
	}
	v.Older = asked(d, "t_before")+asked(d, "c_before") != ""
	path := accountAt(v.ID, "/money")
	if n := len(v.Transfers); n == perPage {
		last := v.Transfers[n-1]
		v.NextTransfers = queryOf(path, "t_before", last.CreatedAt.UTC().Format(time.RFC3339Nano), "t_id", last.ID)
	}
	if n := len(v.Charges); n == perPage {
		last := v.Charges[n-1]
		v.NextCharges = queryOf(path, "c_before", last.CreatedAt.UTC().Format(time.RFC3339Nano), "c_id", last.Request)
	}
	return nil
}

// Days that lists go back.
const (
	chargeDays = 365
	monthDays  = 29 // with today 30
)

// giveCredit gives, or takes where the form says so.
func (p *Pages) giveCredit(d *desk.Desk) error {
	v := moneyView{Amount: typed(d, "amount"), Kind: d.Value("kind"), Reason: typed(d, "reason"), Expires: d.Value("expires")}
	id := d.Request.PathValue("id")
	r := skytells.CreditRequest{Amount: dollars(v.Amount), Kind: v.Kind, Reason: v.Reason}
	if d.Value("act") == "take" && !strings.HasPrefix(string(r.Amount), "-") {
		r.Amount = "-" + r.Amount
	}
	expires, err := time.Parse(time.DateOnly, v.Expires)
	switch {
	case !isDollars(r.Amount):
		d.Note("bad", "The amount must be dollars, such as 25 or 9.50.")
		return p.showMoney(d, v)
	case v.Expires != "" && err != nil:
		d.Note("bad", "The end must be a day such as 2027-01-31.")
		return p.showMoney(d, v)
	case v.Expires != "" && d.Value("act") != "take":
		end := expires.AddDate(0, 0, 1) // the day itself is included
		r.ExpiresAt = &end
	}
	t, err := d.Admin.GiveCredit(d.Ctx(), id, r)
	if err != nil {
		if err := d.Say(err); err != nil {
			return err
		}
		return p.showMoney(d, v)
	}
	d.Note("good", "Done: "+ui.Money(t.Amount)+".")
	return d.Redirect(accountAt(id, "/money"))
}

func (p *Pages) setTerms(d *desk.Desk) error {
	v := moneyView{Line: typed(d, "line"), Order: d.Value("order")}
	line := dollars(v.Line)
	if !isDollars(line) {
		d.Note("bad", "The credit line must be dollars, such as 50; 0 is none.")
		return p.showMoney(d, v)
	}
	id := d.Request.PathValue("id")
	if _, err := d.Admin.SetTerms(d.Ctx(), id, skytells.CreditTerms{CreditLine: &line, DrawOrder: strings.Fields(v.Order)}); err != nil {
		if err := d.Say(err); err != nil {
			return err
		}
		return p.showMoney(d, v)
	}
	d.Note("good", "The terms are changed.")
	return d.Redirect(accountAt(id, "/money"))
}
