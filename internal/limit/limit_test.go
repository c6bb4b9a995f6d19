package limit_test

import (
	"testing"

	"skytower/internal/limit"
)

func TestQuotaValues(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		quota            limit.Quota
		limit, remaining string
	}{
		"not configured":   {limit.Quota{Limit: 5, Remaining: 3}, "-", "-"},
		"configured":       {limit.Quota{Limited: true, Limit: 25, Remaining: 24}, "25", "24"},
		"overdrawn":        {limit.Quota{Limited: true, Limit: 1000, Remaining: -7}, "1000", "0"},
		"a limit of zero":  {limit.Quota{Limited: true}, "0", "0"},
		"larger than 32 b": {limit.Quota{Limited: true, Limit: 1 << 40, Remaining: 1 << 39}, "1099511627776", "549755813888"},
	} {
		if l, r := c.quota.Values(); l != c.limit || r != c.remaining {
			t.Errorf("%s: got %s, %s; want %s, %s", name, l, r, c.limit, c.remaining)
		}
	}
}
