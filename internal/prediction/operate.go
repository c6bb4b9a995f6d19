package prediction

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"skytower/internal/account"
	"skytower/internal/catalog"
	"skytower/internal/fault"
	"skytower/internal/limit"
	"skytower/internal/store"
	"skytower/internal/webhook"
)

// What operators do with predictions of any account. Holds, places and states are left to
// the same acts as the account's own.

const (
	usualAll = 50
	mostAll  = 200
	// looked bounds the rows that one page of a filter looks at: with a rare model, millions
	// may lie before the next match.
	looked = 20_000
)

// AllFilter narrows the list of all accounts' predictions. Zero fields don't.
type AllFilter struct {
	Account, Model string // Model is a slug
	Status         Status
	From, To       time.Time // days in UTC, both included
	After          string    // Next of the page before
	Limit          int       // 0: 50; at most 200
}

// AllPage is a page of that list. Where Next is not "", there may be more behind it, even
// if the page is short or empty.
type AllPage struct {
	Records []Record
	Next    string
}

// position is a place in the list.
type position struct {
	at int64
	id string
}

func (p position) String() string { return strconv.FormatInt(p.at, 10) + "." + p.id }

func parsePosition(text string) (position, error) {
	if text == "" {
		return position{math.MaxInt64, ""}, nil
	}
	number, id, ok := strings.Cut(text, ".")
	at, err := strconv.ParseInt(number, 10, 64)
	if _, bad := uuid.Parse(id); !ok || err != nil || bad != nil {
		return position{}, fault.Invalid("after", "'after' must be the 'next' of the page before.")
	}
	return position{at, id}, nil
}

// All lists predictions of all accounts, newest first.
func (s *Service) All(ctx context.Context, f AllFilter) (page AllPage, err error) {
	after, err := parsePosition(f.After)
	if err != nil {
		return AllPage{}, err
	}
	if f.Limit <= 0 {
		f.Limit = usualAll
	}
	f.Limit = min(f.Limit, mostAll)
	err = s.o.DB.Read(ctx, func(tx *store.Tx) error {
		page, err = f.read(ctx, tx, after)
		return err
	})
	if err != nil {
		return AllPage{}, fmt.Errorf("list predictions of all accounts: %w", err)
	}
	return page, nil
}

func (f *AllFilter) read(ctx context.Context, tx *store.Tx, after position) (page AllPage, err error) {
	scope, args := f.within(after)
	a := arguments(args)
	where := ""
	if f.Model != "" {
		where += " and model = " + a.add(f.Model)
	}
	if f.Status != "" {
		where += " and status = " + a.add(string(f.Status))
	}
	var found []position
	query := `select id, created_at from (select id, created_at, model, status from prediction where ` + scope +
		` order by created_at desc, id desc limit ` + a.add(looked) + `) as seen where 1 = 1` + where +
		` order by created_at desc, id desc limit ` + a.add(f.Limit+1)
	err = tx.Each(ctx, query, func(scan func(...any) error) error {
		var p position
		err := scan(&p.id, &p.at)
		found = append(found, p)
		return err
	}, a...)
	if err != nil {
		return AllPage{}, err
	}
	if len(found) > f.Limit {
		found = found[:f.Limit]
		page.Next = found[f.Limit-1].String()
	} else if page.Next, err = lastLooked(ctx, tx, scope, args); err != nil {
		return AllPage{}, err
	}
	page.Records, err = byPosition(ctx, tx, found)
	return page, err
}

// within is the range that an index serves alone.
func (f *AllFilter) within(after position) (string, []any) {
	days := (&listing{filter: Filter{From: f.From, To: f.To}}).within()
	a := arguments{days.first, days.end, after.at, after.id}
	where := `created_at >= $1 and created_at < $2 and (created_at, id) < ($3, $4)`
	if f.Account != "" {
		where = "account = " + a.add(f.Account) + " and " + where
	}
	return where, a
}

// lastLooked is where the look at the range ended, "" where it reached the end.
func lastLooked(ctx context.Context, tx *store.Tx, scope string, args []any) (next string, err error) {
	query := fmt.Sprintf(`select created_at, id from prediction where %s order by created_at desc, id desc limit 1 offset %d`, scope, looked-1)
	err = tx.Each(ctx, query, func(scan func(...any) error) error {
		var p position
		err := scan(&p.at, &p.id)
		next = p.String()
		return err
	}, args...)
	return next, err
}

// byPosition reads rows whole, in the order of the list.
func byPosition(ctx context.Context, tx *store.Tx, found []position) ([]Record, error) {
	ids := make([]string, len(found))
	for i, p := range found {
		ids[i] = p.id
	}
	records := make([]Record, 0, len(ids))
	err := tx.Each(ctx, `select `+columns+` from prediction where `+tx.Dialect().In("id", 1), func(row func(...any) error) error {
		rec, err := scan(row)
		records = append(records, rec)
		return err
	}, tx.Dialect().Strings(ids))
	slices.SortFunc(records, func(x, y Record) int {
		return cmp.Or(y.Created.Compare(x.Created), cmp.Compare(y.ID, x.ID))
	})
	return records, err
}

// Any reads a prediction of any account. ENDPOINT_NOT_FOUND where there is none.
func (s *Service) Any(ctx context.Context, id string) (rec Record, err error) {
	ok := false
	err = s.o.DB.Read(ctx, func(tx *store.Tx) error {
		rec, ok, err = read(ctx, tx, id, false)
		return err
	})
	if err == nil && !ok {
		err = &fault.Error{ID: fault.EndpointNotFound, Message: fmt.Sprintf("There is no prediction '%.60s'.", id), NoRetry: true}
	}
	return rec, err
}

// CancelAny is Cancel for an operator, whose act is recorded.
func (s *Service) CancelAny(ctx context.Context, actor, id string) (rec Record, changed bool, err error) {
	if rec, err = s.Any(ctx, id); err != nil {
		return rec, false, err
	}
	if rec, changed, err = s.Cancel(ctx, rec.Account, id); err != nil || !changed {
		return rec, changed, err
	}
	return rec, true, s.Record(ctx, actor, "prediction.cancel", id, "account "+rec.Account)
}

// Record writes an operator's act on a prediction into the audit trail.
func (s *Service) Record(ctx context.Context, actor, action, id, detail string) error {
	err := s.o.DB.Write(ctx, func(tx *store.Tx) error { return s.audit(ctx, tx, actor, action, id, detail) })
	if err != nil {
		return fmt.Errorf("record %s: %w", action, err)
	}
	return nil
}

func (s *Service) audit(ctx context.Context, tx *store.Tx, actor, action, id, detail string) error {
	_, err := tx.Exec(ctx, `insert into audit (at, actor, action, subject, detail) values ($1, $2, $3, $4, $5)`,
		store.Micros(s.o.Now()), actor, action, id, detail)
	return err
}

// Retry asks for a prediction like one that failed or was cancelled.
type Retry struct {
	Actor     string // the operator
	Of        Record
	Who       account.Principal // of the prediction's account
	Base      string            // start of absolute links
	RequestID string
}

// Retry makes a new prediction of the same account with the same input, which costs as any
// other does: an end is an end, and is settled. Asking again gives the same new one, so
// that nobody pays twice for a second click. note says what is not as it was.
//
// Errors: INVALID_REQUEST where it has not failed (409), or where its data is removed (410);
// else those of Create.
func (s *Service) Retry(ctx context.Context, r Retry) (rec Record, note string, err error) {
	if err := retryable(r.Of, s.gone(r.Of)); err != nil {
		return Record{}, "", err
	}
	if rec, ok, err := s.retried(ctx, r.Of); err != nil || ok {
		return rec, "This is the retry that was made before.", err
	}
	c, note, err := s.again(ctx, r)
	if err != nil {
		return Record{}, "", err
	}
	if rec, _, err = s.Create(ctx, c); err != nil {
		return Record{}, "", err
	}
	return rec, note, s.Record(ctx, r.Actor, "prediction.retry", r.Of.ID, "account "+rec.Account+", new prediction "+rec.ID)
}

func retryable(rec Record, gone bool) error {
	switch {
	case rec.Status != Failed && rec.Status != Cancelled:
		return &fault.Error{ID: fault.InvalidRequest, Status: http.StatusConflict, NoRetry: true,
			Message: fmt.Sprintf("The prediction is %s: only one that failed or was cancelled can be tried again.", rec.Status)}
	case gone:
		return &fault.Error{ID: fault.InvalidRequest, Status: http.StatusGone, NoRetry: true,
			Message: "The prediction can't be tried again: its input was removed.", Details: "Data is kept for the account's retention."}
	}
	return nil
}

// retryKey is the idempotency key of the retry of a prediction.
func retryKey(id string) string { return "skytower retry of " + id }

// retried finds the retry that was made before.
func (s *Service) retried(ctx context.Context, of Record) (rec Record, ok bool, err error) {
	err = s.o.DB.Read(ctx, func(tx *store.Tx) error {
		rec, ok, err = one(tx.QueryRow(ctx, `select `+columns+` from prediction where account = $1 and idempotency_key = $2`, of.Account, retryKey(of.ID)))
		return err
	})
	return rec, ok, err
}

// again is the request of the retry.
func (s *Service) again(ctx context.Context, r Retry) (Create, string, error) {
	shown, err := s.Show(ctx, []Record{r.Of}, r.Base)
	if err != nil {
		return Create{}, "", err
	}
	c := Create{
		Who: r.Who, Model: r.Of.Shown, Input: shown[0].Input, Stream: r.Of.Stream, Source: r.Of.Source, Spelling: r.Of.Spelling,
		IdempotencyKey: retryKey(r.Of.ID), Base: r.Base, Surface: limit.Standard, RequestID: r.RequestID,
	}
	if m, err := s.o.Catalog.Resolve(c.Model, c.viewer(), catalog.Prediction); err != nil || m.Model == nil || m.Model.Slug != r.Of.Model {
		c.Model = r.Of.Model // the name that the caller used means something else by now
	}
	note := "It is a new prediction, charged as one; the old one stays as it is."
	if r.Of.WebhookURL == "" {
		return c, note, nil
	}
	signed, err := s.signsItself(ctx, r.Of.Account)
	if err != nil {
		return Create{}, "", err
	}
	if !signed {
		return c, note + " Its webhook was left out: the account has no webhook secret, and the API key that would sign is not kept.", nil
	}
	c.Webhook = webhook.Subscription{URL: r.Of.WebhookURL, Events: r.Of.WebhookEvents}
	return c, note, nil
}

// signsItself reports whether the account signs webhooks with a secret of its own.
func (s *Service) signsItself(ctx context.Context, account string) (yes bool, err error) {
	err = s.o.DB.Read(ctx, func(tx *store.Tx) error {
		settings, err := s.o.Accounts.PredictionSettings(ctx, tx, account)
		yes = settings.WebhookKey != ""
		return err
	})
	return yes, err
}

// Waiting counts the predictions that wait for a place of their account or model, and
// says since when the oldest of them does.
func (s *Service) Waiting(ctx context.Context) (n int64, oldest time.Time, err error) {
	var since int64
	err = s.o.DB.Read(ctx, func(tx *store.Tx) error {
		return tx.QueryRow(ctx, `select count(*), coalesce(min(created_at), 0) from prediction where status = 'pending' and not handed`).Scan(&n, &since)
	})
	if err != nil {
		return 0, time.Time{}, fmt.Errorf("count waiting predictions: %w", err)
	}
	return n, store.Time(since), nil
}

// accountBatch is how many predictions of an account are in memory at once.
const accountBatch = 100

// Each calls fn with all predictions of an account, newest first, some at a time.
func (s *Service) Each(ctx context.Context, account string, fn func([]Record) error) error {
	f := AllFilter{Account: account, Limit: accountBatch}
	for {
		page, err := s.All(ctx, f)
		if err != nil {
			return err
		}
		if err := fn(page.Records); err != nil {
			return err
		}
		if page.Next == "" {
			return nil
		}
		f.After = page.Next
	}
}

// RemoveAccount ends and removes all predictions of an account with their files and
// webhook bodies: one short transaction each, so that others can write between them. It
// goes on where it was broken off.
func (s *Service) RemoveAccount(ctx context.Context, account string) error {
	// First those that run, so that Delete need not wait for each.
	err := s.Each(ctx, account, func(records []Record) error {
		for _, rec := range records {
			if rec.Status.Terminal() {
				continue
			}
			if _, _, err := s.Cancel(ctx, account, rec.ID); err != nil && !isGone(err) {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = s.Each(ctx, account, func(records []Record) error { return s.removeAll(ctx, account, records) })
	}
	if err != nil {
		return fmt.Errorf("remove the predictions of account %s: %w", account, err)
	}
	return nil
}

func (s *Service) removeAll(ctx context.Context, account string, records []Record) error {
	for _, rec := range records {
		if _, err := s.Delete(ctx, account, rec.ID); err != nil && !isGone(err) {
			return err
		}
	}
	return nil
}

// isGone reports whether somebody else has removed the prediction meanwhile.
func isGone(err error) bool {
	told := new(fault.Error)
	return errors.As(err, &told) && told.ID == fault.PredictionFailed
}
