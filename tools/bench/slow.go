package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// rampWidth is how many slow streams are being opened at a time.
	rampWidth = 64
	// memoryPause is the time between two looks at the target's memory.
	memoryPause = 100 * time.Millisecond
)

// slowStreams are many open streams that the mock feeds slowly and ends when told.
type slowStreams struct {
	job    job
	ready  sync.WaitGroup // until each stream has its first chunk, or failed
	ended  sync.WaitGroup
	chunks atomic.Int64

	mu     sync.Mutex
	firsts []time.Duration // time to the first chunk
	failed outcome
}

// runSlow opens all streams, watches the target while every one of them is open, and ends them. Each must end
// properly, and all together must have brought every chunk that the mock sent.
func (j job) runSlow() (outcome, error) {
	before, err := residentKiB(j.Watch[0])
	if err != nil {
		return outcome{}, err
	}
	s := &slowStreams{job: j}
	s.open()
	result, err := s.watch()
	if err != nil {
		return result, err
	}
	end, err := releaseMock(j.Release)
	if err != nil {
		return result, err
	}
	s.ended.Wait()
	s.conclude(&result, end)
	result.KiBPerStream = per(float64(result.ResidentKiB-before), j.Connections)
	return result, nil
}

func (s *slowStreams) open() {
	slots := make(chan struct{}, rampWidth)
	for range s.job.Connections {
		slots <- struct{}{}
		s.ready.Add(1)
		s.ended.Go(func() {
			first := sync.OnceFunc(func() { <-slots; s.ready.Done() })
			defer first()
			s.stream(first)
		})
	}
	s.ready.Wait()
}

// stream reads one stream from its request to its end.
func (s *slowStreams) stream(first func()) {
	w := newWorker(s.job)
	defer w.close()
	start := time.Now()
	w.events.onChunk = func([]byte) {
		_ = w.conn.SetDeadline(time.Now().Add(answerPatience)) // on a closed connection the next read tells
		if s.chunks.Add(1); w.events.chunks == 1 {
			s.addFirst(time.Since(start))
			first()
		}
	}
	h, err := w.begin()
	if err == nil {
		err = errors.Join(h.readBody(w.r, &w.events), w.events.complete(0))
	}
	if err != nil {
		s.addFailure(err)
	}
}

func (s *slowStreams) addFirst(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.firsts = append(s.firsts, d)
}

func (s *slowStreams) addFailure(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed.fail(err)
}

// watch measures while all streams are open: CPU for the chunks that arrive, and the peak of memory.
func (s *slowStreams) watch() (outcome, error) {
	var o outcome
	m, err := startMeter(s.job.Watch)
	if err != nil {
		return o, err
	}
	start, chunks := time.Now(), s.chunks.Load()
	for time.Since(start) < s.job.Measure {
		time.Sleep(memoryPause)
		now, err := residentKiB(s.job.Watch[0])
		if err != nil {
			return o, err
		}
		o.ResidentKiB = max(o.ResidentKiB, now)
	}
	o.Chunks = int(s.chunks.Load() - chunks)
	o.Elapsed = time.Since(start)
	return o, m.stop(&o)
}

// conclude adds what is known only after the end.
func (s *slowStreams) conclude(o *outcome, end released) {
	slices.Sort(s.firsts)
	o.Requests = len(s.firsts)
	o.P50, o.P99 = percentile(s.firsts, 50), percentile(s.firsts, 99)
	o.Errors, o.FirstError = s.failed.Errors, s.failed.FirstError
	if got := int(s.chunks.Load()); o.Errors == 0 && (got != end.Chunks || end.Streams != s.job.Connections) {
		o.fail(fmt.Errorf("the mock sent %d chunks on %d streams, %d arrived on %d", end.Chunks, end.Streams, got, s.job.Connections))
	}
}

// releaseMock ends the mock's slow streams.
func releaseMock(address string) (released, error) {
	var end released
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return end, fmt.Errorf("reach the mock: %w", err)
	}
	defer conn.Close()
	if _, err := fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Length: 0\r\n\r\n", releasePath, address); err != nil {
		return end, fmt.Errorf("end slow streams: %w", err)
	}
	r := bufio.NewReader(conn)
	h, err := readHead(r)
	if err != nil {
		return end, fmt.Errorf("end slow streams: %w", err)
	}
	var body bytes.Buffer
	if err := h.readBody(r, &body); err != nil {
		return end, fmt.Errorf("end slow streams: %w", err)
	}
	if err := json.Unmarshal(body.Bytes(), &end); err != nil {
		return end, fmt.Errorf("end slow streams: %w", err)
	}
	return end, nil
}
