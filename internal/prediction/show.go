package prediction

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"skytower/internal/blob"
	"skytower/internal/fault"
	"skytower/internal/money"
	"skytower/internal/skytells"
	"skytower/internal/store"
)

// Show renders records as the contract's objects (6.2), with links below base.
func (s *Service) Show(ctx context.Context, records []Record, base string) (out []skytells.Prediction, err error) {
	if len(withFiles(records)) == 0 {
		return s.renderAll(records, nil, base), nil // a create answers without a read
	}
	err = s.o.DB.Read(ctx, func(tx *store.Tx) error {
		out, err = s.show(ctx, tx, records, base)
		return err
	})
	return out, err
}

// show is Show within a transaction. Webhooks say `cancelled` whatever route created
// the prediction (contract 15.1): for them, pass records whose Spelling says so.
func (s *Service) show(ctx context.Context, tx *store.Tx, records []Record, base string) ([]skytells.Prediction, error) {
	files, err := s.filesOf(ctx, tx, records)
	if err != nil {
		return nil, err
	}
	return s.renderAll(records, files, base), nil
}

func (s *Service) renderAll(records []Record, files map[string][]blob.File, base string) []skytells.Prediction {
	out := make([]skytells.Prediction, len(records))
	for i, rec := range records {
		out[i] = s.render(rec, files[rec.ID], base)
	}
	return out
}

// filesOf reads the files of all the records in one query.
func (s *Service) filesOf(ctx context.Context, tx *store.Tx, records []Record) (map[string][]blob.File, error) {
	ids := withFiles(records)
	if len(ids) == 0 {
		return nil, nil
	}
	files, err := s.o.Files.Of(ctx, tx, ids, blob.Input, blob.Output, blob.Partial)
	if err != nil {
		return nil, fmt.Errorf("read the files of predictions: %w", err)
	}
	return files, nil
}

// withFiles are the ids of the records that may have files: not those that wait with
// an input that refers to none.
func withFiles(records []Record) []string {
	var ids []string
	for _, rec := range records {
		if !rec.Removed && (rec.Status != Pending || strings.Contains(rec.Input, "skytower-file:")) {
			ids = append(ids, rec.ID)
		}
	}
	return ids
}

// render is one record as the contract shows it. files are all that belong to it.
func (s *Service) render(rec Record, files []blob.File, base string) skytells.Prediction {
	if s.gone(rec) {
		rec.Input, rec.Output, rec.Logs, rec.Removed, files = "{}", "null", "", true, nil
	}
	filesBase := cmp.Or(s.o.FilesURL, base)
	shown := s.links(outputFiles(rec, files), filesBase)
	p := skytells.Prediction{
		ID: rec.ID, Status: word(rec), Type: "inference", Stream: rec.Stream,
		Input: s.showInput(rec.Input, inputFiles(files), filesBase), Output: output(rec, shown),
		CreatedAt: stamp(rec.Created), StartedAt: moment(rec.Started), CompletedAt: moment(rec.Completed), UpdatedAt: stamp(rec.Updated),
		Privacy: "private", Source: rec.Source, Logs: rec.Logs, DataRemoved: rec.Removed,
		Model:   skytells.PredictionModel{Name: rec.Shown, Type: rec.Type},
		Webhook: subscription(rec), Metrics: metrics(rec, shown), URLs: addresses(rec.ID, base),
		Metadata: skytells.PredictionMetadata{
			Storage:       skytells.PredictionStorage{Files: shown},
			DataAvailable: rec.Status == Succeeded && !rec.Removed,
			Billing:       skytells.PredictionBilling{CreditsUsed: credits(rec.Amount)},
		},
	}
	if rec.Status == Failed {
		explain(&p, rec)
	}
	return p
}

// gone reports whether the data has been removed, or is about to be by the next purge:
// its links have ended.
func (s *Service) gone(rec Record) bool {
	return rec.Removed || !rec.PurgeAt.IsZero() && !rec.PurgeAt.After(s.o.Now())
}

// word is the status in the vocabulary of the route that created the prediction.
func word(rec Record) string {
	if rec.Status == Cancelled && rec.Spelling == skytells.StatusCanceled {
		return skytells.StatusCanceled
	}
	return string(rec.Status)
}

// statusWords are the words that stand for a state in `?status=`: both vocabularies of
// contract 15.1.
func statusWords() map[string]Status {
	return map[string]Status{
		"pending": Pending, "queued": Pending, "starting": Starting, "started": Starting, "processing": Processing,
		"succeeded": Succeeded, "failed": Failed, "cancelled": Cancelled, "canceled": Cancelled,
	}
}

// ParseStatus reads a status word of either vocabulary.
func ParseStatus(text string) (Status, bool) {
	status, ok := statusWords()[strings.ToLower(text)]
	return status, ok
}

// explain fills what stands on failed predictions alone: `error` for the command line
// and the documentation, `response` for the TypeScript SDK (contract 1.15).
func explain(p *skytells.Prediction, rec Record) {
	sentence, id := rec.Error, rec.ErrorID
	if sentence == "" {
		sentence = "The prediction failed."
	}
	if id == "" {
		id = string(fault.PredictionFailed)
	}
	p.Error, p.Response, p.ErrorMessage, p.ErrorID = &sentence, &sentence, sentence, id
}

func stamp(t time.Time) skytells.Timestamp { return skytells.Timestamp{Time: t} }

func moment(t time.Time) *skytells.Timestamp {
	if t.IsZero() {
		return nil
	}
	return &skytells.Timestamp{Time: t}
}

func subscription(rec Record) skytells.PredictionWebhook {
	w := skytells.PredictionWebhook{Events: rec.WebhookEvents}
	if rec.WebhookURL != "" {
		w.URL = &rec.WebhookURL
	}
	if w.Events == nil {
		w.Events = []string{}
	}
	return w
}

// addresses are where clients go on, with their keys (contract 1.12).
func addresses(id, base string) skytells.PredictionURLs {
	get := base + "/v1/predictions/" + id
	return skytells.PredictionURLs{Get: get, Cancel: get + "/cancel", Stream: get + "/stream", Delete: get + "/delete"}
}

// outputFiles are what the model made: the outputs of an ended prediction, the partial
// ones of one that runs.
func outputFiles(rec Record, files []blob.File) []blob.File {
	wanted := blob.Output
	if !rec.Status.Terminal() {
		wanted = blob.Partial
	}
	var out []blob.File
	for _, f := range files {
		if f.Role == wanted {
			out = append(out, f)
		}
	}
	return out
}

func inputFiles(files []blob.File) map[string]blob.File {
	var out map[string]blob.File
	for _, f := range files {
		if f.Role != blob.Input {
			continue
		}
		if out == nil {
			out = map[string]blob.File{}
		}
		out[f.ID] = f
	}
	return out
}

// links describes files. Their names differ, which package blob sees to: the command line
// saves each under the last segment of its link (contract 1.22).
func (s *Service) links(files []blob.File, base string) []skytells.PredictionFile {
	out := []skytells.PredictionFile{}
	for _, f := range files {
		out = append(out, skytells.PredictionFile{Name: f.Name, Type: f.Type, Size: f.Size, URL: s.o.Files.Link(base, f)})
	}
	return out
}

// output is null, an array of links, or a text. A text is also what an output is shown
// as that is none of these: closed decoders know no other kind (contract 6.2).
func output(rec Record, files []skytells.PredictionFile) json.RawMessage {
	if len(files) > 0 {
		links := make([]string, len(files))
		for i, f := range files {
			links[i] = f.URL
		}
		return marshal(links)
	}
	var list []string
	var text string
	switch raw := []byte(rec.Output); {
	case rec.Output == "" || rec.Output == "null":
		return json.RawMessage("null")
	case json.Unmarshal(raw, &text) == nil || json.Unmarshal(raw, &list) == nil:
		return json.RawMessage(rec.Output)
	}
	return marshal(rec.Output)
}

// marshal encodes texts and lists of them, which can't fail.
func marshal(v any) json.RawMessage {
	raw, err := json.Marshal(v)
	if err != nil {
		return json.RawMessage("null")
	}
	return raw
}

// metrics are what is known: progress while it runs, times and counts at its end.
func metrics(rec Record, files []skytells.PredictionFile) skytells.PredictionMetrics {
	var m skytells.PredictionMetrics
	if !rec.Status.Terminal() {
		if rec.Status != Pending && rec.Progress >= 0 {
			m.Progress = &rec.Progress
		}
		return m
	}
	if rec.PredictTime >= 0 && !rec.Started.IsZero() {
		m.PredictTime = seconds(rec.PredictTime)
	}
	if !rec.Completed.IsZero() {
		m.TotalTime = seconds(rec.Completed.Sub(rec.Created))
	}
	if len(files) > 0 {
		assets, images := len(files), 0
		for _, f := range files {
			if strings.HasPrefix(f.Type, "image/") {
				images++
			}
		}
		m.AssetCount = &assets
		if images > 0 {
			m.ImageCount = &images
		}
	}
	return m
}

// credits is an amount as the wire has it, and nothing else: a number of dollars.
func credits(amount money.Nanos) float64 {
	n, err := strconv.ParseFloat(amount.String(), 64)
	if err != nil { // an amount is always a number
		return 0
	}
	return n
}

func seconds(d time.Duration) *float64 {
	s := d.Seconds()
	return &s
}
