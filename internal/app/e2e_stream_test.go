package app_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"skytower/internal/config"
	"skytower/internal/provider/providertest"
)

func jsonScript(body string) providertest.Script { return providertest.JSON(http.StatusOK, body) }

// strict reads a stream as the TypeScript SDK does (contract 14.1): payload lines
// begin with `data: `, each is one JSON document, [DONE] ends it.
type strict struct {
	t    *testing.T
	in   *bufio.Reader
	done bool
}

func (s *server) open(ctx context.Context, path, body string) (*http.Response, *strict) {
	s.t.Helper()
	req := s.request(http.MethodPost, path, body, "X-Api-Key", s.key, "Accept", "text/event-stream").WithContext(ctx)
	res, err := s.client.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = res.Body.Close() })
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/event-stream" {
		text, _ := io.ReadAll(res.Body)
		s.t.Fatalf("no stream: %d %v %s", res.StatusCode, res.Header, text)
	}
	return res, &strict{t: s.t, in: bufio.NewReader(res.Body)}
}

// next gives the next document; false at the end.
func (p *strict) next() (string, bool) {
	p.t.Helper()
	for {
		line, err := p.in.ReadString('\n')
		if err == io.EOF {
			return "", false
		}
		if err != nil {
			p.t.Fatal(err)
		}
		payload, ok := strings.CutPrefix(strings.TrimRight(line, "\r\n"), "data: ")
		if !ok {
			if line != "\n" && !strings.HasPrefix(line, ":") && !strings.HasPrefix(line, "event: ") {
				p.t.Fatalf("a line that the TypeScript SDK would drop: %q", line)
			}
			continue
		}
		if payload == "[DONE]" {
			p.done = true
			continue
		}
		if p.done || !json.Valid([]byte(payload)) {
			p.t.Fatalf("after the end, or no JSON: %q", payload)
		}
		return payload, true
	}
}

func (p *strict) all() []string {
	p.t.Helper()
	var out []string
	for {
		doc, ok := p.next()
		if !ok {
			return out
		}
		out = append(out, doc)
	}
}

// Each chunk reaches the client before the upstream writes the next.
func TestStreamsAreUnbuffered(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	up := s.withUpstream()
	step := make(chan struct{})
	up.On(chatPath, func(x *providertest.Exchange) {
		x.Head(200, "Content-Type", "text/event-stream")
		for range 10 {
			x.Say(piece("tick"))
			if !x.Wait(step) {
				return
			}
		}
		x.Say(lastPiece + donePiece)
	})
	for _, path := range []string{chatPath, chatPath + "?stream=true"} {
		body := streamBody
		if strings.Contains(path, "?") {
			body = chatBody
		}
		_, in := s.open(t.Context(), path, body)
		for range 10 {
			doc, ok := in.next()
			if !ok || !strings.Contains(doc, `"tick"`) || !strings.Contains(doc, `"model":"`+chatModel+`"`) || !strings.Contains(doc, `"choices":[`) {
				t.Fatalf("got %q, %v", doc, ok)
			}
			step <- struct{}{}
		}
		if rest := in.all(); len(rest) != 1 || !in.done {
			t.Errorf("ended with %q, done %v", rest, in.done)
		}
	}
	if !strings.Contains(up.Last().Body, `"stream":true`) || !strings.Contains(up.Last().Body, `"include_usage":true`) {
		t.Errorf("asked with %s", up.Last().Body)
	}
}

func TestACallerThatLeavesCancelsTheUpstream(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	up := s.withUpstream()
	for name, body := range map[string]string{"plain": chatBody, "stream": streamBody, "stream in its middle": streamBody} {
		entered, left := make(chan struct{}), make(chan struct{})
		up.On(chatPath, func(x *providertest.Exchange) {
			if name == "stream in its middle" {
				x.Head(200, "Content-Type", "text/event-stream")
				x.Say(piece("first"))
			}
			close(entered)
			x.Left()
			close(left)
		})
		ctx, leave := context.WithCancel(t.Context())
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			req := s.request(http.MethodPost, chatPath, body, "X-Api-Key", s.key).WithContext(ctx)
			if res, err := s.client.Do(req); err == nil {
				_, _ = io.Copy(io.Discard, res.Body)
				_ = res.Body.Close()
			}
		}()
		await(t, name+": the upstream is called", entered)
		leave()
		await(t, name+": the upstream's call ends", left)
		await(t, name+": the caller has left", gone)
	}
	if rows := s.rows("select outcome, status from request_log where route = '/v1/chat/completions' order by at"); len(rows) != 3 ||
		slices.ContainsFunc(rows, func(r []string) bool { return r[0] != "hang_up" }) {
		t.Errorf("got %v", rows)
	}
}

// Comments fill the silence, so the head is out and an error comes in band.
func TestKeepAliveThenAnErrorInBand(t *testing.T) {
	t.Parallel()
	s := start(t, options{change: func(c *config.Config) { c.KeepAlive = 5 * time.Millisecond }})
	up := s.withUpstream()
	for _, path := range []string{chatPath, respPath} {
		heard := make(chan struct{})
		fails := func(x *providertest.Exchange) {
			if x.Wait(heard) {
				providertest.JSON(500, `{"error":{"message":"inner secret 10.9.8.7"}}`)(x)
			}
		}
		up.On(chatPath, fails)
		body := streamBody
		if path == respPath {
			body = `{"model":"` + chatModel + `","stream":true,"input":"hi"}`
			up.On(respPath, providertest.Page(404))
		}
		_, in := s.open(t.Context(), path, body)
		if line, err := in.in.ReadString('\n'); err != nil || line != ": keep-alive\n" {
			t.Fatalf("got %q, %v", line, err)
		}
		close(heard)
		docs := in.all()
		if len(docs) != 1 || strings.Contains(docs[0], "secret") || !strings.Contains(docs[0], "failed") {
			t.Fatalf("%s: got %q", path, docs)
		}
		if path == chatPath && (!in.done || !strings.HasPrefix(docs[0], `{"error":{"message"`) || !strings.HasSuffix(docs[0], `"choices":[]}`)) {
			t.Errorf("chat: got %s, done %v", docs[0], in.done)
		}
		if path == respPath && !strings.HasPrefix(docs[0], `{"type":"error","sequence_number":0,`) {
			t.Errorf("responses: got %s", docs[0])
		}
	}
}

// An upstream that breaks off after output must not look as if it had ended.
func TestAStreamThatIsCut(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	up := s.withUpstream()
	up.On(respPath, providertest.Page(404))
	for name, cut := range map[string]providertest.Script{
		"connection lost": func(x *providertest.Exchange) {
			x.Head(200, "Content-Type", "text/event-stream")
			x.Say(piece("half"))
			x.Cut()
		},
		"ended without [DONE]": providertest.Events(piece("half")),
		"an error in band":     providertest.Events(piece("half"), `data: {"error":{"message":"inner secret"}}`+"\n\n"),
	} {
		up.On(chatPath, cut)
		_, in := s.open(t.Context(), chatPath, streamBody)
		docs := in.all()
		if last := docs[len(docs)-1]; len(docs) != 2 || !strings.Contains(last, `"error_id":"INFERENCE_ERROR"`) || !strings.Contains(last, `"choices":[]`) || strings.Contains(last, "secret") {
			t.Errorf("%s: got %q", name, docs)
		}
		_, in = s.open(t.Context(), respPath, `{"model":"`+chatModel+`","stream":true,"input":"hi"}`)
		docs = in.all()
		if last := docs[len(docs)-1]; !strings.Contains(last, `"type":"error","sequence_number":5`) || strings.Contains(strings.Join(docs, ""), "response.completed") {
			t.Errorf("%s: responses: got %q", name, docs)
		}
	}
}

func TestUsageChunkReachesThoseWhoAsked(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	up := s.withUpstream()
	up.On(chatPath, providertest.Events(piece("x"), lastPiece, usagePiece, donePiece))
	for body, want := range map[string]bool{
		streamBody: false,
		strings.Replace(streamBody, `"stream":true`, `"stream":true,"stream_options":{"include_usage":true}`, 1): true,
	} {
		_, in := s.open(t.Context(), chatPath, body)
		if docs := strings.Join(in.all(), "\n"); strings.Contains(docs, "prompt_tokens") != want || strings.Contains(docs, upChat) || !in.done {
			t.Errorf("%s: got %s", body, docs)
		}
	}
}
