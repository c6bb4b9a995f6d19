package remote

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"skytower/internal/egress"
)

// Event is one server-sent event.
type Event struct {
	Name, ID string
	Data     []byte
}

// Events reads server-sent events, pulled by one goroutine.
type Events struct {
	resp  *egress.Response
	in    *bufio.Reader
	limit int64
}

// Events reads the answer, which Close closes.
func (c *Client) Events(resp *egress.Response) *Events {
	return &Events{resp: resp, in: bufio.NewReader(resp.Body), limit: c.maxAnswer}
}

// Close ends the call.
func (e *Events) Close() { e.resp.Body.Close() }

// Next returns the next event that has data. It returns io.EOF after the body's
// proper end; an event that was not ended by an empty line is none.
func (e *Events) Next() (Event, error) {
	var ev Event
	for {
		line, err := e.line()
		if err != nil {
			return Event{}, err
		}
		if len(line) == 0 {
			if len(ev.Data) > 0 {
				ev.Data = ev.Data[:len(ev.Data)-1] // the last line's own end
				return ev, nil
			}
			ev = Event{}
			continue
		}
		field, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(field) {
		case "event":
			ev.Name = string(value)
		case "id":
			ev.ID = string(value)
		case "data":
			ev.Data = append(append(ev.Data, value...), '\n')
		}
		if int64(len(ev.Data)) > e.limit {
			return Event{}, Broken("an event has more than %d bytes", e.limit)
		}
	}
}

// line reads one line, its end removed.
func (e *Events) line() ([]byte, error) {
	var whole []byte
	for {
		part, err := e.in.ReadSlice('\n')
		whole = append(whole, part...)
		switch {
		case err == nil:
			return bytes.TrimRight(whole, "\r\n"), nil
		case errors.Is(err, io.EOF):
			return nil, io.EOF
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, callError(fmt.Errorf("read events: %w", err))
		case int64(len(whole)) > e.limit:
			return nil, Broken("a line of the events has more than %d bytes", e.limit)
		}
	}
}
