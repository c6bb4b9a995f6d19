package inference

import (
	"context"
	"errors"
	"strings"
	"testing"

	"skytower/internal/catalog"
	"skytower/internal/fault"
	"skytower/internal/guard"
	"skytower/internal/skytells"
)

func guardsOf(specs ...skytells.GuardSpec) (list []*catalog.Guard) {
	for _, spec := range specs {
		list = append(list, &catalog.Guard{Spec: spec, Compiled: guard.New(spec)})
	}
	return list
}

func TestOutputsOfPredictionsBehindGuards(t *testing.T) {
	t.Parallel()
	s := &Service{}
	guards := guardsOf(skytells.GuardSpec{Name: "pii", Kind: guard.PersonalData, Action: "redact"},
		skytells.GuardSpec{Name: "words", Kind: guard.Rules, Action: "redact", Words: []string{"project aurora"}, Patterns: []string{`AUR-\d+`}})
	for doc, want := range map[string]string{
		`"call +49 30 901820"`:                    `"call [phone]"`,
		`["It is 4111 1111 ","1111 1","111, ok"]`: `["It is [card]","",", ok"]`,
		`["project"," aurora"," and AU","R-77"]`:  `["[redacted]",""," and [redacted]",""]`,
		`["a@b.com","c@d.org"]`:                   `["[email]","[email]"]`,
		`{"text":"4111 1111 1111 1111 ok","words":[{"word":"4111","start":0},{"word":"1111","start":1},{"word":"1111","start":2},{"word":"1111","start":3},{"word":"ok","start":4}]}`: `{"text":"[card] ok","words":[{"word":"[card]","start":0},{"word":"","start":1},{"word":"","start":2},{"word":"","start":3},{"word":"ok","start":4}]}`,
		`"https://x.example/4111111111111111.png"`:        `"https://x.example/4111111111111111.png"`,
		`["data:text/plain,4111111111111111"]`:            `["data:text/plain,4111111111111111"]`,
		`"{\"card\":4111111111111111}"`:                   `"{\"card\":\"[card]\"}"`,
		`{"n":4111111111111111,"b":true,"c":null,"d":[]}`: `{"n":4111111111111111,"b":true,"c":null,"d":[]}`,
		`null`: `null`, `""`: `""`, `[]`: `[]`,
	} {
		if got, err := s.GuardOutput(guards).Output(t.Context(), []byte(doc)); err != nil || string(got) != want {
			t.Errorf("%s became %s (%v), want %s", doc, got, err, want)
		}
	}
	if s.GuardOutput(guardsOf(skytells.GuardSpec{Name: "in", Kind: guard.PersonalData, On: "prompt"})) != nil {
		t.Error("a guard of prompts looks at outputs")
	}
	_, err := s.GuardOutput(guards).Output(t.Context(), []byte(strings.Repeat("[", 20_000)+strings.Repeat("]", 20_000)))
	if err == nil {
		t.Error("what can't be walked passes")
	}
}

func TestBlockedOutputsOfPredictions(t *testing.T) {
	t.Parallel()
	var told []guard.Verdict
	s := &Service{OnGuard: func(v guard.Verdict) { told = append(told, v) }}
	guards := guardsOf(skytells.GuardSpec{Name: "pii", Kind: guard.PersonalData, Action: "block"})
	refused := func(err error) bool {
		var f *fault.Error
		return errors.As(err, &f) && f.ID == fault.ContentPolicyViolation && strings.Contains(f.Message, "put out") && !strings.Contains(f.Message, "4111")
	}
	if _, err := s.GuardOutput(guards).Output(t.Context(), []byte(`["4111 1111"," 1111 1111"]`)); !refused(err) {
		t.Errorf("passed: %v", err)
	}
	g := s.GuardOutput(guards)
	text, err := g.Text(t.Context(), "It is 4111 11", false)
	if text != "It is " || err != nil {
		t.Errorf("%q, %v", text, err)
	}
	if text, err = g.Text(t.Context(), "11 1111 1111 and", false); text != "" || !refused(err) {
		t.Errorf("%q, %v", text, err)
	}
	if text, err = g.Text(t.Context(), "more", true); text != "" || err != nil {
		t.Errorf("after the end: %q, %v", text, err)
	}
	// Logs are cut and no reason to end.
	if lines := g.Logs(t.Context(), []string{"seed 7", "card 4111 1111 1111 1111", "mail a@b"}, false); strings.Join(lines, "|") != "seed 7|card [card]|mail a@b" {
		t.Errorf("%q", lines)
	}
	if lines := g.Logs(t.Context(), []string{"x@y.org"}, true); strings.Join(lines, "|") != "[email]" {
		t.Errorf("%q", lines)
	}
	if got := g.Sentence(t.Context(), "can't mail joe@example.com"); got != "can't mail [email]" {
		t.Errorf("%q", got)
	}
	if len(told) != 2 || told[0] != guard.Blocked || told[1] != guard.Blocked {
		t.Errorf("told %v", told)
	}
}

// judging is a chain of one moderation guard whose model says what say does.
func judging(g *OutputGuard, say func(texts []string) ([]guard.Judgement, error)) *OutputGuard {
	judge := func(_ context.Context, _, _ string, texts []string) ([]guard.Judgement, error) { return say(texts) }
	g.judge = judge
	g.stream.text, g.logs.text = g.chain.Open(judge, &g.stream.report), g.mild.Open(judge, &g.logs.report)
	return g
}

func TestModerationOfOutputs(t *testing.T) {
	t.Parallel()
	s := &Service{}
	guards := guardsOf(skytells.GuardSpec{Name: "pii", Kind: guard.PersonalData, Action: "redact"},
		skytells.GuardSpec{Name: "mod", Kind: guard.Moderation, Provider: "mock", Model: "m"})
	var asked []string
	say := func(texts []string) ([]guard.Judgement, error) {
		asked = append(asked, texts...)
		all := make([]guard.Judgement, len(texts))
		for i, text := range texts {
			if strings.Contains(text, "away") {
				return nil, errors.New("away")
			}
			all[i] = guard.Judgement{Flagged: strings.Contains(text, "violent")}
		}
		return all, nil
	}
	// The parts of one output are judged as one text, without the personal data.
	if out, err := judging(s.GuardOutput(guards), say).Output(t.Context(), []byte(`{"a":["vio","let"],"b":"a@b.com"}`)); err != nil || string(out) != `{"a":["vio","let"],"b":"[email]"}` {
		t.Errorf("%s, %v", out, err)
	}
	if len(asked) != 1 || asked[0] != "violet\n[email]" {
		t.Errorf("asked about %q", asked)
	}
	var f *fault.Error
	for doc, want := range map[string]fault.ID{`["vio","lent"]`: fault.ContentPolicyViolation, `"away"`: fault.ServiceUnavailable} {
		if _, err := judging(s.GuardOutput(guards), say).Output(t.Context(), []byte(doc)); !errors.As(err, &f) || f.ID != want {
			t.Errorf("%s: %v", doc, err)
		}
	}
	// A stream that can't be judged is not told on, and ends nothing.
	g := judging(s.GuardOutput(guards), say)
	if text, err := g.Text(t.Context(), "away "+strings.Repeat("x ", 1000), false); text != "" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
	if text, err := g.Text(t.Context(), strings.Repeat("fine ", 1000), true); text != "" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
	// Logs end where they are refused, or are too many to be judged.
	if lines := g.Logs(t.Context(), []string{"violent"}, true); len(lines) != 0 {
		t.Errorf("%q", lines)
	}
	g = judging(s.GuardOutput(guards), say)
	asked = nil
	if lines := g.Logs(t.Context(), []string{strings.Repeat("x", mostJudgedLogs)}, true); len(lines) != 0 || len(asked) != 0 {
		t.Errorf("%d lines, asked %d times", len(lines), len(asked))
	}
	if got := g.Sentence(t.Context(), "violent"); got != "" {
		t.Errorf("%q", got)
	}
}
