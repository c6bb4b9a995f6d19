package httpx

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"skytower/internal/fault"
)

// ClientAddr is the caller's address. Forwarded headers count only where the peer
// is a trusted proxy; of X-Forwarded-For the last address that is not a trusted
// proxy is the caller's, since anything left of it may be made up.
func ClientAddr(r *http.Request, trusted []netip.Prefix) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	if len(trusted) == 0 || !within(host, trusted) {
		return host
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop := strings.TrimSpace(hops[i])
		if _, err := netip.ParseAddr(hop); err != nil {
			return host
		}
		if !within(hop, trusted) {
			return hop
		}
		host = hop
	}
	return host
}

func within(host string, prefixes []netip.Prefix) bool {
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	addr = addr.Unmap()
	for _, p := range prefixes {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// Base is the start of every absolute link (no trailing slash): public where it
// is set. Otherwise it is taken from the request, and only for a loopback host, so
// that nobody can make the server hand out links to another place: SDKs send their
// keys to them (contract 1.12).
func Base(public *url.URL, r *http.Request) (string, error) {
	if public != nil {
		return strings.TrimRight(public.String(), "/"), nil
	}
	host := r.Host
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = strings.Trim(host, "[]")
	}
	addr, err := netip.ParseAddr(name)
	if name != "localhost" && (err != nil || !addr.IsLoopback()) {
		return "", fault.New(fault.InvalidRequest,
			"This server has no public address set, so it answers only to localhost. The operator sets 'public_url'.")
	}
	return "http://" + host, nil
}
