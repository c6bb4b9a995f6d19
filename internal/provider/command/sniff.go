package command

import (
	"bytes"
	"slices"
	"strings"
)

// fileType is a type of file that its content tells.
type fileType struct {
	mime string
	// short is the name in {{type:NAME}} and the ending of the file: programs such as
	// ImageMagick and ffmpeg know their readers by it.
	short string
	is    func(content []byte) bool
}

// fileTypes lists what can be told apart. Nothing here has references to other files or
// addresses in its plain form; playlists, SVG, MVG, PDF and archives are left out for
// that reason, and must stay so.
func fileTypes() []fileType {
	return []fileType{
		{"image/png", "png", func(b []byte) bool { return hasAt(b, 0, "\x89PNG\r\n\x1a\n") && hasAt(b, 12, "IHDR") }},
		{"image/jpeg", "jpeg", func(b []byte) bool { return hasAt(b, 0, "\xff\xd8\xff") }},
		{"image/webp", "webp", func(b []byte) bool { return hasAt(b, 0, "RIFF") && hasAt(b, 8, "WEBPVP8") }},
		{"image/gif", "gif", func(b []byte) bool { return hasAt(b, 0, "GIF87a") || hasAt(b, 0, "GIF89a") }},
		{"video/mp4", "mp4", func(b []byte) bool { return hasBrand(b, videoBrands) }},
		{"video/quicktime", "mov", func(b []byte) bool { return hasBrand(b, "qt  ") }},
		{"video/webm", "webm", func(b []byte) bool { return docType(b) == "webm" }},
		{"video/x-matroska", "matroska", func(b []byte) bool { return docType(b) == "matroska" }},
		{"audio/wav", "wav", func(b []byte) bool { return hasAt(b, 0, "RIFF") && hasAt(b, 8, "WAVE") }},
		{"audio/mpeg", "mp3", isMP3},
		{"audio/flac", "flac", func(b []byte) bool { return hasAt(b, 0, "fLaC") }},
		{"audio/ogg", "ogg", func(b []byte) bool { return hasAt(b, 0, "OggS\x00") }},
		{"audio/mp4", "m4a", func(b []byte) bool { return hasBrand(b, "M4A |M4B ") }},
	}
}

// sniff finds the type of content.
func sniff(content []byte) (fileType, bool) {
	types := fileTypes()
	i := slices.IndexFunc(types, func(t fileType) bool { return t.is(content) })
	if i < 0 {
		return fileType{}, false
	}
	return types[i], true
}

func hasAt(b []byte, at int, text string) bool {
	return len(b) >= at+len(text) && string(b[at:at+len(text)]) == text
}

// videoBrands are the brands of MP4 files with video; HEIF pictures have other ones.
const videoBrands = "isom|iso2|iso3|iso4|iso5|iso6|iso7|iso8|iso9|mp41|mp42|mp71|avc1|dash|M4V |M4VH|M4VP|MSNV|f4v "

// hasBrand reads the first box of an ISO media file.
func hasBrand(b []byte, brands string) bool {
	return hasAt(b, 4, "ftyp") && len(b) >= 12 && slices.Contains(strings.Split(brands, "|"), string(b[8:12]))
}

// isMP3 knows an ID3 tag, or the header of an MPEG layer III frame.
func isMP3(b []byte) bool {
	return hasAt(b, 0, "ID3") || len(b) >= 4 && b[0] == 0xff && b[1]&0xe6 == 0xe2 && b[2]&0xf0 != 0xf0
}

// maxHeader bounds where the DocType of an EBML file is looked for, in bytes.
const maxHeader = 4096

// docType is the DocType in the header of an EBML file (Matroska, WebM), or "".
func docType(b []byte) string {
	if !hasAt(b, 0, "\x1a\x45\xdf\xa3") {
		return ""
	}
	b = b[:min(len(b), maxHeader)]
	at := bytes.Index(b, []byte{0x42, 0x82})
	if at < 0 || at+3 > len(b) || b[at+2]&0x80 == 0 {
		return ""
	}
	size := int(b[at+2] & 0x7f) // a size of one byte: the names are short
	if at+3+size > len(b) {
		return ""
	}
	return strings.TrimRight(string(b[at+3:at+3+size]), "\x00")
}
