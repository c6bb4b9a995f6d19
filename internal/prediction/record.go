package prediction

import (
	"time"

	"skytower/internal/money"
	"skytower/internal/skytells"
)

// Status is a state of the drawing in the package's comment.
type Status string

// The states that are stored. The contract's `started` is never entered.
const (
	Pending    Status = skytells.StatusPending
	Starting   Status = skytells.StatusStarting
	Processing Status = skytells.StatusProcessing
	Succeeded  Status = skytells.StatusSucceeded
	Failed     Status = skytells.StatusFailed
	Cancelled  Status = skytells.StatusCancelled
)

// Terminal reports whether the state is an end.
func (s Status) Terminal() bool { return skytells.Terminal(string(s)) }

// from lists, for each state, the states that may come before it.
func (s Status) from() []Status {
	switch s {
	case Starting:
		return []Status{Pending}
	case Processing:
		return []Status{Starting, Processing} // a run taken up again stays
	case Succeeded:
		return []Status{Starting, Processing}
	case Failed, Cancelled:
		return []Status{Pending, Starting, Processing}
	}
	return nil
}

// live is the condition that a prediction has not ended.
const live = `status in ('pending', 'starting', 'processing')`

// Record is a prediction as it is stored. Zero times have not come.
type Record struct {
	ID, Account, Key     string
	Model                string // slug
	Shown                string // as the caller wrote it
	Type                 string // of the output
	Spelling             string // of the word for cancelled, by the creating route (contract 15.1)
	Source               string
	Stream               bool
	Input                string // JSON object
	Status               Status
	Version              int64
	Created, Updated     time.Time
	Started, Completed   time.Time
	IdempotencyKey       string
	RequestHash          []byte
	Handed               bool
	Beat                 time.Time // the last sign of life of its run
	Attempt              int64
	Cancel               bool
	Target               string
	Submission, Upstream string
	Deadline             time.Time

	Output      string // JSON; "null" where files are the output, or there is none
	Error       string
	ErrorID     string
	Logs        string
	Progress    float64 // percent; negative: unknown
	PredictTime time.Duration
	EventCount  int64
	PurgeAt     time.Time
	Removed     bool

	Quote        string // JSON of a price.Quote: what was promised at its creation; "" is free
	PriceVersion int64
	Amount       money.Nanos // charged

	WebhookURL, WebhookBase string
	WebhookEvents           []string
	WebhookKey              string // sealed
}
