package translate_test

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/inference/chatform/chatformtest"
	"skytower/internal/inference/translate"
	"skytower/internal/provider"
)

// golden is a case (see chatformtest).
type golden struct{ *chatformtest.Golden }

func goldens(t testing.TB) []golden {
	t.Helper()
	var all []golden
	for _, g := range chatformtest.Goldens(t) {
		all = append(all, golden{g})
	}
	return all
}

func (g golden) translation(t testing.TB) *translate.Translation {
	t.Helper()
	body, _ := g.Part("request")
	r := request(body)
	if items, ok := g.Part("items"); ok {
		for _, line := range chatformtest.Lines(items) {
			r.Items = append(r.Items, json.RawMessage(line))
		}
	}
	tr, err := translate.New(r)
	if err != nil {
		t.Fatal(err)
	}
	tr.Numbered()
	return tr
}

// request has a clock that goes on two seconds with each look.
func request(body []byte) translate.Request {
	now := time.Unix(1748000000, 0)
	return translate.Request{Body: body, ID: "resp_1", Model: "up", Show: "m", Now: func() time.Time {
		at := now
		now = now.Add(2 * time.Second)
		return at
	}}
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for _, g := range goldens(t) {
		t.Run(g.Name(), func(t *testing.T) {
			t.Parallel()
			g.Expect(t, "chat", chatformtest.Indent(t, g.translation(t).Chat()))
			whole := g.answer(t)
			streamed := g.stream(t)
			if whole == nil || streamed == nil {
				return
			}
			// A stream ends with what the answer would have been.
			for _, name := range []string{"output_text", "status", "usage", "incomplete_details", "content_filters", "output"} {
				if diff := cmp.Diff(whole[name], streamed[name]); diff != "" {
					t.Errorf("%s (-whole +streamed):\n%s", name, diff)
				}
			}
		})
	}
}

func (g golden) answer(t *testing.T) map[string]any {
	t.Helper()
	body, ok := g.Part("answer")
	if !ok {
		return nil
	}
	usage, size := chatformtest.Counted(t, body)
	a, err := g.translation(t).Answer(&provider.Answer{Body: body, Usage: usage, Bytes: size})
	if err != nil {
		t.Fatal(err)
	}
	if a.Usage != usage || a.Bytes != size {
		t.Errorf("counts %+v, %d bytes", a.Usage, a.Bytes)
	}
	if bytes.ContainsAny(a.Body, "\n\r") {
		t.Error("the response is not on one line")
	}
	g.Expect(t, "response", chatformtest.Indent(t, a.Body))
	return decoded(t, a.Body)
}

func decoded(t testing.TB, doc []byte) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(doc, &v); err != nil {
		t.Fatalf("%v in %s", err, doc)
	}
	return v
}

func (g golden) stream(t *testing.T) map[string]any {
	t.Helper()
	data, ok := g.Part("chunks")
	if !ok {
		return nil
	}
	chat := chatformtest.Chunked(t, data)
	total := 0
	for _, e := range chat.Events {
		total += e.Bytes
	}
	tr := g.translation(t)
	events := chatformtest.Drain(t, tr.Stream(chat), -1)
	var text strings.Builder
	for _, e := range events {
		text.WriteString(e.Name + " " + string(e.Data) + "\n")
		total -= e.Bytes
	}
	g.Expect(t, "events", text.String())
	if g.Name() != "summary" && g.Name() != "choices" && total > 0 { // those are counted double by the chat
		t.Errorf("%d bytes of output are not counted", total)
	}
	return wellFormed(t, events)
}

// A stream may be stopped at any event: the last one is taken back, and what is open ends.
func TestStopAnywhere(t *testing.T) {
	t.Parallel()
	charge := provider.Usage{Input: 3, Output: 1}
	for _, g := range goldens(t) {
		data, ok := g.Part("chunks")
		if !ok {
			continue
		}
		all := chatformtest.Drain(t, g.translation(t).Stream(chatformtest.Chunked(t, data)), -1)
		for n := 1; n <= len(all); n++ {
			s := g.translation(t).Stream(chatformtest.Chunked(t, data))
			chatformtest.Drain(t, s, n)
			if n%2 == 0 {
				s.Ready() // reading ahead changes nothing
			}
			rest := s.Stop(charge)
			events := append(slices.Clone(all[:n-1]), rest...)
			final := wellFormed(t, events)
			if final["status"] != "incomplete" || final["usage"].(map[string]any)["output_tokens"] != 1.0 ||
				final["incomplete_details"].(map[string]any)["reason"] != "max_output_tokens" {
				t.Errorf("%s stopped at %d: ended with %v", g.Name(), n, final)
			}
			if _, err := s.Next(); err != io.EOF {
				t.Errorf("%s stopped at %d: then %v", g.Name(), n, err)
			}
			if t.Failed() {
				t.Fatalf("%s stopped at %d of %d (%s)", g.Name(), n, len(all), all[n-1].Name)
			}
		}
	}
}
