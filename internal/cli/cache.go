package cli

import (
	"context"
	"fmt"
	"strconv"

	"skytower/internal/skytells"
)

type cacheCommand struct {
	Show  cacheShow  `cmd:"" help:"Show how much the server's answer cache holds."`
	Clear cacheClear `cmd:"" help:"Forget kept answers, on all servers of the installation."`
}

type cacheShow struct{}

// Run shows the numbers.
func (*cacheShow) Run(ctx context.Context, s *session) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	state, err := c.Cache(ctx)
	if err != nil {
		return err
	}
	return showCache(s, state)
}

type cacheClear struct {
	Model string `placeholder:"SLUG" help:"Only what this model answered."`
}

// Run clears it.
func (f *cacheClear) Run(ctx context.Context, s *session) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	state, err := c.ClearCache(ctx, f.Model)
	if err != nil {
		return err
	}
	if f.Model == "" {
		s.note("All kept answers are forgotten.")
	} else {
		s.note("What %s answered is forgotten.", f.Model)
	}
	return showCache(s, state)
}

func showCache(s *session, state skytells.CacheState) error {
	return s.show(state, func(t *table) {
		t.row("answers", strconv.Itoa(state.Answers))
		t.row("bytes", fmt.Sprintf("%d of %d", state.Bytes, state.Size))
		where := "the memory of each process"
		if state.Shared {
			where += ", and Redis for all"
		}
		if state.Size == 0 {
			where = "nowhere (cache_size is 0)"
		}
		t.row("kept in", where)
	})
}
