package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"skytower/internal/store"
	"skytower/tools/servers"
)

// contestants opens a database for each.
func (s settings) contestants(ctx context.Context) (river, skytower contestant, closeAll func(), err error) {
	var undo []func()
	closeAll = func() {
		for i := len(undo) - 1; i >= 0; i-- {
			undo[i]()
		}
	}
	folder, err := os.MkdirTemp("", "skytower-bench-")
	if err != nil {
		return nil, nil, closeAll, fmt.Errorf("make a folder: %w", err)
	}
	undo = append(undo, func() { _ = os.RemoveAll(folder) })
	urls := []string{"sqlite:" + filepath.Join(folder, "river.db"), "sqlite:" + filepath.Join(folder, "skytower.db")}
	if s.database == "postgres" {
		server, err := servers.StartPostgres(ctx, folder)
		undo = append(undo, server.Stop)
		if err != nil {
			return nil, nil, closeAll, err
		}
		for i, name := range []string{"template1", "postgres"} {
			urls[i] = server.URL(name)
		}
	}
	var opened [2]*store.DB
	for i, url := range urls {
		if opened[i], err = store.Open(ctx, url, store.Options{}); err != nil {
			return nil, nil, closeAll, err
		}
		undo = append(undo, func() { _ = opened[i].Close() })
	}
	a, err := newAlone(ctx, opened[0])
	if err != nil {
		return nil, nil, closeAll, err
	}
	w, err := newWhole(ctx, opened[1], filepath.Join(folder, "files"))
	if err != nil {
		return nil, nil, closeAll, err
	}
	return a, w, closeAll, nil
}
