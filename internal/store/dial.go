package store

import (
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// dialTimeout bounds one try to connect, where the URL sets no connect_timeout.
	dialTimeout = 10 * time.Second
	// silence is how long a server may leave what was sent to it unacknowledged. The kernel
	// of one that works acknowledges at once, however long a statement takes.
	silence = 20 * time.Second
	// A connection that waits is probed, so that its end is noticed as soon: after an idle
	// time, so many times at an interval.
	probeIdle     = 10 * time.Second
	probeInterval = 5 * time.Second
	probes        = 3
)

// hearSilence has connections to PostgreSQL end within about 30 s of a server, or a network,
// that vanishes without a word, as machines do that lose their power. Otherwise a statement
// would wait for a quarter of an hour.
func hearSilence(config *pgx.ConnConfig) {
	timeout := config.ConnectTimeout
	if timeout == 0 {
		timeout = dialTimeout
	}
	dialer := &net.Dialer{
		Timeout:         timeout,
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: probeIdle, Interval: probeInterval, Count: probes},
		Control: func(network, _ string, conn syscall.RawConn) error {
			if !strings.HasPrefix(network, "tcp") {
				return nil // a socket of this machine
			}
			return boundSilence(conn, silence)
		},
	}
	config.DialFunc = dialer.DialContext
}
