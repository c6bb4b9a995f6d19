package httpx

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"skytower/internal/fault"
	"skytower/internal/telemetry"
)

// Bounds on how long a caller may take over one body.
const (
	readBodyTimeout  = 60 * time.Second
	writeBodyTimeout = 60 * time.Second
	// smallBody fits any socket buffer, so that writing it cannot block for long.
	smallBody = 16 << 10
	// firstRead bounds what a mere Content-Length makes us allocate.
	firstRead = 64 << 10
)

// Call is one request in progress.
type Call struct {
	Request *http.Request
	Record  Record

	w      http.ResponseWriter
	server *Server
	span   telemetry.Span
	values [3]string // of the headers that every answer has: X-Request-Id, Content-Type, Content-Length
	sent   bool      // the head is out
	inBand bool      // a stream told its error itself
	abort  bool      // cut the connection at the end
}

// Header is the header of the response.
func (c *Call) Header() http.Header { return c.w.Header() }

// Sent reports whether the head of the response is out.
func (c *Call) Sent() bool { return c.sent }

// Sub returns the call's writer for handlers of net/http (files, pages). The
// record then holds no more than the route.
func (c *Call) Sub() (http.ResponseWriter, *http.Request) {
	c.sent = true
	return c.w, c.Request
}

// Body reads the whole request body, at most limit bytes.
func (c *Call) Body(limit int64) ([]byte, error) {
	length := c.Request.ContentLength
	if length > limit {
		return nil, c.tooLarge(limit)
	}
	if length == 0 || c.Request.Body == nil || c.Request.Body == http.NoBody {
		return nil, nil
	}
	control := http.NewResponseController(c.w)
	_ = control.SetReadDeadline(time.Now().Add(readBodyTimeout))
	body, err := readBody(c.Request.Body, length, limit)
	_ = control.SetReadDeadline(time.Time{})
	c.Record.BytesIn = int64(len(body))
	if errors.Is(err, errTooLarge) {
		return nil, c.tooLarge(limit)
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.InvalidRequest, "The request body could not be read to its end.")
	}
	return body, nil
}

var errTooLarge = errors.New("body over the limit")

// readBody grows its buffer with what really arrives, so that a caller who only
// announces a large body costs nothing.
func readBody(r io.Reader, length, limit int64) ([]byte, error) {
	size := int64(firstRead)
	if length >= 0 {
		size = min(size, length)
	} else {
		length = limit + 1
	}
	body := make([]byte, 0, size)
	for int64(len(body)) < length {
		if len(body) == cap(body) {
			grown := make([]byte, len(body), min(int64(cap(body))*2, length))
			copy(grown, body)
			body = grown
		}
		n, err := r.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		if err == io.EOF {
			break
		}
		if err != nil {
			return body, err
		}
	}
	if int64(len(body)) > limit {
		return nil, errTooLarge
	}
	return body, nil
}

func (c *Call) tooLarge(limit int64) error {
	// The rest of the body will not be read, so the connection is of no more use.
	c.Header().Set("Connection", "close")
	return &fault.Error{
		ID: fault.InvalidRequest, Status: http.StatusRequestEntityTooLarge, Code: "request_too_large",
		Message: fmt.Sprintf("The request body is larger than the %d bytes that this server takes.", limit),
	}
}

// Decode reads a JSON object of at most limit bytes into v. Unknown fields, and
// anything after the object, are errors that name what is wrong.
func (c *Call) Decode(limit int64, v any) error {
	return c.decode(limit, v, (*json.Decoder).DisallowUnknownFields)
}

// DecodeOpen is Decode that ignores unknown fields, for bodies whose callers may know
// more fields than this server.
func (c *Call) DecodeOpen(limit int64, v any) error {
	return c.decode(limit, v, func(*json.Decoder) {})
}

func (c *Call) decode(limit int64, v any, adjust func(*json.Decoder)) error {
	body, err := c.Body(limit)
	if err != nil {
		return err
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return fault.New(fault.InvalidRequest, "The request body is empty; a JSON object is expected.")
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	adjust(dec)
	if err := dec.Decode(v); err != nil {
		return decodeFault(err)
	}
	if dec.More() {
		return fault.New(fault.InvalidRequest, "There is something after the JSON object in the request body.")
	}
	return nil
}

func decodeFault(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &kind):
		f := fault.Invalid(kind.Field, "The field '%s' must be of type %s, not %s.", kind.Field, kind.Type, kind.Value)
		f.Err = err
		return f
	case errors.As(err, &syntax):
		return fault.Wrap(err, fault.InvalidRequest, fmt.Sprintf("The request body is not valid JSON (byte %d: %s).", syntax.Offset, syntax))
	default:
		return fault.Wrap(err, fault.InvalidRequest, fmt.Sprintf("The request body cannot be used: %s.", err))
	}
}

// JSON sends v as the whole answer.
func (c *Call) JSON(status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	return c.Raw(status, "application/json", body)
}

// Raw sends body as the whole answer.
func (c *Call) Raw(status int, contentType string, body []byte) error {
	h := c.w.Header()
	c.values[1], c.values[2] = contentType, strconv.Itoa(len(body))
	h["Content-Type"], h["Content-Length"] = c.values[1:2:2], c.values[2:3:3]
	c.head(status)
	if len(body) > smallBody {
		_ = http.NewResponseController(c.w).SetWriteDeadline(time.Now().Add(writeBodyTimeout))
	}
	n, err := c.write(body)
	c.Record.BytesOut += int64(n)
	if err != nil {
		return fmt.Errorf("send answer: %w", err)
	}
	return nil
}

// write sends head and body, in one write to the connection where that is worth a copy of
// the first piece.
func (c *Call) write(body []byte) (int, error) {
	if len(body) < minGathered || len(body) > maxGathered {
		return c.w.Write(body)
	}
	own, ok := c.Request.Context().Value(connectionKey{}).(*connection)
	if !ok {
		return c.w.Write(body)
	}
	own.gather()
	n, err := c.w.Write(body)
	if failed := own.release(); err == nil {
		err = failed
	}
	return n, err
}

// head sends the status line and notes the time to first byte.
func (c *Call) head(status int) {
	if c.sent {
		return
	}
	c.sent = true
	c.Record.Status = status
	c.Record.FirstByte = c.server.now().Sub(c.Record.Start)
	c.w.WriteHeader(status)
}
