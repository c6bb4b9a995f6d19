package prediction

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	"skytower/internal/rawjson"
)

// errMalformed is data that is not what its URL says it is.
var errMalformed = errors.New("malformed data URL")

// dataURL is an address that is its own content (RFC 2397).
type dataURL struct {
	kind   string // as stated
	base64 bool
	data   string
}

// maxDataHead bounds what stands before the comma: longer, and it is some text that
// begins like a data URL.
const maxDataHead = 200

// parseDataURL takes a data URL apart; its data is decoded when it is read.
func parseDataURL(text string) (d dataURL, ok bool) {
	text = strings.TrimSpace(text)
	if len(text) < len("data:") || !strings.EqualFold(text[:len("data:")], "data:") {
		return dataURL{}, false
	}
	head, data, found := strings.Cut(text[len("data:"):], ",")
	if !found || len(head) > maxDataHead || strings.ContainsAny(head, " \t\r\n") {
		return dataURL{}, false
	}
	kind, isBase64 := head, false
	if i := strings.LastIndexByte(head, ';'); i >= 0 && strings.EqualFold(head[i+1:], "base64") {
		kind, isBase64 = head[:i], true
	}
	return dataURL{kind: kind, base64: isBase64, data: data}, true
}

// most is at least the size of the content in bytes.
func (d dataURL) most() int64 { return int64(len(d.data)) }

// open decodes the content as it is read; what can't be decoded is errMalformed. Both
// alphabets of base64 are read, with padding and without, since encoders differ.
func (d dataURL) open() io.Reader {
	if !d.base64 {
		content, err := url.PathUnescape(d.data)
		if err != nil {
			return failedReader{fmt.Errorf("%w: bad escape", errMalformed)}
		}
		return strings.NewReader(content)
	}
	encoding := base64.RawStdEncoding
	if strings.ContainsAny(d.data, "-_") {
		encoding = base64.RawURLEncoding
	}
	data := strings.TrimRight(d.data, "=\r\n")
	return decoding{base64.NewDecoder(encoding, strings.NewReader(data))}
}

type failedReader struct{ err error }

func (r failedReader) Read([]byte) (int, error) { return 0, r.err }

// decoding names the failures of a decoder.
type decoding struct{ io.Reader }

func (d decoding) Read(p []byte) (int, error) {
	n, err := d.Reader.Read(p)
	if err != nil && err != io.EOF {
		err = fmt.Errorf("%w: %v", errMalformed, err)
	}
	return n, err
}

// quoteData is a JSON string that holds content as a data URL.
func quoteData(kind string, content []byte) []byte {
	var out strings.Builder
	out.Grow(len("data:;base64,") + len(kind) + base64.StdEncoding.EncodedLen(len(content)))
	out.WriteString("data:" + kind + ";base64,")
	enc := base64.NewEncoder(base64.StdEncoding, &out)
	_, _ = enc.Write(content) // a Builder takes all
	_ = enc.Close()
	return rawjson.AppendQuote(nil, out.String())
}
