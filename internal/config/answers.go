package config

import "time"

// Answers are the settings of answers that are kept, and of those that nobody waits for.
type Answers struct {
	CacheSize    int64 // bytes of memory for kept answers; 0: none are kept
	CacheTTL     time.Duration
	CachePercent int // of the price, for a kept answer

	BatchWorkers   int // batches' lines that this process runs at the same time
	BatchLines     int // of one file
	BatchPercent   int // of the price, for a line
	BatchRetention time.Duration
}

func answerSettings() []Setting {
	return []Setting{
		{Key: "cache_size", Default: "64MiB", Kind: Size,
			Doc:   "Memory for [kept answers](cache.md), for models and requests that want them. `0`: none are kept.",
			field: func(c *Config) value { return &sizeValue{&c.Answers.CacheSize, 0, 1 << 40} }},
		{Key: "cache_ttl", Default: "10m", Kind: Duration,
			Doc:   "How long an answer is kept where only the request asks for it; its header may name less. `0s`: requests cannot ask.",
			field: func(c *Config) value { return &durationValue{&c.Answers.CacheTTL, 0, 30 * day} }},
		{Key: "cache_price_percent", Default: "10", Kind: Integer,
			Doc:   "What a kept answer costs, in hundredths of the model's price, where the model names no share of its own.",
			field: func(c *Config) value { return &intValue{&c.Answers.CachePercent, 0, 100} }},
		{Key: "workers_batch", Default: "8", Kind: Integer,
			Doc:   "Lines of [batches](batches.md) that this process runs at the same time, over all accounts.",
			field: func(c *Config) value { return &intValue{&c.Answers.BatchWorkers, 0, 10_000} }},
		{Key: "batch_lines", Default: "50000", Kind: Integer,
			Doc:   "Most lines of one batch's file.",
			field: func(c *Config) value { return &intValue{&c.Answers.BatchLines, 1, 1_000_000} }},
		{Key: "batch_price_percent", Default: "100", Kind: Integer,
			Doc:   "What a line of a batch costs, in hundredths of the model's price.",
			field: func(c *Config) value { return &intValue{&c.Answers.BatchPercent, 0, 100} }},
		{Key: "batch_retention", Default: "30d", Kind: Duration,
			Doc:   "How long a batch and the files of its answers are kept after its end.",
			field: func(c *Config) value { return &durationValue{&c.Answers.BatchRetention, time.Hour, 3660 * day} }},
	}
}
