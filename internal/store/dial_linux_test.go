package store_test

import (
	"context"
	"net"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

// TestConnectionsHearSilence asks the kernel what it does about a server that vanishes, for
// connections of the pool and for those that listen.
func TestConnectionsHearSilence(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, storetest.Postgres(t))
	if err := store.RawConn(t.Context(), db, func(raw any) error {
		if conn, ok := raw.(*stdlib.Conn); ok {
			hears(t, "the pool", conn.Conn())
		} else {
			t.Errorf("a connection is a %T", raw)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	pool, err := db.ListenerPool(t.Context(), "silence")
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	listener, err := pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Release()
	hears(t, "the jobs' listener", listener.Conn())
	feed, err := store.ConnectFeed(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	defer feed.Close(context.WithoutCancel(t.Context())) //nolint:errcheck // the test is over
	hears(t, "the feed's", feed)
}

func hears(t *testing.T, name string, conn *pgx.Conn) {
	t.Helper()
	tcp, ok := conn.PgConn().Conn().(*net.TCPConn)
	if !ok {
		t.Fatalf("%s: the connection is a %T", name, conn.PgConn().Conn())
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	const tcpUserTimeout = 18 // milliseconds
	for option, want := range map[int]int{tcpUserTimeout: 20_000, syscall.TCP_KEEPIDLE: 10, syscall.TCP_KEEPINTVL: 5, syscall.TCP_KEEPCNT: 3} {
		got := 0
		if broken := raw.Control(func(fd uintptr) { got, err = syscall.GetsockoptInt(int(fd), syscall.IPPROTO_TCP, option) }); broken != nil || err != nil {
			t.Fatal(broken, err)
		}
		if got != want {
			t.Errorf("%s: option %d of TCP is %d, want %d", name, option, got, want)
		}
	}
}
