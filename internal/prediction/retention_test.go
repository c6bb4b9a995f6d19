package prediction

import (
	"testing"
	"time"

	"skytower/internal/blob"
	"skytower/internal/provider"
	"skytower/internal/store"
	"skytower/internal/webhook"
)

// What is due goes with all its data; the row stays, and so does everybody else's data.
func TestPurge(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		p := r.process(0)
		made := func() Record {
			c := ask("acct", "m")
			c.Webhook = webhook.Subscription{URL: "http://receiver.example/hook"}
			rec := p.create(c)
			ids, _, err := p.saveOutputs(t.Context(), rec, &provider.Result{Files: []provider.Output{{Data: []byte(pngBytes)}}})
			r.must(err)
			r.must(r.db.Write(t.Context(), func(tx *store.Tx) error { return r.files.Keep(t.Context(), tx, fileIDs(ids), time.Time{}) }))
			r.exec(`update prediction set status = 'succeeded', output = '"secret"', logs = 'secret', event_count = 1 where id = $1`, rec.ID)
			r.exec(`insert into prediction_event (prediction, seq, at, kind, data) values ($1, 1, 0, 'logs', '["secret"]')`, rec.ID)
			r.exec(`insert into webhook_delivery (id, account, prediction, seq, event, terminal, url, host, body, signature, state, attempts, created_at, next_at)
				values ($1, 'acct', $2, 100, 'completed', true, 'http://a', 'a', $3, 's', 'delivered', 1, 0, 0)`, "d"+rec.ID, rec.ID, []byte("secret"))
			return rec
		}
		due, later, kept := made(), made(), made()
		for rec, at := range map[string]time.Time{due.ID: r.clock.now(), later.ID: r.clock.now().Add(time.Hour)} {
			r.exec(`update prediction set purge_at = $2 where id = $1`, rec, store.Micros(at))
		}
		data := func(id string) int64 {
			return r.stored(id, `state = 'kept'`) + r.number(`select count(*) from prediction_event where prediction = $1`, id) +
				r.number(`select count(*) from webhook_delivery where prediction = $1 and body = $2`, id, []byte("secret"))
		}
		for range 2 { // repeating it changes nothing
			r.must(p.purge(t.Context()))
			got := p.get(due)
			if got.Input != "{}" || got.Output != "null" || got.Logs != "" || !got.Removed || !got.PurgeAt.IsZero() || got.Status != Succeeded || got.EventCount != 1 {
				t.Errorf("what was due is %+v", got)
			}
			if data(due.ID) != 0 {
				t.Errorf("%d things are left of what was due", data(due.ID))
			}
			for _, rec := range []Record{later, kept} {
				if got := p.get(rec); got.Removed || got.Output != `"secret"` || got.Input == "{}" || data(rec.ID) != 3 {
					t.Errorf("what was not due is %+v, with %d things", got, data(rec.ID))
				}
			}
		}
		r.must(r.files.Sweep(t.Context()))
		if n := r.stored(due.ID, `true`); n != 0 {
			t.Errorf("%d files are left after a sweep", n)
		}
		r.clock.pass(2 * time.Hour)
		r.must(p.purge(t.Context()))
		if !p.get(later).Removed || p.get(kept).Removed {
			t.Error("two hours later, another went than should")
		}
	})
}

// More than one batch is due at once.
func TestPurgeInBatches(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		p := r.process(0)
		rec := p.create(ask("acct", "m"))
		const n = 2*purgeBatch + 5
		r.must(r.db.Write(t.Context(), func(tx *store.Tx) error {
			for i := range n {
				copied := rec
				copied.ID = blob.LinkPath + string(rune('a'+i%26)) + string(rune('a'+i/26)) // any name will do
				if err := insert(t.Context(), tx, &copied, 0); err != nil {
					return err
				}
			}
			_, err := tx.Exec(t.Context(), `update prediction set status = 'succeeded', purge_at = 1 where id <> $1`, rec.ID)
			return err
		}))
		r.must(p.purge(t.Context()))
		if removed := r.number(`select count(*) from prediction where removed`); removed != n {
			t.Errorf("%d of %d are removed", removed, n)
		}
	})
}
