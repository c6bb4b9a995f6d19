package prediction

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"skytower/internal/blob"
	"skytower/internal/fault"
	"skytower/internal/rawjson"
	"skytower/internal/store"
)

const (
	// inlineInput is how long a data URL may be, as it stands in the input, to be kept in
	// the prediction's row. Longer ones become files.
	inlineInput = 64 << 10
	// maxInputFiles bounds how many files one input can become.
	maxInputFiles = 64
	// reference begins a string that stands for a file of the prediction's input. A caller
	// who writes one gets what he wrote: only ids of the prediction's own input files
	// count, and nobody knows those before it exists.
	reference = "skytower-file:"
)

// takeInput moves large data URLs of an input into files, which the caller keeps in the
// transaction that stores the prediction.
func (s *Service) takeInput(ctx context.Context, account, prediction string, input json.RawMessage) (stored json.RawMessage, files []string, err error) {
	large, err := largeDataURLs(input)
	if err != nil || len(large) == 0 {
		return input, nil, err
	}
	with := make([]rawjson.Replacement, 0, len(large))
	for i, d := range large {
		f, err := s.o.Files.Put(ctx, blob.New{
			Account: account, Prediction: prediction, Role: blob.Input, Ordinal: int64(i),
			Name: d.name, Type: d.data.kind, Limit: d.data.most(),
		}, d.data.open())
		if err != nil {
			s.discard(ctx, account, files)
			return nil, nil, inputFault(d.path, err)
		}
		files = append(files, f.ID)
		with = append(with, rawjson.Replacement{Span: d.at, Raw: rawjson.AppendQuote(nil, reference+f.ID)})
	}
	return rawjson.Splice(nil, input, with), files, nil
}

// inlineFile is a large data URL in an input.
type inlineFile struct {
	path, name string
	at         rawjson.Span
	data       dataURL
}

func largeDataURLs(input json.RawMessage) (found []inlineFile, err error) {
	whole := rawjson.WalkStrings(input, func(p *rawjson.Path, at rawjson.Span) bool {
		if at.End-at.Start <= inlineInput {
			return true
		}
		text, err := rawjson.Unquote(input[at.Start:at.End])
		if err != nil {
			return true // the schema's check has read it already
		}
		if data, ok := parseDataURL(text); ok {
			found = append(found, inlineFile{path: p.String(), name: p.Key(0), at: at, data: data})
		}
		return len(found) <= maxInputFiles
	})
	switch {
	case !whole:
		return nil, fault.New(fault.InvalidInput, "The input is nested too deeply.")
	case len(found) > maxInputFiles:
		return nil, fault.Newf(fault.InvalidInput, "The input holds more than %d large data URLs; upload the files, and send their links.", maxInputFiles)
	}
	return found, nil
}

// inputFault is why a data URL became no file.
func inputFault(path string, err error) error {
	if errors.Is(err, errMalformed) {
		return &fault.Error{ID: fault.InvalidInput, Param: path, Err: err,
			Message: fmt.Sprintf("The data URL in %s is not valid base64.", path)}
	}
	return fmt.Errorf("keep the data URL in %s: %w", path, err)
}

// discard dooms files that came to nothing. Where it fails, they are swept as orphans.
func (s *Service) discard(ctx context.Context, account string, files []string) {
	if err := s.drop(context.WithoutCancel(ctx), account, files); err != nil {
		s.o.Log.Debug("files that came to nothing are left to the sweep", "error", err)
	}
}

// showInput renders a stored input: references become links below base. files are the
// prediction's input files by id.
func (s *Service) showInput(input string, files map[string]blob.File, base string) json.RawMessage {
	doc := json.RawMessage(input)
	if len(files) == 0 {
		return doc
	}
	var with []rawjson.Replacement
	for _, ref := range references(doc) {
		if f, ok := files[ref.id]; ok {
			with = append(with, rawjson.Replacement{Span: ref.at, Raw: rawjson.AppendQuote(nil, s.o.Files.Link(base, f))})
		}
	}
	return rawjson.Splice(nil, doc, with)
}

// fileRef is a string that looks like a reference.
type fileRef struct {
	id string
	at rawjson.Span
}

func references(doc json.RawMessage) (refs []fileRef) {
	rawjson.WalkStrings(doc, func(_ *rawjson.Path, at rawjson.Span) bool {
		// We wrote it, without escapes.
		if id, ok := strings.CutPrefix(string(doc[at.Start+1:min(at.End-1, at.Start+maxReference)]), reference); ok {
			refs = append(refs, fileRef{id: id, at: at})
		}
		return true
	})
	return refs
}

// maxReference is longer than any reference: of longer strings the beginning will do.
const maxReference = 100

// ownInputs reads the prediction's input files, by id.
func (s *Service) ownInputs(ctx context.Context, rec Record) (map[string]blob.File, error) {
	if !strings.Contains(rec.Input, reference) {
		return nil, nil
	}
	var files map[string][]blob.File
	err := s.o.DB.Read(ctx, func(tx *store.Tx) (err error) {
		files, err = s.o.Files.Of(ctx, tx, []string{rec.ID}, blob.Input)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the input files of prediction %s: %w", rec.ID, err)
	}
	return inputFiles(files[rec.ID]), nil
}
