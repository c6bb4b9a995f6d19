package skytells

import (
	"context"
	"net/http"
	"time"
)

// Alerts are what the people of an account are told of by mail, and what is so now
// (GET /v1/alerts).
type Alerts struct {
	Balance BalanceAlert `json:"balance"`
	Budget  BudgetAlert  `json:"budget"`
	Mail    bool         `json:"mail" doc:"Whether this server sends mail. Without, alerts are seen here and in the console alone."`
}

// BalanceAlert is about the account's balance.
type BalanceAlert struct {
	On     bool       `json:"on"`
	Level  Amount     `json:"level" doc:"Dollars: told once when the balance falls below; null where it is off."`
	Now    Amount     `json:"now" doc:"The balance."`
	Low    bool       `json:"low" doc:"The balance is below the level now."`
	ToldAt *time.Time `json:"told_at"`
}

// BudgetAlert is about the keys that have a budget.
type BudgetAlert struct {
	On    bool        `json:"on"`
	Level int         `json:"level" doc:"Percent of a key's budget of the month: told once a month when so much is spent, and once when all is. 0 where it is off."`
	Keys  []KeyBudget `json:"keys" doc:"Keys that were used in this month and have a budget."`
}

// KeyBudget is where a key's budget of this month (UTC) stands.
type KeyBudget struct {
	Key     string     `json:"key"`
	Name    string     `json:"name"`
	Budget  Amount     `json:"budget"`
	Spent   Amount     `json:"spent"`
	Percent int        `json:"percent" doc:"Whole percent that is spent, at most 1000."`
	Reached bool       `json:"reached" doc:"The level is reached."`
	ToldAt  *time.Time `json:"told_at"`
}

// AlertsRequest changes levels; a missing field stays.
type AlertsRequest struct {
	Balance *Amount `json:"balance,omitempty" doc:"Dollars; -1 turns it off."`
	Budget  *int    `json:"budget,omitempty" doc:"Percent from 1 to 100; 0 turns it off."`
}

// OwnAlerts reads what the API key's account is told of.
func (c *Client) OwnAlerts(ctx context.Context) (Alerts, error) {
	return call[Alerts](ctx, c, http.MethodGet, "/v1/alerts", nil)
}

// SetOwnAlerts changes what the API key's account is told of.
func (c *Client) SetOwnAlerts(ctx context.Context, r AlertsRequest) (Alerts, error) {
	return call[Alerts](ctx, c, http.MethodPut, "/v1/alerts", r)
}

// SetupLink is where the first operator sets up the console, once.
type SetupLink struct {
	URL       string    `json:"url"`
	ExpiresAt time.Time `json:"expires_at"`
}

// MakeSetupLink makes a new link in place of an older one, as long as no operator has
// signed in to the console.
func (c *Client) MakeSetupLink(ctx context.Context) (SetupLink, error) {
	return call[SetupLink](ctx, c, http.MethodPost, "/admin/v1/setup-link", nil)
}
