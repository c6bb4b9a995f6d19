package blob

import (
	"bytes"
	"mime"
	"net/http"
	"slices"
	"strings"
)

const (
	octets = "application/octet-stream"
	text   = "text/plain"
	svg    = "image/svg+xml"
)

// sniffRoom is how much of the beginning decides.
const sniffRoom = 1 << 10

// TypeOf finds a file's MIME type, without parameters, in its first bytes. What somebody
// states counts only where they tell nothing: they are plain text or unknown bytes, and
// what is stated is a type of that sort that no browser runs.
func TypeOf(head []byte, stated string) string {
	head = head[:min(len(head), sniffRoom)]
	kind := sniff(head)
	if kind != octets && kind != text {
		return kind
	}
	stated, _, err := mime.ParseMediaType(stated)
	switch {
	case err != nil, !harmless(stated):
		return kind
	case len(head) > 0 && textual(stated) != (kind == text):
		return kind
	}
	return stated
}

func sniff(head []byte) string {
	if kind := sniffMedia(head); kind != "" {
		return kind
	}
	if isSVG(head) {
		return svg
	}
	kind, _, _ := strings.Cut(http.DetectContentType(head), ";")
	return kind
}

// sniffMedia knows what http.DetectContentType does not, or knows too vaguely.
func sniffMedia(head []byte) string {
	at := func(i int, text string) bool { return len(head) > i && bytes.HasPrefix(head[i:], []byte(text)) }
	switch {
	case at(0, "fLaC"):
		return "audio/flac"
	case at(0, "OggS"):
		return oggType(head)
	case at(4, "ftyp"):
		return isoType(head)
	case at(0, "glTF"):
		return "model/gltf-binary"
	case at(0, "II*\x00"), at(0, "MM\x00*"):
		return "image/tiff"
	case at(0, "\xff\xf1"), at(0, "\xff\xf9"):
		return "audio/aac"
	case at(0, "\xff\xfb"), at(0, "\xff\xf3"), at(0, "\xff\xf2"), at(0, "\xff\xfa"):
		return "audio/mpeg" // without a tag before the first frame
	case at(0, "\x1aE\xdf\xa3") && bytes.Contains(head[:min(len(head), 64)], []byte("matroska")):
		return "video/x-matroska"
	}
	return ""
}

// oggType looks for the codec in the first page.
func oggType(head []byte) string {
	page := head[:min(len(head), 128)]
	switch {
	case bytes.Contains(page, []byte("OpusHead")), bytes.Contains(page, []byte("\x01vorbis")), bytes.Contains(page, []byte("FLAC")):
		return "audio/ogg"
	case bytes.Contains(page, []byte("\x80theora")):
		return "video/ogg"
	}
	return "application/ogg"
}

// isoType reads the major brand of MP4 and its relatives.
func isoType(head []byte) string {
	if len(head) < 12 {
		return ""
	}
	switch brand := string(head[8:12]); brand {
	case "M4A ", "M4B ", "M4P ":
		return "audio/mp4"
	case "qt  ":
		return "video/quicktime"
	case "avif", "avis":
		return "image/avif"
	case "heic", "heix", "mif1", "msf1":
		return "image/heic"
	case "3gp4", "3gp5", "3gp6":
		return "video/3gpp"
	}
	return "video/mp4"
}

// isSVG looks for the root element behind white space, declarations and comments. SVG is
// a document that can run scripts, so it must not pass for plain text or an XML that
// somebody states the type of.
func isSVG(head []byte) bool {
	head = bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	for {
		head = bytes.TrimLeft(head, " \t\r\n")
		var end string
		switch {
		case bytes.HasPrefix(head, []byte("<!--")):
			end = "-->"
		case bytes.HasPrefix(head, []byte("<?")):
			end = "?>"
		case len(head) > 9 && strings.EqualFold(string(head[:9]), "<!DOCTYPE"):
			end = ">"
		default:
			return len(head) > 4 && strings.EqualFold(string(head[:4]), "<svg")
		}
		_, rest, found := bytes.Cut(head, []byte(end))
		if !found {
			return false
		}
		head = rest
	}
}

// textual tells types that are text from those that are bytes.
func textual(kind string) bool {
	return strings.HasPrefix(kind, "text/") || strings.HasSuffix(kind, "+json") || slices.Contains([]string{
		"application/json", "application/x-ndjson", "application/jsonl", "application/x-subrip", "application/yaml", "application/toml",
		"model/obj", "model/gltf+json",
	}, kind)
}

// harmless refuses what a browser runs or a person starts, and what is to be seen in the
// first bytes: a picture that does not begin as one is none.
func harmless(kind string) bool {
	for _, part := range []string{"html", "xml", "script", "svg", "wasm", "flash", "executable", "msdownload", "x-sh", "pdf", "multipart/", "message/", "java"} {
		if strings.Contains(kind, part) {
			return false
		}
	}
	return !slices.Contains([]string{"image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp", "image/avif", "image/tiff"}, kind) &&
		len(kind) <= maxName
}

// endings lists what the names of a type may end with, the usual one first.
func endings(kind string) []string {
	return map[string][]string{
		"image/png": {".png"}, "image/jpeg": {".jpg", ".jpeg"}, "image/gif": {".gif"}, "image/webp": {".webp"}, "image/bmp": {".bmp"},
		"image/tiff": {".tif", ".tiff"}, "image/avif": {".avif"}, "image/heic": {".heic"}, "image/x-icon": {".ico"}, svg: {".svg"},
		"audio/mpeg": {".mp3"}, "audio/wave": {".wav"}, "audio/flac": {".flac"}, "audio/mp4": {".m4a", ".m4b", ".mp4"}, "audio/aac": {".aac"},
		"audio/ogg": {".ogg", ".opus", ".oga"}, "application/ogg": {".ogg", ".ogv", ".ogx"}, "audio/aiff": {".aiff", ".aif"}, "audio/midi": {".mid", ".midi"},
		"video/mp4": {".mp4", ".m4v"}, "video/webm": {".webm"}, "video/ogg": {".ogv"}, "video/quicktime": {".mov"}, "video/x-matroska": {".mkv", ".mka"},
		"video/avi": {".avi"}, "video/3gpp": {".3gp"}, "model/gltf-binary": {".glb"}, "application/pdf": {".pdf"}, "application/json": {".json"},
		"application/zip": {".zip", ".docx", ".xlsx", ".pptx", ".npz", ".usdz", ".epub", ".pt", ".pth", ".ckpt"}, "application/x-gzip": {".gz", ".tgz"},
		"text/html": {".html", ".htm"}, "text/xml": {".xml"}, "text/csv": {".csv"}, "text/vtt": {".vtt"}, "text/markdown": {".md"},
	}[kind]
}

// fitEnding returns the ending for a name of the type: the wished one where it may be,
// else the usual one. Types without a list keep any but those that a system starts, shows
// as a page, or takes for a picture.
func fitEnding(wished, kind string) string {
	if fit := endings(kind); len(fit) > 0 {
		if slices.Contains(fit, wished) {
			return wished
		}
		return fit[0]
	}
	if len(wished) > 1 && len(wished) <= maxEnding && !misleading(wished) {
		return wished
	}
	if textual(kind) {
		return ".txt"
	}
	return ".bin"
}

const maxEnding = 20

func misleading(ending string) bool {
	return slices.Contains([]string{
		".html", ".htm", ".xhtml", ".shtml", ".mht", ".svg", ".svgz", ".xml", ".xsl", ".js", ".mjs", ".wasm", ".swf", ".jar", ".php",
		".exe", ".com", ".bat", ".cmd", ".ps1", ".vbs", ".wsf", ".msi", ".scr", ".lnk", ".url", ".hta", ".dll", ".sh", ".desktop", ".app", ".command",
		".png", ".jpg", ".jpeg", ".gif", ".webp", ".pdf",
	}, ending)
}
