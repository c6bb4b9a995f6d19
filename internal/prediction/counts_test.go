package prediction

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/provider"
)

// What an upstream counted stays with the prediction, and its stream does not tell it.
func TestCounted(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		counts := &provider.Counts{Input: 3, Output: 4, Total: 7, InputOf: map[string]int64{"text_tokens": 3}}
		r.actor.plays(func(_ context.Context, run *provider.Run) (*provider.Result, error) {
			result := text("said")
			if run.Show == "m" {
				result.Counts = counts
			}
			return result, nil
		})
		p := r.start(1)
		rec := p.awaitEnd(p.create(ask("acct", "m")))
		got, err := p.Counted(t.Context(), rec)
		if diff := cmp.Diff(counts, got); diff != "" || err != nil {
			t.Errorf("%v %s", err, diff)
		}
		same(t, "events", p.ids(rec, 0), "1 status", "2 status", "3 status", "5 done")
		same(t, "from the middle", p.ids(rec, 3), "5 done")
		rec = p.awaitEnd(p.create(ask("acct", "bounded")))
		if got, err := p.Counted(t.Context(), rec); got != nil || err != nil || rec.EventCount != 0 {
			t.Errorf("without counts: %+v, %v, %d events", got, err, rec.EventCount)
		}
	})
}

// ids are the ids and names of a prediction's events.
func (p *process) ids(rec Record, after int64) (ids []string) {
	p.rig.t.Helper()
	for _, e := range p.eventsAfter(rec, after) {
		ids = append(ids, fmt.Sprintf("%d %s", e.ID, e.Name))
	}
	return ids
}
