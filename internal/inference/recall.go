package inference

import (
	"context"
	"strconv"
	"time"

	"skytower/internal/fault"
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

// recall looks for the answer in the cache, and says hit or miss; "": it is not asked.
func (r *run) recall(context.Context) string { return "" }

// taped is a sink that remembers the answer for the cache; sink itself where none is kept.
func (r *run) taped(sink Sink) Sink { return sink }
