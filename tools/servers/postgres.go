// Package servers starts the servers that measurements need, on loopback and in a
// temporary folder.
package servers

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

// Postgres is a running PostgreSQL with its own defaults.
type Postgres struct {
	address string
	cmd     *exec.Cmd
}

// StartPostgres serves a new PostgreSQL in the folder, as nobody where this process is
// root's. What it returns can be stopped even after an error.
func StartPostgres(ctx context.Context, folder string) (*Postgres, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		return nil, errors.New("PostgreSQL's server programs are not installed")
	}
	bin := filepath.Dir(found[len(found)-1])
	attr, err := owner(folder)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(folder, "data")
	initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", data, "-U", "skytower", "-A", "trust", "-E", "UTF8", "--no-locale")
	initdb.SysProcAttr, initdb.Dir = attr, folder
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("make the database: %w\n%s", err, out)
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("find a free port: %w", err)
	}
	p := &Postgres{address: l.Addr().String()}
	_ = l.Close()
	host, port, err := net.SplitHostPort(p.address)
	if err != nil {
		return nil, fmt.Errorf("read the port: %w", err)
	}
	p.cmd = exec.CommandContext(ctx, filepath.Join(bin, "postgres"), "-D", data, "-h", host, "-p", port, "-k", folder)
	p.cmd.SysProcAttr, p.cmd.Dir = attr, folder
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	return p, p.answers(ctx)
}

// URL is the address of one of its databases.
func (p *Postgres) URL(database string) string {
	return "postgres://skytower@" + p.address + "/" + database + "?sslmode=disable"
}

// Stop ends the server; of a nil one nothing.
func (p *Postgres) Stop() {
	if p == nil || p.cmd == nil {
		return
	}
	_ = p.cmd.Process.Signal(syscall.SIGQUIT)
	_ = p.cmd.Wait()
}

// CPU is the time that the server and its children have used so far.
func (p *Postgres) CPU() time.Duration {
	if p == nil {
		return 0
	}
	return family(p.cmd.Process.Pid)
}

// answers waits until the server takes connections.
func (p *Postgres) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		db, err := store.Open(ctx, p.URL("postgres"), store.Options{})
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
