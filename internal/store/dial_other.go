//go:build !linux

package store

import (
	"syscall"
	"time"
)

// boundSilence does nothing: the probes of an idle connection are all that there is here.
func boundSilence(syscall.RawConn, time.Duration) error { return nil }
