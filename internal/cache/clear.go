package cache

import (
	"context"
	"fmt"

	"skytower/internal/store"
)

// ChangeKind is the kind under which it stands in the change feed that answers are
// forgotten; the refs are models.
const ChangeKind = "cache"

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

// Watch has this process forget what others say. At a start, and after a gap in the feed,
// it forgets all that it holds in memory: it does not know what it missed.
func (c *Cache) Watch(feed *store.Feed) {
	feed.Subscribe(ChangeKind, func(ctx context.Context, models []string) error {
		if models == nil {
			return c.memory.Forget(ctx, "")
		}
		for _, model := range models {
			if err := c.memory.Forget(ctx, model); err != nil {
				return err
			}
		}
		return nil
	})
}
