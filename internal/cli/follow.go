package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"skytower/internal/skytells"
)

const (
	// pollEvery is the pause between two looks at a prediction where the server does not
	// stream, and before a stream that broke is opened again.
	pollEvery = 2 * time.Second
	// maxMisses is how many looks in a row may fail, so that a server can start anew.
	maxMisses = 15
)

// follower watches one prediction until its end.
type follower struct {
	s      *session
	client *skytells.Client
	id     string
	told   func(skytells.PredictionEvent)
	last   string // id of the last event
}

// follow tells the events as they come and returns the ended prediction. Streams that
// end early are opened again where they ended; a server that does not stream is polled.
func (f *follower) follow(ctx context.Context) (skytells.Prediction, error) {
	misses := 0
	for {
		p, err := f.look(ctx)
		switch {
		case err == nil && skytells.Terminal(p.Status):
			return p, nil
		case ctx.Err() != nil:
			return p, context.Cause(ctx)
		case err == nil:
			misses = 0
		default:
			if misses++; misses >= maxMisses || !passing(err) {
				return p, err
			}
		}
		if f.s.Pause(ctx, pollEvery) != nil {
			return p, context.Cause(ctx)
		}
	}
}

// look follows the stream as far as it goes. Where it fails, the prediction alone is read.
func (f *follower) look(ctx context.Context) (skytells.Prediction, error) {
	p, err := f.stream(ctx)
	if err == nil || ctx.Err() != nil {
		return p, err
	}
	if p, err = f.client.Prediction(ctx, f.id); err == nil {
		f.told(skytells.PredictionEvent{Name: "status", Prediction: &p})
	}
	return p, err
}

// stream returns the last state that the stream told.
func (f *follower) stream(ctx context.Context) (p skytells.Prediction, err error) {
	events, err := f.client.StreamPrediction(ctx, f.id, f.last)
	if err != nil {
		return p, err
	}
	defer events.Close()
	for {
		event, err := events.Next()
		if errors.Is(err, io.EOF) {
			return p, nil
		}
		if err != nil {
			return p, err
		}
		if event.ID != "" {
			f.last = event.ID
		}
		f.told(event)
		if event.Prediction == nil {
			continue
		}
		if p = *event.Prediction; skytells.Terminal(p.Status) {
			return p, nil
		}
	}
}

// passing reports whether an error may be over soon. That a prediction is not there is
// a 502 by the contract.
func passing(err error) bool {
	var no *skytells.APIError
	if errors.As(err, &no) {
		return no.Status == 429 || no.Status >= 500 && no.ID != "PREDICTION_FAILED"
	}
	var unreachable *skytells.UnreachableError
	return errors.As(err, &unreachable)
}

// ending is the error of a prediction that did not succeed; nil of one that did.
func ending(p skytells.Prediction) error {
	switch p.Status {
	case skytells.StatusSucceeded:
		return nil
	case skytells.StatusFailed:
		return fmt.Errorf("prediction %s failed: %s", p.ID, reason(p))
	}
	return fmt.Errorf("prediction %s was cancelled", p.ID)
}

// reason is why a prediction failed.
func reason(p skytells.Prediction) string {
	text := "the server does not say why"
	for _, said := range []*string{p.Error, p.Response} {
		if said != nil && *said != "" {
			text = *said
			break
		}
	}
	if p.ErrorID != "" {
		text += " [" + p.ErrorID + "]"
	}
	return text
}
