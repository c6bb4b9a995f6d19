package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"skytower/internal/fault"
	"skytower/internal/money"
	"skytower/internal/store"
)

// Work is a prediction as the ledger sees it: before it runs, Amount is what to set
// aside; at its end, what it owes, with what explains it.
type Work struct {
	Prediction, Account, Key, Model, Target string

	Amount   money.Nanos
	Budget   money.Nanos // of the key in this month, where Budgeted is set
	Budgeted bool
	Expires  time.Time // when the hold ends by itself, whatever became of the prediction

	PriceVersion int64
	Quantity     int64 // millionths of Unit
	Unit         string
	Rate         money.Nanos
	Input        int64 // tokens, where the price has them
	Output       int64
	Cost         money.Nanos // what the upstream takes
	Outcome      string
	At           time.Time // zero: now
}

// Kinds of charge lines, and the batch of those that come alone.
const (
	tokensKind      = "tokens"
	predictionKind  = "prediction"
	predictionBatch = "prediction"
)

// Ends of a hold; one has none while it is open.
const (
	open    = ""
	settled = "settled"
	void    = "void"
	expired = "expired"
)

// Hold sets credit aside for a prediction, in the transaction that creates it. A Work
// without an amount changes nothing.
//
// Errors: those of Reserve, of which INSUFFICIENT_CREDITS may come from credit that
// processes have leased and do not use: then IsShort reports true, and after Gather a
// second try may succeed. INVALID_PARAMETER (422) for the id of a prediction that was
// paid before, though it is deleted now: it would run for nothing.
func (l *Ledger) Hold(ctx context.Context, tx *store.Tx, w Work) error {
	if w.Amount == 0 {
		return nil
	}
	if err := w.check(); err != nil {
		return err
	}
	now, err := l.clock(ctx, tx)
	if err != nil {
		return err
	}
	if store.Micros(w.Expires) <= now {
		return fmt.Errorf("the hold of prediction %s would be over at once", w.Prediction)
	}
	if err := openPurse(ctx, tx, w.Account, now); err != nil {
		return err
	}
	if err := holdFrom(ctx, tx, w.Account, now, w.Amount); err != nil {
		return err
	}
	var keyPurse string
	if w.Budgeted {
		keyPurse = budgetPurse(w.Key, store.Time(now))
		if err := openBudget(ctx, tx, w.Key, w.Account, w.Budget, store.Time(now)); err != nil {
			return err
		}
		if err := holdFrom(ctx, tx, keyPurse, now, w.Amount); err != nil {
			return err
		}
	}
	return insertHold(ctx, tx, w, keyPurse, now)
}

// check refuses what would break the sums.
func (w *Work) check() error {
	if !isID(w.Prediction) || !isID(w.Account) || fit(w.Key) != w.Key {
		return fmt.Errorf("prediction %.64q of account %.64q and key %.64q has an impossible id", w.Prediction, w.Account, w.Key)
	}
	if w.Amount < 0 || w.Amount > mostAmount || w.Cost < 0 || w.Cost > mostAmount {
		return fmt.Errorf("prediction %s has an impossible amount: %d (cost %d)", w.Prediction, w.Amount, w.Cost)
	}
	const most = 1 << 50 // as a charge's tokens
	for _, n := range [...]int64{w.Input, w.Output, w.Quantity} {
		if n < 0 || n > most {
			return fmt.Errorf("prediction %s has an impossible quantity: %d", w.Prediction, n)
		}
	}
	return nil
}

// holdFrom promises an amount of one purse.
func holdFrom(ctx context.Context, tx *store.Tx, purse string, now int64, amount money.Nanos) error {
	p, err := lockPurse(ctx, tx, purse, now)
	if err != nil {
		return err
	}
	available := p.available()
	if available >= amount {
		return changeHeld(ctx, tx, purse, amount)
	}
	refusal := p.refusal(available, amount)
	if fault.Is(refusal, fault.InsufficientCredits) && available+p.idle() >= amount {
		return &shortage{refusal}
	}
	return refusal
}

// shortage is a refusal that may pass once processes have given back what they have
// leased and do not use.
type shortage struct{ cause error }

func (s *shortage) Error() string { return s.cause.Error() }
func (s *shortage) Unwrap() error { return s.cause }

func changeHeld(ctx context.Context, tx *store.Tx, purse string, by money.Nanos) error {
	if by == 0 || purse == "" {
		return nil
	}
	if _, err := tx.Exec(ctx, `update purse set held = held + $2 where id = $1`, purse, by); err != nil {
		return fmt.Errorf("change what %s holds: %w", purse, err)
	}
	return nil
}

func insertHold(ctx context.Context, tx *store.Tx, w Work, keyPurse string, now int64) error {
	first, err := affected(tx.Exec(ctx, `insert into hold (id, purse, key_purse, account, api_key, model, amount, created_at, expires_at)
		select cast($1 as text), cast($2 as text), cast($3 as text), cast($2 as text), cast($4 as text), cast($5 as text),
			cast($6 as bigint), cast($7 as bigint), cast($8 as bigint)
		where not exists (select 1 from charge_line where request = $1) on conflict (id) do nothing`,
		w.Prediction, w.Account, keyPurse, w.Key, fit(w.Model), w.Amount, now, store.Micros(w.Expires)))
	if err != nil {
		return fmt.Errorf("hold for prediction %s: %w", w.Prediction, err)
	}
	if !first {
		return &fault.Error{
			ID: fault.InvalidParameter, Status: http.StatusUnprocessableEntity, Param: "id",
			Message: "There was a prediction with this id before; choose another id.",
		}
	}
	return nil
}

// IsShort reports whether an error of Hold may pass after Gather.
func IsShort(err error) bool {
	_, short := errors.AsType[*shortage](err)
	return short
}

// Gather makes the processes give back what they have leased of the account, and of the
// key's budget, and do not use. It returns when they did, or after two seconds. It runs
// outside of any transaction.
func (l *Ledger) Gather(ctx context.Context, w Work) error {
	purses := []string{w.Account}
	if w.Budgeted {
		purses = append(purses, budgetPurse(w.Key, l.o.Now()))
	}
	errs := make([]error, len(purses))
	var group sync.WaitGroup
	for i, purse := range purses {
		group.Go(func() { errs[i] = l.recall(ctx, purse) })
	}
	group.Wait()
	return errors.Join(errs...)
}

// hold is a prediction's hold, and how it ended.
type hold struct {
	id, purse, keyPurse string
	amount              money.Nanos
	how                 string
}

// findHold reads a hold; one that is not there has no amount and no purse.
func findHold(ctx context.Context, tx *store.Tx, id string) (h hold, err error) {
	err = tx.QueryRow(ctx, `select h.purse, h.key_purse, h.amount, coalesce(e.how, '')
		from hold h left join hold_end e on e.hold = h.id where h.id = $1`, id).Scan(&h.purse, &h.keyPurse, &h.amount, &h.how)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return h, fmt.Errorf("read the hold of %s: %w", id, err)
	}
	h.id = id
	return h, nil
}

// lockHold locks the purses of a hold, and reads again how it ended: while the purse is
// locked, nobody ends it. Two ends of one prediction at the same time so come one after
// the other.
func lockHold(ctx context.Context, tx *store.Tx, h *hold) (account, key *purse, err error) {
	if account, err = lockPurse(ctx, tx, h.purse, 0); err != nil {
		return nil, nil, err
	}
	if h.keyPurse != "" {
		if key, err = lockPurse(ctx, tx, h.keyPurse, 0); err != nil {
			return nil, nil, err
		}
	}
	now, err := findHold(ctx, tx, h.id)
	h.how = now.how
	return account, key, err
}

// end ends an open hold, whose purses are locked.
func (h *hold) end(ctx context.Context, tx *store.Tx, how string, charged money.Nanos, at time.Time) error {
	_, err := tx.Exec(ctx, `insert into hold_end (hold, how, amount, at) values ($1, $2, $3, $4)`, h.id, how, charged, store.Micros(at))
	if err != nil {
		return fmt.Errorf("end the hold of %s: %w", h.id, err)
	}
	if err := changeHeld(ctx, tx, h.purse, -h.amount); err != nil {
		return err
	}
	return changeHeld(ctx, tx, h.keyPurse, -h.amount)
}

// Settle charges a prediction that ended what it owes, and gives the rest of its hold
// back, in the transaction that ends it. A second call for the same prediction changes
// nothing. A prediction without a hold and an amount leaves its charge line all the same,
// but for one of a free model (price version 0).
//
// What it owes is taken in full: more than the hold, or after the hold expired, too. A
// key's budget is that of the month in which the prediction was created.
//
// Where one transaction settles several, their order is that of the accounts.
func (l *Ledger) Settle(ctx context.Context, tx *store.Tx, w Work) error {
	if w.Amount == 0 && w.PriceVersion == 0 {
		return nil
	}
	if err := w.check(); err != nil {
		return err
	}
	if w.At.IsZero() {
		w.At = l.o.Now()
	}
	h, err := findHold(ctx, tx, w.Prediction)
	if err != nil || h.how == settled || h.how == void {
		return err
	}
	if h.purse != "" && h.purse != w.Account {
		return fmt.Errorf("prediction %s of %s would be charged to %s", w.Prediction, h.purse, w.Account)
	}
	if h.purse == "" {
		if w.Amount == 0 {
			_, err := l.insertPrediction(ctx, tx, w, "")
			return err
		}
		if err := l.openFor(ctx, tx, w, &h); err != nil {
			return err
		}
	}
	account, key, err := lockHold(ctx, tx, &h)
	if err != nil || h.how == settled || h.how == void {
		return err
	}
	return l.settleHold(ctx, tx, &h, w, account, key)
}

// openFor names the purses that pay for a prediction without a hold.
func (l *Ledger) openFor(ctx context.Context, tx *store.Tx, w Work, h *hold) error {
	now, err := l.clock(ctx, tx)
	if err != nil {
		return err
	}
	h.purse = w.Account
	if err := openPurse(ctx, tx, w.Account, now); err != nil {
		return err
	}
	if !w.Budgeted {
		return nil
	}
	if _, err := lockPurse(ctx, tx, w.Account, 0); err != nil { // before the key's
		return err
	}
	h.keyPurse = budgetPurse(w.Key, w.At)
	return openBudget(ctx, tx, w.Key, w.Account, w.Budget, w.At)
}

// settleHold writes the charge, moves the money and ends the hold.
func (l *Ledger) settleHold(ctx context.Context, tx *store.Tx, h *hold, w Work, account, key *purse) error {
	first, err := l.insertPrediction(ctx, tx, w, h.keyPurse)
	if err != nil {
		return err
	}
	charged := w.Amount
	if !first {
		charged = 0 // it is charged already
	}
	if charged > 0 {
		if err := postParts(ctx, tx, predictionPrefix+w.Prediction, account.draw(charged), placeRevenue, w.At); err != nil {
			return err
		}
	}
	if charged > 0 && key != nil {
		if err := addToBucket(ctx, tx, bucketID(key.id, budgetKind), -charged); err != nil {
			return err
		}
	}
	if h.amount == 0 || h.how != open {
		return nil
	}
	return h.end(ctx, tx, settled, charged, w.At)
}

// insertPrediction writes the charge line; false where it is there already.
func (l *Ledger) insertPrediction(ctx context.Context, tx *store.Tx, w Work, budget string) (first bool, err error) {
	first, err = affected(tx.Exec(ctx, `insert into charge_line (request, batch, at, account, api_key, model, target, price_version,
		units_in, units_out, units_cached, units_reasoning, amount, counted, outcome, kind, quantity, unit, rate, cost, budget)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, 0, $11, false, $12, $13, $14, $15, $16, $17, $18) on conflict (request) do nothing`,
		w.Prediction, predictionBatch, store.Micros(w.At), w.Account, w.Key, fit(w.Model), fit(w.Target), w.PriceVersion,
		w.Input, w.Output, w.Amount, fit(w.Outcome), predictionKind, w.Quantity, fit(w.Unit), w.Rate, w.Cost, budget))
	if err != nil {
		return false, fmt.Errorf("charge prediction %s: %w", w.Prediction, err)
	}
	if first {
		return true, l.noteWork(ctx, tx, w)
	}
	return false, nil
}

// Void gives a prediction's whole hold back: it owes nothing. A second call, and one
// after Settle, changes nothing.
func (l *Ledger) Void(ctx context.Context, tx *store.Tx, w Work) error {
	at := w.At
	if at.IsZero() {
		at = l.o.Now()
	}
	return endHold(ctx, tx, w.Prediction, void, at)
}

// endHold ends a hold without a charge, if it is open.
func endHold(ctx context.Context, tx *store.Tx, id, how string, at time.Time) error {
	h, err := findHold(ctx, tx, id)
	if err != nil || h.purse == "" || h.how != open {
		return err
	}
	if _, _, err := lockHold(ctx, tx, &h); err != nil || h.how != open {
		return err
	}
	return h.end(ctx, tx, how, 0, at)
}
