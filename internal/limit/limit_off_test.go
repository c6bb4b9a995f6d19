package limit_test

import (
	"testing"

	"skytower/internal/limit"
)

// A fresh installation has no limits, and its headers show "-" (contract section
// 10).
func TestOffAllowsEverything(t *testing.T) {
	t.Parallel()
	var limits limit.Limits = limit.Off{}
	ticket, d, err := limits.Take(t.Context(), limit.Request{Account: "a", TokensIn: 1 << 40})
	if err != nil || !d.Allowed {
		t.Fatalf("got %+v, %v", d, err)
	}
	for _, q := range []limit.Quota{d.Requests, d.TokensIn, d.TokensOut} {
		if q.Limited {
			t.Errorf("a dimension is limited: %+v", q)
		}
	}
	if err := limits.Settle(t.Context(), ticket, limit.Use{}); err != nil {
		t.Error(err)
	}
}
