package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// answerPatience bounds the wait for any one piece of an answer.
	answerPatience = 20 * time.Second
	// maxFailures is how many failures one connection may see before it gives up.
	maxFailures = 20
)

// job tells the load process what to send and whom to watch meanwhile. It comes on standard input, so that the key
// shows in no process list.
type job struct {
	Address     string        `json:"address"`
	Path        string        `json:"path"`
	Key         string        `json:"key"`
	Body        string        `json:"body"`
	Stream      bool          `json:"stream"`
	Chunks      int           `json:"chunks"` // expected in each stream, 0 when any number will do
	Connections int           `json:"connections"`
	Rate        float64       `json:"rate"` // requests a second over all connections; 0: the next one when the last is answered
	WarmUp      time.Duration `json:"warm_up"`
	Measure     time.Duration `json:"measure"`
	Settle      time.Duration `json:"settle"`  // how long the target may work on after the last answer
	Watch       []int         `json:"watch"`   // processes whose CPU time is read; the first one's memory too
	Release     string        `json:"release"` // address of the mock, for slow streams only
}

// outcome is what one job gave. Durations are nanoseconds in JSON.
type outcome struct {
	Requests     int             `json:"requests"`
	Chunks       int             `json:"chunks"`
	Errors       int             `json:"errors"`
	FirstError   string          `json:"first_error,omitempty"`
	Elapsed      time.Duration   `json:"elapsed"`
	P50          time.Duration   `json:"p50"` // of a whole answer; of the first chunk for slow streams
	P99          time.Duration   `json:"p99"`
	First        time.Duration   `json:"first"`                    // median time to the first byte of a quick stream's content
	CPU          []time.Duration `json:"cpu"`                      // of each watched process, its children included
	Steal        float64         `json:"steal"`                    // share of the machine's time that the hypervisor took
	Others       float64         `json:"others"`                   // share that went to processes that are no part of this
	ResidentKiB  int             `json:"resident_kib"`             // of the first watched process, at the end; for slow streams the peak
	KiBPerStream float64         `json:"kib_per_stream,omitempty"` // growth from before the streams to their peak
}

func (o *outcome) fail(err error) {
	o.Errors++
	if o.FirstError == "" {
		o.FirstError = err.Error()
	}
}

// run carries a job out: connections first, a warm-up, then all together the measured part.
func (j job) run() (outcome, error) {
	if j.Release != "" {
		return j.runSlow()
	}
	workers := make([]*worker, j.Connections)
	for i := range workers {
		workers[i] = newWorker(j)
		defer workers[i].close()
	}
	if j.Rate > 0 {
		pace(workers, j.Rate)
	}
	each(workers, func(w *worker) { w.repeat(time.Now().Add(j.WarmUp)) })
	warm := merge(workers)
	for _, w := range workers {
		w.forget()
	}
	m, err := startMeter(j.Watch)
	if err != nil {
		return outcome{}, err
	}
	start := time.Now()
	each(workers, func(w *worker) { w.repeat(start.Add(j.Measure)) })
	elapsed := time.Since(start)
	result := merge(workers)
	result.Elapsed = elapsed
	if err := m.stop(&result); err != nil {
		return result, err
	}
	// A target that fails in the warm-up has failed, even if it then recovers.
	result.Errors += warm.Errors
	if result.FirstError == "" {
		result.FirstError = warm.FirstError
	}
	time.Sleep(j.Settle)
	result.CPU, err = m.spent()
	return result, err
}

// pace gives each worker its turn in a constant rate of all of them together.
func pace(workers []*worker, rate float64) {
	between := time.Duration(float64(time.Second) / rate)
	start := time.Now()
	for i, w := range workers {
		w.next, w.period = start.Add(time.Duration(i)*between), time.Duration(len(workers))*between
	}
}

func each(workers []*worker, do func(*worker)) {
	var all sync.WaitGroup
	for _, w := range workers {
		all.Go(func() { do(w) })
	}
	all.Wait()
}

func merge(workers []*worker) outcome {
	var sum outcome
	var latencies, firsts []time.Duration
	for _, w := range workers {
		sum.Requests += len(w.latencies)
		sum.Chunks += w.chunks
		sum.Errors += w.failed.Errors
		if sum.FirstError == "" {
			sum.FirstError = w.failed.FirstError
		}
		latencies, firsts = append(latencies, w.latencies...), append(firsts, w.firsts...)
	}
	slices.Sort(firsts)
	sum.First = percentile(firsts, 50)
	slices.Sort(latencies)
	sum.P50, sum.P99 = percentile(latencies, 50), percentile(latencies, 99)
	return sum
}

// worker is one connection that sends the same request again and again, the next one when the last is answered.
type worker struct {
	job       job
	request   []byte
	conn      net.Conn
	r         *bufio.Reader
	events    events
	body      bytes.Buffer
	want      int // length of the checked answer, 0 while none was
	latencies []time.Duration
	firsts    []time.Duration // times to a stream's first byte
	began     time.Time       // when the exchange began
	chunks    int
	failed    outcome

	next   time.Time     // when the next request is due
	period time.Duration // from one to the next; 0: none is waited for
}

func newWorker(j job) *worker {
	w := &worker{job: j, request: requestBytes(j)}
	w.r = bufio.NewReader(nil)
	return w
}

func requestBytes(j job) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n", j.Path, j.Address, len(j.Body))
	if j.Key != "" {
		fmt.Fprintf(&b, "Authorization: Bearer %s\r\n", j.Key)
	}
	b.WriteString("\r\n" + j.Body)
	return []byte(b.String())
}

// repeat sends requests until the deadline, one at least; the answer then under way is still awaited and counted.
func (w *worker) repeat(deadline time.Time) {
	for first := true; first || time.Now().Before(deadline) && w.failed.Errors < maxFailures; first = false {
		w.await()
		start := time.Now()
		w.began = start
		if err := w.exchange(); err != nil {
			w.failed.fail(err)
			w.close()
			continue
		}
		w.latencies = append(w.latencies, time.Since(start))
		w.chunks += w.events.chunks
	}
}

// await waits for the worker's turn. Who is late sends at once and catches up.
func (w *worker) await() {
	if w.period > 0 {
		time.Sleep(time.Until(w.next))
		w.next = w.next.Add(w.period)
	}
}

// forget drops what the warm-up gave but keeps the connection and the length of a good answer.
func (w *worker) forget() {
	w.latencies, w.firsts, w.chunks, w.failed = w.latencies[:0], w.firsts[:0], 0, outcome{}
}

func (w *worker) close() {
	if w.conn != nil {
		_ = w.conn.Close()
		w.conn = nil
	}
}

// exchange sends one request and checks its answer.
func (w *worker) exchange() error {
	h, err := w.begin()
	if err != nil {
		return err
	}
	if w.job.Stream {
		err = w.readStream(h)
	} else {
		err = w.readPlain(h)
	}
	if h.closing {
		w.close()
	}
	return err
}

// begin sends the request and reads the head of a good answer. Any other answer is an error that quotes it.
func (w *worker) begin() (head, error) {
	if err := w.connect(); err != nil {
		return head{}, err
	}
	if err := w.conn.SetDeadline(time.Now().Add(answerPatience)); err != nil {
		return head{}, fmt.Errorf("set deadline: %w", err)
	}
	if _, err := w.conn.Write(w.request); err != nil {
		return head{}, fmt.Errorf("send request: %w", err)
	}
	h, err := readHead(w.r)
	if err != nil {
		return h, fmt.Errorf("read head: %w", unexpected(err))
	}
	if h.status() != 200 {
		w.body.Reset()
		_ = h.readBody(w.r, &w.body) // what came is quoted; the status is the error
		return h, fmt.Errorf("%s: %.300s", h.first, w.body.Bytes())
	}
	if !h.chunked && h.length < 0 {
		return h, errors.New("the answer has neither a length nor chunks")
	}
	return h, nil
}

func (w *worker) connect() error {
	if w.conn != nil {
		return nil
	}
	conn, err := net.Dial("tcp", w.job.Address)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	w.conn = conn
	w.r.Reset(conn)
	return nil
}

func (w *worker) readPlain(h head) error {
	w.body.Reset()
	if err := h.readBody(w.r, &w.body); err != nil {
		return fmt.Errorf("read body: %w", err)
	}
	length := w.body.Len()
	if w.want == 0 {
		if err := checkPlain(&w.body); err != nil {
			return err
		}
		w.want = length
	}
	return w.sameLength(length)
}

func (w *worker) readStream(h head) error {
	var first error
	w.events.reset()
	w.events.onChunk = nil
	if w.want == 0 {
		w.events.onChunk = func(data []byte) { first = errors.Join(first, checkChunk(data)) }
	}
	_, _ = w.r.Peek(1) // a failure shows in the reading
	w.firsts = append(w.firsts, time.Since(w.began))
	if err := h.readBody(w.r, &w.events); err != nil {
		return fmt.Errorf("read stream: %w", err)
	}
	if err := errors.Join(first, w.events.complete(w.job.Chunks)); err != nil {
		return err
	}
	if w.want == 0 {
		w.want = w.events.bytes
	}
	return w.sameLength(w.events.bytes)
}

// sameLength compares with the first answer on this connection, which was read in full.
func (w *worker) sameLength(n int) error {
	if n != w.want {
		return fmt.Errorf("an answer of %d bytes instead of %d", n, w.want)
	}
	return nil
}
