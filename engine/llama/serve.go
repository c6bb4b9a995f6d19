package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// routes are OpenAI's two, and two of our own: the count of a request's tokens, and life.
func (e *engine) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/chat/completions", e.chat)
	mux.HandleFunc("POST /v1/embeddings", e.embed)
	mux.HandleFunc("POST /v1/tokens", e.count)
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	return mux
}

// prepare makes a job of a request; nothing is computed yet.
func (e *engine) prepare(ctx context.Context, q *chatRequest) (*job, *failure) {
	if e.embeddings {
		return nil, unsupported("model", "chat: it makes embeddings")
	}
	if f := q.check(); f != nil {
		return nil, f
	}
	talk, f := q.talk()
	if f != nil {
		return nil, f
	}
	prompt, err := e.prompts.prompt(talk)
	if err != nil {
		return nil, refused("messages", "The messages can't be written as this model expects them: %s", strings.TrimSuffix(err.Error(), "."))
	}
	stops, f := q.stops()
	if f != nil {
		return nil, f
	}
	j := &job{ctx: ctx, prompt: e.promptTokens(prompt), out: outflow{stops: stops}, mail: newMailbox()}
	switch {
	case len(j.prompt) == 0:
		return nil, refused("messages", "The messages hold no text.")
	case len(j.prompt) >= e.room:
		return nil, tooLong(len(j.prompt), e.room)
	}
	j.limit = q.limit(e.room - len(j.prompt))
	j.sampler, f = e.sampler(q)
	return j, f
}

func (e *engine) chat(w http.ResponseWriter, r *http.Request) {
	var q chatRequest
	if f := read(w, r, &q); f != nil {
		f.send(w)
		return
	}
	j, f := e.prepare(r.Context(), &q)
	if f == nil {
		f = e.submit(j)
	}
	if f != nil {
		f.send(w)
		return
	}
	head := head{ID: "chatcmpl-" + randomName(), Created: time.Now().Unix()}
	if q.Stream {
		(&streamed{w: w, job: j, head: head, usage: q.StreamOptions != nil && q.StreamOptions.IncludeUsage}).run()
		return
	}
	whole(w, j, head)
}

// head is what all documents of one answer share.
type head struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Created int64  `json:"created"`
	Model   string `json:"model"`
}

// usage counts by the library's tokenizer; the token that ends an answer is one of it.
type usage struct {
	Prompt     int `json:"prompt_tokens"`
	Completion int `json:"completion_tokens"`
	Total      int `json:"total_tokens"`
}

func (j *job) usage(end *ending) usage {
	return usage{len(j.prompt), end.generated, len(j.prompt) + end.generated}
}

// text is a message, or what a chunk adds to it.
type text struct {
	Role    string  `json:"role,omitempty"`
	Content *string `json:"content,omitempty"`
}

type choice struct {
	Index        int     `json:"index"`
	Message      *text   `json:"message,omitempty"`
	Delta        *text   `json:"delta,omitempty"`
	FinishReason *string `json:"finish_reason"`
}

type document struct {
	head
	Choices []choice `json:"choices"`
	Usage   *usage   `json:"usage,omitempty"`
}

// whole waits for the end and sends one document.
func whole(w http.ResponseWriter, j *job, h head) {
	var all strings.Builder
	for {
		texts, end, err := j.mail.take(j.ctx)
		if err != nil {
			return // the caller has left
		}
		for _, t := range texts {
			all.WriteString(t)
		}
		switch {
		case end == nil:
			continue
		case end.failure != nil:
			end.failure.send(w)
			return
		}
		h.Object = "chat.completion"
		answer, used := all.String(), j.usage(end)
		sendJSON(w, document{head: h, Usage: &used,
			Choices: []choice{{Message: &text{"assistant", &answer}, FinishReason: &end.reason}}})
		return
	}
}

func sendJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // a caller who has left needs none
}

// streamed is an answer in chunks.
type streamed struct {
	w     http.ResponseWriter
	job   *job
	head  head
	usage bool
	begun bool
}

func (s *streamed) run() {
	s.head.Object = "chat.completion.chunk"
	flush := http.NewResponseController(s.w)
	for {
		texts, end, err := s.job.mail.take(s.job.ctx)
		if err != nil {
			return
		}
		if end != nil && end.failure != nil && !s.begun && len(texts) == 0 {
			end.failure.send(s.w)
			return
		}
		s.begin()
		if len(texts) == 0 && end == nil {
			_, _ = fmt.Fprint(s.w, ": working\n\n") // so that who waits sees that something goes on
		}
		for _, t := range texts {
			s.send(document{head: s.head, Choices: []choice{{Delta: &text{Content: &t}}}})
		}
		if end != nil {
			s.end(end)
			return
		}
		if flush.Flush() != nil {
			return
		}
	}
}

// begin sends the head of the answer and the chunk that names the role.
func (s *streamed) begin() {
	if s.begun {
		return
	}
	s.begun = true
	s.w.Header().Set("Content-Type", "text/event-stream")
	empty := ""
	s.send(document{head: s.head, Choices: []choice{{Delta: &text{"assistant", &empty}}}})
}

func (s *streamed) end(end *ending) {
	if end.failure != nil {
		_, _ = fmt.Fprintf(s.w, "data: %s\n\n", end.failure.body())
		return
	}
	s.send(document{head: s.head, Choices: []choice{{Delta: &text{}, FinishReason: &end.reason}}})
	if s.usage {
		used := s.job.usage(end)
		s.send(document{head: s.head, Choices: []choice{}, Usage: &used})
	}
	_, _ = fmt.Fprint(s.w, "data: [DONE]\n\n")
}

// send writes one event. Its error is the caller's leaving, which ends the job's context.
func (s *streamed) send(d document) {
	line, err := json.Marshal(d)
	if err != nil {
		panic("encode a chunk: " + err.Error()) // texts and numbers: can't be
	}
	_, _ = fmt.Fprintf(s.w, "data: %s\n\n", line)
}

// count tells how many input tokens a chat request has.
func (e *engine) count(w http.ResponseWriter, r *http.Request) {
	var q chatRequest
	if f := read(w, r, &q); f != nil {
		f.send(w)
		return
	}
	if e.embeddings {
		unsupported("model", "chat: it makes embeddings").send(w)
		return
	}
	talk, f := q.talk()
	if f != nil {
		f.send(w)
		return
	}
	prompt, err := e.prompts.prompt(talk)
	if err != nil {
		refused("messages", "The messages can't be written as this model expects them: %s", strings.TrimSuffix(err.Error(), ".")).send(w)
		return
	}
	sendJSON(w, map[string]int{"tokens": len(e.promptTokens(prompt))})
}
