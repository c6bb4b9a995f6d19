package app

import (
	"context"
	"fmt"
	"time"

	"skytower/internal/api"
	"skytower/internal/limit"
)

// makeLimits makes the limits of tiers, accounts and keys, in this process or in a Redis
// that all processes share.
func (a *App) makeLimits(context.Context) error {
	m := a.cfg.Money
	if m.RefusedMinute > 0 {
		a.refused = limit.NewRefusals(m.RefusedMinute, time.Now)
	}
	a.rules = limit.NewRules(a.db, a.clock.Now)
	a.feed.Subscribe(limit.ChangeRules, a.rules.Refresh)
	o := limit.Options{Rules: a.rules, Tiers: a.tiers, Log: a.log}
	if !a.tiers.Off() {
		if m.PollsAMinute > 0 {
			a.polls = limit.NewPolls(m.PollsAMinute, time.Now)
		}
	}
	if m.Redis != "" {
		shared, err := limit.NewShared(limit.SharedOptions{URL: m.Redis.Reveal(), Log: a.log, OnDegraded: a.limitsDegraded})
		if err != nil {
			return fmt.Errorf("set up the limits' Redis: %w", err)
		}
		o.Engine = shared
	}
	a.limits = limit.New(o)
	return nil
}

// readTiers reads the table of tiers, where they are on.
func (a *App) readTiers(context.Context) (err error) {
	if a.cfg.Money.Tiers != "on" {
		return nil
	}
	if a.tiers, err = limit.ParseTiers(a.cfg.Money.TierTable); err != nil {
		return fmt.Errorf("read tier_table: %w", err)
	}
	return nil
}

func (a *App) limitsDegraded(on bool) {
	a.metrics.LimitsDegraded.Set(0)
	if on {
		a.metrics.LimitsDegraded.Set(1)
	}
}

// guarded bounds wrong keys and polling.
func (a *App) guarded(rt *api.Router) *api.Router {
	if a.refused != nil {
		rt.Refused = a.refused
	}
	if a.polls != nil {
		rt.Polls = a.polls
	}
	return rt
}
