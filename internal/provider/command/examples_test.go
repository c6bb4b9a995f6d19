package command

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	_ "image/jpeg"
	_ "image/png"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"skytower/internal/config"
	"skytower/internal/provider"
)

// The examples are tried as they are shipped: read from their files, with the programs
// that tools/needs.sh installs.
func example(t *testing.T, name string) config.Command {
	t.Helper()
	c, err := config.Load(config.Sources{File: filepath.Join("..", "..", "..", "examples", "commands", name+".yml")})
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Commands) != 1 || c.Commands[0].Name != name {
		t.Fatalf("the example %s declares %v", name, c.Commands)
	}
	return c.Commands[0]
}

// runExample runs an example on input that satisfies its schema, defaults filled in.
func runExample(t *testing.T, name string, input map[string]any) (*provider.Result, error) {
	t.Helper()
	r := &try{input: string(mustJSON(input))}
	result, err := r.run(t, example(t, name))
	if t.Failed() || err != nil {
		t.Logf("%v; logs %q", err, r.watch.logs())
	}
	return result, err
}

func TestSpeech(t *testing.T) {
	t.Parallel()
	for _, said := range []string{"Good morning.", "--stdout -f /etc/passwd"} {
		result, err := runExample(t, "speech", map[string]any{"text": said, "voice": "en-gb", "speed": 300, "pitch": 50})
		if err != nil {
			t.Fatal(err)
		}
		wav := files(t, result)["speech.wav"]
		if len(wav) < 10_000 || !strings.HasPrefix(wav, "RIFF") || wav[8:12] != "WAVE" {
			t.Errorf("%q gives %d bytes", said, len(wav))
		}
	}
}

func TestSpeechRefusesOptions(t *testing.T) {
	t.Parallel()
	// No schema lets this voice through; the program would not either.
	result, err := runExample(t, "speech", map[string]any{"text": "x", "voice": "../../../../etc/passwd", "speed": 300, "pitch": 50})
	fails(t, err, provider.Failed, "")
	if result != nil {
		t.Error("there is speech")
	}
}

func imageInput(content []byte, format string) map[string]any {
	return map[string]any{"image": dataURL(content), "format": format, "width": 20, "height": 20, "quality": 80}
}

func TestImageConvert(t *testing.T) {
	t.Parallel()
	small := pngOf(t, 40, 30)
	for _, format := range []string{"png", "jpeg", "webp"} {
		result, err := runExample(t, "image-convert", imageInput(small, format))
		if err != nil {
			t.Fatal(err)
		}
		got := files(t, result)["image."+format]
		if format == "webp" {
			if found, _ := sniff([]byte(got)); found.mime != "image/webp" {
				t.Errorf("webp is %q", found.mime)
			}
			small = []byte(got) // and back again
			continue
		}
		decoded, name, err := image.DecodeConfig(strings.NewReader(got))
		if err != nil || name != format || decoded.Width != 20 || decoded.Height != 15 {
			t.Errorf("%s: %v %v %v", format, name, decoded, err)
		}
	}
	if _, err := runExample(t, "image-convert", imageInput(small, "png")); err != nil {
		t.Errorf("WebP is not read: %v", err)
	}
	if _, err := runExample(t, "image-convert", imageInput(jpegOf(t), "webp")); err != nil {
		t.Errorf("JPEG is not read: %v", err)
	}
}

// bait is a server that nobody may ask anything.
func bait(t *testing.T) (address string, asked *atomic.Int64) {
	t.Helper()
	asked = &atomic.Int64{}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			asked.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	return server.URL, asked
}

// Content that is not what it says, in front of a reader that would follow it.
func TestImageConvertHostile(t *testing.T) {
	t.Parallel()
	address, asked := bait(t)
	mvg := "push graphic-context\nviewbox 0 0 9 9\nimage over 0,0 0,0 '" + address + "/x.png'\nimage over 0,0 0,0 'text:/etc/passwd'\npop graphic-context\n"
	svg := `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9" height="9"><image xlink:href="` + address + `/x.png" width="9" height="9"/></svg>`
	for name, content := range map[string]string{
		"SVG":             svg,
		"MVG":             mvg,
		"MSL":             `<?xml version="1.0"?><image><read filename="` + address + `/x.png"/><write filename="msl-was-here"/></image>`,
		"PostScript":      "%!PS\n(/etc/passwd) (r) file\n",
		"a file of names": "@/etc/passwd",
		"a URL":           "URL=" + address,
		"XBM":             "#define x_width 1\n#define x_height 1\nstatic char x_bits[] = {0};",
	} {
		_, err := runExample(t, "image-convert", imageInput([]byte(content), "png"))
		t.Run(name, func(t *testing.T) { fails(t, err, provider.Rejected, "input.image: ") })
	}
	// Past our own look at the content, the pinned reader is what holds.
	head := string(pngOf(t, 1, 1)[:33])
	for name, content := range map[string]string{
		"MVG behind a PNG's head":      head + mvg,
		"SVG behind a PNG's head":      head + svg,
		"SVG behind a JPEG's head":     "\xff\xd8\xff\xe0" + svg,
		"MVG behind a WebP's head":     "RIFF\x00\x01\x00\x00WEBPVP8 " + mvg,
		"a PNG that claims to be huge": string(hugePNG(100_000, 100_000)),
	} {
		result, err := runExample(t, "image-convert", imageInput([]byte(content), "png"))
		t.Run(name, func(t *testing.T) {
			fails(t, err, provider.Failed, "")
			if result != nil {
				t.Errorf("it made %v", result.Files)
			}
		})
	}
	if n := asked.Load(); n > 0 {
		t.Errorf("%d connections were made", n)
	}
}

// hugePNG is a small file that says that it is a large picture.
func hugePNG(width, height uint32) []byte {
	header := binary.BigEndian.AppendUint32([]byte("IHDR"), width)
	header = append(binary.BigEndian.AppendUint32(header, height), 8, 6, 0, 0, 0)
	out := []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d")
	out = binary.BigEndian.AppendUint32(append(out, header...), crc32.ChecksumIEEE(header))
	return append(out, "\x00\x00\x00\x00IEND\xae\x42\x60\x82"...)
}

// video makes a clip of two seconds with ffmpeg's own test picture.
func video(t *testing.T, name string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	codec := map[string]string{".webm": "libvpx"}[filepath.Ext(name)]
	if codec == "" {
		codec = "mpeg4"
	}
	make := exec.Command("ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc=duration=2:size=64x48:rate=5", "-c:v", codec, path)
	if out, err := make.CombinedOutput(); err != nil {
		t.Fatalf("make a video: %v: %s", err, out)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func videoInput(content []byte) map[string]any {
	return map[string]any{"video": dataURL(content), "every": 1, "count": 5, "width": 32}
}

func TestVideoThumbnails(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"x.mp4", "x.mov", "x.webm", "x.mkv"} {
		result, err := runExample(t, "video-thumbnails", videoInput(video(t, name)))
		if err != nil {
			t.Fatal(err)
		}
		got := files(t, result)
		if len(got) < 2 || len(got) > 3 {
			t.Errorf("%s: %d pictures", name, len(got))
		}
		for file, content := range got {
			decoded, kind, err := image.DecodeConfig(strings.NewReader(content))
			if err != nil || kind != "jpeg" || decoded.Width != 32 || decoded.Height != 24 {
				t.Errorf("%s: %s: %v %v %v", name, file, kind, decoded, err)
			}
		}
	}
}

func TestVideoThumbnailsHostile(t *testing.T) {
	t.Parallel()
	address, asked := bait(t)
	playlist := "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:10.0,\n" + address + "/x.ts\n#EXTINF:10.0,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"
	concat := "ffconcat version 1.0\nfile '/etc/passwd'\nfile '" + address + "/x.mp4'\n"
	for name, content := range map[string]string{
		"a playlist":      playlist,
		"a concat script": concat,
		"DASH":            `<?xml version="1.0"?><MPD><Period><BaseURL>` + address + `/</BaseURL></Period></MPD>`,
		"SDP":             "v=0\nm=video 5004 RTP/AVP 96\n",
		"SVG":             `<svg xmlns="http://www.w3.org/2000/svg"/>`,
		"AVI":             "RIFF\x00\x01\x00\x00AVI LIST",
	} {
		_, err := runExample(t, "video-thumbnails", videoInput([]byte(content)))
		t.Run(name, func(t *testing.T) { fails(t, err, provider.Rejected, "input.video: ") })
	}
	heads := map[string]string{"MP4": "\x00\x00\x00\x10ftypisom\x00\x00\x02\x00", "WebM": "\x1a\x45\xdf\xa3\x87\x42\x82\x84webm"}
	for kind, head := range heads {
		for name, content := range map[string]string{"a playlist": playlist, "a concat script": concat} {
			_, err := runExample(t, "video-thumbnails", videoInput([]byte(head+content)))
			t.Run(fmt.Sprintf("%s behind the head of %s", name, kind), func(t *testing.T) { fails(t, err, provider.Failed, "") })
		}
	}
	if n := asked.Load(); n > 0 {
		t.Errorf("%d connections were made", n)
	}
}
