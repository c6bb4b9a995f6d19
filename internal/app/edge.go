package app

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"skytower/internal/api"
	"skytower/internal/httpx"
	"skytower/internal/limit"
)

// edgeRows are the routes of the edge surface: models, predictions and inference, of the
// models that are marked for it.
func (a *App) edgeRows() []api.Route {
	return slices.Concat(a.inferRows(limit.Edge), a.restRows(limit.Edge), a.mediaRows(limit.Edge))
}

// serveEdge makes the edge surface: a listener of its own, or a host name of the API's.
func (a *App) serveEdge(server *httpx.Server) {
	if a.cfg.Money.EdgeListen == "" && a.cfg.Money.EdgeHost == "" {
		return
	}
	edge := a.guarded(api.NewRouter(server, a.keys, a.edgeRows(), nil))
	if a.cfg.Money.EdgeListen != "" {
		a.edge = a.httpServer(edge)
	}
	if host := a.cfg.Money.EdgeHost; host != "" {
		a.api.Handler = byHost(host, edge, a.api.Handler)
	}
}

// byHost gives requests for one host name to another handler.
func byHost(host string, there, otherwise http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			name = r.Host
		}
		if strings.EqualFold(name, host) {
			there.ServeHTTP(w, r)
			return
		}
		otherwise.ServeHTTP(w, r)
	})
}

// httpServer is a server of the API with its bounds.
func (a *App) httpServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler: a.drained(handler), BaseContext: func(net.Listener) context.Context { return a.calls }, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10, ConnContext: httpx.ConnContext, ConnState: a.connection, ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
	}
}

// drained has answers say that their connections end, while the server drains.
func (a *App) drained(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a.draining.Load() {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

func (a *App) listenEdge(ctx context.Context) error {
	if a.edge == nil {
		return nil
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", a.cfg.Money.EdgeListen)
	if err != nil {
		return fmt.Errorf("listen on %s for the edge surface ('edge_listen' changes the address): %w", a.cfg.Money.EdgeListen, err)
	}
	a.edgeAddr = listener.Addr()
	go func() { a.serving <- a.edge.Serve(httpx.Connections(listener)) }()
	return nil
}

// EdgeAddr is where the edge surface is served; nil where it has no listener of its own.
func (a *App) EdgeAddr() net.Addr { return a.edgeAddr }
