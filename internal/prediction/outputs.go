package prediction

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"

	"skytower/internal/blob"
	"skytower/internal/egress"
	"skytower/internal/fault"
	"skytower/internal/provider"
	"skytower/internal/rawjson"
)

// maxOutput bounds an output that is kept in the prediction's row, in bytes of JSON.
const maxOutput = 4 << 20

// fileError is why a run's files could not be brought or kept.
type fileError struct {
	ID      fault.ID
	Message string // the sentence that the caller reads
	Retry   bool   // the cause may pass: a full disk, a storage or a host that does not answer
	Storage bool   // it is ours: the storage, or the database
	Err     error  // for the log
}

// Error is the text for the log.
func (e *fileError) Error() string {
	if e.Err == nil {
		return e.Message
	}
	return e.Message + " " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *fileError) Unwrap() error { return e.Err }

// saveOutputs copies what a run made. The files are in state new: the caller keeps them
// in the transaction that ends the prediction. output is for the column of that name.
// It may be repeated after an error, which leaves nothing behind.
//
// Errors are a *fileError, or the context's.
func (s *Service) saveOutputs(ctx context.Context, rec Record, result *provider.Result) (files []blob.File, output string, err error) {
	switch {
	case result == nil:
		return nil, "", nonsense("nothing")
	case len(result.Files) > 0:
		files, err = s.saveFiles(ctx, rec, result.Files, blob.Output, 0)
		return files, "null", err
	case result.Text != nil:
		output, err = boundedOutput(rawjson.AppendQuote(nil, clean(*result.Text)))
		return nil, output, err
	case rawjson.Valid(result.JSON):
		output, err = boundedOutput(rawjson.Compact(nil, result.JSON))
		return nil, output, err
	case len(result.JSON) > 0:
		return nil, "", nonsense("something that is not JSON")
	}
	return nil, "", nonsense("nothing")
}

// savePartial copies partial outputs, likewise. before is how many of this attempt there
// are already: their names differ by their numbers.
func (s *Service) savePartial(ctx context.Context, rec Record, outs []provider.Output, before int) ([]blob.File, error) {
	return s.saveFiles(ctx, rec, outs, blob.Partial, int64(before))
}

// boundedOutput is an output for the row, which holds valid UTF-8 only.
func boundedOutput(raw []byte) (string, error) {
	if len(raw) > maxOutput {
		return "", &fileError{ID: fault.InferenceError, Message: fmt.Sprintf("The model put out more than %d MiB of text.", maxOutput>>20)}
	}
	return clean(string(raw)), nil
}

func nonsense(what string) error {
	return &fileError{ID: fault.InferenceError, Message: fmt.Sprintf("The model put out %s.", what)}
}

// saveFiles copies files one after the other. first is the ordinal of the first. Where
// one fails, those before it go.
func (s *Service) saveFiles(ctx context.Context, rec Record, outs []provider.Output, role blob.Role, first int64) ([]blob.File, error) {
	if len(outs) > s.o.MaxFiles {
		return nil, &fileError{ID: fault.InferenceError,
			Message: fmt.Sprintf("The model put out %d files; at most %d are kept.", len(outs), s.o.MaxFiles)}
	}
	files := make([]blob.File, 0, len(outs))
	for i, out := range outs {
		f, err := s.saveFile(ctx, out, blob.New{
			Account: rec.Account, Prediction: rec.ID, Attempt: rec.Attempt, Ordinal: first + int64(i),
			Role: role, Name: nameOf(out), Type: out.Type, Limit: s.o.MaxFile,
		})
		if err != nil {
			s.discard(ctx, rec.Account, fileIDs(files))
			return nil, s.outputError(ctx, err)
		}
		files = append(files, f)
	}
	return files, nil
}

func (s *Service) saveFile(ctx context.Context, out provider.Output, n blob.New) (blob.File, error) {
	content, stated, err := s.openOutput(ctx, out)
	if err != nil {
		return blob.File{}, &broughtError{err}
	}
	defer content.Close() //nolint:errcheck // read to its end, or not wanted
	if n.Type == "" {
		n.Type = stated
	}
	source := &outputReader{Reader: content}
	f, err := s.o.Files.Put(ctx, n, source)
	if source.err != nil {
		return blob.File{}, &broughtError{source.err}
	}
	return f, err
}

// broughtError is a failure of where an output comes from, and not of where it goes.
type broughtError struct{ error }

func (e *broughtError) Unwrap() error { return e.error }

type outputReader struct {
	io.Reader
	err error
}

func (r *outputReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}

var errNoOutput = errors.New("an output without content")

// openOutput opens an output's content, and tells the type that its data URL states.
func (s *Service) openOutput(ctx context.Context, out provider.Output) (content io.ReadCloser, stated string, err error) {
	switch {
	case out.Open != nil:
		content, err = out.Open(ctx)
		if err == nil && content == nil {
			err = errNoOutput
		}
		return content, "", err
	case out.URL == "" && out.Data == nil:
		return nil, "", errNoOutput
	case out.URL == "":
		return io.NopCloser(bytes.NewReader(out.Data)), "", nil
	}
	if data, ok := parseDataURL(out.URL); ok {
		return io.NopCloser(data.open()), data.kind, nil
	}
	content, err = s.o.Fetch.Open(ctx, out.URL, s.o.MaxFile)
	return content, "", err
}

// nameOf is the name that an output brings along.
func nameOf(out provider.Output) string {
	if out.Name != "" || out.URL == "" {
		return out.Name
	}
	if u, err := url.Parse(out.URL); err == nil && u.Scheme != "data" && path.Base(u.Path) != "/" && path.Base(u.Path) != "." {
		return path.Base(u.Path)
	}
	return ""
}

// outputError says why an output could not be brought or kept, and whether to try again.
func (s *Service) outputError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var brought *broughtError
	var file *fileError
	switch {
	case errors.As(err, &file): // what guards said of its content
		return file
	case errors.Is(err, egress.ErrTooLarge), errors.Is(err, blob.ErrTooLarge):
		return &fileError{ID: fault.InferenceError, Err: err,
			Message: fmt.Sprintf("The model put out a file of more than %d bytes, which is the most that this server keeps.", s.o.MaxFile)}
	case errors.As(err, &brought):
		return sourceError(err)
	}
	return &fileError{ID: fault.ServiceUnavailable, Retry: true, Storage: true, Err: err,
		Message: "The model's output could not be stored: the server's storage is full or does not answer; try again later."}
}

// sourceError tells what can't change from what may pass.
func sourceError(err error) error {
	f := &fileError{ID: fault.InferenceError, Err: err, Message: "The model put out a file that could not be fetched."}
	var refused *egress.Refused
	var status *egress.StatusError
	switch {
	case errors.As(err, &refused):
		f.ID, f.Message = fault.SecurityViolation, "The model named, as its output, a file at an address that this server may not fetch from."
	case errors.As(err, &status):
		f.Retry = status.Status >= 500 || status.Status == 408 || status.Status == 429
	case errors.Is(err, errMalformed), errors.Is(err, errNoOutput):
		f.Message = "The model put out a file that could not be read."
	default:
		f.Retry = true
	}
	return f
}
