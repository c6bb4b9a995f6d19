package media

import (
	"encoding/json"
	"os"
	"testing"
)

// What a model gave, in every form that it can be asked for; null is refused.
func TestTranscripts(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/transcripts.json")
	if err != nil {
		t.Fatal(err)
	}
	var pairs []struct {
		Name       string
		Output     json.RawMessage
		JSON, Text string
		SRT, VTT   *string
		Verbose    *string `json:"verbose_json"`
	}
	if err := json.Unmarshal(text, &pairs); err != nil {
		t.Fatal(err)
	}
	for _, p := range pairs {
		said := readTranscript(p.Output)
		plain, err := said.json(nil)
		if err != nil || plain != p.JSON || said.text+"\n" != p.Text {
			t.Errorf("%s: %s %v, text %q", p.Name, plain, err, said.text)
		}
		srt, err := said.subtitles(formSRT, false)
		compare(t, p.Name+" srt", p.SRT, srt, err)
		vtt, err := said.subtitles(formVTT, false)
		compare(t, p.Name+" vtt", p.VTT, vtt, err)
		full, err := said.verbose(0, nil)
		compare(t, p.Name+" verbose_json", p.Verbose, full, err)
	}
	if got, err := readTranscript([]byte(`"1\n00:00:00,000 --> 00:00:01,000\nHi.\n"`)).subtitles(formSRT, true); err != nil || got != "1\n00:00:00,000 --> 00:00:01,000\nHi.\n" {
		t.Errorf("a model's own subtitles: %q %v", got, err)
	}
}

func compare(t *testing.T, what string, want *string, got string, err error) {
	t.Helper()
	if want == nil && err == nil || want != nil && (err != nil || got != *want) {
		t.Errorf("%s: %q, error %v", what, got, err)
	}
}
