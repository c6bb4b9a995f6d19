package operator

import (
	"skytower/internal/console/desk"
	"skytower/internal/console/ui"
	"skytower/internal/skytells"
)

type accountsView struct {
	Search, Next, First string
	Accounts            []accountLine
}

// accountLine is an account in a list.
type accountLine struct {
	skytells.Account
	State string
}

func accountState(a skytells.Account) string {
	switch {
	case a.ClosedAt != nil:
		return "ended"
	case a.Suspended:
		return "suspended"
	}
	return "active"
}

// accounts lists them, oldest first.
func (p *Pages) accounts(d *desk.Desk) error {
	v := accountsView{Search: asked(d, "q")}
	found, err := d.Admin.FindAccounts(d.Ctx(), skytells.AccountQuery{Search: v.Search, After: asked(d, "after"), Limit: perPage + 1})
	if err != nil {
		return err
	}
	if len(found) > perPage {
		found = found[:perPage]
		v.Next = queryOf("/operator/accounts", "q", v.Search, "after", found[perPage-1].ID)
	}
	if asked(d, "after") != "" {
		v.First = queryOf("/operator/accounts", "q", v.Search)
	}
	for _, a := range found {
		v.Accounts = append(v.Accounts, accountLine{a, accountState(a)})
	}
	return p.show(d, "accounts", "Accounts", v)
}

type newAccountView struct{ Name, Owner, Email, Credit, Reason string }

func (p *Pages) newAccount(d *desk.Desk) error {
	return p.show(d, "accountnew", "New account", newAccountView{})
}

// makeAccount makes an account, and where they were asked for its first credit and its
// owner, who is invited.
func (p *Pages) makeAccount(d *desk.Desk) error {
	v := newAccountView{typed(d, "name"), typed(d, "owner"), typed(d, "email"), typed(d, "credit"), typed(d, "reason")}
	credit := dollars(v.Credit)
	if credit != "" && (!isDollars(credit) || v.Reason == "") {
		d.Note("bad", "Credit is an amount such as 25 or 9.50, and needs a reason for the record.")
		return p.show(d, "accountnew", "New account", v)
	}
	a, err := d.Admin.CreateAccount(d.Ctx(), skytells.AccountRequest{Name: v.Name})
	if err != nil {
		if err := d.Say(err); err != nil {
			return err
		}
		return p.show(d, "accountnew", "New account", v)
	}
	d.Note("good", "The account "+a.Name+" is made.")
	if credit != "" {
		if _, err := d.Admin.GiveCredit(d.Ctx(), a.ID, skytells.CreditRequest{Amount: credit, Reason: v.Reason}); err != nil {
			if err := d.Say(err); err != nil {
				return err
			}
		}
	}
	if v.Email == "" {
		return d.Redirect(accountAt(a.ID, ""))
	}
	m, err := d.Admin.CreateMember(d.Ctx(), a.ID, skytells.MemberRequest{Name: v.Owner, Email: v.Email, Role: "owner"})
	if err != nil {
		return sayAt(d, err, accountAt(a.ID, "/members"), "")
	}
	return p.invite(d, a, m.ID)
}

func accountAt(id, rest string) string { return "/operator/accounts/" + id + rest }

// accountHead is what every page of an account begins with.
type accountHead struct {
	accountLine
	Tabs []ui.Link
}

// head reads the account of the address.
func head(d *desk.Desk, current string) (accountHead, error) {
	a, err := d.Admin.Account(d.Ctx(), d.Request.PathValue("id"))
	if err != nil {
		return accountHead{}, err
	}
	h := accountHead{accountLine: accountLine{a, accountState(a)}}
	for _, t := range choices("", "Overview", "/money", "Credit and charges", "/keys", "Keys", "/members", "Members", "/limits", "Limits") {
		h.Tabs = append(h.Tabs, ui.Link{Label: t.Label, Path: accountAt(a.ID, t.Value), Current: t.Value == current})
	}
	return h, nil
}

type accountView struct {
	accountHead
	Stats  []stat
	Chart  ui.Chart
	Quiet  bool
	Models []skytells.UsagePoint
	Form   accountForm
	Tiers  []ui.Choice
	// LongestBodies is the longest that bodies of its requests may be kept; "": none may be.
	LongestBodies string
}

// accountForm is what is changed of an account.
type accountForm struct{ Name, Retention, Concurrency, Tier, Keep string }

func (p *Pages) account(d *desk.Desk) error {
	h, err := head(d, "")
	if err != nil {
		return err
	}
	f := accountForm{Name: h.Name, Retention: h.Retention, Keep: h.KeepBodies}
	if h.Concurrency > 0 {
		f.Concurrency = ui.Number(h.Concurrency)
	}
	if h.TierFixed {
		f.Tier = h.Tier
	}
	return p.showAccount(d, h, f)
}

// showAccount shows what an account uses and has.
func (p *Pages) showAccount(d *desk.Desk, h accountHead, f accountForm) error {
	summary, err := d.Admin.Summary(d.Ctx(), skytells.UsageView{Account: h.ID})
	if err != nil {
		return err
	}
	series, err := d.Admin.Series(d.Ctx(), skytells.UsageView{Account: h.ID, From: day(chartDays - 1), To: day(0), Step: "day"})
	if err != nil {
		return err
	}
	byModel, err := d.Admin.Series(d.Ctx(), skytells.UsageView{Account: h.ID, From: day(monthDays), To: day(0), Step: "day", By: "model"})
	if err != nil {
		return err
	}
	balance, err := d.Admin.Balance(d.Ctx(), h.ID)
	if err != nil {
		return err
	}
	v := accountView{accountHead: h, Chart: moneyChart(series), Quiet: series.Total.Requests == 0 && series.Total.Charges == 0, Models: byModel.Groups, Form: f, Tiers: p.tierChoices(h.Account), LongestBodies: p.o.LongestBodies}
	now, month := summary.Today.Now, summary.Month.Now
	v.Stats = []stat{
		{"Balance", ui.Money(balance.Balance), ui.Money(balance.Available) + " available", accountAt(h.ID, "/money")},
		{"Spend today", ui.Money(now.Amount), "margin " + marginOf(now.Amount, now.Cost), ""},
		{"Spend this month", ui.Money(month.Amount), "margin " + marginOf(month.Amount, month.Cost), ""},
		{"Requests today", ui.Number(now.Requests), ui.Number(now.Errors) + " errors", queryOf("/operator/requests", "account", h.ID)},
	}
	return p.show(d, "account", h.Name, v)
}

// tierChoices are the tiers; the account's own is among them, whatever they are.
func (p *Pages) tierChoices(a skytells.Account) []ui.Choice {
	out := choices("", "Follows the spending")
	known := false
	for _, t := range p.o.Tiers {
		out = append(out, ui.Choice{Value: t, Label: "Tier " + t})
		known = known || t == a.Tier
	}
	if a.TierFixed && !known {
		out = append(out, ui.Choice{Value: a.Tier, Label: "Tier " + a.Tier})
	}
	return out
}

// changeAccount changes name, tier, what is kept for how long, and the number of predictions
// at once.
func (p *Pages) changeAccount(d *desk.Desk) error {
	h, err := head(d, "")
	if err != nil {
		return err
	}
	f := accountForm{typed(d, "name"), typed(d, "retention"), typed(d, "concurrency"), d.Value("tier"), typed(d, "keep_bodies")}
	n, ok := whole(f.Concurrency)
	if !ok {
		d.Note("bad", "Predictions at the same time is a whole number.")
		return p.showAccount(d, h, f)
	}
	many := int(n)
	r := skytells.AccountRequest{Name: f.Name, Retention: &f.Retention, Concurrency: &many, Tier: &f.Tier}
	if d.Form().Has("keep_bodies") && f.Keep != h.KeepBodies {
		r.KeepBodies = &f.Keep
	}
	if _, err = d.Admin.UpdateAccount(d.Ctx(), h.ID, r); err != nil {
		if err := d.Say(err); err != nil {
			return err
		}
		return p.showAccount(d, h, f)
	}
	d.Note("good", "The account is changed.")
	return d.Redirect(accountAt(h.ID, ""))
}

func (p *Pages) suspend(d *desk.Desk) error {
	id := d.Request.PathValue("id")
	_, err := d.Admin.SuspendAccount(d.Ctx(), id, typed(d, "reason"))
	return sayAt(d, err, accountAt(id, ""), "The account is suspended. Its keys stop within two seconds.")
}

func (p *Pages) resume(d *desk.Desk) error {
	id := d.Request.PathValue("id")
	_, err := d.Admin.ResumeAccount(d.Ctx(), id)
	return sayAt(d, err, accountAt(id, ""), "The account works again, within two seconds.")
}

// closeAccount ends an account for good, once its id was typed.
func (p *Pages) closeAccount(d *desk.Desk) error {
	id := d.Request.PathValue("id")
	if typed(d, "confirm") != id {
		d.Note("bad", "Nothing was closed: type the account's id to confirm.")
		return d.Redirect(accountAt(id, ""))
	}
	_, err := d.Admin.CloseAccount(d.Ctx(), id)
	return sayAt(d, err, accountAt(id, ""), "The account is closed. Its people and its data are gone; its charges stay for the books.")
}

// export sends all that is kept about an account.
func (p *Pages) export(d *desk.Desk) error {
	h, err := head(d, "")
	if err != nil {
		return err
	}
	d.Protect()
	d.Header().Set("Content-Type", "application/zip")
	d.Header().Set("Content-Disposition", `attachment; filename="`+h.ID+`.zip"`)
	w := &started{desk: d}
	err = d.Admin.ExportAccount(d.Ctx(), h.ID, w)
	if err != nil && !w.begun {
		d.Header().Del("Content-Disposition")
	}
	return err
}

// started takes the desk's writer with the first byte, so that a refusal before it is
// still a page.
type started struct {
	desk  *desk.Desk
	begun bool
}

// Write sends a piece.
func (s *started) Write(b []byte) (int, error) {
	s.begun = true
	w, _ := s.desk.Sub()
	return w.Write(b) //nolint:wrapcheck // the browser's connection
}
