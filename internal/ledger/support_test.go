package ledger_test

import (
	"crypto/rand"
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"skytower/internal/ledger"
	"skytower/internal/store"
)

func TestMain(m *testing.M) {
	if url := os.Getenv(victimEnv); url != "" {
		victim(url)
		return
	}
	goleak.VerifyTestMain(m)
}

// base is the time of test requests; whole microseconds, as they are kept.
var base = time.Date(2026, 3, 1, 12, 0, 0, 123_456_000, time.UTC)

func newRequest() string { return "req_" + rand.Text() }

func charge(request string) ledger.Charge {
	return ledger.Charge{
		Request: request, Account: "acct_one", Key: "key_one", Model: "skytower-docs", Target: "local/skytower-docs",
		Input: 120, Output: 45, Cached: 20, Reasoning: 5, Counted: true, Outcome: "complete", At: base,
	}
}

func entry(request string) ledger.Entry {
	return ledger.Entry{
		Request: request, At: base, Method: "POST", Route: "POST /v1/chat/completions", Path: "/v1/chat/completions", Status: 200,
		Outcome: "complete", ErrorID: "", Account: "acct_one", Key: "key_one", Model: "skytower-docs", Target: "local/skytower-docs",
		TokensIn: 120, TokensOut: 45, BytesIn: 700, BytesOut: 1500, FirstByte: 3 * time.Millisecond, Duration: 9 * time.Millisecond,
		Streamed: true, Client: "192.0.2.7",
	}
}

// start gives a running ledger that is stopped when the test ends.
func start(t testing.TB, db *store.DB, o ledger.Options) *ledger.Ledger {
	t.Helper()
	l := ledger.New(db, o)
	if err := l.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Stop(t.Context()); err != nil && t.Context().Err() == nil {
			t.Errorf("stop: %v", err)
		}
	})
	return l
}

// count counts rows, past the ledger's own reading.
func count(t testing.TB, db *store.DB, table string) (n int) {
	t.Helper()
	err := db.Read(t.Context(), func(tx *store.Tx) error {
		return tx.QueryRow(t.Context(), fmt.Sprintf(`select count(*) from %s`, table)).Scan(&n)
	})
	if err != nil {
		t.Fatalf("count %s: %v", table, err)
	}
	return n
}
