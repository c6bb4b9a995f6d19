package httpx

import (
	"strings"
	"time"
)

// IDTime reads the time out of an id that NewID made, to the millisecond; false where the
// text is none.
func IDTime(prefix, id string) (time.Time, bool) {
	text, found := strings.CutPrefix(id, prefix)
	if !found || len(text) != idTime+idRandom {
		return time.Time{}, false
	}
	var ms int64
	for i, c := range []byte(text) {
		digit := strings.IndexByte(idAlphabet, c)
		if digit < 0 {
			return time.Time{}, false
		}
		if i < idTime {
			ms = ms<<5 | int64(digit)
		}
	}
	return time.UnixMilli(ms), true
}
