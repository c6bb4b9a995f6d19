package developer

import (
	"strconv"
	"strings"
	"time"

	"skytower/internal/account"
	"skytower/internal/console/desk"
	"skytower/internal/console/ui"
	"skytower/internal/skytells"
)

type settingsView struct {
	Account                      skytells.Account
	Name, Retention, Concurrency string // as typed
	Keep                         string // likewise
	Bodies                       *skytells.KeptBodies
	RetentionWords               string
	Owner, MayPay, MayExport     bool
	Order                        string
	Orders                       []ui.Choice
	Alerts                       *alertForm // nil: the role does not see them
}

// settings shows what the account decides for itself.
func (p *Pages) settings(d *desk.Desk) error {
	own, err := p.o.Accounts.SeatSettings(d.Ctx(), d.Seat)
	if err != nil {
		return p.refused(d, "Settings", err)
	}
	v := settingsView{Account: own, Name: own.Name, Retention: own.Retention, Keep: own.KeepBodies}
	if own.Concurrency > 0 {
		v.Concurrency = strconv.Itoa(own.Concurrency)
	}
	return p.showSettings(d, v)
}

func (p *Pages) showSettings(d *desk.Desk, v settingsView) error {
	v.Owner, v.MayPay, v.MayExport = owns(d), does(d, account.BillingWrite), d.Seat.Role == account.RoleOwner
	v.RetentionWords = retentionWords(v.Account.Retention)
	if sees(d, account.BillingRead) {
		b, err := d.V1.MyBalance(d.Ctx())
		if err != nil {
			return err
		}
		v.Order = strings.Join(b.DrawOrder, " ")
		for _, order := range [][]string{
			{"sponsored", "deposited", "payg"}, {"deposited", "sponsored", "payg"}, {"sponsored", "payg", "deposited"},
			{"deposited", "payg", "sponsored"}, {"payg", "sponsored", "deposited"}, {"payg", "deposited", "sponsored"},
		} {
			v.Orders = append(v.Orders, ui.Choice{Value: strings.Join(order, " "), Label: orderWords(order)})
		}
	}
	var err error
	if v.Bodies, err = keptBodies(d); err != nil {
		return err
	}
	if v.Alerts, err = alertLevels(d); err != nil {
		return err
	}
	return p.show(d, "settings", "Settings", v)
}

// retentionWords is how long results are kept.
func retentionWords(text string) string {
	switch text {
	case "":
		return "as long as this server keeps them by default"
	case "0", "0s":
		return "until they are deleted"
	}
	if age, err := time.ParseDuration(text); err == nil {
		return "for " + ui.Duration(age)
	}
	return "for " + text
}

func (p *Pages) changeSettings(d *desk.Desk) error {
	own, err := p.o.Accounts.SeatSettings(d.Ctx(), d.Seat)
	if err != nil {
		return err
	}
	v := settingsView{Account: own, Name: strings.TrimSpace(d.Value("name")), Retention: strings.TrimSpace(d.Value("retention")), Concurrency: strings.TrimSpace(d.Value("concurrency")), Keep: strings.TrimSpace(d.Value("keep_bodies"))}
	r := skytells.AccountRequest{Name: v.Name}
	if v.Retention != own.Retention {
		r.Retention = &v.Retention
	}
	if v.Keep != own.KeepBodies {
		r.KeepBodies = &v.Keep
	}
	runs := 0
	if v.Concurrency != "" {
		if runs, err = strconv.Atoi(v.Concurrency); err != nil {
			d.Note("bad", "How many predictions run at the same time must be a whole number.")
			return p.showSettings(d, v)
		}
	}
	if runs != own.Concurrency {
		r.Concurrency = &runs
	}
	if _, err := p.o.Accounts.ChangeSeatSettings(d.Ctx(), d.Seat, r); err != nil {
		if err := d.Say(err); err != nil {
			return err
		}
		return p.showSettings(d, v)
	}
	d.Note("good", "The settings are kept.")
	return d.Redirect("/settings")
}

func (p *Pages) changeOrder(d *desk.Desk) error {
	if _, err := d.V1.SetDrawOrder(d.Ctx(), strings.Fields(d.Value("order"))); err != nil {
		return p.sayAt(d, err, "/settings")
	}
	d.Note("good", "Credit is taken in this order from now on.")
	return d.Redirect("/settings")
}

// makeSecret makes the secret of webhooks and shows it, this once.
func (p *Pages) makeSecret(d *desk.Desk) error {
	made, err := p.o.Accounts.MakeSeatWebhookSecret(d.Ctx(), d.Seat)
	if err != nil {
		return p.sayAt(d, err, "/settings")
	}
	return p.show(d, "webhooksecret", "Your new webhook secret", made)
}

func (p *Pages) removeSecret(d *desk.Desk) error {
	if _, err := p.o.Accounts.RemoveSeatWebhookSecret(d.Ctx(), d.Seat); err != nil {
		return p.sayAt(d, err, "/settings")
	}
	d.Note("good", "The secret is gone. Webhooks are signed with the API key that made the prediction.")
	return d.Redirect("/settings")
}

// export sends all that is kept about the account, as a zip.
func (p *Pages) export(d *desk.Desk) error {
	d.Protect()
	w, _ := d.Sub()
	out := &started{header: func() {
		w.Header().Set("Content-Type", "application/zip")
		w.Header().Set("Content-Disposition", `attachment; filename="account-`+d.Seat.Account+`.zip"`)
	}, to: w}
	err := d.V1.ExportOwnAccount(d.Ctx(), out)
	if err == nil || out.begun {
		return err
	}
	return p.refused(d, "Export", err)
}

// started sets the header at the first byte, so that a refusal can still be a page.
type started struct {
	header func()
	to     interface{ Write([]byte) (int, error) }
	begun  bool
}

// Write implements io.Writer.
func (s *started) Write(b []byte) (int, error) {
	if !s.begun {
		s.begun = true
		s.header()
	}
	return s.to.Write(b)
}

// closeAccount ends the account for good, once its name was typed.
func (p *Pages) closeAccount(d *desk.Desk) error {
	if strings.TrimSpace(d.Value("name")) != d.Seat.AccountName {
		d.Note("bad", "Nothing was deleted: type the account's name, "+d.Seat.AccountName+", to delete it.")
		return d.Redirect("/settings#close")
	}
	if err := p.o.Accounts.CloseSeatAccount(d.Ctx(), d.Seat); err != nil {
		return p.sayAt(d, err, "/settings#close")
	}
	d.Note("good", "The account is deleted. Its charges stay in the operator's books.")
	return d.Redirect("/me")
}
