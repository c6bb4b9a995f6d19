package prediction

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"skytower/internal/fault"
	"skytower/internal/provider"
)

// maxMessage bounds an upstream's sentence.
const maxMessage = 2000

func goneModel(shown string) error {
	return fault.Newf(fault.ModelNotFound, "The model '%s' is no longer offered.", shown)
}

// ownFailure is what our own rooms say of a failure, with a sentence for the caller.
func ownFailure(err error) (f *fault.Error, ok bool) {
	var file *fileError
	if errors.As(err, &file) {
		return &fault.Error{ID: file.ID, Message: file.Message, Err: err}, true
	}
	ok = errors.As(err, &f)
	return f, ok
}

// explain says to the caller what it may know of a failure: an upstream's own sentence
// where the work itself failed, and never what stands behind a model.
func (r *run) explain(err error) (fault.ID, string) {
	if f, ok := ownFailure(err); ok {
		return f.ID, r.public(f.Message)
	}
	name := r.rec.Shown
	var up *provider.Error
	if !errors.As(err, &up) {
		return fault.InferenceError, fmt.Sprintf("The model '%s' failed.", name)
	}
	switch up.Class {
	case provider.Failed:
		return fault.PredictionFailed, r.orBland(up.Message, "The model '%s' failed.")
	case provider.Rejected:
		return fault.InvalidInput, r.orBland(up.Message, "The model '%s' refused the input.")
	case provider.Busy:
		return fault.ServiceUnavailable, fmt.Sprintf("The model '%s' is busy; try again later.", name)
	case provider.Unreachable, provider.Forbidden:
		return fault.ServiceUnavailable, fmt.Sprintf("The model '%s' cannot be reached at the moment.", name)
	case provider.Timeout:
		return fault.InferenceTimeout, fmt.Sprintf("The model '%s' did not answer in time.", name)
	case provider.Denied, provider.Unsupported:
		return fault.InferenceError, fmt.Sprintf("The model '%s' is not set up correctly; its operator has to look at it.", name)
	case provider.Ambiguous:
		return fault.InferenceError, fmt.Sprintf("The server was interrupted while it gave the work to the model '%s'. "+
			"Whether the model took it cannot be told, so it was not sent again: create a new prediction.", name)
	case provider.Gone:
		return fault.InferenceError, fmt.Sprintf("The model '%s' lost the work: create a new prediction.", name)
	}
	return fault.InferenceError, fmt.Sprintf("The model '%s' failed.", name)
}

func (r *run) late() string {
	limit := r.rec.Deadline.Sub(r.rec.Started).Round(time.Millisecond)
	return fmt.Sprintf("The model '%s' did not finish within %s.", r.rec.Shown, limit)
}

func (r *run) orBland(message, bland string) string {
	if message = r.screened(r.public(message)); message != "" {
		return message
	}
	return fmt.Sprintf(bland, r.rec.Shown)
}

// minName is how long an upstream's name of a model must be to be replaced in messages:
// a shorter one may be a part of any word.
const minName = 4

// public makes an upstream's sentence fit to be kept and shown.
func (r *run) public(message string) string {
	if _, name, _ := strings.Cut(r.marked().target, "/"); len(name) >= minName {
		message = strings.ReplaceAll(message, name, r.rec.Shown)
	}
	return cut(clean(strings.TrimSpace(message)), maxMessage)
}

// clean makes text that every database keeps: valid UTF-8 without NUL.
func clean(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}

// cut is the beginning of clean text, at most n bytes and an ellipsis.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n] + "…"
}

// tail is the end of clean text, at most n bytes, from the beginning of a line if it has
// several.
func tail(text string, n int) string {
	if len(text) <= n {
		return text
	}
	text = text[len(text)-n:]
	if _, rest, ok := strings.Cut(text, "\n"); ok && rest != "" {
		return rest
	}
	for text != "" && !utf8.RuneStart(text[0]) {
		text = text[1:]
	}
	return text
}
