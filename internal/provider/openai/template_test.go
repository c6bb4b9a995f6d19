package openai

import (
	"io"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/egress"
	"skytower/internal/provider"
	"skytower/internal/provider/providertest"
)

// chunks gives what a stream makes of the lines of data, and how it ended.
func chunks(p *Provider, lines ...string) (events []provider.Event, data []string, err error) {
	resp := &egress.Response{Body: providertest.Body("data: " + strings.Join(lines, "\n\ndata: ") + "\n\n")}
	call := &provider.Call{Model: "up", Show: "shown"}
	s := &chatStream{stream: &stream{Stream: p.streams.Open(resp, func() {}), p: p, call: call, shown: quoted(call)}}
	defer s.Close()
	for {
		ev, err := s.Next()
		if err != nil {
			return events, data, err
		}
		data = append(data, string(ev.Data))
		ev.Data = nil
		events = append(events, ev)
	}
}

// FuzzTemplate checks that a chunk comes out the same whether or not chunks came
// before it from which something could be learned.
func FuzzTemplate(f *testing.F) {
	chunk := func(text, more string) string {
		return `{"model":"up","choices":[{"index":0,"delta":{"content":` + text + `},"finish_reason":null` + more + `}]}`
	}
	for _, seed := range [][2]string{
		{chunk(`"a"`, ""), chunk(`"b\n\u00e9"`, "")},
		{chunk(`"a"`, ""), chunk(`"","x":""`, "")},
		{chunk(`"a"`, ""), chunk(`"\"`, "")},
		{chunk(`"a"`, ""), chunk(`"\\"`, "")},
		{chunk(`"a"`, ""), chunk(`null`, "")},
		{chunk(`"a"`, ""), chunk(`"b"`, `,"logprobs":null`)},
		{chunk(`"a"`, ""), `{"choices":[]}`},
		{chunk(`"a"`, `,"delta":{"content":"b"}`), chunk(`"cc"`, `,"delta":{"content":"b"}`)},
		{chunk(`"a","content":"a"`, ""), chunk(`"bb","content":"a"`, "")},
		{chunk(`"a","reasoning":"r"`, ""), chunk(`"bb","reasoning":"r"`, "")},
		{`{"delta":{"content":"x"},"model":"shown","choices":[{"delta":{"content":"a"}}]}`, `{"delta":{"content":"yy"},"model":"shown","choices":[{"delta":{"content":"a"}}]}`},
		{`{"choices":[{"delta":{"content":"a"}}],"model":"up"}`, `{"choices":[{"delta":{"content":"b"}}],"model":"up"}`},
		{`{"choices":[{"delta":{"content":"a"}}],"model":"a"}`, `{"choices":[{"delta":{"content":"a"}}],"model":"b"}`},
		{`{"x":"\"delta\":{\"content\":","choices":[{"delta":{"content":"a"}}]}`, `{"x":"\"delta\":{\"content\":","choices":[{"delta":{"content":"b"}}]}`},
	} {
		f.Add(seed[0], seed[1])
	}
	p := New(Options{BaseURL: &url.URL{Scheme: "http", Host: "h"}})
	f.Fuzz(func(t *testing.T, a, b string) {
		if strings.ContainsAny(a+b, "\r\n") {
			return
		}
		before, _, err := chunks(p, a, a, a)
		if err != io.EOF && provider.ClassOf(err) != provider.Cut || len(before) != 3 {
			return // a is no chunk
		}
		events, data, err := chunks(p, b)
		lateEvents, lateData, lateErr := chunks(p, a, a, a, b)
		n := min(3, len(lateData))
		if diff := cmp.Diff(append([]string{}, data...), lateData[n:]); diff != "" {
			t.Errorf("data: %s", diff)
		}
		if diff := cmp.Diff(append([]provider.Event{}, events...), lateEvents[n:], cmp.Transformer("all", func(e provider.Event) []any {
			return []any{e.Bytes, e.Output, e.Usage, e.UsageOnly}
		})); diff != "" {
			t.Errorf("events: %s", diff)
		}
		if len(data) > 0 && (provider.ClassOf(err) != provider.ClassOf(lateErr)) && err != io.EOF && lateErr != io.EOF {
			t.Errorf("ends: %v, then %v", err, lateErr)
		}
	})
}

func TestTemplateIsLearned(t *testing.T) {
	t.Parallel()
	s := &chatStream{stream: &stream{shown: []byte(`"shown"`)}}
	body := `{"model":"up","choices":[{"delta":{"content":"a"},"finish_reason":null}],"usage":null}`
	if _, _, ok := s.form.apply(nil, []byte(body)); ok {
		t.Fatal("knew it before")
	}
	s.form.learn([]byte(body), s.show)
	out, size, ok := s.form.apply(nil, []byte(strings.Replace(body, `"a"`, `"\u00e9b"`, 1)))
	if want := `{"model":"shown","choices":[{"delta":{"content":"\u00e9b"},"finish_reason":null}],"usage":null}`; !ok || string(out) != want || size != 3 {
		t.Errorf("%s, %d, %v", out, size, ok)
	}
}
