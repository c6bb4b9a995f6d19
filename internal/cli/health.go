package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"time"

	"skytower/internal/config"
	"skytower/internal/skytells"
)

type healthCommand struct {
	Ready   bool   `help:"Ask whether it may get traffic, rather than whether it is alive."`
	Address string `placeholder:"HOST:PORT" help:"Where the server's operations listener is; as the configuration says, if empty."`
	Config  string `placeholder:"FILE" help:"The server's configuration file."`
}

const (
	healthTimeout = 5 * time.Second // for the whole answer
	maxHealth     = 64 << 10        // bytes of it
)

// Run asks the operations listener of a server on this machine. It needs no key, and no
// shell around it, so that a container's health check can be this command.
func (h *healthCommand) Run(ctx context.Context, s *session) error {
	address, err := h.address()
	if err != nil {
		return err
	}
	path := "/healthz"
	if h.Ready {
		path = "/readyz"
	}
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	code, body, err := ask(ctx, "http://"+address+path)
	if err != nil {
		return err
	}
	var said struct {
		Status string `json:"status"`
		Reason string `json:"reason"`
	}
	if json.Unmarshal(body, &said) != nil || said.Status == "" {
		return fmt.Errorf("what answers at %s is no operations listener of Skytower; --address says where that is", address)
	}
	if err := s.show(json.RawMessage(body), func(t *table) { t.row(said.Status, said.Reason) }); err != nil || code == http.StatusOK {
		return err
	}
	return fmt.Errorf("the server at %s is %s: %s", address, said.Status, cmp.Or(said.Reason, http.StatusText(code)))
}

// address is where to ask: a listener of all addresses is reached on loopback.
func (h *healthCommand) address() (string, error) {
	at := h.Address
	if at == "" {
		cfg, err := config.Load(config.Sources{File: h.Config, Env: os.Environ()})
		if err != nil {
			return "", usageError{err}
		}
		if at = cfg.OperationsListen; at == "" {
			return "", usagef("the configuration has no operations listener (operations_listen), so nobody can be asked")
		}
	}
	host, port, err := net.SplitHostPort(at)
	if err != nil {
		return "", usagef("%q is not HOST:PORT", at)
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "127.0.0.1"
		if ip.Is6() && !ip.Is4In6() {
			host = "::1"
		}
	}
	return net.JoinHostPort(host, port), nil
}

// ask gets a page of this machine's, through no proxy.
func ask(ctx context.Context, url string) (code int, body []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, nil, usageError{err}
	}
	transport := &http.Transport{DisableKeepAlives: true}
	answer, err := transport.RoundTrip(request)
	if err != nil {
		return 0, nil, &skytells.UnreachableError{URL: url, Err: err}
	}
	defer answer.Body.Close() //nolint:errcheck // only read
	body, err = io.ReadAll(io.LimitReader(answer.Body, maxHealth))
	if err != nil {
		return 0, nil, &skytells.UnreachableError{URL: url, Err: err}
	}
	return answer.StatusCode, body, nil
}
