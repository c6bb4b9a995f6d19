// Package media reads from a file's own headers how large a picture is and how long a
// sound or a film plays.
//
// It is pure: it knows no prices, opens nothing, and decodes neither pixels nor samples.
// What is read of one file is bounded, whatever the file says of itself; a file that says
// nothing, or nothing that can be, is not known (ok is false).
package media

import (
	"encoding/binary"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"math/bits"
	"strings"
	"time"

	"golang.org/x/image/webp"
)

const (
	// maxPicture bounds how much of a picture is read for its size: what cameras put
	// before it is less.
	maxPicture = 16 << 20
	// maxReads bounds the pieces that are read of a sound or a film. Each may be a request
	// to a distant storage.
	maxReads = 256
	// maxDuration is longer than anything that somebody made.
	maxDuration = 366 * 24 * time.Hour
	// magicLength is enough to tell the formats apart.
	magicLength = 12
)

// Picture is the size of a PNG, JPEG, GIF or WebP in pixels, from its first bytes.
func Picture(r io.Reader) (width, height int64, ok bool) {
	var head [magicLength]byte
	n, _ := io.ReadFull(r, head[:]) // a short one is none of the formats
	config := pictureConfig(string(head[:n]))
	if config == nil {
		return 0, 0, false
	}
	c, err := config(io.LimitReader(io.MultiReader(strings.NewReader(string(head[:n])), r), maxPicture))
	if err != nil || c.Width <= 0 || c.Height <= 0 {
		return 0, 0, false
	}
	return int64(c.Width), int64(c.Height), true
}

// pictureConfig is the reader of a format's header, nil for other formats.
func pictureConfig(head string) func(io.Reader) (image.Config, error) {
	switch {
	case strings.HasPrefix(head, "\x89PNG\r\n\x1a\n"):
		return png.DecodeConfig
	case strings.HasPrefix(head, "\xff\xd8\xff"):
		return jpeg.DecodeConfig
	case strings.HasPrefix(head, "GIF8"):
		return gif.DecodeConfig
	case strings.HasPrefix(head, "RIFF") && strings.HasSuffix(head, "WEBP"):
		return webp.DecodeConfig
	}
	return nil
}

// Duration is how long a WAV, MP4 (MOV, M4A, 3GP), WebM (Matroska), Ogg (Vorbis, Opus,
// FLAC), FLAC or MP3 of size bytes plays.
func Duration(r io.ReaderAt, size int64) (d time.Duration, ok bool) {
	f := &file{r: r, size: size, reads: maxReads}
	start := f.afterID3(0)
	head := string(f.at(start, magicLength))
	switch {
	case len(head) < magicLength:
		return 0, false
	case strings.HasPrefix(head, "RIFF"), strings.HasPrefix(head, "RF64"):
		return f.wav(head)
	case strings.HasPrefix(head, "fLaC"):
		return flacInfo(f.at(start+8, flacInfoLength))
	case strings.HasPrefix(head, "OggS"):
		return f.ogg()
	case strings.HasPrefix(head, "\x1a\x45\xdf\xa3"):
		return f.webm()
	case isMP4(head[4:8]):
		return f.mp4()
	}
	return f.mp3(start)
}

// file is read piece by piece.
type file struct {
	r     io.ReaderAt
	size  int64
	reads int // left
}

// at is the n bytes at a place; nil where the file ends before them, or enough was read.
func (f *file) at(place, n int64) []byte {
	if f.reads == 0 || place < 0 || n <= 0 || place > f.size-n {
		return nil
	}
	f.reads--
	piece := make([]byte, n)
	if read, err := f.r.ReadAt(piece, place); int64(read) < n || err != nil && err != io.EOF {
		return nil
	}
	return piece
}

// upTo is at for what may be shorter.
func (f *file) upTo(place, n int64) []byte { return f.at(place, min(n, f.size-place)) }

// duration is units ÷ perSecond as a time.
func duration(units, perSecond uint64) (time.Duration, bool) {
	if units == 0 || perSecond == 0 {
		return 0, false
	}
	hi, lo := bits.Mul64(units, uint64(time.Second))
	if hi >= perSecond {
		return 0, false
	}
	d, _ := bits.Div64(hi, lo, perSecond)
	if d == 0 || d > uint64(maxDuration) {
		return 0, false
	}
	return time.Duration(d), true
}

// wav reads the byte rate and the length of the samples. A recorder that did not know the
// length leaves it open: then they go to the file's end.
func (f *file) wav(head string) (time.Duration, bool) {
	if head[8:] != "WAVE" {
		return 0, false
	}
	var rate uint64
	for place := int64(magicLength); ; {
		chunk := f.at(place, 8)
		if chunk == nil {
			return 0, false
		}
		length := int64(binary.LittleEndian.Uint32(chunk[4:]))
		place += 8
		switch string(chunk[:4]) {
		case "fmt ":
			if format := f.at(place, 16); format != nil {
				rate = uint64(binary.LittleEndian.Uint32(format[8:]))
			}
		case "data":
			if length == 0 || length > f.size-place {
				length = f.size - place
			}
			return duration(uint64(max(length, 0)), rate)
		}
		place += length + length&1
	}
}

const flacInfoLength = 18

// flacInfo reads a STREAMINFO.
func flacInfo(info []byte) (time.Duration, bool) {
	if info == nil {
		return 0, false
	}
	packed := binary.BigEndian.Uint64(info[10:]) // 20 bits rate, 3 channels, 5 depth, 36 samples
	return duration(packed&(1<<36-1), packed>>44)
}
