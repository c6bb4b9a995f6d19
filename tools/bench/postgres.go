package main

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
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
	var out bytes.Buffer
	server := exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-h", host, "-p", port, "-k", p.dir)
	server.SysProcAttr, server.Dir, server.Stdout, server.Stderr = attr, p.dir, &out, &out
	if p.process, err = startProcess("postgres", server); err != nil {
		return err
	}
	if err := p.process.await(p.ready); err != nil {
		p.process.stop() // so that nobody writes to out any more
		return fmt.Errorf("%w\n%s", err, out.Bytes())
	}
	return nil
}

// ready looks into the server's own status file, whose eighth line says when it takes connections.
func (p *postgres) ready() error {
	const statusLine = 8
	text, err := os.ReadFile(filepath.Join(p.dir, "data", "postmaster.pid"))
	if err != nil {
		return err
	}
	lines := strings.Split(string(text), "\n")
	if len(lines) < statusLine || strings.TrimSpace(lines[statusLine-1]) != "ready" {
		return errors.New("PostgreSQL is still starting")
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
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err == nil && len(found) > 0 {
		return filepath.Dir(found[len(found)-1]), nil
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	return "", errors.New("PostgreSQL's server programs (initdb, postgres) are not installed")
}

func (p *postgres) url() string {
	return "postgres://" + postgresUser + "@" + p.address + "/postgres?sslmode=disable"
}

// settings point Skytower at this database. On a shared database it wants to be given its master key.
func (p *postgres) settings() []string {
	var key [32]byte
	_, _ = rand.Read(key[:]) // never fails
	return []string{
		"SKYTOWER_DATABASE=" + p.url(),
		"SKYTOWER_MASTER_KEY=" + base64.StdEncoding.EncodeToString(key[:]),
	}
}

func (p *postgres) stop() {
	if p == nil {
		return
	}
	p.process.stop()
	_ = os.RemoveAll(p.dir) // a leftover in the temporary folder is no failure of the measurement
}
