package account

import (
	"time"

	"skytower/internal/fault"
)

// Person is somebody who signs in to the console. One person may have seats in several
// accounts and be an operator as well.
type Person struct {
	ID        string // per_…
	Email     string // in lower case
	Name      string
	Checked   bool // the e-mail was proved to be theirs
	Password  bool // has one; otherwise signs in at an OpenID provider
	CreatedAt time.Time
}

// Seat is a person's place in an account.
type Seat struct {
	Account     string // acct_…
	AccountName string
	Member      string // mem_…; "": an operator looks at the account, read-only
	Role        MemberRole
	Suspended   bool // the account is
}

// Visitor is who a session belongs to, and what they may do right now.
type Visitor struct {
	Session  string // ses_…: the session's id, not its token
	Person   Person
	Seats    []Seat   // by the age of the membership
	Operator Operator // zero: none
	Viewing  *Seat    // the account that an operator or auditor looks at, read-only; nil: none
}

// Seat is the visitor's seat in an account; "" means the first one. An account that is
// looked at counts, with RoleViewer, and comes first.
func (v Visitor) Seat(account string) (Seat, bool) {
	if v.Viewing != nil && (account == "" || account == v.Viewing.Account) {
		return *v.Viewing, true
	}
	for _, seat := range v.Seats {
		if account == "" || seat.Account == account {
			return seat, true
		}
	}
	return Seat{}, false
}

// Where is where a request came from: the caller's address without a port, and the
// User-Agent. An empty address is not throttled by address.
type Where struct{ Address, Agent string }

// Session is a signed-in browser.
type Session struct {
	ID string // ses_…
	Where
	CreatedAt, SeenAt, ExpiresAt time.Time // SeenAt to a few minutes
}

// PersonRequest is what a person tells of themselves.
type PersonRequest struct{ Name, Email, Password string }

// Identity is what an OpenID provider says of somebody who signed in there.
type Identity struct {
	Issuer, Subject, Email, Name string
	Checked                      bool // the provider vouches for the e-mail
}

// Invite is an invitation as it is shown before it is accepted.
type Invite struct {
	By          string // name of who invites, "" where it is not known
	Account     string // of a seat; "" for an operator
	AccountName string
	Role        MemberRole // of the seat
	Operator    Role       // "" for a seat
	Email, Name string     // of whom is invited
	Known       bool       // somebody with this e-mail has signed in before: they sign in and accept
	ExpiresAt   time.Time
}

// linkGone is the answer to a link that is unknown, used, expired or of another kind: one
// sentence for all, so that nothing can be learned by trying.
func linkGone() error {
	return &fault.Error{ID: fault.InvalidParameter, Status: 404, Param: "token",
		Message: "This link is not valid any more.", Details: "Links work once and for a limited time: ask for a new one."}
}
