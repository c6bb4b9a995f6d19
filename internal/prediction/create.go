package prediction

import (
	"context"
)

// Service is safe for concurrent use.
type Service struct{ o Options }

// New makes the room and registers its workers with the queue; nothing runs before the
// queue starts.
func New(o Options) *Service { return &Service{o: o} }

// Start begins the upkeep that every process does for itself: watching, and heartbeats.
func (s *Service) Start(ctx context.Context) error { return nil }

// Stop ends it. The queue has stopped before.
func (s *Service) Stop() {}

// Create checks the request, stores the prediction and queues its run, all or nothing.
// replayed is true where the idempotency key or the client's id gave back the prediction
// of an earlier, equal request.
//
// Errors: MODEL_NOT_FOUND, MODEL_NOT_SUPPORTED, INVALID_INPUT with every violation,
// INVALID_PARAMETER (422 for an idempotency key that stands for another body),
// RATE_LIMIT_EXCEEDED, SERVICE_UNAVAILABLE.
func (s *Service) Create(ctx context.Context, c Create) (rec Record, replayed bool, err error) {
	return Record{}, false, nil
}

// Get returns an account's prediction. Unknown, another account's and deleted ones are
// PREDICTION_FAILED (contract 6.4).
func (s *Service) Get(ctx context.Context, account, id string) (Record, error) {
	return Record{}, nil
}

// Wait returns the prediction when it has ended, or as it stands when ctx is over.
func (s *Service) Wait(ctx context.Context, account, id string) (Record, error) {
	return Record{}, nil
}

// Cancel asks for the end of a prediction; one that waits ends at once. changed is
// false where it had ended before.
func (s *Service) Cancel(ctx context.Context, account, id string) (rec Record, changed bool, err error) {
	return Record{}, false, nil
}

// Delete removes a prediction and its files for good, after cancelling it if it runs,
// and returns what it was, without its data.
func (s *Service) Delete(ctx context.Context, account, id string) (Record, error) {
	return Record{}, nil
}
