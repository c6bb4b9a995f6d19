package app

import (
	"encoding/json"
	"html/template"
	"net/http"
	"runtime"
	"runtime/debug"
	"strconv"
	"time"

	"skytower/internal/route"
	"skytower/internal/store"
)

// debugState is what the page /debug shows of this process. There is nothing of callers'
// requests in it, and no secret: it asks no other service, so that it also answers when
// they don't.
type debugState struct {
	Time     time.Time `json:"time"`
	Version  string    `json:"version"`
	Go       string    `json:"go"`
	Replica  string    `json:"replica"`
	Role     string    `json:"role"`
	Config   string    `json:"config"` // hash of the process file
	Started  time.Time `json:"started"`
	Uptime   string    `json:"uptime"`
	NotReady string    `json:"not_ready"` // why; "": it is ready
	Draining bool      `json:"draining"`

	Runtime  debugRuntime    `json:"runtime"`
	Open     debugOpen       `json:"open"`
	Database []debugPool     `json:"database"`
	FeedLag  float64         `json:"feed_lag_seconds"` // -1: nothing was ever confirmed
	Limits   string          `json:"limits"`
	Credit   debugCredit     `json:"credit"`
	Targets  []debugTarget   `json:"targets"`
	Failures []failedRequest `json:"failures"` // newest first
	Ended    debugEnded      `json:"transactions"`
}

type debugRuntime struct {
	Goroutines int       `json:"goroutines"`
	Processors int       `json:"processors"`
	HeapBytes  uint64    `json:"heap_bytes"`   // in use
	FromSystem uint64    `json:"system_bytes"` // of all memory
	LimitBytes int64     `json:"limit_bytes"`  // that the collector aims at
	GCs        uint32    `json:"collections"`
	LastGC     time.Time `json:"last_collection"`
	PauseMS    float64   `json:"last_pause_ms"`
}

type debugOpen struct {
	Connections int `json:"connections"`
	Streams     int `json:"streams"`
}

type debugPool struct {
	Name    string  `json:"name"`
	InUse   int     `json:"in_use"`
	Idle    int     `json:"idle"`
	Most    int     `json:"limit"`
	Waits   int64   `json:"waits"`
	WaitedS float64 `json:"waited_seconds"`
}

type debugEnded struct {
	Writes           int64 `json:"writes"`
	WritesRolledBack int64 `json:"writes_rolled_back"`
	Reads            int64 `json:"reads"`
	ReadsRolledBack  int64 `json:"reads_rolled_back"`
}

// debugCredit is in nano-dollars.
type debugCredit struct {
	Free         int64   `json:"leased_free_nanodollars"`
	Promised     int64   `json:"leased_promised_nanodollars"`
	QueuedLines  int     `json:"queued_lines"`
	SpoolBatches int     `json:"spool_batches"`
	SpoolBytes   int64   `json:"spool_bytes"`
	SpoolSeconds float64 `json:"spool_age_seconds"`
}

type debugTarget struct {
	Name        string  `json:"target"`
	State       string  `json:"state"`
	Failures    int     `json:"failures_in_a_row"`
	FirstByteMS float64 `json:"first_byte_ms"`
	PerSecond   float64 `json:"tokens_per_second"`
}

// debugPage serves the page, or the same as JSON by ?format=json.
func (a *App) debugPage(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if r.URL.Query().Get("format") == "json" {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(a.debugState())
		return
	}
	page, err := template.New("debug").Parse(debugTemplate)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	_ = page.Execute(w, a.debugState()) // a reader who left
}

func (a *App) debugState() debugState {
	s := a.db.Stats()
	state := debugState{
		Time: time.Now().UTC(), Version: a.opts.Version, Go: runtime.Version(), Replica: a.presence.self.ID, Role: a.cfg.Predictions.Role,
		Config: a.cfg.Hash(), Started: a.presence.self.Started.UTC(), Uptime: age(a.presence.self.Started).Round(time.Second).String(),
		NotReady: a.notReady(), Draining: a.draining.Load(), Runtime: runtimeState(), Database: pools(s), FeedLag: -1,
		Open: debugOpen{
			Connections: int(a.metrics.Value("skytower_open_connections")), Streams: int(a.metrics.Value("skytower_open_streams")),
		},
		Credit: a.creditState(), Targets: targetStates(a.routes.Known()), Failures: a.failures.last(),
		Ended: debugEnded{s.Writes.Committed, s.Writes.RolledBack, s.Reads.Committed, s.Reads.RolledBack},
	}
	if confirmed := a.feed.Confirmed(); !confirmed.IsZero() {
		state.FeedLag = time.Since(confirmed).Seconds()
	}
	switch {
	case a.cfg.Money.Redis == "":
		state.Limits = "this process counts them"
	case a.limits.Degraded():
		state.Limits = "Redis is away; this process counts its part"
	default:
		state.Limits = "Redis counts them"
	}
	return state
}

func runtimeState() debugRuntime {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	r := debugRuntime{
		Goroutines: runtime.NumGoroutine(), Processors: runtime.GOMAXPROCS(0), HeapBytes: m.HeapInuse, FromSystem: m.Sys,
		LimitBytes: debug.SetMemoryLimit(-1), GCs: m.NumGC,
	}
	if m.NumGC > 0 {
		r.LastGC = time.Unix(0, int64(m.LastGC)).UTC()                        //nolint:gosec // nanoseconds since 1970
		r.PauseMS = milliseconds(time.Duration(m.PauseNs[(m.NumGC+255)%256])) //nolint:gosec // the library's own bound
	}
	return r
}

func pools(s store.Stats) []debugPool {
	list := []debugPool{{"writer", s.Writer.InUse, s.Writer.Idle, s.Writer.MaxOpenConnections, s.Writer.WaitCount, s.Writer.WaitDuration.Seconds()}}
	if r := s.Reader; r != nil {
		list = append(list, debugPool{"reader", r.InUse, r.Idle, r.MaxOpenConnections, r.WaitCount, r.WaitDuration.Seconds()})
	}
	return list
}

func (a *App) creditState() debugCredit {
	leased, spooled := a.ledger.Leased(), a.ledger.Spooled()
	return debugCredit{
		Free: int64(leased.Free), Promised: int64(leased.Promised), QueuedLines: a.ledger.Waiting(),
		SpoolBatches: spooled.Batches, SpoolBytes: spooled.Bytes, SpoolSeconds: age(spooled.Since).Seconds(),
	}
}

func targetStates(known []route.Health) []debugTarget {
	out := []debugTarget{}
	for _, h := range known {
		out = append(out, debugTarget{h.Target, string(h.State), h.Failures, milliseconds(h.FirstByte), h.PerSecond})
	}
	return out
}

// maxProfile bounds how long a profile may be taken, in seconds.
const maxProfile = 60

// boundedProfile keeps a profile from being taken for hours, and has the runtime look at
// locks while a profile of them is taken: otherwise that costs too much.
func boundedProfile(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		text := r.URL.Query().Get("seconds")
		if text == "" {
			next(w, r)
			return
		}
		if seconds, err := strconv.ParseFloat(text, 64); err != nil || !(seconds > 0 && seconds <= maxProfile) {
			http.Error(w, "seconds must be a number up to "+strconv.Itoa(maxProfile)+".", http.StatusBadRequest)
			return
		}
		const oneIn, everyNS = 5, 10_000
		switch r.URL.Path {
		case "/debug/pprof/mutex":
			defer runtime.SetMutexProfileFraction(runtime.SetMutexProfileFraction(oneIn))
		case "/debug/pprof/block":
			runtime.SetBlockProfileRate(everyNS)
			defer runtime.SetBlockProfileRate(0)
		}
		next(w, r)
	}
}

const debugTemplate = `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Skytower: this process</title>
<style>body{font:14px/1.5 system-ui,sans-serif;margin:1.5em;max-width:75em}table{border-collapse:collapse;margin:0 0 1em}
td,th{border:1px solid #bbb;padding:.15em .6em;text-align:left;vertical-align:top}th{background:#eee}h2{font-size:1.1em}</style></head><body>
<h1>Skytower {{.Version}}</h1>
<p><a href="/metrics">metrics</a> · <a href="/readyz">readyz</a> · <a href="/healthz">healthz</a> · <a href="/debug?format=json">this page as JSON</a> ·
profiles: <a href="/debug/pprof/">all</a>, <a href="/debug/pprof/goroutine?debug=1">goroutines</a>, <a href="/debug/pprof/heap?debug=1">heap</a>,
<a href="/debug/pprof/allocs?debug=1">allocations</a>, <a href="/debug/pprof/mutex?seconds=5">mutex</a>, <a href="/debug/pprof/block?seconds=5">block</a>,
<a href="/debug/pprof/profile?seconds=10">processor</a></p>
<h2>Process</h2>
<table>
<tr><th>Ready</th><td>{{if .NotReady}}no: {{.NotReady}}{{else}}yes{{end}}{{if .Draining}}, draining{{end}}</td></tr>
<tr><th>Role</th><td>{{.Role}}</td></tr><tr><th>Replica</th><td>{{.Replica}}</td></tr>
<tr><th>Started</th><td>{{.Started.Format "2006-01-02 15:04:05"}} UTC, {{.Uptime}} ago</td></tr>
<tr><th>Configuration</th><td>{{.Config}}</td></tr><tr><th>Go</th><td>{{.Go}}</td></tr>
<tr><th>Open</th><td>{{.Open.Connections}} connections, {{.Open.Streams}} streams</td></tr>
<tr><th>Goroutines</th><td>{{.Runtime.Goroutines}} on {{.Runtime.Processors}} processors</td></tr>
<tr><th>Memory</th><td>{{.Runtime.HeapBytes}} bytes of heap in use, {{.Runtime.FromSystem}} from the system</td></tr>
<tr><th>Collections</th><td>{{.Runtime.GCs}}; the last paused for {{.Runtime.PauseMS}} ms</td></tr>
<tr><th>Change feed</th><td>{{if lt .FeedLag 0.0}}never confirmed{{else}}confirmed {{printf "%.1f" .FeedLag}} s ago{{end}}</td></tr>
<tr><th>Limits</th><td>{{.Limits}}</td></tr>
</table>
<h2>Credit, in nano-dollars</h2>
<table>
<tr><th>Leased and free</th><td>{{.Credit.Free}}</td></tr><tr><th>Leased and promised</th><td>{{.Credit.Promised}}</td></tr>
<tr><th>Charges that wait for a commit</th><td>{{.Credit.QueuedLines}}</td></tr>
<tr><th>Spool</th><td>{{.Credit.SpoolBatches}} batches, {{.Credit.SpoolBytes}} bytes, {{printf "%.0f" .Credit.SpoolSeconds}} s old</td></tr>
</table>
<h2>Database</h2>
<table><tr><th>Pool</th><th>In use</th><th>Idle</th><th>Limit</th><th>Waits</th><th>Waited, s</th></tr>
{{range .Database}}<tr><td>{{.Name}}</td><td>{{.InUse}}</td><td>{{.Idle}}</td><td>{{.Most}}</td><td>{{.Waits}}</td><td>{{printf "%.3f" .WaitedS}}</td></tr>
{{end}}</table>
<p>{{.Ended.Writes}} writes and {{.Ended.Reads}} reads were committed; {{.Ended.WritesRolledBack}} and {{.Ended.ReadsRolledBack}} were rolled back.</p>
<h2>Targets that were used within the hour</h2>
<table><tr><th>Target</th><th>State</th><th>Failures in a row</th><th>First byte, ms</th><th>Tokens/s</th></tr>
{{range .Targets}}<tr><td>{{.Name}}</td><td>{{.State}}</td><td>{{.Failures}}</td><td>{{printf "%.0f" .FirstByteMS}}</td><td>{{printf "%.0f" .PerSecond}}</td></tr>
{{else}}<tr><td colspan="5">none</td></tr>{{end}}</table>
<h2>Requests that failed, the newest first</h2>
<table><tr><th>Time, UTC</th><th>Request</th><th>Route</th><th>Status</th><th>error_id</th><th>Account</th><th>Model</th><th>Target</th><th>Trace</th></tr>
{{range .Failures}}<tr><td>{{.Time.Format "01-02 15:04:05"}}</td><td>{{.ID}}</td><td>{{.Route}}</td><td>{{.Status}}</td><td>{{.ErrorID}}</td><td>{{.Account}}</td><td>{{.Model}}</td><td>{{.Target}}</td><td>{{.TraceID}}</td></tr>
{{else}}<tr><td colspan="9">none since the start</td></tr>{{end}}</table>
</body></html>
`
