package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"skytower/internal/jobs"
	"skytower/internal/skytells"
	"skytower/internal/store"
)

const (
	// maxWaiting bounds the deliveries of a prediction that wait for an earlier one;
	// beyond it a newer output or logs event replaces those of its kind, since its
	// object holds all that theirs do.
	maxWaiting = 16
	// keptBodies is how many of the newest events of a prediction keep their bodies for a
	// redelivery whatever they tell: a run may log for hours, twice a second.
	keptBodies = 32
)

// Tell fixes the event's body and signature and queues its delivery, in tx; nothing is
// done where the subscription does not want it. An event of an end supersedes what is
// still undelivered. The caller holds a lock on the prediction.
func (s *Service) Tell(ctx context.Context, tx *store.Tx, sub Subscription, e Event) error {
	word, ok := sub.Wants(e.Kind)
	if sub.URL == "" || !ok {
		return nil
	}
	d, err := fix(sub, word, e)
	if err != nil {
		return err
	}
	if err := s.queue(ctx, tx, d); err != nil {
		return fmt.Errorf("queue webhook %s of prediction %s: %w", word, e.Prediction, err)
	}
	return nil
}

// fix makes the delivery, whose body and signature never change again.
func fix(sub Subscription, word string, e Event) (delivery, error) {
	u, err := url.Parse(sub.URL)
	if err != nil {
		return delivery{}, fmt.Errorf("webhook of prediction %s: its address is malformed", e.Prediction)
	}
	d := delivery{
		id: "whd_" + strings.ToLower(rand.Text()), account: e.Account, prediction: e.Prediction,
		event: word, terminal: e.Kind.terminal(), url: sub.URL, host: strings.ToLower(u.Host),
		body: bytes.Clone(e.Object), state: statePending, created: e.At,
	}
	if sub.enveloped() {
		d.body = envelope(word, e)
	}
	if e.Key != "" {
		d.signature = Sign(e.Key, d.body)
	}
	return d, nil
}

// envelope is the body for subscribers of family B.
func envelope(word string, e Event) []byte {
	if !strings.HasPrefix(word, envelopePrefix) {
		word = envelopePrefix + word // of output and logs, for which the family has no word
	}
	head, _ := json.Marshal(struct { //nolint:errcheck // two texts
		Type      string             `json:"type"`
		CreatedAt skytells.Timestamp `json:"created_at"`
	}{word, skytells.Timestamp{Time: e.At}})
	body := append(head[:len(head)-1], `,"data":`...)
	return append(append(body, e.Object...), '}')
}

// Sign is the lowercase hex HMAC-SHA256 of the body.
func Sign(key string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// queue stores the delivery behind those of its prediction that have not ended, and
// makes a job for it if there are none.
func (s *Service) queue(ctx context.Context, tx *store.Tx, d delivery) error {
	open, err := openOf(ctx, tx, d.prediction)
	if err != nil {
		return err
	}
	left, err := giveWay(ctx, tx, open, d)
	if err != nil {
		return err
	}
	if left == 0 {
		d.next = s.o.Now()
	}
	if d.seq, err = nextSeq(ctx, tx, d.prediction); err != nil {
		return err
	}
	if err := forgetOld(ctx, tx, d.prediction, d.seq-keptBodies); err != nil {
		return err
	}
	if err := insert(ctx, tx, d); err != nil || left > 0 {
		return err
	}
	return s.enqueue(ctx, tx, d.id, d.terminal, time.Time{})
}

// giveWay supersedes the open deliveries for which the new one speaks too, and returns
// how many are left before it. One that is being sent stays: its call may succeed.
func giveWay(ctx context.Context, tx *store.Tx, open []openDelivery, d delivery) (left int, err error) {
	crowded := len(open) > maxWaiting && isProgress(d.event)
	for _, o := range open {
		switch {
		case d.terminal && o.state == statePending:
			err = setState(ctx, tx, o.id, stateSuperseded)
		case crowded && o.waits() && o.event == d.event:
			if err = setState(ctx, tx, o.id, stateSuperseded); err == nil {
				err = empty(ctx, tx, o.id)
			}
		default:
			left++
		}
		if err != nil {
			return 0, err
		}
	}
	return left, nil
}

// isProgress reports whether an event's word is of a run's progress: of these there may
// be thousands.
func isProgress(event string) bool { return event == "output" || event == "logs" }

// The priorities of jobs: an end is worth more to a receiver than news on the way.
const (
	endFirst   = 1
	newsSecond = 2
	// writeTries bounds how often a job runs again because the database was away.
	writeTries = 1000
)

func (s *Service) enqueue(ctx context.Context, tx *store.Tx, id string, terminal bool, at time.Time) error {
	o := jobs.Insert{Queue: jobs.Webhooks, Priority: newsSecond, At: at, MaxAttempts: writeTries}
	if terminal {
		o.Priority = endFirst
	}
	return s.o.Jobs.Enqueue(ctx, tx, DeliverArgs{ID: id}, o)
}
