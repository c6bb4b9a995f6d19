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
// may be skipped, never reversed. A run that is taken up again after its worker died
// stays in its state.
//
// Its one invariant: a prediction ends exactly once, in the transaction that also
// settles its hold, gives its place back, keeps its files and queues its last webhook.
package prediction
