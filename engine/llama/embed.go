package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/hybridgroup/yzma/pkg/llama"
)

// maxInputs is OpenAI's bound on the texts of one request.
const maxInputs = 2048

type embedRequest struct {
	Input      json.RawMessage `json:"input"`
	Dimensions *int            `json:"dimensions"`
}

type embedding struct {
	Object    string    `json:"object"`
	Index     int       `json:"index"`
	Embedding []float32 `json:"embedding"`
}

// embed answers embeddings as numbers; who wants base64 makes it of them.
func (e *engine) embed(w http.ResponseWriter, r *http.Request) {
	var q embedRequest
	if f := read(w, r, &q); f != nil {
		f.send(w)
		return
	}
	inputs, f := e.inputs(&q)
	if f != nil {
		f.send(w)
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel() // after a failure the rest need not be computed
	list, tokens, f := e.vectors(ctx, inputs)
	if f != nil {
		f.send(w)
		return
	}
	if list == nil {
		return // the caller has left
	}
	sendJSON(w, map[string]any{
		"object": "list", "model": "", "data": list, "usage": map[string]int{"prompt_tokens": tokens, "total_tokens": tokens},
	})
}

// inputs are the tokens of each text; all are checked before any is computed.
func (e *engine) inputs(q *embedRequest) ([][]llama.Token, *failure) {
	switch {
	case !e.embeddings:
		return nil, unsupported("model", "embeddings: it is a chat model")
	case q.Dimensions != nil && *q.Dimensions != e.width:
		return nil, refused("dimensions", "The vectors of this model have %d dimensions, and can't be shortened.", e.width)
	}
	texts, lists, ok := readInput(q.Input)
	if !ok || len(texts)+len(lists) == 0 || len(texts)+len(lists) > maxInputs {
		return nil, refused("input", "'input' is a text, or a list of 1 to %d texts, or tokens.", maxInputs)
	}
	for i, text := range texts {
		if text == "" {
			return nil, refused("input["+strconv.Itoa(i)+"]", "An empty text has no embedding.")
		}
		lists = append(lists, e.tokenize(plain(text), true, false))
	}
	size := llama.VocabNTokens(e.vocab)
	for i, tokens := range lists {
		at := "input[" + strconv.Itoa(i) + "]"
		if len(tokens) == 0 {
			return nil, refused(at, "An empty text has no embedding.")
		}
		if len(tokens) > e.room {
			f := refused(at, "This model has room for %d tokens, and the text has %d.", e.room, len(tokens))
			f.code = "context_length_exceeded"
			return nil, f
		}
		for _, token := range tokens {
			if token < 0 || int32(token) >= size {
				return nil, refused(at, "There is no token %d.", token)
			}
		}
	}
	return lists, nil
}

// readInput reads the four forms of OpenAI's input: a text, texts, tokens, lists of tokens.
func readInput(raw json.RawMessage) (texts []string, lists [][]llama.Token, ok bool) {
	var one string
	var tokens []llama.Token
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return nil, nil, false
	case json.Unmarshal(raw, &one) == nil:
		return []string{one}, nil, true
	case json.Unmarshal(raw, &texts) == nil:
		return texts, nil, true
	case json.Unmarshal(raw, &tokens) == nil:
		return nil, [][]llama.Token{tokens}, true
	}
	err := json.Unmarshal(raw, &lists)
	return nil, lists, err == nil
}

// vectors computes the texts. A nil list without a failure: the caller has left.
func (e *engine) vectors(ctx context.Context, inputs [][]llama.Token) ([]embedding, int, *failure) {
	jobs, tokens := make([]*job, len(inputs)), 0
	for i, prompt := range inputs {
		tokens += len(prompt)
		jobs[i] = &job{ctx: ctx, prompt: prompt, mail: newMailbox()}
	}
	list := make([]embedding, len(inputs))
	next := 0 // to be submitted: a few at a time, so that others get their turn
	for i := range jobs {
		for ; next < len(jobs) && next < i+len(e.slots); next++ {
			if f := e.submit(jobs[next]); f != nil {
				return nil, 0, f
			}
		}
		for {
			_, end, err := jobs[i].mail.take(ctx)
			if err != nil {
				return nil, 0, nil
			}
			if end == nil {
				continue
			}
			if end.failure != nil {
				return nil, 0, end.failure
			}
			list[i] = embedding{"embedding", i, end.vector}
			break
		}
	}
	return list, tokens, nil
}

// randomName is for the ids of answers.
func randomName() string { return rand.Text() }
