package limit

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/redis/rueidis"
)

const (
	keyPrefix  = "skytower:limit:"
	markerKey  = "{skytower:limit}:memory"
	membersKey = "{skytower:limit}:processes"

	// defaultPatience is how long a call waits for Redis before this process goes on
	// without it.
	defaultPatience = 100 * time.Millisecond
	// upkeepPatience bounds a round trip that no call waits for.
	upkeepPatience = 2 * time.Second
	// adjustAtOnce is how many corrections go in one pipeline.
	adjustAtOnce = 200
)

var (
	errNoRedis   = errors.New("there is no connection to Redis")
	errForgotten = errors.New("lost: Redis has lost its memory")
	errStrange   = errors.New("strange: Redis gave an answer of another form")
)

// redis runs the scripts. It says when Redis can't be reached; what then, is the matter
// of Shared.
type redis struct {
	option   rueidis.ClientOption
	clock    func() time.Time // of a test; nil: Redis' own
	patience time.Duration

	take, adjust, beat *rueidis.Lua

	mu     sync.RWMutex
	client rueidis.Client // nil until Redis answered once
	marker string         // of the memory that we know
}

// heartbeat is the answer to a sign of life.
type heartbeat struct {
	marker  string
	now     int64 // milliseconds, by Redis
	members []string
}

func newRedis(url string, patience time.Duration, clock func() time.Time) (*redis, error) {
	option, err := rueidis.ParseURL(url)
	if err != nil {
		return nil, errors.New("the address of Redis must be of the form redis://USER:PASSWORD@HOST:6379/0") // the cause may show the password
	}
	option.DisableCache = true
	option.DisableRetry = true // a script that ran twice would draw twice
	option.ForceSingleClient = option.ForceSingleClient || option.SelectDB != 0
	option.PipelineMultiplex = -1 // one connection, which signs of life keep from going stale; calls share it
	option.ConnWriteTimeout = upkeepPatience
	option.Dialer.Timeout = upkeepPatience
	if patience <= 0 {
		patience = defaultPatience
	}
	return &redis{
		option: option, clock: clock, patience: patience,
		take: rueidis.NewLuaScript(takeScript), adjust: rueidis.NewLuaScript(adjustScript), beat: rueidis.NewLuaScript(beatScript),
	}, nil
}

// connect makes the client, which needs a Redis that answers.
func (r *redis) connect() (rueidis.Client, error) {
	r.mu.RLock()
	client := r.client
	r.mu.RUnlock()
	if client != nil {
		return client, nil
	}
	client, err := rueidis.NewClient(r.option)
	if err != nil {
		return nil, fmt.Errorf("connect to Redis: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.client = client
	return client, nil
}

// known gives the client, and the marker to compare; a cluster keeps the marker on
// another node than the call's keys, where a script can't look.
func (r *redis) known() (rueidis.Client, string, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.client == nil {
		return nil, "", errNoRedis
	}
	if r.client.Mode() == rueidis.ClientModeCluster {
		return r.client, "", nil
	}
	return r.client, r.marker, nil
}

// differs reports whether a marker is that of another memory than the one known.
func (r *redis) differs(marker string) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.marker != marker
}

// know sets the marker of the memory that later calls count on.
func (r *redis) know(marker string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.marker = marker
}

func (r *redis) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.client != nil {
		r.client.Close()
		r.client = nil
	}
}

func (r *redis) time() string {
	if r.clock == nil {
		return "0"
	}
	return strconv.FormatInt(r.clock().UnixMilli(), 10)
}

// head are the first arguments of every script.
func (r *redis) head() []string {
	return []string{r.time(), strconv.FormatInt(slotLifetime.Milliseconds(), 10)}
}

// Take is one round trip.
func (r *redis) Take(ctx context.Context, c *Call) (Outcome, error) {
	client, marker, err := r.known()
	if err != nil {
		return Outcome{}, err
	}
	keys := make([]string, 0, 1+len(c.Draws)*dimensions)
	args := append(r.head(), marker, c.ID)
	if marker != "" {
		keys = append(keys, markerKey)
	}
	for i := range c.Draws {
		for dim := range dimensions {
			if !c.asks(i, dim) {
				continue
			}
			keys = append(keys, redisKey(c.Draws[i].Scope, dim))
			args = append(args, kindOf(dim), number(c.Draws[i].Limits[dim]), number(c.Costs[dim]))
		}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.patience)
	defer cancel()
	answer, err := r.take.Exec(ctx, client, keys, args).AsIntSlice()
	if err != nil {
		return Outcome{}, fmt.Errorf("take from Redis: %w", err)
	}
	return c.outcome(answer)
}

// asks reports whether a dimension of a scope is looked at: a window for its remainder
// even where nothing is drawn from it.
func (c *Call) asks(i, dim int) bool {
	return c.Draws[i].Limits[dim] >= 0 && (dim < windows || c.holds(i))
}

// outcome reads the answer of the script.
func (c *Call) outcome(answer []int64) (Outcome, error) {
	if len(answer) < 2 {
		return Outcome{}, errStrange
	}
	if answer[0] < 0 {
		return Outcome{}, errForgotten
	}
	o := Outcome{Allowed: answer[0] == 1, At: Moment{Engine: answer[1] / millis}}
	rest := answer[2:]
	for i := range c.Draws {
		o.Left[i] = noNumbers()
		for dim := range dimensions {
			if !c.asks(i, dim) {
				continue
			}
			if len(rest) < 2 {
				return Outcome{}, errStrange
			}
			o.Left[i][dim], o.Wait[i][dim] = rest[0], rest[1]
			rest = rest[2:]
		}
	}
	return o, nil
}

// Settle is one round trip, or none where nothing changes.
func (r *redis) Settle(ctx context.Context, c *Call, at Moment, more Numbers) error {
	var b batch
	for i := range c.Draws {
		for dim, n := range more[:windows] {
			if n != 0 && c.Draws[i].Limits[dim] >= 0 {
				b.window(redisKey(c.Draws[i].Scope, dim), []cell{{at.Engine, n}})
			}
		}
		if c.holds(i) {
			b.slot(redisKey(c.Draws[i].Scope, calls), "release", c.ID)
		}
	}
	return r.run(ctx, r.patience, []batch{b})
}

// Renew sends the slots of all calls in pipelines.
func (r *redis) Renew(ctx context.Context, open []*Call) error {
	batches := make([]batch, 0, len(open))
	for _, c := range open {
		var b batch
		for i := range c.Draws {
			if c.holds(i) {
				b.slot(redisKey(c.Draws[i].Scope, calls), "renew", c.ID)
			}
		}
		batches = append(batches, b)
	}
	return r.run(ctx, upkeepPatience, batches)
}

// cell is what was drawn in a second.
type cell struct{ second, n int64 }

// batch is one run of the adjusting script: changes to keys of one account.
type batch struct{ keys, args []string }

func (b *batch) window(key string, cells []cell) {
	b.keys = append(b.keys, key)
	b.args = append(b.args, "w", strconv.Itoa(len(cells)))
	for _, c := range cells {
		b.args = append(b.args, number(c.second), number(c.n))
	}
}

// slot does one thing to a call's slot: release, renew or add.
func (b *batch) slot(key, word, call string) {
	b.keys, b.args = append(b.keys, key), append(b.args, word, call)
}

func (r *redis) run(ctx context.Context, patience time.Duration, batches []batch) error {
	batches = slices.DeleteFunc(batches, func(b batch) bool { return len(b.keys) == 0 })
	for part := range slices.Chunk(batches, adjustAtOnce) {
		if err := r.runPart(ctx, patience, part); err != nil {
			return err
		}
	}
	return nil
}

func (r *redis) runPart(ctx context.Context, patience time.Duration, batches []batch) error {
	client, _, err := r.known()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	if len(batches) == 1 { // ExecMulti asks first whether the script is there
		err := r.adjust.Exec(ctx, client, batches[0].keys, append(r.head(), batches[0].args...)).Error()
		if err != nil {
			return fmt.Errorf("correct in Redis: %w", err)
		}
		return nil
	}
	all := make([]rueidis.LuaExec, 0, len(batches))
	for _, b := range batches {
		all = append(all, rueidis.LuaExec{Keys: b.keys, Args: append(r.head(), b.args...)})
	}
	for _, result := range r.adjust.ExecMulti(ctx, client, all...) {
		if err := result.Error(); err != nil {
			return fmt.Errorf("correct in Redis: %w", err)
		}
	}
	return nil
}

// live sends a sign of life, or the word that this process ends. It tries twice: the first
// one may only find that a connection is dead.
func (r *redis) live(ctx context.Context, process, word string) (heartbeat, error) {
	b, err := r.liveOnce(ctx, process, word)
	if err != nil {
		b, err = r.liveOnce(ctx, process, word)
	}
	return b, err
}

func (r *redis) liveOnce(ctx context.Context, process, word string) (heartbeat, error) {
	client, err := r.connect()
	if err != nil {
		return heartbeat{}, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), upkeepPatience)
	defer cancel()
	parts, err := r.beat.Exec(ctx, client, []string{markerKey, membersKey}, append(r.head(), rand.Text(), process, word)).ToArray()
	if err != nil {
		return heartbeat{}, fmt.Errorf("send a sign of life to Redis: %w", err)
	}
	if len(parts) != 3 {
		return heartbeat{}, errStrange
	}
	var b heartbeat
	var errs [3]error
	b.marker, errs[0] = parts[0].ToString()
	b.now, errs[1] = parts[1].AsInt64()
	b.members, errs[2] = parts[2].AsStrSlice()
	if err := errors.Join(errs[:]...); err != nil {
		return heartbeat{}, fmt.Errorf("read the processes in Redis: %w", err)
	}
	slices.Sort(b.members)
	return b, nil
}

// redisKey names a dimension of a scope. Only the model may hold a colon, so that no
// two scopes share a key.
func redisKey(s Scope, dim int) string {
	return keyPrefix + "{" + s.Account + "}:" + s.Key + ":" + s.Surface + ":" + s.Route + ":" + s.Model + ":" + "rios"[dim:dim+1]
}

func kindOf(dim int) string {
	if dim == calls {
		return "s"
	}
	return "w"
}

func number(n int64) string { return strconv.FormatInt(n, 10) }
