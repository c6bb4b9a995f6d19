package media

import (
	"encoding/binary"
	"time"
)

// isMP4 tells by a file's first box, whose name stands after its length.
func isMP4(name string) bool {
	switch name {
	case "ftyp", "moov", "mdat", "free", "skip", "wide":
		return true
	}
	return false
}

// box is a part of an MP4: where its content is.
type box struct {
	name       string
	start, end int64
}

// mp4 reads the duration in moov/mvhd. A film that is made of fragments says 0 there, and
// the whole length in moov/mvex/mehd, if it was known.
func (f *file) mp4() (time.Duration, bool) {
	moov, ok := f.box("moov", 0, f.size)
	if !ok {
		return 0, false
	}
	header, ok := f.box("mvhd", moov.start, moov.end)
	if !ok {
		return 0, false
	}
	scale, units := f.movieHeader(header)
	if units == 0 {
		units = f.fragments(moov)
	}
	return duration(units, scale)
}

// box finds the first box of a name among those between two places.
func (f *file) box(name string, place, end int64) (box, bool) {
	for {
		b, ok := f.boxAt(place, end)
		if !ok || b.name == name {
			return b, ok
		}
		place = b.end
	}
}

func (f *file) boxAt(place, end int64) (box, bool) {
	head := f.at(place, 8)
	if head == nil || place+8 > end {
		return box{}, false
	}
	b := box{name: string(head[4:]), start: place + 8}
	length := int64(binary.BigEndian.Uint32(head))
	switch length {
	case 0: // to the end
		length = end - place
	case 1:
		long := f.at(place+8, 8)
		if long == nil {
			return box{}, false
		}
		b.start += 8
		length = int64(binary.BigEndian.Uint64(long)) // negative where it can't be
	}
	if length < b.start-place || length > end-place {
		return box{}, false
	}
	b.end = place + length
	return b, true
}

// movieHeader is the time scale, units of a second, and the duration in such units; the
// duration is 0 where it is not known.
func (f *file) movieHeader(b box) (scale, units uint64) {
	if content := f.part(b, 20); content != nil && content[0] == 0 {
		scale, units = uint64(binary.BigEndian.Uint32(content[12:])), uint64(binary.BigEndian.Uint32(content[16:]))
		if units == 1<<32-1 {
			units = 0
		}
		return scale, units
	}
	content := f.part(b, 32)
	if content == nil {
		return 0, 0
	}
	scale, units = uint64(binary.BigEndian.Uint32(content[20:])), binary.BigEndian.Uint64(content[24:])
	if units == 1<<64-1 {
		units = 0
	}
	return scale, units
}

func (f *file) fragments(moov box) uint64 {
	mvex, ok := f.box("mvex", moov.start, moov.end)
	if !ok {
		return 0
	}
	mehd, ok := f.box("mehd", mvex.start, mvex.end)
	if !ok {
		return 0
	}
	if content := f.part(mehd, 8); content != nil && content[0] == 0 {
		return uint64(binary.BigEndian.Uint32(content[4:]))
	}
	if content := f.part(mehd, 12); content != nil {
		return binary.BigEndian.Uint64(content[4:])
	}
	return 0
}

// part is the first n bytes of a box's content.
func (f *file) part(b box, n int64) []byte {
	if b.end-b.start < n {
		return nil
	}
	return f.at(b.start, n)
}
