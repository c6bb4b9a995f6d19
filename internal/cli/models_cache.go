package cli

import (
	"fmt"
	"strconv"
	"time"

	"skytower/internal/skytells"
)

// cacheFlags are what one line can say of how a model's answers are kept.
type cacheFlags struct {
	CacheTTL      *string `name:"cache-ttl" placeholder:"TIME" help:"Keep its answers for equal requests this long, such as 1h."`
	CachePercent  *string `name:"cache-percent" placeholder:"0..100" help:"What a kept answer costs, in hundredths of the price; empty (--cache-percent=): the server's setting."`
	CacheByHeader *bool   `name:"cache-by-header" negatable:"" help:"Keep answers only for requests that ask for it (X-Skytells-Cache); --no-cache-by-header keeps them for all."`
	NoCache       bool    `name:"no-cache" help:"Keep its answers no longer, but for requests that ask for it."`
}

func (f *cacheFlags) check() error {
	if f.NoCache && (f.CacheTTL != nil || f.CachePercent != nil || f.CacheByHeader != nil) {
		return usagef("--no-cache takes it all away: give it without --cache-ttl, --cache-percent and --cache-by-header")
	}
	if f.CacheTTL != nil {
		if _, err := time.ParseDuration(*f.CacheTTL); err != nil {
			return usagef("--cache-ttl is a time such as 10m or 1h, not %q; --no-cache keeps no answers", *f.CacheTTL)
		}
	}
	_, err := f.percent()
	return err
}

// percent is the share that is asked for; nil: the server's setting.
func (f *cacheFlags) percent() (*int, error) {
	if f.CachePercent == nil || *f.CachePercent == "" {
		return nil, nil
	}
	n, err := strconv.Atoi(*f.CachePercent)
	if err != nil || n < 0 || n > 100 {
		return nil, usagef("--cache-percent is a whole number of 0 to 100, not %q", *f.CachePercent)
	}
	return &n, nil
}

// apply changes what is given of how answers are kept.
func (f *cacheFlags) apply(spec *skytells.ModelSpec) error {
	switch {
	case f.NoCache:
		spec.Cache = nil
		return nil
	case f.CacheTTL == nil && f.CachePercent == nil && f.CacheByHeader == nil:
		return nil
	case spec.Cache == nil && f.CacheTTL == nil:
		return fmt.Errorf("%s keeps no answers: say with --cache-ttl how long", spec.Slug)
	}
	kept := skytells.CacheSpec{}
	if spec.Cache != nil {
		kept = *spec.Cache
	}
	set(&kept.TTL, f.CacheTTL)
	set(&kept.ByHeader, f.CacheByHeader)
	if f.CachePercent != nil {
		share, err := f.percent()
		if err != nil {
			return err
		}
		kept.PricePercent = share
	}
	spec.Cache = &kept
	return nil
}

// cacheWords say how a model's answers are kept; "" where they are not.
func cacheWords(c *skytells.CacheSpec) string {
	if c == nil {
		return ""
	}
	text := c.TTL
	if c.PricePercent != nil {
		text += ", at " + strconv.Itoa(*c.PricePercent) + " % of the price"
	}
	if c.ByHeader {
		text += ", for requests that ask for it"
	}
	return text
}
