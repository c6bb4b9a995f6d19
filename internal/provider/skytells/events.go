package skytells

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"

	"skytower/internal/egress"
	"skytower/internal/provider/remote"
	"skytower/internal/rawjson"
	wire "skytower/internal/skytells"
)

// place is how far the events were heard.
type place struct {
	id     int64 // of the last event, 0 while none had one
	pieces int   // of the output
}

// listen follows the prediction's events until its end, which it returns, or until
// they break. An upstream may answer with the prediction instead (contract 6.8).
func (w *run) listen(ctx context.Context) ([]byte, error) {
	header := egress.Header{{Name: "Accept", Value: "text/event-stream"}}
	if w.place.id > 0 {
		header = append(header, egress.Field{Name: "Last-Event-ID", Value: strconv.FormatInt(w.place.id, 10)})
	}
	resp, err := w.p.client.Open(ctx, &remote.Request{
		Names: w.names, Method: http.MethodGet, URL: w.p.client.URL("predictions", w.id, "stream"), Header: header,
	})
	if err != nil {
		w.polls = true // a look tells what is wrong
		return nil, ctx.Err()
	}
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
		return w.hear(w.p.client.Events(resp))
	}
	defer resp.Body.Close()
	w.polls = true
	answer, err := w.p.client.ReadAll(resp)
	if err != nil || isPrediction(answer) != nil {
		return nil, ctx.Err()
	}
	w.p.noEvents.learn(w.p.now())
	return answer.Body, nil
}

// hear reads events. Where they brought nothing new before they broke, the prediction
// is looked at from now on.
func (w *run) hear(events *remote.Events) ([]byte, error) {
	defer events.Close()
	if w.place.id == 0 {
		w.place = place{}
		w.news.Replay()
	}
	heard := false
	for {
		ev, err := events.Next()
		if err != nil {
			w.polls = w.polls || !heard
			if err == io.EOF {
				err = remote.Cut("the events ended before the work did")
			}
			return nil, err
		}
		if id, err := strconv.ParseInt(ev.ID, 10, 64); err == nil && id > 0 {
			if id <= w.place.id {
				continue // heard before
			}
			w.place.id = id
		}
		heard = true
		doc, err := w.event(ev)
		w.news.Tell()
		if doc != nil || err != nil {
			return doc, err
		}
	}
}

// event takes one event in, and returns the prediction once it has ended.
func (w *run) event(ev remote.Event) ([]byte, error) {
	switch ev.Name {
	case "logs":
		lines, _ := rawjson.Get(ev.Data, "lines")
		rawjson.Elements(lines, func(line []byte) bool {
			if s, err := rawjson.Unquote(line); err == nil {
				w.news.AddLog(s + "\n")
			}
			return true
		})
		return nil, nil
	case "output":
		w.pieces(ev.Data)
		return nil, nil
	}
	status := remote.Member(ev.Data, "status")
	switch {
	case wire.Terminal(status) && rawjson.Valid(ev.Data):
		return ev.Data, nil
	case status != "":
		w.progress(ev.Data)
	case ev.Name == "error":
		w.polls = true // a look tells what is wrong
		return nil, remote.Cut("the events ended with an error")
	}
	return nil, nil
}

// pieces takes in what an event says is new in the output: files, or text.
func (w *run) pieces(doc []byte) {
	output, _ := rawjson.Get(doc, "output")
	add := func(value []byte) bool {
		w.news.Piece(w.place.pieces, value)
		w.place.pieces++
		return true
	}
	switch rawjson.KindOf(output) {
	case rawjson.KindArray:
		rawjson.Elements(output, add)
	case rawjson.KindString:
		add(output)
	}
}
