package batch

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"skytower/internal/blob"
	"skytower/internal/fault"
	"skytower/internal/httpx"
	"skytower/internal/store"
)

// Bounds of what a caller says of a batch.
const (
	shortestWindow = time.Hour
	longestWindow  = 7 * 24 * time.Hour

	maxPairs = 16 // of metadata
	maxName  = 64
	maxValue = 512

	maxKey = 255 // bytes of an idempotency key

	// shortestLife and longestLife bound how long the files of a batch may be asked to last
	// (OpenAI's API); they last no longer than batches are kept.
	shortestLife = time.Hour
	longestLife  = 30 * 24 * time.Hour
)

// Request describes a batch that is to be made.
type Request struct {
	Account, Key    string
	Input, Endpoint string
	Window          string // 24h, 7d
	Metadata        map[string]string
	OutputLife      time.Duration // of the files, from their creation; 0: as long as the batch is kept
	IdempotencyKey  string        // "": none
}

// Create makes a batch; its input is looked at later. replayed is true where the idempotency
// key gave back the batch of an earlier, equal request.
//
// Errors: INVALID_PARAMETER (422 for an idempotency key that stands for another request),
// FORBIDDEN without a key, RATE_LIMITED where too many are open.
func (s *Service) Create(ctx context.Context, n Request) (b Batch, replayed bool, err error) {
	window, err := s.checkNew(n)
	if err != nil {
		return Batch{}, false, err
	}
	if b, replayed, err = s.earlier(ctx, n); err != nil || replayed {
		return b, replayed, err
	}
	if err := s.checkInput(ctx, n); err != nil {
		return Batch{}, false, err
	}
	now := store.Time(store.Micros(s.o.Now()))
	b = Batch{
		ID: httpx.NewID("batch_", now), Account: n.Account, Key: n.Key, Endpoint: n.Endpoint, Window: n.Window, Input: n.Input,
		Metadata: n.Metadata, OutputLife: n.OutputLife, State: Validating, Created: now, Expires: now.Add(window),
	}
	err = s.db.Write(ctx, func(tx *store.Tx) error { return s.insert(ctx, tx, b, n) })
	if err != nil && s.db.IsUnique(err) {
		if b, replayed, err := s.earlier(ctx, n); err != nil || replayed {
			return b, replayed, err // an equal request was faster
		}
	}
	if err != nil {
		return Batch{}, false, fmt.Errorf("create batch: %w", err)
	}
	s.rouse()
	return b, false, nil
}

// earlier finds the batch that the idempotency key stands for.
func (s *Service) earlier(ctx context.Context, n Request) (b Batch, found bool, err error) {
	if n.IdempotencyKey == "" {
		return b, false, nil
	}
	var id string
	var hash []byte
	err = s.db.Read(ctx, func(tx *store.Tx) error {
		err := tx.QueryRow(ctx, `select id, request_hash from batch where account = $1 and idempotency_key = $2`, n.Account, n.IdempotencyKey).Scan(&id, &hash)
		if err == nil {
			b, err = one(ctx, tx, n.Account, id, false)
		}
		return err
	})
	switch {
	case errors.Is(err, sql.ErrNoRows), fault.Is(err, fault.EndpointNotFound):
		return Batch{}, false, nil
	case err != nil:
		return Batch{}, false, fmt.Errorf("look for the batch of an idempotency key: %w", err)
	case !bytes.Equal(hash, n.hash()):
		f := fault.Invalid("Idempotency-Key", "This idempotency key stands for another request: use a new key for a new request.")
		f.Status = http.StatusUnprocessableEntity
		return Batch{}, false, f
	}
	return b, true, nil
}

// hash is over what the caller asks for; nil where there is no idempotency key.
func (n Request) hash() []byte {
	if n.IdempotencyKey == "" {
		return nil
	}
	pairs := n.Metadata
	if len(pairs) == 0 {
		pairs = nil // none is none, however it is written
	}
	text, err := json.Marshal([]any{n.Input, n.Endpoint, n.Window, n.OutputLife, pairs})
	if err != nil { // texts and numbers
		panic(err)
	}
	sum := sha256.Sum256(text)
	return sum[:]
}

func (s *Service) checkNew(n Request) (time.Duration, error) {
	switch {
	case n.Key == "":
		return 0, fault.New(fault.Forbidden, "A batch runs with the rights of an API key: create it with one.")
	case n.Input == "":
		return 0, fault.Invalid("input_file_id", "The field 'input_file_id' is required: upload the file with the purpose 'batch' first.")
	case !slices.Contains(s.o.Endpoints, n.Endpoint):
		return 0, fault.Invalid("endpoint", "'endpoint' must be one of %s.", strings.Join(s.o.Endpoints, ", "))
	}
	if len(n.IdempotencyKey) > maxKey {
		return 0, fault.Invalid("Idempotency-Key", "The header Idempotency-Key must be at most %d bytes long.", maxKey)
	}
	if err := checkMetadata(n.Metadata); err != nil {
		return 0, err
	}
	if err := s.checkLife(n.OutputLife); err != nil {
		return 0, err
	}
	return parseWindow(n.Window)
}

// checkLife looks at how long files are to last: they end with the batch at the latest.
func (s *Service) checkLife(life time.Duration) error {
	most := max(min(longestLife, s.o.Retention), shortestLife)
	if life != 0 && (life < shortestLife || life > most) {
		return fault.Invalid("output_expires_after.seconds", "'seconds' must be a number from %d to %d.", int64(shortestLife.Seconds()), int64(most.Seconds()))
	}
	return nil
}

// parseWindow reads 24h or 7d.
func parseWindow(text string) (time.Duration, error) {
	bad := fault.Invalid("completion_window", "'completion_window' must be a time such as 24h, from 1h to 7d.")
	number, unit := strings.TrimRight(text, "hd"), time.Hour
	if strings.HasSuffix(text, "d") {
		unit = 24 * time.Hour
	}
	n, err := strconv.ParseUint(number, 10, 16)
	if err != nil || len(text) != len(number)+1 {
		return 0, bad
	}
	if window := time.Duration(n) * unit; window >= shortestWindow && window <= longestWindow {
		return window, nil
	}
	return 0, bad
}

func checkMetadata(pairs map[string]string) error {
	if len(pairs) > maxPairs {
		return fault.Invalid("metadata", "'metadata' may have at most %d pairs.", maxPairs)
	}
	for name, value := range pairs {
		if utf8.RuneCountInString(name) > maxName || utf8.RuneCountInString(value) > maxValue {
			return fault.Invalid("metadata", "Names in 'metadata' may have %d characters, and values %d.", maxName, maxValue)
		}
	}
	return nil
}

func (s *Service) checkInput(ctx context.Context, n Request) error {
	f, err := s.o.Files.Get(ctx, n.Account, n.Input)
	switch {
	case errors.Is(err, blob.ErrNotFound) || err == nil && f.Role != blob.Upload:
		return noInput()
	case err != nil:
		return err
	case f.Purpose != blob.ForBatch:
		return fault.Invalid("input_file_id", "The file has the purpose %.80q; upload it with the purpose 'batch'.", f.Purpose)
	}
	return nil
}

func noInput() error {
	return fault.Invalid("input_file_id", "There is no file with this id. It may have expired.")
}

// inputMargin is how much longer than a batch its input lasts.
const inputMargin = time.Hour

func (s *Service) insert(ctx context.Context, tx *store.Tx, b Batch, n Request) error {
	var open int64
	if err := tx.QueryRow(ctx, `select count(*) from batch where account = $1 and ended_at = 0`, b.Account).Scan(&open); err != nil {
		return err
	}
	if open >= openOfAccount {
		return &fault.Error{ID: fault.RateLimited, RetryAfter: time.Minute,
			Message: fmt.Sprintf("The account has %d batches that have not ended, as many as it may have; wait for one, or cancel one.", open)}
	}
	err := s.o.Files.Extend(ctx, tx, b.Account, b.Input, b.Expires.Add(inputMargin))
	if errors.Is(err, blob.ErrNotFound) {
		return noInput()
	}
	if err != nil {
		return err
	}
	metadata, key := "", any(nil)
	if n.IdempotencyKey != "" {
		key = n.IdempotencyKey
	}
	if len(b.Metadata) > 0 {
		text, err := json.Marshal(b.Metadata)
		if err != nil {
			return err
		}
		metadata = string(text)
	}
	_, err = tx.Exec(ctx, `insert into batch (id, account, api_key, endpoint, time_window, input_file, output_file, error_file, metadata, state, problems,
			lines, completed, failed, created_at, started_at, finalizing_at, cancelling_at, ended_at, expires_at, purge_at, cleared, runner, lease_until,
			output_life, idempotency_key, request_hash)
		values ($1, $2, $3, $4, $5, $6, '', '', $7, $8, '', 0, 0, 0, $9, 0, 0, 0, 0, $10, 0, false, '', 0, $11, $12, $13)`,
		b.ID, b.Account, b.Key, b.Endpoint, b.Window, b.Input, metadata, b.State, store.Micros(b.Created), store.Micros(b.Expires),
		b.OutputLife.Microseconds(), key, n.hash())
	if err != nil {
		return err
	}
	return tx.Publish(ctx, Change, b.ID)
}

// Get returns a batch of the account.
//
// Errors: ENDPOINT_NOT_FOUND.
func (s *Service) Get(ctx context.Context, account, id string) (b Batch, err error) {
	err = s.db.Read(ctx, func(tx *store.Tx) error {
		b, err = one(ctx, tx, account, id, false)
		return err
	})
	return b, err
}

// List gives the batches of an account, newest first, after the one with an id (if not ""),
// at most n.
//
// Errors: INVALID_PARAMETER.
func (s *Service) List(ctx context.Context, account, after string, n int) (all []Batch, err error) {
	err = s.db.Read(ctx, func(tx *store.Tx) error {
		all = nil
		where, args := "", []any{account, n}
		if after != "" {
			last, err := one(ctx, tx, account, after, false)
			if fault.Is(err, fault.EndpointNotFound) {
				return fault.Invalid("after", "The parameter 'after' must be the id of a batch of the list.")
			}
			if err != nil {
				return err
			}
			where, args = ` and (created_at, id) < ($3, $4)`, append(args, store.Micros(last.Created), last.ID)
		}
		return tx.Each(ctx, `select `+columns+` from batch where account = $1`+where+` order by created_at desc, id desc limit $2`, collect(&all), args...)
	})
	if err != nil {
		return nil, fmt.Errorf("list batches: %w", err)
	}
	return all, nil
}

// Cancel ends a batch: no further line is begun, and those in flight get their answers. One
// that is cancelled already, or whose lines are all done, stays as it is.
//
// Errors: ENDPOINT_NOT_FOUND, INVALID_REQUEST of one that has ended otherwise.
func (s *Service) Cancel(ctx context.Context, account, id string) (b Batch, err error) {
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		if b, err = one(ctx, tx, account, id, true); err != nil {
			return err
		}
		switch {
		case b.State == Cancelled, b.State == Cancelling, b.State == Finalizing:
			return nil
		case b.State.Ended():
			return fault.Newf(fault.InvalidRequest, "The batch has ended already (%s) and cannot be cancelled.", b.State)
		}
		if _, err := s.move(ctx, tx, b.ID, b.State, Cancelling); err != nil {
			return err
		}
		b, err = one(ctx, tx, account, id, false)
		return err
	})
	return b, err
}

// Uses names the batch that still needs a file of the account; "": none does.
func (s *Service) Uses(ctx context.Context, account, file string) (id string, err error) {
	err = s.db.Read(ctx, func(tx *store.Tx) error {
		id = ""
		return tx.Each(ctx, `select id from batch where input_file = $1 and account = $2 and ended_at = 0 order by id limit 1`,
			func(scan func(...any) error) error { return scan(&id) }, file, account)
	})
	if err != nil {
		return "", fmt.Errorf("look for batches of file %s: %w", file, err)
	}
	return id, nil
}
