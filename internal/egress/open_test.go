package egress

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestOpen(t *testing.T) {
	t.Parallel()
	s := server(t, func(w http.ResponseWriter, r *http.Request) {
		for _, name := range []string{"Referer", "Cookie", "Authorization", "X-Api-Key"} {
			if r.Header.Get(name) != "" {
				t.Errorf("%s was sent", name)
			}
		}
		switch r.URL.Path {
		case "/five-gigabytes":
			w.Header().Set("Content-Length", "5000000000")
			w.Write([]byte("the beginning"))
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		case "/unsaid":
			for range 3 {
				w.Write(make([]byte, 400))
				w.(http.Flusher).Flush()
			}
		case "/fits":
			w.Write(make([]byte, 1000))
		case "/cut":
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, "less")
		case "/moved":
			w.Header().Set("Set-Cookie", "a=b")
			http.Redirect(w, r, "/fits", http.StatusFound)
		case "/inward":
			http.Redirect(w, r, "http://169.254.169.254/latest/meta-data", http.StatusFound)
		case "/userinfo":
			http.Redirect(w, r, "http://user:secret@"+r.Host+"/fits", http.StatusFound)
		default:
			http.NotFound(w, r)
		}
	})
	f := NewFetcher(Foreign(Rules{Log: quiet(), AllowPrefixes: loopback()}))
	get := func(path string) (n int, err error) {
		r, err := f.Open(t.Context(), s.URL+path+"?secret", 1000)
		if err != nil {
			return 0, err
		}
		defer r.Close()
		content, err := io.ReadAll(r)
		return len(content), err
	}
	for _, path := range []string{"/fits", "/moved"} {
		if n, err := get(path); n != 1000 || err != nil {
			t.Errorf("%s: %d bytes, error %v", path, n, err)
		}
	}
	var status *StatusError
	for path, want := range map[string]struct {
		n  int
		is func(error) bool
	}{
		"/five-gigabytes": {0, func(err error) bool { return errors.Is(err, ErrTooLarge) }},
		"/unsaid":         {1000, func(err error) bool { return errors.Is(err, ErrTooLarge) }},
		"/cut":            {4, func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }},
		"/none":           {0, func(err error) bool { return errors.As(err, &status) && status.Status == 404 }},
	} {
		n, err := get(path)
		if n != want.n || !want.is(err) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %d bytes, error %v", path, n, err)
		}
	}
	for path, verdict := range map[string]Verdict{"/inward": DeniedMetadata, "/userinfo": DeniedUserinfo} {
		_, err := get(path)
		wantRefused(t, err, verdict)
	}
	_, err := f.Open(t.Context(), "http://[secret", 1)
	wantRefused(t, err, DeniedHost)
	_, err = f.Open(t.Context(), "http://10.0.0.1/", 1)
	wantRefused(t, err, DeniedPrivate)
}

// Content of a server that stalls, or of a caller who leaves, is no whole content.
func TestOpenGivesUp(t *testing.T) {
	t.Parallel()
	s := server(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/begins" {
			fmt.Fprint(w, "begins")
			w.(http.Flusher).Flush()
		}
		<-r.Context().Done()
	})
	open := func(ctx context.Context, path string, idle, overall time.Duration) error {
		f := NewFetcher(Foreign(Rules{Log: quiet(), AllowPrefixes: loopback()}))
		f.openIdle, f.openTime = idle, overall
		r, err := f.Open(ctx, s.URL+path, 1000)
		if err != nil {
			return err
		}
		defer r.Close()
		_, err = io.ReadAll(r)
		return err
	}
	const soon, never = 30 * time.Millisecond, time.Hour
	for _, path := range []string{"/", "/begins"} {
		if err := open(t.Context(), path, soon, never); !errors.Is(err, ErrIdle) {
			t.Errorf("%s that stalls: error %v", path, err)
		}
		if err := open(t.Context(), path, never, soon); !errors.Is(err, ErrSlow) {
			t.Errorf("%s that takes long: error %v", path, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), soon)
		if err := open(ctx, path, never, never); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s whose caller leaves: error %v", path, err)
		}
		cancel()
	}
}

func TestOpenReadsNothingAfterClose(t *testing.T) {
	t.Parallel()
	s := server(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "content") })
	f := NewFetcher(Foreign(Rules{Log: quiet(), AllowPrefixes: loopback()}))
	r, err := f.Open(t.Context(), s.URL, 1000)
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	r.Close()
	if n, err := r.Read(make([]byte, 10)); n != 0 || err == nil {
		t.Errorf("%d bytes, error %v", n, err)
	}
}
