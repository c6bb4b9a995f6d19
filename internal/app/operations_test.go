package app

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"skytower/internal/config"
)

// A process that cannot hear of revoked keys must get no traffic. The feed of this
// one was never started, so nothing was ever confirmed.
func TestReadyzSaysWhy(t *testing.T) {
	t.Parallel()
	cfg, err := config.Load(config.Sources{Flags: map[string]string{
		"data": filepath.Join(t.TempDir(), "data"), "listen": "127.0.0.1:0", "operations-listen": "off", "offer-ollama": "false",
	}})
	if err != nil {
		t.Fatal(err)
	}
	a, err := Build(t.Context(), cfg, Options{Stdout: io.Discard, Stderr: io.Discard, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	for _, c := range []struct{ said, reason string }{
		{starting, "starting"}, {draining, "draining"}, {stopping, "stopping"}, {ready, "the database has not confirmed changes for a minute"},
	} {
		a.ready.say(c.said)
		w := httptest.NewRecorder()
		a.operations.Handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/readyz", nil))
		if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), `"reason":"`+c.reason+`"`) {
			t.Errorf("%+v: %d %s", c, w.Code, w.Body)
		}
	}
}
