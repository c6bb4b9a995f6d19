package prediction

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"skytower/internal/account"
	"skytower/internal/jobs"
	"skytower/internal/store"
	"skytower/internal/webhook"
)

// exit is one prediction on its way to its end.
type exit struct {
	rec Record // as it is thought to stand
	end ending
	// news, if there is one, writes what a run told and nobody wrote yet, before the end.
	// errLost says that it wrote nothing.
	news func(context.Context, *store.Tx) error

	bill  bill
	until time.Time // when the data goes
	ended Record
	err   error // errLost where the row is not as rec says, or has ended
}

func (x *exit) key() string { return x.rec.ID }

var errUnwritten = errors.New("the end was not written")

// leave is the one exit of a prediction. It returns once the end is durable; the exits
// of this process that come at the same time share a transaction. What follows from it
// is done by the time the one that wrote them returns.
func (s *Service) leave(ctx context.Context, x *exit) error {
	x.err = errUnwritten
	ctx = context.WithoutCancel(ctx)
	if err := s.charge(ctx, x); err != nil {
		return err
	}
	var after aftermath
	batch := s.exits.do(x, func(all []*exit) { after = s.writeEnds(ctx, all) })
	for _, x := range batch {
		s.wake(x.rec.ID)
	}
	s.ended(x)
	if err := s.handOn(ctx, after); err != nil {
		s.o.Log.Warn("a free place could not be handed on; the next sweep does it", "error", err)
	}
	return x.err
}

// writeEnds writes the exits in one transaction, or, where one of them fails it, each in
// its own.
func (s *Service) writeEnds(ctx context.Context, all []*exit) (after aftermath) {
	all = inOrder(all)
	err := s.tryEnds(ctx, all, &after)
	if err == nil || len(all) == 1 || s.unavailable(err) {
		return after
	}
	after = aftermath{}
	for _, x := range all {
		if !s.unavailable(err) { // once away, it is not tried for each
			err = s.tryEnds(ctx, []*exit{x}, &after)
		}
	}
	return after
}

func (s *Service) unavailable(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || s.o.DB.IsUnavailable(err)
}

// tryEnds writes the exits, all but the lost ones or none. It adds to after.
func (s *Service) tryEnds(ctx context.Context, all []*exit, after *aftermath) error {
	ctx, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	var b *ends
	err := s.o.DB.Write(ctx, func(tx *store.Tx) error {
		b = &ends{s: s, tx: tx, all: all, now: s.o.Now()}
		return b.write(ctx)
	})
	if err != nil {
		for _, x := range all {
			x.err = err
		}
		return err
	}
	after.add(b.after)
	return nil
}

// ends is one transaction that ends predictions.
type ends struct {
	s   *Service
	tx  *store.Tx
	all []*exit
	now time.Time

	settings map[string]account.PredictionSettings
	accounts map[string]*placed // of those exits that hold a place
	models   map[string]*placed // of those whose model has a bound
	over     []*exit            // those that were not lost
	queued   []jobs.Request
	after    aftermath
}

// placed is a lane, locked.
type placed struct {
	Name   string `json:"e_name"`
	Handed int64  `json:"e_handed"`
	Front  string `json:"e_front"`
	At     int64  `json:"e_at"` // when a place was given out here, or 0

	gone bool // there is no such lane: the sweep repairs it
	free int  // places to be handed on here
}

// write takes the locks in their order, lanes, rows, counts, and does the rest where it
// waits for nobody.
func (b *ends) write(ctx context.Context) error {
	steps := []func(context.Context) error{
		b.readSettings, b.lockLanes, b.writeNews, b.transition, b.giveBack, b.handOut, b.promote, b.writeLanes,
		b.keep, b.withhold, b.tell, b.count, b.enqueue, b.settle,
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (b *ends) enqueue(ctx context.Context) error { return b.s.enqueueMany(ctx, b.tx, b.queued) }

func (b *ends) readSettings(ctx context.Context) (err error) {
	if err := byIndex(ctx, b.tx); err != nil {
		return err
	}
	names := map[string]bool{}
	for _, x := range b.all {
		names[x.rec.Account] = true
	}
	b.settings, err = b.s.o.Accounts.PredictionSettingsOf(ctx, b.tx, slices.Sorted(maps.Keys(names)))
	if err != nil {
		return fmt.Errorf("read settings of accounts: %w", err)
	}
	for _, x := range b.all {
		x.err = nil
		x.until = b.s.keptUntil(b.now, b.settings[x.rec.Account])
		if wants(x.rec, webhook.Kind(x.end.status)) {
			x.until = time.Time{} // the attempts to deliver it start the clock
		}
	}
	return nil
}

// lockLanes locks the lanes of all that hold a place.
func (b *ends) lockLanes(ctx context.Context) error {
	b.accounts, b.models = map[string]*placed{}, map[string]*placed{}
	for _, x := range b.all {
		if !x.rec.Handed {
			continue
		}
		b.accounts[x.rec.Account] = &placed{Name: x.rec.Account, gone: true}
		if bounded(b.s.model(x.rec.Model)) {
			b.models[x.rec.Model] = &placed{Name: x.rec.Model, gone: true}
		}
	}
	if err := lockLanes(ctx, b.tx, accountLane, b.accounts); err != nil {
		return err
	}
	return lockLanes(ctx, b.tx, modelLane, b.models)
}

func lockLanes(ctx context.Context, tx *store.Tx, kind string, lanes map[string]*placed) error {
	if len(lanes) == 0 {
		return nil
	}
	d := tx.Dialect()
	err := tx.Each(ctx, `select name, handed, front from prediction_lane where kind = $1 and `+d.In("name", 2)+` order by name`+d.ForUpdate(),
		func(row func(...any) error) error {
			var p placed
			if err := row(&p.Name, &p.Handed, &p.Front); err != nil {
				return err
			}
			*lanes[p.Name] = p
			return nil
		}, kind, d.Strings(slices.Sorted(maps.Keys(lanes))))
	if err != nil {
		return fmt.Errorf("lock lanes of %ss: %w", kind, err)
	}
	return nil
}

func (b *ends) writeNews(ctx context.Context) error {
	for _, x := range b.all {
		if x.news == nil {
			continue
		}
		if err := x.news(ctx, b.tx); errors.Is(err, errLost) {
			x.err = err
		} else if err != nil {
			return err
		}
	}
	return nil
}

// endedRow is an exit as a row of the statement.
type endedRow struct {
	ID      string `json:"e_id"`
	Attempt int64  `json:"e_attempt"`
	Handed  bool   `json:"e_handed"`
	Status  Status `json:"e_status"`
	Output  string `json:"e_output"`
	Error   string `json:"e_error"`
	ErrorID string `json:"e_error_id"`
	Took    int64  `json:"e_took"`
	Purge   int64  `json:"e_purge"`
	Amount  int64  `json:"e_amount"`
}

// transition moves the rows to their ends by compare-and-set.
func (b *ends) transition(ctx context.Context) error {
	byID := map[string]*exit{}
	var rows []endedRow
	for _, x := range b.all {
		if x.err != nil {
			continue
		}
		byID[x.rec.ID] = x
		rows = append(rows, endedRow{
			x.rec.ID, x.rec.Attempt, x.rec.Handed, x.end.status, x.end.output, x.end.message, string(x.end.id), toMicros(x.end.took), store.Micros(x.until),
			int64(x.bill.charge.Amount),
		})
	}
	e, arg := rowsOf(b.tx.Dialect(), 1, rows, "e_id text", "e_attempt bigint", "e_handed boolean", "e_status text", "e_output text", "e_error text",
		"e_error_id text", "e_took bigint", "e_purge bigint", "e_amount bigint")
	err := b.tx.Each(ctx, `update prediction set status = e_status, output = e_output, error = e_error, error_id = e_error_id, completed_at = $2,
			updated_at = $2, predict_time = e_took, purge_at = e_purge, amount = e_amount, handed = false, webhook_key = '', version = version + 1
		from `+e+` where id = e_id and attempt = e_attempt and handed = e_handed and (`+mayEnd()+`) returning `+columns,
		func(row func(...any) error) error {
			rec, err := scan(row)
			if err != nil {
				return err
			}
			x := byID[rec.ID]
			delete(byID, rec.ID)
			x.ended = rec
			b.over = append(b.over, x)
			return nil
		}, arg, store.Micros(b.now))
	if err != nil {
		return fmt.Errorf("end %d predictions: %w", len(rows), err)
	}
	for _, x := range byID {
		if x.err = errLost; x.news != nil {
			return fmt.Errorf("end prediction %s: %w", x.rec.ID, errSplit)
		}
	}
	return nil
}

// errSplit never happens: a run whose news were written is not lost in the same breath.
var errSplit = errors.New("its news were written and its end was not")

// mayEnd is the table of transitions as a condition.
func mayEnd() string {
	var all []string
	for _, end := range []Status{Succeeded, Failed, Cancelled} {
		var before []string
		for _, status := range end.from() {
			before = append(before, "'"+string(status)+"'")
		}
		all = append(all, "e_status = '"+string(end)+"' and status in ("+strings.Join(before, ", ")+")")
	}
	return strings.Join(all, " or ")
}

// giveBack counts the lanes down. What a model with a bound is owed needs the lanes of
// other accounts, and so comes after the commit.
func (b *ends) giveBack(context.Context) error {
	for _, x := range b.over {
		if !x.rec.Handed {
			continue
		}
		p := b.accounts[x.rec.Account]
		p.Handed = max(p.Handed-1, 0) // where the counts have drifted, the sweep repairs them
		if p.Front == x.rec.ID {
			p.Front = ""
		}
		if m := b.models[x.rec.Model]; m != nil {
			m.Handed = max(m.Handed-1, 0)
			b.after.models = append(b.after.models, x.rec.Model)
			b.after.accounts = append(b.after.accounts, x.rec.Account)
		} else {
			p.free++
		}
	}
	return nil
}

// handOut gives the free places to the accounts' oldest waiting predictions.
func (b *ends) handOut(ctx context.Context) error {
	var wants []want
	for _, name := range slices.Sorted(maps.Keys(b.accounts)) {
		p := b.accounts[name]
		limit := b.s.places(b.settings[name].Concurrency)
		if n := min(p.free, limit-int(p.Handed)); n > 0 && !p.gone {
			wants = append(wants, want{name, n})
		}
	}
	found, err := oldest(ctx, b.tx, waits, wants)
	if err != nil {
		return err
	}
	found = b.unbounded(found)
	handed, err := b.markHanded(ctx, found)
	if err != nil {
		return err
	}
	for _, c := range found {
		if !handed[c.id] { // cancelled meanwhile
			b.after.accounts = append(b.after.accounts, c.account)
			continue
		}
		p := b.accounts[c.account]
		p.Handed++
		p.At = store.Micros(b.now)
		front := p.Front == ""
		if front {
			p.Front = c.id
		}
		b.queue(c, priority(front, p.Handed, b.s.places(b.settings[c.account].Concurrency)))
	}
	return nil
}

// unbounded cuts an account's candidates before the first whose model has a bound. That
// one, and what is behind it, comes after the commit: a transaction takes the lanes of
// several models in one go, or that of one.
func (b *ends) unbounded(found []candidate) []candidate {
	cut := map[string]bool{}
	return slices.DeleteFunc(found, func(c candidate) bool {
		if !cut[c.account] && bounded(b.s.model(c.model)) {
			cut[c.account] = true
			b.after.accounts = append(b.after.accounts, c.account)
		}
		return cut[c.account]
	})
}

// markHanded gives the candidates their places, and reports which of them still waited.
func (b *ends) markHanded(ctx context.Context, found []candidate) (handed map[string]bool, err error) {
	if len(found) == 0 {
		return nil, nil
	}
	ids := make([]string, len(found))
	for i, c := range found {
		ids[i] = c.id
	}
	d := b.tx.Dialect()
	handed = make(map[string]bool, len(ids))
	err = b.tx.Each(ctx, `update prediction set handed = true, beat = $2, updated_at = $2
		where `+d.In("id", 1)+` and status = 'pending' and not handed returning id`, func(row func(...any) error) error {
		var id string
		err := row(&id)
		handed[id] = true
		return err
	}, d.Strings(ids), store.Micros(b.now))
	if err != nil {
		return nil, fmt.Errorf("hand out %d predictions: %w", len(ids), err)
	}
	return handed, nil
}

// promote makes the oldest queued prediction of each account whose first has gone its
// first in the queue, by a second job that overtakes the earlier one: whichever comes
// second finds the run taken.
func (b *ends) promote(ctx context.Context) error {
	var wants []want
	for _, name := range slices.Sorted(maps.Keys(b.accounts)) {
		if p := b.accounts[name]; p.free > 0 && p.Handed > 0 && p.Front == "" {
			wants = append(wants, want{name, 1})
		}
	}
	found, err := oldest(ctx, b.tx, stands, wants)
	if err != nil {
		return err
	}
	for _, c := range found { // of an account without one, all run
		b.accounts[c.account].Front = c.id
		b.queue(c, frontPriority)
	}
	return nil
}

func (b *ends) queue(c candidate, priority int) {
	b.queued = append(b.queued, b.s.request(RunArgs{ID: c.id, Model: c.model}, priority))
}

// writeLanes writes what became of the lanes, which are locked.
func (b *ends) writeLanes(ctx context.Context) error {
	type row struct {
		Kind string `json:"e_kind"`
		placed
	}
	var rows []row
	for kind, lanes := range map[string]map[string]*placed{accountLane: b.accounts, modelLane: b.models} {
		for _, p := range lanes {
			if !p.gone {
				rows = append(rows, row{kind, *p})
			}
		}
	}
	if len(rows) == 0 {
		return nil
	}
	e, arg := rowsOf(b.tx.Dialect(), 1, rows, "e_kind text", "e_name text", "e_handed bigint", "e_front text", "e_at bigint")
	_, err := b.tx.Exec(ctx, `update prediction_lane set handed = e_handed, front = e_front, last_at = case when e_at > 0 then e_at else last_at end
		from `+e+` where kind = e_kind and name = e_name`, arg)
	if err != nil {
		return fmt.Errorf("write %d lanes: %w", len(rows), err)
	}
	return nil
}

// keep makes the outputs last, and lets all files of a prediction go together.
func (b *ends) keep(ctx context.Context) error {
	files := map[time.Time][]string{}
	for _, x := range b.over {
		if len(x.end.files) > 0 {
			files[x.until] = append(files[x.until], x.end.files...)
		}
	}
	for until, ids := range files {
		if err := b.s.o.Files.Keep(ctx, b.tx, ids, until); err != nil {
			return err
		}
	}
	for _, x := range b.over {
		if x.ended.EventCount == 0 && !strings.Contains(x.ended.Input, "skytower-file:") {
			continue // neither partial outputs nor files of its input
		}
		if err := b.s.o.Files.Expire(ctx, b.tx, x.ended.ID, x.until); err != nil {
			return err
		}
	}
	return nil
}

// noAttempt is no attempt's number.
const noAttempt = -1

// withhold removes what was told of outputs that guards let nothing pass of.
func (b *ends) withhold(ctx context.Context) error {
	for _, x := range b.over {
		if !x.end.held {
			continue
		}
		if _, err := b.tx.Exec(ctx, `delete from prediction_event where prediction = $1 and kind = 'output'`, x.ended.ID); err != nil {
			return fmt.Errorf("withhold the output of prediction %s: %w", x.ended.ID, err)
		}
		if err := b.s.o.Files.DropOf(ctx, b.tx, x.ended.ID, noAttempt); err != nil {
			return err
		}
	}
	return nil
}

// settle charges what is owed and gives back what was held. It locks purses, which come
// last.
func (b *ends) settle(ctx context.Context) (err error) {
	for _, x := range byAccount(b.over) {
		if x.ended.Quote == "" {
			continue // free: nothing was held
		}
		if x.bill.owes(x.end.status) {
			err = b.s.o.Meter.Settle(ctx, b.tx, x.work())
		} else {
			err = b.s.o.Meter.Void(ctx, b.tx, x.work())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// tell queues the last webhooks.
func (b *ends) tell(ctx context.Context) error {
	for _, x := range b.over {
		kind := webhook.Kind(x.end.status)
		if !wants(x.rec, kind) {
			continue
		}
		x.ended.WebhookKey = x.rec.WebhookKey // gone from the row with this, its last event
		if err := b.s.tellWith(ctx, b.tx, x.ended, kind, b.settings[x.rec.Account]); err != nil {
			return err
		}
	}
	return nil
}

// count adds to the totals of ended predictions.
func (b *ends) count(ctx context.Context) error {
	n := map[tally]int64{}
	for _, x := range b.over {
		n[tallyOf(x.ended)]++
	}
	return addTotals(ctx, b.tx, n)
}

// aftermath is what follows from ends once they are durable. What is not done of it,
// the sweep does.
type aftermath struct {
	models   []string // one for each place that was given back
	accounts []string // that may have a place free
}

func (a *aftermath) add(other aftermath) {
	a.models = append(a.models, other.models...)
	a.accounts = append(a.accounts, other.accounts...)
}

// handOn hands out what the free places of models, and then of accounts, may go to.
func (s *Service) handOn(ctx context.Context, after aftermath) error {
	for _, slug := range after.models {
		if model := s.model(slug); bounded(model) {
			if err := s.handModel(ctx, model); err != nil {
				return err
			}
		}
	}
	// One of them may have had several places: so long as one is taken, there may be more.
	slices.Sort(after.accounts)
	for _, account := range slices.Compact(after.accounts) {
		for handed := true; handed; {
			var err error
			if handed, err = s.handAccount(ctx, account, lookahead); err != nil {
				return err
			}
		}
	}
	return nil
}
