// Package developer is the pages of an account: what it used and paid, its keys, the
// models that it may call, its predictions, batches, requests and limits, its settings.
//
// It shows and acts through the clients of the desk, and through account.Service for
// what belongs to people; it refuses to know how anything is stored, priced or run.
//
// Its invariant: a secret is on a page once, in the answer to the form that made it,
// never in an address or a cookie; and what callers wrote is shown as text.
package developer

import (
	"embed"

	"skytower/internal/account"
	"skytower/internal/console/desk"
	"skytower/internal/console/ui"
)

//go:embed templates/*.html assets/*
var embedded embed.FS

// Options are what the pages work with.
type Options struct {
	Accounts *account.Service
	// Welcome is where a visitor at / is led: the manual, or the sign-in where that is off.
	Welcome string
	// Invite mails an invitation; nil: its link is shown to who invites.
	Invite func(Invitation) error
	Rights Rights
}

// Invitation is what a mail says. The link is Base/invite/Token.
type Invitation struct{ To, Base, Token, By, Account, Role string }

// Pages are the room's pages.
type Pages struct {
	o    Options
	room *ui.Room
}

// New parses the pages.
func New(kit *ui.Kit, o Options) (*Pages, error) {
	room, err := kit.Room("developer", embedded)
	if err != nil {
		return nil, err
	}
	return &Pages{o: o, room: room}, nil
}

// Groups of the menu.
const (
	build = "Build"
	watch = "Watch"
	own   = "Account"
)

// Rows are the pages and acts.
func (p *Pages) Rows() []desk.Row {
	rows := []desk.Row{{Method: "GET", Pattern: "/{$}", Need: desk.Anyone, Label: "Home", Handle: p.home}}
	rows = append(rows, p.buildRows()...)
	rows = append(rows, p.watchRows()...)
	return append(rows, p.ownRows()...)
}

func get(pattern string, handle func(*desk.Desk) error) desk.Row {
	return desk.Row{Method: "GET", Pattern: pattern, Need: desk.Member, Handle: handle}
}

func post(pattern string, handle func(*desk.Desk) error) desk.Row {
	return desk.Row{Method: "POST", Pattern: pattern, Need: desk.Member, Handle: handle}
}

// listed puts a page into the menu.
func listed(row desk.Row, menu, label string) desk.Row {
	row.Menu, row.Label = menu, label
	return row
}

func (p *Pages) buildRows() []desk.Row {
	return []desk.Row{
		listed(get("/models", p.models), build, "Models"), get("/models/{slug...}", p.model),
		listed(get("/keys", p.keys), build, "API keys"), get("/keys/new", p.newKey), post("/keys", p.makeKey), get("/keys/{id}", p.key),
		post("/keys/{id}", p.changeKey), post("/keys/{id}/rotate", p.rotateKey), post("/keys/{id}/revoke", p.revokeKey),
	}
}

func (p *Pages) watchRows() []desk.Row {
	rows := []desk.Row{
		listed(get("/predictions", p.predictions), watch, "Predictions"), get("/predictions/{id}", p.prediction),
		post("/predictions/{id}/cancel", p.cancelPrediction), post("/predictions/{id}/delete", p.deletePrediction),
		post("/predictions/{id}/webhooks/{delivery}/redeliver", p.redeliver),
	}
	return append(append(rows, p.batchRows()...),
		listed(get("/requests", p.requests), watch, "Requests"), get("/requests/{id}", p.request),
		get("/requests/{id}/bodies", p.bodies), post("/requests/{id}/bodies/delete", p.deleteBodies),
		listed(get("/usage", p.usage), watch, "Usage"), get("/usage.csv", p.usageCSV),
	)
}

func (p *Pages) ownRows() []desk.Row {
	return []desk.Row{
		listed(get("/billing", p.billing), own, "Billing"), get("/billing/charges", p.charges), get("/billing/statements/{month}", p.statement),
		get("/billing/statements/{month}/csv", p.statementCSV), post("/billing/topup", p.topUp), get("/billing/paid", p.paid), get("/billing/cancelled", p.notPaid),
		listed(get("/limits", p.limits), own, "Limits"),
		listed(get("/settings", p.settings), own, "Settings"), post("/settings", p.changeSettings), post("/settings/order", p.changeOrder), post("/settings/alerts", p.changeAlerts),
		post("/settings/webhook-secret", p.makeSecret), post("/settings/webhook-secret/remove", p.removeSecret),
		post("/settings/bodies/delete", p.deleteAllBodies),
		get("/settings/export", p.export), post("/settings/close", p.closeAccount),
		listed(get("/members", p.members), own, "Members"), post("/members", p.addMember), post("/members/{id}/invite", p.inviteMember),
		post("/members/{id}/role", p.changeRole), post("/members/{id}/remove", p.removeMember),
	}
}
