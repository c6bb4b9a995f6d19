package prediction

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"skytower/internal/catalog"
	"skytower/internal/jobs"
	"skytower/internal/store"
)

// The kinds of lanes.
const (
	accountLane = "account"
	modelLane   = "model"
)

const (
	// lookahead bounds how many waiting predictions of an account are looked at for one
	// whose model has room; the sweep looks further.
	lookahead = 64
	// deepLookahead is the same for the sweep.
	deepLookahead = 10_000
	// others bounds how many accounts are tried for a model's free place.
	others = 8
	// frontPriority is of the one prediction of each account that stands in the queue
	// before the later ones of all accounts.
	frontPriority = 1
	// lastPriority is the lowest.
	lastPriority = 4
)

// place is what taking a place gave.
type place struct {
	ok       bool
	priority int
}

// take takes a place for a prediction in the lane of its account and, where the model
// has a bound, in the model's. It holds the lanes' locks until the end of tx.
func (s *Service) take(ctx context.Context, tx *store.Tx, id, account string, limit int, model *catalog.Model) (place, error) {
	now := store.Micros(s.o.Now())
	served := now
	if bounded(model) {
		served = 0 // known only after the model's lane
	}
	n, front, ok, err := enter(ctx, tx, accountLane, account, id, limit, served)
	if err != nil || !ok {
		return place{}, err
	}
	if bounded(model) {
		_, _, ok, err := enter(ctx, tx, modelLane, model.Slug, "", model.Concurrency, now)
		if err != nil {
			return place{}, err
		}
		if !ok {
			return place{}, leaveBoth(ctx, tx, id, account, nil)
		}
		if _, err := tx.Exec(ctx, `update prediction_lane set last_at = $2 where kind = 'account' and name = $1`, account, now); err != nil {
			return place{}, fmt.Errorf("note the turn of account %s: %w", account, err)
		}
	}
	return place{ok: true, priority: priority(front, n, limit)}, nil
}

func bounded(model *catalog.Model) bool { return model != nil && model.Concurrency > 0 }

// priority is the queue's: the fuller an account's lane, the further back.
func priority(front bool, n int64, limit int) int {
	if front {
		return frontPriority
	}
	spread := int64(lastPriority - frontPriority)
	return int(min(frontPriority+1+(n-1)*spread/int64(limit), lastPriority))
}

// enter counts a lane up if it has room, at a moment that is kept unless it is 0. n is
// the count with it; front says that the prediction became the lane's first in the queue.
func enter(ctx context.Context, tx *store.Tx, kind, name, id string, limit int, at int64) (n int64, front, ok bool, err error) {
	var first string
	err = tx.QueryRow(ctx, `insert into prediction_lane (kind, name, handed, last_at, front) values ($1, $2, 1, $3, $4)
		on conflict (kind, name) do update set handed = prediction_lane.handed + 1,
			last_at = case when excluded.last_at > 0 then excluded.last_at else prediction_lane.last_at end,
			front = case when prediction_lane.front = '' then excluded.front else prediction_lane.front end
		where prediction_lane.handed < $5
		returning handed, front`, kind, name, at, id, limit).Scan(&n, &first)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, false, nil
	}
	if err != nil {
		return 0, false, false, fmt.Errorf("take a place of %s %s: %w", kind, name, err)
	}
	return n, id != "" && first == id, true, nil
}

// leave counts a lane down. What it returns is the lane after it.
func leave(ctx context.Context, tx *store.Tx, kind, name, id string) (n int64, front string, err error) {
	err = tx.QueryRow(ctx, `update prediction_lane set handed = handed - 1, front = case when front = $3 then '' else front end
		where kind = $1 and name = $2 and handed > 0 returning handed, front`, kind, name, id).Scan(&n, &front)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, "", nil // the counts have drifted: the sweep repairs them
	}
	if err != nil {
		return 0, "", fmt.Errorf("give back a place of %s %s: %w", kind, name, err)
	}
	return n, front, nil
}

// leaveBoth undoes a take.
func leaveBoth(ctx context.Context, tx *store.Tx, id, account string, model *catalog.Model) error {
	if _, _, err := leave(ctx, tx, accountLane, account, id); err != nil || !bounded(model) {
		return err
	}
	_, _, err := leave(ctx, tx, modelLane, model.Slug, "")
	return err
}

const waitingPairQuery = `select id from prediction where model = $1 and account = $2 and status = 'pending' and not handed
				order by created_at, id limit 1`

// handModel gives one place of a model to the waiting account that got one the longest
// ago.
func (s *Service) handModel(ctx context.Context, model *catalog.Model) error {
	accounts, err := s.waitingFor(ctx, model.Slug)
	if err != nil {
		return err
	}
	for _, account := range accounts {
		handed := false
		err := s.o.DB.Write(ctx, func(tx *store.Tx) error {
			handed = false
			limit, err := s.limit(ctx, tx, account)
			if err != nil {
				return err
			}
			var id string
			err = tx.QueryRow(ctx, waitingPairQuery, model.Slug, account).Scan(&id)
			if errors.Is(err, sql.ErrNoRows) {
				return nil
			}
			if err != nil {
				return err
			}
			out, err := s.hand(ctx, tx, id, account, limit, model)
			handed = out == handedOut
			return err
		})
		if err != nil {
			return fmt.Errorf("hand out a place of model %s: %w", model.Slug, err)
		}
		if handed {
			return nil
		}
	}
	return nil
}

const waitingForQuery = `with recursive waiting (account, n) as (
				select (select min(account) from prediction where model = $1 and status = 'pending' and not handed), 1
				union all
				select (select min(p.account) from prediction p
					where p.model = $1 and p.account > waiting.account and p.status = 'pending' and not p.handed), n + 1
				from waiting where waiting.account is not null and n < 1000)
			select waiting.account from waiting left join prediction_lane l on l.kind = 'account' and l.name = waiting.account
			where waiting.account is not null order by coalesce(l.last_at, 0), waiting.account limit $2`

// waitingFor lists accounts with predictions that wait for a model, the longest unserved
// first. It hops over the index from account to account, so that a backlog of thousands
// costs one step.
func (s *Service) waitingFor(ctx context.Context, model string) (accounts []string, err error) {
	err = s.o.DB.Read(ctx, func(tx *store.Tx) error {
		accounts = nil
		return tx.Each(ctx, waitingForQuery,
			func(row func(...any) error) error {
				var account string
				err := row(&account)
				accounts = append(accounts, account)
				return err
			}, model, others)
	})
	if err != nil {
		return nil, fmt.Errorf("list accounts that wait for model %s: %w", model, err)
	}
	return accounts, nil
}

// handAccount hands the account's next prediction out, in a transaction of its own.
func (s *Service) handAccount(ctx context.Context, account string, depth int) (handed bool, err error) {
	err = s.o.DB.Write(ctx, func(tx *store.Tx) error {
		limit, err := s.limit(ctx, tx, account)
		if err != nil {
			return err
		}
		handed, err = s.next(ctx, tx, account, limit, depth)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("hand out a place of account %s: %w", account, err)
	}
	return handed, nil
}

// candidate is a prediction that waits.
type candidate struct{ account, id, model string }

// next hands out the account's oldest waiting prediction whose model has room, if there
// is one. Most often that is the very first.
func (s *Service) next(ctx context.Context, tx *store.Tx, account string, limit, depth int) (handed bool, err error) {
	full := map[string]bool{}
	for n := 1; ; n = depth {
		candidates, err := waiting(ctx, tx, account, n)
		if err != nil {
			return false, err
		}
		for _, c := range candidates {
			handed, more, err := s.tryHand(ctx, tx, c, account, limit, full)
			if err != nil || !more {
				return handed, err
			}
		}
		if len(candidates) < n || n == depth {
			return false, nil
		}
	}
}

// tryHand hands a candidate out, unless its model is seen to be full: that is looked at
// without a lock, so that a transaction never waits for the lanes of two models. more
// says that another candidate may have better luck.
func (s *Service) tryHand(ctx context.Context, tx *store.Tx, c candidate, account string, limit int, full map[string]bool) (handed, more bool, err error) {
	if full[c.model] {
		return false, true, nil
	}
	model := s.model(c.model)
	if bounded(model) {
		var n int64
		err := tx.QueryRow(ctx, `select coalesce(max(handed), 0) from prediction_lane where kind = 'model' and name = $1`, c.model).Scan(&n)
		if err != nil {
			return false, false, fmt.Errorf("read lane of model %s: %w", c.model, err)
		}
		if full[c.model] = n >= int64(model.Concurrency); full[c.model] {
			return false, true, nil
		}
	}
	out, err := s.hand(ctx, tx, c.id, account, limit, model)
	return out == handedOut, out == notWaiting, err
}

// The conditions of what is pending: it waits for a place, or stands in the queue.
const (
	waits  = `status = 'pending' and not handed`
	stands = `status = 'pending' and handed`
)

const waitingQuery = `select id, model from prediction where account = $1 and ` + waits + `
		order by created_at, id limit $2`

func waiting(ctx context.Context, tx *store.Tx, account string, n int) (found []candidate, err error) {
	return ofAccount(ctx, tx, waitingQuery, want{account, n})
}

func ofAccount(ctx context.Context, tx *store.Tx, query string, w want) (found []candidate, err error) {
	err = tx.Each(ctx, query, func(row func(...any) error) error {
		c := candidate{account: w.Account}
		err := row(&c.id, &c.model)
		found = append(found, c)
		return err
	}, w.Account, w.N)
	if err != nil {
		return nil, fmt.Errorf("list pending predictions of %s: %w", w.Account, err)
	}
	return found, nil
}

// want asks for the oldest pending predictions of an account.
type want struct {
	Account string `json:"e_account"`
	N       int    `json:"e_n"`
}

// oldest lists those of several accounts, each in order: on PostgreSQL in one statement.
func oldest(ctx context.Context, tx *store.Tx, which string, wants []want) (found []candidate, err error) {
	if len(wants) == 0 {
		return nil, nil
	}
	if tx.Dialect() == store.SQLite {
		for _, w := range wants {
			some, err := ofAccount(ctx, tx, `select id, model from prediction where account = $1 and `+which+` order by created_at, id limit $2`, w)
			if err != nil {
				return nil, err
			}
			found = append(found, some...)
		}
		return found, nil
	}
	e, arg := rowsOf(tx.Dialect(), 1, wants, "e_account text", "e_n bigint")
	err = tx.Each(ctx, `select e_account, p.id, p.model from `+e+` cross join lateral
			(select id, model, created_at from prediction where account = e_account and `+which+` order by created_at, id limit e_n) p
		order by e_account, p.created_at, p.id`, func(row func(...any) error) error {
		var c candidate
		err := row(&c.account, &c.id, &c.model)
		found = append(found, c)
		return err
	}, arg)
	if err != nil {
		return nil, fmt.Errorf("list pending predictions of %d accounts: %w", len(wants), err)
	}
	return found, nil
}

// What became of a prediction that was to be handed out.
type outcome int

const (
	noRoom outcome = iota
	notWaiting
	handedOut
)

// hand gives a waiting prediction its places and queues it.
func (s *Service) hand(ctx context.Context, tx *store.Tx, id, account string, limit int, model *catalog.Model) (outcome, error) {
	p, err := s.take(ctx, tx, id, account, limit, model)
	if err != nil || !p.ok {
		return noRoom, err
	}
	var slug string
	err = tx.QueryRow(ctx, `update prediction set handed = true, beat = $2, updated_at = $2
		where id = $1 and status = 'pending' and not handed returning model`, id, store.Micros(s.o.Now())).Scan(&slug)
	if errors.Is(err, sql.ErrNoRows) {
		return notWaiting, leaveBoth(ctx, tx, id, account, model) // cancelled meanwhile
	}
	if err != nil {
		return noRoom, fmt.Errorf("hand out prediction %s: %w", id, err)
	}
	return handedOut, s.enqueue(ctx, tx, RunArgs{ID: id, Model: slug}, p.priority)
}

// enqueue queues a run.
func (s *Service) enqueue(ctx context.Context, tx *store.Tx, args RunArgs, priority int) error {
	return s.enqueueMany(ctx, tx, []jobs.Request{s.request(args, priority)})
}

func (s *Service) enqueueMany(ctx context.Context, tx *store.Tx, requests []jobs.Request) error {
	if err := s.o.Jobs.EnqueueMany(ctx, tx, requests); err != nil {
		return fmt.Errorf("queue predictions: %w", err)
	}
	return nil
}

// request is a run as a job, with the class of its model.
func (s *Service) request(args RunArgs, priority int) jobs.Request {
	queue := jobs.Remote
	if m := s.model(args.Model); m != nil && m.OnMachine {
		queue = jobs.Local
	}
	return jobs.Request{Args: args, Insert: jobs.Insert{Queue: queue, Priority: priority}}
}

// limit is how many places an account has.
func (s *Service) limit(ctx context.Context, tx *store.Tx, account string) (int, error) {
	settings, err := s.o.Accounts.PredictionSettings(ctx, tx, account)
	if err != nil {
		return 0, fmt.Errorf("read settings of account %s: %w", account, err)
	}
	return s.places(settings.Concurrency), nil
}

// places is an account's own number of places, or the default.
func (s *Service) places(own int) int {
	if own > 0 {
		return own
	}
	return s.o.Concurrency
}

// model is a model as it is offered now, offline or not: what was accepted runs. nil is
// one that is gone.
func (s *Service) model(slug string) *catalog.Model {
	m, err := s.o.Catalog.BySlug(slug)
	if err != nil {
		return nil
	}
	return m
}

const (
	// sweepInterval is between two looks for places that were given to nobody.
	sweepInterval = 10 * time.Second
	// sweepAccounts bounds the accounts of one look.
	sweepAccounts = 1000
)
