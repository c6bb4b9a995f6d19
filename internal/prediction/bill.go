package prediction

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"skytower/internal/blob"
	"skytower/internal/catalog"
	"skytower/internal/fault"
	"skytower/internal/ledger"
	"skytower/internal/money"
	"skytower/internal/price"
	"skytower/internal/store"
)

// holdGrace is how long a hold outlasts the time that its prediction may run: it also
// waits in a queue. A prediction that ends later still is charged all the same.
const holdGrace = 7 * 24 * time.Hour

// Bounds of what the ledger takes.
const (
	mostCharge   = 1_000_000_000 * money.Dollar
	mostQuantity = 1 << 50
)

// quoteFor is what the model asks for an input; nil is nothing.
func quoteFor(model *catalog.Model, input json.RawMessage) (*price.Quote, error) {
	if model.Price == nil {
		return nil, nil
	}
	q, err := model.Price.Quote(input)
	if err != nil || q.Estimate > mostCharge {
		return nil, &fault.Error{ID: fault.InvalidInput, Err: err, Message: "The input asks for more than can be paid for; ask for less."}
	}
	return &q, nil
}

// keepQuote puts the quote into the record.
func (r *Record) keepQuote(q *price.Quote) error {
	if q == nil {
		return nil
	}
	text, err := json.Marshal(q)
	if err != nil {
		return fmt.Errorf("encode a quote: %w", err)
	}
	r.Quote, r.PriceVersion = string(text), q.Version
	return nil
}

// quote is what keepQuote kept; nil: the prediction is free.
func (r *Record) quote() (*price.Quote, error) {
	if r.Quote == "" {
		return nil, nil
	}
	var q price.Quote
	if err := json.Unmarshal([]byte(r.Quote), &q); err != nil {
		return nil, fmt.Errorf("read the quote of prediction %s: %w", r.ID, err)
	}
	return &q, nil
}

// toHold is what is set aside for a new prediction.
func (s *Service) toHold(c Create, rec Record, q *price.Quote) ledger.Work {
	w := work(rec)
	w.Amount, w.PriceVersion, w.Unit, w.Rate = q.Estimate, q.Version, q.Unit, q.Rate
	w.Budget, w.Budgeted = c.Who.Budget, c.Who.Budgeted
	w.At, w.Expires = rec.Created, rec.Created.Add(s.deadline(rec.Model)+holdGrace)
	return w
}

// bill is what an ended prediction owes, and what its upstream takes.
type bill struct {
	charge price.Charge
	cost   money.Nanos
}

// owes reports whether there is something to settle, if only a line that says 0.
func (b bill) owes(status Status) bool { return status == Succeeded || b.charge.Amount > 0 }

// work is the end of a prediction as the ledger sees it. Of a charge by formula, Input
// are the inputs' megapixels, in millionths.
func (x *exit) work() ledger.Work {
	w, c := work(x.ended), x.bill.charge
	w.Target = cmp.Or(x.end.made.target, x.ended.Target)
	w.Amount, w.PriceVersion, w.Cost = c.Amount, c.Version, x.bill.cost
	w.Quantity, w.Unit, w.Rate = c.Quantity, c.Unit, c.Rate
	w.Input, w.Output = c.Input+c.Tokens.In, c.Tokens.Out
	w.Outcome, w.At = string(x.ended.Status), x.ended.Completed
	return w
}

// made is what a run has made, for its bill.
type made struct {
	target string      // that did the work, or was doing it
	files  []blob.File // outputs; of a cancelled run, partial ones
	text   int         // bytes of an output that is no file
	pixels int64       // of the pictures in its input, 0 where nobody counted
	heard  bool        // a caller got some of the sound before the end
}

// charge works out what a prediction owes that ends as x says (contract 12).
func (s *Service) charge(ctx context.Context, x *exit) error {
	x.bill = bill{}
	before := x.rec.Started.IsZero()
	if x.end.status == Failed || x.end.status == Cancelled && before {
		return nil
	}
	q, err := x.rec.quote()
	if err != nil || q == nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	m, shown := x.end.made, true
	if x.end.status == Cancelled {
		if m, shown, err = s.shown(ctx, x.rec, m); err != nil {
			return err
		}
		x.end.took = s.ran(x)
	}
	cost := s.costQuote(x.rec, cmp.Or(m.target, x.rec.Target))
	used := s.measure(ctx, *q, cost, m, x.end.took)
	x.bill.charge = s.priced(x, *q, used, shown)
	if cost != nil {
		x.bill.cost = s.priced(x, *cost, used, shown).Amount
	}
	return nil
}

// ran is how long a prediction ran that is being cancelled: as its run says, or, where no
// run has it in its hands, until the last sign of life of the last one.
func (s *Service) ran(x *exit) time.Duration {
	if x.end.took >= 0 {
		return x.end.took
	}
	return max(x.rec.Beat.Sub(x.rec.Started), 0)
}

// priced is a charge for what was used. One that is beyond all money, and that the ledger
// would refuse for ever, is brought back to the estimate.
func (s *Service) priced(x *exit, q price.Quote, used price.Measure, shown bool) price.Charge {
	charge := func() (price.Charge, error) {
		if x.end.status == Cancelled {
			// Partial outputs may be steps on the way to the same one.
			used.Outputs = min(used.Outputs, max(q.Expect.Outputs, 1))
			return q.Cancelled(used, shown)
		}
		return q.Charge(used)
	}
	c, err := charge()
	if err != nil || c.Amount > mostCharge || max(c.Quantity, c.Input, c.Tokens.In, c.Tokens.Out) > mostQuantity {
		s.o.Log.Error("a prediction's charge can't be computed; its estimate is charged", "prediction", x.rec.ID, "error", err)
		return price.Charge{Amount: q.Estimate, Quantity: 1_000_000, Unit: price.Prediction, Rate: q.Estimate, Version: q.Version}
	}
	return c
}

// costQuote is what a target takes for the prediction; nil: not known.
func (s *Service) costQuote(rec Record, target string) *price.Quote {
	model := s.model(rec.Model)
	if model == nil {
		return nil
	}
	for _, t := range model.Targets {
		if targetName(t) == target && t.Cost != nil {
			q, err := t.Cost.Quote(json.RawMessage(rec.Input))
			if err != nil {
				s.o.Log.Error("the cost of a prediction can't be computed", "prediction", rec.ID, "target", target, "error", err)
				return nil
			}
			return &q
		}
	}
	return nil
}

// shown adds to what a run has in its hands what its caller was shown, and says whether
// there is any of it.
func (s *Service) shown(ctx context.Context, rec Record, m made) (made, bool, error) {
	err := s.o.DB.Read(ctx, func(tx *store.Tx) error {
		text, files := 0, []string{}
		err := tx.Each(ctx, `select data from prediction_event where prediction = $1 and kind = 'output' order by seq`, func(row func(...any) error) error {
			var data []byte
			var n outputNews
			if err := row(&data); err != nil {
				return err
			}
			if err := json.Unmarshal(data, &n); err != nil {
				return fmt.Errorf("decode news: %w", err)
			}
			text, files = text+len(n.Text), append(files, n.Files...)
			return nil
		}, rec.ID)
		if err != nil {
			return err
		}
		kept, err := s.partials(ctx, tx, rec, files)
		m.text, m.files = m.text+text, append(slices.Clone(m.files), kept...)
		return err
	})
	if err != nil {
		return m, false, fmt.Errorf("read what was shown of prediction %s: %w", rec.ID, err)
	}
	return m, m.text > 0 || len(m.files) > 0 || m.heard, nil
}

// partials are the partial outputs with these ids. One that went with an earlier attempt
// was shown all the same.
func (s *Service) partials(ctx context.Context, tx *store.Tx, rec Record, ids []string) ([]blob.File, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	all, err := s.o.Files.Of(ctx, tx, []string{rec.ID}, blob.Partial)
	if err != nil {
		return nil, err
	}
	found := make([]blob.File, len(ids))
	for i, id := range ids {
		found[i] = blob.File{ID: id}
		for _, f := range all[rec.ID] {
			if f.ID == id {
				found[i] = f
			}
		}
	}
	return found, nil
}

// byAccount sorts exits as the purses of their accounts, and then of their keys, are
// locked.
func byAccount(over []*exit) []*exit {
	return slices.SortedStableFunc(slices.Values(over), func(a, b *exit) int {
		return cmp.Or(strings.Compare(a.ended.Account, b.ended.Account), strings.Compare(a.ended.Key, b.ended.Key))
	})
}
