package webhook

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"skytower/internal/egress"
)

func TestSign(t *testing.T) {
	t.Parallel()
	const want = "2a478c45472f2f4db275e913f6bbacdc94805c192c68d65322c030567dcf85fd" // contract 11
	if got := Sign("sk-test-key", []byte(`{"id":"p1","status":"succeeded"}`)); got != want {
		t.Errorf("signature %s", got)
	}
}

func TestSchedule(t *testing.T) {
	t.Parallel()
	for i, want := range []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, time.Hour} {
		tries := int64(i + 1)
		shortest, ok := waitAfter(schedule(), tries, 0)
		longest, _ := waitAfter(schedule(), tries, 1)
		if !ok || shortest != want || longest != want+want/5 {
			t.Errorf("after try %d: %v to %v, %v", tries, shortest, longest, ok)
		}
	}
	for _, tries := range []int64{-1, 0, 6, 7} {
		if wait, ok := waitAfter(schedule(), tries, 0); ok {
			t.Errorf("after try %d: %v", tries, wait)
		}
	}
}

func TestRetryOfWrites(t *testing.T) {
	t.Parallel()
	for attempt, want := range map[int]time.Duration{0: time.Second, 1: time.Second, 2: 2 * time.Second, 6: 32 * time.Second, 7: time.Minute, 999: time.Minute} {
		if got := retryWrite(attempt); got != want {
			t.Errorf("after %d: %v, want %v", attempt, got, want)
		}
	}
}

func TestPlacesOfAHost(t *testing.T) {
	t.Parallel()
	c := &clock{at: base}
	h := &hosts{most: 2, now: c.now}
	place := func(name string) (func(), time.Duration) { t.Helper(); return h.take(name) }
	one, _ := place("a")
	two, _ := place("a")
	// The line moves at the pace of the host: two places of 200 ms each are one each 100 ms.
	for i := range 3 {
		if free, wait := place("a"); free != nil || wait != time.Duration(i+1)*100*time.Millisecond {
			t.Errorf("number %d waits %v", i, wait)
		}
	}
	other, wait := place("b")
	if other == nil || wait != 0 {
		t.Error("a host waits for another one")
	}
	c.add(10 * time.Second)
	one()
	free, wait := place("a")
	if wait != 0 {
		t.Errorf("a free place waits %v", wait)
	}
	// A call took 10 s: the pace is slower now, and begins from here.
	if _, wait := place("a"); wait < time.Second || wait > 2*time.Second {
		t.Errorf("behind a slow call: %v", wait)
	}
	for range 1000 {
		if _, wait := place("a"); wait <= 0 || wait > longestLine {
			t.Fatalf("waits %v", wait)
		}
	}
	free()
	two()
	other()
	if len(h.byName) != 0 {
		t.Errorf("%d hosts are remembered", len(h.byName))
	}
}

func TestAnswersAreMadeText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "", "ok": "ok", "é": "é", "a\x00b": "a?b", "\xff\xfe": "?", "caf\xc3": "caf", "x\xf0\x9f\x98": "x", "\xf0\x9f\x98\x80": "😀",
		"\x80\x80\x80\x80": "?", "\xc3": "",
	} {
		if got := clean([]byte(in)); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add([]byte("ok\xf0\x9f"))
	f.Fuzz(func(t *testing.T, answer []byte) {
		n := len(answer)
		if got := clean(answer); !utf8.ValidString(got) || len(got) > n || strings.Contains(got, "\x00") {
			t.Errorf("%q becomes %q", answer, got)
		}
	})
}

// What a subscriber reads holds nothing of this machine's inside.
func TestFailuresInWords(t *testing.T) {
	t.Parallel()
	s := &Service{o: Options{Timeout: 10 * time.Second}}
	dial := func(err error) error { return &egress.Error{Kind: egress.ErrDial, Err: err} }
	for want, err := range map[string]error{
		"must not call":         dial(&egress.Refused{Host: "h"}),
		"can be called":         &egress.Error{Kind: egress.ErrRequest, Err: errors.New("x")},
		"within 10 seconds":     &egress.Error{Kind: egress.ErrCancelled, Err: context.DeadlineExceeded},
		"could not be resolved": dial(&net.DNSError{Err: "no such host", Server: "10.0.0.53"}),
		"certificate":           dial(fmt.Errorf("tls: %w", &tls.CertificateVerificationError{Err: errors.New("expired")})),
		"could not be reached":  dial(errors.New("dial tcp 10.0.0.9:443: connect: connection refused")),
		"was not HTTP":          &egress.Error{Kind: egress.ErrMalformed, Err: errors.New("x")},
		"connection ended":      &egress.Error{Kind: egress.ErrAmbiguous, Err: errors.New("read tcp 10.0.0.9: reset")},
	} {
		if got := s.inWords(err); !strings.Contains(got, want) || strings.Contains(got, "10.0.0") || !strings.HasSuffix(got, ".") {
			t.Errorf("%v reads %q, want %q", err, got, want)
		}
	}
}
