package inference

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"skytower/internal/catalog"
	"skytower/internal/fault"
	"skytower/internal/guard"
	"skytower/internal/rawjson"
)

// mostJudgedLogs is how much of a prediction's logs a moderation model gets to see, in
// bytes. What is beyond is not told.
const mostJudgedLogs = 64 << 10

// OutputGuard is the guards of answers before what one prediction puts out. It is for one
// goroutine at a time.
type OutputGuard struct {
	svc   *Service
	judge guard.Judge
	chain guard.Chain

	stream streamed
	logs   streamed
	mild   guard.Chain // for what comes beside the output: no prediction ends for that
	line   string      // of the logs, whose end has not come
	judged int         // bytes of the logs
}

// streamed is a text that comes in pieces.
type streamed struct {
	text   *guard.Text
	report guard.Report
	over   bool // nothing more of it is told
}

// GuardOutput makes ready the guards that look at answers for one prediction; nil: none
// does.
func (s *Service) GuardOutput(guards []*catalog.Guard) *OutputGuard {
	chain := compiled(guards).Of(guard.Completion)
	if chain == nil {
		return nil
	}
	g := &OutputGuard{svc: s, judge: s.judge, chain: chain, mild: chain.Mild()}
	g.stream.text = g.chain.Open(s.judge, &g.stream.report)
	g.logs.text = g.mild.Open(s.judge, &g.logs.report)
	return g
}

const outputSubject = "What the model put out"

// Output shows the strings of an output, which is any JSON value, to the guards, and gives
// the output that may be kept. Web addresses and data URLs are not looked at, nor are names
// and numbers. Strings of one kind, such as the words of a transcript, are also looked at as
// one text. Errors: CONTENT_POLICY_VIOLATION, SERVICE_UNAVAILABLE where a guard can't judge,
// the context's.
func (g *OutputGuard) Output(ctx context.Context, doc json.RawMessage) (json.RawMessage, error) {
	leaves, err := leavesOf(doc)
	if err != nil {
		return nil, err
	}
	texts, err := unquoted(doc, leaves.spans)
	if err != nil {
		return nil, err
	}
	before := slices.Clone(texts)
	var report guard.Report
	if err := g.look(ctx, &report, leaves, texts); err != nil {
		return nil, err
	}
	g.svc.told(&report)
	if err := blocked(&report, outputSubject); err != nil {
		return nil, err
	}
	changes := changed(leaves.spans, before, texts)
	if len(changes) == 0 {
		return doc, nil
	}
	return rawjson.Splice(nil, doc, changes), nil
}

// look shows texts to the guards: to those that ask nobody each by itself and then those
// together that are of one kind, and to moderation models all as one.
func (g *OutputGuard) look(ctx context.Context, report *guard.Report, leaves *leaves, texts []string) error {
	local := g.chain.Local()
	if err := local.Whole(ctx, nil, report, texts); err != nil || report.Blocked() != nil {
		return err
	}
	for _, kind := range leaves.kinds {
		if len(kind.members) == 1 {
			continue
		}
		some := make([]string, len(kind.members))
		for i, at := range kind.members {
			some[i] = texts[at]
		}
		if err := local.Joined(ctx, report, some, kind.sep); err != nil || report.Blocked() != nil {
			return err
		}
		for i, at := range kind.members {
			texts[at] = some[i]
		}
	}
	if asking := g.chain.Asking(); asking != nil {
		return asking.Whole(ctx, g.judge, report, []string{leaves.joined(texts)})
	}
	return nil
}

// leaves are the strings of a document that are looked at, and which of them are of one
// kind: they stand at the same place of the elements of lists.
type leaves struct {
	spans []rawjson.Span
	kinds []*leafKind
}

type leafKind struct {
	sep     string // between two of them that are read as one
	members []int
}

func leavesOf(doc []byte) (*leaves, error) {
	all, byPlace := &leaves{}, map[string]*leafKind{}
	whole := rawjson.WalkStrings(doc, func(p *rawjson.Path, at rawjson.Span) bool {
		if isAddress(doc[at.Start+1 : at.End-1]) {
			return true
		}
		place := placeOf(p)
		kind := byPlace[place]
		if kind == nil {
			kind = &leafKind{sep: " "}
			if _, listed := p.Index(0); listed {
				kind.sep = "" // pieces of one text
			}
			byPlace[place] = kind
			all.kinds = append(all.kinds, kind)
		}
		kind.members = append(kind.members, len(all.spans))
		all.spans = append(all.spans, at)
		return true
	})
	if !whole {
		return nil, fault.New(fault.InferenceError, "The model put out something that is nested too deeply.")
	}
	return all, nil
}

// placeOf is a path without the numbers of elements.
func placeOf(p *rawjson.Path) string {
	var out strings.Builder
	for up := p.Len() - 1; up >= 0; up-- {
		if _, listed := p.Index(up); listed {
			out.WriteString("[]")
			continue
		}
		out.Write(rawjson.AppendQuote(nil, p.Key(up)))
	}
	return out.String()
}

// joined are all texts as one, those of a kind together.
func (l *leaves) joined(texts []string) string {
	var all strings.Builder
	for _, kind := range l.kinds {
		for i, at := range kind.members {
			if i > 0 {
				all.WriteString(kind.sep)
			}
			all.WriteString(texts[at])
		}
		all.WriteByte('\n')
	}
	return strings.TrimSpace(all.String())
}

// Text takes the next piece of a streamed text, and gives what may be told now; with end,
// all that is left. The error is CONTENT_POLICY_VIOLATION where a guard blocks. Where one
// can't judge, or ctx has ended, nothing more is told: the whole output decides.
func (g *OutputGuard) Text(ctx context.Context, piece string, end bool) (string, error) {
	if g.stream.over {
		return "", nil
	}
	out := g.stream.push(ctx, piece, end)
	if !g.stream.over || g.stream.report.Blocked() == nil || g.stream.report.Undecided() {
		return out, nil
	}
	g.svc.told(&g.stream.report)
	return out, blocked(&g.stream.report, outputSubject)
}

func (s *streamed) push(ctx context.Context, piece string, end bool) string {
	if s.over || piece == "" && !end {
		return ""
	}
	out, blocked, err := s.text.Push(ctx, nil, []byte(piece), end)
	s.over = end || blocked || err != nil
	return string(out)
}

// Logs takes new lines of the logs, and gives those that may be told now; with end, all
// that are left. What a guard would block is replaced; where a moderation model refuses, or
// can't judge, the logs end. A prediction does not fail for what its logs say.
func (g *OutputGuard) Logs(ctx context.Context, lines []string, end bool) (told []string) {
	var all strings.Builder
	for _, line := range lines {
		all.WriteString(line)
		all.WriteByte('\n')
	}
	if g.judged += all.Len(); g.judged > mostJudgedLogs && g.mild.Asking() != nil {
		g.logs.over = true
	}
	text := g.line + g.logs.push(ctx, all.String(), end)
	told = strings.Split(text, "\n")
	g.line, told = told[len(told)-1], told[:len(told)-1]
	if end && g.line != "" {
		told, g.line = append(told, g.line), ""
	}
	return told
}

// Sentence shows a short text beside the output, such as why the model failed, to the
// guards, and gives what may be told of it; "" is nothing.
func (g *OutputGuard) Sentence(ctx context.Context, text string) string {
	var report guard.Report
	texts := []string{text}
	if err := g.mild.Whole(ctx, g.judge, &report, texts); err != nil || report.Blocked() != nil {
		return ""
	}
	return texts[0]
}
