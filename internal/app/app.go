// Package app wires the rooms into a server: Build reads top to bottom as the list
// of parts, Start opens what listens, Stop closes it in the reverse order.
//
// It knows every room and holds no product rule. main and the end-to-end tests
// share it. Its one invariant: nothing listens before everything behind it works.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"skytower/docs"
	"skytower/internal/account"
	"skytower/internal/api"
	"skytower/internal/api/admin"
	"skytower/internal/api/media"
	"skytower/internal/api/rest"
	"skytower/internal/archive"
	"skytower/internal/batch"
	"skytower/internal/blob"
	"skytower/internal/cache"
	"skytower/internal/catalog"
	"skytower/internal/config"
	"skytower/internal/egress"
	"skytower/internal/fault"
	"skytower/internal/feedback"
	"skytower/internal/httpx"
	"skytower/internal/inference"
	"skytower/internal/jobs"
	"skytower/internal/ledger"
	"skytower/internal/limit"
	"skytower/internal/mail"
	"skytower/internal/payment"
	"skytower/internal/prediction"
	"skytower/internal/provider/command"
	"skytower/internal/provider/local"
	"skytower/internal/response"
	"skytower/internal/route"
	"skytower/internal/secret"
	"skytower/internal/store"
	"skytower/internal/telemetry"
	"skytower/internal/webhook"
)

// Options are what the process gives besides its configuration.
type Options struct {
	Stdout  io.Writer // the first key is printed here, once
	Stderr  io.Writer // the log
	Version string
}

// App is a built server.
type App struct {
	cfg     *config.Config
	opts    Options
	log     *slog.Logger
	metrics *telemetry.Metrics

	stopPacing func()

	lock     *folderLock
	db       *store.DB
	clock    *store.Clock // the time of all processes
	feed     *store.Feed
	accounts *account.Service
	votes    *feedback.Service
	mail     *mail.Sender // nil: no mail
	keys     *account.Index
	catalog  *catalog.Catalog
	ledger   *ledger.Ledger
	credits  *credits
	payments *payment.Service // nil: not set up
	limits   *limit.Service
	rules    *limit.Rules
	tiers    limit.Table     // the zero Table: off
	refused  *limit.Refusals // nil: not bounded
	polls    *limit.Polls    // likewise
	adapters *adapters
	ring     *secret.Ring

	jobs        *jobs.Jobs
	files       *blob.Store
	archive     *archive.Archive
	webhooks    *webhook.Service
	predictions *prediction.Service
	routes      *route.Board
	responses   *response.Store
	batches     *batch.Service
	inference   *inference.Service
	kept        *cache.Cache      // answers for equal requests
	recall      *inference.Recall // nil: none are kept
	scratch     string            // folder of the runs' temporary files
	closing     chan struct{}     // closed when Stop begins
	stopping    sync.Once
	draining    atomic.Bool     // answers say that their connections end
	calls       context.Context // of all calls: over when those that still run are cut
	cutCalls    context.CancelCauseFunc
	presence    presence
	tracer      *telemetry.Tracer // nil: no traces are made
	failures    failures
	answers     answers
	sealed      sealedCounts

	api        *http.Server
	edge       *http.Server // nil: it has no listener of its own
	operations *http.Server
	apiAddr    net.Addr
	edgeAddr   net.Addr
	opsAddr    net.Addr
	serving    chan error
	ready      readiness
}

// settleTimeout bounds the work after an answer: the durable charge.
const settleTimeout = 15 * time.Second

// Build makes every part and opens the database; nothing listens yet. Close what
// it returns with Stop, also after a failed Start.
func Build(ctx context.Context, cfg *config.Config, o Options) (_ *App, err error) {
	a := &App{cfg: cfg, opts: o, metrics: telemetry.NewMetrics(o.Version), serving: make(chan error, 2), closing: make(chan struct{})}
	a.log = telemetry.NewLogger(o.Stderr, telemetry.LogOptions{Level: cfg.LogLevel, Format: cfg.LogFormat})
	a.calls, a.cutCalls = context.WithCancelCause(context.Background())
	for _, warning := range cfg.Warnings {
		a.log.Warn(warning)
	}
	defer func() {
		if err != nil {
			a.closeStores()
		}
	}()
	for _, step := range []func(context.Context) error{
		a.paceCollector, a.openFolder, a.openDatabase, a.openMasterKey, a.readTiers, a.makeLedger, a.makeAccounts, a.makeTracing, a.makeProviders, a.makeCatalog,
		a.makeLimits, a.makePayments, a.makeJobs, a.makeReseal, a.makeFiles, a.makeArchive, a.makePredictions, a.makeCache, a.makeInference, a.makeBatches, a.makeVotes, a.makeMail, a.makeServers,
	} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return a, nil
}

func (a *App) openDatabase(ctx context.Context) error {
	db, err := store.Open(ctx, a.cfg.Database.Reveal(), store.Options{Logger: a.log})
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	a.db, a.feed, a.clock = db, db.NewFeed(store.FeedOptions{}), db.NewClock()
	if err := a.clock.Start(ctx); err != nil {
		return err
	}
	return nil
}

func (a *App) makeAccounts(context.Context) error {
	sealer, err := a.sealer(secret.WebhookKeys)
	if err != nil {
		return err
	}
	a.accounts = account.NewService(a.db, account.ServiceOptions{Sealer: sealer, OnCreate: a.credits.welcome, OnClose: a.removeAccount, Tiers: a.tiers.Names(),
		Concurrency: a.cfg.Predictions.Concurrency, BodyRetention: a.cfg.Fleet.BodyRetention, Now: a.clock.Now})
	a.credits.accounts = a.accounts
	a.keys = account.NewIndex(a.db, account.IndexOptions{Confirmed: a.confirmed, Now: a.clock.Now})
	a.keys.Watch(a.feed)
	return nil
}

func (a *App) makeProviders(context.Context) error {
	builtin, err := local.New(local.Options{Manual: docs.Guide, DocsURL: a.docsURL()})
	if err != nil {
		return fmt.Errorf("load the built-in models: %w", err)
	}
	commands, err := command.New(command.Options{Commands: a.cfg.Commands, Log: a.log})
	if err != nil {
		return err
	}
	a.adapters = newAdapters(a.cfg, builtin, commands, a.log, a.metrics, a.tracer)
	return nil
}

func (a *App) makeCatalog(context.Context) error {
	sealer, err := a.sealer(secret.ProviderCredentials)
	if err != nil {
		return err
	}
	a.catalog, err = catalog.New(catalog.Options{
		DB: a.db, Sealer: sealer, Models: builtinModels(), Providers: environmentProviders(a.cfg), Commands: commandModels(a.cfg),
		Resolve: a.credential, FetchDefault: fetchDefault, Guard: guardOf, Media: media.RouteOf,
	})
	if err != nil {
		return fmt.Errorf("make the catalogue: %w", err)
	}
	a.catalog.OnProviders(a.adapters.rebuild)
	a.feed.Subscribe(catalog.FeedKind, a.catalog.Refresh)
	return nil
}

func (a *App) makeServers(context.Context) error {
	rows := a.rows()
	server := &httpx.Server{Done: a.observer(rows), Log: a.log, Trusted: a.cfg.TrustedProxies, Trace: a.tracer}
	inside := &api.Inside{}
	pages, err := a.makeConsole(server, inside, rows)
	if err != nil {
		return err
	}
	router := a.guarded(api.NewRouter(server, a.keys, rows, pages))
	router.KeysPage, inside.Handler = a.keysPage, router
	a.api = a.httpServer(router)
	a.serveEdge(server)
	a.operations = a.operationsServer()
	a.metrics.OnRead(a.readings)
	return nil
}

// confirmed is up to when changes are known, by the time of all processes.
func (a *App) confirmed() time.Time {
	at := a.feed.Confirmed()
	if at.IsZero() {
		return at
	}
	return a.clock.Now().Add(-time.Since(at)) // both looked at by the monotonic clock
}

// keysPage is where the console makes keys.
func (a *App) keysPage(r *http.Request) string {
	base, err := httpx.Base(a.cfg.PublicURL, r)
	if err != nil {
		return ""
	}
	return base + "/keys"
}

// foreign fetches what callers name, under the strict address policy.
func (a *App) foreign() *egress.Fetcher {
	return egress.NewFetcher(egress.Foreign(a.foreignRules()))
}

func (a *App) foreignRules() egress.Rules {
	return egress.Rules{AllowPrefixes: a.cfg.EgressAllow, DialTimeout: a.cfg.DialTimeout, Log: a.log}
}

// rows are all routes of the API.
func (a *App) rows() []api.Route {
	rows := append(a.inferRows(limit.Standard), a.restRows(limit.Standard)...)
	rows = append(rows, a.mediaRows(limit.Standard)...)
	operators := &admin.Handlers{Accounts: a.accounts, Catalog: a.catalog, Lister: a.adapters, Explainer: a.inference, Targets: a.inference, Sync: a.feed.Sync}
	rows = append(rows, operators.Rows()...)
	rows = append(rows, a.operatorRows()...)
	rows = append(rows, (&admin.FeedbackHandlers{Votes: a.votes}).Rows()...)
	rows = append(rows, a.alertRows()...)
	rows = append(rows, a.batchRows()...)
	rows = append(rows, a.bodyRows()...)
	rows = append(rows, a.cacheRows()...)
	rows = append(rows, a.guardRows()...)
	return append(rows, a.moneyRows()...)
}

func (a *App) restRows(surface string) []api.Route {
	h := &rest.Handlers{
		Catalog: a.catalog, Predictions: a.predictions, Uploads: a.predictions, Files: a.files, Users: a.batches, Webhooks: a.webhooks, Balances: a.ledger,
		Public: a.cfg.PublicURL, FilesURL: textOf(a.cfg.Predictions.FilesURL), MaxBody: a.cfg.MaxBody, MaxUpload: a.cfg.Predictions.MaxUpload, AwaitMax: a.cfg.Predictions.AwaitMax,
		KeepAlive: a.cfg.KeepAlive, UnknownAs404: a.cfg.Predictions.Unknown == "404", Closing: a.closing, Surface: surface,
	}
	return h.Rows()
}

// Start brings the state into memory, makes the first operator and key on a new
// SQLite database, and listens.
func (a *App) Start(ctx context.Context) error {
	if err := a.feed.Start(ctx); err != nil {
		return fmt.Errorf("start the change feed: %w", err)
	}
	if err := a.ledger.Start(ctx); err != nil {
		return fmt.Errorf("start the ledger: %w", err)
	}
	if err := a.limits.Start(ctx); err != nil {
		return fmt.Errorf("start the limits: %w", err)
	}
	a.kept.Start()
	a.keys.Start()
	first, err := a.bootstrap(ctx)
	if err != nil {
		return err
	}
	if err := a.predictions.Start(ctx); err != nil {
		return fmt.Errorf("start predictions: %w", err)
	}
	if err := a.responses.Start(ctx); err != nil {
		return fmt.Errorf("start stored responses: %w", err)
	}
	a.adapters.engines.Preload()
	if err := a.jobs.Start(ctx); err != nil {
		return fmt.Errorf("start the job queue: %w", err)
	}
	if err := a.batches.Start(ctx); err != nil {
		return fmt.Errorf("start batches: %w", err)
	}
	a.archive.Start()
	a.startMail()
	a.appear(ctx)
	if err := a.listen(ctx); err != nil {
		return err
	}
	a.ready.say(ready)
	a.greet(first)
	if err := a.offerSetup(ctx); err != nil {
		a.log.Warn("the link that sets up the console could not be made; the next start tries again", "error", err)
	}
	a.offer(ctx)
	return nil
}

func (a *App) listen(ctx context.Context) error {
	if !a.cfg.Serves() {
		a.listenOperations(ctx)
		return nil
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", a.cfg.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s (is another Skytower running? 'listen' in the configuration, or --listen, changes the address): %w", a.cfg.Listen, err)
	}
	a.apiAddr = listener.Addr()
	go func() { a.serving <- a.api.Serve(httpx.Connections(listener)) }()
	if err := a.listenEdge(ctx); err != nil {
		return err
	}
	a.listenOperations(ctx)
	return nil
}

// Addr is where the API listens; nil where this process only works.
func (a *App) Addr() net.Addr { return a.apiAddr }

// OperationsAddr is where health and metrics are served; nil where they are not.
func (a *App) OperationsAddr() net.Addr { return a.opsAddr }

// Failed delivers the error of a listener that ended by itself.
func (a *App) Failed() <-chan error { return a.serving }

// Drain says that this process should get no more traffic, and goes on serving what comes
// for drain_delay, or until ctx is over: whoever sends it traffic needs time to look
// elsewhere. Answers meanwhile end their connections; none is closed under a request.
func (a *App) Drain(ctx context.Context) {
	a.ready.say(draining)
	a.draining.Store(true)
	if !a.cfg.Serves() {
		return
	}
	wait := time.NewTimer(a.cfg.Fleet.DrainDelay)
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ctx.Done():
	}
}

// Stop ends the listeners, lets calls and predictions in progress finish until ctx is
// over, cuts what is left and hands back what can go on elsewhere, makes what is owed
// durable for at most settleTimeout more, and closes the database. To cut a call is no
// error: its caller is told, and it is charged for what it got.
func (a *App) Stop(ctx context.Context) error {
	a.ready.say(stopping)
	a.draining.Store(true)
	a.stopping.Do(func() { close(a.closing) })
	a.predictions.Leave()
	var busy errgroup.Group
	busy.Go(func() error { return a.stopServing(ctx) })
	busy.Go(func() error { return a.jobs.Stop(ctx) })
	busy.Go(func() error { a.batches.Stop(ctx); return nil })
	errs := []error{busy.Wait()}
	a.stopMail(ctx)
	a.predictions.Stop()
	a.adapters.close()
	a.disappear(ctx)
	a.feed.Stop()
	settled, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	errs = append(errs, a.responses.Stop(settled), a.ledger.Stop(settled), a.operations.Close())
	a.stopKeys(settled)
	a.stopArchive(ctx)
	a.stopTracing(settled)
	a.limits.Stop()
	a.kept.Close()
	a.closeStores()
	return errors.Join(errs...)
}

// stopKeys writes when keys were used last, where the database takes it: nobody is owed
// that, and it comes after what is.
func (a *App) stopKeys(ctx context.Context) {
	if err := a.keys.Stop(ctx); err != nil {
		a.log.Warn("the last uses of some keys could not be written; an earlier one is shown until they are used again", "error", err)
	}
}

// stopServing ends the servers of the API when their calls have ended. Where ctx is over
// before, it cuts the calls that still run.
func (a *App) stopServing(ctx context.Context) error {
	calls, over := context.WithCancel(context.Background())
	cut := context.AfterFunc(ctx, func() {
		select {
		case <-calls.Done():
			return
		default:
		}
		a.log.Warn("calls still run at the end of the grace time and are cut; their callers are told, and charged for what they got")
		a.cutCalls(errStopping())
		a.inference.Cut()
	})
	defer cut()
	defer over()
	bounded, cancel := outlasting(ctx, settleTimeout)
	defer cancel()
	var both errgroup.Group
	for _, server := range []*http.Server{a.api, a.edge} {
		if server != nil {
			both.Go(func() error { return stopServer(bounded, server) })
		}
	}
	return both.Wait()
}

// errStopping is what a call is told that is cut.
func errStopping() error {
	return &fault.Error{
		ID: fault.ServiceUnavailable, RetryAfter: time.Second,
		Message: "The server stops, and this call did not end in time; send the request again.",
	}
}

// outlasting is a context that ends some time after another.
func outlasting(ctx context.Context, more time.Duration) (context.Context, context.CancelFunc) {
	long, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.AfterFunc(more, cancel)
		context.AfterFunc(long, func() { timer.Stop() })
	})
	return long, func() {
		stop()
		cancel()
	}
}

func stopServer(ctx context.Context, server *http.Server) error {
	if err := server.Shutdown(ctx); err != nil {
		_ = server.Close()
		return fmt.Errorf("calls did not end though they were cut: %w", err)
	}
	return nil
}

func (a *App) closeStores() {
	if a.stopPacing != nil {
		a.stopPacing()
	}
	if a.files != nil {
		if err := a.files.Close(); err != nil {
			a.log.Warn("the storage of files did not close cleanly", "error", err)
		}
	}
	if a.scratch != "" {
		_ = os.RemoveAll(a.scratch) // or the next start does it
	}
	if a.clock != nil {
		a.clock.Stop()
	}
	if a.db != nil {
		if err := a.db.Close(); err != nil {
			a.log.Warn("the database did not close cleanly", "error", err)
		}
	}
	if a.lock != nil {
		a.lock.release()
	}
}

// paceCollector follows the setting, or else the size of the heap.
func (a *App) paceCollector(context.Context) error {
	if a.cfg.GCPercent != 0 {
		debug.SetGCPercent(a.cfg.GCPercent)
		return nil
	}
	a.stopPacing = keepHeadroom()
	return nil
}

// path is a file of the data folder.
func (a *App) path(name string) string { return filepath.Join(a.cfg.Data, name) }

func (a *App) openFolder(context.Context) error {
	if err := os.MkdirAll(a.cfg.Data, 0o700); err != nil {
		return fmt.Errorf("make the data folder (--data sets another): %w", err)
	}
	if a.cfg.Database.Engine() != "sqlite" {
		return nil
	}
	lock, err := lockFolder(a.path("lock"))
	if err != nil {
		return err
	}
	a.lock = lock
	return nil
}
