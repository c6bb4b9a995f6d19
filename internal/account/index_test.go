package account

import (
	"context"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"skytower/internal/fault"
	"skytower/internal/secret"
	"skytower/internal/skytells"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

func TestRevocationReachesTheOtherProcess(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		one, other := start(t, url), start(t, url)
		key := newKey(t, one.service, skytells.KeyRequest{Account: newAccount(t, one.service).ID})
		one.wantKey(t, key.Secret, "")
		other.wantKey(t, key.Secret, "")

		revoke(t, one.service, key.ID)
		since := time.Now()
		limit := time.After(patience)
		for {
			select {
			case refs := <-other.heard:
				if _, err := other.index.Authenticate(t.Context(), key.Secret, netip.Addr{}); fault.Is(err, fault.Unauthorized) {
					t.Logf("refused in the other process after %s", time.Since(since).Round(time.Millisecond))
					return
				}
				t.Logf("heard of %q", refs) // of the creation
			case <-limit:
				t.Fatal("the other process has not heard of the revocation")
			}
		}
	})
}

func TestNewKeyWorksAtOnceElsewhere(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		one := start(t, url)
		// An index that no feed tells anything can only have asked.
		other := NewIndex(storetest.Open(t, url), IndexOptions{Confirmed: time.Now})
		key := newKey(t, one.service, skytells.KeyRequest{Account: newAccount(t, one.service).ID, Scopes: []string{"inference"}})
		p, err := other.Authenticate(t.Context(), key.Secret, netip.Addr{})
		if want := (Principal{Account: key.Account, Key: key.ID, Scopes: Inference, Tier: "1"}); err != nil || !reflect.DeepEqual(p, want) {
			t.Fatalf("principal %+v, %v; want %+v", p, err, want)
		}
		if other.keys.get(secret.Digest(key.Secret)) == nil {
			t.Error("the key was not remembered")
		}
		_, opRaw, err := one.service.CreateOperator(t.Context(), System(), "Ops", RoleAuditor)
		wantFault(t, err, "")
		if o, err := other.AuthenticateOperator(t.Context(), opRaw); err != nil || o.Role != RoleAuditor {
			t.Errorf("operator %+v, %v", o, err)
		}
	})
}

// A restarted process knows every living key before its first request.
func TestStartLoadsLivingKeys(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		db := storetest.Open(t, url)
		c := newClock()
		s := NewService(db, ServiceOptions{Now: c.now})
		acct := newAccount(t, s)
		soon := c.now().Add(time.Minute)
		living := newKey(t, s, skytells.KeyRequest{Account: acct.ID})
		dead := newKey(t, s, skytells.KeyRequest{Account: acct.ID})
		expired := newKey(t, s, skytells.KeyRequest{Account: acct.ID, ExpiresAt: &soon})
		revoke(t, s, dead.ID)
		_, opRaw, err := s.CreateOperator(t.Context(), System(), "Ops", RoleOperator)
		wantFault(t, err, "")
		c.add(time.Hour)

		away, err := store.Open(t.Context(), url, store.Options{})
		wantFault(t, err, "")
		feed := away.NewFeed(store.FeedOptions{})
		p := &process{index: NewIndex(away, IndexOptions{Now: c.now, Confirmed: c.now})}
		p.index.Watch(feed)
		wantFault(t, feed.Start(t.Context()), "")
		feed.Stop()
		wantFault(t, away.Close(), "")

		p.wantKey(t, living.Secret, "")
		if o, err := p.index.AuthenticateOperator(t.Context(), opRaw); err != nil || o.Role != RoleOperator {
			t.Errorf("operator %+v, %v", o, err)
		}
		// These are not in memory, and the database is gone.
		p.wantKey(t, dead.Secret, fault.ServiceUnavailable)
		p.wantKey(t, expired.Secret, fault.ServiceUnavailable)
	})
}

func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		db, err := store.Open(t.Context(), url, store.Options{})
		wantFault(t, err, "")
		s := NewService(db, ServiceOptions{})
		p := &process{index: NewIndex(db, IndexOptions{Confirmed: time.Now})}
		key := newKey(t, s, skytells.KeyRequest{Account: newAccount(t, s).ID})
		p.wantKey(t, key.Secret, "")
		wantFault(t, db.Close(), "")

		p.wantKey(t, key.Secret, "")
		p.wantKey(t, "sk-junk", fault.Unauthorized)
		p.wantKey(t, secret.NewAPIKey(secret.OperatorKey), fault.Unauthorized) // not even asked for
		_, err = p.index.Authenticate(t.Context(), unknownKey(), netip.Addr{})
		wantFault(t, err, fault.ServiceUnavailable)
		if fault.From(err).RetryAfter <= 0 {
			t.Error("no Retry-After")
		}
		_, err = p.index.AuthenticateOperator(t.Context(), secret.NewAPIKey(secret.OperatorKey))
		wantFault(t, err, fault.ServiceUnavailable)
	})
}

func TestStaleFeed(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, storetest.SQLite(t))
	s := NewService(db, ServiceOptions{})
	c := newClock()
	var confirmed atomic.Pointer[time.Time]
	confirmed.Store(&time.Time{})
	p := &process{index: NewIndex(db, IndexOptions{Now: c.now, Confirmed: func() time.Time { return *confirmed.Load() }})}
	key := newKey(t, s, skytells.KeyRequest{Account: newAccount(t, s).ID})
	_, opRaw, err := s.CreateOperator(t.Context(), System(), "Ops", RoleOperator)
	wantFault(t, err, "")
	check := func(want fault.ID) {
		t.Helper()
		p.wantKey(t, key.Secret, want)
		_, err := p.index.AuthenticateOperator(t.Context(), opRaw)
		wantFault(t, err, want)
	}
	confirm := func() { now := c.now(); confirmed.Store(&now) }

	check(fault.ServiceUnavailable) // not started
	confirm()
	check("")
	c.add(maxUnconfirmed)
	check("")
	c.add(1)
	check(fault.ServiceUnavailable)
	p.wantKey(t, unknownKey(), fault.ServiceUnavailable) // never 401 on a guess
	p.wantKey(t, "junk", fault.Unauthorized)             // no guess
	confirm()
	check("")
	c.add(40 * time.Second)
	confirm()
	c.add(40 * time.Second)
	check("")

	p.index = NewIndex(db, IndexOptions{}) // wired to no feed
	check(fault.ServiceUnavailable)
}

func TestUnknownKeyAsksOnceInTwoSeconds(t *testing.T) {
	t.Parallel()
	db, err := store.Open(t.Context(), storetest.SQLite(t), store.Options{})
	wantFault(t, err, "")
	c := newClock()
	p := &process{index: NewIndex(db, IndexOptions{Now: c.now, Confirmed: c.now})}
	raw := unknownKey()
	p.wantKey(t, raw, fault.Unauthorized)
	wantFault(t, db.Close(), "")
	c.add(unknownFor - time.Microsecond)
	p.wantKey(t, raw, fault.Unauthorized) // from memory: the database could not say so
	p.wantKey(t, unknownKey(), fault.ServiceUnavailable)
	c.add(time.Microsecond)
	p.wantKey(t, raw, fault.ServiceUnavailable)
}

func TestSuspension(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		p, other := start(t, url), start(t, url)
		acct, neighbour := newAccount(t, p.service), newAccount(t, p.service)
		first := newKey(t, p.service, skytells.KeyRequest{Account: acct.ID})
		second := newKey(t, p.service, skytells.KeyRequest{Account: acct.ID})
		apart := newKey(t, p.service, skytells.KeyRequest{Account: neighbour.ID})
		check := func(want fault.ID) {
			t.Helper()
			for _, p := range []*process{p, other} {
				p.sync(t)
				p.wantKey(t, first.Secret, want)
				p.wantKey(t, second.Secret, want)
				p.wantKey(t, apart.Secret, "")
			}
		}
		check("")
		a, err := p.service.Suspend(t.Context(), System(), acct.ID, "unpaid")
		wantFault(t, err, "")
		if !a.Suspended || a.Reason != "unpaid" || a.ChangedAt == nil {
			t.Errorf("suspended account is %+v", a)
		}
		check(fault.AccountSuspended)
		third := newKey(t, p.service, skytells.KeyRequest{Account: acct.ID})
		unwatched := &process{index: NewIndex(p.db, IndexOptions{Confirmed: time.Now})}
		unwatched.wantKey(t, third.Secret, fault.AccountSuspended)
		wantFault(t, other.index.RefreshAccounts(t.Context(), nil), "")
		check(fault.AccountSuspended)
		wantFault(t, other.index.RefreshKeys(t.Context(), nil), "")
		check(fault.AccountSuspended)
		// A revoked key of a suspended account is no key at all.
		revoke(t, p.service, third.ID)
		p.sync(t)
		p.wantKey(t, third.Secret, fault.Unauthorized)

		a, err = p.service.Resume(t.Context(), System(), acct.ID)
		wantFault(t, err, "")
		if a.Suspended || a.Reason != "" {
			t.Errorf("resumed account is %+v", a)
		}
		check("")
		wantFault(t, other.index.RefreshAccounts(t.Context(), nil), "")
		check("")
	})
}

func TestKindsOfKeysDoNotMix(t *testing.T) {
	t.Parallel()
	p := start(t, storetest.SQLite(t))
	key := newKey(t, p.service, skytells.KeyRequest{Account: newAccount(t, p.service).ID})
	_, opRaw, err := p.service.CreateOperator(t.Context(), System(), "Ops", RoleOperator)
	wantFault(t, err, "")
	p.wantKey(t, key.Secret, "")
	_, err = p.index.AuthenticateOperator(t.Context(), opRaw)
	wantFault(t, err, "")
	body := key.Secret[3:]
	for _, raw := range []string{
		"", "sk-", "op-", opRaw, "op-" + body, "sk-" + opRaw[3:], body, key.Secret + "x", key.Secret[:len(key.Secret)-1],
		" " + key.Secret, "SK-" + body, "sk_pat_" + body, "sk_proj_" + body, "wfb_" + body, unknownKey(),
	} {
		p.wantKey(t, raw, fault.Unauthorized)
	}
	for _, raw := range []string{"", key.Secret, "op-" + body, "sk-" + opRaw[3:], secret.NewAPIKey(secret.OperatorKey)} {
		_, err := p.index.AuthenticateOperator(t.Context(), raw)
		wantFault(t, err, fault.Unauthorized)
	}
}

func TestExpiry(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, storetest.SQLite(t))
	c := newClock()
	s := NewService(db, ServiceOptions{Now: c.now})
	end := c.now().Add(time.Hour)
	acct := newAccount(t, s)
	key := newKey(t, s, skytells.KeyRequest{Account: acct.ID, ExpiresAt: &end})
	newIndex := func() *process {
		return &process{index: NewIndex(db, IndexOptions{Now: c.now, Confirmed: c.now})}
	}
	asked, loaded := newIndex(), newIndex()
	wantFault(t, loaded.index.RefreshKeys(t.Context(), nil), "")
	for _, p := range []*process{asked, loaded} {
		p.wantKey(t, key.Secret, "")
	}
	c.add(time.Hour - time.Microsecond)
	for _, p := range []*process{asked, loaded} {
		p.wantKey(t, key.Secret, "")
	}
	c.add(time.Microsecond)
	for _, p := range []*process{asked, loaded, newIndex()} {
		p.wantKey(t, key.Secret, fault.Unauthorized)
	}
	now := c.now()
	_, err := s.CreateKey(t.Context(), System(), skytells.KeyRequest{Account: acct.ID, ExpiresAt: &now})
	wantFault(t, err, fault.InvalidParameter)
}

// The answer "valid" may be on its way from the database while the key is revoked
// and the feed has said so. It must not be kept.
func TestLateAnswerIsNotKept(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, storetest.SQLite(t))
	s := NewService(db, ServiceOptions{})
	c := newClock()
	p := &process{index: NewIndex(db, IndexOptions{Now: c.now, Confirmed: c.now})}
	ix := p.index
	acct := newAccount(t, s)
	key := newKey(t, s, skytells.KeyRequest{Account: acct.ID})
	_, opRaw, err := s.CreateOperator(t.Context(), System(), "Ops", RoleOperator)
	wantFault(t, err, "")
	_, lastRaw, err := s.CreateOperator(t.Context(), System(), "Other", RoleOperator)
	wantFault(t, err, "")

	round := ix.currentRound()
	row, err := readOne(t.Context(), db, keyByID, scanKeyRow, key.ID)
	wantFault(t, err, "")
	revoke(t, s, key.ID)
	wantFault(t, ix.RefreshKeys(t.Context(), []string{key.ID}), "")
	if e := ix.learnKey(round, row); e == nil || e.account.now.Load().suspended {
		t.Error("the late answer serves its own call")
	}
	p.wantKey(t, key.Secret, fault.Unauthorized)

	opDigest := secret.Digest(opRaw)
	round = ix.currentRound()
	opRow, err := readOne(t.Context(), db, operatorByDigest, scanOperatorRow, opDigest[:])
	wantFault(t, err, "")
	wantFault(t, s.RevokeOperator(t.Context(), System(), opRow.operator.ID), "")
	wantFault(t, ix.RefreshOperators(t.Context(), []string{opRow.operator.Key}), "")
	ix.learnOperator(round, opRow)
	_, err = ix.AuthenticateOperator(t.Context(), opRaw)
	wantFault(t, err, fault.Unauthorized)
	_, err = ix.AuthenticateOperator(t.Context(), lastRaw)
	wantFault(t, err, "")

	// Likewise for a suspension in between.
	key = newKey(t, s, skytells.KeyRequest{Account: acct.ID})
	p.wantKey(t, key.Secret, "")
	round = ix.currentRound()
	row, err = readOne(t.Context(), db, keyByID, scanKeyRow, key.ID)
	wantFault(t, err, "")
	_, err = s.Suspend(t.Context(), System(), acct.ID, "")
	wantFault(t, err, "")
	wantFault(t, ix.RefreshAccounts(t.Context(), []string{acct.ID}), "")
	ix.learnKey(round, row)
	p.wantKey(t, key.Secret, fault.AccountSuspended)
}

// What a feed may hand over: ids of rows that are gone, and more ids than are worth
// reading one by one.
func TestRefreshOfMissingAndMany(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := NewService(db, ServiceOptions{})
		p := &process{index: NewIndex(db, IndexOptions{Confirmed: time.Now})}
		acct := newAccount(t, s)
		gone := newKey(t, s, skytells.KeyRequest{Account: acct.ID})
		dead := newKey(t, s, skytells.KeyRequest{Account: acct.ID})
		stays := newKey(t, s, skytells.KeyRequest{Account: acct.ID})
		op, opRaw, err := s.CreateOperator(t.Context(), System(), "Ops", RoleAuditor)
		wantFault(t, err, "")
		o, err := p.index.AuthenticateOperator(t.Context(), opRaw)
		if err != nil || o.ID != op.ID {
			t.Fatalf("operator %+v, %v", o, err)
		}
		for _, k := range []skytells.Key{gone, dead, stays} {
			p.wantKey(t, k.Secret, "")
		}
		wantFault(t, db.Write(t.Context(), func(tx *store.Tx) error {
			if _, err := tx.Exec(t.Context(), `delete from api_key where id = $1`, gone.ID); err != nil {
				return err
			}
			_, err := tx.Exec(t.Context(), `delete from operator_key where id = $1`, o.Key)
			return err
		}), "")
		wantFault(t, p.index.RefreshKeys(t.Context(), []string{gone.ID, "key_never"}), "")
		wantFault(t, p.index.RefreshOperators(t.Context(), []string{o.Key, "opk_never"}), "")
		p.wantKey(t, gone.Secret, fault.Unauthorized)
		_, err = p.index.AuthenticateOperator(t.Context(), opRaw)
		wantFault(t, err, fault.Unauthorized)

		revoke(t, s, dead.ID)
		many := slices.Repeat([]string{"key_never"}, maxRefs+1)
		wantFault(t, p.index.RefreshKeys(t.Context(), many), "")
		p.wantKey(t, dead.Secret, fault.Unauthorized)
		p.wantKey(t, stays.Secret, "")
		wantFault(t, p.index.RefreshOperators(t.Context(), many), "")
		wantFault(t, p.index.RefreshAccounts(t.Context(), many), "")
		p.wantKey(t, stays.Secret, "")
		wantFault(t, p.index.RefreshAccounts(t.Context(), []string{"acct_never"}), "")
		p.wantKey(t, stays.Secret, "")
	})
}

// Requests, creations, revocations and reloads at the same time; at the end every
// revoked key is refused and every other one works.
func TestParallelUse(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		p := start(t, url)
		acct := newAccount(t, p.service)
		const workers, rounds = 4, 12
		var living, dead [workers][]skytells.Key
		done := make(chan struct{})
		var busy, callers sync.WaitGroup
		for w := range workers {
			busy.Go(func() {
				for i := range rounds {
					k, err := p.service.CreateKey(t.Context(), System(), skytells.KeyRequest{Account: acct.ID, Name: fmt.Sprint(w, i)})
					if err != nil {
						t.Error(err)
						return
					}
					if _, err := p.index.Authenticate(t.Context(), k.Secret, netip.Addr{}); err != nil {
						t.Errorf("a new key: %v", err)
					}
					if i%2 == 0 {
						living[w] = append(living[w], k)
						continue
					}
					if _, err := p.service.RevokeKey(t.Context(), System(), k.ID); err != nil {
						t.Error(err)
					}
					dead[w] = append(dead[w], k)
					_, _ = p.index.Authenticate(t.Context(), k.Secret, netip.Addr{}) // either answer is right for a moment
				}
			})
		}
		known := newKey(t, p.service, skytells.KeyRequest{Account: acct.ID})
		for range 2 {
			callers.Go(func() { untilDone(done, func() { p.callTwice(t, known.Secret) }) })
		}
		callers.Go(func() {
			untilDone(done, func() {
				if err := p.index.RefreshKeys(t.Context(), nil); err != nil {
					t.Error(err)
				}
			})
		})
		busy.Wait()
		close(done)
		callers.Wait()
		p.sync(t)
		for w := range workers {
			for _, k := range living[w] {
				p.wantKey(t, k.Secret, "")
			}
			for _, k := range dead[w] {
				p.wantKey(t, k.Secret, fault.Unauthorized)
			}
		}
	})
}

func (p *process) callTwice(t *testing.T, raw string) {
	if _, err := p.index.Authenticate(t.Context(), raw, netip.Addr{}); err != nil {
		t.Errorf("a living key: %v", err)
	}
	if _, err := p.index.Authenticate(t.Context(), unknownKey(), netip.Addr{}); !fault.Is(err, fault.Unauthorized) {
		t.Errorf("an unknown key: %v", err)
	}
}

func untilDone(done <-chan struct{}, f func()) {
	for {
		select {
		case <-done:
			return
		default:
			f()
		}
	}
}

func TestAuthenticateAllocatesNothing(t *testing.T) {
	db := storetest.Open(t, storetest.SQLite(t))
	s := NewService(db, ServiceOptions{})
	c := newClock()
	far := c.now().Add(10_000 * time.Hour) // so that the feed is asked once
	ix := NewIndex(db, IndexOptions{Now: func() time.Time { c.add(usedStep); return c.now() }, Confirmed: func() time.Time { return far }})
	acct := newAccount(t, s)
	plain := newKey(t, s, skytells.KeyRequest{Account: acct.ID})
	bound := newKey(t, s, skytells.KeyRequest{Member: newMember(t, s, acct.ID, RoleDeveloper).ID,
		Addresses: []string{"192.0.2.0/24", "2001:db8::/32"}, Models: []string{"m"}, Budget: "5"})
	ctx := t.Context()
	for from, raw := range map[string]string{"198.51.100.1": plain.Secret, "::ffff:192.0.2.1": bound.Secret, "2001:db8::1": bound.Secret} {
		addr := netip.MustParseAddr(from)
		n := testing.AllocsPerRun(100, func() { // each call is noted as a use
			if _, err := ix.Authenticate(ctx, raw, addr); err != nil {
				t.Fatal(err)
			}
		})
		if n != 0 {
			t.Errorf("from %s: %v allocations for a known key", from, n)
		}
	}
}

func BenchmarkAuthenticate(b *testing.B) {
	db := storetest.Open(b, storetest.SQLite(b))
	s := NewService(db, ServiceOptions{})
	ix := NewIndex(db, IndexOptions{Confirmed: time.Now})
	key := newKey(b, s, skytells.KeyRequest{Account: newAccount(b, s).ID})
	b.Run("one key", func(b *testing.B) { benchmarkKey(b, ix, key.Secret) })

	all := map[digest]*keyEntry{}
	for i := range 1_000_000 {
		all[sum(i)] = &keyEntry{account: &accountState{}}
	}
	all[secret.Digest(key.Secret)] = ix.keys.get(secret.Digest(key.Secret))
	ix.keys.replace(all)
	b.Run("of a million", func(b *testing.B) { benchmarkKey(b, ix, key.Secret) })
	b.Run("change in a million", func(b *testing.B) {
		before := processorTime(b)
		for i := 0; b.Loop(); i++ {
			ix.keys.set(sum(i%1_000_000), &keyEntry{})
		}
		b.ReportMetric(float64(processorTime(b)-before)/float64(b.N), "cpu-ns/op")
	})
}

// benchmarkKey also reports the processor time, which other work on the machine
// disturbs less than the time on the clock.
func benchmarkKey(b *testing.B, ix *Index, raw string) {
	b.ReportAllocs()
	before := processorTime(b)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := ix.Authenticate(context.Background(), raw, netip.Addr{}); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(processorTime(b)-before)/float64(b.N), "cpu-ns/op")
}

func processorTime(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
