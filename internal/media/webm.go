package media

import (
	"encoding/binary"
	"math"
	"math/bits"
	"time"
)

// The elements of Matroska that lead to the duration.
const (
	webmSegment  = 0x18538067
	webmInfo     = 0x1549A966
	webmCluster  = 0x1F43B675
	webmScale    = 0x2AD7B1
	webmDuration = 0x4489

	usualScale = uint64(time.Millisecond)
)

// element is a part of a Matroska file: where its content is. One of unknown size ends
// with what it is in.
type element struct {
	id         uint64
	start, end int64
}

// webm reads Segment/Info. A recording that was not closed has no duration.
func (f *file) webm() (time.Duration, bool) {
	segment, ok := f.element(webmSegment, 0, f.size)
	if !ok {
		return 0, false
	}
	info, ok := f.element(webmInfo, segment.start, segment.end)
	if !ok {
		return 0, false
	}
	scale, length := usualScale, 0.0
	for place := info.start; place < info.end; {
		e, ok := f.elementAt(place, info.end)
		if !ok {
			break
		}
		switch content := f.at(e.start, min(e.end-e.start, 8)); {
		case e.id == webmScale:
			scale = bigEndian(content)
		case e.id == webmDuration && len(content) == 4:
			length = float64(math.Float32frombits(binary.BigEndian.Uint32(content)))
		case e.id == webmDuration && len(content) == 8:
			length = math.Float64frombits(binary.BigEndian.Uint64(content))
		}
		place = e.end
	}
	if d := length * float64(scale); d >= 1 && d <= float64(maxDuration) {
		return time.Duration(d), true
	}
	return 0, false
}

// element finds the first element of an id among those between two places. Behind the
// first cluster are pictures and sounds only.
func (f *file) element(id uint64, place, end int64) (element, bool) {
	for {
		e, ok := f.elementAt(place, end)
		if !ok || e.id == id {
			return e, ok
		}
		if e.id == webmCluster {
			return element{}, false
		}
		place = e.end
	}
}

func (f *file) elementAt(place, end int64) (element, bool) {
	head := f.upTo(place, 12)
	id, idLength := vint(head, 4)
	if idLength == 0 {
		return element{}, false
	}
	size, sizeLength := vint(head[idLength:], 8)
	if sizeLength == 0 {
		return element{}, false
	}
	e := element{id: id, start: place + int64(idLength+sizeLength), end: end}
	if size &^= 1 << (7 * sizeLength); size != 1<<(7*sizeLength)-1 { // all ones: unknown
		if e.start > end || size > uint64(end-e.start) {
			return element{}, false
		}
		e.end = e.start + int64(size)
	}
	return e, e.start <= end
}

// vint reads a number whose first bits tell its length, with the bit that ends them;
// length 0: there is none.
func vint(b []byte, most int) (n uint64, length int) {
	if len(b) == 0 {
		return 0, 0
	}
	length = bits.LeadingZeros8(b[0]) + 1
	if length > most || length > len(b) {
		return 0, 0
	}
	return bigEndian(b[:length]), length
}

func bigEndian(b []byte) (n uint64) {
	for _, c := range b {
		n = n<<8 | uint64(c)
	}
	return n
}
