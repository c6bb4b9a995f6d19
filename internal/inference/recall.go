package inference

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"slices"
	"strconv"
	"time"

	"skytower/internal/cache"
	"skytower/internal/fault"
	"skytower/internal/guard"
	"skytower/internal/ledger"
	"skytower/internal/provider"
)

// CacheHeader is the header by which a request says what it wants of the answer cache,
// and an answer what came of it.
const CacheHeader = "X-Skytells-Cache"

// CacheWish is what a caller wants of the answer cache. The zero value leaves it to the
// model.
type CacheWish struct {
	Mode CacheMode
	// TTL is the longest life of an answer that the caller wants to get or to have kept;
	// 0: as long as the server keeps it.
	TTL time.Duration
}

// CacheMode is what a caller's header asks for.
type CacheMode int

// The modes.
const (
	CacheAsModel CacheMode = iota
	CacheOn                // look, and keep the answer
	CacheOff               // neither
	CacheRefresh           // keep the answer, and do not look
)

// What the answer cache says of a request.
const (
	Hit  = "hit"
	Miss = "miss"
)

// ParseCacheWish reads the header: on, off, refresh, or a life as a duration (10m) or in
// seconds (600), which means on.
func ParseCacheWish(header string) (CacheWish, error) {
	switch header {
	case "on":
		return CacheWish{Mode: CacheOn}, nil
	case "off":
		return CacheWish{Mode: CacheOff}, nil
	case "refresh":
		return CacheWish{Mode: CacheRefresh}, nil
	}
	life, err := time.ParseDuration(header)
	if seconds, e := strconv.ParseUint(header, 10, 32); e == nil {
		life, err = time.Duration(seconds)*time.Second, nil
	}
	if err != nil || life <= 0 {
		return CacheWish{}, fault.Invalid(CacheHeader, "The header '%s' must be on, off, refresh, or a time such as 10m or 600 (seconds).", CacheHeader)
	}
	return CacheWish{Mode: CacheOn, TTL: life}, nil
}

// Answers is where answers are kept (package cache).
type Answers interface {
	Find(context.Context, cache.Key) cache.Found
	Keep(context.Context, cache.Key, cache.Answer, cache.Mark)
}

// Recall is the answer cache as calls use it.
type Recall struct {
	Answers Answers
	// Key is a secret of the server: nobody can tell by an answer's name what was asked.
	Key []byte
	// TTL is the life of answers that only the request asks for; 0: requests cannot ask.
	TTL time.Duration
	// Percent of the price is what a kept answer costs where its model says nothing.
	Percent int
	// OnAsked hears of every request that asked, and whether the answer was there; it may be
	// nil.
	OnAsked func(hit bool)
	// Patience is how long a request waits for the answer to an equal one; 0: 45 s.
	Patience time.Duration

	flights flights
}

// tape is what a run has to do with the answer cache.
type tape struct {
	key     cache.Key
	life    time.Duration // of the answer, if it is kept
	percent int           // of the price, for a kept answer
	since   cache.Mark
	leads   bool       // equal requests wait for the answer
	found   *recording // nil: the answer is not there
	age     time.Duration
	made    recording // the new one; of a stream, what was sent so far
}

// cacheTarget stands where others have the name of a target.
const cacheTarget = "cache"

// hit reports whether a kept answer is given.
func (r *run) hit() bool { return r.tape != nil && r.tape.found != nil }

// recall looks for the answer, where the model or the request wants that. What a kept answer
// costs takes the place of the estimate. The error is that the call ended while it waited for
// an equal one.
func (r *run) recall(ctx context.Context, e *ledger.Estimate) error {
	t := r.wanted()
	if t == nil || !r.recordable() {
		return nil
	}
	ctx, span := r.part(ctx, "cache")
	defer span.End()
	r.tape, t.key = t, r.cacheKey()
	found, err := r.look(ctx)
	if err != nil {
		return err
	}
	t.since, t.age = found.Since, r.age(found)
	if r.fits(found) {
		r.play(found.Body, e)
	}
	if r.hit() {
		r.land()
	}
	span.Text("skytower.cache", r.admission().Cache)
	if r.svc.Recall.OnAsked != nil {
		r.svc.Recall.OnAsked(r.hit())
	}
	return nil
}

// wanted is the tape of a request whose answer may be kept, nil of another.
func (r *run) wanted() *tape {
	recall, model, wish := r.svc.Recall, r.model.Model.Cache, r.req.Cache
	if wish.Mode == CacheOff || wish.Mode == CacheAsModel && (model == nil || model.ByHeader) {
		return nil
	}
	t := &tape{life: recall.TTL, percent: recall.Percent}
	if model != nil {
		t.life = model.TTL
		if model.Percent >= 0 {
			t.percent = model.Percent
		}
	}
	if wish.TTL > 0 {
		t.life = min(t.life, wish.TTL)
	}
	if t.life <= 0 {
		return nil
	}
	return t
}

// recordable reports whether the request has no effect besides its answer: what is stored,
// or made in the background, is to be made each time.
func (r *run) recordable() bool {
	if r.req.Background || r.background != "" || r.talk.store || r.talk.previous != "" {
		return false
	}
	store, _ := r.req.Body.Raw("store")
	return string(store) != "true" && !isSet(r.req.Body, "previous_response_id") && !isSet(r.req.Body, "conversation")
}

// cacheKey is of everything that decides the answer: whose it is, the model as it is
// defined now, and the request as it was scanned, to its last byte. Nothing of it is left
// out, so that no two requests that could be answered differently have one key.
func (r *run) cacheKey() cache.Key {
	m := r.model.Model
	h := hmac.New(sha256.New, r.svc.Recall.Key)
	stream := "plain"
	if r.req.Stream {
		stream = "stream"
	}
	head := make([]byte, 0, headRoom)
	for _, part := range [...]string{r.who.Account, string(r.req.API), r.req.Surface, stream, m.Slug, r.model.Show, string(m.Definition[:])} {
		head = appendPart(head, part)
	}
	head = binary.AppendUvarint(head, uint64(len(r.req.Header)))
	for _, name := range slices.Sorted(maps.Keys(r.req.Header)) {
		head = appendPart(head, name)
		head = binary.AppendUvarint(head, uint64(len(r.req.Header[name])))
		for _, value := range r.req.Header[name] {
			head = appendPart(head, value)
		}
	}
	h.Write(head)
	h.Write(r.req.Body.Bytes())
	return cache.Key{Account: r.who.Account, Model: m.Slug, Digest: [sha256.Size]byte(h.Sum(nil))}
}

// headRoom is what most requests take of a key besides their body, in bytes.
const headRoom = 512

// appendPart writes a part behind its length, so that no two lists of parts read the same.
func appendPart(b []byte, part string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(part))), part...)
}

// play takes a kept answer in the upstream's place, unless it can't be read or priced.
func (r *run) play(kept []byte, e *ledger.Estimate) {
	found, err := readRecording(kept)
	if err != nil || found.stream != r.req.Stream {
		return
	}
	r.tape.found = &found
	if r.price == nil {
		return
	}
	amount, err := r.owed(found.usage)
	if err != nil {
		r.tape.found = nil
		return
	}
	e.Amount, e.Least = amount, amount
}

// admission is what the response's headers say.
func (r *run) admission() Admission {
	a := Admission{Model: r.result.Model, Limits: r.limits}
	switch {
	case r.tape == nil:
	case r.hit():
		a.Cache, a.Age = Hit, r.tape.age
	default:
		a.Cache = Miss
	}
	return a
}

// serveTaped serves a request that asked the cache: by the answer that it has, else as any
// other, and remembers the events of a stream.
func (r *run) serveTaped(ctx context.Context, sink Sink) error {
	if r.hit() {
		return r.replay(ctx, sink)
	}
	if r.req.Stream {
		sink = &tapedSink{Sink: sink, made: &r.tape.made}
	}
	return r.serve(ctx, sink)
}

// replay gives the kept answer. It is owed whole, however much of it the caller takes.
func (r *run) replay(ctx context.Context, sink Sink) error {
	found := r.tape.found
	r.result.Target, r.usage, r.result.Counted = cacheTarget, found.usage, found.counted
	r.usage.Reported, r.delivered = true, max(found.delivered, 1)
	if !found.stream {
		r.answer = found.body
		return nil
	}
	return found.events(func(final bool, name string, data []byte) error {
		if final {
			if r.held != nil {
				r.before = append(r.before, *r.held)
			}
			r.held = &heldEvent{name: name, data: data}
			return nil
		}
		err := ctx.Err()
		if err == nil {
			err = sink.Event(name, data)
		}
		if err != nil {
			return &provider.Error{Class: provider.Cancelled, Err: err}
		}
		return nil
	})
}

// drawn is what counts in the limits: a kept answer used no token of any upstream.
func (r *run) drawn() provider.Usage {
	if r.hit() {
		return provider.Usage{}
	}
	return r.usage
}

// remember keeps the answer of a request that asked the cache. It comes before the end of
// the answer, so that the next request finds it.
func (r *run) remember(ctx context.Context) {
	t := r.tape
	if t.found != nil || !r.arrived() || r.failed || r.unjudged() || r.shortened() {
		return
	}
	made := &t.made
	made.usage, made.counted, made.delivered, made.stream = r.result.Usage, r.result.Counted, r.delivered, r.req.Stream
	switch {
	case !r.req.Stream:
		made.body = r.answer
	case r.held != nil:
		for _, e := range append(slices.Clone(r.before), *r.held) {
			made.event(true, e.name, e.data)
		}
	}
	if made.tooLong || r.blocked(made.body) {
		return
	}
	kept := made.bytes() // a copy: the answer's memory may serve another one soon
	if len(kept) > cache.MostBytes {
		return
	}
	now := r.svc.Now().Truncate(time.Microsecond)
	r.svc.Recall.Answers.Keep(ctx, t.key, cache.Answer{Body: kept, Kept: now, Until: now.Add(t.life)}, t.since)
}

// arrived reports whether the answer came to its end: a plain one also where its caller had
// left by then.
func (r *run) arrived() bool {
	return r.result.Outcome == Complete || r.result.Outcome == HungUp && !r.req.Stream
}

// unjudged reports whether a guard let something pass that it could not judge: next time it
// may.
func (r *run) unjudged() bool {
	return r.guards != nil && slices.Contains(r.guards.report.Verdicts(), guard.Unsure)
}

// shortened reports whether credit bounded the answer to less than the caller asked for.
func (r *run) shortened() bool {
	return !r.req.Stream && r.price != nil && r.req.API != Embeddings && r.maxTokens < r.need.each
}

// blocked reports whether a filter ended the answer, by the words that the APIs have for
// it. Text that a model wrote can't look so: its quotes are escaped. Sooner an answer too
// few is kept than one too many.
func (r *run) blocked(answer []byte) bool {
	return bytes.Contains(answer, []byte(`"content_filter"`)) || r.req.API == Messages && bytes.Contains(answer, []byte(`"refusal"`))
}

// tapedSink remembers the events of a stream.
type tapedSink struct {
	Sink
	made *recording
}

// Event passes an event on, and remembers it.
func (s *tapedSink) Event(name string, data []byte) error {
	s.made.event(false, name, data)
	return s.Sink.Event(name, data)
}
