package media

import (
	"bytes"
	"encoding/binary"
	"time"
)

const (
	id3Head   = 10
	mp3Search = 64 << 10 // bytes in which the first frame must begin
	id3Old    = 128      // bytes of the tag that older files end with
)

// afterID3 is where a file's content begins behind tags.
func (f *file) afterID3(place int64) int64 {
	head := f.at(place, id3Head)
	if head == nil || string(head[:3]) != "ID3" {
		return place
	}
	length := int64(0)
	for _, b := range head[6:10] {
		length = length<<7 | int64(b&0x7f)
	}
	if head[5]&0x10 != 0 {
		length += id3Head // repeated at its end
	}
	return place + id3Head + length
}

// frame is the header of an MP3 frame.
type frame struct {
	rate    uint64 // samples a second
	samples uint64 // in a frame
	bitrate uint64 // bits a second
	length  int64  // bytes, with the header
	index   int64  // from the frame's start to where an index may stand
}

// mp3 counts frames by the index that the first one of a variable rate holds; a file
// without one is taken to be of a constant rate.
func (f *file) mp3(start int64) (time.Duration, bool) {
	head := f.upTo(start, mp3Search)
	for i := 0; i+4 <= len(head); i++ {
		first, ok := mp3Frame(head[i:])
		if !ok {
			continue
		}
		place := start + int64(i)
		if next := f.following(head, i, place, first); next == nil {
			continue // something else that looks like a frame
		} else if second, ok := mp3Frame(next); !ok || second.rate != first.rate {
			continue
		}
		if n := frames(head[i:], first); n > 0 {
			return duration(n*first.samples, first.rate)
		}
		end := f.size
		if tag := f.at(end-id3Old, 3); string(tag) == "TAG" {
			end -= id3Old
		}
		return duration(uint64(max(end-place, 0))*8, first.bitrate)
	}
	return 0, false
}

// following is the header behind a frame.
func (f *file) following(head []byte, i int, place int64, first frame) []byte {
	if next := int64(i) + first.length; next+4 <= int64(len(head)) {
		return head[next : next+4]
	}
	return f.at(place+first.length, 4)
}

// frames is the number of frames in an index (Xing, Info or VBRI); 0: there is none.
func frames(b []byte, first frame) uint64 {
	if tag := piece(b, first.index, 12); bytes.HasPrefix(tag, []byte("Xing")) || bytes.HasPrefix(tag, []byte("Info")) {
		if tag[7]&1 != 0 {
			return uint64(binary.BigEndian.Uint32(tag[8:]))
		}
	}
	if tag := piece(b, 36, 18); bytes.HasPrefix(tag, []byte("VBRI")) {
		return uint64(binary.BigEndian.Uint32(tag[14:]))
	}
	return 0
}

func piece(b []byte, at, n int64) []byte {
	if int64(len(b)) < at+n {
		return nil
	}
	return b[at : at+n]
}

// mp3Frame reads a header of layer III.
func mp3Frame(b []byte) (frame, bool) {
	version, layer := b[1]>>3&3, b[1]>>1&3
	if b[0] != 0xff || b[1]&0xe0 != 0xe0 || version == 1 || layer != 1 {
		return frame{}, false
	}
	bitrates, samples := [16]uint64{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320}, uint64(1152)
	rates := [4]uint64{44100, 48000, 32000}
	stereo, mono := int64(4+32), int64(4+17)
	if version != 3 { // MPEG 2, or 2.5
		bitrates, samples = [16]uint64{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160}, 576
		stereo, mono = 4+17, 4+9
		for i := range rates {
			rates[i] /= 2
			if version == 0 {
				rates[i] /= 2
			}
		}
	}
	f := frame{rate: rates[b[2]>>2&3], samples: samples, bitrate: bitrates[b[2]>>4] * 1000, index: stereo}
	if f.rate == 0 || f.bitrate == 0 {
		return frame{}, false
	}
	f.length = int64(samples/8*f.bitrate/f.rate) + int64(b[2]>>1&1)
	if b[3]>>6 == 3 {
		f.index = mono
	}
	return f, true
}
