package main

import (
	"fmt"
	"net"
	"os/exec"
)

// redis is a Redis on loopback that keeps nothing on disk.
type redis struct {
	address string
	process *process
}

func startRedis(dir string) (*redis, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("address: %w", err)
	}
	server := exec.Command("redis-server", "--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no", "--dir", dir)
	p, err := startProcess("redis", server)
	if err != nil {
		return nil, err
	}
	r := &redis{address: address, process: p}
	err = p.await(func() error {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			return err
		}
		return conn.Close()
	})
	if err != nil {
		r.stop()
		return nil, err
	}
	return r, nil
}

func (r *redis) stop() {
	if r != nil {
		r.process.stop()
	}
}
