package route

// bits is a set of small numbers. Those below 64 need no memory of their own.
type bits struct {
	low  uint64
	more []uint64
}

func (b *bits) has(i int) bool {
	if i < 64 {
		return b.low>>i&1 != 0
	}
	word := i/64 - 1
	return word < len(b.more) && b.more[word]>>(i%64)&1 != 0
}

func (b *bits) add(i int) {
	if i < 64 {
		b.low |= 1 << i
		return
	}
	word := i/64 - 1
	if word >= len(b.more) {
		b.more = append(b.more, make([]uint64, word+1-len(b.more))...)
	}
	b.more[word] |= 1 << (i % 64)
}
