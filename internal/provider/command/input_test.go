package command

import (
	"bytes"
	"encoding/json"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"skytower/internal/config"
	"skytower/internal/provider"
)

// echo prints its arguments, one a line, after those of the shell itself.
func echo(arguments ...string) config.Command {
	c := printed(`for a; do printf '<%s>\n' "$a"; done`, append([]string{"sh"}, arguments...)...)
	return c
}

func TestArguments(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		argv  []string
		input string
		want  string // lines; "" is a refusal
	}{
		"values":              {[]string{"{{input.a}}", "x={{input.b}}:{{input.c}}"}, `{"a":"one two","b":1.50,"c":true}`, "<one two>|<x=1.50:true>"},
		"no shell":            {[]string{"{{input.a}}"}, `{"a":"$(id) ; rm -rf / > x '\"` + "`id`" + `"}`, "<$(id) ; rm -rf / > x '\"`id`>"},
		"placeholders stay":   {[]string{"{{input.a}}"}, `{"a":"{{out}}{{input.b}}"}`, "<{{out}}{{input.b}}>"},
		"empty":               {[]string{"{{input.a}}", "end"}, `{"a":""}`, "<>|<end>"},
		"an option":           {[]string{"{{input.a}}"}, `{"a":"--help"}`, ""},
		"a hyphen":            {[]string{"{{input.a}}"}, `{"a":"-"}`, ""},
		"a negative number":   {[]string{"{{input.a}}"}, `{"a":-1}`, ""},
		"an option by halves": {[]string{"{{input.a}}-x"}, `{"a":""}`, ""},
		"by two values":       {[]string{"{{input.a}}{{input.b}}"}, `{"a":"","b":"-x"}`, ""},
		"after a prefix":      {[]string{"--text={{input.a}}", "-s{{input.a}}"}, `{"a":"-x"}`, "<--text=-x>|<-s-x>"},
		"after --":            {[]string{"--", "{{input.a}}"}, `{"a":"--help"}`, "<-->|<--help>"},
		"-- of a caller":      {[]string{"{{input.a}}", "{{input.b}}"}, `{"a":"--","b":"-x"}`, ""},
		"a zero":              {[]string{"{{input.a}}"}, `{"a":"x\u0000y"}`, ""},
		"a list":              {[]string{"{{input.a}}"}, `{"a":["-x"]}`, ""},
		"null":                {[]string{"{{input.a}}"}, `{"a":null}`, ""},
		"missing":             {[]string{"{{input.a}}"}, `{}`, ""},
		"long":                {[]string{"{{input.a}}"}, `{"a":"` + strings.Repeat("x", maxValue+1) + `"}`, ""},
		"long together":       {slices.Repeat([]string{"{{input.a}}"}, 9), `{"a":"` + strings.Repeat("x", maxValue) + `"}`, ""},
		"no object":           {nil, `["a"]`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result, err := (&try{input: c.input}).run(t, echo(c.argv...))
			if c.want == "" {
				fails(t, err, provider.Rejected, "input")
			} else if err != nil {
				t.Error(err)
			} else if got := strings.ReplaceAll(*result.Text, "\n", "|"); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func picture(t *testing.T, width, height int) image.Image {
	t.Helper()
	p := image.NewNRGBA(image.Rect(0, 0, width, height))
	for i := range p.Pix {
		p.Pix[i] = byte(i)
	}
	return p
}

func pngOf(t *testing.T, width, height int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, picture(t, width, height)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func jpegOf(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, picture(t, 8, 8), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// withFile is a command with the input file `file` of some types.
func withFile(c config.Command, types ...string) config.Command {
	c.FileInputs = map[string][]string{"file": types}
	return c
}

func TestInputFiles(t *testing.T) {
	t.Parallel()
	content := pngOf(t, 3, 3)
	c := withFile(printed(`cat >&2; echo "$2"; case $1 in in/*|"$PWD"/in/*) cat "$1" | wc -c;; esac; ls -ld "$1" | cut -c1-10`, "sh", "{{file:file}}", "as={{type:file}}"), "image/jpeg", "image/png")
	input, _ := json.Marshal(map[string]any{"file": dataURL(content), "other": 1})
	r := &try{input: string(input)}
	result, err := r.run(t, c)
	if err != nil {
		t.Fatal(err)
	}
	if want := "as=png\n" + itoa(len(content)) + "\n-rw-r--r--"; *result.Text != want {
		t.Errorf("got %q, want %q", *result.Text, want)
	}
	if logs := r.watch.logs(); len(logs) != 1 || logs[0] != `{"file":"in/file-1.png","other":1}` {
		t.Errorf("standard input was %q", logs)
	}
}

func itoa(n int) string { return string(mustJSON(n)) }

func mustJSON(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return text
}

func TestFilesAreRefused(t *testing.T) {
	t.Parallel()
	c := withFile(script("echo > out/ran", "sh", "{{file:file}}"), "image/png")
	for name, value := range map[string]any{
		"another type":     dataURL(jpegOf(t)),
		"a lie":            "data:image/png;base64,PHN2Zz4=",
		"SVG":              dataURL([]byte(`<svg xmlns="http://www.w3.org/2000/svg"><image href="/etc/passwd"/></svg>`)),
		"an address":       "https://example.com/a.png",
		"a file's address": "file:///etc/passwd",
		"a path":           "/etc/passwd",
		"no base64":        "data:;base64,!!!",
		"no comma":         "data:image/png",
		"a bad escape":     "data:,%zz",
		"empty":            "data:,",
		"a number":         5,
		"missing":          nil,
	} {
		input := string(mustJSON(map[string]any{"file": value}))
		_, err := (&try{input: input}).run(t, c)
		t.Run(name, func(t *testing.T) { fails(t, err, provider.Rejected, "input.file: ") })
	}
}

func TestDataURLs(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"data:,a%20b": "a b", "DATA:text/plain;charset=utf-8,x": "x", "data:;base64,YWI": "ab", "data:a/b;x=y;BASE64,YWI=": "ab", "data:;base64,YWI%3D": "ab", "data:,a,b": "a,b",
	} {
		if got, err := decodeDataURL(address); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", address, got, err)
		}
	}
}

func TestSniff(t *testing.T) {
	t.Parallel()
	var animation bytes.Buffer
	if err := gif.Encode(&animation, picture(t, 2, 2), nil); err != nil {
		t.Fatal(err)
	}
	for want, content := range map[string]string{
		"image/png":        string(pngOf(t, 1, 1)),
		"image/jpeg":       string(jpegOf(t)),
		"image/gif":        animation.String(),
		"image/webp":       "RIFF\x10\x00\x00\x00WEBPVP8L",
		"video/mp4":        "\x00\x00\x00\x18ftypisom\x00\x00\x02\x00",
		"video/quicktime":  "\x00\x00\x00\x14ftypqt  \x00\x00\x02\x00",
		"audio/mp4":        "\x00\x00\x00\x20ftypM4A \x00\x00\x02\x00",
		"video/webm":       "\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm\x42\x87\x81\x04",
		"video/x-matroska": "\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x88matroska\x42\x87\x81\x04",
		"audio/wav":        "RIFF\x24\x00\x00\x00WAVEfmt ",
		"audio/mpeg":       "\xff\xfb\x90\x64",
		"audio/flac":       "fLaC\x00\x00\x00\x22",
		"audio/ogg":        "OggS\x00\x02",
	} {
		got, ok := sniff([]byte(content))
		if !ok || got.mime != want {
			t.Errorf("%s is taken for %q", want, got.mime)
		}
		// A file that ends early is never read beyond its end.
		for n := range len(content) {
			sniff([]byte(content[:n]))
		}
	}
	for name, content := range map[string]string{
		"nothing": "", "SVG": "<svg/>", "MVG": "push graphic-context\nimage over 0,0 0,0 'https://x/'", "a playlist": "#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd",
		"a concat script": "ffconcat version 1.0\nfile '/etc/passwd'", "PDF": "%PDF-1.7", "PostScript": "%!PS-Adobe", "HEIF": "\x00\x00\x00\x18ftypheic\x00\x00\x00\x00",
		"another EBML": "\x1a\x45\xdf\xa3\x9f\x42\x82\x84text", "AVI": "RIFF\x00\x00\x00\x00AVI LIST", "MSL": "<?xml version='1.0'?><image>", "ZIP": "PK\x03\x04",
	} {
		if got, ok := sniff([]byte(content)); ok {
			t.Errorf("%s is taken for %s", name, got.mime)
		}
	}
	var names []string
	for _, f := range fileTypes() {
		names = append(names, f.mime)
	}
	if !slices.Equal(names, config.FileTypes()) {
		t.Errorf("the configuration allows %v, told apart are %v", config.FileTypes(), names)
	}
}

func TestOutputsThatAreNoFiles(t *testing.T) {
	t.Parallel()
	secret := folderFor(t) + "/secret"
	if err := os.WriteFile(secret, []byte("secret"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(secret, 0o666); err != nil {
		t.Fatal(err)
	}
	const plain = "not a plain file of its own"
	for name, c := range map[string]struct{ script, want string }{
		"a link":                    {"ln -s " + secret + " out/x", plain},
		"a link that leads nowhere": {"ln -s nowhere out/x", plain},
		"a hard link":               {"echo > x; ln x out/x", plain},
		"a folder":                  {"mkdir out/x", plain},
		"a pipe":                    {"mkfifo out/x", plain},
		"another folder as out":     {"rmdir out; ln -s " + open + " out", "removed its output folder"},
		"no folder":                 {"rmdir out", "removed its output folder"},
		"a file as out":             {"rmdir out; echo > out", "removed its output folder"},
		"beside a good one":         {"echo > out/a; ln -s " + secret + " out/b", plain},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result, err := (&try{}).run(t, script(c.script))
			fails(t, err, provider.Failed, c.want)
			if result != nil && len(result.Files) > 0 {
				t.Errorf("there are files: %v", result.Files)
			}
		})
	}
	// A file of another user that the program may move there, such as a secret of a
	// group: what a hard link would give, without the second name.
	if os.Geteuid() == 0 {
		dir := folderFor(t)
		if err := os.WriteFile(dir+"/theirs", []byte("secret"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := (&try{}).run(t, script("mv "+dir+"/theirs out/"))
		fails(t, err, provider.Failed, plain)
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"a.png": "a.png", "../../x": "_.._x", ".hidden": "hidden", "-rf": "rf", "a/b\\c": "a_b_c", "grün\n\x1b[31m": "gr_n___31m", "...": "",
		strings.Repeat("x", 300): strings.Repeat("x", maxName),
	} {
		if got := safeName(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

func TestProgressLines(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]float64{
		"progress 42": 42, "progress: 42%": 42, "progress:  7.25 %": 7.25, "progress 250": 100, `{"progress":12.5}`: 12.5, `{"progress":-3}`: 0, `{"progress":1e9}`: 100,
		"progressing 42": -1, "progress": -1, "progress -1": -1, "the progress 42": -1, `{"percent":1}`: -1, `{"progress":"1"}`: -1, "{": -1, "42": -1,
	} {
		p, ok := parseProgress(line)
		if ok != (want >= 0) || ok && p.Percent != want {
			t.Errorf("%s: %v, %v", line, p.Percent, ok)
		}
	}
}

// FuzzReport checks that whatever a program writes, however it is cut, stays in bounds.
func FuzzReport(f *testing.F) {
	f.Add([]byte("progress 5\n{\"log\":\"x\"}\nä\r\n"), uint8(3), true)
	f.Add([]byte("\xff\xfe\n\n\x00"), uint8(1), false)
	f.Fuzz(func(t *testing.T, content []byte, step uint8, isText bool) {
		c := script("")
		if isText {
			c = printed("")
		}
		c.Limits.Output = 1 << 16
		watch := &listener{}
		r := newReport(c, watch, &folder{work: "/scratch/w"}, func(error) {})
		for rest := content; len(rest) > 0; {
			n := min(len(rest), int(step)+1)
			_, _ = r.out(rest[:n])
			_, _ = r.err(rest[:n])
			rest = rest[n:]
		}
		r.close()
		var told strings.Builder
		for _, p := range watch.news {
			told.WriteString(p.Text)
			for _, line := range p.Logs {
				if len(line) > 3*maxLine+3 || strings.ContainsAny(line, "\n\x00") {
					t.Errorf("a line of %d bytes: %q", len(line), line)
				}
			}
		}
		if whole := *r.whole(); whole != told.String() {
			t.Errorf("told %q, whole %q", told.String(), whole)
		}
	})
}

// After a run the folders are ours, so that nothing which is still alive can reach them.
func TestFoldersAreTakenBack(t *testing.T) {
	t.Parallel()
	who, err := identify("")
	if err != nil {
		t.Fatal(err)
	}
	dir := folderFor(t)
	f, err := makeFolder(&provider.Run{Scratch: func() (string, error) { return os.MkdirTemp(dir, "") }}, who)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []identity{who, hostUser()} {
		for _, path := range []string{f.work, f.out()} {
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if stat := info.Sys().(*syscall.Stat_t); int(stat.Uid) != want.uid || info.Mode().Perm() != 0o700 {
				t.Errorf("%s belongs to %d with %v, want %d", path, stat.Uid, info.Mode(), want.uid)
			}
		}
		if _, err := f.shut(); err != nil {
			t.Fatal(err)
		}
	}
}
