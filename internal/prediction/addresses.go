package prediction

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"skytower/internal/blob"
	"skytower/internal/catalog"
	"skytower/internal/egress"
	"skytower/internal/fault"
	"skytower/internal/rawjson"
)

// Bounds on what one input may make us bring.
const (
	maxAddresses  = 16
	maxSources    = maxInputFiles + maxAddresses
	parallelFetch = 4
	maxFetched    = 50 << 20  // bytes of one content
	maxFetchedAll = 100 << 20 // bytes of all of them, which stand in memory at once
	fetchTime     = 2 * time.Minute
)

// inputFor is the input as a target's policy wants it. Files of ours become data URLs
// whatever the policy: an upstream need not reach this server, and a signed link is good
// for whoever has it. Other addresses are left alone (pass), fetched under the foreign
// policy and sent as data URLs (proxy), or refused (deny).
//
// Errors are a *fault.Error for the caller, a *fileError, or the context's.
func (s *Service) inputFor(ctx context.Context, rec Record, policy catalog.Policy) (json.RawMessage, error) {
	own, err := s.ownInputs(ctx, rec)
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, storageAway(err)
	}
	doc := json.RawMessage(rec.Input)
	found, err := s.findSources(ctx, rec, own, policy)
	if err != nil || len(found) == 0 {
		return doc, err
	}
	contents, err := s.bringAll(ctx, found)
	if err != nil {
		return nil, err
	}
	return rawjson.Splice(nil, doc, contents), nil
}

// source is a string in an input that stands for content.
type source struct {
	path string
	at   rawjson.Span
	file *blob.File // ours, or
	url  string     // to be fetched
}

// findSources finds what is to be brought, and refuses what must not be.
func (s *Service) findSources(ctx context.Context, rec Record, own map[string]blob.File, policy catalog.Policy) ([]source, error) {
	doc := json.RawMessage(rec.Input)
	prose := s.proseFields(rec)
	var found []source
	var failed error
	fetches := 0
	whole := rawjson.WalkStrings(doc, func(p *rawjson.Path, at rawjson.Span) bool {
		text, err := shortText(doc[at.Start:at.End])
		if err != nil {
			failed = fault.Newf(fault.InvalidInput, "The string in %s is not valid.", p)
			return false
		}
		if f, ok := s.ownFile(ctx, text, own); ok {
			found = append(found, source{path: p.String(), at: at, file: &f})
			return len(found) <= maxSources
		}
		if policy == catalog.FetchPass || prose[p.Key(0)] && p.Len() == 1 {
			return true
		}
		switch scheme := schemeOf(text); {
		case scheme == "":
			return true
		case scheme != "http" && scheme != "https", policy != catalog.FetchProxy:
			failed = refusedInput(p.String(), scheme)
			return false
		case at.End-at.Start > maxAddress:
			failed = fault.Newf(fault.InvalidInput, "The address in %s is too long.", p)
			return false
		}
		fetches++
		found = append(found, source{path: p.String(), at: at, url: trimAddress(text)})
		return len(found) <= maxSources
	})
	switch {
	case failed != nil:
		return nil, failed
	case !whole:
		return nil, fault.New(fault.InvalidInput, "The input is nested too deeply.")
	case len(found) > maxSources:
		return nil, fault.Newf(fault.InvalidInput, "The input names more than %d files.", maxSources)
	case fetches > maxAddresses:
		return nil, fault.Newf(fault.InvalidInput, "The input names %d addresses to fetch; at most %d are allowed.", fetches, maxAddresses)
	}
	return found, nil
}

// maxAddress is longer than any address that anybody serves.
const maxAddress = 16 << 10

// shortText decodes a string that may be an address. Of one that is too long for that,
// the beginning is enough to see whether it begins like one.
func shortText(quoted []byte) (string, error) {
	if len(quoted) > maxAddress && bytes.IndexByte(quoted[:maxAddress], '\\') < 0 {
		return string(quoted[1:maxAddress]), nil
	}
	return rawjson.Unquote(quoted)
}

// ownFile finds the file of ours that a string stands for: one of the prediction's input,
// or whatever one of our signed links leads to.
func (s *Service) ownFile(ctx context.Context, text string, own map[string]blob.File) (f blob.File, ok bool) {
	if id, is := strings.CutPrefix(text, reference); is {
		f, ok = own[id]
		return f, ok
	}
	if schemeOf(text) == "" {
		return blob.File{}, false
	}
	return s.o.Files.ByLink(ctx, trimAddress(text))
}

// trimAddress cuts what readers of addresses cut: white space and control characters.
func trimAddress(text string) string {
	return strings.TrimFunc(text, func(r rune) bool {
		return r <= ' ' || r == 0x7f || r == 0xa0 || r == 0xfeff || r == 0x2028 || r == 0x2029
	})
}

// schemeOf returns the scheme of a string that some reader might take for an address to
// fetch, in lower case, else "".
//
// The rule is broad on purpose. Which fields an upstream fetches, only the upstream
// knows; a schema says `format: uri` for some of them, and many a model reads any string
// that begins with http:// as a file. So every string that is as a whole an address
// counts, wherever it stands, however it is escaped, and whatever follows the host; the
// exception is a field of the top level that the schema describes as plain text and
// that has a name of prose (proseFields). A sentence that merely begins with an address
// whose host is followed by a blank is none: no reader finds a host there. Schemes other
// than http and https (file:, s3:, ftp:) are what a model's own machine could be made to
// read by: they count too, and are refused. Data URLs bring their content along.
func schemeOf(text string) string {
	text = trimAddress(text)
	i := strings.IndexByte(text, ':')
	if i < 1 || i > maxScheme {
		return ""
	}
	scheme := strings.ToLower(stripControls(text[:i]))
	for n, c := range scheme {
		if (c < 'a' || c > 'z') && (n == 0 || (c < '0' || c > '9') && !strings.ContainsRune("+-.", c)) {
			return ""
		}
	}
	rest := strings.TrimLeft(stripControls(text[i+1:]), "/\\")
	web := scheme == "http" || scheme == "https"
	slashes := strings.HasPrefix(stripControls(text[i+1:]), "//")
	switch {
	case scheme == "data", !web && scheme != "file" && !slashes:
		return "" // "Answer: yes", "12:30"
	case web && strings.ContainsAny(authority(rest), " \u00a0"), rest == "":
		return ""
	}
	return scheme
}

const maxScheme = 30

// stripControls removes what browsers and their like remove from within an address.
func stripControls(text string) string {
	return strings.NewReplacer("\t", "", "\r", "", "\n", "").Replace(text)
}

func authority(rest string) string {
	if i := strings.IndexAny(rest, "/\\?#"); i >= 0 {
		return rest[:i]
	}
	return rest
}

func refusedInput(path, scheme string) error {
	message := fmt.Sprintf("The model does not take addresses (%s); send the content as a data URL, or upload the file and send its link.", path)
	if scheme != "http" && scheme != "https" {
		message = fmt.Sprintf("The address in %s is of the kind %s:, which nothing is fetched from; send the content as a data URL.", path, scheme)
	}
	return &fault.Error{ID: fault.SecurityViolation, Param: path, Message: message}
}

// proseFields are the fields of the top level that hold text and not addresses: those
// that the model's schema describes as a string without a format, and nothing else, and
// whose name says so too. Both must say it: an imported schema often says no more than
// string for a picture.
func (s *Service) proseFields(rec Record) map[string]bool {
	model, err := s.o.Catalog.BySlug(rec.Model)
	if err != nil || model == nil {
		return nil // gone meanwhile: then every address counts
	}
	var schema struct {
		Properties map[string]map[string]json.RawMessage `json:"properties"`
	}
	if json.Unmarshal(model.InputSchema, &schema) != nil {
		return nil
	}
	prose := map[string]bool{}
	for name, field := range schema.Properties {
		prose[name] = plainString(field) && proseName(name)
	}
	return prose
}

func plainString(field map[string]json.RawMessage) bool {
	for keyword := range field {
		switch keyword {
		case "format", "$ref", "allOf", "anyOf", "oneOf", "not", "if", "contentMediaType", "contentEncoding", "contentSchema":
			return false
		}
	}
	return string(field["type"]) == `"string"`
}

func proseName(name string) bool {
	name = strings.ToLower(name)
	for _, word := range []string{"prompt", "text", "query", "question", "instruction", "instructions", "message", "caption", "lyrics"} {
		if name == word || strings.HasSuffix(name, "_"+word) {
			return true
		}
	}
	return false
}

// bringAll reads and fetches all contents and gives what to put in their places.
func (s *Service) bringAll(ctx context.Context, found []source) ([]rawjson.Replacement, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, fetchTime, errSlowInput)
	defer cancel()
	out := make([]rawjson.Replacement, len(found))
	var left atomic.Int64
	left.Store(maxFetchedAll)
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(parallelFetch)
	for i, src := range found {
		group.Go(func() error {
			kind, content, err := s.bring(within, src, &left)
			if err != nil {
				return sourceFault(ctx, src, err)
			}
			out[i] = rawjson.Replacement{Span: src.at, Raw: quoteData(kind, content)}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return out, nil
}

var errSlowInput = errors.New("the addresses of the input took too long")

// bring reads one content. Its type is found in it.
func (s *Service) bring(ctx context.Context, src source, left *atomic.Int64) (kind string, content []byte, err error) {
	r, err := s.openSource(ctx, src)
	if err != nil {
		return "", nil, err
	}
	defer r.Close() //nolint:errcheck // read to its end, or not wanted
	content, err = io.ReadAll(io.LimitReader(&counted{r, left}, maxFetched+1))
	if err != nil {
		return "", nil, err
	}
	if len(content) > maxFetched {
		return "", nil, egress.ErrTooLarge
	}
	if src.file != nil {
		return src.file.Type, content, nil
	}
	return blob.TypeOf(content, ""), content, nil
}

func (s *Service) openSource(ctx context.Context, src source) (io.ReadCloser, error) {
	if src.file == nil {
		return s.o.Fetch.Open(ctx, src.url, maxFetched)
	}
	if src.file.Size > maxFetched {
		return nil, egress.ErrTooLarge
	}
	return s.o.Files.Content(ctx, *src.file)
}

// counted takes what is read from a common allowance.
type counted struct {
	io.Reader
	left *atomic.Int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	if c.left.Add(-int64(n)) < 0 {
		return 0, errTooMuch
	}
	return n, err
}

var errTooMuch = errors.New("the input's files are too large together")

// sourceFault says why an input's content could not be had.
func sourceFault(ctx context.Context, src source, err error) error {
	if ctx.Err() != nil && !errors.Is(context.Cause(ctx), errSlowInput) {
		return context.Cause(ctx) // the run ends, or goes on elsewhere
	}
	var refused *egress.Refused
	var status *egress.StatusError
	f := &fault.Error{ID: fault.InvalidInput, Param: src.path, Err: err}
	why := "could not be fetched"
	switch {
	case errors.As(err, &refused):
		f.ID = fault.SecurityViolation
		f.Message = fmt.Sprintf("The address in %s may not be reached from here; send the content as a data URL.", src.path)
		return f
	case errors.Is(err, egress.ErrTooLarge):
		why = fmt.Sprintf("leads to more than %d MiB", maxFetched>>20)
	case errors.Is(err, errTooMuch):
		why = fmt.Sprintf("leads, with the others, to more than %d MiB", maxFetchedAll>>20)
	case errors.As(err, &status):
		why = fmt.Sprintf("answers with status %d", status.Status)
	case errors.Is(err, blob.ErrNotFound):
		why = "leads to a file that is gone"
	case src.file != nil:
		return storageAway(err)
	}
	f.Message = fmt.Sprintf("The address in %s %s; check it, or send the content as a data URL.", src.path, why)
	return f
}

// storageAway is a failure of our own rooms while an input was made ready.
func storageAway(err error) error {
	return &fileError{ID: fault.ServiceUnavailable, Retry: true, Err: err,
		Message: "A file of the input could not be read from the server's storage; try again later."}
}
