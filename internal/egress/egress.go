// Package egress is the one place from which outgoing HTTP comes. It offers two
// address policies (Operator for hosts that an operator configured, Foreign for any
// URL that came from a caller or from an upstream's answer), the Upstream interface
// of the data path, and Fetch for inputs such as an image's URL.
//
// It refuses to know who calls what and why: no models, keys, accounts, prices,
// and no retry rules.
//
// Its one invariant: under the Foreign policy no connection is opened to an address
// that Classify does not allow. The address that is checked is the one that is
// dialled, so a name that resolves differently a moment later gains nothing.
package egress

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// Rules are the adjustable parts of a policy.
type Rules struct {
	// AllowPrefixes may be reached under the Foreign policy although they are not
	// public. Empty on a normal server.
	AllowPrefixes []netip.Prefix
	// Ports may be reached; empty means every port.
	Ports []uint16
	// DialTimeout bounds one connection attempt, name resolution included; 0 means
	// ten seconds.
	DialTimeout time.Duration
	// Log gets one line for each refused call; nil means slog.Default.
	Log *slog.Logger
}

const defaultDialTimeout = 10 * time.Second

// Policy says which URLs and addresses may be called. It is safe for concurrent
// use.
type Policy struct {
	foreign bool
	rules   Rules
	dialer  net.Dialer
}

// Operator is the policy for hosts that an operator configured: private addresses
// and the machine itself included. It must never see a URL from anyone else.
func Operator(r Rules) *Policy { return newPolicy(r, false) }

// Foreign is the policy for URLs from callers and from upstreams' answers: public
// addresses and Rules.AllowPrefixes only. It uses no proxy.
func Foreign(r Rules) *Policy { return newPolicy(r, true) }

func newPolicy(r Rules, foreign bool) *Policy {
	if r.DialTimeout <= 0 {
		r.DialTimeout = defaultDialTimeout
	}
	if r.Log == nil {
		r.Log = slog.Default()
	}
	p := &Policy{foreign: foreign, rules: r, dialer: net.Dialer{Timeout: r.DialTimeout}}
	p.dialer.Control = p.control
	return p
}

// Refused is a call that a policy does not allow. Its text names the host and the
// verdict only: paths and queries may hold secrets.
type Refused struct {
	Host    string
	Addr    netip.Addr // zero where the URL itself was refused
	Verdict Verdict
}

// Error is the text for the log.
func (e *Refused) Error() string {
	return fmt.Sprintf("outgoing call to %q refused: %s", e.Host, e.Verdict)
}

// CheckURL returns a *Refused, and logs it, if u must not be called whatever its
// host resolves to: another scheme than http and https, credentials, no host, a
// port that isn't allowed, or a literal address that isn't.
func (p *Policy) CheckURL(u *url.URL) error {
	verdict, addr := p.classifyURL(u)
	if verdict.IsAllowed() {
		return nil
	}
	return p.refuse(&Refused{Host: u.Hostname(), Addr: addr, Verdict: verdict})
}

func (p *Policy) classifyURL(u *url.URL) (Verdict, netip.Addr) {
	var none netip.Addr
	if u.Scheme != "http" && u.Scheme != "https" {
		return DeniedScheme, none
	}
	if u.User != nil {
		return DeniedUserinfo, none
	}
	if u.Hostname() == "" || u.Opaque != "" {
		return DeniedHost, none
	}
	port := uint64(80)
	if u.Scheme == "https" {
		port = 443
	}
	if u.Port() != "" {
		var err error
		if port, err = strconv.ParseUint(u.Port(), 10, 16); err != nil {
			return DeniedPort, none
		}
	}
	if !p.portAllowed(uint16(port)) {
		return DeniedPort, none
	}
	if !p.foreign {
		return AllowedByRule, none
	}
	if addr, err := netip.ParseAddr(u.Hostname()); err == nil {
		return p.classify(addr), addr
	}
	return Allowed, none // the dialer sees what the name resolves to
}

// classify is Classify with the policy's rules.
func (p *Policy) classify(addr netip.Addr) Verdict {
	verdict := Classify(addr)
	if verdict.IsAllowed() {
		return verdict
	}
	if !p.foreign {
		return AllowedByRule
	}
	addr = addr.Unmap().WithZone("")
	if slices.ContainsFunc(p.rules.AllowPrefixes, func(x netip.Prefix) bool { return x.Contains(addr) }) {
		return AllowedByRule
	}
	return verdict
}

func (p *Policy) portAllowed(port uint16) bool {
	return len(p.rules.Ports) == 0 || slices.Contains(p.rules.Ports, port)
}

// control runs for each address just before it is dialled.
func (p *Policy) control(network, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil || network != "tcp4" && network != "tcp6" {
		return &Refused{Verdict: DeniedHost}
	}
	verdict := p.classify(ap.Addr())
	if verdict.IsAllowed() && !p.portAllowed(ap.Port()) {
		verdict = DeniedPort
	}
	if !verdict.IsAllowed() {
		return &Refused{Addr: ap.Addr(), Verdict: verdict}
	}
	return nil
}

// DialContext connects to addr ("host:port") if the policy allows the address that
// the host resolves to; else the error is, or wraps, a *Refused.
func (p *Policy) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := p.dialer.DialContext(ctx, network, addr)
	if err == nil {
		return conn, nil
	}
	var refused *Refused
	if !errors.As(err, &refused) {
		return nil, err
	}
	host, _, splitErr := net.SplitHostPort(addr)
	if splitErr != nil {
		host = addr
	}
	return nil, p.refuse(&Refused{Host: host, Addr: refused.Addr, Verdict: refused.Verdict})
}

// refuse logs e and returns it.
func (p *Policy) refuse(e *Refused) error {
	attrs := []slog.Attr{slog.String("host", e.Host), slog.String("verdict", e.Verdict.String())}
	if e.Addr.IsValid() {
		attrs = append(attrs, slog.String("addr", e.Addr.String()))
	}
	p.rules.Log.LogAttrs(context.Background(), slog.LevelWarn, "outgoing call refused", attrs...)
	return e
}
