package llama

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
)

func TestLogKeepsTextsOut(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	l := &childLog{log: slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	for _, piece := range []string{"load: a\nprint_", "info: b\n", strings.Repeat("x", 3*longestLine) + "\n"} {
		if n, err := l.Write([]byte(piece)); n != len(piece) || err != nil {
			t.Errorf("%d, %v", n, err)
		}
	}
	if got := l.reason(errors.New("signal: killed")).Error(); !strings.Contains(got, "signal: killed") || !strings.Contains(got, "print_info: b") || len(got) > 2*longestLine {
		t.Errorf("the reason is %q", got)
	}
	l.loaded()
	_, _ = l.Write([]byte("parse: error at secret\nroot ::= secret\nllama_decode: failed\n/x/ggml.c:1: GGML_ASSERT(a) failed\n"))
	if got := out.String(); strings.Contains(got, "secret") || !strings.Contains(got, "llama_decode") {
		t.Errorf("the log has %s", got)
	}
	if got := l.reason(nil).Error(); !strings.Contains(got, "GGML_ASSERT") {
		t.Errorf("the reason is %q", got)
	}
	l.told("no memory")
	if got := l.reason(errors.New("exit 1")).Error(); got != "no memory" {
		t.Errorf("the reason is %q", got)
	}
}
