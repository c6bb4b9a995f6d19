package scale

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"skytower/internal/skytells"
)

// revokeTime is how long a revoked key may go on where the database can be reached, and
// what a busy machine may add to it.
const (
	revokeTime  = 2 * time.Second
	revokeSlack = 2 * time.Second
)

// keys makes a key, uses it at every replica at once, revokes it, and looks how long each
// replica goes on with it.
func (l *load) keys(ctx context.Context, random *rand.Rand) {
	key, err := l.operator.CreateKey(ctx, skytells.KeyRequest{Account: l.customers[rich].account, Name: fmt.Sprint("short ", random.Int64())})
	l.administered("key", err)
	if err != nil {
		return
	}
	for _, p := range l.f.of("api") {
		got, err := l.c.send(ctx, "http://"+p.address, key.Secret, http.MethodGet, "/v1/models", "")
		if err == nil && got.status == http.StatusUnauthorized {
			l.diary.problem("a new key was refused")
		}
	}
	_, err = l.operator.RevokeKey(ctx, key.ID)
	l.administered("key, revoked", err)
	if err != nil {
		return
	}
	revoked := time.Now()
	for _, p := range l.f.of("api") {
		l.all.Go(func() { l.refuses(ctx, p, key.Secret, revoked) })
	}
	pause(l.stopping, time.Second)
}

// refuses looks how long a replica takes a revoked key. What it did while it could not
// reach the database, or was not the process that it had been, is not held against it.
func (l *load) refuses(ctx context.Context, p *process, key string, revoked time.Time) {
	database := l.f.links.find(p.name, "postgres")
	_, start := p.runs()
	for {
		sent := time.Now()
		got, err := l.c.send(ctx, "http://"+p.address, key, http.MethodGet, "/v1/models", "")
		_, same := p.runs()
		known := same == start && l.f.links.healthy(database, revoked.Add(-5*time.Second), time.Now()) &&
			l.diary.happened("restart", "postgres", revoked.Add(-10*time.Second), time.Now()) == 0
		switch {
		case !known:
			l.diary.count("revoked key: the replica was in trouble")
			return
		case err != nil:
		case got.status == http.StatusUnauthorized:
			l.diary.count("revoked key: refused in time")
			return
		case got.status != http.StatusOK:
		case sent.Sub(revoked) > revokeTime+revokeSlack:
			l.diary.problem("%s took a revoked key after %s", p.name, sent.Sub(revoked).Round(time.Second/10))
			return
		default:
			l.diary.change(func() { l.diary.slowest = max(l.diary.slowest, sent.Sub(revoked)) })
		}
		if !pause(ctx, 100*time.Millisecond) {
			return
		}
	}
}

// outcome says how a call of the client's ended: "whole", the server's refusal, or that no
// answer came.
func outcome(err error) (how string, status int) {
	var refused *skytells.APIError
	switch {
	case err == nil:
		return "whole", http.StatusOK
	case errors.As(err, &refused):
		return fmt.Sprintf("refused %d %s", refused.Status, refused.ID), refused.Status
	}
	return "no answer", 0
}
