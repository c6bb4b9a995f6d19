package cli_test

import (
	"strings"
	"testing"

	"skytower/internal/skytells"
)

func TestCache(t *testing.T) {
	t.Parallel()
	f := newFake(t, map[string]any{
		"GET /cache":    skytells.CacheState{Answers: 3, Bytes: 4096, Size: 1 << 20, Shared: true},
		"DELETE /cache": skytells.CacheState{Size: 1 << 20},
	})
	got := f.run(t, "", "cache", "show")
	want := "answers  3\nbytes    4096 of 1048576\nkept in  the memory of each process, and Redis for all\n"
	if got.code != 0 || got.stdout != want {
		t.Errorf("%+v", got)
	}
	if got := f.run(t, "", "cache", "clear"); got.code != 0 || !strings.Contains(got.stderr, "All kept answers are forgotten.") || !strings.Contains(got.stdout, "0 of 1048576") {
		t.Errorf("%+v", got)
	}
	if got := f.run(t, "", "cache", "clear", "--model", "m"); got.code != 0 || !strings.Contains(got.stderr, "What m answered is forgotten.") {
		t.Errorf("%+v", got)
	}
	if got := f.run(t, "", "cache", "show", "--json"); got.code != 0 || !strings.Contains(got.stdout, `"shared": true`) || got.stderr != "" {
		t.Errorf("%+v", got)
	}
}
