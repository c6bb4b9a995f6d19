package media

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The samples are a tone, or a test picture, of 1.5 s, written by ffmpeg.
func sample(t testing.TB, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func durationOf(content []byte) (time.Duration, bool) {
	return Duration(bytes.NewReader(content), int64(len(content)))
}

func TestDuration(t *testing.T) {
	t.Parallel()
	exact, frame := time.Millisecond, 150*time.Millisecond // what an encoder pads a sound with
	for name, off := range map[string]time.Duration{
		"tone.wav": exact, "piped.wav": exact, "tone.flac": exact, "tone.ogg": exact, "tone.opus": 10 * time.Millisecond, "flac.oga": exact,
		"tone.mp3": frame, "variable.mp3": frame, "constant.mp3": frame, "tagged.mp3": frame,
		"tone.m4a": frame, "film.mp4": 150 * time.Millisecond, "film-start.mov": 150 * time.Millisecond,
		"film.webm": 150 * time.Millisecond, "film.mkv": 150 * time.Millisecond,
	} {
		d, ok := durationOf(sample(t, name))
		if !ok || (d-1500*time.Millisecond).Abs() > off {
			t.Errorf("%s: %s %v", name, d, ok)
		}
	}
}

// What says nothing of its length is not known, rather than nothing.
func TestUnknownDuration(t *testing.T) {
	t.Parallel()
	film := sample(t, "film.mp4")
	for name, content := range map[string][]byte{
		"live": sample(t, "live.webm"), "fragments": sample(t, "fragments.mp4"), "text": []byte(strings.Repeat("once upon a time ", 100)), "nothing": nil, "short": []byte("RIFF"),
		"picture": sample(t, "shot.png"), "cut film": film[:len(film)/2], "silence": make([]byte, 100_000),
		"no header": sample(t, "tone.mp3")[:20],
	} {
		if d, ok := durationOf(content); ok || d != 0 {
			t.Errorf("%s: %s", name, d)
		}
	}
}

// A film of fragments tells its whole length apart from its header.
func TestFragments(t *testing.T) {
	t.Parallel()
	mvhd := append(make([]byte, 12), 0, 0, 3, 232, 0, 0, 0, 0)
	for name, mehd := range map[string][]byte{
		"short": {0, 0, 0, 0, 0, 0, 5, 220},
		"long":  {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 220},
	} {
		film := append(boxOf("ftyp", []byte("isom")), boxOf("moov", append(boxOf("mvhd", mvhd), boxOf("mvex", boxOf("mehd", mehd))...))...)
		if d, ok := durationOf(film); !ok || d != 1500*time.Millisecond {
			t.Errorf("%s: %s %v", name, d, ok)
		}
	}
	long := append([]byte{1}, make([]byte, 19)...)
	long = append(long, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0, 15)
	if d, ok := durationOf(append(boxOf("ftyp", []byte("isom")), boxOf("moov", boxOf("mvhd", long))...)); !ok || d != 1500*time.Millisecond {
		t.Errorf("header of 64 bits: %s %v", d, ok)
	}
}

func boxOf(name string, content []byte) []byte {
	return append(append(binary.BigEndian.AppendUint32(nil, uint32(len(content)+8)), name...), content...)
}

func TestPicture(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"shot.png", "shot.jpg", "shot.gif", "shot.webp"} {
		if w, h, ok := Picture(bytes.NewReader(sample(t, name))); !ok || w != 64 || h != 48 {
			t.Errorf("%s: %d × %d %v", name, w, h, ok)
		}
	}
	for name, content := range map[string][]byte{
		"nothing": nil, "cut": sample(t, "shot.png")[:20], "sound": sample(t, "tone.wav"),
	} {
		if _, _, ok := Picture(bytes.NewReader(content)); ok {
			t.Errorf("%s has a size", name)
		}
	}
}

// counter is a file that says how often, and how much, was read.
type counter struct {
	*bytes.Reader
	reads, most int
}

func (c *counter) ReadAt(p []byte, at int64) (int, error) {
	c.reads++
	c.most = max(c.most, len(p))
	return c.Reader.ReadAt(p, at)
}

// A file of a million parts costs no more than an honest one may.
func TestHostileFilesAreNotReadToTheirEnd(t *testing.T) {
	t.Parallel()
	boxes := bytes.Repeat(boxOf("free", nil), 100_000)
	chunks := append([]byte("RIFF\xff\xff\xff\xffWAVE"), bytes.Repeat([]byte("junk\x00\x00\x00\x00"), 100_000)...)
	void := append([]byte("\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\xff"), bytes.Repeat([]byte{0xec, 0x80}, 100_000)...)
	frames := bytes.Repeat([]byte{0xff, 0xfb, 0x90, 0x00}, 100_000)
	for name, content := range map[string][]byte{"mp4": boxes, "wav": chunks, "webm": void, "mp3": frames} {
		c := &counter{Reader: bytes.NewReader(content)}
		_, _ = Duration(c, int64(len(content)))
		if c.reads > maxReads || c.most > 2*oggTail {
			t.Errorf("%s: %d reads, of up to %d bytes", name, c.reads, c.most)
		}
	}
}

func FuzzDuration(f *testing.F) {
	names, err := filepath.Glob("testdata/*.*")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range names {
		f.Add(sample(f, filepath.Base(name)))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		c := &counter{Reader: bytes.NewReader(content)}
		d, ok := Duration(c, int64(len(content)))
		if d < 0 || d > maxDuration || ok != (d > 0) || c.reads > maxReads {
			t.Errorf("%s %v in %d reads", d, ok, c.reads)
		}
		if w, h, ok := Picture(bytes.NewReader(content)); ok && (w <= 0 || h <= 0) {
			t.Errorf("%d × %d", w, h)
		}
	})
}
