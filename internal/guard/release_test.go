package guard

import (
	"context"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"skytower/internal/skytells"
)

// interrupted is what passes of the pieces of a text with another text between each two.
func interrupted(t rapid.TB, c Chain, pieces ...string) (string, bool) {
	var report Report
	one := c.Open(func(_ context.Context, _, _ string, texts []string) ([]Judgement, error) {
		said := make([]Judgement, len(texts))
		for i, text := range texts {
			said[i].Flagged = strings.Contains(text, "very bad")
		}
		return said, nil
	}, &report)
	var out []byte
	for i, piece := range pieces {
		var err error
		if out, _, err = one.Push(context.Background(), out, []byte(piece), i == len(pieces)-1); err == nil && i < len(pieces)-1 {
			out, _, err = one.Release(context.Background(), out)
			out = append(out, '|')
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return string(out), report.Blocked() != nil
}

// What is told before an interruption is told, and a finding that goes on behind it does
// not: a model that splits a card over its thoughts gets no more through than its beginning.
func TestFindingsOverAnInterruption(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pieces []string
		want   string
	}{
		{[]string{"It is 4111 1111 ", "1111 1111, ok"}, "It is 4111 1111 |[card], ok"},
		{[]string{"4111111111111111", " ok"}, "[card]| ok"},
		{[]string{"It is fine", ", really"}, "It is fine|, really"},
		{[]string{"joe@exam", "ple.com", " x"}, "joe@exam|[email]| x"},
		{[]string{"a secret", "  word y"}, "a secret|[redacted] y"},
		{[]string{"proj-", "12 and proj-34"}, "proj-| and [redacted]"},
		{[]string{"", "a@b.com", ""}, "|[email]|"},
	} {
		chain := Chain{
			New(skytells.GuardSpec{Name: "words", Kind: Rules, Action: "redact", Words: []string{"secret word"}}),
			New(skytells.GuardSpec{Name: "patterns", Kind: Rules, Action: "redact", Patterns: []string{`proj-[0-9]+`}}),
			New(skytells.GuardSpec{Name: "pii", Kind: PersonalData, Action: "redact"}),
		}
		if got, _ := interrupted(t, chain, c.pieces...); got != c.want {
			t.Errorf("%q became %q, want %q", c.pieces, got, c.want)
		}
	}
	for _, spec := range []skytells.GuardSpec{
		{Kind: PersonalData, Action: "block"}, {Kind: Rules, Words: []string{"4111 1111 1111 1111"}}, {Kind: Rules, Patterns: []string{`[\d ]{19}`}},
	} {
		if got, blocked := interrupted(t, Chain{New(spec)}, "It is 4111 1111 ", "1111 1111, ok"); got != "It is 4111 1111 |" || !blocked {
			t.Errorf("%+v: %q, blocked %v", spec, got, blocked)
		}
	}
	if got, blocked := interrupted(t, Chain{New(skytells.GuardSpec{Kind: Moderation})}, "It is very ", "bad"); got != "It is very |" || !blocked {
		t.Errorf("moderation: %q, blocked %v", got, blocked)
	}
}

// An interruption holds nothing back, loses nothing, and hides no finding that is whole in
// one piece.
func TestInterruptionsLoseNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		pieces := rapid.SliceOfN(pieceOf(), 1, 6).Draw(t, "pieces")
		marking := Chain{New(skytells.GuardSpec{Kind: PersonalData, Action: "mark"}), New(skytells.GuardSpec{Kind: Rules, Action: "mark", Words: []string{"foo"}, Patterns: []string{"x.*y"}})}
		if got, _ := interrupted(t, marking, pieces...); got != strings.Join(pieces, "|") {
			t.Fatalf("%q became %q", pieces, got)
		}
		for _, c := range []Chain{allKinds()[:1], allKinds()[1:2], allKinds()[2:]} {
			got, _ := interrupted(t, c, append([]string{"so: 4242 4242 4242 4242 foo proj-7, "}, pieces...)...)
			head, _, _ := strings.Cut(got, "|")
			if whole, _ := interrupted(t, c, "so: 4242 4242 4242 4242 foo proj-7, "); head != whole {
				t.Fatalf("%q began as %q, and alone as %q", pieces, head, whole)
			}
		}
	})
}
