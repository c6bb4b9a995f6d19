package config

import (
	"math"
	"strings"
	"time"
)

// Setting is one row of the table.
type Setting struct {
	Key     string // in the file
	Env     string // in the environment
	Flag    string // on the command line, without dashes; "" where a secret would show in the process list
	Default string // as it would be written; "" is empty
	Kind    Kind
	Choices []string // of a Choice
	Secret  bool     // Env+"_FILE" may name a file that holds it; Dump hides it
	Doc     string   // one line

	// keepEmpty: an empty variable is a value. Elsewhere it counts as unset, as
	// container tools set variables that they have no value for to "".
	keepEmpty bool
	field     func(*Config) value
}

// Kind is the form of a setting's text.
type Kind string

// The kinds.
const (
	Text     Kind = "text"
	Address  Kind = "host:port"
	URL      Kind = "URL"
	Size     Kind = "size"
	Duration Kind = "duration"
	Integer  Kind = "integer"
	Number   Kind = "number"
	Boolean  Kind = "boolean"
	Choice   Kind = "choice"
	Prefixes Kind = "list of address ranges"
)

// The keys that rules over several settings name.
const (
	keyListen           = "listen"
	keyOperationsListen = "operations_listen"
	keyData             = "data"
	keyDatabase         = "database"
	keyPublicURL        = "public_url"
	keyMasterKey        = "master_key"
	keyMasterKeyFile    = "master_key_file"
	keyOpenAIBaseURL    = "openai_base_url"
)

// DefaultData is the data folder of a server that was told none, within the folder that it
// was started in.
const DefaultData = "data"

const (
	kib = int64(1) << 10
	mib = int64(1) << 20
	gib = int64(1) << 30
	day = 24 * time.Hour
)

// Settings returns the table, in the order of the manual's page. A setting is
// never renamed or removed without its old key being read on: a new binary must
// run on an old file.
func Settings() []Setting {
	table := append(serverSettings(), limitSettings()...)
	table = append(table, predictionSettings()...)
	table = append(table, inferenceSettings()...)
	table = append(table, answerSettings()...)
	table = append(table, moneySettings()...)
	table = append(table, consoleSettings()...)
	table = append(table, fleetSettings()...)
	table = append(table, otherSettings()...)
	for i := range table {
		s := &table[i]
		if s.Env == "" {
			s.Env = "SKYTOWER_" + strings.ToUpper(s.Key)
		}
		if !s.noFlag() {
			s.Flag = strings.ReplaceAll(s.Key, "_", "-")
		}
	}
	return table
}

// noFlag is true for secrets that are nothing but secret: other users of the
// machine can read a command line.
func (s *Setting) noFlag() bool { return s.Secret && s.Key != keyDatabase }

func serverSettings() []Setting {
	return []Setting{
		{Key: keyListen, Default: "127.0.0.1:8080", Kind: Address,
			Doc:   "Where the API listens. Any address but loopback also needs `public_url`.",
			field: func(c *Config) value { return &addressValue{to: &c.Listen} }},
		{Key: keyOperationsListen, Default: "127.0.0.1:9464", Kind: Address, keepEmpty: true,
			Doc:   "Where `/healthz`, `/readyz` and `/metrics` listen. Empty or `off`: nowhere.",
			field: func(c *Config) value { return &addressValue{to: &c.OperationsListen, mayBeOff: true} }},
		{Key: keyData, Default: "./" + DefaultData, Kind: Text,
			Doc:   "The data folder: the SQLite database, the master key, the operator key. Made if it is missing.",
			field: func(c *Config) value { return &pathValue{to: &c.Data, required: true} }},
		{Key: keyDatabase, Default: sqliteScheme, Kind: URL, Secret: true,
			Doc:   "`sqlite:` (a file in the data folder), `sqlite:PATH`, or `postgres://USER:PASSWORD@HOST/NAME`.",
			field: func(c *Config) value { return &databaseValue{to: &c.Database} }},
		{Key: keyPublicURL, Kind: URL,
			Doc:   "The address that clients use, for every absolute link in answers. Needed unless `listen` is loopback.",
			field: func(c *Config) value { return &publicURLValue{to: &c.PublicURL} }},
		{Key: "trusted_proxies", Kind: Prefixes,
			Doc:   "The reverse proxies whose `X-Forwarded-…` headers count.",
			field: func(c *Config) value { return &prefixesValue{to: &c.TrustedProxies} }},
		{Key: keyMasterKey, Kind: Text, Secret: true,
			Doc:   "32 random bytes in base64 or hexadecimal that seal credentials in the database. Needed on PostgreSQL; on SQLite made in the data folder.",
			field: func(c *Config) value { return &masterKeyValue{to: &c.MasterKey} }},
		// Its variable is also the _FILE form of the row above.
		{Key: keyMasterKeyFile, Kind: Text,
			Doc:   "A file that holds the master key, instead of `master_key`.",
			field: func(c *Config) value { return &pathValue{to: &c.MasterKeyFile} }},
	}
}

func limitSettings() []Setting {
	return []Setting{
		{Key: "max_body", Default: "32MiB", Kind: Size,
			Doc:   "The largest request body.",
			field: func(c *Config) value { return &sizeValue{to: &c.MaxBody, least: kib, most: gib} }},
		{Key: "max_answer", Default: "64MiB", Kind: Size,
			Doc:   "The largest answer of an upstream that is not a stream.",
			field: func(c *Config) value { return &sizeValue{to: &c.MaxAnswer, least: kib, most: gib} }},
		{Key: "keep_alive", Default: "15s", Kind: Duration,
			Doc:   "After this much silence on a stream a comment is sent, so that proxies keep it open.",
			field: func(c *Config) value { return &durationValue{&c.KeepAlive, time.Second, 10 * time.Minute} }},
		{Key: "first_byte_timeout", Default: "120s", Kind: Duration,
			Doc:   "How long an upstream may take to begin its answer.",
			field: func(c *Config) value { return &durationValue{&c.FirstByteTimeout, time.Second, day} }},
		{Key: "idle_timeout", Default: "60s", Kind: Duration,
			Doc:   "How long an upstream may be silent within an answer.",
			field: func(c *Config) value { return &durationValue{&c.IdleTimeout, time.Second, day} }},
		{Key: "dial_timeout", Default: "5s", Kind: Duration,
			Doc:   "How long a connection to an upstream may take to open.",
			field: func(c *Config) value { return &durationValue{&c.DialTimeout, 10 * time.Millisecond, 10 * time.Minute} }},
		{Key: "shutdown_grace", Default: "30s", Kind: Duration,
			Doc:   "How long open requests may take to end when the server stops.",
			field: func(c *Config) value { return &durationValue{&c.ShutdownGrace, 0, day} }},
	}
}

func otherSettings() []Setting {
	return []Setting{
		{Key: "log_level", Default: "info", Kind: Choice, Choices: []string{"debug", "info", "warn", "error"},
			Doc:   "The least level that is logged, to standard error.",
			field: func(c *Config) value { return &levelValue{to: &c.LogLevel} }},
		{Key: "log_format", Default: "auto", Kind: Choice, Choices: []string{"auto", "text", "json"},
			Doc:   "The form of log lines. `auto`: text on a terminal, else JSON.",
			field: func(c *Config) value { return &choiceValue{&c.LogFormat, []string{"auto", "text", "json"}} }},
		{Key: "request_log_retention", Default: "30d", Kind: Duration,
			Doc:   "How long the record of each request is kept. Charges are kept for the account's life.",
			field: func(c *Config) value { return &durationValue{&c.RequestLogRetention, time.Hour, 3660 * day} }},
		{Key: "egress_allow", Kind: Prefixes,
			Doc:   "Private ranges that URLs from callers and from upstreams' answers may reach all the same.",
			field: func(c *Config) value { return &prefixesValue{to: &c.EgressAllow, notAll: true} }},
		{Key: "offer_ollama", Default: "true", Kind: Boolean,
			Doc:   "Notice an Ollama at 127.0.0.1:11434 at start and say in the log how to add it.",
			field: func(c *Config) value { return &boolValue{&c.OfferOllama} }},
		{Key: "gc_percent", Default: "0", Kind: Integer,
			Doc:   "Go's GOGC: larger uses more memory and less CPU. 0: 32 MiB between collections, or the size of what is alive if that is more.",
			field: func(c *Config) value { return &intValue{&c.GCPercent, 0, math.MaxInt16} }},
		{Key: "docs", Default: "public", Kind: Choice, Choices: []string{"public", "off"},
			Doc:   "Whether `/docs` and `/openapi.json` are served.",
			field: func(c *Config) value { return &choiceValue{&c.Docs, []string{"public", "off"}} }},
		{Key: "openai_api_key", Env: "OPENAI_API_KEY", Kind: Text, Secret: true,
			Doc:   "The key of the provider `openai`, which exists once this or its address is set.",
			field: func(c *Config) value { return &secretValue{to: &c.OpenAI.Key} }},
		{Key: keyOpenAIBaseURL, Env: "OPENAI_BASE_URL", Default: "https://api.openai.com/v1", Kind: URL,
			Doc:   "The address of the provider `openai`, with its `/v1`.",
			field: func(c *Config) value { return &baseURLValue{to: &c.OpenAI.BaseURL} }},
	}
}

// set parses and checks text, and stores it in c. The error is a clause about the
// value; for a secret it never quotes the text.
func (s *Setting) set(c *Config, text string) error { return s.field(c).set(text) }

// shown is the value in c as it may be shown: canonical, secrets hidden.
func (s *Setting) shown(c *Config) string { return s.field(c).text() }
