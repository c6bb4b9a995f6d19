package media

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"skytower/internal/api"
	"skytower/internal/fault"
	"skytower/internal/httpx"
	"skytower/internal/prediction"
	"skytower/internal/skytells"
)

// events is an answer that is a stream.
type events struct {
	*httpx.SSE
	w *work
}

// events begins a stream. End it in every case.
func (w *work) events() *events {
	w.admit()
	return &events{SSE: w.c.SSE(w.h.KeepAlive), w: w}
}

// send sends one event, whose name is also in its data.
func (e *events) send(name string, data any) error {
	body, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("encode an event: %w", err)
	}
	if err := e.Event(name, body); err != nil {
		return err
	}
	return e.Flush()
}

// end ends the stream with what became of it. An error is told in band once the stream
// has begun. Closed first: no comment may open the stream between the question and the
// answer to it.
func (e *events) end(err error) error {
	e.Close()
	switch {
	case err == nil:
		return nil
	case !e.Begun():
		e.w.withdraw()
		return err
	case errors.Is(err, context.Canceled):
		return err
	}
	body, failed := json.Marshal(api.InferenceEnvelope(fault.From(err), e.w.c.Record.ID))
	if failed == nil && e.Event("error", body) == nil && e.Flush() == nil {
		e.InBand()
	}
	return err
}

// news hears what a prediction tells before its end. Either may be nil.
type news struct {
	text  func(piece string) error
	files func([]skytells.PredictionFile) error
}

// follow tells the news of one prediction, and returns it when it has ended well.
func (w *work) follow(ctx context.Context, rec prediction.Record, n news) (prediction.Record, error) {
	if err := w.hear(ctx, rec.ID, n); err != nil {
		return rec, err
	}
	rec, err := w.h.Predictions.Wait(ctx, w.who.Account, rec.ID)
	switch {
	case err != nil:
		return rec, asInference(err)
	case !rec.Status.Terminal():
		return rec, w.left(ctx)
	case rec.Status != prediction.Succeeded:
		return rec, failure(rec.Status, rec.ErrorID, rec.Error)
	}
	return rec, nil
}

func (w *work) hear(ctx context.Context, id string, n news) error {
	stream, err := w.h.Predictions.Events(ctx, w.who.Account, id, 0, w.base)
	if err != nil {
		return asInference(err)
	}
	defer stream.Close()
	for {
		batch, err := stream.Next(ctx)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil && ctx.Err() != nil:
			return w.left(ctx)
		case err != nil:
			return asInference(err)
		}
		for _, e := range batch {
			if err := n.tell(e); err != nil {
				return err
			}
		}
	}
}

// tell tells one event, where it is about the output.
func (n news) tell(e prediction.Event) error {
	if e.Name != "output" {
		return nil
	}
	var p skytells.Prediction
	if err := json.Unmarshal(e.Data, &p); err != nil {
		return fmt.Errorf("read an event of a prediction: %w", err)
	}
	var text string
	if n.text != nil && json.Unmarshal(p.Output, &text) == nil && text != "" {
		return n.text(text)
	}
	if files := p.Metadata.Storage.Files; n.files != nil && len(files) > 0 {
		return n.files(files)
	}
	return nil
}

// PictureEvent is one event of a stream of pictures.
type PictureEvent struct {
	Type         string `json:"type"`
	B64JSON      string `json:"b64_json,omitempty" doc:"The picture, in base64."`
	URL          string `json:"url,omitempty" doc:"Its signed link, where response_format is url."`
	Partial      *int   `json:"partial_image_index,omitempty" doc:"Of a partial picture: its number, from 0."`
	CreatedAt    int64  `json:"created_at" doc:"Unix seconds."`
	Size         string `json:"size" doc:"As it was asked for, else auto."`
	Quality      string `json:"quality" doc:"As it was asked for, else auto."`
	Background   string `json:"background" doc:"As it was asked for, else auto."`
	OutputFormat string `json:"output_format" doc:"png, jpeg or webp."`

	Usage *PictureUsage `json:"usage,omitempty" doc:"Of the last picture of a prediction: what the upstream counted of all of them, where it does."`
}

// follow streams pictures as they come: those of one prediction after those of the other.
func (p *picturing) follow() error {
	ctx, stop := p.held()
	defer stop()
	out := p.events()
	for _, rec := range p.recs {
		if err := p.followOne(ctx, out, rec); err != nil {
			p.broke(err)
			return out.end(err)
		}
	}
	return out.end(nil)
}

func (p *picturing) followOne(ctx context.Context, out *events, rec prediction.Record) error {
	partial := 0
	rec, err := p.work.follow(ctx, rec, news{files: func(files []skytells.PredictionFile) error {
		for _, f := range files {
			if partial >= p.partials {
				return nil
			}
			e := PictureEvent{Type: "partial_image", Partial: new(int)}
			*e.Partial = partial
			partial++
			if err := p.tell(out, rec, f, e); err != nil {
				return err
			}
		}
		return nil
	}})
	if err != nil {
		return err
	}
	files, err := p.pictures([]prediction.Record{rec})
	if err != nil {
		return err
	}
	usage, err := p.pictureUsage(ctx, []prediction.Record{rec})
	if err != nil {
		return err
	}
	for i, f := range files {
		e := PictureEvent{Type: "completed"}
		if i == len(files)-1 {
			e.Usage = usage
		}
		if err := p.tell(out, rec, f, e); err != nil {
			return err
		}
	}
	return nil
}

// tell sends one picture: e says what is special about it.
func (p *picturing) tell(out *events, rec prediction.Record, f skytells.PredictionFile, e PictureEvent) error {
	route := "image_generation."
	if p.edit {
		route = "image_edit."
	}
	e.Type, e.CreatedAt = route+e.Type, rec.Created.Unix()
	e.Size, e.Quality, e.Background, e.OutputFormat = orAuto(p.asked.size), orAuto(p.asked.quality), orAuto(p.asked.background), formatOf(f.Type)
	if e.URL = f.URL; p.coded {
		room := int64(maxInline)
		var err error
		if e.B64JSON, err = p.encode(f, &room); err != nil {
			return err
		}
		e.URL = ""
	}
	return out.send(e.Type, e)
}

func orAuto(word string) string {
	if word == "" {
		return "auto"
	}
	return word
}
