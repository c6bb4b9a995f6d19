package account

import (
	"fmt"
	"strings"

	"skytower/internal/fault"
)

// MemberRole is what a person of an account may let API keys do.
type MemberRole string

// The roles of members.
const (
	RoleOwner     MemberRole = "owner"
	RoleDeveloper MemberRole = "developer"
	RoleBilling   MemberRole = "billing"
	RoleViewer    MemberRole = "viewer"
)

// Scopes are the most that a key of a member with this role has. A role that this
// version does not know has none.
func (r MemberRole) Scopes() Scopes {
	switch r {
	case RoleOwner:
		return Everything
	case RoleDeveloper:
		return Everything &^ (BillingRead | BillingWrite)
	case RoleBilling:
		return ModelsRead | UsageRead | BillingRead | BillingWrite
	case RoleViewer:
		return ModelsRead | PredictionsRead | UsageRead
	}
	return 0
}

// permits refuses scopes that go beyond the role. The stored form "all" asks for nothing
// in particular: such a key has what the role has, whatever that is later.
func (r MemberRole) permits(stored string) error {
	if stored == everyWord {
		return nil
	}
	if over := loadScopes(stored) &^ r.Scopes(); over != 0 {
		return fault.Invalid("scopes", "The member's role, %s, does not allow %s; it allows %s.", r, over, r.Scopes())
	}
	return nil
}

func parseMemberRole(text string) (MemberRole, error) {
	role := MemberRole(strings.TrimSpace(text))
	if role.Scopes() == 0 {
		return "", fault.Invalid("role", "A role is owner, developer, billing or viewer, not %s.", quoted(text))
	}
	return role, nil
}

// quoted keeps a caller's text short in an answer.
func quoted(text string) string { return fmt.Sprintf("%.60q", text) }
