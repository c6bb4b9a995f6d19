// Package config is the process configuration: what is read once at start and is
// the same as long as the process lives. It stands in one table (table.go) that
// feeds the YAML file, the environment, the command line, the printout, the
// manual's page and the JSON Schema.
//
// It refuses to know what the settings do, and opens nothing but the
// configuration file and the files that hold secrets. Models, prices, providers
// and accounts are not configuration: they live in the database.
//
// Its one invariant: a *Config that Load returned is valid as a whole; all that
// is wrong is reported at once, before anything is opened, and without showing a
// secret.
package config

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"time"
)

// Config is the whole configuration, parsed. Sizes are bytes.
type Config struct {
	Listen           string         // host:port of the API
	OperationsListen string         // host:port of /healthz, /readyz, /metrics; "" is off
	Data             string         // the data folder
	Database         DatabaseURL    // "sqlite:PATH" or "postgres://…"
	PublicURL        *url.URL       // the address that clients use, no slash at its end; nil is unset
	TrustedProxies   []netip.Prefix // whose forwarded headers count
	MasterKey        Secret         // 32 raw bytes; "" means that the data folder's file has it
	MasterKeyFile    string         // where MasterKey was read from, or ""

	MaxBody   int64 // of a request
	MaxAnswer int64 // of an upstream's plain answer

	LogLevel  slog.Level
	LogFormat string // auto, text or json

	KeepAlive        time.Duration // silence on a stream before a comment is sent
	FirstByteTimeout time.Duration // from the request to an upstream's first byte
	IdleTimeout      time.Duration // between two reads of an upstream's answer
	DialTimeout      time.Duration
	ShutdownGrace    time.Duration

	Predictions Predictions
	Money       Money
	Inference   Inference
	Answers     Answers
	Console     Console
	Fleet       Fleet

	RequestLogRetention time.Duration
	EgressAllow         []netip.Prefix // private ranges that foreign URLs may reach
	OfferOllama         bool
	GCPercent           int    // 0 is Go's default
	Docs                string // public or off
	OpenAI              OpenAI

	// Commands are programs on this machine that serve as models. They have no row in
	// the table of settings: they stand in the file only (command.go).
	Commands []Command

	// Engines are GGUF files on this machine that serve as models. Likewise (engine.go).
	Engines []Engine

	// Warnings are sentences for the log: nothing that prevents a start.
	Warnings []string

	origins map[string]Origin
	hash    string
}

// OpenAI is the upstream that OpenAI's own environment variables describe.
type OpenAI struct {
	Key     Secret
	BaseURL string // without a slash at its end
}

// IsSet reports whether the setting with this key came from a file, the
// environment or the command line. An unknown key is not set.
func (c *Config) IsSet(key string) bool { return c.origins[key].Place != PlaceDefault }

// Origin tells where the setting with this key got its value.
func (c *Config) Origin(key string) Origin { return c.origins[key] }

// HasOpenAI reports whether the environment (or the file) describes the provider
// `openai`: a key, or an address of a server that needs none.
func (c *Config) HasOpenAI() bool {
	return c.OpenAI.Key != "" || c.IsSet(keyOpenAIBaseURL)
}

// Hash tells whether two processes were given files of the same meaning: 16
// hexadecimal digits over the settings that the file changes from their
// defaults. The order of lines, comments, the spelling of values and what the
// environment or the command line say do not count. Nor do secrets: the hash is
// public, and a weak password could be guessed from it.
func (c *Config) Hash() string { return c.hash }

// hashOf hashes a configuration made of the defaults and the file alone. Only
// differences count, so that a new version's new setting changes no hash.
func hashOf(c, defaults *Config) string {
	sum := sha256.New()
	for _, s := range Settings() {
		if text := s.shown(c); text != s.shown(defaults) {
			_, _ = fmt.Fprintf(sum, "%s=%q\n", s.Key, text)
		}
	}
	hashCommands(c.Commands, func(key, text string) { _, _ = fmt.Fprintf(sum, "%s=%q\n", key, text) })
	hashEngines(c.Engines, func(key, text string) { _, _ = fmt.Fprintf(sum, "%s=%q\n", key, text) })
	return hex.EncodeToString(sum.Sum(nil)[:8])
}

// Engine is "sqlite" or "postgres".
func (d DatabaseURL) Engine() string {
	if strings.HasPrefix(string(d), sqliteScheme) {
		return "sqlite"
	}
	return "postgres"
}

const (
	sqliteScheme = "sqlite:"
	sqliteFile   = "skytower.db" // within the data folder
)

// resolveDatabase gives the short form "sqlite:" its file in the data folder.
func (c *Config) resolveDatabase() {
	if c.Database == sqliteScheme {
		c.Database = DatabaseURL(sqliteScheme + filepath.Join(c.Data, sqliteFile))
	}
}
