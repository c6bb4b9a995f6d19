package prediction

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"skytower/internal/blob"
	"skytower/internal/catalog"
	"skytower/internal/fault"
	"skytower/internal/provider"
	"skytower/internal/rawjson"
)

// headOfFile is how much of a file tells whether it is a text, in bytes.
const headOfFile = 1 << 10

// screen is the look of a model's guards at what one run puts out; nil: none looks.
func (s *Service) screen(model *catalog.Model) Screen {
	if s.o.Screen == nil {
		return nil
	}
	return s.o.Screen(model)
}

// isWithheld reports whether an error says that guards let nothing of the output pass.
func isWithheld(err error) bool {
	f, ok := ownFailure(err)
	return ok && f.ID == fault.ContentPolicyViolation
}

// withheld is the end of a run whose output guards block. It made something, and owes
// nothing: it failed.
func (r *run) withheld(cause error) ending {
	id, message := r.explain(cause)
	e := failed(id, message)
	e.held = true
	return e
}

// take moves what the run has told to the batch, so far as guards let it go. The outputs
// are for the caller to copy.
func (r *run) take(ctx context.Context, end bool) (outputs []provider.Output, err error) {
	told := r.news.take()
	if r.screen != nil {
		told.Logs = r.screen.Logs(ctx, told.Logs, end)
		if told.Text, err = r.screen.Text(ctx, told.Text, end); err != nil {
			told.Text, told.Output = "", nil
		}
	}
	r.news.batch.add(told.Logs, told.Text)
	return told.Output, err
}

// takeLast is take for what no write took before the end. Of a run that was cancelled, no
// moderation model is asked any more.
func (r *run) takeLast(e ending) {
	ctx := r.ctx
	if e.status != Cancelled {
		own, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
		defer cancel()
		ctx = own
	}
	_, _ = r.take(ctx, true) // what is blocked here is not told: the whole output has passed, or did not
	if b := &r.news.batch; e.held {
		r.s.discard(context.WithoutCancel(ctx), r.rec.Account, fileIDs(b.files))
		b.text, b.files = "", nil
	}
}

// saveScreened copies the outputs, so far as guards let them pass.
func (r *run) saveScreened(ctx context.Context, result *provider.Result) (files []blob.File, output string, err error) {
	if r.screen != nil && result != nil {
		if result, err = r.screenResult(ctx, result); err != nil {
			return nil, "", err
		}
	}
	files, output, err = r.s.saveOutputs(ctx, r.rec, result)
	if r.screen == nil {
		r.put = len(output)
	}
	return files, output, err
}

// screenResult shows a result to the guards. Files they see when they are copied.
func (r *run) screenResult(ctx context.Context, result *provider.Result) (*provider.Result, error) {
	var doc []byte
	switch {
	case len(result.Files) > 0:
		own := *result
		own.Files = r.screenFiles(result.Files)
		return &own, nil
	case result.Text != nil:
		doc = rawjson.AppendQuote(nil, clean(*result.Text))
	case rawjson.Valid(result.JSON):
		doc = rawjson.Compact(nil, result.JSON)
	default:
		return result, nil // refused as it is
	}
	whole, err := boundedOutput(doc)
	if err != nil {
		return nil, err
	}
	r.put = len(whole)
	passed, err := r.pass(ctx, []byte(whole))
	if err != nil {
		return nil, err
	}
	return &provider.Result{JSON: passed, Took: result.Took}, nil
}

// pass is Screen.Output with an error that says whether to try again: where a guard can't
// judge now, it may soon.
func (r *run) pass(ctx context.Context, doc []byte) ([]byte, error) {
	passed, err := r.screen.Output(ctx, doc)
	if f, ok := ownFailure(err); ok {
		return nil, &fileError{ID: f.ID, Message: f.Message, Retry: f.ID == fault.ServiceUnavailable, Err: err}
	}
	return passed, err
}

// screenFiles are the same files, of which those that are texts are read through the
// guards.
func (r *run) screenFiles(outs []provider.Output) []provider.Output {
	if r.screen == nil {
		return outs
	}
	screened := make([]provider.Output, len(outs))
	for i, out := range outs {
		own := out
		own.URL, own.Data, own.Name = "", nil, nameOf(out)
		if data, ok := parseDataURL(out.URL); ok && own.Type == "" {
			own.Type = data.kind
		}
		own.Open = func(ctx context.Context) (io.ReadCloser, error) {
			content, _, err := r.s.openOutput(ctx, out)
			if err != nil {
				return nil, err
			}
			return r.screenFile(ctx, content)
		}
		screened[i] = own
	}
	return screened
}

// screenFile is a file's content, or what may pass of it where it is a text. It closes
// content, or the reader that it gives does.
func (r *run) screenFile(ctx context.Context, content io.ReadCloser) (io.ReadCloser, error) {
	head, err := io.ReadAll(io.LimitReader(content, headOfFile))
	if err == nil && !strings.HasPrefix(blob.TypeOf(head, ""), "text/") {
		return &unread{io.MultiReader(bytes.NewReader(head), content), content}, nil
	}
	defer content.Close() //nolint:errcheck // read to its end, or not wanted
	if err != nil {
		return nil, err
	}
	rest, err := io.ReadAll(io.LimitReader(content, maxOutput-headOfFile+1))
	if err != nil {
		return nil, err
	}
	text := append(head, rest...)
	if len(text) > maxOutput {
		return nil, &fileError{ID: fault.InferenceError,
			Message: fmt.Sprintf("The model put out a text file of more than %d MiB, which is the most that its guards look at.", maxOutput>>20)}
	}
	passed, err := r.screenText(ctx, text)
	return io.NopCloser(bytes.NewReader(passed)), err
}

// screenText is what may pass of a text file: itself where nothing is changed.
func (r *run) screenText(ctx context.Context, text []byte) ([]byte, error) {
	doc := rawjson.AppendQuote(nil, strings.ToValidUTF8(string(text), "\uFFFD"))
	passed, err := r.pass(ctx, doc)
	if err != nil || bytes.Equal(passed, doc) {
		return text, err
	}
	return rawjson.AppendUnquoted(nil, passed)
}

// screened is what may be told of an upstream's sentence.
func (r *run) screened(sentence string) string {
	if r.screen == nil || sentence == "" {
		return sentence
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.ctx), settleTimeout)
	defer cancel()
	return r.screen.Sentence(ctx, sentence)
}

// unread is content whose beginning was read already.
type unread struct {
	io.Reader
	io.Closer
}
