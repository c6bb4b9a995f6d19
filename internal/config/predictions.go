package config

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"
)

// Predictions are the settings of predictions, files and webhooks.
type Predictions struct {
	Role string // all, api or worker
	Blob string // URL of the bucket: file:///PATH or s3://BUCKET?…
	// FilesURL is the start of signed links where they are served under another host
	// name than the API; nil: the API's.
	FilesURL *url.URL

	WorkersRemote int // predictions that wait for upstreams, at the same time in this process
	WorkersLocal  int // predictions that compute on this machine
	Concurrency   int // of an account that sets none
	Retention     time.Duration
	AwaitMax      time.Duration
	MediaWait     time.Duration // that a call of OpenAI's media routes is held
	MaxFile       int64         // bytes of one output
	MaxFiles      int           // outputs of one prediction
	MaxUpload     int64
	WebhookHTTP   bool
	Unknown       string // status for a prediction that does not exist: 502 or 404
}

const (
	keyRole = "role"
	keyBlob = "blob"
)

// defaultBlob is the folder within the data folder.
const defaultBlob = "files"

func predictionSettings() []Setting {
	roles, statuses := []string{"all", "api", "worker"}, []string{"502", "404"}
	return []Setting{
		{Key: keyRole, Default: "all", Kind: Choice, Choices: roles,
			Doc:   "What this process does: serve the API (`api`), run predictions (`worker`), or both. Apart they need PostgreSQL and storage that all of them share (`blob`).",
			field: func(c *Config) value { return &choiceValue{&c.Predictions.Role, roles} }},
		{Key: keyBlob, Kind: Text,
			Doc:   "Where files are kept: a folder, or S3-compatible storage as `s3://BUCKET?region=…&endpoint=https://…&use_path_style=true` (with AWS's environment variables for the key; `&prefix=NAME/` keeps to a part of the bucket). No two databases may share a place: what has no record is removed after a day. Empty: `files` in the data folder.",
			field: func(c *Config) value { return &blobValue{&c.Predictions.Blob} }},
		{Key: "files_url", Kind: URL,
			Doc:   "Another address of this server for links to files, so that what models made is never on the API's own host name.",
			field: func(c *Config) value { return &publicURLValue{to: &c.Predictions.FilesURL} }},
		{Key: "workers_remote", Default: "100", Kind: Integer,
			Doc:   "Predictions that wait for upstreams, at the same time in this process.",
			field: func(c *Config) value { return &intValue{&c.Predictions.WorkersRemote, 1, 10_000} }},
		{Key: "workers_local", Default: "2", Kind: Integer,
			Doc:   "Predictions that compute on this machine (`local` and `command` models), at the same time in this process.",
			field: func(c *Config) value { return &intValue{&c.Predictions.WorkersLocal, 1, 1000} }},
		{Key: "prediction_concurrency", Default: "10", Kind: Integer,
			Doc:   "Predictions of one account that run at the same time, unless the account sets another number. The rest waits.",
			field: func(c *Config) value { return &intValue{&c.Predictions.Concurrency, 1, 100_000} }},
		{Key: "retention", Default: "24h", Kind: Duration,
			Doc:   "How long outputs, inputs and uploads are kept, unless the account sets another time. `0` keeps them; the hosted service has `5m`.",
			field: func(c *Config) value { return &durationValue{&c.Predictions.Retention, 0, 3660 * day} }},
		{Key: "await_max", Default: "55s", Kind: Duration,
			Doc:   "The longest time that a create with `await` is held; then the running prediction is returned.",
			field: func(c *Config) value { return &durationValue{&c.Predictions.AwaitMax, time.Second, time.Hour} }},
		{Key: "media_wait", Default: "10m", Kind: Duration,
			Doc:   "The longest time that a call of OpenAI's routes of pictures and sound is held; then its predictions go on, and the answer is a 504 that names them.",
			field: func(c *Config) value { return &durationValue{&c.Predictions.MediaWait, time.Second, day} }},
		{Key: "max_file", Default: "512MiB", Kind: Size,
			Doc:   "The largest file that a model may put out.",
			field: func(c *Config) value { return &sizeValue{to: &c.Predictions.MaxFile, least: kib, most: 1024 * gib} }},
		{Key: "max_files", Default: "64", Kind: Integer,
			Doc:   "The most files that one prediction may put out.",
			field: func(c *Config) value { return &intValue{&c.Predictions.MaxFiles, 1, 10_000} }},
		{Key: "max_upload", Default: "512MiB", Kind: Size,
			Doc:   "The largest file that can be uploaded.",
			field: func(c *Config) value { return &sizeValue{to: &c.Predictions.MaxUpload, least: kib, most: 1024 * gib} }},
		{Key: "webhook_http", Default: "false", Kind: Boolean,
			Doc:   "Deliver webhooks also to plain http addresses. Ranges in `egress_allow` may have it in any case.",
			field: func(c *Config) value { return &boolValue{&c.Predictions.WebhookHTTP} }},
		{Key: "unknown_prediction", Default: "502", Kind: Choice, Choices: statuses,
			Doc:   "The status for a prediction that does not exist: `502` as the hosted service answers, or `404`.",
			field: func(c *Config) value { return &choiceValue{&c.Predictions.Unknown, statuses} }},
	}
}

// blobValue is a folder or the URL of a bucket.
type blobValue struct{ to *string }

func (v *blobValue) set(text string) error {
	switch scheme, _, isURL := strings.Cut(text, "://"); {
	case text == "" || isURL && (scheme == "file" || scheme == "s3"):
	case isURL:
		return errors.New("it is neither a folder nor an s3:// address")
	default:
		path, err := filepath.Abs(text)
		if err != nil {
			return err
		}
		text = "file://" + path
	}
	if u, err := url.Parse(text); err != nil || u.User != nil {
		return errors.New("it is not an address without a user name; keys belong into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
	}
	*v.to = text
	return nil
}

func (v *blobValue) text() string { return *v.to }

// resolveBlob gives the default its folder within the data folder.
func (c *Config) resolveBlob() error {
	if c.Predictions.Blob != "" {
		return nil
	}
	path, err := filepath.Abs(filepath.Join(c.Data, defaultBlob))
	if err != nil {
		return fmt.Errorf("the folder that this program was started in is gone; start it in another, or give `data` a full path: %w", err)
	}
	c.Predictions.Blob = (&url.URL{Scheme: "file", Path: path}).String()
	return nil
}

// Serves reports whether this process answers the API.
func (c *Config) Serves() bool { return c.Predictions.Role != "worker" }

// Works reports whether this process runs predictions.
func (c *Config) Works() bool { return c.Predictions.Role != "api" }

// rolesApart is the rule that processes of different roles must share everything.
func (l *loader) rolesApart() {
	c := l.config
	if l.failed(keyRole, keyDatabase, keyBlob) || c.Predictions.Role == "all" {
		return
	}
	if c.Database.Engine() != "postgres" {
		l.fail(keyRole, c.origins[keyRole], "a process that is only %s needs PostgreSQL, which others can use too; on SQLite one process does everything", c.Predictions.Role)
	}
	if !c.IsSet(keyBlob) {
		l.fail(keyBlob, c.origins[keyBlob], "a process that is only %s needs files where the others see them: set it to s3://… or to a folder that all machines mount", c.Predictions.Role)
	}
}
