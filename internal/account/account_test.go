package account

import (
	"context"
	"net/netip"
	"sync"
	"testing"
	"time"

	"skytower/internal/fault"
	"skytower/internal/secret"
	"skytower/internal/skytells"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

// patience bounds waits for things that come by themselves; no test measures time.
const patience = 30 * time.Second

// process is what one server process has: a database handle, a feed, an index.
type process struct {
	db      *store.DB
	feed    *store.Feed
	index   *Index
	service *Service
	heard   chan []string // references of key changes, once the index has them
}

func start(t testing.TB, url string) *process {
	t.Helper()
	db := storetest.Open(t, url)
	p := &process{db: db, feed: db.NewFeed(store.FeedOptions{}), service: NewService(db, ServiceOptions{}),
		heard: make(chan []string, 1000)}
	p.index = NewIndex(db, IndexOptions{Confirmed: p.feed.Confirmed})
	p.index.Watch(p.feed)
	p.feed.Subscribe(ChangeKey, func(_ context.Context, refs []string) error {
		if refs != nil {
			p.heard <- refs
		}
		return nil
	})
	if err := p.feed.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.feed.Stop)
	return p
}

func (p *process) sync(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := p.feed.Sync(ctx); err != nil {
		t.Fatal(err)
	}
}

func newAccount(t testing.TB, s *Service) skytells.Account {
	t.Helper()
	a, err := s.CreateAccount(t.Context(), System(), skytells.AccountRequest{Name: "Team"})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func newKey(t testing.TB, s *Service, r skytells.KeyRequest) skytells.Key {
	t.Helper()
	k, err := s.CreateKey(t.Context(), System(), r)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func revoke(t testing.TB, s *Service, id string) skytells.Key {
	t.Helper()
	k, err := s.RevokeKey(t.Context(), System(), id)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// wantFault checks the error id; "" wants no error.
func wantFault(t testing.TB, err error, want fault.ID) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Fatalf("unexpected error: %v", err)
	case want != "" && !fault.Is(err, want):
		t.Fatalf("error is %v, want %s", err, want)
	}
}

func (p *process) wantKey(t testing.TB, raw string, want fault.ID) {
	t.Helper()
	_, err := p.index.Authenticate(t.Context(), raw, netip.Addr{})
	wantFault(t, err, want)
}

// principal is who the key stands for, used from the address (or from nowhere known: "").
func (p *process) principal(t testing.TB, raw, from string) (Principal, error) {
	t.Helper()
	var addr netip.Addr
	if from != "" {
		addr = netip.MustParseAddr(from)
	}
	return p.index.Authenticate(t.Context(), raw, addr)
}

func newMember(t testing.TB, s *Service, account string, role MemberRole) skytells.Member {
	t.Helper()
	m, err := s.CreateMember(t.Context(), System(), account, skytells.MemberRequest{Name: "Ada", Role: string(role)})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// clock is a time that tests move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func unknownKey() string { return secret.NewAPIKey(secret.AccountKey) }

func TestRefusalIsTheContractsText(t *testing.T) {
	t.Parallel()
	e := fault.From(refused(errUnknown))
	if e.Message != "Invalid or missing API key" || e.Details != "Invalid API key" || e.HTTPStatus() != 401 {
		t.Errorf("refusal is %+v", e)
	}
	if e := fault.From(suspended()); e.HTTPStatus() != 401 {
		t.Errorf("suspension has status %d, want 401 (contract 15.12)", e.HTTPStatus())
	}
	if e := fault.From(unavailable(errNotStarted)); e.HTTPStatus() != 503 || e.RetryAfter <= 0 {
		t.Errorf("unavailable is %+v", e)
	}
}

func TestRequire(t *testing.T) {
	t.Parallel()
	p := Principal{Scopes: ModelsRead | Inference}
	wantFault(t, p.Require(Inference), "")
	wantFault(t, p.Require(ModelsRead|Inference), "")
	err := p.Require(Inference | Files)
	wantFault(t, err, fault.Forbidden)
	if got, want := fault.From(err).Message, "This API key lacks the scope files."; got != want {
		t.Errorf("message %q, want %q", got, want)
	}
}
