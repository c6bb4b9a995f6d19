package translate_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"skytower/internal/inference/chatform/chatformtest"
	"skytower/internal/inference/translate"
	"skytower/internal/provider"
)

func hello(t testing.TB, change ...func(*translate.Request)) *translate.Translation {
	t.Helper()
	r := request([]byte(`{"model":"m","input":"hi"}`))
	for _, c := range change {
		c(&r)
	}
	tr, err := translate.New(r)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

const (
	roleChunk = `{"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}`
	halfChunk = `{"choices":[{"index":0,"delta":{"content":"Half"}}]}`
	moreChunk = `{"choices":[{"index":0,"delta":{"content":" more"}}]}`
	doneChunk = `{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`
)

func TestErrorsOfTheChatStreamAreReturnedAsTheyAre(t *testing.T) {
	t.Parallel()
	cut := &provider.Error{Class: provider.Cut, Err: io.ErrUnexpectedEOF}
	chat := chatformtest.Chunked(t, []byte(halfChunk))
	chat.End = cut
	tr := hello(t)
	s := tr.Stream(chat)
	chatformtest.Drain(t, s, 5)
	if _, err := s.Next(); err != error(cut) {
		t.Errorf("got %v", err)
	}
	failed := decoded(t, tr.Failed("server_error", "It \"broke\".", provider.Usage{Reported: true, Output: 1}))
	cause := failed["error"].(map[string]any)
	if failed["status"] != "failed" || failed["output_text"] != "Half" || failed["id"] != "resp_1" || cause["code"] != "server_error" ||
		cause["message"] != `It "broke".` || failed["completed_at"] != nil {
		t.Errorf("failed as %v", failed)
	}
	if item := failed["output"].([]any)[0].(map[string]any); item["status"] != "incomplete" {
		t.Errorf("the open item is %v", item)
	}
	if err := s.Close(); err != nil || !chat.Closed {
		t.Error("the chat stream is not closed")
	}
}

func TestFail(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{
		0: "response.created response.in_progress response.failed",
		1: "response.in_progress response.failed",
		5: "response.failed",
	} {
		s := hello(t).Stream(chatformtest.Chunked(t, []byte(halfChunk)))
		chatformtest.Drain(t, s, n)
		var names []string
		events := s.Fail("server_error", "It broke.", provider.Usage{})
		for i, e := range events {
			names = append(names, e.Name)
			if v := decoded(t, e.Data); v["sequence_number"] != float64(n+i) || v["type"] != e.Name || e.Final != (i == len(events)-1) {
				t.Errorf("after %d: %+v", n, v)
			}
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("after %d events: %s", n, got)
		}
	}
}

func TestGarbageIsBroken(t *testing.T) {
	t.Parallel()
	for _, chunk := range []string{
		`{`, `[]`, `7`, ``, `{"choices":[{"delta":{"content":"\x"}}]}`, `{"choices":[{"delta":{"tool_calls":[{"id":"\x","function":{"name":"f"}}]}}]}`,
		"{\"choices\":[{\"delta\":{\"content\":\"a\x01\"}}]}",
	} {
		s := hello(t).Stream(&chatformtest.Chunks{Events: []provider.Event{{Data: []byte(halfChunk)}, {Data: []byte(halfChunk)}, {Data: []byte(chunk)}}, End: io.EOF})
		chatformtest.Drain(t, s, 6)
		if e, err := s.Next(); provider.ClassOf(err) != provider.Broken || err == nil {
			t.Errorf("%s: got %s, %v", chunk, e.Data, err)
		}
	}
	for _, body := range []string{
		`{`, `[]`, ``, `{}`, `{"choices":[]}`, `{"choices":{}}`, `{"choices":[{}]}`, `{"choices":[{"index":1,"message":{"content":"x"}}]}`,
		`{"choices":[{"message":{"content":"\x"}}]}`, `{"choices":[{"message":{"tool_calls":[` + strings.Repeat(`{},`, 2000) + `{}]}}]}`,
	} {
		var failure *provider.Error
		if _, err := hello(t).Answer(&provider.Answer{Body: []byte(body)}); !errors.As(err, &failure) || failure.Class != provider.Broken {
			t.Errorf("%.50s: got %v", body, err)
		}
	}
}

func TestCreated(t *testing.T) {
	t.Parallel()
	earlier := hello(t, func(r *translate.Request) { r.Created = time.Unix(1700000000, 0) })
	if got := decoded(t, earlier.Created()); got["created_at"] != 1.7e9 {
		t.Errorf("created at %v", got["created_at"])
	}
	got := decoded(t, hello(t).Created())
	if got["status"] != "in_progress" || got["output_text"] != "" || len(got["output"].([]any)) != 0 || got["usage"] != nil || got["content_filters"] != nil {
		t.Errorf("created as %v", got)
	}
}

// The name of the caller's model is shown, and the upstream's goes to the upstream.
func TestNames(t *testing.T) {
	t.Parallel()
	tr := hello(t)
	if got := decoded(t, tr.Chat()); got["model"] != "up" {
		t.Errorf("asks for %v", got["model"])
	}
	if got := decoded(t, tr.Created()); got["model"] != "m" {
		t.Errorf("shows %v", got["model"])
	}
}

// Where the upstream reports no usage, the last event tells what is charged.
func TestCountedUsage(t *testing.T) {
	t.Parallel()
	count := func(r *translate.Request) {
		r.Count = func() provider.Usage { return provider.Usage{Input: 5, Output: 2} }
	}
	events := chatformtest.Drain(t, hello(t, count).Stream(chatformtest.Chunked(t, []byte(halfChunk+"\n"+doneChunk))), -1)
	last := events[len(events)-1]
	final := decoded(t, last.Data)["response"].(map[string]any)
	if final["usage"].(map[string]any)["total_tokens"] != 7.0 || last.Usage.Reported {
		t.Errorf("ended with %v, reported %+v", final["usage"], last.Usage)
	}
	answer, err := hello(t, count).Answer(&provider.Answer{Body: []byte(`{"choices":[{"message":{"content":"x"}}]}`), Bytes: 1})
	if err != nil || answer.Usage.Reported || decoded(t, answer.Body)["usage"].(map[string]any)["input_tokens"] != 5.0 {
		t.Errorf("answered %s, %v", answer.Body, err)
	}
	events = chatformtest.Drain(t, hello(t, count).Stream(chatformtest.Chunked(t, []byte(halfChunk+"\n"+`{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1}}`))), -1)
	if final := decoded(t, events[len(events)-1].Data)["response"].(map[string]any); final["usage"].(map[string]any)["total_tokens"] != 2.0 {
		t.Errorf("what was reported became %v", final["usage"])
	}
}

// Ready is true only where Next has something: a chunk that makes no event is no reason
// to wait without a flush.
func TestReady(t *testing.T) {
	t.Parallel()
	chat := &chatformtest.Chunks{End: io.EOF}
	s := hello(t).Stream(chat)
	if s.Ready() {
		t.Error("ready before the first chunk")
	}
	chat.Events = chatformtest.Chunked(t, []byte(roleChunk)).Events
	if !s.Ready() {
		t.Error("not ready for the first events")
	}
	chatformtest.Drain(t, s, 2)
	if s.Ready() {
		t.Error("ready without more chunks")
	}
	chat.Events = chatformtest.Chunked(t, []byte(roleChunk+"\n"+roleChunk)).Events
	if s.Ready() {
		t.Error("ready for chunks without content")
	}
	chat.Events = chatformtest.Chunked(t, []byte(halfChunk)).Events
	e := chatformtest.Drain(t, s, 1)[0]
	if !s.Ready() || e.Name != "response.output_item.added" {
		t.Errorf("not ready behind %s", e.Name)
	}
}

// A second try begins anew, under the same response id.
func TestTries(t *testing.T) {
	t.Parallel()
	tr := hello(t)
	chatformtest.Drain(t, tr.Stream(chatformtest.Chunked(t, []byte(halfChunk))), 5)
	final := wellFormed(t, chatformtest.Drain(t, tr.Stream(chatformtest.Chunked(t, []byte(moreChunk+"\n"+doneChunk))), -1))
	if final["output_text"] != " more" || final["id"] != "resp_1" {
		t.Errorf("ended with %v", final)
	}
}

// Ids are random where nobody numbers them.
func TestIDs(t *testing.T) {
	t.Parallel()
	seen := map[any]bool{}
	for range 2 {
		final := wellFormed(t, chatformtest.Drain(t, hello(t).Stream(chatformtest.Chunked(t, []byte(halfChunk+"\n"+doneChunk))), -1))
		id := final["output"].([]any)[0].(map[string]any)["id"].(string)
		if seen[id] || !strings.HasPrefix(id, "msg_") || len(id) != len("msg_")+32 {
			t.Errorf("got the id %s", id)
		}
		seen[id] = true
	}
}

func TestTooManyItems(t *testing.T) {
	t.Parallel()
	one := `{"choices":[{"delta":{"reasoning":"a","content":"b"}}]}`
	s := hello(t).Stream(chatformtest.Chunked(t, []byte(strings.Repeat(one+"\n", 1200))))
	for {
		if _, err := s.Next(); err != nil {
			if provider.ClassOf(err) != provider.Broken || err == io.EOF {
				t.Errorf("got %v", err)
			}
			return
		}
	}
}

// Events of a chunk count as much as the chunk does; where it counts nothing, its text
// counts as the bytes of UTF-8 that it stands for.
func TestCounts(t *testing.T) {
	t.Parallel()
	both := `{"choices":[{"delta":{"reasoning":"abc","content":"de"}}]}`
	escaped := `{"choices":[{"delta":{"content":"\u00e9\n\ud83d\ude00\u20ac\u0041\\"}}]}`
	for _, c := range []struct {
		event provider.Event
		want  int
	}{
		{provider.Event{Data: []byte(both), Bytes: 100}, 100},
		{provider.Event{Data: []byte(both), Bytes: 5}, 5},
		{provider.Event{Data: []byte(both)}, 5},
		{provider.Event{Data: []byte(halfChunk), Bytes: 9}, 9},
		{provider.Event{Data: []byte(escaped)}, 2 + 1 + 4 + 3 + 1 + 1},
	} {
		// Twice: the second chunk may fit the template of the first.
		events := chatformtest.Drain(t, hello(t).Stream(&chatformtest.Chunks{Events: []provider.Event{{Data: []byte(roleChunk)}, c.event, c.event}, End: io.EOF}), -1)
		got := 0
		for _, e := range events {
			got += e.Bytes
		}
		if got != 2*c.want {
			t.Errorf("%s counted as %d: events count %d, want twice %d", c.event.Data, c.event.Bytes, got, c.want)
		}
	}
}

// Where a chunk's text stands in it a second time, its place is not guessed.
func TestTextThatOccursTwice(t *testing.T) {
	t.Parallel()
	const chunk = `{"id":"a","choices":[{"delta":{"content":"a"}}]}`
	data := roleChunk + "\n" + chunk + "\n" + strings.Replace(chunk, "a", "b", 1)
	if final := wellFormed(t, chatformtest.Drain(t, hello(t).Stream(chatformtest.Chunked(t, []byte(data))), -1)); final["output_text"] != "aa" {
		t.Errorf("got %v", final["output_text"])
	}
}

// The template of a stream's chunks is learned anew as they change.
func TestChunksThatChange(t *testing.T) {
	t.Parallel()
	var data, want strings.Builder
	for i := range 60 {
		word := strings.Repeat("x", i%5+1)
		id := i / 10 // in runs
		if i < 20 {
			id = i // each another
		}
		fmt.Fprintf(&data, `{"id":"%d","choices":[{"delta":{"content":"%s"}}]}`+"\n", id, word)
		want.WriteString(word)
	}
	if final := wellFormed(t, chatformtest.Drain(t, hello(t).Stream(chatformtest.Chunked(t, []byte(data.String()))), -1)); final["output_text"] != want.String() {
		t.Errorf("got %v", final["output_text"])
	}
}

// Keys are read as any JSON reader reads them.
func TestEscapedAndRepeatedKeys(t *testing.T) {
	t.Parallel()
	tr, err := translate.New(request([]byte(`{"in\u0070ut":"no","input":[{"r\u006fle":"user","content":"no","con\u0074ent":"yes"}],"user":null}`)))
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"model":"up","messages":[{"role":"user","content":"yes"}]}`; string(tr.Chat()) != want {
		t.Errorf("got %s, want %s", tr.Chat(), want)
	}
}
