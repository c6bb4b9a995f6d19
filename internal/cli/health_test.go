package cli_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"skytower/internal/cli"
)

func health(t *testing.T, flags ...string) (code int, out, said string) {
	t.Helper()
	var stdout, stderr strings.Builder
	code = cli.Run(context.Background(), append([]string{"health"}, flags...), cli.Options{
		Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Getenv: func(string) string { return "" },
	})
	return code, stdout.String(), stderr.String()
}

// A container's health check has nothing but this program, and its exit code.
func TestHealthAsksTheOperationsListener(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/healthz":
			_, _ = w.Write([]byte(`{"status":"ok"}`))
		case "/readyz":
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = w.Write([]byte(`{"status":"not ready","reason":"starting"}`))
		}
	}))
	t.Cleanup(server.Close)
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	file := filepath.Join(t.TempDir(), "skytower.yaml")
	if err := os.WriteFile(file, []byte("operations_listen: 0.0.0.0:"+port+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}

	if code, out, said := health(t, "--config", file); code != 0 || !strings.Contains(out, "ok") {
		t.Errorf("alive, by the configuration: %d, %s%s", code, out, said)
	}
	if code, out, _ := health(t, "--address", ":"+port, "--json"); code != 0 || !strings.Contains(out, `"status": "ok"`) {
		t.Errorf("as JSON: %d, %s", code, out)
	}
	if code, _, said := health(t, "--config", file, "--ready"); code != 1 || !strings.Contains(said, "not ready: starting") {
		t.Errorf("not ready: %d, %s", code, said)
	}
	server.Close()
	if code, _, said := health(t, "--config", file); code != 3 || !strings.Contains(said, "no server answers") {
		t.Errorf("nobody there: %d, %s", code, said)
	}
}

func TestHealthRefusesWhatIsNoAddress(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "skytower.yaml")
	if err := os.WriteFile(file, []byte("operations_listen: off\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, flags := range [][]string{{"--address", "here"}, {"--config", file}, {"--config", file + ".none"}} {
		if code, _, said := health(t, flags...); code != 2 || said == "" {
			t.Errorf("%q: %d, %s", flags, code, said)
		}
	}
	other := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(other.Close)
	if code, _, said := health(t, "--address", other.Listener.Addr().String()); code != 1 || !strings.Contains(said, "no operations listener") {
		t.Errorf("another server: %d, %s", code, said)
	}
}
