package prediction

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"skytower/internal/blob"
	"skytower/internal/catalog"
	"skytower/internal/fault"
)

// A file that is put before its prediction lasts by it, is given to the model, and goes where
// no prediction came of it.
func TestFilesPutBeforeTheirPrediction(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		p, _ := fileRig(t, r)
		put := func(n int, content string) (c Create) {
			id := fmt.Sprintf("01938f6e-5d3a-7c1e-9d43-0a5b8c7e%04d", n)
			f, err := p.PutInput(t.Context(), blob.New{Account: "acct", Prediction: id, Name: "a.png", Limit: 100}, strings.NewReader(content))
			r.must(err)
			c = ask("acct", "m")
			c.ID, c.Files, c.IdempotencyKey = id, []string{f.ID}, "mine"
			c.Input = json.RawMessage(`{"image":"` + Reference(f) + `"}`)
			c.Same = json.RawMessage(`{"image":"the same"}`)
			return c
		}
		first := put(1, pngBytes)
		rec := p.create(first)
		if got := r.stored(first.ID, `state = 'kept' and role = 'input'`); got != 1 {
			t.Errorf("%d files are kept", got)
		}
		doc, err := p.inputFor(t.Context(), rec, catalog.FetchDeny)
		r.must(err)
		if string(doc) != `{"image":"`+dataOf("image/png", pngBytes)+`"}` {
			t.Errorf("the model gets %s", doc)
		}

		again := put(2, pngBytes)
		back, replayed, err := p.Create(t.Context(), again)
		if err != nil || !replayed || back.ID != rec.ID || r.stored(again.ID, `state <> 'doomed'`) != 0 {
			t.Errorf("again: %+v, replayed %v, error %v; %d files", back, replayed, err, r.stored(again.ID, `state <> 'doomed'`))
		}
		other := put(3, pngBytes)
		other.Same = json.RawMessage(`{"image":"another"}`)
		if _, _, err := p.Create(t.Context(), other); !fault.Is(err, fault.InvalidParameter) || r.stored(other.ID, `state <> 'doomed'`) != 0 {
			t.Errorf("another by the same key: %v; %d files", err, r.stored(other.ID, `state <> 'doomed'`))
		}
		lost := put(4, pngBytes)
		p.DropInput(t.Context(), "acct", lost.Files)
		if got := r.stored(lost.ID, `state <> 'doomed'`); got != 0 {
			t.Errorf("%d files that were dropped", got)
		}
		_, err = p.PutInput(t.Context(), blob.New{Account: "acct", Prediction: lost.ID, Limit: 3}, strings.NewReader("1234"))
		if f := fault.From(err); f.HTTPStatus() != 413 {
			t.Errorf("too large: %v", err)
		}
	})
}
