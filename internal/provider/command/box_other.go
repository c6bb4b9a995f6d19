//go:build !linux

package command

import (
	"errors"
	"log/slog"
	"os/exec"
)

// box is empty: only Linux has what keeps a program within its limits, and a program
// without limits is not run.
type box struct{}

func findBox(identity, int, *slog.Logger) (box, error) {
	return box{}, errors.New("commands need Linux: other systems have no limits for them")
}

func (box) isFirst() bool { return false }

func (box) command(*program, *launch) (*exec.Cmd, func(error) error, error) {
	return nil, nil, errors.New("commands need Linux")
}

func waitExit(int) {}

func handlesTerm(int) bool { return true }

// Child does nothing here.
func Child() {}
