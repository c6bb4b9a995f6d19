package remote

import (
	"encoding/base64"
	"errors"
	"mime"
	"net/url"
	"strings"
)

// DecodeDataURL reads data:[type][;base64],content (RFC 2397). An error is the end of a
// sentence for the caller.
func DecodeDataURL(s string) (kind string, content []byte, err error) {
	const scheme = "data:"
	if len(s) < len(scheme) || !strings.EqualFold(s[:len(scheme)], scheme) {
		return "", nil, errors.New("it is none")
	}
	head, rest, ok := strings.Cut(s[len(scheme):], ",")
	if !ok {
		return "", nil, errors.New("it has no comma")
	}
	head, coded := strings.CutSuffix(head, ";base64")
	kind, _, err = mime.ParseMediaType(head)
	if err != nil {
		kind = "application/octet-stream"
	}
	if !coded {
		plain, err := url.PathUnescape(rest)
		if err != nil {
			return "", nil, errors.New("an escape in it is wrong")
		}
		return kind, []byte(plain), nil
	}
	content, err = base64.StdEncoding.DecodeString(rest)
	if err != nil {
		content, err = base64.RawStdEncoding.DecodeString(rest)
	}
	if err != nil {
		return "", nil, errors.New("it is not base64")
	}
	return kind, content, nil
}

// Extension is the file name's ending for a type, "" for one that is not known. Models
// and services look at it.
func Extension(kind string) string {
	switch kind {
	case "image/png":
		return ".png"
	case "image/jpeg":
		return ".jpg"
	case "image/webp":
		return ".webp"
	case "image/gif":
		return ".gif"
	case "video/mp4":
		return ".mp4"
	case "video/webm", "audio/webm":
		return ".webm"
	case "audio/mpeg", "audio/mp3":
		return ".mp3"
	case "audio/mp4", "audio/x-m4a", "audio/m4a":
		return ".m4a"
	case "audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave":
		return ".wav"
	case "audio/ogg", "application/ogg":
		return ".ogg"
	case "audio/flac", "audio/x-flac":
		return ".flac"
	case "application/pdf":
		return ".pdf"
	case "text/plain":
		return ".txt"
	}
	return ""
}
