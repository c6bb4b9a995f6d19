package cli_test

import (
	"strings"
	"testing"
	"time"

	"skytower/internal/skytells"
)

func TestKeyRestrictionsAreSent(t *testing.T) {
	t.Parallel()
	f := newFake(t, map[string]any{"POST /keys": skytells.Key{Secret: "sk-new"}})
	got := f.run(t, "", "keys", "create", "--scopes", "inference", "--address", "10.0.0.0/8,2001:db8::/32", "--address", "192.0.2.7",
		"--model", "llama-3", "--budget", "$12.50", "--member", "mem_1")
	const want = `{"scopes":["inference"],"member":"mem_1","addresses":["10.0.0.0/8","2001:db8::/32","192.0.2.7"],"models":["llama-3"],"budget":12.50}`
	if came := f.came["POST /keys"]; got.code != 0 || len(came) != 1 || came[0] != want {
		t.Errorf("sent %s, printed %+v", came, got)
	}
	if got := f.run(t, "", "keys", "create", "--budget", "much"); got.code != 2 || !strings.Contains(got.stderr, "no amount of dollars") {
		t.Errorf("printed %+v", got)
	}
}

func TestKeyChangesAreSent(t *testing.T) {
	t.Parallel()
	f := newFake(t, map[string]any{"PATCH /keys/key_1": skytells.Key{ID: "key_1", Models: []string{"m"}, Budget: "3.00"}})
	for i, c := range []struct{ args, want string }{
		{"--name Laptop", `{"name":"Laptop"}`},
		{"--address 10.0.0.0/8,192.0.2.7", `{"addresses":["10.0.0.0/8","192.0.2.7"]}`},
		{"--address all --model m", `{"addresses":[],"models":["m"]}`},
		{"--model all", `{"models":[]}`},
		{"--budget 3", `{"budget":3}`},
		{"--budget none", `{"budget":null}`},
	} {
		got := f.run(t, "", append([]string{"keys", "update", "key_1"}, strings.Fields(c.args)...)...)
		came := f.came["PATCH /keys/key_1"]
		if got.code != 0 || !strings.Contains(got.stdout, "$3.00 a month") || len(came) != i+1 || came[i] != c.want {
			t.Errorf("%s: sent %s, printed %+v", c.args, came, got)
		}
	}
	if got := f.run(t, "", "keys", "update", "key_1"); got.code != 2 || !strings.Contains(got.stderr, "--budget") {
		t.Errorf("without a change: %+v", got)
	}
}

func TestRotatedKeyGoesAloneToStandardOutput(t *testing.T) {
	t.Parallel()
	f := newFake(t, map[string]any{"POST /keys/key_1/rotate": skytells.Key{ID: "key_2", Secret: "sk-next"}})
	got := f.run(t, "", "keys", "rotate", "key_1", "--overlap", "1h")
	if got.code != 0 || got.stdout != "sk-next\n" || !strings.Contains(got.stderr, "key_2 in place of key_1, which works for 1h more") {
		t.Errorf("printed %+v", got)
	}
	f.run(t, "", "keys", "rotate", "key_1")
	if came := f.came["POST /keys/key_1/rotate"]; len(came) != 2 || came[0] != `{"overlap":"1h"}` || came[1] != `{}` {
		t.Errorf("sent %s", came)
	}
}

func TestKeyIsShown(t *testing.T) {
	t.Parallel()
	used := time.Date(2026, 11, 2, 3, 4, 0, 0, time.Local)
	f := newFake(t, map[string]any{"GET /keys/key_1": skytells.Key{
		ID: "key_1", Member: "mem_1", Scopes: []string{"inference", "files"}, Addresses: []string{"192.0.2.0/24"}, LastUsedAt: &used, RotatedTo: "key_2",
	}})
	got := f.run(t, "", "keys", "show", "key_1")
	for _, line := range []string{
		"member      mem_1", "last used   2026-11-02 03:04", "scopes      inference, files", "addresses   192.0.2.0/24",
		"models      all", "budget      none", "rotated to  key_2", "expires     never",
	} {
		if !strings.Contains(got.stdout, line+"\n") {
			t.Errorf("no line %q in:\n%s", line, got.stdout)
		}
	}
}

// A key in place of its id, as people paste it, reaches no address and no log.
func TestPastedKeyIsNotSent(t *testing.T) {
	t.Parallel()
	f := newFake(t, nil)
	for _, act := range []string{"show", "update --name x", "rotate", "revoke"} {
		args := append([]string{"keys"}, strings.Fields(act)...)
		got := f.run(t, "", append(args, "sk-0123456789abcdef0123456789")...)
		if got.code != 2 || !strings.Contains(got.stderr, "key_…") || strings.Contains(got.stderr, "sk-01") || len(f.came) != 0 {
			t.Errorf("%s: printed %+v, sent %v", act, got, f.came)
		}
	}
}
