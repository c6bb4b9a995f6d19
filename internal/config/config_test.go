package config_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"skytower/internal/config"
)

// compare ignores what is not a setting.
var compare = cmp.Options{
	cmpopts.IgnoreUnexported(config.Config{}), cmpopts.EquateComparable(netip.Prefix{}), cmpopts.EquateEmpty(),
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "skytower.yml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func load(t *testing.T, src config.Sources) *config.Config {
	t.Helper()
	c, err := config.Load(src)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func problems(t *testing.T, src config.Sources) string {
	t.Helper()
	_, err := config.Load(src)
	var all config.Problems
	if !errors.As(err, &all) || len(all) == 0 {
		t.Fatalf("Load: %v, want problems", err)
	}
	return err.Error()
}

// predictions are the defaults of a server with this data folder.
func predictions(t *testing.T, data string) config.Predictions {
	t.Helper()
	files, err := filepath.Abs(filepath.Join(data, "files"))
	if err != nil {
		t.Fatal(err)
	}
	return config.Predictions{
		Role: "all", Blob: "file://" + files, WorkersRemote: 100, WorkersLocal: 2, Concurrency: 10, Retention: 24 * time.Hour,
		AwaitMax: 55 * time.Second, MediaWait: 10 * time.Minute, MaxFile: 512 << 20, MaxFiles: 64, MaxUpload: 512 << 20, Unknown: "502",
	}
}

func inferenceDefaults() config.Inference {
	return config.Inference{
		BreakerFailures: 5, BreakerOpen: 10 * time.Second, RetryPercent: 20,
		ResponsesRetention: 720 * time.Hour, ResponsesLinger: 10 * time.Minute, ResponsesWorkers: 64,
	}
}

func moneyDefaults() config.Money {
	return config.Money{
		StartingCredit: "0", Tiers: "off", TierTable: "0:25/10/2 100:50/25/5 500:150/75/10 2000:600/300/40",
		PollsAMinute: 1200, RefusedMinute: 600, EdgeMaxTime: 5 * time.Minute,
	}
}

func answerDefaults() config.Answers {
	return config.Answers{
		CacheSize: 64 << 20, CacheTTL: 10 * time.Minute, CachePercent: 10,
		BatchWorkers: 8, BatchLines: 50_000, BatchPercent: 100, BatchRetention: 720 * time.Hour,
	}
}

func fleetDefaults() config.Fleet {
	return config.Fleet{DrainDelay: 5 * time.Second, LogRequests: "errors", TraceShare: 1, BodyRetention: 720 * time.Hour}
}

func consoleDefaults() config.Console {
	return config.Console{SignUp: "invite", OpenIDName: "single sign-on"}
}

func TestConsoleRules(t *testing.T) {
	t.Parallel()
	for want, env := range map[string]string{
		"smtp and mail_from belong together":        "SMTP=smtp://mail.example.com",
		"it must be smtp://HOST:587":                "SMTP=http://mail.example.com",
		"only tls=off may stand":                    "SMTP=smtps://mail.example.com?tls=off",
		"written as %XX":                            "SMTP=smtp://user:pa ss@mail.example.com",
		"not an e-mail address":                     "MAIL_FROM=nobody",
		"openid_issuer and openid_client_id belong": "OPENID_ISSUER=https://id.example.com",
		"must be an https:// URL":                   "OPENID_ISSUER=http://id.example.com",
		"no provider whose secret this could be":    "OPENID_CLIENT_SECRET=s",
		"so nobody can come in by it":               "OPENID_DOMAINS=example.com",
		"names of domains with commas":              "OPENID_DOMAINS=example",
		"none of closed, invite, open":              "SIGNUP=maybe",
	} {
		if text := problems(t, config.Sources{Env: []string{"SKYTOWER_" + env}}); !strings.Contains(text, want) {
			t.Errorf("%s: %s", env, text)
		}
	}
	if text := problems(t, config.Sources{Env: []string{"SKYTOWER_SMTP=smtp://user:hunter2@host/x"}}); strings.Contains(text, "hunter2") {
		t.Errorf("the password is shown: %s", text)
	}
	c := load(t, config.Sources{Env: []string{
		"SKYTOWER_SMTP=smtp://u:p%20w@mail.example.com:587?tls=off", "SKYTOWER_MAIL_FROM=Skytower <ai@example.com>",
		"SKYTOWER_OPENID_ISSUER=https://id.example.com/tenant/", "SKYTOWER_OPENID_CLIENT_ID=me", "SKYTOWER_OPENID_DOMAINS=Example.com, @example.org",
	}})
	want := config.Console{SignUp: "invite", SMTP: "smtp://u:p%20w@mail.example.com:587?tls=off", MailFrom: "Skytower <ai@example.com>",
		OpenIDIssuer: "https://id.example.com/tenant/", OpenIDClient: "me", OpenIDName: "single sign-on", OpenIDDomains: []string{"example.com", "example.org"}}
	if diff := cmp.Diff(want, c.Console); diff != "" {
		t.Error(diff)
	}
}

// A process that does only a part needs what the others share.
func TestRolesApart(t *testing.T) {
	t.Parallel()
	for _, role := range []string{"api", "worker"} {
		text := problems(t, config.Sources{Flags: map[string]string{"role": role}})
		if !strings.Contains(text, "needs PostgreSQL") || !strings.Contains(text, "blob (not set)") {
			t.Errorf("%s: %s", role, text)
		}
		c := load(t, config.Sources{Flags: map[string]string{"role": role, "database": "postgres://u@h/d", "blob": "s3://bucket?region=x"},
			Env: []string{"SKYTOWER_MASTER_KEY=" + strings.Repeat("0123456789abcdef", 4)}})
		if c.Serves() == c.Works() || c.Serves() != (role == "api") {
			t.Errorf("%s: serves %v, works %v", role, c.Serves(), c.Works())
		}
	}
}

func TestMoneyRules(t *testing.T) {
	t.Parallel()
	for want, env := range map[string][]string{
		"belong together":           {"SKYTOWER_STRIPE_KEY=rk_x"},
		"listen has the same":       {"SKYTOWER_EDGE_LISTEN=127.0.0.1:8080"},
		"so public_url must be set": {"SKYTOWER_EDGE_LISTEN=0.0.0.0:8081"},
		"such as 5 or 0.50":         {"SKYTOWER_STARTING_CREDIT=-1"},
		"at most nine decimals":     {"SKYTOWER_STARTING_CREDIT=1e3"},
	} {
		if text := problems(t, config.Sources{Env: env}); !strings.Contains(text, want) {
			t.Errorf("%v: %s", env, text)
		}
	}
	c := load(t, config.Sources{Env: []string{"SKYTOWER_STARTING_CREDIT=2.50", "SKYTOWER_STRIPE_KEY=rk_x", "SKYTOWER_STRIPE_WEBHOOK_SECRET=whsec_y"}})
	if c.Money.StartingCredit != "2.50" || c.Money.StripeWebhookSecret.Reveal() != "whsec_y" {
		t.Errorf("%+v", c.Money)
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	want := &config.Config{
		Listen: "127.0.0.1:8080", OperationsListen: "127.0.0.1:9464", Data: "data", Database: "sqlite:data/skytower.db",
		MaxBody: 32 << 20, MaxAnswer: 64 << 20, LogLevel: slog.LevelInfo, LogFormat: "auto",
		KeepAlive: 15 * time.Second, FirstByteTimeout: 120 * time.Second, IdleTimeout: 60 * time.Second,
		DialTimeout: 5 * time.Second, ShutdownGrace: 30 * time.Second, RequestLogRetention: 720 * time.Hour, Predictions: predictions(t, "data"), Money: moneyDefaults(), Inference: inferenceDefaults(), Answers: answerDefaults(), Console: consoleDefaults(), Fleet: fleetDefaults(),
		OfferOllama: true, Docs: "public", OpenAI: config.OpenAI{BaseURL: "https://api.openai.com/v1"},
	}
	got := config.Default()
	if diff := cmp.Diff(want, got, compare); diff != "" {
		t.Errorf("defaults (-want +got):\n%s", diff)
	}
	for _, s := range config.Settings() {
		if got.IsSet(s.Key) {
			t.Errorf("%s counts as set", s.Key)
		}
	}
	if got.Database.Engine() != "sqlite" || got.HasOpenAI() {
		t.Error("the defaults have the wrong engine or an upstream")
	}
}

func TestFirstFileStillWorks(t *testing.T) {
	t.Parallel()
	got := load(t, config.Sources{File: "testdata/first.yml"})
	want := &config.Config{
		Listen: "0.0.0.0:8000", Data: "/var/lib/skytower",
		Database:       "postgres://skytower:not-a-real-password@db.example.com:5432/skytower?sslmode=require",
		PublicURL:      &url.URL{Scheme: "https", Host: "ai.example.com"},
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.168.1.7/32")},
		MasterKey:      "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x20",
		MaxBody:        8_000_000, MaxAnswer: 16 << 20, LogLevel: slog.LevelDebug, LogFormat: "json",
		KeepAlive: 10 * time.Second, FirstByteTimeout: 5 * time.Minute, IdleTimeout: 90 * time.Second,
		DialTimeout: 1500 * time.Millisecond, RequestLogRetention: 720 * time.Hour, Predictions: predictions(t, "/var/lib/skytower"), Money: moneyDefaults(), Inference: inferenceDefaults(), Answers: answerDefaults(), Console: consoleDefaults(), Fleet: fleetDefaults(),
		EgressAllow: []netip.Prefix{netip.MustParsePrefix("172.16.5.0/24"), netip.MustParsePrefix("fd00::/8")},
		GCPercent:   400, Docs: "off", OpenAI: config.OpenAI{Key: "not-a-real-key", BaseURL: "http://127.0.0.1:8000/v1"},
	}
	if diff := cmp.Diff(want, got, compare); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !got.HasOpenAI() || got.Database.Engine() != "postgres" {
		t.Error("the upstream or the engine is not seen")
	}
}

func TestEveryProblemIsListed(t *testing.T) {
	t.Parallel()
	text := problems(t, config.Sources{
		File:  "testdata/broken.yml",
		Env:   []string{"SKYTOWER_MAX_ANSWER=much", "SKYTOWER_PUBLC_URL=https://x.example"},
		Flags: map[string]string{"gc-percent": "-1"},
	})
	for _, want := range []string{
		`the configuration has 12 problems:`,
		`listen (testdata/broken.yml line 1): "nowhere" is not HOST:PORT`,
		`max_boddy (testdata/broken.yml line 2): there is no such setting; did you mean max_body?`,
		`keep_alive (testdata/broken.yml line 3): "15" is no duration; examples are`,
		`docs (testdata/broken.yml line 4): it must be one plain value`,
		`log_level (testdata/broken.yml line 6): "loud" is none of debug, info, warn, error`,
		`docs (testdata/broken.yml line 7): it stands in line 4 already`,
		`egress_allow (testdata/broken.yml line 8): 10.0.0.1/8 has bits after its length; did you mean 10.0.0.0/8?`,
		`openai-base-url (testdata/broken.yml line 9): there is no such setting; did you mean openai_base_url?`,
		`entirely_unheard_of (testdata/broken.yml line 10): there is no such setting`,
		`max_answer (SKYTOWER_MAX_ANSWER): "much" is no size`,
		`gc_percent (--gc-percent): "-1" is not a whole number`,
		`did you mean SKYTOWER_PUBLIC_URL?`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("missing: %s", want)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}

func TestSourcesRise(t *testing.T) {
	t.Parallel()
	file := write(t, "max_body: 1MiB\nmax_answer: 1MiB\nkeep_alive: 1s\nlog_level:\n")
	c := load(t, config.Sources{
		Env:   []string{"SKYTOWER_CONFIG=" + file, "SKYTOWER_MAX_ANSWER=2MiB", "SKYTOWER_KEEP_ALIVE=2s", "SKYTOWER_DOCS=", "SKYTOWER_OPERATIONS_LISTEN="},
		Flags: map[string]string{"keep-alive": "3s"},
	})
	if c.MaxBody != 1<<20 || c.MaxAnswer != 2<<20 || c.KeepAlive != 3*time.Second {
		t.Errorf("file %d, environment %d, flag %v", c.MaxBody, c.MaxAnswer, c.KeepAlive)
	}
	for key, want := range map[string]string{
		"max_body": file + " line 1", "max_answer": "SKYTOWER_MAX_ANSWER", "keep_alive": "--keep-alive",
		"log_level": "default", "docs": "default", "operations_listen": "SKYTOWER_OPERATIONS_LISTEN",
	} {
		if got := c.Origin(key).String(); got != want {
			t.Errorf("%s comes from %q, want %q", key, got, want)
		}
	}
	if c.OperationsListen != "" || c.Docs != "public" {
		t.Errorf("empty variables: operations_listen %q, docs %q", c.OperationsListen, c.Docs)
	}
}

func TestPublicAddressRule(t *testing.T) {
	t.Parallel()
	for listen, needed := range map[string]bool{
		"127.0.0.1:8080": false, "127.8.9.10:1": false, "[::1]:8080": false, "localhost:8080": false, "[::ffff:127.0.0.1]:80": false,
		":8080": true, "0.0.0.0:8080": true, "[::]:8080": true, "192.168.1.2:80": true, "server.lan:80": true, "localhost.example.com:80": true,
	} {
		flags := map[string]string{"listen": listen}
		_, err := config.Load(config.Sources{Flags: flags})
		if needed != (err != nil) {
			t.Errorf("%s: %v, public_url needed: %v", listen, err, needed)
		} else if needed && !strings.Contains(err.Error(), "public_url must be set") {
			t.Errorf("%s: %v", listen, err)
		}
		flags["public-url"] = "https://ai.example.com"
		if _, err := config.Load(config.Sources{Flags: flags}); err != nil {
			t.Errorf("%s with a public address: %v", listen, err)
		}
	}
}

func TestMasterKey(t *testing.T) {
	t.Parallel()
	raw := []byte("0123456789abcdefghijklmnopqrstu\xff")
	hexed := hex.EncodeToString(raw)
	keyFile := write(t, hexed+"\n")
	other := write(t, "master_key: "+strings.Repeat("12", 31)+"ab\n")
	database := "SKYTOWER_DATABASE=postgres://u@h/d"
	for name, src := range map[string]config.Sources{
		"hexadecimal":               {Env: []string{"SKYTOWER_MASTER_KEY=" + hexed}},
		"upper case":                {Env: []string{"SKYTOWER_MASTER_KEY=" + strings.ToUpper(hexed)}},
		"base64":                    {Env: []string{"SKYTOWER_MASTER_KEY=" + base64.StdEncoding.EncodeToString(raw)}},
		"base64 for URLs":           {Env: []string{"SKYTOWER_MASTER_KEY=" + base64.RawURLEncoding.EncodeToString(raw)}},
		"file by the environment":   {Env: []string{"SKYTOWER_MASTER_KEY_FILE=" + keyFile}},
		"file by a flag":            {Flags: map[string]string{"master-key-file": keyFile}},
		"file over key of the file": {File: other, Env: []string{"SKYTOWER_MASTER_KEY_FILE=" + keyFile}},
		"key over file of the file": {File: write(t, "master_key_file: /nowhere\n"), Env: []string{"SKYTOWER_MASTER_KEY=" + hexed}},
	} {
		src.Env = append(src.Env, database)
		c, err := config.Load(src)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if c.MasterKey.Reveal() != string(raw) {
			t.Errorf("%s: another key", name)
		}
	}
	for name, c := range map[string]struct {
		env  []string
		want string
	}{
		"none on PostgreSQL": {nil, "all nodes need the same master key"},
		"both":               {[]string{"SKYTOWER_MASTER_KEY=" + hexed, "SKYTOWER_MASTER_KEY_FILE=" + keyFile}, "keep one of them"},
		"missing file":       {[]string{"SKYTOWER_MASTER_KEY_FILE=/nowhere/at-all"}, "/nowhere/at-all"},
		"empty file":         {[]string{"SKYTOWER_MASTER_KEY_FILE=" + write(t, "\n")}, "is empty"},
		"short":              {[]string{"SKYTOWER_MASTER_KEY=" + hexed[:62]}, "not 32 bytes"},
		"a phrase":           {[]string{"SKYTOWER_MASTER_KEY=correct horse battery staple"}, "not 32 bytes"},
		"zeros":              {[]string{"SKYTOWER_MASTER_KEY=" + strings.Repeat("0", 64)}, "the same"},
	} {
		text := problems(t, config.Sources{Env: append(c.env, database)})
		if !strings.Contains(text, c.want) || !strings.Contains(text, "a problem") {
			t.Errorf("%s: %s", name, text)
		}
		if strings.Contains(text, hexed[:16]) || strings.Contains(text, "horse") {
			t.Errorf("%s: shows the key: %s", name, text)
		}
	}
}

func TestSecretFiles(t *testing.T) {
	t.Parallel()
	c := load(t, config.Sources{Env: []string{"OPENAI_API_KEY_FILE=" + write(t, " sk-upstream \n"), "SKYTOWER_DATABASE_FILE=" + write(t, "sqlite:/tmp/x.db\n")}})
	if c.OpenAI.Key.Reveal() != "sk-upstream" || c.Database != "sqlite:/tmp/x.db" || !c.HasOpenAI() {
		t.Errorf("key %q, database %v", c.OpenAI.Key.Reveal(), c.Database)
	}
	if text := problems(t, config.Sources{Env: []string{"OPENAI_API_KEY_FILE=/x", "OPENAI_API_KEY=y"}}); !strings.Contains(text, "keep one") {
		t.Error(text)
	}
	c = load(t, config.Sources{Env: []string{"OPENAI_BASE_URL=http://127.0.0.1:8000/v1"}})
	if !c.HasOpenAI() {
		t.Error("an address without a key makes no upstream")
	}
}

// Whatever nonsense a secret is, neither errors nor the printout show it.
func TestProblemsShowNoSecret(t *testing.T) {
	t.Parallel()
	const hush = "hush9876"
	for _, s := range config.Settings() {
		if !s.Secret {
			continue
		}
		for _, shape := range []string{hush, hush + " x", "postgres://u:" + hush + "%zz@h/d", "postgres://u:" + hush + "@h:port/d", "postgres://u:" + hush + "@h/", "mysql://u:" + hush + "@h/d",
			"sqlite:" + "//" + hush, "\x7f" + hush, strings.Repeat(hush, 8)} {
			for _, src := range []config.Sources{
				{Env: []string{s.Env + "=" + shape}},
				{Env: []string{s.Env + "_FILE=" + write(t, shape)}},
				{File: write(t, s.Key+": "+quote(shape)+"\n")},
				{Flags: map[string]string{s.Flag: shape}},
			} {
				if c, err := config.Load(src); err != nil && strings.Contains(err.Error(), hush) {
					t.Errorf("%s: %v", s.Key, err)
				} else if err == nil && strings.Contains(string(c.Dump()), hush) {
					t.Errorf("%s: the printout shows it:\n%s", s.Key, c.Dump())
				}
			}
		}
	}
}

func quote(text string) string {
	quoted, _ := json.Marshal(text)
	return string(quoted)
}

func TestValues(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ flag, text, want string }{ // want "" is a problem
		{"max-body", "1kib", "1KiB"}, {"max-body", "1048576", "1MiB"}, {"max-body", "1GiB", "1GiB"}, {"max-body", "1500", "1500"},
		{"max-body", "5000", "5000"}, {"max-body", "2GiB", ""}, {"max-body", "1", ""}, {"max-body", "-1MiB", ""}, {"max-body", "1.5MiB", ""},
		{"max-body", "99999999999999999999", ""}, {"max-body", "MiB", ""}, {"max-body", "1TiB", ""}, {"max-body", "1 MiB", "1MiB"},
		{"idle-timeout", "1m30s", "90s"}, {"idle-timeout", "1h", "1h"}, {"idle-timeout", "20m", "20m"}, {"idle-timeout", "90m", "1h30m0s"},
		{"idle-timeout", "-1s", ""}, {"idle-timeout", "0", ""}, {"idle-timeout", "1d", "1d"}, {"idle-timeout", "25h", ""}, {"idle-timeout", "d", ""},
		{"shutdown-grace", "0", "0s"}, {"request-log-retention", "48h", "2d"}, {"request-log-retention", "99999d", ""},
		{"dial-timeout", "1.5s", "1.5s"}, {"gc-percent", "x", ""}, {"gc-percent", "200", "200"},
		{"offer-ollama", "off", "false"}, {"offer-ollama", "YES", "true"}, {"offer-ollama", "maybe", ""},
		{"docs", "OFF", "off"}, {"docs", "on", ""}, {"log-format", "logfmt", ""}, {"log-level", "WARN", "warn"},
		{"listen", "127.0.0.1", ""}, {"listen", "127.0.0.1:99999", ""}, {"listen", "127.0.0.1:http", ""}, {"listen", "", ""}, {"listen", "off", ""},
		{"listen", "[::1]:0", "[::1]:0"}, {"operations-listen", "off", ""},
		{"public-url", "https://ai.example.com/base/", "https://ai.example.com/base"}, {"public-url", "ai.example.com", ""},
		{"public-url", "ftp://x", ""}, {"public-url", "https://u:p@x", ""}, {"public-url", "https://x?a=b", ""}, {"public-url", "https://x#a", ""}, {"public-url", "https:///x", ""},
		{"trusted-proxies", "10.0.0.0/8, ::1,10.0.0.0/8", "10.0.0.0/8,::1/128"}, {"trusted-proxies", "::ffff:10.1.2.3", "10.1.2.3/32"},
		{"trusted-proxies", "::ffff:10.0.0.0/104", ""}, {"trusted-proxies", "10.0.0.0/33", ""}, {"trusted-proxies", "proxy.lan", ""}, {"trusted-proxies", "0.0.0.0/0", "0.0.0.0/0"},
		{"egress-allow", "0.0.0.0/0", ""}, {"egress-allow", "::/0", ""}, {"egress-allow", "fe80::1%eth0", ""},
		{"data", "/srv//sky/", "/srv/sky"}, {"data", "", ""},
		{"database", "sqlite:/srv/x.db", "sqlite:/srv/x.db"}, {"database", "sqlite::memory:", ""}, {"database", "sqlite:x.db?mode=ro", ""}, {"database", "x.db", ""}, {"database", "postgres://h", ""},
	} {
		got, err := config.Load(config.Sources{Flags: map[string]string{c.flag: c.text}})
		if err != nil {
			if c.want != "" {
				t.Errorf("--%s %s: %v", c.flag, c.text, err)
			}
			continue
		}
		key := strings.ReplaceAll(c.flag, "-", "_")
		if shown := dumped(t, got)[key]; shown != c.want {
			t.Errorf("--%s %s is shown as %q, want %q", c.flag, c.text, shown, c.want)
		}
	}
}

func TestListenersMustDiffer(t *testing.T) {
	t.Parallel()
	if text := problems(t, config.Sources{Flags: map[string]string{"listen": "127.0.0.1:9464"}}); !strings.Contains(text, "operations_listen (not set)") {
		t.Error(text)
	}
	load(t, config.Sources{Flags: map[string]string{"listen": "127.0.0.1:0", "operations-listen": "127.0.0.1:0"}})
}

func TestMisspelledVariables(t *testing.T) {
	t.Parallel()
	c := load(t, config.Sources{Env: []string{
		"SKYTOWER_LISTN=127.0.0.1:1", "SKYTOWER_URL=http://x", "SKYTOWER_OPERATOR_KEY=op-x",
		"SKYTOWER_SERVICE_HOST=10.0.0.1", "SKYTOWER_PORT=tcp://10.0.0.1:80", "SKYTOWER_PORT_8080_TCP=x", "LISTEN=1", "broken",
	}})
	if len(c.Warnings) != 1 || !strings.Contains(c.Warnings[0], "did you mean SKYTOWER_LISTEN?") {
		t.Errorf("warnings: %q", c.Warnings)
	}
}

func TestFileForms(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"empty": "", "comments": "# nothing\n", "null": "~\n", "document mark": "---\n", "JSON": `{"docs": "public"}`, "key without value": "listen:\n",
		"alias": "max_body: &size 64MiB\nmax_answer: *size\n",
	} {
		if _, err := config.Load(config.Sources{File: write(t, text)}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, c := range map[string]struct{ text, want string }{
		"list":           {"- listen\n", "list of settings"},
		"text":           {"listen", "list of settings"},
		"two documents":  {"docs: off\n---\ndocs: public\n", "more than one"},
		"tab":            {"docs:\n\toff", "not YAML"},
		"nested list":    {"egress_allow: [[10.0.0.0/8]]", "other than plain values"},
		"mapping":        {"egress_allow: {a: b}", "a value or a list"},
		"list for one":   {"listen: [a, b]", "one plain value"},
		"number as key":  {"1: 2", "no such setting"},
		"huge":           {strings.Repeat("#", 1<<20+1), "larger than 1MiB"},
		"unknown anchor": {"listen: *nothing", "not YAML"},
	} {
		if text := problems(t, config.Sources{File: write(t, c.text)}); !strings.Contains(text, c.want) {
			t.Errorf("%s: %s, want %q", name, text, c.want)
		}
	}
	if text := problems(t, config.Sources{File: "testdata/none.yml"}); !strings.Contains(text, "testdata/none.yml") {
		t.Error(text)
	}
}

func TestHashIsOfTheFilesMeaning(t *testing.T) {
	t.Parallel()
	hash := func(src config.Sources) string { return load(t, src).Hash() }
	base := hash(config.Sources{File: write(t, "max_body: 1MiB\nkeep_alive: 90s\n")})
	if len(base) != 16 || base == config.Default().Hash() {
		t.Errorf("the hash is %q", base)
	}
	for name, src := range map[string]config.Sources{
		"order, spelling, comments": {File: write(t, "# x\nkeep_alive: 1m30s\n\nmax_body: '1048576'\n")},
		"a default written out":     {File: write(t, "max_body: 1MiB\nkeep_alive: 90s\ndocs: public\ndata: ./data\n")},
		"environment and flags": {File: write(t, "max_body: 1MiB\nkeep_alive: 90s\n"), Env: []string{"SKYTOWER_DATA=/elsewhere"},
			Flags: map[string]string{"listen": "127.0.0.1:1"}},
	} {
		if got := hash(src); got != base {
			t.Errorf("%s change the hash", name)
		}
	}
	if hash(config.Sources{File: write(t, "max_body: 2MiB\nkeep_alive: 90s\n")}) == base {
		t.Error("another value has the same hash")
	}
	if empty := hash(config.Sources{}); empty != "e3b0c44298fc1c14" {
		t.Errorf("no file hashes to %s: a new setting or default would change the hash of old files", empty)
	}
	password := func(word string) string {
		return hash(config.Sources{File: write(t, "database: postgres://u:"+word+"@h/d\nmaster_key: "+strings.Repeat("01", 31)+"02\n")})
	}
	if password("one") != password("two") {
		t.Error("the public hash depends on the password")
	}
}

func TestParseFlags(t *testing.T) {
	t.Parallel()
	src, err := config.ParseFlags([]string{"--data", "/srv/x", "--listen=127.0.0.1:0", "--offer-ollama=false", "--config", "x.yml", "--docs", "off"})
	want := config.Sources{File: "x.yml", Flags: map[string]string{"data": "/srv/x", "listen": "127.0.0.1:0", "offer-ollama": "false", "docs": "off"}}
	if diff := cmp.Diff(want, src); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for _, c := range []struct{ arg, want string }{
		{"--listn=x", "did you mean --listen?"}, {"--master-key=x", "not defined"}, {"--openai-api-key=x", "not defined"},
		{"listen", "is no flag"}, {"--data", "needs an argument"},
	} {
		if _, err := config.ParseFlags([]string{c.arg}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.arg, err, c.want)
		}
	}
	if _, err := config.ParseFlags([]string{"--help"}); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("--help: %v", err)
	}
}

func FuzzFile(f *testing.F) {
	for _, name := range []string{"testdata/first.yml", "testdata/broken.yml"} {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add("a: &a [*a]\n")
	f.Add("listen: 127.0.0.1:1\n<<: {docs: off}\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := config.Load(config.Sources{File: write(t, text)})
		if (c == nil) == (err == nil) {
			t.Fatalf("both or neither: %v, %v", c, err)
		}
	})
}

// A file in the data folder is read where none is named, and only there; it can't move the
// folder that it was found in.
func TestFileOfTheDataFolder(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	write := func(path, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	load := func(src config.Sources) string {
		cfg, err := config.Load(src)
		if err != nil {
			return err.Error()
		}
		return cfg.Listen
	}
	byFlag, byEnv := config.Sources{Flags: map[string]string{"data": data}}, config.Sources{Env: []string{"SKYTOWER_DATA=" + data}}
	usual := load(byFlag)
	write(config.FileIn(data), "listen: 127.0.0.1:1234\n")
	other := filepath.Join(t.TempDir(), "other.yaml")
	write(other, "max_body: 1MiB\n")
	named := byFlag
	named.File = other
	if a, b, c := load(byFlag), load(byEnv), load(named); a != "127.0.0.1:1234" || b != a || c != usual {
		t.Errorf("by flag %s, by environment %s, with a file named %s", a, b, c)
	}
	write(config.FileIn(data), "data: /elsewhere\n")
	if got := load(byFlag); !strings.Contains(got, "can't name another") {
		t.Error(got)
	}
}
