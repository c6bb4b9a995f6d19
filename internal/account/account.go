// Package account is who may call this server: accounts, the API keys that belong
// to them, and the operators of the instance with keys of their own.
//
// It turns a raw key into a Principal or an Operator (Index) and keeps the rows
// behind them (Service). It refuses to know HTTP, models, money and limits: other
// rooms meet an account as a string.
//
// Its invariants: no table and no memory of this room holds a raw key, only its
// SHA-256 and a masked form, so a key is shown once, by the call that made it; and
// no account key can ever be read as an operator, nor the other way round, since
// the two live in different tables and carry different prefixes.
package account

import (
	"errors"
	"time"

	"skytower/internal/fault"
	"skytower/internal/money"
)

// Principal is who is calling on /v1. It is passed as an argument, never in a
// context, so that authority shows in a signature.
type Principal struct {
	Account string // acct_…
	Key     string // key_…: the key's id, not the key
	Scopes  Scopes
	Tier    string // name of the account's tier
	// Models are the slugs that the key may use; nil: all. It is not to be changed.
	Models []string
	// Budget is what the key may spend in a calendar month (UTC), where Budgeted is set.
	Budget   money.Nanos
	Budgeted bool
	// KeepBodies is how long the account has the bodies of its requests kept; 0: none are.
	KeepBodies time.Duration
}

// Require returns FORBIDDEN unless the principal has every scope of need.
func (p Principal) Require(need Scopes) error {
	if p.Scopes.Has(need) {
		return nil
	}
	return &fault.Error{ID: fault.Forbidden,
		Message: "This API key lacks the scope " + (need &^ p.Scopes).String() + ".",
		Details: "Use a key that has the scope."}
}

// Role is what an operator may do.
type Role string

// The roles. An auditor reads everything and changes nothing.
const (
	RoleOperator Role = "operator"
	RoleAuditor  Role = "auditor"
)

// Operator is who is calling on the admin API.
type Operator struct {
	ID   string // opr_…
	Key  string // opk_…: the key's id, not the key
	Role Role
}

// System is the server itself, for acts that no request asked for (the first
// start, a maintenance command). It has no key, so nobody can sign in as it.
func System() Operator { return Operator{ID: "system", Role: RoleOperator} }

// MayChange returns FORBIDDEN unless the role allows changes.
func (o Operator) MayChange() error {
	if o.Role == RoleOperator {
		return nil
	}
	return &fault.Error{ID: fault.Forbidden, Message: "An auditor may read but not change anything.",
		Details: "Use the key of an operator."}
}

// Why a key was refused: for the log and for tests. The client is told one
// sentence for all of them, so that it can't probe which keys exist.
var (
	errMalformed = errors.New("key is missing or malformed")
	errUnknown   = errors.New("key is unknown or revoked")
	errExpired   = errors.New("key is expired")
)

var errNotStarted = errors.New("the change feed has not started")

// refused is the 401 of contract section 3.
func refused(cause error) error {
	return &fault.Error{ID: fault.Unauthorized, Message: "Invalid or missing API key",
		Brief: "Invalid API key", Details: "Invalid API key", Err: cause}
}

func suspended() error {
	return &fault.Error{ID: fault.AccountSuspended, Message: "This account is suspended.",
		Details: "Ask the operator of this server."}
}

// elsewhere does not say where the key may be used: it may be in the wrong hands.
func elsewhere() error {
	return &fault.Error{ID: fault.Forbidden, Message: "This API key may not be used from this address.",
		Details: "Ask whoever made the key."}
}

// unavailable is the answer where a key can't be judged: never a 401, since clients
// throw a key away on 401 and retry on 503.
func unavailable(cause error) error {
	return &fault.Error{ID: fault.ServiceUnavailable, Message: "API keys cannot be checked right now.",
		Details: "Try again in a few seconds.", RetryAfter: retryAfter, Err: cause}
}

const retryAfter = 5 * time.Second
