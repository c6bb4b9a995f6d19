package skytells

import (
	"bufio"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// A server that stands still ends the call, told apart from a caller who stops.
func TestAStandstillEndsACall(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	client, err := NewClient(ClientOptions{BaseURL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdle)
	read := func(ctx context.Context, after time.Duration) error {
		ctx, stall := watchStall(ctx, after)
		defer stall.stop()
		r, err := client.request(ctx, http.MethodGet, "/v1/predictions/a", nil)
		if err != nil {
			t.Fatal(err)
		}
		reply, err := client.http.Do(r)
		if err != nil {
			return client.failed(stall.cause(err))
		}
		defer reply.Body.Close() //nolint:errcheck // nothing was written
		return client.decode(reply, stall, nil)
	}
	var unreachable *UnreachableError
	if err := read(t.Context(), time.Millisecond); !errors.As(err, &unreachable) || !errors.Is(err, errStalled) {
		t.Errorf("standstill: %v", err)
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if err := read(stopped, time.Hour); !errors.Is(err, context.Canceled) || errors.As(err, &unreachable) {
		t.Errorf("stopped: %v", err)
	}
}

func TestEventsAreBounded(t *testing.T) {
	t.Parallel()
	ctx, stall := watchStall(t.Context(), time.Hour)
	defer stall.stop()
	if ctx.Err() != nil {
		t.Fatal(ctx.Err())
	}
	for _, text := range []string{
		"data: " + strings.Repeat("x", 20_000) + "\n\n", strings.Repeat("x", 20_000), strings.Repeat("data: 012345678\n", 1000) + "\n",
	} {
		e := &PredictionEvents{c: &Client{}, stall: stall, in: bufio.NewReader(strings.NewReader(text)), limit: 10_000}
		if _, err := e.Next(); err == nil || !strings.Contains(err.Error(), "larger than 10000 bytes") {
			t.Errorf("%.20q: %v", text, err)
		}
	}
}
