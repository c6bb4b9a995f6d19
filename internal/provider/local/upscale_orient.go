package local

import (
	"bytes"
	"encoding/binary"
)

// orientation is how a picture has to be turned to be upright, by EXIF's numbers: 1 is
// upright, 2 to 4 are mirrored or upside down, 5 to 8 lie on a side.
type orientation uint16

const upright orientation = 1

// swaps reports whether width becomes height.
func (o orientation) swaps() bool { return o >= 5 }

// source is where in the file the pixel x, y of the upright picture stands. width and
// height are the upright picture's.
func (o orientation) source(x, y, width, height int) (fromX, fromY int) {
	right, low := width-1-x, height-1-y
	switch o {
	case 2:
		return right, y
	case 3:
		return right, low
	case 4:
		return x, low
	case 5:
		return y, x
	case 6:
		return y, right
	case 7:
		return low, right
	case 8:
		return low, x
	}
	return x, y
}

// orientationOf looks through a JPEG's segments for EXIF data. What can't be read says
// nothing.
func orientationOf(jpeg []byte) orientation {
	const startOfScan, app1 = 0xda, 0xe1
	rest := jpeg[min(len(jpeg), 2):]
	for len(rest) >= 4 && rest[0] == 0xff && rest[1] != startOfScan {
		end := 2 + int(binary.BigEndian.Uint16(rest[2:]))
		if end < 4 || end > len(rest) {
			break
		}
		if tiff, ok := bytes.CutPrefix(rest[4:end], []byte("Exif\x00\x00")); ok && rest[1] == app1 {
			return orientationIn(tiff)
		}
		rest = rest[end:]
	}
	return upright
}

// orientationIn reads the first directory of EXIF's TIFF structure.
func orientationIn(tiff []byte) orientation {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(tiff, []byte("II*\x00")):
		order = binary.LittleEndian
	case bytes.HasPrefix(tiff, []byte("MM\x00*")):
		order = binary.BigEndian
	default:
		return upright
	}
	if len(tiff) < 8 {
		return upright
	}
	at := int64(order.Uint32(tiff[4:]))
	if at+2 > int64(len(tiff)) {
		return upright
	}
	const entryBytes, orientationTag, short = 12, 0x112, 3
	entries := tiff[at+2:]
	for range order.Uint16(tiff[at:]) {
		if len(entries) < entryBytes {
			break
		}
		found := orientation(order.Uint16(entries[8:]))
		if order.Uint16(entries) == orientationTag && order.Uint16(entries[2:]) == short && found >= 1 && found <= 8 {
			return found
		}
		entries = entries[entryBytes:]
	}
	return upright
}
