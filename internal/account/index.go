package account

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"skytower/internal/secret"
	"skytower/internal/store"
)

// Kinds of change that this room publishes on the feed.
const (
	ChangeAccount  = "account"
	ChangeKey      = "key"
	ChangeOperator = "operator" // the reference is the id of the operator's key
)

const (
	// maxUnconfirmed is how long the index answers without hearing that it has seen
	// every change. Revocation must reach a replica that lost the database, too.
	maxUnconfirmed = 60 * time.Second
	// maxRefs is how many changed rows are read one by one before all are read.
	maxRefs = 1000
)

// IndexOptions are the ties of an Index.
type IndexOptions struct {
	Now func() time.Time // nil: time.Now
	// Confirmed says when the change feed last knew that it had passed on every
	// change. Without it every key is answered with SERVICE_UNAVAILABLE.
	Confirmed func() time.Time
}

// Index knows every living key, in memory, and answers without a lock or a database.
// It learns of changes through Watch.
//
// A key is in the index only if the database said so after the last change about it.
// What is read outside of the feed (a key met for the first time) is kept only if no
// change arrived between the question and the answer: otherwise a revocation could be
// overtaken by an older "valid" and stay unnoticed for good.
type Index struct {
	db        *store.DB
	now       func() time.Time
	confirmed func() time.Time
	fresh     atomic.Int64 // what confirmed said last, nanoseconds since 1970; 0: nothing yet

	used   usedKeys
	writer usedWriter

	keys      table[keyEntry]
	operators table[operatorEntry]

	askKeys      *asker[keyEntry]
	askOperators *asker[operatorEntry]

	refreshing sync.Mutex // one refresh at a time, so that an older reading never lands last

	mu       sync.Mutex // guards writes to the tables, and what follows
	round    uint64     // counts refreshes; moved on before each one reads
	accounts map[string]*accountState
}

// accountState is shared by the keys of an account: a suspension is one store.
type accountState struct{ now atomic.Pointer[standing] }

// standing is how an account is to be met.
type standing struct {
	suspended bool
	tier      string
	bodies    time.Duration // how long those of requests are kept
}

func newState(now standing) *accountState {
	state := &accountState{}
	state.now.Store(&now)
	return state
}

func (a *accountState) set(now standing) { a.now.Store(&now) }

type keyEntry struct {
	principal Principal      // but for the tier and what is kept, which are the account's
	addresses []netip.Prefix // where it may be used from; nil: everywhere
	expires   int64          // microseconds since 1970; 0: never
	account   *accountState
	use
}

type operatorEntry struct {
	operator Operator
	expires  int64
}

// NewIndex returns an empty index: it answers once the feed that it watches has
// started.
func NewIndex(db *store.DB, o IndexOptions) *Index {
	ix := &Index{db: db, now: o.Now, confirmed: o.Confirmed, accounts: map[string]*accountState{}}
	if ix.now == nil {
		ix.now = time.Now
	}
	if ix.confirmed == nil {
		ix.confirmed = func() time.Time { return time.Time{} }
	}
	ix.askKeys = newAsker(ix.findKey)
	ix.askOperators = newAsker(ix.findOperator)
	return ix
}

// feed is the part of the change feed that the index needs.
type feed interface {
	Subscribe(kind string, fn func(ctx context.Context, refs []string) error)
}

// Watch subscribes the index to the changes it needs. Call it before the feed starts.
func (ix *Index) Watch(f feed) {
	f.Subscribe(ChangeKey, ix.RefreshKeys)
	f.Subscribe(ChangeAccount, ix.RefreshAccounts)
	f.Subscribe(ChangeOperator, ix.RefreshOperators)
}

// Authenticate returns who owns the API key, for /v1. From is the caller's address; the
// zero one is not known, so that keys for certain addresses are refused.
//
// The errors are *fault.Error: UNAUTHORIZED for anything that is not a living account
// key, FORBIDDEN for one that is used from another address than it is for,
// ACCOUNT_SUSPENDED, and SERVICE_UNAVAILABLE with RetryAfter where that can't be known.
// A revoked key is refused within two seconds of its revocation.
func (ix *Index) Authenticate(ctx context.Context, raw string, from netip.Addr) (Principal, error) {
	e, now, err := lookUp(ctx, ix, &ix.keys, ix.askKeys, secret.AccountKey, raw)
	switch {
	case err != nil:
		return Principal{}, err
	case over(e.expires, now):
		return Principal{}, refused(errExpired)
	case !within(from, e.addresses):
		return Principal{}, elsewhere()
	}
	account := e.account.now.Load()
	if account.suspended {
		return Principal{}, suspended()
	}
	ix.used.note(e, now.UnixMicro())
	p := e.principal
	p.Tier, p.KeepBodies = account.tier, account.bodies
	return p, nil
}

// AuthenticateOperator returns who owns the operator key, for /admin/v1. Its errors
// are those of Authenticate but for ACCOUNT_SUSPENDED.
func (ix *Index) AuthenticateOperator(ctx context.Context, raw string) (Operator, error) {
	e, now, err := lookUp(ctx, ix, &ix.operators, ix.askOperators, secret.OperatorKey, raw)
	switch {
	case err != nil:
		return Operator{}, err
	case over(e.expires, now):
		return Operator{}, refused(errExpired)
	}
	return e.operator, nil
}

// lookUp finds the entry of a raw key in the table or, for a key never met, in the
// database. The form is checked first: junk costs neither.
func lookUp[T any](ctx context.Context, ix *Index, t *table[T], a *asker[T], kind secret.Prefix, raw string) (*T, time.Time, error) {
	if !secret.HasPrefix(raw, kind) || !secret.WellFormed(raw) {
		return nil, time.Time{}, refused(errMalformed)
	}
	now := ix.now()
	if err := ix.checkFresh(now); err != nil {
		return nil, now, err
	}
	d := secret.Digest(raw)
	if e := t.get(d); e != nil {
		return e, now, nil
	}
	e, err := a.ask(ctx, d, now)
	if err != nil {
		return nil, now, unavailable(err)
	}
	if e == nil {
		return nil, now, refused(errUnknown)
	}
	return e, now, nil
}

// checkFresh asks the feed only when its last answer has grown too old, since the
// feed answers under a lock.
func (ix *Index) checkFresh(now time.Time) error {
	age := now.UnixNano() - ix.fresh.Load()
	if age >= 0 && age <= int64(maxUnconfirmed) { // less than 0: the clock was set back
		return nil
	}
	at := ix.confirmed()
	if at.IsZero() {
		return unavailable(errNotStarted)
	}
	if age := now.Sub(at); age > maxUnconfirmed {
		return unavailable(fmt.Errorf("key changes are unconfirmed for %s", age.Round(time.Second)))
	}
	ix.fresh.Store(at.UnixNano())
	return nil
}

// over reports whether a moment has come; 0 never does.
func over(micros int64, now time.Time) bool { return micros != 0 && now.UnixMicro() >= micros }

// currentRound is what learn compares with; take it before asking the database.
func (ix *Index) currentRound() uint64 {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	return ix.round
}

// beginRefresh makes answers that are under way unfit to be kept. The caller holds
// refreshing.
func (ix *Index) beginRefresh() {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	ix.round++
}

// findKey asks the database for one key; nil, nil: no such key, or a revoked one.
func (ix *Index) findKey(ctx context.Context, d digest) (*keyEntry, error) {
	round := ix.currentRound()
	row, err := readOne(ctx, ix.db, keyByDigest, scanKeyRow, d[:])
	if err != nil {
		return nil, fmt.Errorf("look up a key: %w", err)
	}
	if row == nil || row.revoked {
		return nil, nil
	}
	return ix.learnKey(round, row), nil
}

// learnKey keeps a key that was read outside of the feed, unless a change has
// arrived since the round in which the reading began: then the row serves this one
// call only.
func (ix *Index) learnKey(round uint64, row *keyRow) *keyEntry {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	if ix.round != round {
		return row.entry(newState(row.standing))
	}
	e := row.entry(ix.stateOf(row))
	ix.keys.set(row.digest, e)
	return e
}

// findOperator is findKey for operators.
func (ix *Index) findOperator(ctx context.Context, d digest) (*operatorEntry, error) {
	round := ix.currentRound()
	row, err := readOne(ctx, ix.db, operatorByDigest, scanOperatorRow, d[:])
	if err != nil {
		return nil, fmt.Errorf("look up an operator key: %w", err)
	}
	if row == nil || row.revoked {
		return nil, nil
	}
	return ix.learnOperator(round, row), nil
}

// learnOperator is learnKey for operators.
func (ix *Index) learnOperator(round uint64, row *operatorRow) *operatorEntry {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	if ix.round == round {
		ix.operators.set(row.digest, &row.operatorEntry)
	}
	return &row.operatorEntry
}

// stateOf returns the shared state of the row's account. One that is there already
// stays as it is: where the row knows better, the feed is about to say so. The caller
// holds mu.
func (ix *Index) stateOf(row *keyRow) *accountState {
	state := ix.accounts[row.principal.Account]
	if state == nil {
		state = newState(row.standing)
		ix.accounts[row.principal.Account] = state
	}
	return state
}
