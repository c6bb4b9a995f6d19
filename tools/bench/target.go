package main

import (
	"fmt"
	"time"
)

// target is one server under load. start may be called again after stop, for a fresh process.
type target struct {
	name    string
	key     string
	models  names
	settle  time.Duration
	also    []int // further processes that work for it: its database
	start   func() (*process, string, error)
	process *process
	address string
}

func (t *target) up() error {
	p, address, err := t.start()
	if err != nil {
		return err
	}
	t.process, t.address = p, address
	return nil
}

func (t *target) down() {
	if t == nil {
		return
	}
	t.process.stop()
	t.process = nil
}

// fresh replaces the process, so that its memory is that of a new one.
func (t *target) fresh() error {
	t.down()
	return t.up()
}

// watched are the processes whose clocks are read: the target, the mock, then what else works for the target.
func (t *target) watched(mock *target) []int {
	return append([]int{t.process.pid(), mock.process.pid()}, t.also...)
}

func mockTarget() *target {
	return &target{name: nameMock, models: upstreamNames, start: func() (*process, string, error) {
		return startRole(roleMock)
	}}
}

func referenceTarget(mock *target, connections int) *target {
	return &target{name: nameReference, models: upstreamNames, start: func() (*process, string, error) {
		return startRole(roleReference, "http://"+mock.address, fmt.Sprint(connections))
	}}
}

// secureMockTarget is a mock that speaks TLS and leaves its certificate in a file.
func secureMockTarget(certificate string) *target {
	return &target{name: nameMock, start: func() (*process, string, error) {
		return startRole(roleMock, certificate)
	}}
}

func secureReferenceTarget(mock *target, certificate string, connections int) *target {
	return &target{name: nameReference, models: upstreamNames, start: func() (*process, string, error) {
		return startRole(roleReference, "https://"+mock.address, fmt.Sprint(connections), certificate)
	}}
}

// job is the load of one scenario on this target.
func (t *target) job(s scenario, mock *target, measure time.Duration) job {
	j := job{
		Address: t.address, Path: s.path, Key: t.key, Body: s.body(t.models),
		Stream: s.stream(), Chunks: s.chunks, Connections: s.connections,
		WarmUp: warmUp, Measure: measure, Settle: t.settle, Watch: t.watched(mock),
	}
	if s.slow {
		j.Release = mock.address
	}
	return j
}
