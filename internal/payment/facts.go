package payment

import (
	"maps"
	"slices"

	"skytower/internal/money"
)

// facts are all that was told of a payment after it was made. They only grow, each by a
// maximum or an or: that is why the order of events does not matter.
type facts struct {
	refunded money.Nanos        // the largest sum of refunds that was told
	disputes map[string]dispute // by the processor's id
}

// dispute is what was told of one dispute.
type dispute struct {
	taken money.Nanos // the largest amount that was taken back
	whole bool        // all of the payment was taken back
	won   bool        // it came back for good
}

// add adds what an event tells.
func (f *facts) add(e Event) {
	d := f.disputes[e.Dispute]
	switch e.Kind {
	case Refunded:
		f.refunded = max(f.refunded, e.Amount)
		return
	case Disputed:
		d.taken = max(d.taken, e.Amount)
		d.whole = d.whole || e.Amount == 0
	case DisputeWon:
		d.won = true
	default:
		return
	}
	f.disputes[e.Dispute] = d
}

// with is f and what an event tells besides.
func (f facts) with(e Event) facts {
	f.disputes = maps.Clone(f.disputes)
	f.add(e)
	return f
}

// none are the facts of a payment that has not been made: nothing can be taken back.
func none() facts { return facts{} }

// missing is what a dispute leaves missing of a payment.
func (d dispute) missing(paid money.Nanos) money.Nanos {
	switch {
	case d.won:
		return 0
	case d.whole:
		return paid
	}
	return min(d.taken, paid)
}

// movement is money to be moved because the facts have become more.
type movement struct {
	kind, name, ref string // as in a Deposit; the name without the processor's
	amount          money.Nanos
}

// since are the movements that lead from the facts before to f. Their names say cause
// and sum, so that none is done twice even by an event that comes again under another id.
func (f facts) since(before facts, payment string, paid money.Nanos) []movement {
	var moves []movement
	if sum, was := min(f.refunded, paid), min(before.refunded, paid); sum > was {
		moves = append(moves, movement{kindRefund, "refund/" + payment + "/" + sum.String(), payment, was - sum})
	}
	for _, id := range slices.Sorted(maps.Keys(f.disputes)) {
		is, was := f.disputes[id].missing(paid), before.disputes[id].missing(paid)
		switch {
		case is > was:
			moves = append(moves, movement{kindDispute, "dispute/" + id + "/" + is.String(), id, was - is})
		case is < was:
			moves = append(moves, movement{kindDispute, "dispute/" + id + "/won", id, was - is})
		}
	}
	return moves
}

// The kinds of deposits.
const (
	kindDeposit = "deposit"
	kindRefund  = "refund"
	kindDispute = "dispute"
)
