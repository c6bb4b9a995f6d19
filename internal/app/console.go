package app

import (
	"context"
	"fmt"
	"net/http"

	"skytower/docs"
	"skytower/internal/api"
	"skytower/internal/console"
	"skytower/internal/console/desk"
	"skytower/internal/console/developer"
	"skytower/internal/console/door"
	"skytower/internal/console/operator"
	"skytower/internal/feedback"
	"skytower/internal/httpx"
	"skytower/internal/mail"
	"skytower/internal/secret"
)

// describe makes the OpenAPI documents of the rows, for everybody and for operators.
func (a *App) describe(rows []api.Route) func() (public, operators []byte, err error) {
	return func() (public, operators []byte, err error) {
		if public, err = api.Document(rows, a.opts.Version); err != nil {
			return nil, nil, fmt.Errorf("make the OpenAPI document: %w", err)
		}
		if operators, err = api.OperatorDocument(rows, a.opts.Version); err != nil {
			return nil, nil, fmt.Errorf("make the document of operators' routes: %w", err)
		}
		return public, operators, nil
	}
}

// makeConsole makes the pages. Inside is where they call the API, which is made after
// them.
func (a *App) makeConsole(server *httpx.Server, inside *api.Inside, rows []api.Route) (http.Handler, error) {
	keys, err := a.signer(secret.Sessions)
	if err != nil {
		return nil, err
	}
	forOperators, err := a.operatorPages()
	if err != nil {
		return nil, err
	}
	pages, err := console.New(console.Options{
		Desk: desk.Options{Server: server, People: a.accounts, Clients: inside, Public: a.cfg.PublicURL, Files: textOf(a.cfg.Predictions.FilesURL), Keys: keys},
		Door: door.Options{
			People: a.accounts, SignUp: a.cfg.Console.SignUp, Mail: a.mail, Print: a.print,
			Provider: a.provider(), ProviderName: a.cfg.Console.OpenIDName, Domains: a.cfg.Console.OpenIDDomains,
		},
		Developer: a.developerPages(),
		Operator:  forOperators,
		Manual:    docs.Pages, Describe: a.describe(rows), Votes: a.votes, Public: a.cfg.Docs == "public",
	})
	if err != nil {
		return nil, fmt.Errorf("make the console: %w", err)
	}
	return pages, nil
}

// developerPages are what the pages of an account work with.
func (a *App) developerPages() developer.Options {
	o := developer.Options{Accounts: a.accounts, Rights: a.keys.Absent}
	if a.mail.On() {
		o.Invite = func(i developer.Invitation) error {
			return a.mail.Send(mail.Invitation(i.To, i.Base, i.Token, i.By, i.Account, i.Role))
		}
	}
	return o
}

// operatorPages are what operators' pages work with.
func (a *App) operatorPages() (operator.Options, error) {
	queues, err := a.riverUI(operator.QueuesPath)
	if err != nil {
		return operator.Options{}, err
	}
	o := operator.Options{Queues: queues, Tiers: a.tiers.Names(), LongestBodies: a.accounts.LongestBodies()}
	if a.mail.On() {
		o.Invite = func(i operator.Invitation) error {
			return a.mail.Send(mail.Invitation(i.To, i.Base, i.Token, i.By, i.Account, i.Role))
		}
	}
	return o, nil
}

// makeVotes makes what keeps readers' votes. Its digests and the tokens of forms come
// from one key, for different uses.
func (a *App) makeVotes(context.Context) error {
	voters, err := a.signer(secret.Sessions)
	if err != nil {
		return err
	}
	a.votes = feedback.New(feedback.Options{DB: a.db, Voters: voters})
	return nil
}
