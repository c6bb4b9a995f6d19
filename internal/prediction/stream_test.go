package prediction

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"skytower/internal/blob"
	"skytower/internal/fault"
	"skytower/internal/skytells/skytellstest"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

func storetestSQLite(t *testing.T) *store.DB {
	t.Helper()
	return storetest.Open(t, storetest.SQLite(t))
}

// news stores an event of a prediction, as a run does.
func (r *rig) news(rec *Record, kind string, data any) {
	r.t.Helper()
	text, err := json.Marshal(data)
	r.must(err)
	rec.EventCount++
	r.exec(`insert into prediction_event (prediction, seq, at, kind, data) values ($1, $2, 0, $3, $4)`, rec.ID, rec.EventCount, kind, string(text))
	r.exec(`update prediction set event_count = $2, version = version + 1 where id = $1`, rec.ID, rec.EventCount)
}

func line(text string) any { return map[string][]string{"lines": {text}} }

// told reads a stream to its end: "id name" of each event, which the strict decoder
// reads too.
func (p *process) told(rec Record, after int64) (names []string, events []Event) {
	p.rig.t.Helper()
	events = p.eventsAfter(rec, after)
	for _, e := range events {
		names = append(names, p.rig.name(rec, e))
	}
	return names, events
}

// eventsAfter reads a stream to its end.
func (p *process) eventsAfter(rec Record, after int64) (events []Event) {
	p.rig.t.Helper()
	stream, err := p.Events(p.rig.t.Context(), rec.Account, rec.ID, after, site)
	p.rig.must(err)
	defer stream.Close()
	for {
		batch, err := stream.Next(p.rig.t.Context())
		if errors.Is(err, io.EOF) {
			return events
		}
		p.rig.must(err)
		events = append(events, batch...)
	}
}

func (r *rig) name(rec Record, e Event) string {
	r.t.Helper()
	if e.Name == eventLogs {
		return fmt.Sprintf("%d logs %s", e.ID, e.Data)
	}
	shown := skytellstest.Prediction(r.t, e.Data, skytellstest.Words(rec.Spelling))
	return fmt.Sprintf("%d %s %s", e.ID, e.Name, shown.Status)
}

func same(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s: got\n%s\nwant\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// What happened is told from any event on, in one order and under the same ids.
func TestStreamReplays(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		p := r.process(0)
		rec := r.plant(sample(Succeeded, func(rec *Record) { rec.Logs = "one\ntwo\n" }))
		draft := r.file(rec, blob.Partial, 0, "draft.png", png)
		r.file(rec, blob.Output, 0, "out.png", png)
		r.news(&rec, eventLogs, line("one"))
		r.news(&rec, eventOutput, map[string][]string{"files": {draft.ID}})
		r.news(&rec, eventOutput, map[string]string{"text": "so far"})
		r.news(&rec, eventLogs, line("two"))
		all := []string{
			"1 status pending", "2 status starting", "3 status processing", `4 logs {"lines":["one"]}`, "5 output processing", "6 output processing",
			`7 logs {"lines":["two"]}`, "8 done succeeded",
		}
		for after := range all {
			names, _ := p.told(rec, int64(after))
			same(t, fmt.Sprint("after ", after), names, all[after:]...)
		}
		for _, after := range []int64{8, 9, 1 << 60} { // the end is always told
			names, _ := p.told(rec, after)
			same(t, fmt.Sprint("after ", after), names, all[7])
		}
		names, events := p.told(rec, -5)
		same(t, "after nonsense", names, all...)
		for i, part := range map[int]string{0: `"started_at":null`, 4: "/draft.png?", 5: `"output":"so far"`, 7: "/out.png?"} {
			contains(t, string(events[i].Data), part)
		}
		for i, part := range map[int]string{0: "one", 2: "out.png", 4: "/out.png", 5: "draft", 7: "draft"} {
			if strings.Contains(string(events[i].Data), part) {
				t.Errorf("event %d holds %s: %s", i, part, events[i].Data)
			}
		}
	})
}

func TestStreamEnds(t *testing.T) {
	t.Parallel()
	r := newRig(t, storetestSQLite(t))
	p := r.process(0)
	names, _ := p.told(r.plant(sample(Failed, nil)), 0)
	same(t, "failed", names, "1 status pending", "2 status starting", "4 error failed")
	names, _ = p.told(r.plant(sample(Cancelled, func(rec *Record) { rec.Spelling = "canceled" })), 1)
	same(t, "cancelled", names, "2 status starting", "4 done canceled")
	if _, err := p.Events(t.Context(), "other", r.plant(sample(Failed, nil)).ID, 0, site); !fault.Is(err, fault.PredictionFailed) {
		t.Errorf("another account's: %v", err)
	}
}

// More news than one read takes come all, before the end.
func TestStreamOfManyNews(t *testing.T) {
	t.Parallel()
	r := newRig(t, storetestSQLite(t))
	p := r.process(0)
	rec := r.plant(sample(Succeeded, nil))
	const many = 2*newsBatch + 1
	r.exec(fmt.Sprintf(`with recursive n(i) as (select 1 union all select i + 1 from n where i < %d)
		insert into prediction_event (prediction, seq, at, kind, data) select $1, i, 0, 'logs', '{}' from n`, many), rec.ID)
	r.exec(`update prediction set event_count = $2 where id = $1`, rec.ID, many)
	names, events := p.told(rec, 0)
	if len(events) != 3+many+1 || !strings.HasSuffix(names[len(names)-1], "done succeeded") {
		t.Fatalf("%d events, the last %s", len(events), names[len(names)-1])
	}
	for i, e := range events {
		if e.ID != int64(i+1) {
			t.Fatalf("event %d has the id %d", i, e.ID)
		}
	}
}

// A stream that is open hears each change; progress has no id of its own.
func TestStreamIsLive(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		p := r.start(0)
		rec := r.plant(sample(Pending, nil))
		stream, err := p.Events(t.Context(), rec.Account, rec.ID, 0, site)
		r.must(err)
		defer stream.Close()
		next := func(want ...string) []Event {
			t.Helper()
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			batch, err := stream.Next(ctx)
			r.must(err)
			var names []string
			for _, e := range batch {
				names = append(names, r.name(rec, e))
			}
			same(t, "next", names, want...)
			return batch
		}
		next("1 status pending")
		r.exec(`update prediction set status = 'starting', started_at = created_at, version = version + 1 where id = $1`, rec.ID)
		next("2 status starting")
		r.exec(`update prediction set status = 'processing', progress = 5000, version = version + 1 where id = $1`, rec.ID)
		contains(t, string(next("3 status processing")[0].Data), `"progress":5`)
		r.exec(`update prediction set progress = 50000, version = version + 1 where id = $1`, rec.ID)
		contains(t, string(next("0 status processing")[0].Data), `"progress":50`)
		r.news(&rec, eventLogs, line("hello"))
		next(`4 logs {"lines":["hello"]}`)
		r.exec(`update prediction set status = 'cancelled', completed_at = created_at, version = version + 1 where id = $1`, rec.ID)
		next("5 done cancelled")
		if _, err := stream.Next(t.Context()); !errors.Is(err, io.EOF) {
			t.Errorf("after the end: %v", err)
		}
	})
}

// An id that no event has had yet, which only a mistaken client sends, hides nothing that
// is still to come.
func TestStreamAfterAnIDOfTheFuture(t *testing.T) {
	t.Parallel()
	r := newRig(t, storetestSQLite(t))
	p := r.start(0)
	rec := r.plant(sample(Processing, func(rec *Record) { rec.Progress = 10 }))
	stream, err := p.Events(t.Context(), rec.Account, rec.ID, 1<<40, site)
	r.must(err)
	defer stream.Close()
	for i, want := range []string{"0 status processing", `4 logs {"lines":["hello"]}`} {
		batch, err := stream.Next(t.Context())
		r.must(err)
		same(t, "next", []string{r.name(rec, batch[0])}, want)
		if i == 0 {
			r.news(&rec, eventLogs, line("hello"))
		}
	}
}

// A deletion ends the streams that are open.
func TestStreamOfADeletedPrediction(t *testing.T) {
	t.Parallel()
	r := newRig(t, storetestSQLite(t))
	p := r.start(0)
	rec := r.plant(sample(Processing, nil))
	stream, err := p.Events(t.Context(), rec.Account, rec.ID, 3, site)
	r.must(err)
	defer stream.Close()
	r.exec(`delete from prediction where id = $1`, rec.ID)
	if _, err := stream.Next(t.Context()); !fault.Is(err, fault.PredictionFailed) {
		t.Errorf("got %v", err)
	}
}

// A caller who leaves ends his waiting.
func TestStreamLeft(t *testing.T) {
	t.Parallel()
	r := newRig(t, storetestSQLite(t))
	p := r.process(0)
	rec := r.plant(sample(Processing, nil))
	stream, err := p.Events(t.Context(), rec.Account, rec.ID, 3, site)
	r.must(err)
	defer stream.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := stream.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
