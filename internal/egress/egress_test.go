package egress

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// logbook is a log that can be read.
type logbook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *logbook) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

func loopback() []netip.Prefix { return []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} }

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func server(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

func wantRefused(t *testing.T, err error, want Verdict) {
	t.Helper()
	var refused *Refused
	if !errors.As(err, &refused) || refused.Verdict != want {
		t.Errorf("error %v, want a refusal: %s", err, want)
	}
}

func TestForeignURLs(t *testing.T) {
	t.Parallel()
	p := Foreign(Rules{Log: quiet(), Ports: []uint16{80, 443}, AllowPrefixes: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}})
	for raw, want := range map[string]Verdict{
		"https://example.com/a?b":          Allowed,
		"http://8.8.8.8":                   Allowed,
		"http://10.1.255.255/":             AllowedByRule,
		"http://[::ffff:10.1.2.3]/":        AllowedByRule,
		"http://10.2.0.0/":                 DeniedPrivate,
		"http://169.254.169.254/latest":    DeniedMetadata,
		"http://[fe80::1%25eth0]/":         DeniedLinkLocal,
		"http://[::ffff:169.254.169.254]/": DeniedMetadata,
		"https://u:p@example.com/":         DeniedUserinfo,
		"https://@example.com/":            DeniedUserinfo,
		"ftp://example.com/":               DeniedScheme,
		"file:///etc/passwd":               DeniedScheme,
		"data:text/plain,a":                DeniedScheme,
		"//example.com/":                   DeniedScheme,
		"http:///path":                     DeniedHost,
		"http:example.com":                 DeniedHost,
		"http://example.com:8080/":         DeniedPort,
		"http://example.com:99999/":        DeniedPort,
		"https://example.com:80/":          Allowed,
	} {
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		got, _ := p.classifyURL(u)
		if got != want {
			t.Errorf("%s: %s, want %s", raw, got, want)
		}
		if err := p.CheckURL(u); (err == nil) != want.IsAllowed() {
			t.Errorf("%s: error %v", raw, err)
		}
	}
}

// What a name resolves to is checked where it is dialled.
func TestForeignChecksTheAddressThatIsDialled(t *testing.T) {
	t.Parallel()
	s := server(t, func(http.ResponseWriter, *http.Request) { t.Error("it was called") })
	port := s.Listener.Addr().(interface{ AddrPort() netip.AddrPort }).AddrPort().Port()
	log := &logbook{}
	f := NewFetcher(Foreign(Rules{Log: log.logger()}))
	_, err := f.Fetch(t.Context(), fmt.Sprintf("http://localhost:%d/path?token=secret", port), FetchLimits{})
	wantRefused(t, err, DeniedLoopback)
	for _, text := range []string{err.Error(), log.String()} {
		if strings.Contains(text, "secret") || strings.Contains(text, "/path") || !strings.Contains(text, "denied-loopback") {
			t.Errorf("said: %s", text)
		}
	}
	if n := strings.Count(log.String(), "\n"); n != 1 {
		t.Errorf("%d log lines, want 1: %s", n, log)
	}
}

func TestPortsAreCheckedWhereDialled(t *testing.T) {
	t.Parallel()
	s := server(t, func(http.ResponseWriter, *http.Request) {})
	for _, p := range []*Policy{
		Foreign(Rules{Log: quiet(), AllowPrefixes: loopback(), Ports: []uint16{1}}),
		Operator(Rules{Log: quiet(), Ports: []uint16{1}}),
	} {
		_, err := p.DialContext(t.Context(), "tcp", s.Listener.Addr().String())
		wantRefused(t, err, DeniedPort)
	}
}

func TestFetch(t *testing.T) {
	t.Parallel()
	const png = "\x89PNG\r\n\x1a\n"
	s := server(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Referer") != "" || r.Header.Get("Cookie") != "" {
			t.Errorf("header %v", r.Header)
		}
		switch r.URL.Path {
		case "/png":
			w.Header().Set("Content-Type", "text/html") // a lie
			io.WriteString(w, png)
		case "/large":
			w.Write(make([]byte, 1001))
		case "/large-unsaid":
			w.Write(make([]byte, 600))
			w.(http.Flusher).Flush()
			w.Write(make([]byte, 600))
		case "/fits":
			w.Write(make([]byte, 1000))
		case "/hang":
			<-r.Context().Done()
		case "/cut":
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, png)
		case "/cookie":
			w.Header().Set("Set-Cookie", "a=b")
			http.Redirect(w, r, "/png?moved", http.StatusFound)
		case "/inward":
			http.Redirect(w, r, "http://169.254.169.254/latest/meta-data", http.StatusFound)
		case "/inward-name":
			http.Redirect(w, r, "http://localhost.:1/", http.StatusTemporaryRedirect)
		case "/scheme":
			w.Header().Set("Location", "file:///etc/passwd")
			w.WriteHeader(http.StatusMovedPermanently)
		case "/bad-location":
			w.Header().Set("Location", "http://[secret/")
			w.WriteHeader(http.StatusFound)
		case "/loop":
			http.Redirect(w, r, "/loop?secret", http.StatusFound)
		default:
			http.NotFound(w, r)
		}
	})
	f := NewFetcher(Foreign(Rules{Log: quiet(), AllowPrefixes: loopback()}))
	l := FetchLimits{MaxBytes: 1000}
	fetch := func(path string, l FetchLimits) (Fetched, error) {
		return f.Fetch(t.Context(), s.URL+path+"?secret", l)
	}

	t.Run("content", func(t *testing.T) {
		for _, path := range []string{"/png", "/cookie"} {
			got, err := fetch(path, FetchLimits{MaxBytes: 1000, Types: []string{"image/"}})
			if err != nil || string(got.Body) != png || got.ContentType != "image/png" || got.URL.Path != "/png" {
				t.Errorf("%s: %+v, %v", path, got, err)
			}
		}
		if got, err := fetch("/fits", l); err != nil || len(got.Body) != 1000 {
			t.Errorf("content of just the allowed size: %v", err)
		}
	})
	t.Run("errors", func(t *testing.T) {
		var status *StatusError
		for path, is := range map[string]func(error) bool{
			"/large":        func(err error) bool { return errors.Is(err, ErrTooLarge) },
			"/large-unsaid": func(err error) bool { return errors.Is(err, ErrTooLarge) },
			"/cut":          func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) },
			"/none":         func(err error) bool { return errors.As(err, &status) && status.Status == 404 },
		} {
			got, err := fetch(path, l)
			if !is(err) || got.Body != nil || strings.Contains(err.Error(), "secret") {
				t.Errorf("%s: error %v", path, err)
			}
		}
		if _, err := fetch("/png", FetchLimits{Types: []string{"audio/", "video/"}}); !errors.Is(err, ErrContentType) {
			t.Errorf("error %v", err)
		}
		if _, err := fetch("/hang", FetchLimits{Timeout: 30 * time.Millisecond}); !errors.Is(err, http.ErrHandlerTimeout) && !isTimeout(err) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("refused", func(t *testing.T) {
		for path, verdict := range map[string]Verdict{
			"/inward": DeniedMetadata, "/scheme": DeniedScheme, "/bad-location": DeniedHost, "/loop": DeniedRedirects,
		} {
			_, err := fetch(path, l)
			wantRefused(t, err, verdict)
			if strings.Contains(fmt.Sprint(err), "secret") {
				t.Errorf("%s: error %v", path, err)
			}
		}
		if _, err := fetch("/cookie", FetchLimits{Redirects: -1}); err == nil {
			t.Error("a redirect was followed")
		}
		for _, raw := range []string{"http://[secret", "http://a b/secret", "%"} {
			_, err := f.Fetch(t.Context(), raw, l)
			var refused *Refused
			if !errors.As(err, &refused) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%s: error %v", raw, err)
			}
		}
	})
}

func isTimeout(err error) bool {
	var slow interface{ Timeout() bool }
	return errors.As(err, &slow) && slow.Timeout()
}

func TestForeignUsesNoProxy(t *testing.T) {
	t.Parallel()
	p := Foreign(Rules{Log: quiet()})
	if NewFetcher(p).rt.Proxy != nil || newTransport(p, Options{}).rt.Proxy != nil {
		t.Error("a proxy would dial what the policy never sees")
	}
}
