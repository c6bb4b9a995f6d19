package developer

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"skytower/internal/account"
	"skytower/internal/console/desk"
	"skytower/internal/console/ui"
	"skytower/internal/skytells"
)

// alerts are what the account is told of; nil where the role does not see them.
func alerts(d *desk.Desk) (*skytells.Alerts, error) {
	if !sees(d, account.BillingRead) {
		return nil, nil
	}
	a, err := d.V1.OwnAlerts(d.Ctx())
	var no *skytells.APIError
	if errors.As(err, &no) && no.Status < 500 {
		return nil, nil
	}
	return &a, err
}

// alertWords are what is so now, in sentences.
func alertWords(d *desk.Desk) ([]string, error) {
	a, err := alerts(d)
	if a == nil || err != nil {
		return nil, err
	}
	var out []string
	if a.Balance.Low {
		out = append(out, fmt.Sprintf("The balance is %s, below %s. When it is used up, calls are refused.", ui.Money(a.Balance.Now), ui.Money(a.Balance.Level)))
	}
	for _, k := range a.Budget.Keys {
		switch {
		case k.Percent >= 100:
			out = append(out, fmt.Sprintf("The key %s has spent its budget of %s for this month: its calls are refused.", k.Name, ui.Money(k.Budget)))
		case k.Reached:
			out = append(out, fmt.Sprintf("The key %s has spent %d %% of its budget of %s for this month.", k.Name, k.Percent, ui.Money(k.Budget)))
		}
	}
	return out, nil
}

// alertForm is at which levels people are told.
type alertForm struct {
	Level, Percent string // "": never
	Mail           bool
}

func alertLevels(d *desk.Desk) (*alertForm, error) {
	a, err := alerts(d)
	if a == nil || err != nil {
		return nil, err
	}
	f := &alertForm{Mail: a.Mail}
	if a.Balance.On {
		f.Level = string(a.Balance.Level)
	}
	if a.Budget.On {
		f.Percent = strconv.Itoa(a.Budget.Level)
	}
	return f, nil
}

func (p *Pages) changeAlerts(d *desk.Desk) error {
	level := dollars(d.Value("balance"))
	if level == "" {
		level = "-1"
	}
	percent := 0
	if text := strings.TrimSpace(d.Value("budget")); text != "" {
		var err error
		if percent, err = strconv.Atoi(text); err != nil {
			d.Note("bad", "The percent of a budget must be a whole number.")
			return d.Redirect("/settings#alerts")
		}
	}
	if _, err := d.V1.SetOwnAlerts(d.Ctx(), skytells.AlertsRequest{Balance: &level, Budget: &percent}); err != nil {
		return p.sayAt(d, err, "/settings#alerts")
	}
	d.Note("good", "The alerts are kept.")
	return d.Redirect("/settings#alerts")
}
