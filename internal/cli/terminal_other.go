//go:build !linux && !darwin

package cli

import (
	"errors"
	"os"
)

// Elsewhere nothing is known of terminals: lines are read and written as by a pipe.

func isTTY(uintptr) bool { return false }

func terminalWidth(uintptr) int { return 0 }

func hushed(*os.File) (func(), error) { return nil, errors.ErrUnsupported }

func raw(*os.File) (func(), error) { return nil, errors.ErrUnsupported }
