package scale

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// script is what a request asks of the upstream. It travels in the prompt, so that it comes
// through whatever the server makes of the request.
type script struct {
	nonce  int64 // names the request, for good
	tokens int   // of the answer; a picture's: milliseconds of work
	mood   mood
}

// mood is how the upstream behaves.
type mood string

const (
	fast   mood = "fast"   // answers at once
	slow   mood = "slow"   // begins its answer after a second
	drip   mood = "drip"   // pauses between tokens
	hold   mood = "hold"   // pauses for long between tokens
	refuse mood = "refuse" // answers 503
	busy   mood = "busy"   // answers 429
	reset  mood = "reset"  // takes the request, and breaks the connection
	cut    mood = "cut"    // breaks the connection in the middle of its answer
	fail   mood = "fail"   // of a picture: ends as failed
	twice  mood = "twice"  // of a picture: makes two
)

func (s script) prompt() string { return fmt.Sprintf("scale-%d-%d-%s", s.nonce, s.tokens, s.mood) }

//nolint:gochecknoglobals // it is a constant
var prompts = regexp.MustCompile(`scale-(\d+)-(\d+)-([a-z]+)`)

func parseScript(body []byte) (s script, ok bool) {
	m := prompts.FindSubmatch(body)
	if m == nil {
		return s, false
	}
	s.nonce, _ = strconv.ParseInt(string(m[1]), 10, 64) //nolint:errcheck // only digits match
	s.tokens, _ = strconv.Atoi(string(m[2]))            //nolint:errcheck // only digits match
	s.mood = mood(m[3])
	return s, true
}

// input is how many tokens the upstream says that a prompt has.
func (s script) input() int64 { return 20 + s.nonce%50 }

// word is the text of one token.
const word = "word"

// arrival is one request as the upstream saw it.
type arrival struct {
	id      string // the server's name of the request
	nonce   int64
	at      time.Time
	last    time.Time // when the last token was written
	written int64     // tokens that were written out
	refused bool      // it answered that it did nothing
	ended   bool      // it wrote its answer to the end
}

// writer is an upstream for text: chat completions and embeddings. It has two doors, for
// two targets of one model.
type writer struct {
	mu       sync.Mutex
	arrivals map[int64][]*arrival // by nonce
	byID     map[string]*arrival  // the last one of a request
}

func newWriter() *writer {
	return &writer{arrivals: map[int64][]*arrival{}, byID: map[string]*arrival{}}
}

func (w *writer) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/chat/completions", w.chat)
	mux.HandleFunc("POST /v1/embeddings", w.embed)
	return mux
}

// arrive notes a request. ok is false where it has been dealt with.
func (w *writer) arrive(rw http.ResponseWriter, r *http.Request) (s script, a *arrival, body []byte, ok bool) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return s, nil, nil, false // it never came whole
	}
	if s, ok = parseScript(body); !ok {
		http.Error(rw, `{"error":{"message":"no script"}}`, http.StatusBadRequest)
		return s, nil, nil, false
	}
	a = &arrival{id: r.Header.Get("X-Request-Id"), nonce: s.nonce, at: time.Now()}
	w.mu.Lock()
	w.arrivals[s.nonce] = append(w.arrivals[s.nonce], a)
	w.byID[a.id] = a
	first := len(w.arrivals[s.nonce]) == 1
	w.mu.Unlock()
	return s, a, body, w.behave(rw, r, s.mood, a, first)
}

// behave does what the mood is before the answer begins. Who was refused is served when it
// asks again.
func (w *writer) behave(rw http.ResponseWriter, r *http.Request, m mood, a *arrival, first bool) bool {
	switch {
	case m == slow && !pause(r.Context(), time.Second):
		return false
	case m == reset:
		panic(http.ErrAbortHandler)
	case (m == refuse || m == busy) && first:
		w.change(func() { a.refused = true })
		status := http.StatusServiceUnavailable
		if m == busy {
			status = http.StatusTooManyRequests
			rw.Header().Set("Retry-After", "1")
		}
		rw.Header().Set("Content-Type", "application/json")
		rw.WriteHeader(status)
		_, _ = io.WriteString(rw, `{"error":{"message":"not now","type":"server_error"}}`)
		return false
	}
	return true
}

// seen gives what came so far, by nonce and by the server's name of the request.
func (w *writer) seen() (arrivals map[int64][]arrival, byID map[string]arrival) {
	w.mu.Lock()
	defer w.mu.Unlock()
	arrivals, byID = map[int64][]arrival{}, map[string]arrival{}
	for nonce, all := range w.arrivals {
		for _, one := range all {
			arrivals[nonce] = append(arrivals[nonce], *one)
		}
	}
	for id, one := range w.byID {
		byID[id] = *one
	}
	return arrivals, byID
}

func (w *writer) change(do func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	do()
}

func (w *writer) chat(rw http.ResponseWriter, r *http.Request) {
	s, a, body, ok := w.arrive(rw, r)
	if !ok {
		return
	}
	var asked struct {
		Model     string
		MaxTokens int `json:"max_tokens"`
		Stream    bool
	}
	if err := json.Unmarshal(body, &asked); err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	tokens, reason := s.tokens, "stop"
	if asked.MaxTokens > 0 && asked.MaxTokens < tokens {
		tokens, reason = asked.MaxTokens, "length"
	}
	if asked.Stream {
		w.stream(rw, r, s, a, tokens, reason)
		return
	}
	if s.mood == cut {
		panic(http.ErrAbortHandler)
	}
	if s.mood == drip && !pause(r.Context(), 300*time.Millisecond) {
		return
	}
	w.change(func() { a.written, a.last, a.ended = int64(tokens), time.Now(), true })
	rw.Header().Set("Content-Type", "application/json")
	_, _ = fmt.Fprintf(rw, `{"id":"c","object":"chat.completion","created":1,"model":%q,"choices":[{"index":0,"message":{"role":"assistant","content":%q},"finish_reason":%q}],"usage":%s}`,
		asked.Model, strings.Repeat(word, tokens), reason, s.usage(tokens))
}

func (s script) usage(tokens int) string {
	return fmt.Sprintf(`{"prompt_tokens":%d,"completion_tokens":%d,"total_tokens":%d}`, s.input(), tokens, s.input()+int64(tokens))
}

// pause is what lies between two tokens of a stream.
func (m mood) pause() time.Duration {
	switch m {
	case drip:
		return 20 * time.Millisecond
	case hold:
		return pick(500*time.Millisecond, 2*time.Second)
	}
	return 0
}

// stream writes a token in each chunk, and its usage at the end.
func (w *writer) stream(rw http.ResponseWriter, r *http.Request, s script, a *arrival, tokens int, reason string) {
	rw.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(rw)
	for i := range tokens {
		if s.mood == cut && i == tokens/2 {
			panic(http.ErrAbortHandler)
		}
		if wait := s.mood.pause(); wait > 0 && !pause(r.Context(), wait) || r.Context().Err() != nil {
			return
		}
		w.change(func() { a.written, a.last = int64(i+1), time.Now() })
		if _, err := io.WriteString(rw, `data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"`+word+`"},"finish_reason":null}]}`+"\n\n"); err != nil {
			return
		}
		_ = out.Flush()
	}
	w.change(func() { a.ended = true })
	_, _ = fmt.Fprintf(rw, "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":%q}]}\n\n"+
		"data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[],\"usage\":%s}\n\ndata: [DONE]\n\n", reason, s.usage(tokens))
}

func (w *writer) embed(rw http.ResponseWriter, r *http.Request) {
	s, a, _, ok := w.arrive(rw, r)
	if !ok {
		return
	}
	w.change(func() { a.last, a.ended = time.Now(), true })
	rw.Header().Set("Content-Type", "application/json")
	_, _ = fmt.Fprintf(rw, `{"object":"list","model":"m","data":[{"object":"embedding","index":0,"embedding":[0.5,0.25]}],"usage":{"prompt_tokens":%d,"total_tokens":%d}}`, s.input(), s.input())
}

// painter is an upstream for pictures that speaks Replicate's API. It counts what is
// submitted, and works by the clock.
type painter struct {
	base string // where the fleet finds it

	mu    sync.Mutex
	works map[string]*work // by its own id
	seen  map[int64]int    // submissions by nonce
}

type work struct {
	script
	id        string
	submitted time.Time
	canceled  bool
}

func newPainter(base string) *painter {
	return &painter{base: base, works: map[string]*work{}, seen: map[int64]int{}}
}

func (p *painter) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/models/acme/painter/predictions", p.submit)
	mux.HandleFunc("POST /v1/predictions", p.submit)
	mux.HandleFunc("GET /v1/predictions/{id}", p.look)
	mux.HandleFunc("POST /v1/predictions/{id}/cancel", p.cancel)
	mux.HandleFunc("GET /files/{id}/{n}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "image/png")
		_, _ = w.Write(picture(r.PathValue("id") + "/" + r.PathValue("n")))
	})
	return mux
}

// picture is what the painter makes: its name, again and again, behind a picture's head.
func picture(name string) []byte {
	return []byte("\x89PNG\r\n\x1a\n" + strings.Repeat(name+"\n", 2000))
}

func (p *painter) submit(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	s, ok := parseScript(body)
	if err != nil || !ok {
		http.Error(w, `{"detail":"no script"}`, http.StatusUnprocessableEntity)
		return
	}
	p.mu.Lock()
	p.seen[s.nonce]++
	job := &work{script: s, id: fmt.Sprintf("up-%d", len(p.works)), submitted: time.Now()}
	p.works[job.id] = job
	p.mu.Unlock()
	if s.mood == reset { // it has the work, and its answer is lost
		panic(http.ErrAbortHandler)
	}
	p.answer(w, job, http.StatusCreated)
}

func (p *painter) look(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	job := p.works[r.PathValue("id")]
	p.mu.Unlock()
	if job == nil {
		http.Error(w, `{"detail":"not found"}`, http.StatusNotFound)
		return
	}
	p.answer(w, job, http.StatusOK)
}

func (p *painter) cancel(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	job := p.works[r.PathValue("id")]
	if job != nil && time.Since(job.submitted) < job.takes() {
		job.canceled = true
	}
	p.mu.Unlock()
	if job == nil {
		http.Error(w, `{"detail":"not found"}`, http.StatusNotFound)
		return
	}
	p.answer(w, job, http.StatusOK)
}

func (j *work) takes() time.Duration { return time.Duration(j.tokens) * time.Millisecond }

func (p *painter) answer(w http.ResponseWriter, job *work, status int) {
	p.mu.Lock()
	canceled := job.canceled
	p.mu.Unlock()
	reply := map[string]any{"id": job.id, "status": "processing", "output": nil, "error": nil, "logs": "",
		"urls": map[string]string{"get": p.base + "/v1/predictions/" + job.id}}
	switch {
	case canceled:
		reply["status"] = "canceled"
	case time.Since(job.submitted) < job.takes():
	case job.mood == fail:
		reply["status"], reply["error"] = "failed", "the paint ran out"
	default:
		files := []string{}
		for n := range job.pictures() {
			files = append(files, fmt.Sprintf("%s/files/%s/%d", p.base, job.id, n))
		}
		reply["status"], reply["output"] = "succeeded", files
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(reply)
}

// done gives what was submitted so far: works, and how often by nonce.
func (p *painter) done() (works []work, seen map[int64]int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, one := range p.works {
		works = append(works, *one)
	}
	return works, maps.Clone(p.seen)
}

// pictures is how many of them the work makes.
func (s script) pictures() int {
	if s.mood == twice {
		return 2
	}
	return 1
}
