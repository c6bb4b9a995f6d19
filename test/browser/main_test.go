package browser

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// kit is what all tests share: the built program and axe-core's text.
type kit struct{ program, axe string }

//nolint:gochecknoglobals // made by TestMain, read by the tests
var shared kit

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// root is the repository.
const root = "../.."

func run(m *testing.M) (int, error) {
	folder, err := os.MkdirTemp("", "skytower-browser")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(folder) //nolint:errcheck // a temporary folder
	if shared.program, err = program(folder); err != nil {
		return 0, err
	}
	text, err := os.ReadFile(root + "/test/clients/node_modules/axe-core/axe.min.js")
	if err != nil {
		return 0, fmt.Errorf("axe-core is not there ('make needs' brings it): %w", err)
	}
	shared.axe = string(text)
	return m.Run(), nil
}

// launch starts a browser of its own, so that tests share no cookies, until the test
// ends.
func launch(t *testing.T) context.Context {
	t.Helper()
	flags := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium()), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.WSURLReadTimeout(patience))
	allocator, stop := chromedp.NewExecAllocator(context.Background(), flags...)
	t.Cleanup(stop)
	browser, end := chromedp.NewContext(allocator)
	t.Cleanup(end)
	if err := chromedp.Run(browser); err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
	return browser
}

// chromium is Debian's browser, or what CHROMIUM names.
func chromium() string {
	if named := os.Getenv("CHROMIUM"); named != "" {
		return named
	}
	return "/usr/bin/chromium"
}

// program is the server to try: the one that SKYTOWER_PROGRAM names, or one built here.
func program(folder string) (string, error) {
	if named := os.Getenv("SKYTOWER_PROGRAM"); named != "" {
		return named, nil
	}
	path := filepath.Join(folder, "skytower")
	build := exec.Command("go", "build", "-race", "-o", path, "./cmd/skytower")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return path, nil
}
