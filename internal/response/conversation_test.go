package response

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"skytower/internal/fault"
)

func TestContextIsTheConversationOldestFirst(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r *rig) {
		r.save("a", "")
		r.save("b", "a")
		r.save("b2", "a")
		r.save("c", "b")
		r.context("", "")
		r.context("a", "a-in a-out")
		r.context("c", "a-in a-out b-in b-out c-in c-out")
		r.context("b2", "a-in a-out b2-in b2-out") // a branch does not see the other
	})
}

func TestContextKeepsTheOrderOfManyItems(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r *rig) {
		rec := record("a", "")
		rec.Input, rec.Output = messages("z", "y", "x"), messages("w", "v")
		r.must(r.Save(r.ctx(), rec))
		r.context("a", "z y x w v")
	})
}

func TestContextRefusesWhatCanNotBeContinued(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r *rig) {
		failed := record("failed", "")
		failed.State, failed.Body = Failed, json.RawMessage(`{"status":"failed"}`)
		r.must(r.Save(r.ctx(), failed))
		r.queue("queued", "")
		r.run("running")
		r.save("a", "")
		r.save("b", "a")
		r.save("c", "b")
		r.must(r.Delete(r.ctx(), us, "b"))
		for _, id := range []string{"failed", "queued", "running", "none", "bad\x00id", strings.Repeat("x", 10_000), "b", "c"} {
			_, err := r.Context(r.ctx(), us, id)
			wantFault(t, err, fault.InvalidParameter, "previous_response_id")
		}
		r.context("a", "a-in a-out")
		incomplete := record("incomplete", "a")
		incomplete.State = Incomplete
		r.must(r.Save(r.ctx(), incomplete))
		r.context("incomplete", "a-in a-out incomplete-in incomplete-out")
	})
}

func TestContextIsBounded(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r *rig) {
		const most = 30
		r.most = most
		r.chainOf(most)
		list, err := r.Context(r.ctx(), us, fmt.Sprintf("r%04d", most))
		r.must(err)
		if len(list) != 2*most {
			t.Errorf("%d items, want %d", len(list), 2*most)
		}
		r.save("beyond", fmt.Sprintf("r%04d", most))
		_, err = r.Context(r.ctx(), us, "beyond")
		wantFault(t, err, fault.InvalidParameter, "previous_response_id")
	})
}

// chainOf writes a conversation r0001, r0002 … in few statements.
func (r *rig) chainOf(n int) {
	r.t.Helper()
	r.save("r0001", "")
	if n < 2 {
		return
	}
	number := func(of string) string {
		return r.db.Dialect().Pick(`'r' || printf('%04d', `+of+`)`, `'r' || lpad(cast(`+of+` as text), 4, '0')`)
	}
	series := fmt.Sprintf(`with recursive s (n) as (select 2 union all select n + 1 from s where n < %d) `, n)
	for _, statement := range []string{
		`insert into response (account, id, thread, previous, api_key, model, state, background, body, request, attempt, sequence, cancel_at, beat_at, created_at, ended_at) ` +
			series + `select '` + us + `', ` + number("n") + `, 'r0001', ` + number("n - 1") + `, 'key_1', 'm', 'completed', false, '{}', '', 0, -1, 0, 0, 1, 1 from s`,
		`insert into response_item (account, response, place, id, body, expires_at) ` +
			series + `select '` + us + `', ` + number("n") + `, p, 'item' || n || p, '{"text":"` + strings.Repeat("word ", 40) + `"}', 0 from s, (select -1 as p union all select 0) as places`,
	} {
		_, err := r.db.Writer().ExecContext(r.ctx(), statement)
		r.must(err)
	}
}

func TestThreadIsKeptAsLongAsItsYoungestResponse(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r *rig) {
		r.save("a", "")
		r.save("other", "")
		r.clock.pass(retention - time.Minute)
		r.save("b", "a")
		r.clock.pass(retention - time.Minute)
		r.sweep()
		r.context("b", "a-in a-out b-in b-out")
		_, err := r.Get(r.ctx(), us, "other")
		wantMissing(t, err)
		r.clock.pass(time.Minute) // over, though not yet swept
		_, err = r.Context(r.ctx(), us, "b")
		wantFault(t, err, fault.InvalidParameter, "previous_response_id")
		_, err = r.Get(r.ctx(), us, "b")
		wantMissing(t, err)
		r.finds("a-in b-out", "")
		r.sweep()
		for _, table := range []string{"response", "response_item", "response_thread"} {
			r.wantRows(table, 0)
		}
	})
}

func TestSaveTwiceIsOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r *rig) {
		r.save("a", "")
		r.save("a", "")
		r.context("a", "a-in a-out")
		other := record("a", "")
		other.Body = json.RawMessage(`{"status":"completed","other":true}`)
		if err := r.Save(r.ctx(), other); err == nil {
			t.Error("another content was saved under the same id")
		}
		if err := r.Save(r.ctx(), Record{Account: us, ID: "b", State: InProgress}); err == nil {
			t.Error("a response that has not ended was saved")
		}
	})
}

func TestBodiesComeBackAsTheyCame(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r *rig) {
		rec := record("a", "")
		rec.Body = json.RawMessage("{ \"b\" : 1.50,\n\"a\":\"\\u0000 \U0001F600\" }")
		rec.Input = []Item{{ID: "i", Body: json.RawMessage(`{"id": "i", "n":1e3,"x":"` + "\xff" + `"}`)}}
		r.must(r.Save(r.ctx(), rec))
		got, err := r.Get(r.ctx(), us, "a")
		r.must(err)
		if string(got.Body) != string(rec.Body) {
			t.Errorf("the object is %s", got.Body)
		}
		list, err := r.Context(r.ctx(), us, "a")
		r.must(err)
		if want := `{"id": "i", "n":1e3,"x":"` + "\uFFFD" + `"}`; string(list[0].Body) != want { // PostgreSQL takes no other
			t.Errorf("the item is %s", list[0].Body)
		}
	})
}

func TestDeleteRemovesOneResponse(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r *rig) {
		r.save("a", "")
		r.save("b", "a")
		r.must(r.Delete(r.ctx(), us, "b"))
		wantMissing(t, r.Delete(r.ctx(), us, "b"))
		_, err := r.Get(r.ctx(), us, "b")
		wantMissing(t, err)
		r.finds("a-out b-in b-out", "a-out")
		r.context("a", "a-in a-out")
		r.wantRows("response_item", 2)
	})
}

func TestInputItemsArePaged(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r *rig) {
		r.save("a", "")
		rec := record("b", "a")
		rec.Input = messages("b1", "b2", "b3")
		r.must(r.Save(r.ctx(), rec))
		r.save("c", "b")
		for _, c := range []struct {
			page Page
			want string
			more bool
		}{
			{Page{}, "c-in b-out b3 b2 b1 a-out a-in", false},
			{Page{Order: "asc"}, "a-in a-out b1 b2 b3 b-out c-in", false},
			{Page{Order: "asc", Limit: 3}, "a-in a-out b1", true},
			{Page{Order: "asc", Limit: 3, After: "b1"}, "b2 b3 b-out", true},
			{Page{Order: "asc", Limit: 1, After: "b-out"}, "c-in", false},
			{Page{Order: "asc", After: "c-in"}, "", false},
			{Page{Limit: 2}, "c-in b-out", true},
			{Page{Limit: 4, After: "b-out"}, "b3 b2 b1 a-out", true},
			{Page{Limit: 100, After: "a-out"}, "a-in", false},
		} {
			list, more, err := r.InputItems(r.ctx(), us, "c", c.page)
			r.must(err)
			if got := idsOf(list); got != c.want || more != c.more {
				t.Errorf("%+v: %q, more %v; want %q, %v", c.page, got, more, c.want, c.more)
			}
		}
		for page, param := range map[Page]string{{Limit: 101}: "limit", {Limit: -1}: "limit", {Order: "up"}: "order",
			{After: "c-out"}: "after", {After: "none"}: "after", {After: "\x00"}: "after"} {
			_, _, err := r.InputItems(r.ctx(), us, "c", page)
			wantFault(t, err, fault.InvalidParameter, param)
		}
		r.must(r.Delete(r.ctx(), us, "b"))
		list, _, err := r.InputItems(r.ctx(), us, "c", Page{})
		r.must(err)
		if got := idsOf(list); got != "c-in" {
			t.Errorf("after what came before was deleted: %q", got)
		}
	})
}

func TestInputItemsWithRepeatedIDsEnd(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r *rig) {
		rec := record("a", "")
		rec.Input = messages("x", "y", "x", "z")
		r.must(r.Save(r.ctx(), rec))
		again := record("b", "a")
		again.Input = messages("v", "y", "w")
		r.must(r.Save(r.ctx(), again)) // x y x z a-out v y w
		for order, want := range map[string]string{"asc": "x z a-out v y w", "desc": "w y x"} {
			var got []string
			for page, more := (Page{Order: order, Limit: 1}), true; more && len(got) < 10; {
				var list []Item
				var err error
				list, more, err = r.InputItems(r.ctx(), us, "b", page)
				r.must(err)
				if len(list) > 0 {
					got = append(got, list[0].ID)
					page.After = list[0].ID
				}
			}
			if strings.Join(got, " ") != want {
				t.Errorf("%s: %q, want %q", order, got, want)
			}
		}
	})
}

func TestNothingIsFoundUnderAnotherAccount(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r *rig) {
		r.save("a", "")
		task := r.run("running")
		r.must(r.Tell(r.ctx(), task, events(0, 1), nil))
		r.queue("queued", "")
		r.Linger(us, "passing", messages("passing-out"))
		ctx := r.ctx()
		for _, id := range []string{"a", "running", "queued"} {
			_, err := r.Get(ctx, them, id)
			wantMissing(t, err)
			_, _, err = r.InputItems(ctx, them, id, Page{})
			wantMissing(t, err)
			wantMissing(t, r.Delete(ctx, them, id))
			_, err = r.Cancel(ctx, them, id)
			wantMissing(t, err)
			_, _, err = r.Events(ctx, them, id, -1, 0)
			wantMissing(t, err)
			_, err = r.Context(ctx, them, id)
			wantFault(t, err, fault.InvalidParameter, "previous_response_id")
			if _, ok, err := r.Claim(ctx, them, id); ok || err != nil {
				t.Errorf("another account has taken %s: %v", id, err)
			}
		}
		for range 2 { // in memory, then durable
			found, err := r.Items(ctx, them, []string{"a-in", "a-out", "queued-in", "passing-out"})
			r.must(err)
			if len(found) > 0 {
				t.Errorf("another account finds %v", found)
			}
			r.must(r.flush(ctx))
		}
		theirs := record("b", "a") // continues nothing of ours
		theirs.Account = them
		r.must(r.Save(ctx, theirs))
		_, err := r.Context(ctx, them, "b")
		wantFault(t, err, fault.InvalidParameter, "previous_response_id")
		list, _, err := r.InputItems(ctx, them, "b", Page{})
		r.must(err)
		if got := idsOf(list); got != "b-in" {
			t.Errorf("their response began with %q", got)
		}
		same := record("a", "") // the same id is another response
		same.Account, same.Body = them, json.RawMessage(`{"status":"completed","theirs":true}`)
		r.must(r.Save(ctx, same))
		gone, release := r.Cancelled(them, "running")
		defer release()
		if !isClosed(gone) {
			t.Error("another account has a run of ours")
		}
		if r.state("a") != Completed || r.state("running") != InProgress || r.state("queued") != Queued {
			t.Error("another account has changed what is ours")
		}
	})
}
