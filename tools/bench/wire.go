package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// maxBody bounds any body either side reads; the largest real one is an embedding of about 17 KiB.
const maxBody = 8 << 20

// head is what the mock and the load generator need of an HTTP/1.1 message head.
type head struct {
	first   string // request line or status line
	length  int    // Content-Length, -1 when absent
	chunked bool
	closing bool // the sender closes the connection after this message
}

// readHead reads one message head. It returns io.EOF only when nothing at all was read, which is how an idle
// connection ends properly.
func readHead(r *bufio.Reader) (head, error) {
	h := head{length: -1}
	line, err := readLine(r)
	if err != nil {
		return h, err
	}
	h.first = string(line)
	for {
		line, err := readLine(r)
		if err != nil {
			return h, unexpected(err)
		}
		if len(line) == 0 {
			return h, nil
		}
		if err := h.field(line); err != nil {
			return h, err
		}
	}
}

func (h *head) field(line []byte) error {
	name, value, found := bytes.Cut(line, []byte(":"))
	if !found {
		return fmt.Errorf("header line without a colon: %.60q", line)
	}
	value = bytes.TrimSpace(value)
	switch {
	case bytes.EqualFold(name, []byte("Content-Length")):
		n, err := parseSize(value, 10)
		if err != nil {
			return fmt.Errorf("content length: %w", err)
		}
		h.length = n
	case bytes.EqualFold(name, []byte("Transfer-Encoding")):
		h.chunked = bytes.EqualFold(value, []byte("chunked"))
	case bytes.EqualFold(name, []byte("Connection")):
		h.closing = bytes.EqualFold(value, []byte("close"))
	}
	return nil
}

// status is the code of a status line, 0 when it is none.
func (h head) status() int {
	if len(h.first) < len("HTTP/1.1 200") || h.first[:5] != "HTTP/" {
		return 0
	}
	n, err := parseSize([]byte(h.first[9:12]), 10)
	if err != nil {
		return 0
	}
	return n
}

// readBody hands the body to sink piece by piece, as it arrives. The pieces are only valid during the call.
func (h head) readBody(r *bufio.Reader, sink io.Writer) error {
	if !h.chunked {
		return copyExactly(sink, r, max(h.length, 0))
	}
	for {
		n, err := readChunkSize(r)
		if err != nil {
			return err
		}
		if n == 0 {
			return skipTrailer(r)
		}
		if err := copyExactly(sink, r, n); err != nil {
			return err
		}
		if line, err := readLine(r); err != nil || len(line) != 0 {
			return errors.Join(errors.New("chunk does not end where its size says"), err)
		}
	}
}

func readChunkSize(r *bufio.Reader) (int, error) {
	line, err := readLine(r)
	if err != nil {
		return 0, unexpected(err)
	}
	size, _, _ := bytes.Cut(line, []byte(";"))
	n, err := parseSize(size, 16)
	if err != nil {
		return 0, fmt.Errorf("chunk size: %w", err)
	}
	return n, nil
}

func skipTrailer(r *bufio.Reader) error {
	for {
		line, err := readLine(r)
		if err != nil {
			return unexpected(err)
		}
		if len(line) == 0 {
			return nil
		}
	}
}

// copyExactly passes n bytes on straight from the reader's own buffer.
func copyExactly(w io.Writer, r *bufio.Reader, n int) error {
	for n > 0 {
		if _, err := r.Peek(1); err != nil {
			return unexpected(err)
		}
		piece, _ := r.Peek(min(n, r.Buffered()))
		if _, err := w.Write(piece); err != nil {
			return err
		}
		_, _ = r.Discard(len(piece)) // these bytes are buffered: it can't fail
		n -= len(piece)
	}
	return nil
}

func readLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if err != nil {
		if errors.Is(err, io.EOF) && len(line) > 0 {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return bytes.TrimSuffix(line[:len(line)-1], []byte("\r")), nil
}

// parseSize accepts digits only (no sign, no spaces) up to maxBody.
func parseSize(text []byte, base int) (int, error) {
	n, err := strconv.ParseUint(string(text), base, 31)
	if err != nil {
		return 0, fmt.Errorf("not a number: %.20q", text)
	}
	if n > maxBody {
		return 0, fmt.Errorf("%d bytes are more than this tool reads", n)
	}
	return int(n), nil
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
