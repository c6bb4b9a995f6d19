package telemetry_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"skytower/internal/telemetry"
)

const hush = "hush-hush"

func TestLogHidesSecrets(t *testing.T) {
	t.Parallel()
	address := &url.URL{Scheme: "https", Host: "up.test", User: url.UserPassword("me", hush)}
	header := http.Header{"Authorization": {"Bearer " + hush}, "X-Api-Key": {hush}, "Accept": {"text/plain"}}
	for _, format := range []string{"text", "json"} {
		var out bytes.Buffer
		logger := telemetry.NewLogger(&out, telemetry.LogOptions{Format: format})
		logger.With("password", hush).WithGroup("secret").Info("in a group", "plain", hush)
		logger.Info("one", "key", hush, "Authorization", hush, "x-api-key", hush, "Master_Key", hush,
			"header", header, "upstream", address, slog.Group("request", "token", hush), "secret", []string{hush})
		logger.Info("two", "key_id", "shown-1", "tokens_in", "shown-2", "header", header)
		text := out.String()
		if strings.Contains(text, hush) {
			t.Errorf("%s: a secret is in the log:\n%s", format, text)
		}
		for _, word := range []string{"shown-1", "shown-2", "text/plain", "up.test", "[redacted]"} {
			if !strings.Contains(text, word) {
				t.Errorf("%s: %s is missing:\n%s", format, word, text)
			}
		}
		if header.Get("X-Api-Key") != hush {
			t.Fatal("the caller's header was changed")
		}
	}
}

func TestLogFormatAndLevel(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	logger := telemetry.NewLogger(&out, telemetry.LogOptions{Format: "auto", Level: slog.LevelWarn})
	logger.Info("quiet")
	logger.Warn("loud")
	var line struct{ Msg string }
	if err := json.Unmarshal(out.Bytes(), &line); err != nil || line.Msg != "loud" {
		t.Errorf("a writer that is no terminal got %q (%v), want one JSON line", out.String(), err)
	}
	level := new(slog.LevelVar)
	out.Reset()
	logger = telemetry.NewLogger(&out, telemetry.LogOptions{Format: "text", Level: level})
	level.Set(slog.LevelDebug)
	logger.Debug("now")
	if !strings.Contains(out.String(), "msg=now") {
		t.Errorf("after the level was lowered: %q", out.String())
	}
}

func BenchmarkLog(b *testing.B) {
	logger := telemetry.NewLogger(io.Discard, telemetry.LogOptions{Format: "json"})
	b.ReportAllocs()
	for b.Loop() {
		logger.LogAttrs(b.Context(), slog.LevelInfo, "request", slog.String("id", "req_1"), slog.Int("status", 200))
	}
}
