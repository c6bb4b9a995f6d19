package limit

import (
	"bufio"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Pong is what a Redis says of itself.
type Pong struct {
	Version string
	Took    time.Duration // of one small question
	// Now is its clock at the middle of that question, and Asked ours.
	Now, Asked time.Time
	// Evicts is its way to make room when its memory is full; "" is not known. Limits that
	// are thrown away are limits that do not hold.
	Evicts string
}

// Ping asks the Redis at an address. It takes part in nothing: no key is read or
// written. No error shows a password.
func Ping(ctx context.Context, address string) (Pong, error) {
	r, err := newRedis(address, 0, nil)
	if err != nil {
		return Pong{}, err
	}
	defer r.close()
	client, err := r.connect()
	if err != nil {
		return Pong{}, err
	}
	var p Pong
	began := time.Now()
	clock, err := client.Do(ctx, client.B().Time().Build()).AsStrSlice()
	if err != nil {
		return Pong{}, fmt.Errorf("ask Redis for its time: %w", err)
	}
	p.Took = time.Since(began)
	p.Asked = began.Add(p.Took / 2)
	if len(clock) == 2 {
		seconds, err1 := strconv.ParseInt(clock[0], 10, 64)
		micros, err2 := strconv.ParseInt(clock[1], 10, 64)
		if err1 == nil && err2 == nil {
			p.Now = time.Unix(seconds, micros*1000)
		}
	}
	// Some hosts forbid INFO: what it says is welcome and not needed.
	if text, err := client.Do(ctx, client.B().Info().Build()).ToString(); err == nil {
		p.Version, p.Evicts = infoLine(text, "redis_version"), infoLine(text, "maxmemory_policy")
		if own := infoLine(text, "valkey_version"); own != "" {
			p.Version = "Valkey " + own
		}
	}
	return p, nil
}

// infoLine is the value of a name in the answer to INFO.
func infoLine(text, name string) string {
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		if value, ok := strings.CutPrefix(lines.Text(), name+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
