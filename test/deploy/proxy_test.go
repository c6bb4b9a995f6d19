package deploy

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// patience bounds every wait, also on a machine that is very busy.
const patience = time.Minute

// backend is a small server that stands in for a Skytower.
type backend struct {
	address string
	ready   atomic.Bool // what /readyz says
	release chan struct{}
	arrived chan string // the first line of each upload, as soon as it is there

	mu   sync.Mutex
	seen map[string]int // requests by their X-Test
	last http.Header
}

// newBackend listens on host, and for health on host:health.
func newBackend(t *testing.T, host, health string) *backend {
	t.Helper()
	b := &backend{release: make(chan struct{}), arrived: make(chan string, 16), seen: map[string]int{}}
	b.ready.Store(true)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /stream", b.stream)
	mux.HandleFunc("POST /reset", b.reset)
	mux.HandleFunc("POST /v1/files", b.upload)
	mux.HandleFunc("/", b.answer)
	b.address = listen(t, net.JoinHostPort(host, "0"), mux)
	operations := http.NewServeMux()
	operations.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if !b.ready.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	listen(t, net.JoinHostPort(host, health), operations)
	return b
}

func listen(t *testing.T, address string, handler http.Handler) string {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: handler}}
	server.Start()
	t.Cleanup(server.Close)
	return listener.Addr().String()
}

func (b *backend) note(r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seen[r.Header.Get("X-Test")]++
	b.last = r.Header.Clone()
}

func (b *backend) count(id string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.seen[id]
}

func (b *backend) answer(w http.ResponseWriter, r *http.Request) {
	n, err := io.Copy(io.Discard, r.Body)
	if err != nil {
		return
	}
	b.note(r)
	fmt.Fprintf(w, "%s %d", b.address, n)
}

// stream sends a line each time that the test lets it.
func (b *backend) stream(w http.ResponseWriter, r *http.Request) {
	b.note(r)
	w.Header().Set("Content-Type", r.URL.Query().Get("type"))
	for i := range 3 {
		fmt.Fprintf(w, "data: %d\n\n", i)
		_ = http.NewResponseController(w).Flush()
		select {
		case <-b.release:
		case <-r.Context().Done():
			return
		}
	}
}

// reset breaks the connection once it has the whole request.
func (b *backend) reset(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	b.note(r)
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	_ = conn.(*net.TCPConn).SetLinger(0)
	_ = conn.Close()
}

func (b *backend) upload(w http.ResponseWriter, r *http.Request) {
	b.note(r)
	body := bufio.NewReader(r.Body)
	line, _ := body.ReadString('\n')
	b.arrived <- line
	n, _ := io.Copy(io.Discard, body)
	fmt.Fprintf(w, "%d", n+int64(len(line)))
}

// proxied is a real proxy in front of two servers.
type proxied struct {
	url     string
	client  *http.Client
	a, b    *backend
	forward string // the scheme that it tells the servers of
}

// proxies start the real programs with our files.
func proxies() map[string]func(t *testing.T, addresses []string, health string) (url, scheme string) {
	return map[string]func(*testing.T, []string, string) (string, string){"nginx": startNginx, "caddy": startCaddy}
}

// eachProxy runs a test in front of each of them.
func eachProxy(t *testing.T, test func(t *testing.T, p *proxied)) {
	t.Helper()
	for name, start := range proxies() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			health := freePort(t)
			p := &proxied{a: newBackend(t, "127.0.0.1", health), b: newBackend(t, "127.0.0.2", health)}
			p.url, p.forward = start(t, []string{p.a.address, p.b.address}, health)
			transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} // the test's own certificate
			p.client = &http.Client{Transport: transport}
			t.Cleanup(transport.CloseIdleConnections)
			test(t, p)
		})
	}
}

// do makes a call, which no client here makes twice.
func (p *proxied) do(t *testing.T, method, path, id string, body io.Reader) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, p.url+path, body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Test", id)
	request.Header.Set("X-Forwarded-For", "192.0.2.7")
	answer, err := p.client.Do(request)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	return answer.StatusCode, string(text)
}

func TestProxiesStream(t *testing.T) {
	t.Parallel()
	eachProxy(t, func(t *testing.T, p *proxied) {
		for _, kind := range []string{"text/event-stream", "application/octet-stream"} {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+"/stream?type="+kind, nil)
			if err != nil {
				t.Fatal(err)
			}
			answer, err := p.client.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close() //nolint:gocritic // two of them
			lines := bufio.NewReader(answer.Body)
			for i := range 3 {
				// The server sends no more before this piece is here.
				line, err := lines.ReadString('\n')
				if err != nil || line != fmt.Sprintf("data: %d\n", i) {
					t.Fatalf("%s: piece %d is %q: %v", kind, i, line, err)
				}
				_, _ = lines.ReadString('\n')
				select {
				case p.a.release <- struct{}{}:
				case p.b.release <- struct{}{}:
				case <-ctx.Done():
					t.Fatal("no server waits")
				}
			}
		}
	})
}

// A POST that was sent may have been done, and charged.
func TestProxiesNeverSendPostsTwice(t *testing.T) {
	t.Parallel()
	eachProxy(t, func(t *testing.T, p *proxied) {
		for i := range 2 { // then a proxy may leave both alone for a while
			id := fmt.Sprint("broken-", i)
			code, _ := p.do(t, http.MethodPost, "/reset", id, strings.NewReader(`{"model":"m"}`))
			if code != http.StatusBadGateway {
				t.Errorf("a broken connection became %d", code)
			}
			if n := p.a.count(id) + p.b.count(id); n != 1 {
				t.Errorf("the POST was sent %d times", n)
			}
		}
	})
}

func TestProxiesFindAnotherServer(t *testing.T) {
	t.Parallel()
	for name, start := range proxies() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			health := freePort(t)
			p := &proxied{a: newBackend(t, "127.0.0.1", health), client: &http.Client{Transport: &http.Transport{
				TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true,
			}}}
			nobody := newBackend(t, "127.0.0.2", health) // ready by its health alone
			p.url, _ = start(t, []string{p.a.address, net.JoinHostPort("127.0.0.2", freePort(t))}, health)
			served := 0
			for i := range 6 {
				id := fmt.Sprint("refused-", i)
				code, text := p.do(t, http.MethodPost, "/v1/chat/completions", id, strings.NewReader(`{}`))
				switch n := p.a.count(id); {
				case code == http.StatusOK && n == 1:
					served++
				case code == http.StatusBadGateway && n == 0 && name == "caddy" && isOldCaddy(t):
				default:
					t.Errorf("POST %d with one server away: %d, %s, sent %d times", i, code, text, n)
				}
			}
			if served == 0 {
				t.Error("no POST was served")
			}
			if code, text := p.do(t, http.MethodGet, "/v1/models", "get", nil); code != http.StatusOK {
				t.Errorf("GET with one server away: %d, %s", code, text)
			}
			if n := nobody.count("refused-0"); n != 0 {
				t.Errorf("the wrong server was called")
			}
		})
	}
}

// What a caller says of its own address is no proof.
func TestProxiesTellWhoCalls(t *testing.T) {
	t.Parallel()
	eachProxy(t, func(t *testing.T, p *proxied) {
		p.do(t, http.MethodGet, "/v1/models", "who", nil)
		seen := p.a
		if p.b.count("who") == 1 {
			seen = p.b
		}
		if from := seen.last["X-Forwarded-For"]; len(from) != 1 || from[0] != "127.0.0.1" {
			t.Errorf("the caller is %q", from)
		}
		if scheme := seen.last.Get("X-Forwarded-Proto"); scheme != p.forward {
			t.Errorf("the scheme is %q, not %q", scheme, p.forward)
		}
	})
}

// Bodies as large as the program allows pass, larger ones are refused; uploads of files
// are larger, and are passed on as they come.
func TestProxiesTakeBodies(t *testing.T) {
	t.Parallel()
	const mib = 1 << 20
	all := settings(t, []string{})
	if setting(t, all, "max_body") != "32MiB" || setting(t, all, "max_upload") != "512MiB" {
		t.Fatal("the defaults of max_body and max_upload are others: the proxies' files, and this test, should follow")
	}
	eachProxy(t, func(t *testing.T, p *proxied) {
		if code, text := p.do(t, http.MethodPost, "/v1/chat/completions", "large", bytes.NewReader(make([]byte, 32*mib))); code != http.StatusOK {
			t.Errorf("a body of max_body: %d, %s", code, text)
		}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url+"/v1/chat/completions", bytes.NewReader(make([]byte, 34*mib)))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Expect", "100-continue") // so that the refusal is read
		answer, err := p.client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusRequestEntityTooLarge && answer.StatusCode != http.StatusBadGateway {
			t.Errorf("a body beyond max_body: %d", answer.StatusCode)
		}
		p.upload(t, 40*mib)
	})
}

// upload sends a file whose rest is not there before its first line has arrived.
func (p *proxied) upload(t *testing.T, size int) {
	t.Helper()
	from, to := io.Pipe()
	go func() {
		_, _ = io.WriteString(to, "first\n")
		select {
		case <-p.a.arrived:
		case <-p.b.arrived:
		case <-t.Context().Done():
		}
		_, _ = to.Write(make([]byte, size))
		_ = to.Close()
	}()
	if code, text := p.do(t, http.MethodPost, "/v1/files", "file", from); code != http.StatusOK || text != fmt.Sprint(size+len("first\n")) {
		t.Errorf("the upload: %d, %s", code, text)
	}
}

// A server that drains says so on its operations port, and gets nothing more.
func TestCaddyFollowsReadiness(t *testing.T) {
	t.Parallel()
	health := freePort(t)
	p := &proxied{a: newBackend(t, "127.0.0.1", health), b: newBackend(t, "127.0.0.2", health), client: http.DefaultClient}
	p.url, _ = startCaddy(t, []string{p.a.address, p.b.address}, health)
	p.b.ready.Store(false)
	deadline := time.Now().Add(patience)
	for calls, quiet := 0, 0; quiet < 20; calls++ { // so many in a row to the other
		id := fmt.Sprint("call-", calls)
		if code, _ := p.do(t, http.MethodGet, "/v1/models", id, nil); code != http.StatusOK {
			t.Fatalf("a call got %d", code)
		}
		if quiet++; p.b.count(id) > 0 {
			quiet = 0
		}
		if time.Now().After(deadline) {
			t.Fatal("a server that is not ready goes on getting calls")
		}
	}
}

// startNginx starts nginx with our file and these servers.
func startNginx(t *testing.T, addresses []string, _ string) (url, scheme string) {
	t.Helper()
	folder := t.TempDir()
	secure, plain := freePort(t), freePort(t)
	text := read(t, "nginx/skytower.conf")
	for i, address := range addresses {
		text = replaced(t, text, fmt.Sprintf("10.0.0.1%d:8080", i+1), address)
	}
	text = regexp.MustCompile(`(?m)^\tserver 10\.0\.0\..*$`).ReplaceAllString(text, "")
	text = replaced(t, text, "listen 443 ssl", "listen 127.0.0.1:"+secure+" ssl")
	text = replaced(t, text, "listen 80;", "listen 127.0.0.1:"+plain+";")
	text = replaced(t, text, "/etc/ssl/skytower", folder)
	certificate(t, folder)
	site := filepath.Join(folder, "skytower.conf")
	main := "daemon off;\nworker_processes 1;\nerror_log stderr;\npid " + folder + "/pid;\nevents { worker_connections 512; }\nhttp {\n\taccess_log off;\n"
	if os.Getuid() == 0 {
		main = "user root;\n" + main
	}
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		main += "\t" + kind + "_temp_path " + folder + "/" + kind + ";\n"
	}
	for name, content := range map[string]string{site: text, folder + "/nginx.conf": main + "\tinclude " + site + ";\n}\n"} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	nginx := find(t, "nginx", "/usr/sbin/nginx")
	if out := command(t, nil, nginx, "-t", "-c", folder+"/nginx.conf"); strings.Contains(out, "warn") {
		t.Errorf("nginx -t says:\n%s", out)
	}
	runServer(t, "127.0.0.1:"+secure, exec.Command(nginx, "-c", folder+"/nginx.conf"))
	return "https://127.0.0.1:" + secure, "https"
}

// startCaddy starts Caddy with our file and these servers.
func startCaddy(t *testing.T, addresses []string, health string) (url, scheme string) {
	t.Helper()
	folder, port := t.TempDir(), freePort(t)
	text := replaced(t, read(t, "caddy/Caddyfile"), "health_port 9464", "health_port "+health)
	text = replaced(t, text, "\tgrace_period 50s", "\tadmin off\n\tgrace_period 1s")
	path := filepath.Join(folder, "Caddyfile")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	caddy := find(t, "caddy", "/usr/bin/caddy")
	cmd := exec.Command(caddy, "run", "--adapter", "caddyfile", "--config", path)
	cmd.Env = append(os.Environ(), "HOME="+folder, "XDG_DATA_HOME="+folder, "XDG_CONFIG_HOME="+folder,
		"SKYTOWER_HOST=http://127.0.0.1:"+port, "SKYTOWER_UPSTREAMS="+strings.Join(addresses, " "))
	runServer(t, "127.0.0.1:"+port, cmd)
	return "http://127.0.0.1:" + port, "http"
}

// isOldCaddy is true for versions that can't read the body of a POST again, as the file says.
func isOldCaddy(t *testing.T) bool {
	t.Helper()
	m := regexp.MustCompile(`(\d+)\.(\d+)\.\d+`).FindStringSubmatch(command(t, nil, find(t, "caddy", "/usr/bin/caddy"), "version"))
	if m == nil {
		t.Fatal("caddy does not say its version")
	}
	minor, err := strconv.Atoi(m[2])
	return err == nil && m[1] == "2" && minor < 11
}

func TestCaddyfileIsFormatted(t *testing.T) {
	t.Parallel()
	caddy := find(t, "caddy", "/usr/bin/caddy")
	if out := command(t, nil, caddy, "fmt", files+"/caddy/Caddyfile"); out != read(t, "caddy/Caddyfile") {
		t.Error("run caddy fmt --overwrite deploy/caddy/Caddyfile")
	}
}

func replaced(t *testing.T, text, old, now string) string {
	t.Helper()
	if !strings.Contains(text, old) {
		t.Fatalf("the file has no %q", old)
	}
	return strings.ReplaceAll(text, old, now)
}

// find is a program in PATH, or where Debian has it.
func find(t *testing.T, name, otherwise string) string {
	t.Helper()
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	if _, err := os.Stat(otherwise); err != nil {
		t.Fatalf("%s is not there ('make needs' brings it)", name)
	}
	return otherwise
}

// runServer runs a server until the test ends, and waits until it listens.
func runServer(t *testing.T, address string, cmd *exec.Cmd) {
	t.Helper()
	var said lockedText
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(patience):
			_ = cmd.Process.Kill()
		}
		if t.Failed() {
			t.Logf("%s said:\n%s", cmd.Path, said.String())
		}
	})
	deadline := time.After(patience)
	for tick := time.NewTicker(20 * time.Millisecond); ; {
		select {
		case <-ended:
			t.Fatalf("%s ended:\n%s", cmd.Path, said.String())
		case <-deadline:
			t.Fatalf("%s does not listen on %s:\n%s", cmd.Path, address, said.String())
		case <-tick.C:
			if conn, err := net.Dial("tcp", address); err == nil {
				_ = conn.Close()
				tick.Stop()
				return
			}
		}
	}
}

type lockedText struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lockedText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lockedText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// freePort is a port that nobody listens on, on any address of loopback.
func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	return port
}

// certificate makes fullchain.pem and privkey.pem in the folder.
func certificate(t *testing.T, folder string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "127.0.0.1"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"fullchain.pem": {Type: "CERTIFICATE", Bytes: der}, "privkey.pem": {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(filepath.Join(folder, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
