package egress

import (
	"context"
	"fmt"
	"net/netip"
)

// Verdict is what a policy thinks of a URL or an address, and why.
type Verdict int

// The verdicts. The zero value denies.
const (
	DeniedUnknown Verdict = iota
	Allowed               // a public address
	AllowedByRule         // not public, but named by the rules or by an operator

	DeniedUnspecified   // 0.0.0.0/8, ::
	DeniedLoopback      // 127.0.0.0/8, ::1
	DeniedPrivate       // RFC 1918, fc00::/7
	DeniedCGNAT         // 100.64.0.0/10
	DeniedLinkLocal     // 169.254.0.0/16, fe80::/10
	DeniedMetadata      // the addresses where clouds hand out credentials
	DeniedMulticast     // 224.0.0.0/4, ff00::/8
	DeniedDocumentation // ranges that stand for examples
	DeniedReserved      // other ranges that no public server has
	DeniedEmbedding     // IPv6 that carries an IPv4 address: NAT64, 6to4, Teredo, …
	DeniedNotGlobal     // IPv6 outside 2000::/3

	DeniedScheme    // neither http nor https
	DeniedUserinfo  // credentials in the URL
	DeniedHost      // no host, or a malformed one
	DeniedPort      // a port that the rules don't name
	DeniedRedirects // too many redirects
)

// IsAllowed reports whether the call may go out.
func (v Verdict) IsAllowed() bool { return v == Allowed || v == AllowedByRule }

// String is the verdict's name in logs.
func (v Verdict) String() string {
	names := [...]string{
		"denied-unknown", "allowed", "allowed-by-rule",
		"denied-unspecified", "denied-loopback", "denied-private", "denied-cgnat", "denied-link-local",
		"denied-metadata", "denied-multicast", "denied-documentation", "denied-reserved", "denied-embedding", "denied-not-global",
		"denied-scheme", "denied-userinfo", "denied-host", "denied-port", "denied-redirects",
	}
	if v < 0 || int(v) >= len(names) {
		return fmt.Sprintf("verdict-%d", int(v))
	}
	return names[v]
}

// Classify says what kind of address addr is. Sources are IANA's registries of
// special-purpose addresses; of two ranges that hold an address the first one
// listed counts. An IPv4 address mapped into IPv6 is taken for the IPv4 address,
// since that is what the system dials.
func Classify(addr netip.Addr) Verdict {
	addr = addr.Unmap().WithZone("")
	if !addr.IsValid() {
		return DeniedUnknown
	}
	table := ranges6()
	if addr.Is4() {
		table = ranges4()
	}
	for _, r := range table {
		if r.prefix.Contains(addr) {
			return r.verdict
		}
	}
	switch {
	case addr.Is4():
		return Allowed
	case isISATAP(addr):
		return DeniedEmbedding
	case addr.As16()[0]>>5 == 1: // 2000::/3
		return Allowed
	}
	return DeniedNotGlobal
}

type addrRange struct {
	prefix  netip.Prefix
	verdict Verdict
}

// prefix4 and prefix6 build a range without parsing text on each call.
func prefix4(a, b, c, d byte, bits int, v Verdict) addrRange {
	return addrRange{netip.PrefixFrom(netip.AddrFrom4([4]byte{a, b, c, d}), bits), v}
}

func prefix6(hi [8]uint16, bits int, v Verdict) addrRange {
	var b [16]byte
	for i, x := range hi {
		b[2*i], b[2*i+1] = byte(x>>8), byte(x)
	}
	return addrRange{netip.PrefixFrom(netip.AddrFrom16(b), bits), v}
}

func ranges4() []addrRange {
	return []addrRange{
		prefix4(0, 0, 0, 0, 8, DeniedUnspecified),
		prefix4(10, 0, 0, 0, 8, DeniedPrivate),
		prefix4(100, 100, 100, 200, 32, DeniedMetadata), // Alibaba Cloud, inside CGNAT
		prefix4(100, 64, 0, 0, 10, DeniedCGNAT),
		prefix4(127, 0, 0, 0, 8, DeniedLoopback),
		prefix4(168, 63, 129, 16, 32, DeniedMetadata), // Azure's host, a public address by number
		prefix4(169, 254, 169, 254, 32, DeniedMetadata),
		prefix4(169, 254, 170, 2, 32, DeniedMetadata), // ECS task credentials
		prefix4(169, 254, 0, 0, 16, DeniedLinkLocal),
		prefix4(172, 16, 0, 0, 12, DeniedPrivate),
		prefix4(192, 0, 0, 192, 32, DeniedMetadata), // Oracle Cloud, older
		prefix4(192, 0, 0, 0, 24, DeniedReserved),
		prefix4(192, 0, 2, 0, 24, DeniedDocumentation),
		prefix4(192, 31, 196, 0, 24, DeniedReserved),
		prefix4(192, 52, 193, 0, 24, DeniedReserved),
		prefix4(192, 88, 99, 0, 24, DeniedReserved),
		prefix4(192, 168, 0, 0, 16, DeniedPrivate),
		prefix4(192, 175, 48, 0, 24, DeniedReserved),
		prefix4(198, 18, 0, 0, 15, DeniedReserved),
		prefix4(198, 51, 100, 0, 24, DeniedDocumentation),
		prefix4(203, 0, 113, 0, 24, DeniedDocumentation),
		prefix4(224, 0, 0, 0, 4, DeniedMulticast),
		prefix4(240, 0, 0, 0, 4, DeniedReserved),
	}
}

func ranges6() []addrRange {
	return []addrRange{
		prefix6([8]uint16{}, 128, DeniedUnspecified),
		prefix6([8]uint16{7: 1}, 128, DeniedLoopback),
		prefix6([8]uint16{}, 96, DeniedEmbedding),             // IPv4-compatible
		prefix6([8]uint16{4: 0xffff}, 96, DeniedEmbedding),    // IPv4-translated
		prefix6([8]uint16{0x64, 0xff9b}, 96, DeniedEmbedding), // NAT64
		prefix6([8]uint16{0x64, 0xff9b, 1}, 48, DeniedEmbedding),
		prefix6([8]uint16{0x2001, 0}, 32, DeniedEmbedding), // Teredo
		prefix6([8]uint16{0x2001, 0xdb8}, 32, DeniedDocumentation),
		prefix6([8]uint16{0x2001, 0}, 23, DeniedReserved),
		prefix6([8]uint16{0x2002}, 16, DeniedEmbedding), // 6to4
		prefix6([8]uint16{0x2620, 0x4f, 0x8000}, 48, DeniedReserved),
		prefix6([8]uint16{0x3fff}, 20, DeniedDocumentation),
		prefix6([8]uint16{0xfd00, 0xec2, 7: 0x254}, 128, DeniedMetadata), // AWS
		prefix6([8]uint16{0xfd20, 0xce, 7: 0x254}, 128, DeniedMetadata),  // Google Cloud
		prefix6([8]uint16{0xfc00}, 7, DeniedPrivate),
		prefix6([8]uint16{0xfe80}, 10, DeniedLinkLocal),
		prefix6([8]uint16{0xfec0}, 10, DeniedPrivate), // site-local, deprecated
		prefix6([8]uint16{0xff00}, 8, DeniedMulticast),
	}
}

// isISATAP reports whether the interface identifier is ISATAP's, which carries an
// IPv4 address under any prefix (RFC 5214, section 6.1).
func isISATAP(addr netip.Addr) bool {
	b := addr.As16()
	return b[8]&^2 == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe
}

// Resolver turns a host name into addresses; *net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// IsPrivateHost reports whether host, a name or an address from an operator's base
// URL, stands on an address that isn't public. If it can't be resolved the answer
// is true, the cautious one, together with the error.
func IsPrivateHost(ctx context.Context, r Resolver, host string) (bool, error) {
	addrs := []netip.Addr{}
	if addr, err := netip.ParseAddr(host); err == nil {
		addrs = append(addrs, addr)
	} else if addrs, err = r.LookupNetIP(ctx, "ip", host); err != nil {
		return true, fmt.Errorf("resolve %q: %w", host, err)
	}
	for _, addr := range addrs {
		if !Classify(addr).IsAllowed() {
			return true, nil
		}
	}
	return len(addrs) == 0, nil
}
