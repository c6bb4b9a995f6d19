package config

import "time"

// Inference are the settings of targets and of the Responses API.
type Inference struct {
	BreakerFailures int           // in a row, that take a target out; 0: never
	BreakerOpen     time.Duration // until it is probed
	RetryPercent    int           // tries beyond the first for 100 requests

	ResponsesRetention time.Duration
	ResponsesLinger    time.Duration // 0: off
	ResponsesWorkers   int
}

func inferenceSettings() []Setting {
	return []Setting{
		{Key: "breaker_failures", Default: "5", Kind: Integer,
			Doc:   "Failures in a row that take a target out of service for a while. `0`: never.",
			field: func(c *Config) value { return &intValue{&c.Inference.BreakerFailures, 0, 1_000_000} }},
		{Key: "breaker_open", Default: "10s", Kind: Duration,
			Doc: "How long such a target gets no calls before it is probed with one.",
			field: func(c *Config) value {
				return &durationValue{&c.Inference.BreakerOpen, 100 * time.Millisecond, time.Hour}
			}},
		{Key: "retry_percent", Default: "20", Kind: Integer,
			Doc:   "How many tries at another target there may be for 100 requests, so that an outage does not multiply the load; ten a second are always allowed.",
			field: func(c *Config) value { return &intValue{&c.Inference.RetryPercent, 0, 1000} }},
		{Key: "responses_retention", Default: "30d", Kind: Duration,
			Doc:   "How long a stored conversation of the Responses API is kept after its last response.",
			field: func(c *Config) value { return &durationValue{&c.Inference.ResponsesRetention, time.Minute, 3660 * day} }},
		{Key: "responses_linger", Default: "10m", Kind: Duration,
			Doc:   "How long the output of a response whose request said nothing of `store` can be referred to by `item_reference`. `0s`: not at all. With `store: false` nothing is kept.",
			field: func(c *Config) value { return &durationValue{&c.Inference.ResponsesLinger, 0, 24 * time.Hour} }},
		{Key: "workers_responses", Default: "64", Kind: Integer,
			Doc:   "Responses in the background that this process runs at the same time.",
			field: func(c *Config) value { return &intValue{&c.Inference.ResponsesWorkers, 0, 100_000} }},
	}
}
