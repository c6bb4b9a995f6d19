package store_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

// TestSend has the server say what it got: for statements that are prepared, and for an
// address that says that nothing may be.
func TestSend(t *testing.T) {
	t.Parallel()
	url := storetest.Postgres(t)
	separator := "?"
	if strings.Contains(url, "?") {
		separator = "&"
	}
	for name, address := range map[string]string{"prepared": url, "pooler": url + separator + "default_query_exec_mode=exec"} {
		t.Run(name, func(t *testing.T) {
			db := storetest.Open(t, address)
			texts := []string{"", "a", "Ω, \"{}\\", strings.Repeat("long ", 5000)}
			ints := []int64{0, -1, math.MaxInt64, math.MinInt64}
			var args store.Args
			for n := range len(texts) + 1 { // from none to all, in the same memory
				args.Reset()
				args.Text("one text")
				args.Int(-7)
				args.Texts(n, func(i int) string { return texts[i] })
				args.Ints(n, func(i int) int64 { return ints[i] })
				args.Bools(n, func(i int) bool { return i%2 == 1 })
				const query = `select count(*) from unnest($3::text[], $4::bigint[], $5::boolean[]) with ordinality as v(t, i, b, n)
					where $1::text = 'one text' and $2::bigint = -7
					and t = (array['', 'a', E'\u03A9, "{}\\', repeat('long ', 5000)])[n]
					and i = (array[0, -1, 9223372036854775807, -9223372036854775808])[n] and b = (n % 2 = 0)`
				got, err := db.Send(t.Context(), query, &args)
				if err != nil || got != int64(n) {
					t.Errorf("of %d elements %d came through: %v", n, got, err)
				}
			}
			args.Reset()
			args.Int(0)
			if _, err := db.Send(t.Context(), `select 1 / $1::bigint`, &args); err == nil || db.IsUnavailable(err) {
				t.Errorf("a division by zero: %v", err)
			}
			if n, err := db.Send(t.Context(), `update charge_batch set lines = 0 where lines = $1::bigint`, &args); err != nil || n != 0 {
				t.Errorf("a statement without rows: %d, %v", n, err)
			}
		})
	}
}

// TestSendAfterTheServerCutConnections has the pool hold dead connections.
func TestSendAfterTheServerCutConnections(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, storetest.Postgres(t))
	var args store.Args
	args.Int(1)
	for round := range 3 {
		if n, err := db.Send(t.Context(), `select $1::bigint`, &args); err != nil || n != 1 {
			t.Fatal(fmt.Sprint("round ", round, ": "), n, err)
		}
		other, err := db.Writer().Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, err = other.ExecContext(t.Context(), `select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`)
		if err != nil {
			t.Fatal(err)
		}
		_ = other.Close()
		// A cut may show only when the answer is read: then it is not known whether the
		// statement ran, and the caller is told so.
		if _, err := db.Send(t.Context(), `select $1::bigint`, &args); err != nil && !db.IsUnavailable(err) {
			t.Errorf("after the cut: %v", err)
		}
	}
}
