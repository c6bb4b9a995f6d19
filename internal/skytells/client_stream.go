package skytells

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// PredictionEvent is one event of a prediction's stream (contract 8.4).
type PredictionEvent struct {
	Name       string      // status, output, logs, error or done
	ID         string      // goes back as Last-Event-ID after a break; "" where it has none
	Prediction *Prediction // as of the event; nil for logs
	Lines      []string    // of logs
	Data       []byte      // as it came
}

// PredictionEvents reads a stream. One goroutine pulls; Close it in every case.
type PredictionEvents struct {
	c     *Client
	stall *stall
	reply *http.Response
	in    *bufio.Reader
	limit int         // bytes of one event
	plain *Prediction // the whole answer of a server that does not stream
}

// StreamPrediction opens the stream after the event with the given id, "" for all of it.
// A server that answers with the prediction alone gives a stream of one status event.
func (c *Client) StreamPrediction(ctx context.Context, id, after string) (*PredictionEvents, error) {
	ctx, stall := watchStall(ctx, stallTimeout)
	e, err := c.openStream(ctx, stall, id, after)
	if err != nil {
		stall.stop()
		return nil, err
	}
	return e, nil
}

func (c *Client) openStream(ctx context.Context, stall *stall, id, after string) (*PredictionEvents, error) {
	r, err := c.request(ctx, http.MethodGet, predictionPath(id)+"/stream", nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "text/event-stream")
	if after != "" {
		r.Header.Set("Last-Event-ID", after)
	}
	reply, err := c.http.Do(r)
	if err != nil {
		return nil, c.failed(stall.cause(err))
	}
	e := &PredictionEvents{c: c, stall: stall, reply: reply, in: bufio.NewReader(reply.Body), limit: maxReply}
	if reply.StatusCode == http.StatusOK && strings.HasPrefix(reply.Header.Get("Content-Type"), "text/event-stream") {
		return e, nil
	}
	defer reply.Body.Close() //nolint:errcheck // nothing was written
	e.plain = new(Prediction)
	if err := c.decode(reply, stall, e.plain); err != nil {
		return nil, err
	}
	return e, nil
}

// Close ends the stream.
func (e *PredictionEvents) Close() {
	e.stall.stop()
	_ = e.reply.Body.Close()
}

// Next waits for an event; io.EOF follows the last. A stream may end before the
// prediction does: servers stop. An error that the server tells in the stream is an
// *APIError.
func (e *PredictionEvents) Next() (PredictionEvent, error) {
	if e.plain != nil {
		return e.nextPlain()
	}
	if e.in == nil {
		return PredictionEvent{}, io.EOF
	}
	event, err := e.read()
	if err != nil {
		return event, err
	}
	return e.understand(event)
}

// nextPlain gives the one event of a plain answer, and no second.
func (e *PredictionEvents) nextPlain() (PredictionEvent, error) {
	p := e.plain
	e.plain, e.in = nil, nil
	return PredictionEvent{Name: "status", Prediction: p}, nil
}

// read collects one event's lines. One that no empty line ended is none.
func (e *PredictionEvents) read() (event PredictionEvent, err error) {
	for {
		line, err := e.line(e.limit - len(event.Data))
		if err != nil {
			return PredictionEvent{}, err
		}
		e.stall.moved()
		if len(line) == 0 {
			if len(event.Data) > 0 {
				return event, nil
			}
			event = PredictionEvent{}
			continue
		}
		field, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(field) {
		case "event":
			event.Name = string(value)
		case "id":
			event.ID = string(value)
		case "data":
			if event.Data != nil {
				event.Data = append(event.Data, '\n')
			}
			event.Data = append(event.Data, value...)
		}
	}
}

// line reads one line of at most that many bytes, its end removed.
func (e *PredictionEvents) line(most int) ([]byte, error) {
	var whole []byte
	for {
		part, err := e.in.ReadSlice('\n')
		if whole = append(whole, part...); len(whole) > most {
			return nil, fmt.Errorf("an event of the stream is larger than %d bytes", e.limit)
		}
		switch {
		case err == nil:
			return bytes.TrimRight(whole, "\r\n"), nil
		case errors.Is(err, io.EOF):
			return nil, io.EOF
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, e.c.failed(e.stall.cause(err))
		}
	}
}

// understand decodes an event's data. A failed prediction and a failed stream are both
// events called error; the envelope's status is false.
func (e *PredictionEvents) understand(event PredictionEvent) (PredictionEvent, error) {
	var err error
	switch event.Name {
	case "logs":
		var logs struct {
			Lines []string `json:"lines"`
		}
		err = json.Unmarshal(event.Data, &logs)
		event.Lines = logs.Lines
	default:
		var told struct {
			Status any `json:"status"`
		}
		if json.Unmarshal(event.Data, &told) == nil && told.Status == false {
			return event, apiError(e.reply, event.Data)
		}
		event.Prediction = new(Prediction)
		err = json.Unmarshal(event.Data, event.Prediction)
	}
	if err != nil {
		return event, fmt.Errorf("an event of the stream is not what a Skytower server sends; is %s one?", e.c.base)
	}
	return event, nil
}

// stallTimeout is the longest that a stream, an upload or a download may stand still.
// Streams get a comment every 15 s by default.
const stallTimeout = 2 * time.Minute

var errStalled = errors.New("nothing has moved for too long")

// stall ends a call that stands still, however long it may take as a whole.
type stall struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	timer  *time.Timer
	after  time.Duration
}

func watchStall(ctx context.Context, after time.Duration) (context.Context, *stall) {
	ctx, cancel := context.WithCancelCause(ctx)
	return ctx, &stall{
		ctx: ctx, cancel: cancel, after: after,
		timer: time.AfterFunc(after, func() { cancel(errStalled) }),
	}
}

func (s *stall) moved() { s.timer.Reset(s.after) }

func (s *stall) stop() {
	s.timer.Stop()
	s.cancel(nil)
}

// cause tells a standstill from a caller who stopped the call. A nil stall knows of none.
func (s *stall) cause(err error) error {
	if s != nil && errors.Is(context.Cause(s.ctx), errStalled) {
		return errStalled
	}
	return err
}

// moving tells the stall of every read.
type moving struct {
	io.Reader
	stall *stall
}

func (m moving) Read(p []byte) (int, error) {
	n, err := m.Reader.Read(p)
	m.stall.moved()
	return n, err
}
