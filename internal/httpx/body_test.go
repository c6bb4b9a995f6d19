package httpx_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"skytower/internal/fault"
	"skytower/internal/httpx"
)

const bodyLimit = 200_000

// echo answers with the length of the body that it got.
func echo(c *httpx.Call) error {
	body, err := c.Body(bodyLimit)
	if err != nil {
		return err
	}
	return c.JSON(200, len(body))
}

// unsized hides a reader's length, so that the client sends chunks.
type unsized struct{ io.Reader }

func TestBodyUpToTheLimit(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 64<<10 - 1, 64 << 10, 64<<10 + 1, 150_000, bodyLimit} {
		for name, body := range map[string]io.Reader{
			"sized": strings.NewReader(strings.Repeat("x", n)), "chunked": unsized{strings.NewReader(strings.Repeat("x", n))},
		} {
			s := serve(t, echo)
			res, text := s.send(t, http.MethodPost, body)
			if res.StatusCode != 200 || text != fmt.Sprint(n) {
				t.Errorf("%s %d bytes: got %d %s", name, n, res.StatusCode, text)
			}
			if r := s.record(t); r.BytesIn != int64(n) {
				t.Errorf("%s %d bytes: recorded %d", name, n, r.BytesIn)
			}
		}
	}
}

func TestBodyOverTheLimit(t *testing.T) {
	t.Parallel()
	for name, request := range map[string]string{
		// Nothing of the announced body comes: the header alone must do.
		"announced": fmt.Sprintf("Content-Length: %d\r\n\r\n", bodyLimit+1),
		"huge":      "Content-Length: 9223372036854775807\r\n\r\n",
		"chunked": fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n",
			bodyLimit+1, strings.Repeat("x", bodyLimit+1)),
		"chunked without end": fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n",
			bodyLimit+1, strings.Repeat("x", bodyLimit+1)),
	} {
		s := serve(t, echo)
		_, in := s.raw(t, "POST / HTTP/1.1\r\nHost: x\r\n"+request)
		res, body := response(t, in)
		if res.StatusCode != 413 || !strings.Contains(body, "INVALID_REQUEST") || !strings.Contains(body, "200000 bytes") {
			t.Errorf("%s: got %d %s", name, res.StatusCode, body)
		}
		if !res.Close {
			t.Errorf("%s: the connection stays open with an unread body in it", name)
		}
		if r := s.record(t); r.Status != 413 {
			t.Errorf("%s: got record %+v", name, r)
		}
	}
}

// A caller that stops half-way has left; nothing must look like an answer to it.
func TestBodyShorterThanAnnounced(t *testing.T) {
	t.Parallel()
	s := serve(t, echo)
	conn, in := s.raw(t, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{\"half\":")
	if err := conn.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	r := s.record(t)
	if rest, _ := io.ReadAll(in); r.Status == httpx.StatusHangUp && len(rest) > 0 {
		t.Errorf("got %q", rest)
	}
	// The server may notice the end of the body before the caller's leaving.
	if (r.Status != httpx.StatusHangUp && r.Status != 400) || r.ErrorID != string(fault.InvalidRequest) || r.BytesIn != 8 {
		t.Errorf("got record %+v", r)
	}
}

// What lies behind the announced length is the next request, not a part of this
// one.
func TestBodyLongerThanAnnounced(t *testing.T) {
	t.Parallel()
	s := serve(t, echo)
	_, in := s.raw(t, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n{ }")
	for _, want := range []string{"2", "3"} {
		if res, body := response(t, in); res.StatusCode != 200 || body != want {
			t.Errorf("got %d %s, want %s", res.StatusCode, body, want)
		}
	}
}

func TestDecode(t *testing.T) {
	t.Parallel()
	type target struct {
		Name string `json:"name"`
		Sub  struct {
			N int `json:"n"`
		} `json:"sub"`
	}
	for body, want := range map[string]string{
		`{"name":"a","sub":{"n":1}}`: "",
		" {\"name\":\"a\"} \n":       "",
		``:                           "INVALID_REQUEST: The request body is empty; a JSON object is expected.",
		`  `:                         "INVALID_REQUEST: The request body is empty; a JSON object is expected.",
		`{"name":1}`:                 "INVALID_PARAMETER: The field 'name' must be of type string, not number.",
		`{"sub":{"n":"x"}}`:          "INVALID_PARAMETER: The field 'sub.n' must be of type int, not string.",
		`{"nmae":"a"}`:               `INVALID_REQUEST: The request body cannot be used: json: unknown field "nmae".`,
		`{"name":"a"} {}`:            "INVALID_REQUEST: There is something after the JSON object in the request body.",
		`{"name"`:                    "INVALID_REQUEST: The request body cannot be used: unexpected EOF.",
		`{"name":}`:                  "INVALID_REQUEST: The request body is not valid JSON (byte 9: invalid character '}' looking for beginning of value).",
	} {
		got := make(chan string, 1)
		s := serve(t, func(c *httpx.Call) error {
			var v target
			err := c.Decode(1000, &v)
			if err == nil {
				got <- ""
				return c.JSON(200, v)
			}
			f := fault.From(err)
			got <- string(f.ID) + ": " + f.Message
			return err
		})
		s.send(t, http.MethodPost, strings.NewReader(body))
		if g := <-got; g != want {
			t.Errorf("%q:\n got %q\nwant %q", body, g, want)
		}
	}
}
