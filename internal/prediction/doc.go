// Package prediction is one run of a slow model: created, waiting, running, ended,
// looked at, cancelled, deleted.
//
// It knows accounts as principals, models by the catalogue, and what stands behind them
// as capabilities of package provider. It refuses to know HTTP, and how jobs, files and
// webhooks are kept.
//
//	pending ──► starting ──► processing ──► succeeded
//	   │            │             ├───────► failed
//	   └────────────┴─────────────┴───────► cancelled
//
// (starting may also fail, and a pending prediction may when its model is gone.) Steps
// may be skipped, never reversed: a quick run ends from starting. A run that is taken up
// again after its worker died stays in its state.
//
// Its one invariant: a prediction ends exactly once, in the transaction that also
// settles its hold, gives its place back, keeps its files and queues its last webhook.
//
// # Places
//
// A prediction is queued only while it holds a place of its account and, where the model
// has a bound, of its model (lane.go); the rest waits in our own table. So the queue
// never holds more than an account's bound, and nobody's backlog stands before others.
//
// Locks are taken in one order: the lanes of accounts, the lanes of models, rows, totals,
// the ledger's purses, each in the order of their names. Only ends, which are written many
// at a time (ends.go), lock several lanes, all in one go; everybody else takes the lane of
// one account and of one model. Should two transactions wait for each other all the same,
// as over a row whose news are written before its batch's other rows, PostgreSQL ends one
// of them and it runs again. SQLite has one writer and needs none of this.
//
// # Money
//
// The input chooses the rates when a prediction is created (quote), and the most it may
// cost is held in the same transaction. What it owes is worked out just before its end is
// written (bill.go, measure.go), by those rates: a price that changes meanwhile changes
// nothing. A free prediction costs no statement.
//
// # Guards
//
// What a run puts out is shown to its model's guards (Screen) before it is stored, told or
// sent: outputs and text files as they are copied, news as they are written (screen.go). A
// block ends it as failed, in a stream at once, and what was told of the output goes with the
// transaction of its end. A process that dies has written nothing that was not looked at.
//
// # Attempts
//
// Each worker that takes a run counts its attempt up, by compare-and-set, and every
// write of the run asks for that number: a worker whose number is old writes nothing
// more, and stops. A worker shows life by its beat; a run without one is queued again
// by any process that works (beat.go).
package prediction
