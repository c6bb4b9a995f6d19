package httpx_test

import (
	"io"
	"net/http"
	"testing"

	"skytower/internal/httpx"
)

// Each piece is there before the next one is made.
func TestPiecesGoOutAtOnce(t *testing.T) {
	t.Parallel()
	goOn := make(chan struct{})
	s := serve(t, func(c *httpx.Call) error {
		c.Header().Set("Content-Type", "audio/mpeg")
		body := c.Pieces()
		if err := body.Send([]byte("one")); err != nil {
			return err
		}
		<-goOn
		return body.Send([]byte(" two"))
	})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // read to its end
	first := make([]byte, 3)
	if _, err := io.ReadFull(res.Body, first); err != nil || string(first) != "one" {
		t.Errorf("%q, %v", first, err)
	}
	close(goOn)
	if rest, err := io.ReadAll(res.Body); err != nil || string(rest) != " two" || res.Header.Get("Content-Type") != "audio/mpeg" {
		t.Errorf("%q, %v, %v", rest, err, res.Header)
	}
	if r := s.record(t); r.BytesOut != 7 || r.Status != 200 || r.FirstByte <= 0 {
		t.Errorf("got record %+v", r)
	}
}
