package prediction

import (
	"strings"
	"testing"
)

// TestPlans looks at how the engines would run our queries on a long history, which is
// made up once for both tests.
func TestPlans(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		r.longHistory(20_000)
		t.Run("upkeep", func(t *testing.T) { r.upkeepUsesIndexes(t) })
		t.Run("list", func(t *testing.T) { r.listUsesIndexes(t) })
	})
}

// What is asked at the end of each run, and every few seconds, costs the same however
// long the history is.
func (r *rig) upkeepUsesIndexes(t *testing.T) {
	for name, q := range map[string]struct {
		query string
		args  []any
		index string
	}{
		"waiting of an account":          {waitingQuery, []any{"acct", 1}, r.db.Dialect().Pick("prediction_status (account=? AND status=?)", "prediction_waiting")},
		"waiting for a model":            {waitingPairQuery, []any{"model-1", "acct"}, "prediction_waiting_model"},
		"accounts that wait":             {waitingAccountsQuery, []any{10}, "prediction_waiting"},
		"accounts that wait for a model": {waitingForQuery, []any{"model-1", 4}, "prediction_waiting_model"},
		"abandoned":                      {abandonedQuery, []any{int64(5), int64(5), 10}, "prediction_running"},
		"places of accounts":             {heldQuery(accountLane), nil, "prediction_running"},
		"places of models":               {heldQuery(modelLane), nil, "prediction_running"},
		"places of an account":           {heldOfQuery(accountLane), []any{"acct"}, "prediction_running"},
	} {
		plan := r.plan(q.query, q.args)
		if !strings.Contains(plan, q.index) || strings.Contains(plan, "Seq Scan on prediction ") {
			t.Errorf("%s: not by %s:\n%s", name, q.index, plan)
		}
	}
}
