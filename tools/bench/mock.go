package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"time"
)

const (
	// streamChunks is how many chunks a quick stream has, before its usage chunk and [DONE].
	streamChunks = 100
	// slowPause is the time between two chunks of a slow stream.
	slowPause = time.Second
	// chatContent is the length of the answer's text, so that the whole answer is about 1 KiB.
	chatContent = 760
)

// Model names as the upstream knows them. Skytower's own names for them (see skytower.go) have the same lengths.
const (
	upstreamChat     = "mock-chat"
	upstreamSlow     = "mock-slow"
	upstreamEmbed    = "mock-embed"
	upstreamMessages = "mock-message"
)

// mock is an upstream with OpenAI's API, and Anthropic's for messages, that costs next to nothing: HTTP by hand and prepared answers. It reads a
// request to its end before it answers.
type mock struct {
	chat, embedding []byte   // whole responses
	quick           [][]byte // the HTTP chunks of a stream, one a write
	usage, done     []byte
	slow            []byte
	messages        messagesMock

	mu       sync.Mutex
	release  chan struct{} // closed to end all slow streams
	open     sync.WaitGroup
	streams  int // slow streams begun since the last release
	chunks   int // their chunks
	accepted sync.WaitGroup
}

func newMock() *mock {
	m := &mock{
		chat:      jsonResponse("200 OK", chatAnswer()),
		embedding: jsonResponse("200 OK", embeddingAnswer()),
		usage:     sseChunk(usageChunk()),
		done:      sseChunk(doneEvent),
		slow:      sseChunk(deltaChunk(upstreamSlow, `{"content":" tick"}`, "null")),
		release:   make(chan struct{}),
		messages:  newMessagesMock(),
	}
	m.quick = append(m.quick, sseChunk(deltaChunk(upstreamChat, `{"role":"assistant","content":""}`, "null")))
	for i := range streamChunks - 2 {
		m.quick = append(m.quick, sseChunk(deltaChunk(upstreamChat, fmt.Sprintf(`{"content":" word%02d"}`, i), "null")))
	}
	m.quick = append(m.quick, sseChunk(deltaChunk(upstreamChat, `{}`, `"stop"`)))
	return m
}

// serve answers until the listener closes, then waits for its connections, which their clients end.
func (m *mock) serve(listener net.Listener) error {
	defer m.accepted.Wait()
	for {
		conn, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("accept: %w", err)
		}
		m.accepted.Go(func() {
			defer conn.Close()
			m.converse(conn)
		})
	}
}

// converse answers requests on one connection. A client that breaks off, or speaks no HTTP, loses its connection.
func (m *mock) converse(conn net.Conn) {
	r := bufio.NewReader(conn)
	var body bytes.Buffer
	for {
		h, err := readHead(r)
		if err != nil {
			return
		}
		body.Reset()
		if err := h.readBody(r, &body); err != nil {
			return
		}
		if err := m.answer(conn, h, body.Bytes()); err != nil || h.closing {
			return
		}
	}
}

func (m *mock) answer(w io.Writer, h head, body []byte) error {
	method, rest, _ := strings.Cut(h.first, " ")
	path, _, _ := strings.Cut(rest, " ")
	switch {
	case method == "POST" && path == "/v1/embeddings":
		return write(w, m.embedding)
	case method == "POST" && path == "/v1/chat/completions":
		return m.answerChat(w, body)
	case method == "POST" && path == messagesPath:
		return m.messages.answer(w, body)
	case method == "GET" && path == "/v1/models":
		return write(w, jsonResponse("200 OK", modelList()))
	case method == "POST" && path == releasePath:
		return write(w, jsonResponse("200 OK", m.releaseSlow()))
	}
	return write(w, jsonResponse("404 Not Found", `{"error":{"message":"no such route","type":"invalid_request_error"}}`))
}

func (m *mock) answerChat(w io.Writer, body []byte) error {
	withUsage := bytes.Contains(body, []byte(`"include_usage":true`))
	switch {
	case !bytes.Contains(body, []byte(`"stream":true`)):
		return write(w, m.chat)
	case bytes.Contains(body, []byte(upstreamSlow)):
		return m.streamSlowly(w, withUsage)
	}
	if err := write(w, []byte(streamHead)); err != nil {
		return err
	}
	if err := writeChunks(w, m.quick); err != nil {
		return err
	}
	return m.endStream(w, withUsage)
}

// writeChunks sends a quick stream. Other streams' chunks come in between, as they do from a model: else a stream
// leaves in one burst, and what is measured is how many chunks a proxy happens to find in one read.
func writeChunks(w io.Writer, chunks [][]byte) error {
	for _, chunk := range chunks {
		if err := write(w, chunk); err != nil {
			return err
		}
		runtime.Gosched()
	}
	return nil
}

func (m *mock) endStream(w io.Writer, withUsage bool) error {
	if withUsage {
		if err := write(w, m.usage); err != nil {
			return err
		}
	}
	if err := write(w, m.done); err != nil {
		return err
	}
	return write(w, []byte("0\r\n\r\n"))
}

// streamSlowly sends a chunk at once and then one a pause until it is released. The second chunk comes after a part
// of the pause only, another part for each stream, so that thousands of streams don't tick together.
func (m *mock) streamSlowly(w io.Writer, withUsage bool) error {
	release, phase := m.beginSlow()
	defer m.open.Done()
	if err := write(w, []byte(streamHead)); err != nil {
		return err
	}
	timer := time.NewTimer(phase)
	defer timer.Stop()
	for {
		if err := write(w, m.slow); err != nil {
			return err
		}
		m.countChunk()
		select {
		case <-release:
			return m.endStream(w, withUsage)
		case <-timer.C:
			timer.Reset(slowPause)
		}
	}
}

func (m *mock) beginSlow() (release chan struct{}, phase time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.open.Add(1)
	m.streams++
	const parts = 97 // a prime, so that neighbours land far apart
	return m.release, slowPause * time.Duration(m.streams*41%parts) / parts
}

func (m *mock) countChunk() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.chunks++
}

const releasePath = "/bench/release"

// released is what the mock tells when slow streams have been ended.
type released struct {
	Streams int `json:"streams"`
	Chunks  int `json:"chunks"`
}

// releaseSlow ends the slow streams, waits until their last bytes are written, and says what they had sent.
func (m *mock) releaseSlow() string {
	m.mu.Lock()
	close(m.release)
	m.release = make(chan struct{})
	m.mu.Unlock()
	m.open.Wait()
	m.mu.Lock()
	defer m.mu.Unlock()
	text := fmt.Sprintf(`{"streams":%d,"chunks":%d}`, m.streams, m.chunks)
	m.streams, m.chunks = 0, 0
	return text
}

func write(w io.Writer, p []byte) error {
	_, err := w.Write(p)
	return err
}

const streamHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n"

func jsonResponse(status, body string) []byte {
	return fmt.Appendf(nil, "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", status, len(body), body)
}

// sseChunk is one event as one HTTP chunk.
func sseChunk(data string) []byte { return httpChunk("data: " + data + "\n\n") }

func httpChunk(event string) []byte {
	return fmt.Appendf(nil, "%x\r\n%s\r\n", len(event), event)
}

// answerText is the text of a plain answer.
func answerText() string {
	return strings.Repeat("The quick brown fox jumps over the lazy dog. ", chatContent/45+1)[:chatContent]
}

func chatAnswer() string {
	return fmt.Sprintf(`{"id":"chatcmpl-0123456789abcdef","object":"chat.completion","created":1700000000,"model":%q,`+
		`"choices":[{"index":0,"message":{"role":"assistant","content":%q},"logprobs":null,"finish_reason":"stop"}],`+
		`"usage":{"prompt_tokens":12,"completion_tokens":170,"total_tokens":182}}`, upstreamChat, answerText())
}

func deltaChunk(model, delta, finish string) string {
	return fmt.Sprintf(`{"id":"chatcmpl-0123456789abcdef","object":"chat.completion.chunk","created":1700000000,"model":%q,`+
		`"choices":[{"index":0,"delta":%s,"finish_reason":%s}]}`, model, delta, finish)
}

func usageChunk() string {
	return fmt.Sprintf(`{"id":"chatcmpl-0123456789abcdef","object":"chat.completion.chunk","created":1700000000,"model":%q,`+
		`"choices":[],"usage":{"prompt_tokens":12,"completion_tokens":100,"total_tokens":112}}`, upstreamChat)
}

// embeddingAnswer has floats as long as real ones: eight decimals, about 17 KiB in all.
func embeddingAnswer() string {
	floats := make([]string, embeddingSize)
	for i := range floats {
		floats[i] = fmt.Sprintf("%.8f", float64((i*7919)%20011-10005)/100055)
	}
	return fmt.Sprintf(`{"object":"list","data":[{"object":"embedding","index":0,"embedding":[%s]}],`+
		`"model":%q,"usage":{"prompt_tokens":8,"total_tokens":8}}`, strings.Join(floats, ","), upstreamEmbed)
}

func modelList() string {
	type model struct {
		ID     string `json:"id"`
		Object string `json:"object"`
	}
	list := struct {
		Object string  `json:"object"`
		Data   []model `json:"data"`
	}{Object: "list"}
	for _, id := range []string{upstreamChat, upstreamSlow, upstreamEmbed} {
		list.Data = append(list.Data, model{id, "model"})
	}
	text, _ := json.Marshal(list) // strings only: it can't fail
	return string(text)
}
