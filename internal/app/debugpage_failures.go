package app

import (
	"sync"
	"time"

	"skytower/internal/httpx"
)

// keptFailures is how many failed requests the page /debug can show.
const keptFailures = 100

// failedRequest is a request that failed, without what its caller sent and what was said of it:
// causes are in the log.
type failedRequest struct {
	Time    time.Time `json:"time"`
	ID      string    `json:"request_id"`
	Route   string    `json:"route"`
	Status  int       `json:"status"`
	ErrorID string    `json:"error_id"`
	Account string    `json:"account"`
	Model   string    `json:"model"`
	Target  string    `json:"target"`
	TraceID string    `json:"trace_id,omitempty"`
}

// failures keeps the last ones. The zero value is empty.
type failures struct {
	mu   sync.Mutex
	ring [keptFailures]failedRequest
	n    int // that ever came
}

func (f *failures) add(r *httpx.Record) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ring[f.n%keptFailures] = failedRequest{
		Time: r.Start.UTC(), ID: r.ID, Route: r.Method + " " + r.Route, Status: r.Status, ErrorID: r.ErrorID,
		Account: r.Account, Model: r.Model, Target: r.Target, TraceID: r.TraceID,
	}
	f.n++
}

// last are the newest first.
func (f *failures) last() []failedRequest {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := make([]failedRequest, 0, min(f.n, keptFailures))
	for i := f.n - 1; i >= 0 && len(out) < keptFailures; i-- {
		out = append(out, f.ring[i%keptFailures])
	}
	return out
}
