package prediction

import (
	"context"
	"errors"

	"skytower/internal/blob"
	"skytower/internal/fault"
	"skytower/internal/provider"
)

// fileError is why a run's files could not be brought or kept.
type fileError struct {
	ID      fault.ID
	Message string // the sentence that the caller reads
	Retry   bool   // the cause may pass: a full disk, a storage or a host that does not answer
	Err     error  // for the log
}

// Error is the text for the log.
func (e *fileError) Error() string { return e.Message }

// Unwrap returns the cause.
func (e *fileError) Unwrap() error { return e.Err }

// saveOutputs copies what a run made. The files are in state new: the caller keeps them
// in the transaction that ends the prediction. output is for the column of that name.
// Errors are a *fileError, or the context's.
func (s *Service) saveOutputs(ctx context.Context, rec Record, result *provider.Result) (ids []string, output string, err error) {
	return nil, "", errors.New("to be written")
}

// savePartial copies partial outputs, likewise.
func (s *Service) savePartial(ctx context.Context, rec Record, outs []provider.Output) ([]blob.File, error) {
	return nil, errors.New("to be written")
}
