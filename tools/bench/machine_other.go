//go:build !linux

package main

import (
	"errors"
	"syscall"
	"time"
)

// Elsewhere the tool builds, so that the whole module does, and says that it can't measure.
var errLinuxOnly = errors.New("the benchmark reads CPU and memory figures that only Linux gives")

type ticks struct{ total, idle, stolen uint64 }

func familyClocks(int) (map[int]time.Duration, error) { return nil, errLinuxOnly }
func residentKiB(int) (int, error)                    { return 0, errLinuxOnly }
func machineTicks() (ticks, error)                    { return ticks{}, errLinuxOnly }
func describeMachine(int) string                      { return "not measured" }
func dieWithParent() *syscall.SysProcAttr             { return nil }
func asUser(uint32, uint32) *syscall.SysProcAttr      { return nil }
