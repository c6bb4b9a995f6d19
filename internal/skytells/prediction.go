package skytells

import (
	"encoding/json"
	"time"
)

// The status words of contract 6.3. Canceled is the other spelling of Cancelled, shown
// to callers of the routes that contract 15.1 names.
const (
	StatusPending    = "pending"
	StatusStarting   = "starting"
	StatusStarted    = "started"
	StatusProcessing = "processing"
	StatusSucceeded  = "succeeded"
	StatusFailed     = "failed"
	StatusCancelled  = "cancelled"
	StatusCanceled   = "canceled"
)

// Terminal reports whether a status word, of either vocabulary, is an end.
func Terminal(status string) bool {
	switch status {
	case StatusSucceeded, StatusFailed, StatusCancelled, StatusCanceled:
		return true
	}
	return false
}

// Prediction is the object of contract 6.2. Every field is always present, but for those
// marked omitempty.
type Prediction struct {
	ID          string             `json:"id" doc:"A UUID."`
	Status      string             `json:"status" enum:"pending,starting,started,processing,succeeded,failed,cancelled,canceled"`
	Type        string             `json:"type" enum:"inference,training"`
	Stream      bool               `json:"stream"`
	Input       json.RawMessage    `json:"input" doc:"The request's input with defaults filled in; {} once the data is removed."`
	Output      json.RawMessage    `json:"output" doc:"Array of file links, a text, or null."`
	Response    *string            `json:"response" doc:"A message for people; set on failure."`
	Error       *string            `json:"error" doc:"Why it failed."`
	CreatedAt   Timestamp          `json:"created_at"`
	StartedAt   *Timestamp         `json:"started_at"`
	CompletedAt *Timestamp         `json:"completed_at"`
	UpdatedAt   Timestamp          `json:"updated_at"`
	Privacy     string             `json:"privacy" enum:"public,private"`
	Source      string             `json:"source" enum:"api,cli,web"`
	Model       PredictionModel    `json:"model"`
	Webhook     PredictionWebhook  `json:"webhook"`
	Metrics     PredictionMetrics  `json:"metrics"`
	Metadata    PredictionMetadata `json:"metadata"`
	URLs        PredictionURLs     `json:"urls"`
	DataRemoved bool               `json:"data_removed,omitempty" doc:"The outputs were purged or deleted."`
	Logs        string             `json:"logs,omitempty" doc:"The last lines that the model logged."`
	// ErrorID and ErrorMessage stand on failed predictions only.
	ErrorID      string `json:"error_id,omitempty"`
	ErrorMessage string `json:"error_message,omitempty"`
	// Success answers cancel and delete (contract 15.3).
	Success *bool `json:"success,omitempty"`
}

// PredictionModel names the model as the caller did.
type PredictionModel struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// PredictionWebhook is the subscription; URL is null where there is none.
type PredictionWebhook struct {
	URL    *string  `json:"url"`
	Events []string `json:"events"`
}

// PredictionMetrics are what is known of the work; seconds are fractional.
type PredictionMetrics struct {
	ImageCount  *int     `json:"image_count,omitempty"`
	AssetCount  *int     `json:"asset_count,omitempty"`
	PredictTime *float64 `json:"predict_time,omitempty" doc:"Seconds that the model computed."`
	TotalTime   *float64 `json:"total_time,omitempty" doc:"Seconds from creation to the end."`
	Progress    *float64 `json:"progress,omitempty" doc:"0 to 100, while it runs."`
}

// PredictionMetadata is billing and storage.
type PredictionMetadata struct {
	Billing       PredictionBilling `json:"billing"`
	Storage       PredictionStorage `json:"storage"`
	DataAvailable bool              `json:"data_available" doc:"False before completion and after the outputs were purged."`
}

// PredictionBilling is the charge.
type PredictionBilling struct {
	CreditsUsed float64 `json:"credits_used"`
}

// PredictionStorage lists the output files.
type PredictionStorage struct {
	Files []PredictionFile `json:"files"`
}

// PredictionFile is one output file.
type PredictionFile struct {
	Name string `json:"name"`
	Type string `json:"type" doc:"MIME type, found in the content."`
	Size int64  `json:"size" doc:"Bytes."`
	URL  string `json:"url" doc:"A signed link that needs no key."`
}

// PredictionURLs are absolute; clients send their key to them (contract 1.12).
type PredictionURLs struct {
	Get    string `json:"get"`
	Cancel string `json:"cancel"`
	Stream string `json:"stream"`
	Delete string `json:"delete"`
}

// PredictionRequest is the body of a create (contract 6.1, 14.6). Unknown fields are
// ignored.
type PredictionRequest struct {
	Model   string          `json:"model,omitempty" doc:"Slug of the model."`
	Version string          `json:"version,omitempty" doc:"The Replicate client's word for model: owner/name, optionally with :version."`
	Input   json.RawMessage `json:"input" doc:"Object that satisfies the model's input_schema."`
	Await   *bool           `json:"await,omitempty" doc:"Hold the answer until the prediction has ended, at most 55 s."`
	Wait    *bool           `json:"wait,omitempty" doc:"The same as await."`
	Stream  bool            `json:"stream,omitempty"`
	DryRun  bool            `json:"dry_run,omitempty" doc:"Say what it would cost, and run nothing."`
	// Webhook is an address, or {url, events}.
	Webhook             json.RawMessage `json:"webhook,omitempty" doc:"An address, or {url, events}."`
	WebhookEventsFilter []string        `json:"webhook_events_filter,omitempty" doc:"start, output, logs, completed; all if empty."`
}

// PredictionList is a page of predictions, newest first.
type PredictionList struct {
	Data       []Prediction `json:"data"`
	Pagination Pagination   `json:"pagination"`
}

// Pagination says where in a list a page stands.
type Pagination struct {
	CurrentPage int   `json:"current_page"`
	PerPage     int   `json:"per_page"`
	Total       int64 `json:"total"`
	LastPage    int64 `json:"last_page"`
}

// Timestamp is a time as contract 6.2 writes it: UTC with microseconds and a Z.
type Timestamp struct{ time.Time }

const timestampForm = "2006-01-02T15:04:05.000000Z"

// MarshalText writes the form of the contract.
func (t Timestamp) MarshalText() ([]byte, error) {
	return t.UTC().AppendFormat(nil, timestampForm), nil
}

// MarshalJSON writes the form of the contract.
func (t Timestamp) MarshalJSON() ([]byte, error) {
	return t.UTC().AppendFormat(nil, `"`+timestampForm+`"`), nil
}

// WebhookDelivery is one event on its way to a receiver.
type WebhookDelivery struct {
	ID         string           `json:"id"`
	Prediction string           `json:"prediction"`
	Event      string           `json:"event" doc:"Name under which the subscriber asked for it."`
	URL        string           `json:"url"`
	State      string           `json:"state" enum:"pending,delivered,given_up,superseded"`
	CreatedAt  Timestamp        `json:"created_at"`
	NextAt     *Timestamp       `json:"next_attempt_at" doc:"When it is tried (again)."`
	Attempts   []WebhookAttempt `json:"attempts"`
}

// WebhookAttempt is one call of the receiver.
type WebhookAttempt struct {
	At       Timestamp `json:"at"`
	Status   int       `json:"status" doc:"HTTP status, 0 if no answer came."`
	Duration float64   `json:"duration" doc:"Seconds."`
	Error    string    `json:"error,omitempty"`
	Answer   string    `json:"answer,omitempty" doc:"First 1 KiB of the receiver's answer."`
}

// File is an uploaded file: OpenAI's object with urls.get added.
type File struct {
	ID        string   `json:"id" doc:"file-…"`
	Object    string   `json:"object" enum:"file"`
	Bytes     int64    `json:"bytes"`
	CreatedAt int64    `json:"created_at" doc:"Seconds since 1970."`
	ExpiresAt *int64   `json:"expires_at" doc:"Seconds since 1970; null: kept."`
	Filename  string   `json:"filename"`
	Purpose   string   `json:"purpose"`
	MIMEType  string   `json:"content_type" doc:"Found in the content."`
	URLs      FileURLs `json:"urls"`
}

// FileURLs is where the content can be had without a key.
type FileURLs struct {
	Get string `json:"get"`
}

// FileDeleted is OpenAI's answer to a deletion.
type FileDeleted struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Deleted bool   `json:"deleted"`
}

// FileList is OpenAI's list of files.
type FileList struct {
	Object  string `json:"object"`
	Data    []File `json:"data"`
	HasMore bool   `json:"has_more"`
}

// WebhookSecret answers the creation or rotation of an account's webhook secret; it is
// shown once.
type WebhookSecret struct {
	Account string `json:"account"`
	Set     bool   `json:"set"`
	Secret  string `json:"secret,omitempty"`
}
