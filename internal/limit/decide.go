package limit

import (
	"math/rand/v2"
	"time"
)

// decide says in words and header values what came of a take. Of several refusals the
// one that lasts longest is named.
func decide(c *Call, o *Outcome) Decision {
	d := Decision{Allowed: o.Allowed}
	var longest int64
	for i := range c.Draws {
		for dim, limit := range c.Draws[i].Limits {
			if limit >= 0 && dim < windows {
				d.quota(dim).narrow(limit, o.Left[i][dim])
			}
			if wait := o.Wait[i][dim]; !o.Allowed && wait > longest {
				longest = wait
				d.Dimension, d.Scope, d.Limit = dimensionName(dim), c.Draws[i].Scope.describe(), limit
				d.TooLarge = dim < windows && c.Costs[dim] > limit
				d.RetryAfter = pause(dim, wait)
			}
		}
	}
	return d
}

func (d *Decision) quota(dim int) *Quota {
	return [...]*Quota{&d.Requests, &d.TokensIn, &d.TokensOut}[dim]
}

// narrow shows the scope with the least left.
func (q *Quota) narrow(limit, left int64) {
	if !q.Limited || left < q.Remaining {
		*q = Quota{Limited: true, Limit: limit, Remaining: left}
	}
}

func dimensionName(dim int) string {
	return [dimensions]string{"requests", "input tokens", "output tokens", "concurrent calls"}[dim]
}

// describe names a scope for people.
func (s Scope) describe() string {
	whose := "of account " + s.Account
	if s.Key != "" {
		whose = "of this API key"
	}
	edge := ""
	if s.Surface == Edge {
		edge = " on the edge surface"
	}
	if s.Model == AllModels {
		return whose + ", all models together" + edge
	}
	return whose + "'s model " + s.Model + edge
}

// pause is a wait in whole seconds, with a little jitter where it is long. A slot may
// become free at any moment, so for one it is just a second.
func pause(dim int, wait int64) time.Duration {
	whole := max(time.Duration(wait)*time.Millisecond+time.Second-1, time.Second).Truncate(time.Second)
	if dim == calls {
		return whole
	}
	return max(whole, min(whole+jitter(whole), Window))
}

// jitter is up to a tenth of a pause, and at most maxJitter, in whole seconds.
func jitter(whole time.Duration) time.Duration {
	most := min(whole/10, maxJitter) / time.Second
	return rand.N(most+1) * time.Second
}
