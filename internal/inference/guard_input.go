package inference

import (
	"context"
	"encoding/json"
	"strings"

	"skytower/internal/catalog"
	"skytower/internal/guard"
	"skytower/internal/provider"
	"skytower/internal/rawjson"
	"skytower/internal/skytells"
)

// GuardInput shows the texts of a prediction's input to the guards of prompts, and gives the
// input that may run. Addresses and content that is no text are not looked at. Errors:
// CONTENT_POLICY_VIOLATION, SERVICE_UNAVAILABLE where a guard can't judge.
func (s *Service) GuardInput(ctx context.Context, guards []*catalog.Guard, input json.RawMessage) (json.RawMessage, error) {
	chain := compiled(guards).Of(guard.Prompt)
	if chain == nil {
		return input, nil
	}
	spans, err := textsOf(input, func(*rawjson.Path) bool { return true })
	if err != nil {
		return nil, err
	}
	texts := spans[:0]
	for _, span := range spans {
		if !isAddress(input[span.Start+1 : span.End-1]) {
			texts = append(texts, span)
		}
	}
	var report guard.Report
	changes, err := lookAt(ctx, chain, s.judge, &report, input, texts)
	if err != nil {
		return nil, &provider.Error{Class: provider.Cancelled, Err: err}
	}
	s.told(&report)
	if err := Blocked(&report); err != nil {
		return nil, err
	}
	if len(changes) == 0 {
		return input, nil
	}
	return rawjson.Splice(nil, input, changes), nil
}

// isAddress reports whether a string is a web address or a data URL, and nothing else.
func isAddress(text []byte) bool {
	start := strings.ToLower(string(text[:min(len(text), len("https://"))]))
	for _, scheme := range []string{"https://", "http://", "data:"} {
		if strings.HasPrefix(start, scheme) {
			return strings.IndexByte(string(text), ' ') < 0 || scheme == "data:"
		}
	}
	return false
}

// TryGuard shows a text to one guard, and tells what it makes of it.
func (s *Service) TryGuard(ctx context.Context, g *guard.Guard, text string) (skytells.GuardTrial, error) {
	var report guard.Report
	texts := []string{text}
	if err := (guard.Chain{g}).Whole(ctx, s.judge, &report, texts); err != nil {
		return skytells.GuardTrial{}, &provider.Error{Class: provider.Cancelled, Err: err}
	}
	trial := skytells.GuardTrial{Text: texts[0], Results: report.AppendJSON(nil, nil)}
	for _, verdict := range report.Verdicts() {
		trial.Verdict = verdict.String()
	}
	if trial.Blocked = report.Blocked() != nil; trial.Blocked {
		trial.Text = ""
	}
	return trial, nil
}
