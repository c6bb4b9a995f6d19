package main

import (
	"context"
	"math"
	"runtime"
	"sync"

	"github.com/hybridgroup/yzma/pkg/llama"
)

// job is one call: a prompt to be gone on with, or a text to be embedded.
type job struct {
	ctx     context.Context // over when the caller has left
	prompt  []llama.Token
	sampler llama.Sampler // 0: an embedding
	limit   int           // tokens to generate
	out     outflow
	mail    *mailbox
}

// slot is a sequence of the library's memory, and the job that has it.
type slot struct {
	job       *job
	unread    []llama.Token // of the prompt
	position  int           // of the next token
	last      llama.Token   // generated, not computed yet
	generated int
	at        int32 // where its logits are in the batch; -1: none were asked for
}

// ending is how a job ended.
type ending struct {
	reason    string // stop or length
	generated int    // tokens
	vector    []float32
	failure   *failure
}

// mailbox is between the loop, which never waits, and the caller's goroutine. What it holds
// is bounded by the tokens of a call.
type mailbox struct {
	mu     sync.Mutex
	texts  []string
	end    *ending
	signal chan struct{} // one place: something has changed
}

func newMailbox() *mailbox { return &mailbox{signal: make(chan struct{}, 1)} }

func (m *mailbox) put(text string, end *ending) {
	m.mu.Lock()
	if text != "" {
		m.texts = append(m.texts, text)
	}
	m.end = end
	m.mu.Unlock()
	select {
	case m.signal <- struct{}{}:
	default:
	}
}

// take waits for news. No text and no end mean that a part of the prompt was read.
func (m *mailbox) take(ctx context.Context) ([]string, *ending, error) {
	select {
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	case <-m.signal:
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	texts := m.texts
	m.texts = nil
	return texts, m.end, nil
}

// submit queues a job, in the order of arrival.
func (e *engine) submit(j *job) *failure {
	select {
	case e.arrivals <- j:
		return nil
	default:
		llama.SamplerFree(j.sampler)
		return busy()
	}
}

// run computes until ctx is over. All calls share each computation: one token of those that
// generate, and as much of the prompts as there is room for.
func (e *engine) run(ctx context.Context) {
	runtime.LockOSThread() // some of the library's parts keep state by thread
	defer runtime.UnlockOSThread()
	for {
		if e.idle() {
			select {
			case <-ctx.Done():
				return
			case j := <-e.arrivals:
				e.admit(j)
			}
		}
		if ctx.Err() != nil {
			return
		}
		e.admitMore()
		e.step()
	}
}

func (e *engine) idle() bool {
	for i := range e.slots {
		if e.slots[i].job != nil {
			return false
		}
	}
	return true
}

func (e *engine) admitMore() {
	for e.free() >= 0 {
		select {
		case j := <-e.arrivals:
			e.admit(j)
		default:
			return
		}
	}
}

func (e *engine) free() int {
	for i := range e.slots {
		if e.slots[i].job == nil {
			return i
		}
	}
	return -1
}

func (e *engine) admit(j *job) {
	if j.ctx.Err() != nil {
		llama.SamplerFree(j.sampler)
		return
	}
	e.slots[e.free()] = slot{job: j, unread: j.prompt}
}

// release ends a slot's job.
func (e *engine) release(i int, text string, end *ending) {
	s := &e.slots[i]
	if end != nil {
		end.generated = s.generated
		s.job.mail.put(text, end)
	}
	llama.SamplerFree(s.job.sampler)
	if e.memory != 0 {
		_, _ = llama.MemorySeqRm(e.memory, llama.SeqId(i), -1, -1) // a whole sequence: never fails
	}
	*s = slot{}
}

func (e *engine) step() {
	for i := range e.slots {
		if j := e.slots[i].job; j != nil && j.ctx.Err() != nil {
			e.release(i, "", nil)
		}
	}
	e.fill()
	if e.batch.NTokens == 0 {
		return
	}
	if code, err := llama.Decode(e.context, e.batch); err != nil || code != 0 {
		e.failBatch(code)
		return
	}
	for i := range e.slots {
		s := &e.slots[i]
		switch {
		case s.job == nil:
		case s.job.sampler == 0 && s.at >= 0:
			e.finishEmbedding(i)
		case s.at >= 0:
			e.next(i)
		case len(s.unread) < len(s.job.prompt):
			s.job.mail.put("", nil) // a sign of life
		}
	}
}

// fill puts into the batch what is to be computed next.
func (e *engine) fill() {
	_ = e.batch.Clear() // only sets a number
	for i := range e.slots {
		s := &e.slots[i]
		s.at = -1
		if s.job != nil && len(s.unread) == 0 {
			e.add(i, s.last, true)
		}
	}
	for n := range e.slots {
		e.fillPrompt((e.turn + n) % len(e.slots))
	}
	e.turn = (e.turn + 1) % len(e.slots)
}

func (e *engine) fillPrompt(i int) {
	s := &e.slots[i]
	left := e.capacity - int(e.batch.NTokens)
	// A text for an embedding is computed alone: of several, the library takes parts apart,
	// and would make the vector of the last part.
	if s.job == nil || left == 0 || s.job.sampler == 0 && e.batch.NTokens > 0 {
		return
	}
	for n := min(left, len(s.unread)); n > 0; n-- {
		token := s.unread[0]
		s.unread = s.unread[1:]
		// An embedding is made of all tokens, a next token of the last one.
		e.add(i, token, len(s.unread) == 0 || s.job.sampler == 0)
	}
}

func (e *engine) add(i int, token llama.Token, output bool) {
	s := &e.slots[i]
	at := e.batch.NTokens
	// The batch has room: fill counts.
	_ = e.batch.Add(token, llama.Pos(s.position), []llama.SeqId{llama.SeqId(i)}, output)
	s.position++
	if output && len(s.unread) == 0 {
		s.at = at
	}
}

// failBatch ends all jobs of a batch that could not be computed.
func (e *engine) failBatch(code int32) {
	for i := range e.slots {
		if e.slots[i].job != nil {
			e.release(i, "", &ending{failure: internal("llama.cpp could not compute the next token (it returned %d)", code)})
		}
	}
}

// next chooses the next token of a slot and hands its text on.
func (e *engine) next(i int) {
	s := &e.slots[i]
	token := llama.SamplerSample(s.job.sampler, e.context, s.at)
	s.generated++
	if llama.VocabIsEOG(e.vocab, token) {
		e.release(i, s.job.out.rest(), &ending{reason: "stop"})
		return
	}
	text, stopped := s.job.out.push(e.piece(token))
	switch {
	case stopped:
		e.release(i, text, &ending{reason: "stop"})
	case s.generated >= s.job.limit, s.position >= e.room:
		e.release(i, text+s.job.out.rest(), &ending{reason: "length"})
	default:
		s.last = token
		s.job.mail.put(text, nil)
	}
}

// finishEmbedding takes the vector, scaled to length 1.
func (e *engine) finishEmbedding(i int) {
	found, err := llama.GetEmbeddingsSeq(e.context, llama.SeqId(i), int32(e.width))
	if err != nil || found == nil {
		e.release(i, "", &ending{failure: internal("llama.cpp gave no vector")})
		return
	}
	var sum float64
	for _, f := range found {
		sum += float64(f) * float64(f)
	}
	if !(sum > 0) || math.IsInf(sum, 0) {
		e.release(i, "", &ending{failure: internal("llama.cpp gave a vector that has no direction")})
		return
	}
	scale := 1 / math.Sqrt(sum)
	vector := make([]float32, len(found)) // the library's own is overwritten
	for k, f := range found {
		vector[k] = float32(float64(f) * scale)
	}
	e.release(i, "", &ending{vector: vector})
}
