package prediction

import (
	"context"
	"strings"
	"testing"

	"skytower/internal/money"
	"skytower/internal/price"
	"skytower/internal/provider"
)

// A sound is heard while it is made, before its prediction ends; only by who listened from
// the beginning, and so far as he keeps up.
func TestASoundIsHeard(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		goOn := make(chan struct{})
		r.actor.plays(func(_ context.Context, run *provider.Run) (*provider.Result, error) {
			run.Watch.Progress(provider.Progress{Sound: []byte("ID3"), SoundType: "audio/mpeg"})
			run.Watch.Progress(provider.Progress{Sound: []byte(" one"), SoundType: "audio/mpeg"})
			<-goOn
			run.Watch.Progress(provider.Progress{Sound: []byte(" two"), SoundType: "audio/mpeg"})
			run.Watch.Progress(provider.Progress{Sound: make([]byte, maxHeard), SoundType: "audio/mpeg"}) // too much at once
			run.Watch.Progress(provider.Progress{Sound: []byte(" three"), SoundType: "audio/mpeg"})
			return &provider.Result{Files: []provider.Output{{Data: []byte("ID3 one two")}}}, nil
		})
		p := r.start(1)
		c := ask("acct", "m")
		c.ID = "00000000-0000-7000-8000-00000000000a"
		ear := p.Listen(c.ID)
		defer ear.Close()
		rec := p.create(c)
		heard := ""
		for heard != "ID3 one" {
			receive(t, "a sound", ear.News())
			piece, kind := ear.Take()
			if heard += string(piece); kind != "audio/mpeg" {
				t.Fatalf("a sound of type %q", kind)
			}
		}
		close(goOn)
		p.awaitEnd(rec)
		piece, _ := ear.Take()
		if heard += string(piece); heard != "ID3 one two" {
			t.Errorf("heard %q", heard)
		}
		if n := len(p.ears.byID); n != 1 {
			t.Errorf("%d listen", n)
		}
	})
}

// Who cancels a sound of which he has heard a part owes for it.
func TestWhatWasHeardIsOwed(t *testing.T) {
	t.Parallel()
	r := newRig(t, storetestSQLite(t))
	r.models["m"].Price = &price.Price{Version: 1, Unit: price.Prediction, Rate: money.Dollar}
	for _, listens := range []bool{true, false} {
		begun := make(chan struct{})
		r.actor.plays(func(ctx context.Context, run *provider.Run) (*provider.Result, error) {
			run.Watch.Progress(provider.Progress{Sound: []byte("ID3")})
			close(begun)
			<-ctx.Done()
			return nil, &provider.Error{Class: provider.Cancelled, Err: ctx.Err()}
		})
		p := r.start(1)
		c := ask("acct", "m")
		if c.ID = "00000000-0000-7000-8000-00000000000b"; !listens {
			c.ID = strings.Replace(c.ID, "b", "c", 1)
		} else {
			defer p.Listen(c.ID).Close()
		}
		rec := p.create(c)
		receive(t, "the beginning", begun)
		if _, _, err := p.Cancel(t.Context(), "acct", rec.ID); err != nil {
			t.Fatal(err)
		}
		if got := p.awaitEnd(rec).Amount > 0; got != listens {
			t.Errorf("listens: %v; charged %d", listens, p.get(rec).Amount)
		}
		p.end()
	}
}

// What guards look at is not heard before they have seen it.
func TestGuardedSoundsAreNotHeard(t *testing.T) {
	t.Parallel()
	r := newRig(t, storetestSQLite(t))
	p := r.process(0)
	ear := p.Listen("id")
	one := &run{s: p.Service, rec: Record{ID: "id"}}
	one.screen = struct{ Screen }{}
	one.sound(provider.Progress{Sound: []byte("ID3")})
	if piece, _ := ear.Take(); piece != nil || one.heard.Load() {
		t.Errorf("heard %q", piece)
	}
	ear.Close()
	one.screen = nil
	one.sound(provider.Progress{Sound: []byte("ID3")})
	if len(p.ears.byID) > 0 || one.heard.Load() {
		t.Error("somebody listens who has gone")
	}
}
