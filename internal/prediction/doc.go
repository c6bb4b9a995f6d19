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
// Locks are taken in one order: the lane of an account, the lane of a model, the
// prediction's row. A transaction holds the lane of at most one account and of at most
// one model. SQLite has one writer and needs none of this.
//
// # Attempts
//
// Each worker that takes a run counts its attempt up, by compare-and-set, and every
// write of the run asks for that number: a worker whose number is old writes nothing
// more, and stops. A worker shows life by its beat; a run without one is queued again
// by any process that works (beat.go).
package prediction
