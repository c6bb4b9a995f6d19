package account

import (
	"slices"
	"strconv"
	"strings"

	"skytower/internal/fault"
	"skytower/internal/skytells"
)

// firstTier is where an account begins whose tier follows its spending.
const firstTier = "1"

const maxTierName = 40

// tierInForce is the operator's choice, else the number that the spending has reached.
func tierInForce(chosen string, auto int64) string {
	switch {
	case chosen != "":
		return chosen
	case auto <= 1:
		return firstTier
	}
	return strconv.FormatInt(auto, 10)
}

// editAccount takes over what the request names.
func (s *Service) editAccount(a *accountRow, r skytells.AccountRequest) error {
	if err := a.edit(r); err != nil {
		return err
	}
	if err := s.editBodies(a, r.KeepBodies); err != nil || r.Tier == nil {
		return err
	}
	tier := strings.TrimSpace(*r.Tier)
	switch {
	case tier == "":
	case s.tiers != nil && !slices.Contains(s.tiers, tier):
		return fault.Invalid("tier", "There is no tier %s; the tiers are %s.", quoted(tier), strings.Join(s.tiers, ", "))
	case !tierWord(tier):
		return fault.Invalid("tier", "A tier's name has at most %d letters, digits, '-' and '_', not %s.", maxTierName, quoted(tier))
	}
	a.tier = tier
	return nil
}

func tierWord(s string) bool {
	odd := strings.ContainsFunc(s, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '_')
	})
	return !odd && len(s) <= maxTierName
}
