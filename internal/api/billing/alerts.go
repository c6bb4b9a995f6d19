package billing

import (
	"context"
	"net/http"
	"time"

	"skytower/internal/account"
	"skytower/internal/api"
	"skytower/internal/fault"
	"skytower/internal/httpx"
	"skytower/internal/ledger"
	"skytower/internal/money"
	"skytower/internal/skytells"
)

// Alerts are what accounts are told of.
type Alerts interface {
	Alerts(ctx context.Context, account string) (account.Alerts, error)
	SetAlerts(ctx context.Context, by account.Operator, account string, balance *money.Nanos, budget *int) error
}

// Standings are where accounts and their keys stand.
type Standings interface {
	Balance(ctx context.Context, account string) (ledger.Balance, error)
	KeyStandings(ctx context.Context, keys []string) ([]ledger.Standing, error)
}

// AlertHandlers holds what the routes about alerts need.
type AlertHandlers struct {
	Alerts    Alerts
	Standings Standings
	Mail      bool // the server sends mail
}

// maxAlertBody bounds the request, in bytes.
const maxAlertBody = 4 << 10

// Rows are the routes.
func (h *AlertHandlers) Rows() []api.Route {
	rows := []api.Route{
		{Method: http.MethodGet, Pattern: "/v1/alerts", Poll: true, ID: "getAlerts", Summary: "Get what the account is told of", Scope: account.BillingRead,
			Description: "Owners and billing members with a confirmed email get a mail when the balance falls below the level, and when a key has spent the level of its budget of the month, or all of it: once each. Where the account chose nothing the levels are 5 dollars and 80 percent.",
			Response:    skytells.Alerts{}, Key: h.get},
		{Method: http.MethodPut, Pattern: "/v1/alerts", ID: "setAlerts", Summary: "Set what the account is told of", Scope: account.BillingWrite,
			Request: skytells.AlertsRequest{}, Response: skytells.Alerts{}, Example: `{"balance": 20, "budget": 90}`, Key: h.set},
	}
	for i := range rows {
		rows[i].Surface, rows[i].Tag = api.REST, "Billing"
		rows[i].Errors = []fault.ID{
			fault.Unauthorized, fault.AccountSuspended, fault.Forbidden, fault.InvalidParameter, fault.RateLimitExceeded, fault.InternalError, fault.ServiceUnavailable,
		}
	}
	return rows
}

func (h *AlertHandlers) get(c *httpx.Call, who account.Principal) error {
	set, err := h.Alerts.Alerts(c.Request.Context(), who.Account)
	if err != nil {
		return err
	}
	balance, err := h.Standings.Balance(c.Request.Context(), who.Account)
	if err != nil {
		return err
	}
	keys := make([]string, len(set.Keys))
	for i, k := range set.Keys {
		keys[i] = k.ID
	}
	standings, err := h.Standings.KeyStandings(c.Request.Context(), keys)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, h.wire(set, balance.Balance, standings))
}

func (h *AlertHandlers) wire(set account.Alerts, balance money.Nanos, standings []ledger.Standing) skytells.Alerts {
	out := skytells.Alerts{Mail: h.Mail, Balance: skytells.BalanceAlert{On: set.Balance >= 0, Now: amount(balance), ToldAt: told(set.Told)},
		Budget: skytells.BudgetAlert{On: set.Budget > 0, Level: max(0, set.Budget), Keys: []skytells.KeyBudget{}}}
	if set.Balance >= 0 {
		out.Balance.Level, out.Balance.Low = amount(set.Balance), balance < set.Balance
	}
	stands := make(map[string]ledger.Standing, len(standings))
	for _, s := range standings {
		stands[s.Key] = s
	}
	for _, k := range set.Keys {
		s, ok := stands[k.ID]
		if !ok {
			continue
		}
		out.Budget.Keys = append(out.Budget.Keys, skytells.KeyBudget{Key: k.ID, Name: k.Name, Budget: amount(s.Budget), Spent: amount(s.Budget - s.Balance),
			Percent: s.Percent(), Reached: out.Budget.On && s.Percent() >= out.Budget.Level, ToldAt: told(k.Told)})
	}
	return out
}

func amount(n money.Nanos) skytells.Amount { return skytells.Amount(n.String()) }

func told(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	at = at.UTC()
	return &at
}

func (h *AlertHandlers) set(c *httpx.Call, who account.Principal) error {
	var r skytells.AlertsRequest
	if err := c.Decode(maxAlertBody, &r); err != nil {
		return err
	}
	var balance *money.Nanos
	if r.Balance != nil {
		level, err := money.Parse(string(*r.Balance))
		if err != nil {
			return fault.Invalid("balance", "'balance' must be dollars, such as 20, or -1 for no alert.")
		}
		balance = &level
	}
	if r.Budget != nil {
		if *r.Budget < 0 || *r.Budget > 100 {
			return fault.Invalid("budget", "'budget' must be a percentage from 1 to 100, or 0 for no alert.")
		}
		if *r.Budget == 0 {
			never := -1
			r.Budget = &never
		}
	}
	by := account.Operator{ID: who.Key}
	if by.ID == "" {
		by.ID = who.Account // a member, in the console
	}
	if err := h.Alerts.SetAlerts(c.Request.Context(), by, who.Account, balance, r.Budget); err != nil {
		return err
	}
	return h.get(c, who)
}
