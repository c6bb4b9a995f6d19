package app

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strconv"

	"skytower/internal/telemetry"
)

// makeTracing makes the sender of traces, where they are to go somewhere.
func (a *App) makeTracing(ctx context.Context) (err error) {
	f := a.cfg.Fleet
	if f.TracesURL == "" {
		return nil
	}
	a.tracer, err = telemetry.NewTracer(ctx, telemetry.TraceOptions{
		URL: f.TracesURL, Header: f.TracesHeaders, Share: f.TraceShare, Version: a.opts.Version, Instance: instance(), Log: a.log,
		Peer: func(name string) telemetry.Peer { return a.adapters.peer(name) },
		Lost: func(spans int) { a.metrics.SpansLost.Add(float64(spans)) },
	})
	if err != nil {
		return fmt.Errorf("set up traces: %w", err)
	}
	return nil
}

// stopTracing sends what waits. Traces that get lost are no reason to end otherwise.
func (a *App) stopTracing(ctx context.Context) {
	if err := a.tracer.Stop(ctx); err != nil {
		a.log.Warn("the last traces could not be sent", "error", err)
	}
}

// instance names this process among those that send traces.
func instance() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return host + "/" + strconv.Itoa(os.Getpid())
}

// peer is what a span says of a provider.
func (a *adapters) peer(name string) telemetry.Peer {
	p := (*a.current.Load())[name].provider
	peer := telemetry.Peer{Kind: p.Kind}
	if u, err := url.Parse(p.BaseURL); err == nil {
		peer.Host = u.Hostname()
		peer.Port, _ = strconv.Atoi(u.Port()) // 0: the scheme's own
	}
	return peer
}
