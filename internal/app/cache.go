package app

import (
	"context"
	"fmt"

	"skytower/internal/account"
	"skytower/internal/api"
	"skytower/internal/api/admin"
	"skytower/internal/cache"
	"skytower/internal/fault"
	"skytower/internal/inference"
	"skytower/internal/secret"
	"skytower/internal/skytells"
)

// makeCache makes the place where answers are kept: memory, and the Redis of the limits
// where there is one.
func (a *App) makeCache(context.Context) error {
	sealer, err := a.sealer(secret.KeptAnswers)
	if err != nil {
		return err
	}
	o := cache.Options{Size: a.cfg.Answers.CacheSize, Now: a.clock.Now, Log: a.log, Sealer: sealer}
	if o.Size > 0 {
		o.Redis = a.cfg.Money.Redis.Reveal()
	}
	if a.kept, err = cache.New(o); err != nil {
		return fmt.Errorf("set up the answer cache: %w", err)
	}
	a.kept.Watch(a.feed)
	return a.makeRecall()
}

// makeRecall makes the answer cache as calls use it; none where nothing may be kept. Its
// key comes of the current master key: after a change of that one, all answers are new.
func (a *App) makeRecall() error {
	s := a.cfg.Answers
	if s.CacheSize <= 0 {
		return nil
	}
	key, err := a.ring.Current().Derive(secret.KeptAnswers)
	if err != nil {
		return fmt.Errorf("derive the key for %s: %w", secret.KeptAnswers, err)
	}
	a.recall = &inference.Recall{Answers: a.kept, Key: key, TTL: s.CacheTTL, Percent: s.CachePercent, OnAsked: a.askedCache}
	return nil
}

func (a *App) askedCache(hit bool) {
	word := inference.Miss
	if hit {
		word = inference.Hit
	}
	a.metrics.Cache.Inc(word)
}

func (a *App) cacheRows() []api.Route {
	return (&admin.CacheHandlers{Cache: a, Sync: a.feed.Sync}).Rows()
}

// ClearCache forgets kept answers everywhere, those of a model or all (admin.Cache).
func (a *App) ClearCache(ctx context.Context, by account.Operator, model string) error {
	if model != "" {
		if _, err := a.catalog.BySlug(model); err != nil {
			return err
		}
	}
	if err := a.kept.Clear(ctx, a.db, by.ID, model); err != nil {
		return fault.Wrap(err, fault.ServiceUnavailable, "The kept answers could not be cleared, since the database or Redis is away; try again.")
	}
	return nil
}

// CacheState is what this process holds (admin.Cache).
func (a *App) CacheState() skytells.CacheState {
	s := a.kept.State()
	return skytells.CacheState{Answers: s.Answers, Bytes: s.Bytes, Size: s.Size, Shared: a.cfg.Money.Redis != "" && s.Size > 0}
}

// eraseAnswers removes what is kept of a closed account's answers.
func (a *App) eraseAnswers(ctx context.Context, account string) error {
	if err := a.kept.Erase(ctx, a.db, account); err != nil {
		return fault.Wrap(err, fault.ServiceUnavailable,
			"The account is closed. Its kept answers could not be removed yet, since the database or Redis is away; this server tries again by itself.")
	}
	return nil
}
