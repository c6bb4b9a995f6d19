package prediction

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"skytower/internal/blob"
	"skytower/internal/fault"
	"skytower/internal/store"
)

// shortestUpload is how long an upload is kept at least, however short the account's
// retention: it is there before the prediction that uses it, which may have to wait.
const shortestUpload = time.Hour

// PutUpload stores a file's content, in a row that does not last yet: KeepUpload makes
// it last, and what is never kept is swept.
func (s *Service) PutUpload(ctx context.Context, n blob.New, content io.Reader) (blob.File, error) {
	n.Role = blob.Upload
	f, err := s.o.Files.Put(ctx, n, content)
	switch {
	case errors.Is(err, blob.ErrTooLarge):
		return blob.File{}, tooLarge(n)
	case err != nil:
		return blob.File{}, fmt.Errorf("store an upload: %w", err)
	}
	return f, nil
}

// PutInput stores a file of the input of a prediction that is yet to be made: n names the
// prediction, whose input refers to the file by Reference. It lasts once Create has taken it
// (Create.Files); what is never taken is swept.
func (s *Service) PutInput(ctx context.Context, n blob.New, content io.Reader) (blob.File, error) {
	n.Role = blob.Input
	f, err := s.o.Files.Put(ctx, n, content)
	switch {
	case errors.Is(err, blob.ErrTooLarge):
		return blob.File{}, tooLarge(n)
	case err != nil:
		return blob.File{}, fmt.Errorf("store a file of an input: %w", err)
	}
	return f, nil
}

// DropInput removes files that PutInput stored and no prediction took.
func (s *Service) DropInput(ctx context.Context, account string, files []string) {
	if len(files) > 0 {
		s.discard(ctx, account, files)
	}
}

// Reference is the string that stands for a file in the input of its own prediction.
func Reference(f blob.File) string { return reference + f.ID }

// tooLarge is what the sender of a file is told.
func tooLarge(n blob.New) error {
	return &fault.Error{ID: fault.InvalidRequest, Status: 413, Code: "request_too_large", Param: "file",
		Message: fmt.Sprintf("The file is larger than the %d bytes that this server takes.", n.Limit)}
}

// KeepUpload makes an upload last for the account's retention.
func (s *Service) KeepUpload(ctx context.Context, f blob.File, purpose string) (blob.File, error) {
	err := s.o.DB.Write(ctx, func(tx *store.Tx) error {
		settings, err := s.o.Accounts.PredictionSettings(ctx, tx, f.Account)
		if err != nil {
			return err
		}
		keep := settings.Retention
		if keep < 0 {
			keep = s.o.Retention
		}
		f.ExpiresAt = time.Time{}
		if keep > 0 {
			f.ExpiresAt = s.o.Now().UTC().Add(max(keep, shortestUpload)).Truncate(time.Second)
		}
		if err := s.o.Files.SetPurpose(ctx, tx, f.ID, purpose); err != nil {
			return err
		}
		return s.o.Files.Keep(ctx, tx, []string{f.ID}, f.ExpiresAt)
	})
	f.Purpose = purpose
	if err != nil {
		return blob.File{}, fmt.Errorf("keep upload %s: %w", f.ID, err)
	}
	return f, nil
}

// Upload returns an upload of the account.
func (s *Service) Upload(ctx context.Context, account, id string) (blob.File, error) {
	f, err := s.o.Files.Get(ctx, account, id)
	if errors.Is(err, blob.ErrNotFound) || err == nil && f.Role != blob.Upload {
		return blob.File{}, fault.New(fault.EndpointNotFound, "There is no file with this id. It may have expired.")
	}
	return f, err
}

// DeleteUpload removes an upload of the account for good.
func (s *Service) DeleteUpload(ctx context.Context, account, id string) error {
	if _, err := s.Upload(ctx, account, id); err != nil {
		return err
	}
	err := s.o.DB.Write(ctx, func(tx *store.Tx) error { return s.o.Files.Drop(ctx, tx, account, id) })
	if err != nil && !errors.Is(err, blob.ErrNotFound) {
		return fmt.Errorf("delete upload %s: %w", id, err)
	}
	return nil
}
