// Package operator is the pages of those who run the server: accounts, models and
// prices, providers and targets, queues, the ledger, the audit trail and the system.
//
// It shows and acts through the operator's client of the desk, so that whatever a page
// can do, the admin API can, with the same authority and the same audit rows. It refuses
// to know how anything is stored, priced or run.
//
// Its invariant: a secret is on a page once, in the answer to the form that made it, and
// a provider's credential never.
package operator

import (
	"embed"
	"net/http"

	"skytower/internal/console/desk"
	"skytower/internal/console/ui"
)

//go:embed templates/*.html assets/*
var embedded embed.FS

// Options are what the pages work with.
type Options struct {
	// Queues shows the job queue, read-only, under QueuesPath; nil: there is none.
	Queues http.Handler
	// Invite mails an invitation; nil: its link is shown to who invites.
	Invite func(Invitation) error
	// Tiers are the names of the tiers, "" where they are off.
	Tiers []string
	// LongestBodies is the longest that bodies of requests may be kept; "": none may be.
	LongestBodies string
}

// Invitation is what a mail with a link needs. An operator's has no account.
type Invitation struct{ To, Base, Token, By, Account, Role string }

// QueuesPath is where the job queue's own pages are mounted.
const QueuesPath = "/operator/queues/"

// Pages are the room's pages.
type Pages struct {
	o    Options
	room *ui.Room
	last lastChecks // what the doctor found
}

// New parses the pages.
func New(kit *ui.Kit, o Options) (*Pages, error) {
	room, err := kit.Room("operator", embedded)
	if err != nil {
		return nil, err
	}
	return &Pages{o: o, room: room}, nil
}

// menu is the title of the room's group of links.
const menu = "Operate"

// Rows are the pages and acts.
func (p *Pages) Rows() []desk.Row {
	rows := []desk.Row{listed(get("/operator", p.overview), "Overview")}
	rows = append(rows, p.accountRows()...)
	rows = append(rows, p.catalogRows()...)
	rows = append(rows, p.workRows()...)
	return append(rows, p.systemRows()...)
}

func get(pattern string, handle func(*desk.Desk) error) desk.Row {
	return desk.Row{Method: "GET", Pattern: pattern, Need: desk.Operator, Handle: handle}
}

func post(pattern string, handle func(*desk.Desk) error) desk.Row {
	return desk.Row{Method: "POST", Pattern: pattern, Need: desk.Operator, Handle: handle}
}

// looks marks an act that changes nothing, which auditors may do as well.
func looks(row desk.Row) desk.Row {
	row.Looks = true
	return row
}

// listed puts a page into the menu.
func listed(row desk.Row, label string) desk.Row {
	row.Menu, row.Label = menu, label
	return row
}

func (p *Pages) accountRows() []desk.Row {
	return []desk.Row{
		listed(get("/operator/accounts", p.accounts), "Accounts"), get("/operator/accounts/new", p.newAccount), post("/operator/accounts", p.makeAccount),
		get("/operator/accounts/{id}", p.account), post("/operator/accounts/{id}", p.changeAccount),
		post("/operator/accounts/{id}/suspend", p.suspend), post("/operator/accounts/{id}/resume", p.resume),
		get("/operator/accounts/{id}/export", p.export), post("/operator/accounts/{id}/close", p.closeAccount),
		get("/operator/accounts/{id}/money", p.money), post("/operator/accounts/{id}/credit", p.giveCredit), post("/operator/accounts/{id}/terms", p.setTerms),
		get("/operator/accounts/{id}/keys", p.keys), post("/operator/accounts/{id}/keys", p.makeKey),
		post("/operator/accounts/{id}/keys/{key}/rotate", p.rotateKey), post("/operator/accounts/{id}/keys/{key}/revoke", p.revokeKey),
		get("/operator/accounts/{id}/members", p.members), post("/operator/accounts/{id}/members", p.addMember),
		post("/operator/accounts/{id}/members/{member}/invite", p.inviteMember), post("/operator/accounts/{id}/members/{member}/role", p.changeRole),
		post("/operator/accounts/{id}/members/{member}/remove", p.removeMember),
		get("/operator/accounts/{id}/limits", p.limits), post("/operator/accounts/{id}/limits", p.setLimit), post("/operator/accounts/{id}/limits/{limit}/delete", p.deleteLimit),
	}
}

func (p *Pages) catalogRows() []desk.Row {
	return []desk.Row{
		listed(get("/operator/models", p.models), "Models and prices"), post("/operator/models", p.makeModel),
		get("/operator/models/{slug...}", p.model), post("/operator/models/{slug...}", p.changeModel),
		listed(get("/operator/routers", p.routers), "Routers"), looks(post("/operator/routers", p.explain)),
		listed(get("/operator/providers", p.providers), "Providers"), post("/operator/providers", p.makeProvider),
		get("/operator/providers/{name}", p.provider), post("/operator/providers/{name}", p.changeProvider),
		post("/operator/providers/{name}/test", p.testProvider), post("/operator/providers/{name}/remove", p.removeProvider),
		listed(get("/operator/guards", p.guards), "Guards"), get("/operator/guards/{name}", p.guard),
		get("/operator/import", p.showImport), post("/operator/import", p.importModels),
		listed(get("/operator/targets", p.targets), "Targets"), post("/operator/targets/test", p.testTarget),
	}
}

func (p *Pages) workRows() []desk.Row {
	rows := []desk.Row{
		listed(get("/operator/predictions", p.predictions), "Predictions"), get("/operator/predictions/{id}", p.prediction),
		post("/operator/predictions/{id}/cancel", p.cancelPrediction), post("/operator/predictions/{id}/retry", p.retryPrediction),
		post("/operator/predictions/{id}/webhooks/{delivery}/redeliver", p.redeliver),
		listed(get("/operator/requests", p.requests), "Requests"), get("/operator/requests/{id}", p.request),
	}
	if p.o.Queues == nil {
		return rows
	}
	rows = append(rows, listed(get(QueuesPath, p.queues), "Queues"))
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE"} {
		row := desk.Row{Method: method, Pattern: QueuesPath, Need: desk.Operator, Handle: p.queues}
		row.Looks, row.Bare = true, true // nothing is changed: the handler answers with a sentence
		rows = append(rows, row)
	}
	return rows
}

func (p *Pages) systemRows() []desk.Row {
	return []desk.Row{
		listed(get("/operator/ledger", p.ledger), "Ledger"),
		listed(get("/operator/audit", p.audit), "Audit trail"),
		listed(get("/operator/people", p.people), "Operators"), post("/operator/people", p.inviteOperator),
		post("/operator/people/{id}/invite", p.inviteOperatorAgain), post("/operator/people/{id}/revoke", p.revokeOperator),
		listed(get("/operator/feedback", p.feedback), "Readers' votes"),
		listed(get("/operator/settings", p.settings), "Settings"), post("/operator/settings", p.changeSettings),
		listed(get("/operator/system", p.system), "System"), get("/operator/checks", p.checks),
	}
}
