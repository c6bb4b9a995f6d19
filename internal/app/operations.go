package app

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/pprof"
	"sync/atomic"
	"time"
)

// readiness says whether the process should get traffic: "" where it should, else why
// not.
type readiness struct{ why atomic.Pointer[string] }

// What readiness may say of the process's life.
const (
	ready    = ""
	starting = "starting"
	draining = "draining"
	stopping = "stopping"
)

func (r *readiness) say(why string) { r.why.Store(&why) }

func (r *readiness) said() string {
	if why := r.why.Load(); why != nil {
		return *why
	}
	return starting
}

// operationsServer serves health, metrics and profiles, apart from the API.
func (a *App) operationsServer() *http.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { writeStatus(w, http.StatusOK, status{Status: "ok"}) })
	mux.HandleFunc("GET /readyz", a.readyz)
	mux.Handle("GET /metrics", a.freshGauges(a.metrics.Handler()))
	mux.HandleFunc("GET /debug", a.debugPage)
	mux.HandleFunc("GET /debug/pprof/", boundedProfile(pprof.Index))
	mux.HandleFunc("GET /debug/pprof/profile", boundedProfile(pprof.Profile))
	mux.HandleFunc("GET /debug/pprof/trace", boundedProfile(pprof.Trace))
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	return &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
}

type status struct {
	Status  string `json:"status"`
	Reason  string `json:"reason,omitempty"`
	Version string `json:"version,omitempty"`
	Config  string `json:"config,omitempty"` // hash of the process file, the same on all nodes
	Limits  string `json:"limits,omitempty"` // what is not as it should be, and no reason to send traffic elsewhere
}

// staleAfter is when keys are no longer trusted (design, Keys).
const staleAfter = 60 * time.Second

func (a *App) readyz(w http.ResponseWriter, _ *http.Request) {
	s := status{Status: "ready", Version: a.opts.Version, Config: a.cfg.Hash()}
	code := http.StatusOK
	if a.limits.Degraded() {
		s.Limits = "Redis is away: this process counts its part of the limits by itself"
	}
	if why := a.notReady(); why != "" {
		s.Status, s.Reason, code = "not ready", why, http.StatusServiceUnavailable
	}
	writeStatus(w, code, s)
}

// notReady is why this process should get no traffic; "": it should.
func (a *App) notReady() string {
	switch {
	case a.ready.said() != ready:
		return a.ready.said()
	case time.Since(a.feed.Confirmed()) > staleAfter:
		return "the database has not confirmed changes for a minute"
	}
	return ""
}

func writeStatus(w http.ResponseWriter, code int, s status) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(s)
}

// freshGauges sets, at the moment of reading, what nobody keeps up to date.
func (a *App) freshGauges(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.showSealed(r.Context())
		next.ServeHTTP(w, r)
	})
}

// listenOperations opens the second listener. A busy address is a warning: people
// who start two servers to try something should not be stopped by it.
func (a *App) listenOperations(ctx context.Context) {
	if a.cfg.OperationsListen == "" {
		return
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", a.cfg.OperationsListen)
	if err != nil {
		a.log.Warn("health and metrics are not served: their address is taken ('operations_listen' changes it)", "address", a.cfg.OperationsListen, "error", err)
		return
	}
	a.opsAddr = listener.Addr()
	go func() {
		if err := a.operations.Serve(listener); err != http.ErrServerClosed {
			a.serving <- err
		}
	}()
}
