// Package telemetry is how the process speaks to its operator: the log and the
// metrics.
//
// It refuses to know what a request means; rooms hand it numbers and words of
// their own. It imports nothing of ours.
//
// Its one invariant: the set of time series is bounded by what the operator set
// up, never by what callers send. So labels are enumerations, routes of the
// route table, and a bounded number of provider names; nothing of a request
// becomes a label.
package telemetry
