// Package admin holds the rows of /admin/v1: what operators do to an instance.
// Operator keys only; an auditor's key may read. Errors are in the REST envelope.
package admin

import (
	"context"
	"net/http"

	"skytower/internal/account"
	"skytower/internal/api"
	"skytower/internal/catalog"
	"skytower/internal/fault"
	"skytower/internal/httpx"
	"skytower/internal/provider"
	"skytower/internal/skytells"
)

// maxBody bounds the bodies of this surface; a resource file is the largest.
const maxBody = 4 << 20

// Accounts is the part of the account room that the routes use.
type Accounts interface {
	CreateAccount(context.Context, account.Operator, skytells.AccountRequest) (skytells.Account, error)
	Account(ctx context.Context, id string) (skytells.Account, error)
	Accounts(context.Context, account.Page) ([]skytells.Account, error)
	FindAccounts(ctx context.Context, text string, p account.Page) ([]skytells.Account, error)
	UpdateAccount(ctx context.Context, by account.Operator, id string, r skytells.AccountRequest) (skytells.Account, error)
	MakeWebhookSecret(ctx context.Context, by account.Operator, id string) (skytells.WebhookSecret, error)
	RemoveWebhookSecret(ctx context.Context, by account.Operator, id string) (skytells.WebhookSecret, error)
	Suspend(ctx context.Context, by account.Operator, id, reason string) (skytells.Account, error)
	Resume(ctx context.Context, by account.Operator, id string) (skytells.Account, error)
	CreateKey(context.Context, account.Operator, skytells.KeyRequest) (skytells.Key, error)
	Key(ctx context.Context, id string) (skytells.Key, error)
	Keys(ctx context.Context, account string, p account.Page) ([]skytells.Key, error)
	UpdateKey(ctx context.Context, by account.Operator, id string, c skytells.KeyChange) (skytells.Key, error)
	RotateKey(ctx context.Context, by account.Operator, id string, r skytells.RotateRequest) (skytells.Key, error)
	RevokeKey(ctx context.Context, by account.Operator, id string) (skytells.Key, error)

	CreateMember(ctx context.Context, by account.Operator, account string, r skytells.MemberRequest) (skytells.Member, error)
	Member(ctx context.Context, id string) (skytells.Member, error)
	Members(ctx context.Context, account string, p account.Page) ([]skytells.Member, error)
	UpdateMember(ctx context.Context, by account.Operator, id string, r skytells.MemberRequest) (skytells.Member, error)
	RemoveMember(ctx context.Context, by account.Operator, id string) (skytells.Member, error)

	Invite(ctx context.Context, by account.Operator, member string) (token string, _ skytells.Member, err error)
	Operators(context.Context) ([]account.OperatorInfo, error)
	InviteOperator(ctx context.Context, by account.Operator, email, name string, role account.Role) (token string, err error)
	InviteOperatorAgain(ctx context.Context, by account.Operator, operator, email string) (token string, err error)
	RevokeOperator(ctx context.Context, by account.Operator, id string) error
	CloseAccount(ctx context.Context, by account.Operator, account string) error

	Audit(context.Context, account.AuditQuery) ([]skytells.AuditEntry, error)
}

// Catalog is the part of the catalogue that the routes use.
type Catalog interface {
	Apply(ctx context.Context, r skytells.ApplyRequest, actor string) (skytells.ApplyResult, error)
	Import(ctx context.Context, provider string, listed []catalog.Listed, r skytells.ImportRequest, actor string) (skytells.ImportResult, error)
	Providers(context.Context) ([]skytells.ProviderSpec, error)
	PutProvider(ctx context.Context, p skytells.ProviderSpec, actor string) (skytells.ProviderSpec, error)
	DeleteProvider(ctx context.Context, name, actor string) error
	Models(context.Context) ([]skytells.ModelSpec, error)
	PutModel(ctx context.Context, m skytells.ModelSpec, actor string) (skytells.ModelSpec, error)
	DeleteModel(ctx context.Context, slug, actor string) error
	Prices(ctx context.Context, model string) ([]skytells.PriceVersion, error)
	Settings(context.Context) (skytells.Settings, error)
	SetSettings(ctx context.Context, s skytells.Settings, actor string) (skytells.Settings, error)
}

// Lister asks a provider for its models: for those of the given names, where it has more
// than it would list, else for all.
type Lister interface {
	List(ctx context.Context, provider string, names []string) ([]provider.Listed, error)
}

// Handlers holds what the routes need.
type Handlers struct {
	Accounts Accounts
	Catalog  Catalog
	Lister   Lister

	Explainer Explainer
	Targets   Targets

	// Sync waits until this process has seen its own change, so that the next call
	// to it finds what an operator has just made.
	Sync func(context.Context) error
}

// Rows are the routes of the surface.
func (h *Handlers) Rows() []api.Route {
	rows := append(h.accountRows(), h.memberRows()...)
	rows = append(rows, h.peopleRows()...)
	rows = append(rows, h.auditRows()...)
	rows = append(rows, h.routerRows()...)
	return dress(append(rows, h.catalogRows()...))
}

// dress gives the rows what all rows of the surface have.
func dress(rows []api.Route) []api.Route {
	for i := range rows {
		rows[i].Surface, rows[i].Tag = api.Admin, "Administration"
		rows[i].Errors = append([]fault.ID{
			fault.Unauthorized, fault.Forbidden, fault.InvalidRequest, fault.InvalidParameter, fault.InternalError, fault.ServiceUnavailable,
		}, rows[i].Errors...)
	}
	return rows
}

// answer waits until the change is in force here and sends v.
func (h *Handlers) answer(c *httpx.Call, v any, err error) error { return answer(c, h.Sync, v, err) }

// answer waits, after an act that succeeded, until this process has taken it over.
func answer(c *httpx.Call, sync func(context.Context) error, v any, err error) error {
	if err != nil {
		return err
	}
	if err := sync(c.Request.Context()); err != nil {
		return fault.Wrap(err, fault.ServiceUnavailable, "The change is stored, but this server has not taken it over yet.")
	}
	return c.JSON(http.StatusOK, v)
}

// list sends a list as the contract's lists are sent.
func list[T any](c *httpx.Call, items []T, err error) error {
	if err != nil {
		return err
	}
	if items == nil {
		items = []T{}
	}
	return c.JSON(http.StatusOK, skytells.List[T]{Data: items})
}
