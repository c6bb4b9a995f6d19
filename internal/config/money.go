package config

import (
	"errors"
	"strings"
	"time"
)

// Money are the settings of credit, limits and payments.
type Money struct {
	StartingCredit string // dollars, an exact decimal

	Tiers         string // off or on
	TierTable     string
	PollsAMinute  int    // reads of an account; 0: no bound
	RefusedMinute int    // refused calls of an address; 0: no bound
	Redis         Secret // URL of a Redis or Valkey; "" keeps limits in this process

	EdgeListen  string        // host:port of the edge surface; "" is off
	EdgeHost    string        // host name under which the API's own listener serves the edge surface
	EdgeMaxTime time.Duration // of one stream

	StripeKey           Secret
	StripeWebhookSecret Secret
	StripeURL           string // another address of Stripe's API
}

func moneySettings() []Setting {
	switches := []string{"off", "on"}
	return []Setting{
		{Key: "starting_credit", Default: "0", Kind: Text,
			Doc:   "Dollars of sponsored credit that a new account gets.",
			field: func(c *Config) value { return &dollarsValue{&c.Money.StartingCredit} }},
		{Key: "tiers", Default: "off", Kind: Choice, Choices: switches,
			Doc:   "Limits by tier. An account's tier follows what it spent in this month or the last one.",
			field: func(c *Config) value { return &choiceValue{&c.Money.Tiers, switches} }},
		{Key: "tier_table", Default: "0:25/10/2 100:50/25/5 500:150/75/10 2000:600/300/40", Kind: Text,
			Doc:   "The tiers, from 1 up: `SPENT:REQUESTS/EDGE_REQUESTS/EDGE_STREAMS`, optionally with `/TOKENS_IN/TOKENS_OUT/STREAMS` behind it, requests and tokens a minute, for each model; `-` is no limit. A name in front, as in `enterprise=-:-/-/-`, is a tier that operators give by hand.",
			field: func(c *Config) value { return &textValue{&c.Money.TierTable} }},
		{Key: "polls_a_minute", Default: "1200", Kind: Integer,
			Doc:   "Reads (polling, lists) of one account a minute, where `tiers` is on. `0`: no bound.",
			field: func(c *Config) value { return &intValue{&c.Money.PollsAMinute, 0, 10_000_000} }},
		{Key: "refused_a_minute", Default: "600", Kind: Integer,
			Doc:   "Calls with a wrong key from one address a minute; more are refused without a look. `0`: no bound.",
			field: func(c *Config) value { return &intValue{&c.Money.RefusedMinute, 0, 10_000_000} }},
		{Key: "redis", Kind: URL, Secret: true,
			Doc:   "A Redis or Valkey that all processes share for limits: `redis://USER:PASSWORD@HOST:6379/0` (`rediss:` for TLS). Empty: each process counts for itself.",
			field: func(c *Config) value { return &secretValue{&c.Money.Redis} }},
		{Key: keyEdgeListen, Kind: Address, keepEmpty: true,
			Doc:   "Where the edge surface listens: models marked `edge` only, with the tier's edge limits. Empty: nowhere.",
			field: func(c *Config) value { return &addressValue{to: &c.Money.EdgeListen, mayBeOff: true} }},
		{Key: "edge_host", Kind: Text,
			Doc:   "A host name under which the API's own listener serves the edge surface.",
			field: func(c *Config) value { return &textValue{&c.Money.EdgeHost} }},
		{Key: "edge_max_time", Default: "5m", Kind: Duration,
			Doc:   "The longest stream of the edge surface.",
			field: func(c *Config) value { return &durationValue{&c.Money.EdgeMaxTime, time.Second, time.Hour} }},
		{Key: keyStripeKey, Kind: Text, Secret: true,
			Doc:   "Stripe's secret key: accounts can pay by Stripe Checkout.",
			field: func(c *Config) value { return &secretValue{&c.Money.StripeKey} }},
		{Key: keyStripeWebhook, Kind: Text, Secret: true,
			Doc:   "The signing secret of Stripe's webhook, whose address is `/payments/stripe` of this server. Needed with `stripe_key`.",
			field: func(c *Config) value { return &secretValue{&c.Money.StripeWebhookSecret} }},
		{Key: "stripe_url", Kind: URL,
			Doc:   "Another address of Stripe's API, for tests.",
			field: func(c *Config) value { return &textValue{&c.Money.StripeURL} }},
	}
}

const (
	keyEdgeListen    = "edge_listen"
	keyStripeKey     = "stripe_key"
	keyStripeWebhook = "stripe_webhook_secret"
)

// moneyRules are the checks over settings of this file.
func (l *loader) moneyRules() {
	c := l.config
	if !l.failed(keyStripeKey, keyStripeWebhook) && (c.Money.StripeKey == "") != (c.Money.StripeWebhookSecret == "") {
		l.fail(keyStripeWebhook, c.origins[keyStripeWebhook],
			"stripe_key and stripe_webhook_secret belong together: without the one nobody can pay, without the other no payment would be believed")
	}
	if l.failed(keyEdgeListen, keyListen, keyPublicURL) || c.Money.EdgeListen == "" {
		return
	}
	if c.Money.EdgeListen == c.Listen && !strings.HasSuffix(c.Listen, ":0") {
		l.fail(keyEdgeListen, c.origins[keyEdgeListen], "listen has the same address; give another port, or use edge_host")
	}
	if c.PublicURL == nil && !isLoopback(c.Money.EdgeListen) {
		l.fail(keyPublicURL, c.origins[keyPublicURL], "edge_listen is %s, which other machines may reach, so public_url must be set", c.Money.EdgeListen)
	}
}

// textValue takes any text on one line.
type textValue struct{ to *string }

func (v *textValue) set(text string) error {
	if strings.ContainsAny(text, "\r\n") {
		return errors.New("must be one line")
	}
	*v.to = strings.TrimSpace(text)
	return nil
}

func (v *textValue) text() string { return *v.to }

// dollarsValue takes an exact decimal number of dollars, 0 or more.
type dollarsValue struct{ to *string }

func (v *dollarsValue) set(text string) error {
	whole, frac, point := strings.Cut(text, ".")
	if !digits(whole, 9) || point && !digits(frac, 9) {
		return errors.New("must be dollars with at most nine decimals, such as 5 or 0.50")
	}
	*v.to = text
	return nil
}

func (v *dollarsValue) text() string { return *v.to }

func digits(text string, most int) bool {
	return text != "" && len(text) <= most && strings.Trim(text, "0123456789") == ""
}
