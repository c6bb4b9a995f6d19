package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"skytower/internal/store"
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
		stop, address, err := startPostgres(ctx, folder)
		undo = append(undo, stop)
		if err != nil {
			return nil, nil, closeAll, err
		}
		for i, name := range []string{"template1", "postgres"} {
			urls[i] = fmt.Sprintf("postgres://skytower@%s/%s?sslmode=disable", address, name)
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

// startPostgres serves a new PostgreSQL with its own defaults, as nobody where this
// process is root's.
func startPostgres(ctx context.Context, folder string) (stop func(), address string, err error) {
	stop = func() {}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		return stop, "", errors.New("PostgreSQL's server programs are not installed")
	}
	bin := filepath.Dir(found[len(found)-1])
	attr, err := owner(folder)
	if err != nil {
		return stop, "", err
	}
	data := filepath.Join(folder, "data")
	initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", data, "-U", "skytower", "-A", "trust", "-E", "UTF8", "--no-locale")
	initdb.SysProcAttr, initdb.Dir = attr, folder
	if out, err := initdb.CombinedOutput(); err != nil {
		return stop, "", fmt.Errorf("make the database: %w\n%s", err, out)
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return stop, "", fmt.Errorf("find a free port: %w", err)
	}
	address = l.Addr().String()
	_ = l.Close()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return stop, "", err
	}
	server := exec.CommandContext(ctx, filepath.Join(bin, "postgres"), "-D", data, "-h", host, "-p", port, "-k", folder)
	server.SysProcAttr, server.Dir = attr, folder
	if err := server.Start(); err != nil {
		return stop, "", fmt.Errorf("start PostgreSQL: %w", err)
	}
	stop = func() {
		_ = server.Process.Signal(syscall.SIGQUIT)
		_ = server.Wait()
	}
	return stop, address, answers(ctx, address)
}

// answers waits until the server takes connections.
func answers(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		db, err := store.Open(ctx, "postgres://skytower@"+address+"/postgres?sslmode=disable", store.Options{})
		if err == nil {
			return db.Close()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for PostgreSQL: %w", err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func owner(folder string) (*syscall.SysProcAttr, error) {
	if os.Geteuid() != 0 {
		return &syscall.SysProcAttr{}, nil
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		return nil, fmt.Errorf("find an unprivileged user: %w", err)
	}
	uid, errUID := strconv.Atoi(nobody.Uid)
	gid, errGID := strconv.Atoi(nobody.Gid)
	if err := errors.Join(errUID, errGID, os.Chown(folder, uid, gid)); err != nil {
		return nil, fmt.Errorf("hand the folder to %s: %w", nobody.Username, err)
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
}
