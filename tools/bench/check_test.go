package main

import (
	"strings"
	"testing"
)

func TestEvents(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, stream string
		want         int
		problem      string // part of the error, empty for a good stream
	}{
		{"good", "data: {}\n\n: waiting\n\ndata: {}\n\ndata: [DONE]\n\n", 2, ""},
		{"any number", "data: [DONE]\n\n", 0, ""},
		{"too few", "data: {}\n\ndata: [DONE]\n\n", 2, "1 chunks instead of 2"},
		{"cut", "data: {}\n\n", 1, "without [DONE]"},
		{"cut within a line", "data: {}\n\ndata: [DO", 1, "within a line"},
		{"more after the end", "data: [DONE]\n\ndata: {}\n\n", 0, "unexpected line"},
		{"no space after the colon", "data:{}\n\ndata: [DONE]\n\n", 0, "unexpected line"},
		{"carriage returns", "data: [DONE]\r\n\r\n", 0, "unexpected line"},
		{"an answer of another kind", `{"error":{}}` + "\n", 0, "unexpected line"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for size := 1; size <= len(c.stream); size++ {
				checkEvents(t, c.stream, size, c.want, c.problem)
			}
		})
	}
}

// checkEvents writes the stream in pieces of one size: where a piece ends must not matter.
func checkEvents(t *testing.T, stream string, size, want int, problem string) {
	t.Helper()
	var e events
	for rest := stream; rest != ""; {
		n := min(size, len(rest))
		_, _ = e.Write([]byte(rest[:n]))
		rest = rest[n:]
	}
	err := e.complete(want)
	if problem == "" && err != nil || problem != "" && (err == nil || !strings.Contains(err.Error(), problem)) {
		t.Errorf("in pieces of %d: %v, want %q", size, err, problem)
	}
}

func TestEventsReset(t *testing.T) {
	t.Parallel()
	var e events
	_, _ = e.Write([]byte("data: {}\n\nbad\n\ndata: [DONE]\n\ndata: un"))
	e.reset()
	_, _ = e.Write([]byte("data: {}\n\ndata: [DONE]\n\n"))
	if err := e.complete(1); err != nil || e.bytes != len("{}") {
		t.Errorf("after a reset: %v, %d bytes", err, e.bytes)
	}
}

func TestCheckPlain(t *testing.T) {
	t.Parallel()
	for _, good := range []string{chatAnswer(), embeddingAnswer(), `{"output":[{"content":[{"text":"hi"}]}],"usage":{"total_tokens":3}}`} {
		if err := checkPlain(strings.NewReader(good)); err != nil {
			t.Errorf("the mock's own answer: %v", err)
		}
	}
	for _, bad := range []string{
		``, `{}`, `[]`,
		`{"choices":[{"message":{"content":"hi"}}]}`,
		`{"choices":[{"message":{"content":""}}],"usage":{"total_tokens":3}}`,
		`{"data":[{"embedding":[1,2]}],"usage":{"total_tokens":3}}`,
	} {
		if err := checkPlain(strings.NewReader(bad)); err == nil {
			t.Errorf("%s passes", bad)
		}
	}
}

func TestCheckChunk(t *testing.T) {
	t.Parallel()
	if err := checkChunk([]byte(deltaChunk("m", `{}`, "null"))); err != nil {
		t.Errorf("the mock's own chunk: %v", err)
	}
	for _, bad := range []string{``, `{}`, usageChunk(), `{"choices":[{}]}`} {
		if err := checkChunk([]byte(bad)); err == nil {
			t.Errorf("%s passes", bad)
		}
	}
}
