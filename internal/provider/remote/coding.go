package remote

import (
	"compress/gzip"
	"fmt"
	"io"
	"strings"

	"skytower/internal/egress"
	"skytower/internal/provider"
)

// Decode undoes a content coding that the upstream used although we asked for none.
func Decode(resp *egress.Response) error {
	switch coding := strings.ToLower(resp.Header.Get("Content-Encoding")); coding {
	case "", "identity":
		return nil
	case "gzip", "x-gzip":
		z, err := gzip.NewReader(resp.Body)
		if err != nil {
			return CallError(fmt.Errorf("read gzip: %w", err), provider.Broken)
		}
		resp.Body, resp.ContentLength = &unzipped{z, resp.Body}, -1
		return nil
	default:
		return Broken("the answer's content coding %q is unknown", coding)
	}
}

// unzipped is a decoded body. It does not know what it could give without waiting.
type unzipped struct {
	io.Reader
	io.Closer
}

// Buffered is 0, as egress.Body allows.
func (*unzipped) Buffered() int { return 0 }
