package account

import (
	"net/netip"
	"slices"
	"strings"

	"skytower/internal/fault"
	"skytower/internal/money"
	"skytower/internal/skytells"
)

// Bounds of what one key may be restricted to.
const (
	maxRanges = 100
	maxModels = 100
	maxSlug   = 128 // as the catalogue has it
	maxBudget = 1_000_000_000 * money.Dollar
)

// noBudget in the table stands for a key without one.
const noBudget = -1

// parseAddresses brings ranges into the form of the table: masked, with spaces between
// them, each once. A bare address is a range of one; an IPv4 address in IPv6 form is the
// IPv4 address.
func parseAddresses(list []string) (string, error) {
	if len(list) > maxRanges {
		return "", fault.Invalid("addresses", "A key has at most %d address ranges.", maxRanges)
	}
	var words []string
	for _, text := range list {
		p, ok := parseRange(strings.TrimSpace(text))
		if !ok {
			return "", fault.Invalid("addresses", "%s is not an address range, such as 203.0.113.0/24 or 2001:db8::/32.", quoted(text))
		}
		if word := p.String(); !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	return strings.Join(words, " "), nil
}

func parseRange(text string) (netip.Prefix, bool) {
	p, err := netip.ParsePrefix(text)
	if addr, one := netip.ParseAddr(text); err != nil && one == nil && addr.Zone() == "" {
		p, err = netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	const mapped = 96 // bits before an IPv4 address in IPv6 form
	if p.Addr().Is4In6() && p.Bits() >= mapped {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-mapped)
	}
	return p.Masked(), err == nil
}

// loadAddresses reads the stored form; nil is everywhere. A range that this version can't
// read is left out: less power, never more.
func loadAddresses(stored string) []netip.Prefix {
	if stored == "" {
		return nil
	}
	ranges := []netip.Prefix{}
	for word := range strings.FieldsSeq(stored) {
		if p, ok := parseRange(word); ok {
			ranges = append(ranges, p)
		}
	}
	return ranges
}

// within reports whether a key of these ranges may be used from an address. An address
// that is not known is in no range.
func within(from netip.Addr, ranges []netip.Prefix) bool {
	if ranges == nil {
		return true
	}
	from = from.Unmap().WithZone("")
	for _, p := range ranges {
		if p.Contains(from) {
			return true
		}
	}
	return false
}

// parseModels brings slugs into the form of the table. Whether there are such models is
// not asked: one may come later, and an aliased name may be given another model.
func parseModels(list []string) (string, error) {
	if len(list) > maxModels {
		return "", fault.Invalid("models", "A key has at most %d models.", maxModels)
	}
	var words []string
	for _, text := range list {
		slug := strings.TrimSpace(text)
		odd := strings.ContainsFunc(slug, func(r rune) bool { return r <= ' ' || r > '~' })
		if slug == "" || odd || len(slug) > maxSlug {
			return "", fault.Invalid("models", "%s is not the slug of a model.", quoted(text))
		}
		if !slices.Contains(words, slug) {
			words = append(words, slug)
		}
	}
	return strings.Join(words, " "), nil
}

// wordsOf is nil for "", which stands for all.
func wordsOf(stored string) []string {
	if stored == "" {
		return nil
	}
	return strings.Fields(stored)
}

// parseBudget reads dollars; "" is no budget.
func parseBudget(a skytells.Amount) (int64, error) {
	if a == "" {
		return noBudget, nil
	}
	n, err := money.Parse(string(a))
	if err != nil || n < 0 || n > maxBudget {
		return 0, fault.Invalid("budget", "'budget' is an amount of dollars from 0 to %d, with at most nine decimals.", maxBudget/money.Dollar)
	}
	return int64(n), nil
}

func budgetAmount(stored int64) skytells.Amount {
	if stored < 0 {
		return ""
	}
	return skytells.Amount(money.Nanos(stored).String())
}
