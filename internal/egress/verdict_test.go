package egress

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/netip"
	"testing"

	"code.dny.dev/ssrf"
)

func TestClassifyAtTheEdgesOfRanges(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Verdict{
		"0.0.0.0": DeniedUnspecified, "0.255.255.255": DeniedUnspecified, "1.0.0.0": Allowed,
		"9.255.255.255": Allowed, "10.0.0.0": DeniedPrivate, "10.255.255.255": DeniedPrivate, "11.0.0.0": Allowed,
		"100.63.255.255": Allowed, "100.64.0.0": DeniedCGNAT, "100.100.100.200": DeniedMetadata, "100.100.100.201": DeniedCGNAT,
		"100.127.255.255": DeniedCGNAT, "100.128.0.0": Allowed,
		"126.255.255.255": Allowed, "127.0.0.0": DeniedLoopback, "127.0.0.1": DeniedLoopback, "127.255.255.255": DeniedLoopback, "128.0.0.0": Allowed,
		"168.63.129.15": Allowed, "168.63.129.16": DeniedMetadata, "168.63.129.17": Allowed,
		"169.253.255.255": Allowed, "169.254.0.0": DeniedLinkLocal, "169.254.169.253": DeniedLinkLocal, "169.254.169.254": DeniedMetadata,
		"169.254.170.2": DeniedMetadata, "169.254.255.255": DeniedLinkLocal, "169.255.0.0": Allowed,
		"172.15.255.255": Allowed, "172.16.0.0": DeniedPrivate, "172.31.255.255": DeniedPrivate, "172.32.0.0": Allowed,
		"191.255.255.255": Allowed, "192.0.0.0": DeniedReserved, "192.0.0.192": DeniedMetadata, "192.0.0.255": DeniedReserved, "192.0.1.0": Allowed,
		"192.0.1.255": Allowed, "192.0.2.0": DeniedDocumentation, "192.0.2.255": DeniedDocumentation, "192.0.3.0": Allowed,
		"192.88.98.255": Allowed, "192.88.99.0": DeniedReserved, "192.88.99.255": DeniedReserved, "192.88.100.0": Allowed,
		"192.167.255.255": Allowed, "192.168.0.0": DeniedPrivate, "192.168.255.255": DeniedPrivate, "192.169.0.0": Allowed,
		"198.17.255.255": Allowed, "198.18.0.0": DeniedReserved, "198.19.255.255": DeniedReserved, "198.20.0.0": Allowed,
		"198.51.99.255": Allowed, "198.51.100.0": DeniedDocumentation, "198.51.100.255": DeniedDocumentation, "198.51.101.0": Allowed,
		"203.0.112.255": Allowed, "203.0.113.0": DeniedDocumentation, "203.0.113.255": DeniedDocumentation, "203.0.114.0": Allowed,
		"223.255.255.255": Allowed, "224.0.0.0": DeniedMulticast, "239.255.255.255": DeniedMulticast,
		"240.0.0.0": DeniedReserved, "255.255.255.255": DeniedReserved,

		"::": DeniedUnspecified, "::1": DeniedLoopback, "::2": DeniedEmbedding, "::7f00:1": DeniedEmbedding, "::1:0:0": DeniedNotGlobal,
		"::ffff:127.0.0.1": DeniedLoopback, "::ffff:169.254.169.254": DeniedMetadata, "::ffff:8.8.8.8": Allowed,
		"::ffff:0:8.8.8.8": DeniedEmbedding,
		"64:ff9b::7f00:1":  DeniedEmbedding, "64:ff9b::808:808": DeniedEmbedding, "64:ff9b:1::a00:1": DeniedEmbedding, "64:ff9b:2::": DeniedNotGlobal,
		"100::1":      DeniedNotGlobal,
		"1fff:ffff::": DeniedNotGlobal, "2000::": Allowed, "2000:ffff:ffff::": Allowed,
		"2001::1": DeniedEmbedding, "2001:0:ffff::1": DeniedEmbedding, "2001:1::1": DeniedReserved, "2001:1ff:ffff::1": DeniedReserved, "2001:200::1": Allowed,
		"2001:db7:ffff::1": Allowed, "2001:db8::1": DeniedDocumentation, "2001:db8:ffff::1": DeniedDocumentation, "2001:db9::1": Allowed,
		"2001:4860:4860::8888": Allowed,
		"2001:ffff:ffff::":     Allowed, "2002:7f00:1::": DeniedEmbedding, "2002:ffff::": DeniedEmbedding, "2003::": Allowed,
		"2606:4700::5efe:a00:1": DeniedEmbedding, "2606:4700::200:5efe:a00:1": DeniedEmbedding, "2606:4700::100:5efe:a00:1": Allowed,
		"3fff::1": DeniedDocumentation, "3fff:fff:ffff::": DeniedDocumentation, "3fff:1000::": Allowed,
		"3ffe:ffff::": Allowed, "4000::": DeniedNotGlobal,
		"fbff::": DeniedNotGlobal, "fc00::": DeniedPrivate, "fdff:ffff::1": DeniedPrivate, "fe00::": DeniedNotGlobal,
		"fd00:ec2::254": DeniedMetadata, "fd20:ce::254": DeniedMetadata, "fd00:ec2::253": DeniedPrivate,
		"fe7f::": DeniedNotGlobal, "fe80::1": DeniedLinkLocal, "fe80::1%eth0": DeniedLinkLocal, "febf::": DeniedLinkLocal,
		"fec0::": DeniedPrivate, "feff::": DeniedPrivate, "ff00::": DeniedMulticast, "ff02::1": DeniedMulticast,
	} {
		if got := Classify(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	if got := Classify(netip.Addr{}); got != DeniedUnknown || got.IsAllowed() {
		t.Errorf("no address: %s", got)
	}
}

// A second opinion, made by other people from the same registries.
func TestWhatWeAllowAnotherGuardAllowsToo(t *testing.T) {
	t.Parallel()
	guard := ssrf.New(ssrf.WithAnyPort())
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		var a netip.Addr
		if rnd.IntN(2) == 0 {
			x := rnd.Uint32()
			a = netip.AddrFrom4([4]byte{byte(x >> 24), byte(x >> 16), byte(x >> 8), byte(x)})
		} else {
			var b [16]byte
			for i := range b {
				b[i] = byte(rnd.Uint32())
			}
			b[0] = 0x20 | b[0]&0x1f
			if rnd.IntN(2) == 0 {
				b[0], b[1] = 0x20, 1 // where most special ranges lie
				b[2] &= 0x0f
			}
			a = netip.AddrFrom16(b)
		}
		network := "tcp6"
		if a.Is4() {
			network = "tcp4"
		}
		theirs := guard.Safe(network, netip.AddrPortFrom(a, 443).String(), nil)
		if theirs != nil && Classify(a).IsAllowed() {
			t.Fatalf("%s: allowed, the other guard says %v", a, theirs)
		}
	}
}

func TestVerdictNames(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for v := DeniedUnknown; v <= DeniedRedirects; v++ {
		if seen[v.String()] {
			t.Errorf("two verdicts are called %s", v)
		}
		seen[v.String()] = true
	}
	if DeniedRedirects.String() != "denied-redirects" || AllowedByRule.String() != "allowed-by-rule" || Verdict(99).String() != "verdict-99" {
		t.Error("the names are shifted")
	}
}

type fakeResolver map[string][]netip.Addr

func (r fakeResolver) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	if addrs, ok := r[host]; ok {
		return addrs, nil
	}
	return nil, errors.New("no such host")
}

func TestIsPrivateHost(t *testing.T) {
	t.Parallel()
	public, private := netip.MustParseAddr("8.8.8.8"), netip.MustParseAddr("::ffff:10.0.0.1")
	r := fakeResolver{"public": {public}, "private": {private}, "both": {public, private}, "none": {}}
	for host, want := range map[string]bool{
		"8.8.8.8": false, "127.0.0.1": true, "::1": true, "2001:4860:4860::8888": false, "fe80::1%lo": true,
		"public": false, "private": true, "both": true, "none": true,
	} {
		got, err := IsPrivateHost(t.Context(), r, host)
		if err != nil || got != want {
			t.Errorf("%s: %v, %v; want %v", host, got, err, want)
		}
	}
	if got, err := IsPrivateHost(t.Context(), r, "unknown"); !got || err == nil {
		t.Errorf("an unknown host: %v, %v", got, err)
	}
}
