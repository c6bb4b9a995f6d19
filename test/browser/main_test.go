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

// kit is what all tests share: the built program, one browser, axe-core's text.
type kit struct {
	program string
	browser context.Context //nolint:containedctx // of the one browser process
	axe     string
}

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
	shared.program = filepath.Join(folder, "skytower")
	build := exec.Command("go", "build", "-race", "-o", shared.program, "./cmd/skytower")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("build the program: %w\n%s", err, out)
	}
	text, err := os.ReadFile(root + "/test/clients/node_modules/axe-core/axe.min.js")
	if err != nil {
		return 0, fmt.Errorf("axe-core is not there ('make needs' brings it): %w", err)
	}
	shared.axe = string(text)
	flags := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium()), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.UserDataDir(filepath.Join(folder, "profile")))
	allocator, stop := chromedp.NewExecAllocator(context.Background(), flags...)
	defer stop()
	browser, end := chromedp.NewContext(allocator)
	defer end()
	if err := chromedp.Run(browser); err != nil {
		return 0, fmt.Errorf("start Chromium: %w", err)
	}
	shared.browser = browser
	return m.Run(), nil
}

// chromium is Debian's browser, or what CHROMIUM names.
func chromium() string {
	if named := os.Getenv("CHROMIUM"); named != "" {
		return named
	}
	return "/usr/bin/chromium"
}
