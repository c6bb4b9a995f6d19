package prediction

import (
	"context"
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
		names, _ := p.told(rec, 0)
		same(t, "events", names, "1 status pending", "2 status starting", "3 status processing", "5 done succeeded")
		if names, _ = p.told(rec, 3); len(names) != 1 {
			t.Errorf("from the middle: %v", names)
		}
		rec = p.awaitEnd(p.create(ask("acct", "bounded")))
		if got, err := p.Counted(t.Context(), rec); got != nil || err != nil || rec.EventCount != 0 {
			t.Errorf("without counts: %+v, %v, %d events", got, err, rec.EventCount)
		}
	})
}
