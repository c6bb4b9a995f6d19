package main

import (
	"net"
	"os/exec"
	"sync"
	"testing"
	"time"
)

// redisServer is a Redis without a memory on disk, on an address that stays.
type redisServer struct {
	t       *testing.T
	address string
	dir     string

	mu  sync.Mutex
	cmd *exec.Cmd
}

func newRedis(t *testing.T) *redisServer {
	t.Helper()
	r := &redisServer{t: t, address: freeAddress(t), dir: t.TempDir()}
	r.start()
	t.Cleanup(r.stop)
	return r
}

// start launches it and waits until it answers. It has forgotten everything.
func (r *redisServer) start() {
	_, port, err := net.SplitHostPort(r.address)
	if err != nil {
		r.t.Error(err)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cmd = exec.Command("redis-server", "--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no", "--dir", r.dir)
	if err := r.cmd.Start(); err != nil {
		r.t.Errorf("start Redis (make needs installs it): %v", err)
		return
	}
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); <-time.After(10 * time.Millisecond) {
		if conn, err := net.Dial("tcp", r.address); err == nil {
			_ = conn.Close()
			return
		}
	}
	r.t.Error("Redis does not answer")
}

func (r *redisServer) stop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	end(r.cmd)
	r.cmd = nil
}
