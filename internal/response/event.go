package response

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"skytower/internal/store"
)

// maxEvents bounds one answer of Events, and is what it gives unless told otherwise.
const maxEvents = 1000

// encode makes the text of a row: SEQUENCE NAME JSON on each line.
func encode(events []Event) (string, error) {
	var b strings.Builder
	for i, e := range events {
		if i > 0 && e.Sequence <= events[i-1].Sequence || e.Sequence < 0 {
			return "", fmt.Errorf("event %d is out of order", e.Sequence)
		}
		if strings.ContainsAny(e.Name, " \n") {
			return "", fmt.Errorf("event %d: a name must not have white space", e.Sequence)
		}
		data := []byte(e.Data)
		if bytes.ContainsAny(data, "\r\n") {
			var line bytes.Buffer
			if err := json.Compact(&line, data); err != nil {
				return "", fmt.Errorf("event %d: %w", e.Sequence, err)
			}
			data = line.Bytes()
		}
		fmt.Fprintf(&b, "%d %s %s\n", e.Sequence, e.Name, text(data))
	}
	return b.String(), nil
}

// decode appends the events of a row that come after a number.
func decode(list []Event, rows string, after int64) ([]Event, error) {
	for line := range strings.Lines(rows) {
		number, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		name, data, ok := strings.Cut(rest, " ")
		sequence, err := strconv.ParseInt(number, 10, 64)
		if err != nil || !ok {
			return nil, fmt.Errorf("read events: bad line %.20q", line)
		}
		if sequence > after {
			list = append(list, Event{sequence, name, json.RawMessage(data)})
		}
	}
	return list, nil
}

// reached is the number of the last event, or what it was before.
func reached(events []Event, before int64) int64 {
	if len(events) == 0 {
		return before
	}
	return events[len(events)-1].Sequence
}

// count sets a response's sequence to argument number n where events went beyond it.
func count(n int) string {
	return fmt.Sprintf(`sequence = case when sequence < $%[1]d then $%[1]d else sequence end`, n)
}

// appendEvents writes a row of events. A row that begins with the same number was written
// by a try whose commit was not heard of: the longer counts.
func appendEvents(ctx context.Context, tx *store.Tx, k key, events []Event) error {
	if len(events) == 0 {
		return nil
	}
	rows, err := encode(events)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `insert into response_event (account, response, first, last, events) values ($1, $2, $3, $4, $5)
		on conflict (account, response, first) do update set last = excluded.last, events = excluded.events
		where excluded.last > response_event.last`, k.account, k.id, events[0].Sequence, reached(events, -1), rows)
	if err != nil {
		return fmt.Errorf("insert events: %w", err)
	}
	return nil
}

// failedEvent tells of an end that no runner told.
func failedEvent(sequence int64, body json.RawMessage) Event {
	data := fmt.Appendf(nil, `{"type":"response.failed","sequence_number":%d,"response":%s}`, sequence, body)
	return Event{Sequence: sequence, Name: "response.failed", Data: data}
}

// Events gives what a response in the background told after a number (-1: from the
// beginning), at most limit events; 0 is 1,000, which is also the most. ended is true
// where the response has ended and no events come after these. They are kept for an hour
// after its end; then there are none. The error is Get's where there is no response.
func (s *Store) Events(ctx context.Context, account, id string, after int64, limit int) (events []Event, ended bool, err error) {
	if limit <= 0 || limit > maxEvents {
		limit = maxEvents
	}
	err = s.db.Read(ctx, func(tx *store.Tx) error {
		r, ok, err := s.read(ctx, tx, key{account, id}, false)
		if err != nil {
			return err
		}
		if !ok {
			return notFound(id)
		}
		if events, err = readEvents(ctx, tx, key{account, id}, after, limit); err != nil {
			return err
		}
		ended = r.State.Ended() && reached(events, after) >= r.sequence
		return nil
	})
	if err != nil {
		return nil, false, err
	}
	return events, ended, nil
}

// readEvents reads rows until the limit is reached. Rows may repeat events of those before
// them, where a commit was not heard of.
func readEvents(ctx context.Context, tx *store.Tx, k key, after int64, limit int) (events []Event, err error) {
	err = tx.Each(ctx, `select events from response_event where account = $1 and response = $2 and last > $3 order by first limit $4`,
		func(scan func(...any) error) error {
			var rows string
			if err := scan(&rows); err != nil || len(events) >= limit {
				return err
			}
			events, err = decode(events, rows, reached(events, after))
			return err
		}, k.account, k.id, after, limit)
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	return events[:min(len(events), limit)], nil
}
