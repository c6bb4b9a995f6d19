package ledger_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"skytower/internal/ledger"
	"skytower/internal/money"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

// victimEnv names the database of a process that is there to be killed.
const victimEnv = "SKYTOWER_TEST_LEDGER_VICTIM"

// victim charges from many callers without end, and says which requests it was told
// are durable.
func victim(url string) {
	ctx := context.Background()
	db, err := store.Open(ctx, url, store.Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	l := ledger.New(db, ledger.Options{})
	if err := l.Start(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	failed := make(chan error)
	for range 32 {
		go func() {
			for {
				request := newRequest()
				if err := chargePaid(ctx, l, request); err != nil {
					failed <- err
					return
				}
				l.Log(entry(request))
				fmt.Println(request) // one write, so lines stay whole
			}
		}()
	}
	fmt.Fprintln(os.Stderr, <-failed)
}

// victimAmount is what each charge of a victim takes of acct_one; twice that is set aside.
const victimAmount money.Nanos = 1000

func chargePaid(ctx context.Context, l *ledger.Ledger, request string) error {
	r, err := l.Reserve(ctx, ledger.Estimate{Request: request, Account: "acct_one", Key: "key_one", Amount: 2 * victimAmount})
	if err != nil {
		return err
	}
	c := charge(request)
	c.Amount, c.PriceVersion = victimAmount, 1
	return l.Commit(ctx, r, c)
}

// TestKilled kills a process in the middle of its work: whatever it was told is
// durable must be there.
func TestKilled(t *testing.T) {
	t.Parallel()
	url := storetest.SQLite(t)
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	db := storetest.Open(t, url)
	books := ledger.New(db, ledger.Options{}) // it leases nothing
	err = db.Write(t.Context(), func(tx *store.Tx) error {
		_, err := books.Credit(t.Context(), tx, ledger.Credit{
			ID: "grant", Account: "acct_one", Kind: "grant", Bucket: ledger.Deposited, Amount: money.Dollar, Actor: "test", At: base,
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	acknowledged := map[string]bool{}
	kills := killRounds()
	for range kills {
		for _, request := range killOne(t, program, url) {
			acknowledged[request] = true
		}
	}
	stored := requests(t, db)
	for request := range acknowledged {
		if !stored[request] {
			t.Errorf("%s was acknowledged and is not stored", request)
		}
	}
	t.Logf("%d kills: %d charges acknowledged, %d stored", kills, len(acknowledged), len(stored))
	// Each of 32 callers may have had one charge stored without an answer, each time.
	if extra := len(stored) - len(acknowledged); extra > kills*32 {
		t.Errorf("%d charges are stored beyond those acknowledged, more than there were callers", extra)
	}
	balance, err := books.Balance(t.Context(), "acct_one")
	if err != nil {
		t.Fatal(err)
	}
	if want := money.Dollar - money.Nanos(len(stored))*victimAmount; balance.Balance != want {
		t.Errorf("the balance is %s, and %s after %d charges", balance.Balance, want, len(stored))
	}
	report, err := books.Verify(t.Context())
	if err != nil || !report.Clean() {
		t.Errorf("after the kills: %v, %v", report.Problems, err)
	}
}

// killRounds is 3, and 30 in the long form of the tests (make proof).
func killRounds() int {
	if os.Getenv("SKYTOWER_PROOF") != "" {
		return 30
	}
	return 3
}

func killOne(t *testing.T, program, url string) (acknowledged []string) {
	t.Helper()
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), victimEnv+"="+url)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		acknowledged = append(acknowledged, lines.Text())
		if len(acknowledged) == 500 {
			if err := cmd.Process.Kill(); err != nil {
				t.Error(err)
			}
		}
	}
	_ = cmd.Wait() // it was killed
	if len(acknowledged) < 500 {
		t.Fatalf("the process ended by itself after %d charges", len(acknowledged))
	}
	return acknowledged
}

// requests are all that was charged.
func requests(t *testing.T, db *store.DB) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	err := db.Read(t.Context(), func(tx *store.Tx) error {
		rows, err := tx.Query(t.Context(), `select request from charge_line`)
		if err != nil {
			return err
		}
		defer rows.Close() //nolint:errcheck // Err tells
		for rows.Next() {
			var request string
			if err := rows.Scan(&request); err != nil {
				return err
			}
			found[request] = true
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
