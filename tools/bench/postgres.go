package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// postgres is a PostgreSQL server on a temporary folder, with its defaults: commits are durable.
type postgres struct {
	dir     string
	address string
	process *process
}

const postgresUser = "skytower"

// startPostgres makes a database and serves it on loopback. PostgreSQL refuses to run as root, so a root user's
// server runs as nobody.
func startPostgres() (*postgres, error) {
	bin, err := postgresBinaries()
	if err != nil {
		return nil, err
	}
	p := &postgres{}
	if p.address, err = freeAddress(); err != nil {
		return nil, err
	}
	if p.dir, err = os.MkdirTemp("", "skytower-bench-postgres-"); err != nil {
		return nil, fmt.Errorf("make a folder for PostgreSQL: %w", err)
	}
	if err := p.serve(bin); err != nil {
		p.stop()
		return nil, err
	}
	return p, nil
}

func (p *postgres) serve(bin string) error {
	attr, err := p.owner()
	if err != nil {
		return err
	}
	data := filepath.Join(p.dir, "data")
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-U", postgresUser, "-A", "trust", "-E", "UTF8", "--no-locale")
	initdb.SysProcAttr, initdb.Dir = attr, p.dir
	if err := run(initdb); err != nil {
		return err
	}
	host, port, err := net.SplitHostPort(p.address)
	if err != nil {
		return fmt.Errorf("address: %w", err)
	}
	out := &transcript{}
	server := exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-h", host, "-p", port, "-k", p.dir)
	server.SysProcAttr, server.Dir, server.Stdout, server.Stderr = attr, p.dir, out, out
	if p.process, err = startProcess("postgres", server); err != nil {
		return err
	}
	ready := func() error {
		return run(exec.Command(filepath.Join(bin, "pg_isready"), "-q", "-h", host, "-p", port))
	}
	if err := p.process.await(ready); err != nil {
		return fmt.Errorf("%w\n%s", err, out.redacted())
	}
	return nil
}

// owner gives the folder to nobody when this process is root's.
func (p *postgres) owner() (*syscall.SysProcAttr, error) {
	if os.Geteuid() != 0 {
		return dieWithParent(), nil
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		return nil, fmt.Errorf("find an unprivileged user: %w", err)
	}
	uid, errUID := strconv.Atoi(nobody.Uid)
	gid, errGID := strconv.Atoi(nobody.Gid)
	if err := errors.Join(errUID, errGID, os.Chown(p.dir, uid, gid)); err != nil {
		return nil, fmt.Errorf("hand the folder to %s: %w", nobody.Username, err)
	}
	return asUser(uint32(uid), uint32(gid)), nil
}

// postgresBinaries finds the server's own programs, which Debian keeps out of the path.
func postgresBinaries() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		return "", errors.New("PostgreSQL's server programs (initdb, postgres) are not installed")
	}
	return filepath.Dir(found[len(found)-1]), nil
}

// settings point Skytower at this database.
func (p *postgres) settings() []string {
	return []string{"SKYTOWER_DATABASE=postgres://" + postgresUser + "@" + p.address + "/postgres?sslmode=disable"}
}

func (p *postgres) stop() {
	if p == nil {
		return
	}
	p.process.stop()
	_ = os.RemoveAll(p.dir) // a leftover in the temporary folder is no failure of the measurement
}
