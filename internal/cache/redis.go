package cache

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"

	"skytower/internal/secret"
)

const (
	keyPrefix = "skytower:cache:"
	// tokensKey is a hash of random tokens, one for everything and one for each model whose
	// answers were ever forgotten. An answer counts only with the tokens that it was kept
	// under. Redis throws the hash away whole, if it does: then nothing counts any more.
	tokensKey = "{skytower:cache}:tokens"
	everyone  = "*" // no model's name

	// defaultPatience is how long a call waits for Redis.
	defaultPatience = 100 * time.Millisecond
	// writePatience bounds what no call waits for.
	writePatience = 2 * time.Second
	// pause is how long a Redis that failed is not asked.
	pause = time.Second
)

var errNoRedis = errors.New("there is no connection to Redis")

// Redis keeps answers where all processes find them, sealed. The life of an answer, the
// most that one may have, and what this process may have there at a time bound it.
type Redis struct {
	option   rueidis.ClientOption
	sealer   *secret.Sealer
	patience time.Duration
	now      func() time.Time
	log      *slog.Logger
	part     part

	rest atomic.Int64 // until when it is not asked, after a failure; by the process' clock

	mu         sync.Mutex
	client     rueidis.Client // nil until Redis answered once
	connecting chan struct{}  // closed when the attempt under way is over; nil: none is
	closed     bool
	away       bool // that it is, was logged
}

// NewRedis returns one that has not connected yet. The error is about the address.
func NewRedis(o Options) (*Redis, error) {
	option, err := rueidis.ParseURL(o.Redis)
	if err != nil {
		return nil, errors.New("the address of Redis must be of the form redis://USER:PASSWORD@HOST:6379/0") // the cause may show the password
	}
	option.DisableCache = true
	option.ForceSingleClient = option.ForceSingleClient || option.SelectDB != 0
	option.ConnWriteTimeout = writePatience
	option.Dialer.Timeout = writePatience
	if o.Patience <= 0 {
		o.Patience = defaultPatience
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Redis{option: option, sealer: o.Sealer, patience: o.Patience, now: o.Now, log: o.Log, part: part{most: o.Size}}, nil
}

// Start connects, and waits for it.
func (r *Redis) Start() { <-r.connect() }

// connect makes the client, which needs a Redis that answers, in a goroutine that Close
// waits for; the channel is closed when that is over.
func (r *Redis) connect() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.connecting != nil {
		return r.connecting
	}
	over := make(chan struct{})
	if r.client != nil || r.closed {
		close(over)
		return over
	}
	r.connecting = over
	go func() {
		client, err := rueidis.NewClient(r.option)
		r.mu.Lock()
		r.connecting = nil
		if err == nil {
			r.client = client
		}
		r.mu.Unlock()
		r.note(err)
		close(over)
	}()
	return over
}

// reach gives the client; an error means that Redis is not to be waited for.
func (r *Redis) reach() (rueidis.Client, error) {
	if time.Now().UnixNano() < r.rest.Load() {
		return nil, errNoRedis
	}
	r.mu.Lock()
	client, closed := r.client, r.closed
	r.mu.Unlock()
	if client == nil || closed {
		r.connect()
		return nil, errNoRedis
	}
	return client, nil
}

// note remembers whether Redis answered, and logs when that changes.
func (r *Redis) note(err error) {
	if err != nil {
		r.rest.Store(time.Now().Add(pause).UnixNano())
	}
	r.mu.Lock()
	changed := r.away != (err != nil) && !r.closed
	r.away = err != nil
	r.mu.Unlock()
	switch {
	case !changed:
	case err != nil:
		r.log.Warn("Redis is away: answers are kept in this process' memory alone", "error", err)
	default:
		r.log.Info("answers are kept in Redis again")
	}
}

// Find looks for an answer in one round trip. One that can't be opened is none.
func (r *Redis) Find(ctx context.Context, k Key) Found {
	client, err := r.reach()
	if err != nil {
		return Found{}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.patience)
	defer cancel()
	name := nameOf(k)
	answers := client.DoMulti(ctx, tokens(client, k.Model), client.B().Get().Key(name).Build())
	since, err := r.tokens(ctx, client, answers[0])
	sealed, valueErr := answers[1].ToString()
	if rueidis.IsRedisNil(valueErr) {
		valueErr = nil
	}
	if err = errors.Join(err, valueErr); err != nil {
		r.note(fmt.Errorf("look for an answer: %w", err))
		return Found{}
	}
	r.note(nil)
	found := Found{Since: Mark{shared: since}}
	if plain, err := r.sealer.Open(sealed, []byte(name)); err == nil {
		found.Answer = opened(plain, since, r.now())
	}
	return found
}

func tokens(client rueidis.Client, model string) rueidis.Completed {
	return client.B().Hmget().Key(tokensKey).Field(everyone, model).Build()
}

// tokens reads the tokens in force. Where there are none at all, they are made.
func (r *Redis) tokens(ctx context.Context, client rueidis.Client, answer rueidis.RedisResult) (string, error) {
	both, err := answer.AsStrSlice() // a missing one is ""
	if err != nil {
		return "", err
	}
	if len(both) != 2 {
		return "", errors.New("Redis gave an answer of another form")
	}
	if both[0] == "" {
		set := client.B().Hsetnx().Key(tokensKey).Field(everyone).Value(rand.Text()).Build()
		all := client.DoMulti(ctx, set, client.B().Hget().Key(tokensKey).Field(everyone).Build())
		if both[0], err = all[1].ToString(); err != nil {
			return "", err
		}
	}
	return both[0] + "." + both[1], nil
}

// Keep keeps an answer under the tokens of the look before it, unless this process has too
// much there.
func (r *Redis) Keep(ctx context.Context, k Key, a Answer, since Mark) {
	now := r.now()
	life := a.Until.Sub(now)
	client, err := r.reach()
	if err != nil || since.shared == "" || life < time.Millisecond || len(a.Body) > MostBytes {
		return
	}
	name := nameOf(k)
	sealed := r.sealer.Seal(closed(a, since.shared), []byte(name))
	if !r.part.take(int64(len(name)+len(sealed)), a.Until, now) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, writePatience)
	defer cancel()
	err = client.Do(ctx, client.B().Set().Key(name).Value(sealed).PxMilliseconds(life.Milliseconds()).Build()).Error()
	if err != nil {
		err = fmt.Errorf("keep an answer: %w", err)
	}
	r.note(err)
}

// Forget makes what a model answered, or all if model is "", count no more.
func (r *Redis) Forget(ctx context.Context, model string) error {
	if model == "" {
		model = everyone
	}
	client, err := r.awaited(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, writePatience)
	defer cancel()
	if err := client.Do(ctx, client.B().Hset().Key(tokensKey).FieldValue().FieldValue(model, rand.Text()).Build()).Error(); err != nil {
		return fmt.Errorf("forget answers in Redis: %w", err)
	}
	return nil
}

// scanned is how many keys one step of a scan looks at.
const scanned = 1000

// Erase removes an account's answers. Keys are looked for in steps, so that Redis goes on
// answering others; nothing else needs a list of them.
func (r *Redis) Erase(ctx context.Context, account string) error {
	client, err := r.awaited(ctx)
	if err != nil {
		return err
	}
	for _, node := range client.Nodes() {
		if err := eraseAt(ctx, client, node, account); err != nil {
			return fmt.Errorf("remove answers from Redis: %w", err)
		}
	}
	return nil
}

// eraseAt is Erase of what one node of a cluster has.
func eraseAt(ctx context.Context, client, node rueidis.Client, account string) error {
	pattern := literal(prefixOf(account)) + "*"
	for cursor := uint64(0); ; {
		found, err := step(ctx, client, node, cursor, pattern)
		if err != nil {
			return err
		}
		if cursor = found.Cursor; cursor == 0 {
			return nil
		}
	}
}

// step looks at some keys of a node, and removes those that match: of an account, all are in
// one slot.
func step(ctx context.Context, client, node rueidis.Client, cursor uint64, pattern string) (rueidis.ScanEntry, error) {
	ctx, cancel := context.WithTimeout(ctx, writePatience)
	defer cancel()
	found, err := node.Do(ctx, node.B().Scan().Cursor(cursor).Match(pattern).Count(scanned).Build()).AsScanEntry()
	if err == nil && len(found.Elements) > 0 {
		err = client.Do(ctx, client.B().Unlink().Key(found.Elements...).Build()).Error()
	}
	return found, err
}

// literal is a text as a pattern of Redis that matches nothing else.
func literal(text string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`).Replace(text)
}

// awaited is the client, for who can wait for the connection.
func (r *Redis) awaited(ctx context.Context) (rueidis.Client, error) {
	select {
	case <-r.connect():
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.client == nil || r.closed {
		return nil, errNoRedis
	}
	return r.client, nil
}

// Close ends the connection.
func (r *Redis) Close() {
	r.mu.Lock()
	r.closed = true
	over := r.connecting
	r.mu.Unlock()
	if over != nil {
		<-over
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.client != nil {
		r.client.Close()
	}
}

// nameOf is where an answer is kept; an account's are on one node of a cluster.
func nameOf(k Key) string {
	return prefixOf(k.Account) + k.Model + ":" + hex.EncodeToString(k.Digest[:])
}

func prefixOf(account string) string { return keyPrefix + "{" + account + "}:" }

// times is the length of the two times that an answer begins with.
const times = 16

// closed is an answer as bytes: when it was kept, until when, the tokens with their length,
// and the answer.
func closed(a Answer, tokens string) []byte {
	b := make([]byte, 0, times+binary.MaxVarintLen64+len(tokens)+len(a.Body))
	b = binary.BigEndian.AppendUint64(b, uint64(a.Kept.UnixMicro()))
	b = binary.BigEndian.AppendUint64(b, uint64(a.Until.UnixMicro()))
	b = append(binary.AppendUvarint(b, uint64(len(tokens))), tokens...)
	return append(b, a.Body...)
}

// opened is the answer, if it still counts.
func opened(b []byte, tokens string, now time.Time) Answer {
	if len(b) < times {
		return Answer{}
	}
	kept, until, rest := binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:]), b[times:]
	n, read := binary.Uvarint(rest)
	if read <= 0 || n > uint64(len(rest)-read) {
		return Answer{}
	}
	rest = rest[read:]
	a := Answer{Body: rest[n:], Kept: time.UnixMicro(int64(kept)), Until: time.UnixMicro(int64(until))}
	if string(rest[:n]) != tokens || !now.Before(a.Until) {
		return Answer{}
	}
	return a
}
