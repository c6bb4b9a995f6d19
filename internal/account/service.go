package account

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"skytower/internal/fault"
	"skytower/internal/secret"
	"skytower/internal/skytells"
	"skytower/internal/store"
)

// Bounds of what an operator may write and read at once.
const (
	maxName     = 200  // characters of a name
	maxReason   = 1000 // characters of a reason
	defaultPage = 100
	maxPage     = 1000
)

// Service keeps accounts, keys and operators. Each change is one transaction with
// its audit row and its notice on the change feed, so that an Index in any process
// hears of what is committed and of nothing else.
//
// Errors meant for the caller are *fault.Error; an id that does not exist is
// INVALID_PARAMETER with status 404.
type Service struct {
	db       *store.DB
	now      func() time.Time
	sealer   *secret.Sealer
	tiers    []string
	onCreate OnCreate
	onClose  OnClose
	most     int           // ServiceOptions.Concurrency
	bodies   time.Duration // ServiceOptions.BodyRetention

	hasher   *hasher
	tries    *throttle
	sessions *visitors
}

// OnCreate does what belongs to a new account in other rooms (its starting credit), in
// the transaction that makes it: an error from it undoes the account. It may run again.
type OnCreate func(ctx context.Context, tx *store.Tx, account string, by Operator) error

// OnClose removes what other rooms keep of an account that was closed, but for its books.
// It runs outside of a transaction, may take long, and runs again until it succeeds.
type OnClose func(ctx context.Context, account string) error

// ServiceOptions adjust a Service. The zero value works, but for webhook secrets.
type ServiceOptions struct {
	Now func() time.Time // nil: time.Now
	// Sealer, of the use secret.WebhookKeys, seals accounts' webhook secrets.
	Sealer *secret.Sealer
	// Tiers are the names that an account's tier may have; nil: any word.
	Tiers    []string
	OnCreate OnCreate // nil: nothing
	OnClose  OnClose  // nil: nothing
	// Concurrency is the server's own bound of predictions at the same time, which an account
	// without one of its own may choose to stay below; 0: not told, so that none may.
	Concurrency int
	// BodyRetention is the longest that an account may have the bodies of its requests kept;
	// 0: not at all.
	BodyRetention time.Duration
}

// NewService returns a service on the database.
func NewService(db *store.DB, o ServiceOptions) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Service{db: db, now: o.Now, sealer: o.Sealer, tiers: o.Tiers, onCreate: o.OnCreate, onClose: o.OnClose,
		most: o.Concurrency, bodies: o.BodyRetention, hasher: newHasher(), tries: newThrottle(), sessions: newVisitors()}
}

// Page asks for a part of a list, oldest first.
type Page struct {
	After string // id of the last one already seen; "": from the start
	Limit int    // 0: 100; at most 1,000
}

func (p Page) limit() int {
	if p.Limit <= 0 {
		return defaultPage
	}
	return min(p.Limit, maxPage)
}

// CreateAccount makes an account.
func (s *Service) CreateAccount(ctx context.Context, by Operator, r skytells.AccountRequest) (skytells.Account, error) {
	a := s.newAccount("")
	if err := s.editAccount(&a, r); err != nil {
		return skytells.Account{}, err
	}
	if a.name == "" {
		return skytells.Account{}, fault.Invalid("name", "An account needs a name.")
	}
	err := s.change(ctx, by, func(tx *store.Tx) error { return s.insertAccount(ctx, tx, by, a) })
	if err != nil {
		return skytells.Account{}, fmt.Errorf("create account: %w", err)
	}
	return a.wire(), nil
}

func (s *Service) newAccount(name string) accountRow {
	return accountRow{id: newID("acct_"), name: name, created: s.micros(), retention: serversRetention, autoTier: 1}
}

func (s *Service) insertAccount(ctx context.Context, tx *store.Tx, by Operator, a accountRow) error {
	_, err := tx.Exec(ctx, `insert into account (id, name, created_at, retention, concurrency, tier, auto_tier, keep_bodies)
		values ($1, $2, $3, $4, $5, $6, $7, $8)`,
		a.id, a.name, a.created, a.retention, a.concurrency, a.tier, a.autoTier, a.bodies)
	if err != nil {
		return err
	}
	if err := s.record(ctx, tx, by, act{"account.create", a.id, a.name, ChangeAccount, a.id}); err != nil || s.onCreate == nil {
		return err
	}
	return s.onCreate(ctx, tx, a.id, by)
}

// Account returns one account.
func (s *Service) Account(ctx context.Context, id string) (skytells.Account, error) {
	var a accountRow
	err := s.db.Read(ctx, func(tx *store.Tx) (err error) {
		a, err = accountByID(ctx, tx, id, "")
		return err
	})
	if err != nil {
		return skytells.Account{}, fmt.Errorf("read account: %w", err)
	}
	return a.wire(), nil
}

// Accounts lists accounts; never nil.
func (s *Service) Accounts(ctx context.Context, p Page) ([]skytells.Account, error) {
	return s.listAccounts(ctx, p, "")
}

// listAccounts lists a page of the accounts that meet a further condition, whose arguments
// are numbered from $4; never nil.
func (s *Service) listAccounts(ctx context.Context, p Page, condition string, args ...any) ([]skytells.Account, error) {
	var list []skytells.Account
	query := selectAccount + ` where (created_at, id) > ($1, $2) ` + condition + ` order by created_at, id limit $3`
	err := s.db.Read(ctx, func(tx *store.Tx) error {
		after, err := createdAt(ctx, tx, "account", p.After)
		if err != nil {
			return err
		}
		list = []skytells.Account{}
		return tx.Each(ctx, query, func(scan func(...any) error) error {
			var a accountRow
			err := a.scan(scan)
			list = append(list, a.wire())
			return err
		}, append([]any{after, p.After, p.limit()}, args...)...)
	})
	if err != nil {
		return nil, fmt.Errorf("list accounts: %w", err)
	}
	return list, nil
}

// Suspend makes every key of the account answer ACCOUNT_SUSPENDED. A second call
// changes the reason alone.
func (s *Service) Suspend(ctx context.Context, by Operator, id, reason string) (skytells.Account, error) {
	if utf8.RuneCountInString(reason) > maxReason {
		return skytells.Account{}, fault.Invalid("reason", "A reason has at most %d characters.", maxReason)
	}
	a, err := s.setSuspended(ctx, by, id, "account.suspend", func(a *accountRow) bool {
		done := a.suspended.Valid && a.reason == reason
		if !a.suspended.Valid {
			a.suspended = sql.NullInt64{Int64: s.micros(), Valid: true}
		}
		a.reason = reason
		return !done
	})
	if err != nil {
		return skytells.Account{}, fmt.Errorf("suspend account: %w", err)
	}
	return a.wire(), nil
}

// Resume ends a suspension; of an account that is not suspended it changes nothing.
func (s *Service) Resume(ctx context.Context, by Operator, id string) (skytells.Account, error) {
	a, err := s.setSuspended(ctx, by, id, "account.resume", func(a *accountRow) bool {
		done := !a.suspended.Valid
		a.suspended, a.reason = sql.NullInt64{}, ""
		return !done
	})
	if err != nil {
		return skytells.Account{}, fmt.Errorf("resume account: %w", err)
	}
	return a.wire(), nil
}

// setSuspended writes what edit made of the account, if it says that anything changed.
func (s *Service) setSuspended(ctx context.Context, by Operator, id, action string, edit func(*accountRow) bool) (accountRow, error) {
	var a accountRow
	err := s.change(ctx, by, func(tx *store.Tx) (err error) {
		if a, err = openAccount(ctx, tx, id); err != nil {
			return err
		}
		if !edit(&a) {
			return nil
		}
		a.changed = sql.NullInt64{Int64: s.micros(), Valid: true}
		_, err = tx.Exec(ctx, `update account set suspended_at = $2, suspend_reason = $3, changed_at = $4 where id = $1`,
			id, a.suspended, a.reason, a.changed)
		if err != nil {
			return err
		}
		return s.record(ctx, tx, by, act{action, id, a.reason, ChangeAccount, id})
	})
	return a, err
}

// change is the one way to write: it asks for the role first.
func (s *Service) change(ctx context.Context, by Operator, fn func(tx *store.Tx) error) error {
	if err := by.MayChange(); err != nil {
		return err
	}
	return s.db.Write(ctx, fn)
}

// act is an administrative act: its audit row and its notice on the change feed.
type act struct{ action, subject, detail, kind, ref string }

func (s *Service) record(ctx context.Context, tx *store.Tx, by Operator, a act) error {
	if err := s.audit(ctx, tx, by, a.action, a.subject, a.detail); err != nil {
		return err
	}
	return tx.Publish(ctx, a.kind, a.ref)
}

func (s *Service) micros() int64 { return store.Micros(s.now()) }

// accountRow is a row of the table account.
type accountRow struct {
	id, name, reason   string
	created            int64
	suspended, changed sql.NullInt64

	retention, concurrency int64  // as in the table
	webhookSecret          string // sealed

	tier     string // the operator's choice; "": autoTier
	autoTier int64

	closed int64 // 0: open
	own    int64 // concurrency that the account chose for itself; 0: none
	bodies int64 // how long bodies of requests are kept, in microseconds; 0: none are
}

const selectAccount = `select id, name, suspend_reason, created_at, suspended_at, changed_at,
	retention, concurrency, webhook_secret, tier, auto_tier, closed_at, own_concurrency, keep_bodies from account`

func (a *accountRow) scan(scan func(...any) error) error {
	return scan(&a.id, &a.name, &a.reason, &a.created, &a.suspended, &a.changed, &a.retention, &a.concurrency, &a.webhookSecret,
		&a.tier, &a.autoTier, &a.closed, &a.own, &a.bodies)
}

func (a *accountRow) wire() skytells.Account {
	return skytells.Account{ID: a.id, Name: a.name, Suspended: a.suspended.Valid, Reason: a.reason,
		CreatedAt: store.Time(a.created), ChangedAt: timeOf(a.changed),
		Retention: retentionText(a.retention), Concurrency: int(a.concurrency), WebhookSecret: a.webhookSecret != "",
		Tier: tierInForce(a.tier, a.autoTier), TierFixed: a.tier != "",
		KeepBodies: bodiesText(a.bodies), ClosedAt: timeOf(sql.NullInt64{Int64: a.closed, Valid: a.closed != 0})}
}

// accountByID reads an account, with lock behind the query.
func accountByID(ctx context.Context, tx *store.Tx, id, lock string) (accountRow, error) {
	var a accountRow
	err := a.scan(tx.QueryRow(ctx, selectAccount+` where id = $1`+lock, id).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return a, notFound("account", id)
	}
	return a, err
}

// openAccount locks an account and refuses one that was closed.
func openAccount(ctx context.Context, tx *store.Tx, id string) (accountRow, error) {
	a, err := accountByID(ctx, tx, id, tx.Dialect().ForUpdate())
	if err == nil && a.closed != 0 {
		err = accountIsClosed()
	}
	return a, err
}

func accountIsClosed() error {
	return &fault.Error{ID: fault.InvalidParameter, Status: 409, Param: "account", Message: "This account was closed, for good."}
}

// createdAt gives the place of the row that a page begins after.
func createdAt(ctx context.Context, tx *store.Tx, table, id string) (int64, error) {
	if id == "" {
		return 0, nil
	}
	var at int64
	err := tx.QueryRow(ctx, `select created_at from `+table+` where id = $1`, id).Scan(&at)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, fault.Invalid("after", "There is nothing with the id %q to go on from.", id)
	}
	return at, err
}

func timeOf(micros sql.NullInt64) *time.Time {
	if !micros.Valid {
		return nil
	}
	t := store.Time(micros.Int64)
	return &t
}

// newID is the prefix and 26 characters from 128 random bits or more.
func newID(prefix string) string { return prefix + strings.ToLower(rand.Text()) }

func checkName(name string) error {
	if utf8.RuneCountInString(name) > maxName {
		return fault.Invalid("name", "A name has at most %d characters.", maxName)
	}
	return nil
}

func notFound(noun, id string) error {
	return &fault.Error{ID: fault.InvalidParameter, Status: 404, Param: noun,
		Message: fmt.Sprintf("There is no %s with the id %q.", noun, id)}
}
