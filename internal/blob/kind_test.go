package blob

import (
	"fmt"
	"path"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestTypeOf(t *testing.T) {
	t.Parallel()
	ftyp := func(brand string) string { return "\x00\x00\x00\x18ftyp" + brand + "\x00\x00\x00\x00" }
	for _, test := range []struct{ content, stated, want string }{
		{png, "", "image/png"},
		{png, "text/html", "image/png"},
		{"GIF89a", "image/png", "image/gif"},
		{"\xff\xd8\xff\xe0", "", "image/jpeg"},
		{"RIFF\x00\x00\x00\x00WEBPVP8 ", "", "image/webp"},
		{"RIFF\x00\x00\x00\x00WAVEfmt ", "", "audio/wave"},
		{"fLaC\x00", "audio/x-flac", "audio/flac"},
		{"ID3\x03", "", "audio/mpeg"},
		{"\xff\xfb\x90\x00", "", "audio/mpeg"},
		{"OggS\x00\x02" + strings.Repeat("\x00", 22) + "OpusHead", "", "audio/ogg"},
		{"OggS\x00\x02" + strings.Repeat("\x00", 22) + "\x80theora", "", "video/ogg"},
		{"OggS", "audio/ogg", "application/ogg"},
		{ftyp("M4A "), "", "audio/mp4"},
		{ftyp("isom"), "", "video/mp4"},
		{ftyp("qt  "), "", "video/quicktime"},
		{ftyp("avif"), "", "image/avif"},
		{"\x1aE\xdf\xa3\x93\x42\x82\x88matroska", "", "video/x-matroska"},
		{"\x1aE\xdf\xa3\x93\x42\x82\x84webm", "", "video/webm"},
		{"glTF\x02\x00\x00\x00", "", "model/gltf-binary"},
		{"%PDF-1.7", "image/png", "application/pdf"},
		{"PK\x03\x04", "", "application/zip"},
		{"<svg xmlns='…'>", "image/png", svg},
		{"\xef\xbb\xbf <?xml version='1.0'?>\n<!DOCTYPE svg PUBLIC 'a'>\n<!-- a --><SVG>", "text/plain", svg},
		{"<!-- never ends <svg>", "", "text/html"},
		{"<html>", "text/plain", "text/html"},
		{"<?xml version='1.0'?><a/>", "application/json", "text/xml"},

		{"plain", "", "text/plain"},
		{"a,b", "text/csv; charset=utf-8", "text/csv"},
		{"{}", "application/json", "application/json"},
		{"alert(1)", "text/javascript", "text/plain"},
		{"alert(1)", "text/html", "text/plain"},
		{"plain", "image/png", "text/plain"},
		{"plain", "model/stl", "text/plain"},
		{"plain", "not a type", "text/plain"},
		{"\x00\x01\x02", "", octets},
		{"\x00\x01\x02", "application/x-safetensors", "application/x-safetensors"},
		{"\x00\x01\x02", "model/stl", "model/stl"},
		{"\x00\x01\x02", "image/png", octets},
		{"\x00\x01\x02", "text/plain", octets},
		{"\x00\x01\x02", "application/xhtml+xml", octets},
		{"", "", "text/plain"},
		{"", "model/stl", "model/stl"},
		{"", "text/html", "text/plain"},
	} {
		if got := TypeOf([]byte(test.content), test.stated); got != test.want {
			t.Errorf("%.20q, stated %q: %s, want %s", test.content, test.stated, got, test.want)
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ü", 80)
	for _, test := range []struct {
		wished, kind string
		ordinal      int64
		want         string
	}{
		{"out.png", "image/png", 0, "out.png"},
		{"out.png", "image/png", 2, "out-2.png"},
		{"out-2.png", "image/png", 0, "out-2-0.png"},
		{"out-2.png", "image/png", 2, "out-2-2.png"},
		{"out", "image/png", 0, "out.png"},
		{"out.html", "image/png", 0, "out.png"},
		{"photo.JPEG", "image/jpeg", 0, "photo.jpeg"},
		{"", "video/mp4", 0, "output.mp4"},
		{"..", octets, 0, "output.bin"},
		{"/", octets, 1, "output-1.bin"},
		{"../../etc/passwd", text, 0, "passwd.txt"},
		{`C:\temp\a.wav`, "audio/wave", 0, "a.wav"},
		{".htaccess", text, 0, "output.htaccess"},
		{"-rf", octets, 0, "rf.bin"},
		{"a b\x00\r\n\u202e\"';$(x).png", "image/png", 0, "a_b_________x.png"},
		{"con.png", "image/png", 0, "con_.png"},
		{"lpt1", text, 0, "lpt1_.txt"},
		{"model.safetensors", octets, 0, "model.safetensors"},
		{"notes.md", text, 0, "notes.md"},
		{"page.html", text, 0, "page.txt"},
		{"a.png", octets, 0, "a.bin"},
		{"run.exe", octets, 0, "run.bin"},
		{"x." + strings.Repeat("y", 50), octets, 0, "x.bin"},
		{"größe.png", "image/png", 0, "größe.png"},
		{"bad\xffutf8.png", "image/png", 0, "bad_utf8.png"},
		{long, "image/png", 10, strings.Repeat("ü", 46) + "-10.png"},
	} {
		n := New{Name: test.wished, Ordinal: test.ordinal, Prediction: "p", Role: Output}
		if got := safeName(n, test.kind); got != test.want {
			t.Errorf("%q, number %d of %s: %q, want %q", test.wished, test.ordinal, test.kind, got, test.want)
		}
	}
	if got := safeName(New{Name: "part-2.png", Role: Upload}, "image/png"); got != "part-2.png" {
		t.Errorf("an upload's name is %q", got)
	}
}

// Whatever is wished, a name is one safe segment, and the names of two outputs of one
// prediction differ.
func FuzzNames(f *testing.F) {
	for _, name := range []string{"out.png", "out-1.png", "a/b", "..", "-1", "\xff", "...-0.", "a-1-1", "é\u0301", strings.Repeat("-1", 60)} {
		f.Add(name, name, int64(1))
		f.Add("out-"+name, name, int64(7))
	}
	f.Fuzz(func(t *testing.T, one, two string, ordinal int64) {
		if ordinal <= 0 {
			return
		}
		names := map[string]bool{}
		for n, wished := range map[int64]string{0: one, ordinal: two} {
			name := safeName(New{Name: wished, Ordinal: n, Prediction: "p", Role: Output}, "image/png")
			names[name] = true
			if len(name) > maxName || !utf8.ValidString(name) || path.Base(name) != name || strings.HasPrefix(name, ".") ||
				strings.HasPrefix(name, "-") || strings.ContainsAny(name, "/\\\x00 %?#\"'<>") {
				t.Errorf("%q became %q", wished, name)
			}
		}
		if len(names) != 2 {
			t.Errorf("%q and %q have one name: %v", one, two, fmt.Sprint(names))
		}
	})
}
