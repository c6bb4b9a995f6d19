package messages_test

import (
	"strings"
	"testing"

	"skytower/internal/inference/messages"
	"skytower/internal/provider"
)

// How hard to think is said in chat's words, those of output_config first; what is thought
// is told to who asked for it.
func TestThinking(t *testing.T) {
	t.Parallel()
	for members, want := range map[string]struct {
		effort string
		told   bool
	}{
		``:                                {"", false},
		`,"thinking":null`:                {"", false},
		`,"thinking":{"type":"adaptive"}`: {"", true},
		`,"thinking":{"type":"adaptive","display":"omitted"}`:                                       {"", false},
		`,"thinking":{"type":"adaptive","display":"summarized"},"output_config":{"effort":"xhigh"}`: {"xhigh", true},
		`,"thinking":{"type":"enabled","budget_tokens":1024}`:                                       {"low", true},
		`,"thinking":{"type":"enabled","budget_tokens":4096}`:                                       {"medium", true},
		`,"thinking":{"type":"enabled","budget_tokens":31999}`:                                      {"high", true},
		`,"thinking":{"type":"enabled","budget_tokens":31999},"output_config":{"effort":"low"}`:     {"low", true},
		`,"thinking":{"type":"disabled"},"output_config":{"effort":"max"}`:                          {"none", false},
		`,"output_config":{"effort":"max"}`:                                                         {"xhigh", false},
	} {
		tr, err := messages.New(request([]byte(strings.TrimSuffix(hello, "}") + members + "}")))
		if err != nil {
			t.Errorf("%s: %v", members, err)
			continue
		}
		if said := strings.Contains(string(tr.Chat()), `"reasoning_effort":"`+want.effort+`"`); tr.Effort() != want.effort || said != (want.effort != "") {
			t.Errorf("%s: effort %q in %s", members, tr.Effort(), tr.Chat())
		}
		a, err := tr.Answer(&provider.Answer{Body: []byte(`{"choices":[{"message":{"reasoning":"Hm.","content":"x"}}]}`)})
		if err != nil || strings.Contains(string(a.Body), "Hm.") != want.told {
			t.Errorf("%s: %v, %s", members, err, a.Body)
		}
	}
}
