package webhook

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"skytower/internal/egress"
)

const (
	// maxAnswer is how much of a receiver's answer is read and kept.
	maxAnswer = 1 << 10
	userAgent = "skytower-webhook"
)

// attempt is what came of one call. failure is for the subscriber; "" is a success.
type attempt struct {
	at      time.Time
	status  int // 0: no answer
	took    time.Duration
	failure string
	answer  string
}

func (a attempt) ok() bool { return a.failure == "" }

// call posts the delivery. It follows no redirect and takes at most Options.Timeout; a
// 2xx in that time is a success whatever becomes of the rest of the answer.
func (s *Service) call(ctx context.Context, d delivery) attempt {
	ctx, cancel := context.WithTimeout(ctx, s.o.Timeout)
	defer cancel()
	a, began := attempt{at: s.o.Now()}, time.Now()
	response, err := s.post(ctx, d)
	if err != nil {
		a.failure = s.inWords(err)
	} else {
		a.status, a.failure = response.Status, failureOf(response.Status)
		a.answer = readAnswer(response.Body)
	}
	a.took = time.Since(began)
	return a
}

func (s *Service) post(ctx context.Context, d delivery) (*egress.Response, error) {
	u, err := url.Parse(d.url)
	if err != nil {
		return nil, errAddress
	}
	if u.Scheme == "http" && !s.mayGoPlain(ctx, u) {
		return nil, errPlain
	}
	header := egress.Header{
		{Name: "Content-Type", Value: "application/json"},
		{Name: "User-Agent", Value: userAgent},
		{Name: "X-Skytells-Event", Value: d.event},
		{Name: "X-Skytells-Delivery", Value: d.id},
	}
	if d.signature != "" {
		header = append(header, egress.Field{Name: "X-Skytells-Signature", Value: d.signature})
	}
	return s.o.Client.Do(ctx, &egress.Request{Method: http.MethodPost, URL: u, Header: header, Body: d.body})
}

// readAnswer keeps the first KiB, and leaves the connection usable where that was all.
func readAnswer(body egress.Body) string {
	defer body.Close()                                        //nolint:errcheck // it never fails
	first, _ := io.ReadAll(io.LimitReader(body, maxAnswer+1)) // what came counts, however it ended
	return clean(first[:min(len(first), maxAnswer)])
}

// clean makes a stranger's bytes a text that both databases take, of no more bytes.
func clean(answer []byte) string {
	for cut := 1; cut < utf8.UTFMax && cut <= len(answer); cut++ { // a character that the bound has cut
		if tail := answer[len(answer)-cut:]; utf8.RuneStart(tail[0]) {
			if !utf8.FullRune(tail) {
				answer = answer[:len(answer)-cut]
			}
			break
		}
	}
	return strings.ReplaceAll(strings.ToValidUTF8(string(answer), "?"), "\x00", "?")
}

func failureOf(status int) string {
	switch {
	case status >= 200 && status < 300:
		return ""
	case status >= 300 && status < 400:
		return fmt.Sprintf("The receiver answered with status %d; redirects are not followed.", status)
	}
	return fmt.Sprintf("The receiver answered with status %d.", status)
}

var (
	errAddress = errors.New("the address is malformed")
	errPlain   = errors.New("plain http is off")
)

// inWords says why no answer came. It is read by whoever subscribed, so it tells nothing
// of this machine: no addresses, no name servers.
func (s *Service) inWords(err error) string {
	switch {
	case errors.Is(err, errPlain):
		return "The address must begin with https://: plain http is switched off on this server."
	case isA[*egress.Refused](err):
		return "The address is one that this server must not call."
	case errors.Is(err, errAddress), errors.Is(err, egress.ErrRequest):
		return "The address is not one that can be called."
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, egress.ErrTimeout):
		return fmt.Sprintf("No answer came within %s.", seconds(s.o.Timeout))
	case isA[*net.DNSError](err):
		return "The receiver's host name could not be resolved."
	case isA[*tls.CertificateVerificationError](err):
		return "The receiver's certificate is not valid."
	case errors.Is(err, egress.ErrDial):
		return "The receiver could not be reached."
	case errors.Is(err, egress.ErrMalformed):
		return "The receiver's answer was not HTTP."
	}
	return "The connection ended before an answer came."
}

func isA[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

func seconds(d time.Duration) string {
	if d == time.Second {
		return "1 second"
	}
	return fmt.Sprintf("%v seconds", d.Seconds())
}
