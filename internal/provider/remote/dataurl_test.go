package remote

import "testing"

func TestDecodeDataURL(t *testing.T) {
	t.Parallel()
	for s, want := range map[string][3]string{
		"data:text/plain;base64,aGk=":       {"text/plain", "hi", ""},
		"DATA:audio/wav;base64,aGk":         {"audio/wav", "hi", ""},
		"data:,a%20b":                       {"application/octet-stream", "a b", ""},
		"data:text/plain;charset=utf-8,a+b": {"text/plain", "a+b", ""},
		"data:text/plain":                   {"", "", "it has no comma"},
		"data:text/plain,%zz":               {"", "", "an escape in it is wrong"},
		"data:;base64,?":                    {"", "", "it is not base64"},
		"https://files.example.test/a":      {"", "", "it is none"},
	} {
		kind, content, err := DecodeDataURL(s)
		wrong := ""
		if err != nil {
			wrong = err.Error()
		}
		if got := [3]string{kind, string(content), wrong}; got != want {
			t.Errorf("%s: %q, want %q", s, got, want)
		}
	}
	for kind, want := range map[string]string{"audio/x-m4a": ".m4a", "audio/mpeg": ".mp3", "application/ogg": ".ogg", "x/y": ""} {
		if got := Extension(kind); got != want {
			t.Errorf("%s: %q, want %q", kind, got, want)
		}
	}
}
