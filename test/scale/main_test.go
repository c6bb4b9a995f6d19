package scale

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// kit is what all tests share: the built program.
type kit struct{ program string }

//nolint:gochecknoglobals // made by TestMain, read by the tests
var shared kit

// patience bounds every wait for what must happen. Nothing is measured by it.
const patience = 4 * time.Minute

// root is the repository.
const root = "../.."

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (int, error) {
	zerolog.SetGlobalLevel(zerolog.Disabled) // toxiproxy tells each toxic's end
	if err := raiseFiles(); err != nil {
		return 0, err
	}
	folder, err := os.MkdirTemp("", "skytower-scale-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(folder) //nolint:errcheck // a temporary folder
	// The processes, and the checks that open the storage themselves, sign with these.
	for name, value := range map[string]string{"AWS_ACCESS_KEY_ID": "scale", "AWS_SECRET_ACCESS_KEY": "scale"} {
		if err := os.Setenv(name, value); err != nil {
			return 0, err
		}
	}
	if shared.program, err = program(folder); err != nil {
		return 0, err
	}
	return m.Run(), nil
}

// long reports whether the long form was asked for (make proof-scale).
func long() bool { return os.Getenv("SKYTOWER_PROOF") != "" }

// pick is the first in the short form of the tests, the second in the long one.
func pick[T any](short, proof T) T {
	if long() {
		return proof
	}
	return short
}

// raiseFiles lets this process, and those that it starts, open as many files as the
// system allows: each open stream takes several.
func raiseFiles() error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("read the limit of open files: %w", err)
	}
	limit.Cur = limit.Max
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("raise the limit of open files: %w", err)
	}
	return nil
}

// program is the server to try: the one that SKYTOWER_PROGRAM names, or one built here, as
// people run it.
func program(folder string) (string, error) {
	if named := os.Getenv("SKYTOWER_PROGRAM"); named != "" {
		return filepath.Abs(named)
	}
	path := filepath.Join(folder, "skytower")
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-w", "-o", path, "./cmd/skytower")
	build.Dir, build.Env = root, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return path, nil
}

// await asks until the answer is yes; it is asked again after a short pause.
func await(t *testing.T, what string, ask func() bool, more ...func() string) {
	t.Helper()
	deadline := time.After(patience)
	for !ask() {
		select {
		case <-deadline:
			text := ""
			for _, say := range more {
				text += "\n" + say()
			}
			t.Fatalf("never happened: %s%s", what, text)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
