package account

import (
	"context"
	"net/netip"
	"sync"
	"testing"
	"time"

	"skytower/internal/secret"
	"skytower/internal/skytells"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

func TestLastUseIsWritten(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := newClock()
		s := NewService(db, ServiceOptions{Now: c.now})
		p := &process{index: NewIndex(db, IndexOptions{Now: c.now, Confirmed: c.now})}
		acct := newAccount(t, s)
		used, idle := newKey(t, s, skytells.KeyRequest{Account: acct.ID}), newKey(t, s, skytells.KeyRequest{Account: acct.ID})
		want := func(id string, at time.Time) {
			t.Helper()
			k, err := s.Key(t.Context(), id)
			wantFault(t, err, "")
			if at.IsZero() != (k.LastUsedAt == nil) || !at.IsZero() && !k.LastUsedAt.Equal(at) {
				t.Errorf("last used at %v, want %v", k.LastUsedAt, at)
			}
		}
		flush := func() { t.Helper(); wantFault(t, p.index.FlushUsed(t.Context()), "") }
		want(used.ID, time.Time{})
		first := c.now()
		p.wantKey(t, used.Secret, "")
		want(used.ID, time.Time{}) // in memory so far
		flush()
		want(used.ID, first)
		want(idle.ID, time.Time{})
		c.add(usedStep - time.Microsecond)
		p.wantKey(t, used.Secret, "") // too soon for another note
		flush()
		want(used.ID, first)
		c.add(time.Microsecond)
		second := c.now()
		p.wantKey(t, used.Secret, "")
		wantFault(t, p.index.RefreshKeys(t.Context(), nil), "") // new entries, an old note
		flush()
		want(used.ID, second)

		// Another process, whose clock is behind, doesn't turn the time back.
		c.add(-30 * time.Second)
		late := &process{index: NewIndex(db, IndexOptions{Now: c.now, Confirmed: c.now})}
		late.wantKey(t, idle.Secret, "")
		entry := late.index.keys.get(digestOf(used.Secret, late, t))
		entry.used.Store(first.UnixMicro())
		late.index.used.push(entry)
		wantFault(t, late.index.FlushUsed(t.Context()), "")
		want(used.ID, second)
		want(idle.ID, c.now())
		// Nor does a refused key count.
		revoke(t, s, used.ID)
		wantFault(t, p.index.RefreshKeys(t.Context(), []string{used.ID}), "")
		c.add(time.Hour)
		p.wantKey(t, used.Secret, "UNAUTHORIZED")
		flush()
		want(used.ID, second)
	})
}

// Many requests, flushes and refreshes at once: no note is lost, and batches are bounded.
func TestNotesOfParallelRequests(t *testing.T) {
	t.Parallel()
	var list usedKeys
	const keys, rounds = 50, 200
	entries := make([]*keyEntry, keys)
	for i := range entries {
		entries[i] = &keyEntry{principal: Principal{Key: string(rune('a'+i%26)) + string(rune('a'+i/26))}}
	}
	last := map[string]int64{}
	gather := func(limit int) int {
		times := list.take(limit)
		if len(times) > limit {
			t.Errorf("%d at once, want at most %d", len(times), limit)
		}
		for id, at := range times {
			last[id] = max(last[id], at)
		}
		return len(times)
	}
	var callers sync.WaitGroup
	for range 4 {
		callers.Go(func() {
			for round := range rounds {
				for _, e := range entries {
					list.note(e, int64(round+1)*usedStep.Microseconds())
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { callers.Wait(); close(done) }()
	untilDone(done, func() { gather(7) })
	for gather(7) > 0 {
	}
	for _, e := range entries {
		if got := last[e.principal.Key]; got != rounds*usedStep.Microseconds() {
			t.Errorf("%s: last use %d", e.principal.Key, got)
		}
	}
}

// What is noted when the server stops is written; starting and stopping may be repeated.
func TestStopWritesWhatIsLeft(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, storetest.SQLite(t))
	s := NewService(db, ServiceOptions{})
	ix := NewIndex(db, IndexOptions{Confirmed: time.Now})
	wantFault(t, ix.Stop(t.Context()), "") // without a start
	k := newKey(t, s, skytells.KeyRequest{Account: newAccount(t, s).ID})
	for range 2 {
		ix.Start()
		ix.Start()
		_, err := ix.Authenticate(t.Context(), k.Secret, netip.Addr{})
		wantFault(t, err, "")
		wantFault(t, ix.Stop(t.Context()), "")
		wantFault(t, ix.Stop(t.Context()), "")
	}
	if got, err := s.Key(t.Context(), k.ID); err != nil || got.LastUsedAt == nil {
		t.Errorf("%+v, %v", got, err)
	}
	// A database that is gone is no reason to hang.
	wantFault(t, db.Close(), "")
	ix.used.push(ix.keys.get(digestOf(k.Secret, &process{index: ix}, t)))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := ix.Stop(ctx); err == nil {
		t.Error("no error")
	}
}

// digestOf makes sure that the index has the key.
func digestOf(raw string, p *process, t *testing.T) digest {
	t.Helper()
	p.wantKey(t, raw, "")
	return secret.Digest(raw)
}
