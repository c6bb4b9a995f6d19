package route

import "math"

// hash is FNV-1a of 64 bits. It must be the same in every process, so that replicas agree.
func hash(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

// affinity of a key to a member: the member with the highest one gets the key. Among
// members of any weights each leads for its weight's share of the keys, and one that
// leaves takes no other's keys along (weighted rendezvous hashing: -w/ln(u) with u
// uniform in (0, 1) is the time to beat, an exponential race).
func affinity(key, member uint64, weight float64) float64 {
	u := (float64(mix(key^mix(member))>>11) + 0.5) / (1 << 53)
	return -weight / math.Log(u)
}

// mix is the finalizer of SplitMix64: each bit of the input changes half of the output's.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
