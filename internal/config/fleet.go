package config

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Fleet are the settings of a server among others, and of what watches it.
type Fleet struct {
	// DrainDelay is how long a server that was told to end (SIGTERM) goes on as before
	// while /readyz says that it should get no more traffic.
	DrainDelay time.Duration

	LogRequests string // errors or all: which requests have a record in the log

	TracesURL     string      // where traces go by OTLP over HTTP; "": nowhere
	TracesHeaders http.Header // sent along, such as a credential
	TraceShare    float64     // of the requests that carry no decision of their own, 0 to 1

	BodyRetention time.Duration // the longest that an account may have bodies kept; 0: none are

	// OldMasterKeys open what another master key than the current one sealed, 32 raw bytes
	// each. The current one may be among them, so that all servers can have the same list.
	OldMasterKeys []Secret
}

const (
	keyOldMasterKeys = "master_key_old"
	keyTracesHeaders = "traces_headers"
)

func fleetSettings() []Setting {
	records := []string{"errors", "all"}
	return []Setting{
		{Key: keyOldMasterKeys, Kind: Text, Secret: true,
			Doc:   "Other master keys, with commas between them, that open what they sealed: earlier ones, until all is sealed anew with `master_key`, and the next one, before it is made the current one. See [Change the master key](operations.md#change-the-master-key).",
			field: func(c *Config) value { return &masterKeysValue{to: &c.Fleet.OldMasterKeys} }},
		{Key: "drain_delay", Default: "5s", Kind: Duration,
			Doc:   "After `SIGTERM`, how long `/readyz` says no while requests are still taken, so that load balancers can look elsewhere first. Ctrl-C waits for nothing.",
			field: func(c *Config) value { return &durationValue{&c.Fleet.DrainDelay, 0, time.Hour} }},
		{Key: "log_requests", Default: "errors", Kind: Choice, Choices: records,
			Doc:   "Which requests have a record in the log: our failures (`errors`), or every one (`all`).",
			field: func(c *Config) value { return &choiceValue{&c.Fleet.LogRequests, records} }},
		{Key: "traces", Env: "OTEL_EXPORTER_OTLP_ENDPOINT", Kind: URL,
			Doc:   "Where traces go, by OpenTelemetry's protocol over HTTP, such as `http://127.0.0.1:4318`. Empty: nowhere.",
			field: func(c *Config) value { return &baseURLOrNone{to: &c.Fleet.TracesURL} }},
		{Key: keyTracesHeaders, Env: "OTEL_EXPORTER_OTLP_HEADERS", Kind: Text, Secret: true,
			Doc:   "Headers that are sent with traces: `NAME=VALUE`, with commas between them.",
			field: func(c *Config) value { return &headersValue{to: &c.Fleet.TracesHeaders} }},
		{Key: "trace_share", Default: "1", Kind: Number,
			Doc:   "The share of requests that are traced, from 0 to 1, where the caller's `traceparent` does not say.",
			field: func(c *Config) value { return &shareValue{to: &c.Fleet.TraceShare} }},
		{Key: "body_retention", Default: "30d", Kind: Duration,
			Doc:   "The longest that an account may choose to have the bodies of its requests kept, sealed, in the storage. No account has them kept unless it chooses so. 0: none may.",
			field: func(c *Config) value { return &durationValue{&c.Fleet.BodyRetention, 0, 366 * day} }},
	}
}

// masterKeysValue takes master keys with commas between them.
type masterKeysValue struct{ to *[]Secret }

func (v *masterKeysValue) set(text string) error {
	var keys []Secret
	for one := range strings.SplitSeq(text, ",") {
		var key Secret
		if strings.TrimSpace(one) == "" {
			continue
		}
		if err := (&masterKeyValue{to: &key}).set(one); err != nil {
			return err
		}
		keys = append(keys, key)
	}
	*v.to = keys
	return nil
}

func (v *masterKeysValue) text() string {
	if len(*v.to) == 0 {
		return ""
	}
	return shownSecret((*v.to)[0])
}

// baseURLOrNone takes the address of a service, or nothing.
type baseURLOrNone struct{ to *string }

func (v *baseURLOrNone) set(text string) error {
	if strings.TrimSpace(text) == "" {
		*v.to = ""
		return nil
	}
	return (&baseURLValue{to: v.to}).set(text)
}

func (v *baseURLOrNone) text() string { return *v.to }

// headersValue takes headers in the form that OpenTelemetry's variable has (W3C baggage).
type headersValue struct{ to *http.Header }

func (v *headersValue) set(text string) error {
	header := http.Header{}
	for one := range strings.SplitSeq(text, ",") {
		if strings.TrimSpace(one) == "" {
			continue
		}
		name, value, found := strings.Cut(one, "=")
		name = strings.TrimSpace(name)
		value, err := url.PathUnescape(strings.TrimSpace(value))
		if !found || err != nil || name == "" || strings.ContainsAny(name, " \t\r\n:") || strings.ContainsAny(value, "\r\n") {
			return errors.New("it must be NAME=VALUE, with commas between several; a comma within a value is written %2C")
		}
		header.Add(name, value)
	}
	*v.to = header
	return nil
}

func (v *headersValue) text() string {
	if len(*v.to) == 0 {
		return ""
	}
	return shownSecret("set")
}

// shareValue takes a number from 0 to 1.
type shareValue struct{ to *float64 }

func (v *shareValue) set(text string) error {
	share, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || !(share >= 0 && share <= 1) {
		return errors.New("it must be a number from 0 to 1, such as 0.1")
	}
	*v.to = share
	return nil
}

func (v *shareValue) text() string { return strconv.FormatFloat(*v.to, 'g', -1, 64) }
