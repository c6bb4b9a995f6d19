package inference

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"skytower/internal/catalog"
	"skytower/internal/egress"
	"skytower/internal/fault"
	"skytower/internal/rawjson"
)

// Bounds on what one request may make us fetch.
const (
	maxAddresses  = 16
	parallelFetch = 4
	maxFetched    = 20 << 20 // bytes of one content
	fetchTimeout  = 30 * time.Second
)

// address is a place in a request body that names something to fetch.
type address struct {
	path string
	url  string
	at   rawjson.Span
}

// prepareInputs keeps an upstream from fetching addresses that a caller wrote:
// one on a private network could be made to read what the caller must not (design,
// Egress). With proxy we fetch, under the foreign policy, and send the content.
func (s *Service) prepareInputs(ctx context.Context, req *Request, policy catalog.Policy) (*rawjson.Object, error) {
	if policy == catalog.FetchPass || req.API == Embeddings {
		return req.Body, nil
	}
	doc := req.Body.Bytes()
	if !mayHoldAddress(doc) {
		return req.Body, nil
	}
	found, err := addresses(doc, req.namesAddress())
	if err != nil || len(found) == 0 {
		return req.Body, err
	}
	if policy == catalog.FetchDeny {
		return nil, fault.Newf(fault.SecurityViolation, "The model does not take addresses (%s); send the content as a data URL.", found[0].path)
	}
	if len(found) > maxAddresses {
		return nil, fault.Newf(fault.InvalidRequest, "The request names %d addresses to fetch; at most %d are allowed.", len(found), maxAddresses)
	}
	contents, err := s.fetchAll(ctx, found)
	if err != nil {
		return nil, err
	}
	return rawjson.Scan(rawjson.Splice(nil, doc, contents), req.fields)
}

// addresses finds every string that an upstream might take for something to
// fetch: by its key, whatever the escaping or the case. Content that is already
// there (a data URL) is none.
func addresses(doc []byte, names func(*rawjson.Path) bool) ([]address, error) {
	var found []address
	var failed error
	whole := rawjson.WalkStrings(doc, func(p *rawjson.Path, at rawjson.Span) bool {
		if !names(p) {
			return true
		}
		text, err := rawjson.Unquote(doc[at.Start:at.End])
		if err != nil {
			failed = fault.Newf(fault.InvalidRequest, "The address in %s is not a valid string.", p)
			return false
		}
		if scheme, _, _ := strings.Cut(strings.TrimSpace(text), ":"); strings.EqualFold(scheme, "data") {
			return true
		}
		found = append(found, address{path: p.String(), url: strings.TrimSpace(text), at: at})
		return true
	})
	if failed == nil && !whole {
		failed = fault.New(fault.InvalidRequest, "The request body is nested too deeply.")
	}
	return found, failed
}

// namesAddress knows the keys under which the APIs carry addresses: `url`, and all
// that end in `_url` (image_url, video_url, file_url, server_url, …), in a list too.
// The caller's metadata is nobody's to fetch.
func namesAddress(p *rawjson.Path) bool {
	if p.Is(p.Len()-1, "metadata") {
		return false
	}
	up := 0
	for _, listed := p.Index(up); listed; _, listed = p.Index(up) {
		up++
	}
	key := strings.ToLower(p.Key(up))
	return key == "url" || strings.HasSuffix(key, "_url")
}

// namesAddress is the function of that name for the API of the request.
func (r *Request) namesAddress() func(*rawjson.Path) bool {
	if r.API == Messages {
		return namesMessagesAddress
	}
	return namesAddress
}

// namesMessagesAddress is namesAddress for the Messages API, which has a tool's arguments and
// schema, and what a text quotes, as JSON and not as text: their addresses are words to the
// model, and no upstream fetches them.
func namesMessagesAddress(p *rawjson.Path) bool {
	for up := range p.Len() {
		for _, name := range [...]string{"input", "input_schema", "input_examples", "citations"} {
			if up > 0 && p.Is(up, name) {
				return false
			}
		}
	}
	return namesAddress(p)
}

// fetchAll brings every address and gives what to put in its place.
func (s *Service) fetchAll(ctx context.Context, found []address) ([]rawjson.Replacement, error) {
	out := make([]rawjson.Replacement, len(found))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallelFetch)
	for i, a := range found {
		group.Go(func() error {
			content, err := s.fetchOne(ctx, a)
			out[i] = rawjson.Replacement{Span: a.at, Raw: content}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return out, nil
}

func (s *Service) fetchOne(ctx context.Context, a address) ([]byte, error) {
	fetched, err := s.Inputs.Fetch(ctx, a.url, egress.FetchLimits{
		MaxBytes: maxFetched, Timeout: fetchTimeout, Types: []string{"image/", "audio/", "video/", "application/pdf", "application/ogg"},
	})
	if err != nil {
		return nil, addressFault(a, err)
	}
	kind, _, _ := strings.Cut(fetched.ContentType, ";")
	var data strings.Builder
	data.WriteString("data:" + kind + ";base64,")
	enc := base64.NewEncoder(base64.StdEncoding, &data)
	_, _ = enc.Write(fetched.Body)
	_ = enc.Close()
	return rawjson.AppendQuote(nil, data.String()), nil
}

func addressFault(a address, err error) error {
	var refused *egress.Refused
	if errors.As(err, &refused) {
		return &fault.Error{
			ID: fault.SecurityViolation, Param: a.path, Err: err,
			Message: fmt.Sprintf("The address in %s may not be reached from here; send the content as a data URL.", a.path),
		}
	}
	why := "could not be fetched"
	switch {
	case errors.Is(err, egress.ErrTooLarge):
		why = fmt.Sprintf("leads to more than %d MiB", maxFetched>>20)
	case errors.Is(err, egress.ErrContentType):
		why = "leads to something that is neither an image, audio, video nor a PDF"
	}
	return &fault.Error{
		ID: fault.InvalidParameter, Param: a.path, Err: err,
		Message: fmt.Sprintf("The address in %s %s; check it, or send the content as a data URL.", a.path, why),
	}
}
