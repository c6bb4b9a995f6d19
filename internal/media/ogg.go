package media

import (
	"bytes"
	"encoding/binary"
	"time"
)

const (
	oggHead    = 27
	oggStreams = 8        // the first pages of streams that are looked at
	oggTail    = 64 << 10 // a page is not longer
	opusRate   = 48_000   // whatever was recorded
)

// ogg reads the rate from the first page of the first sound, and the number of samples
// from that stream's last page.
func (f *file) ogg() (time.Duration, bool) {
	place := int64(0)
	for range oggStreams {
		head := f.at(place, oggHead)
		if head == nil || string(head[:4]) != "OggS" {
			return 0, false
		}
		sizes := f.at(place+oggHead, int64(head[26]))
		length := int64(0)
		for _, n := range sizes {
			length += int64(n)
		}
		content := place + oggHead + int64(len(sizes))
		if s, ok := sound(f.upTo(content, min(length, 64))); ok {
			samples, ok := f.lastGranule(head[14:18])
			if !ok || samples <= s.skip {
				return 0, false
			}
			return duration(samples-s.skip, s.rate)
		}
		place = content + length
	}
	return 0, false
}

// oggSound is a stream's samples a second, and how many of them are not played.
type oggSound struct{ rate, skip uint64 }

func sound(packet []byte) (oggSound, bool) {
	switch {
	case bytes.HasPrefix(packet, []byte("\x01vorbis")) && len(packet) >= 16:
		return oggSound{rate: uint64(binary.LittleEndian.Uint32(packet[12:]))}, true
	case bytes.HasPrefix(packet, []byte("OpusHead")) && len(packet) >= 12:
		return oggSound{opusRate, uint64(binary.LittleEndian.Uint16(packet[10:]))}, true
	case bytes.HasPrefix(packet, []byte("\x7fFLAC")) && len(packet) >= 35:
		return oggSound{rate: binary.BigEndian.Uint64(packet[27:]) >> 44}, true
	}
	return oggSound{}, false
}

// lastGranule is the position at the end of a stream.
func (f *file) lastGranule(serial []byte) (uint64, bool) {
	begin := max(f.size-oggTail-oggHead, 0)
	tail := f.upTo(begin, oggTail+oggHead)
	for {
		i := bytes.LastIndex(tail, []byte("OggS"))
		if i < 0 {
			return 0, false
		}
		if page := tail[i:]; len(page) >= oggHead && bytes.Equal(page[14:18], serial) {
			if granule := binary.LittleEndian.Uint64(page[6:]); granule < 1<<63 { // else no packet ends here
				return granule, true
			}
		}
		tail = tail[:i]
	}
}
