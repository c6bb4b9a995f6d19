package cache

import (
	"context"
	"fmt"

	"skytower/internal/store"
)

// ChangeKind is the kind under which it stands in the change feed that answers are
// forgotten; the refs are models.
const ChangeKind = "cache"

// ChangeErased is likewise of accounts whose answers are erased; the refs are accounts.
const ChangeErased = "cache_account"

// Clear forgets everywhere what a model answered, or all if model is "", and writes down
// who wanted that. Processes forget what they hold in memory as they hear of it. Where
// Redis can't be told, nothing is forgotten.
func (c *Cache) Clear(ctx context.Context, db *store.DB, actor, model string) error {
	if c.redis != nil {
		if err := c.redis.Forget(ctx, model); err != nil {
			return err
		}
	}
	subject := model
	if subject == "" {
		subject = "all models"
	}
	err := db.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `insert into audit (at, actor, action, subject, detail) values ($1, $2, $3, $4, $5)`,
			store.Micros(c.now()), actor, "cache.clear", subject, "")
		if err != nil {
			return fmt.Errorf("audit: %w", err)
		}
		return tx.Publish(ctx, ChangeKind, model)
	})
	if err != nil {
		return fmt.Errorf("clear the answer cache: %w", err)
	}
	return nil
}

// Erase removes an account's answers everywhere: this process' at once, those of others as
// they hear of it, and those in Redis. It is for an account that is closed, since what it
// asks meanwhile may be kept again. It may be repeated.
func (c *Cache) Erase(ctx context.Context, db *store.DB, account string) error {
	err := db.Write(ctx, func(tx *store.Tx) error { return tx.Publish(ctx, ChangeErased, account) })
	if err == nil {
		err = c.memory.Erase(ctx, account)
	}
	if err == nil && c.redis != nil {
		err = c.redis.Erase(ctx, account)
	}
	if err != nil {
		return fmt.Errorf("erase the kept answers of account %s: %w", account, err)
	}
	return nil
}

// Watch has this process forget what others say. At a start, and after a gap in the feed,
// it forgets all that it holds in memory: it does not know what it missed.
func (c *Cache) Watch(feed *store.Feed) {
	feed.Subscribe(ChangeKind, func(ctx context.Context, models []string) error {
		if models == nil {
			return c.memory.Forget(ctx, "")
		}
		return forEach(ctx, models, c.memory.Forget)
	})
	feed.Subscribe(ChangeErased, func(ctx context.Context, accounts []string) error {
		return forEach(ctx, accounts, c.memory.Erase) // none named: the other subscription forgets all
	})
}

func forEach(ctx context.Context, names []string, act func(context.Context, string) error) error {
	for _, name := range names {
		if err := act(ctx, name); err != nil {
			return err
		}
	}
	return nil
}
