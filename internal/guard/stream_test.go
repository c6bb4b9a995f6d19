package guard

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"skytower/internal/skytells"
)

func allKinds() Chain {
	return Chain{
		New(skytells.GuardSpec{Name: "words", Kind: Rules, Action: "redact", Words: []string{"foo", "Foo Bar baz", "naïve", "秘密", "a"}}),
		New(skytells.GuardSpec{Name: "patterns", Kind: Rules, Action: "redact", Patterns: []string{`proj-[0-9]+`, `(?i)secret\s+\w+`, `^top`, `x.*y`}}),
		New(skytells.GuardSpec{Name: "pii", Kind: PersonalData, Action: "redact"}),
	}
}

func inPieces(t rapid.TB, c Chain, text string, cuts []int) (string, bool) {
	var report Report
	one := c.Open(nil, &report)
	var out []byte
	from := 0
	for _, to := range append(cuts, len(text)) {
		if to < from || to > len(text) {
			continue
		}
		var err error
		if out, _, err = one.Push(context.Background(), out, []byte(text[from:to]), to == len(text)); err != nil {
			t.Fatal(err)
		}
		from = to
	}
	return string(out), report.Blocked() != nil
}

// pieceOf makes texts in which much is found, and nearly found.
func pieceOf() *rapid.Generator[string] {
	parts := []string{" ", " ", "\n", ", ", "foo", "Foo Bar", " baz", "foobar", "秘密", "proj-12", "secret  word", "secret ", "x", "y",
		strings.Repeat("filler words ", 60), strings.Repeat("é", 300), "４１１１", "\u200b", `\n`, "(", ") ", "+", "-", ".", "@", "Tel ", "password = ", "token: '", " [at] ", "[dot]", "part "}
	for _, s := range slices.Concat(samples(), unseen(), unseenLater()) {
		parts = append(parts, s.text)
	}
	return rapid.OneOf(rapid.SampledFrom(parts), rapid.StringN(0, 6, 12))
}

func TestAnyCutGivesTheSameText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(pieceOf(), 1, 12).Draw(t, "parts"), "")
		c := allKinds()
		c = c[rapid.IntRange(0, 2).Draw(t, "first"):]
		want, _ := inPieces(t, c, text, nil)
		var cuts []int
		if rapid.Bool().Draw(t, "each byte") {
			for i := range text {
				cuts = append(cuts, i)
			}
		} else {
			cuts = rapid.SliceOfN(rapid.IntRange(0, len(text)), 0, 20).Draw(t, "cuts")
			sortInts(cuts)
		}
		if got, _ := inPieces(t, c, text, cuts); got != want {
			t.Fatalf("%q cut at %v became %q, and as a whole %q", text, cuts, got, want)
		}
	})
}

func sortInts(list []int) {
	for i := range list {
		for j := i; j > 0 && list[j] < list[j-1]; j-- {
			list[j], list[j-1] = list[j-1], list[j]
		}
	}
}

// What is held back is bounded, and a blocked text ends before what was found.
func TestHoldsBackLittle(t *testing.T) {
	t.Parallel()
	g := New(skytells.GuardSpec{Name: "pii", Kind: PersonalData})
	var report Report
	one := Chain{g}.Open(nil, &report)
	out, _, _ := one.Push(context.Background(), nil, []byte("The answer is here, and it is lon"), false)
	if want := "The answer is here, and it is "; string(out) != want {
		t.Errorf("let go %q, want %q", out, want)
	}
	out, blocked, _ := one.Push(context.Background(), nil, []byte("g: 4111 1111 1111 1111 it goes on"), false)
	if string(out) != "long: " || !blocked || report.Blocked() != g {
		t.Errorf("let go %q, blocked %v", out, blocked)
	}
	if out, blocked, _ = one.Push(context.Background(), nil, []byte("more"), true); len(out) > 0 || !blocked {
		t.Errorf("after the end: %q", out)
	}
}

func FuzzCuts(f *testing.F) {
	for _, s := range samples() {
		f.Add(s.text, uint16(len(s.text)/2), uint16(3))
	}
	c := allKinds()
	f.Fuzz(func(t *testing.T, text string, a, b uint16) {
		want, _ := inPieces(t, c, text, nil)
		first, step := int(a)%(len(text)+1), 1+int(b)%64
		var cuts []int
		for i := first; i < len(text); i += step {
			cuts = append(cuts, i)
		}
		if got, _ := inPieces(t, c, text, cuts); got != want {
			t.Fatalf("%q in pieces of %d from %d: %q, and as a whole %q", text, step, first, got, want)
		}
		if utf8.ValidString(text) && !utf8.ValidString(want) {
			t.Fatalf("%q became invalid: %q", text, want)
		}
	})
}

func TestWords(t *testing.T) {
	t.Parallel()
	g := New(skytells.GuardSpec{Name: "w", Kind: Rules, Action: "redact", Words: []string{"foo", "foo bar", "C++", "毒药", "Straße", "don't"}})
	for text, want := range map[string]string{
		"Foo, foobar, xfoo, FOO.":       "[redacted], foobar, xfoo, [redacted].",
		"foo\n bar foo  baz":            "[redacted] [redacted]  baz",
		"I write c++ and C+":            "I write [redacted] and C+",
		"他买了毒药。":                        "他买了[redacted]。",
		"in der STRASSE, in der straße": "in der STRASSE, in der [redacted]",
		"I don’t, you don't":            "I [redacted], you [redacted]",
		"ｆｏｏ":                           "[redacted]",
		"foo_1 foo-1":                   "foo_1 [redacted]-1",
	} {
		if got := whole(t, g, text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func TestPatternsAreFoundWhereverAStreamIsCut(t *testing.T) {
	t.Parallel()
	g := New(skytells.GuardSpec{Name: "p", Kind: Rules, Action: "redact", Patterns: []string{`BEGIN[a-z]{480}END`, `\bproj-\d+\b`}})
	secret := "BEGIN" + strings.Repeat("q", 480) + "END"
	for before := 0; before < 1200; before += 37 {
		text := strings.Repeat("z ", before/2) + secret + " proj-77 " + strings.Repeat("ö", 400)
		want := strings.Repeat("z ", before/2) + "[redacted] [redacted] " + strings.Repeat("ö", 400)
		if got := whole(t, g, text); got != want {
			t.Fatalf("with %d bytes before: %q", before, got)
		}
		var cuts []int
		for i := 10; i < len(text); i += 90 {
			cuts = append(cuts, i)
		}
		if got, _ := inPieces(t, Chain{g}, text, cuts); got != want {
			t.Fatalf("in pieces, with %d bytes before: %q", before, got)
		}
	}
}

func TestUnreadableGuardsLetNothingPass(t *testing.T) {
	t.Parallel()
	for _, spec := range []skytells.GuardSpec{{Name: "x", Kind: "later"}, {Name: "x", Kind: Rules, Patterns: []string{"("}, Action: "mark"}} {
		var report Report
		texts := []string{"hello"}
		if err := (Chain{New(spec)}).Whole(context.Background(), nil, &report, texts); err != nil || report.Blocked() == nil {
			t.Errorf("%v passed: %v", spec, err)
		}
	}
}

func BenchmarkDetectors(b *testing.B) {
	text := []byte(strings.Repeat("The quick brown fox jumps over the lazy dog, 12 times in 2024; see section 4.2 for more. ", 12))[:1024]
	words := make([]string, 200)
	for i := range words {
		words[i] = "forbidden" + strings.Repeat("x", i%7) + string(rune('a'+i%26))
	}
	for name, spec := range map[string]skytells.GuardSpec{
		"words":         {Kind: Rules, Action: "redact", Words: words},
		"patterns":      {Kind: Rules, Action: "redact", Patterns: []string{`proj-[0-9]+`, `(?i)internal use only`}},
		"personal data": {Kind: PersonalData, Action: "redact"},
	} {
		c := Chain{New(spec)}
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				var report Report
				if out, _, _ := c.Open(nil, &report).Push(context.Background(), nil, text, true); !bytes.Equal(out, text) {
					b.Fatal("changed")
				}
			}
		})
	}
}
