package anthropic

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"skytower/internal/provider"
	"skytower/internal/rawjson"
)

// think reads how hard the model is to think.
func (a *ask) think(f *fields) *problem {
	if f.effort == nil {
		return nil
	}
	a.effort, _ = rawjson.Unquote(f.effort)
	if a.effort != noEffort && budgetOf(a.effort) == 0 {
		return wrong("reasoning_effort", "must be one of none, minimal, low, medium, high, xhigh, max.")
	}
	return nil
}

const noEffort = "none"

// minBudget is the least that the API takes, in tokens.
const minBudget = 1024

// budgetOf is how many tokens an effort is worth, for models that think by a budget; 0: it
// is no effort.
func budgetOf(effort string) int64 {
	switch effort {
	case "minimal", "low":
		return minBudget
	case "medium":
		return 4 * minBudget
	case "high":
		return 16 * minBudget
	case "xhigh", "max":
		return 32 * minBudget
	}
	return 0
}

// thinks reports whether the request asks for thinking.
func (a *ask) thinks() bool { return a.effort != "" && a.effort != noEffort }

// appendThinking writes how to think, and the form of the answer, which stands beside it.
func (a *ask) appendThinking(out []byte, budget bool) []byte {
	var config []byte
	switch {
	case a.effort == "":
	case a.effort == noEffort:
		out = append(out, `,"thinking":{"type":"disabled"}`...)
	case budget:
		if n := a.budget(); n > 0 {
			out = strconv.AppendInt(append(out, `,"thinking":{"type":"enabled","budget_tokens":`...), n, 10)
			out = append(out, '}')
		}
	default:
		// Asked for in so many words: some models think and do not tell.
		out = append(out, `,"thinking":{"type":"adaptive","display":"summarized"}`...)
		level := a.effort
		if level == "minimal" {
			level = "low"
		}
		config = append(append(append(config, `,"effort":"`...), level...), '"')
	}
	if a.format != nil {
		config = append(append(config, `,"format":`...), a.format...)
	}
	if config == nil {
		return out
	}
	return append(append(append(out, `,"output_config":{`...), config[1:]...), '}')
}

// budget is the thinking's share of the output limit, which it counts towards: at most
// half. Too small a share, and a turn that goes on after a tool call (whose thoughts, which
// would have to come back, the chat API has no place for) go without.
func (a *ask) budget() int64 {
	n := min(budgetOf(a.effort), a.limit/2)
	if n < minBudget || a.looping {
		return 0
	}
	return n
}

// thoughtful sends a chat request. Models of the API differ in how they are asked to think,
// and nothing tells which way is a model's: where one refuses, so that no work was done, it
// is asked in the other way, and that is remembered.
func thoughtful[T any](p *Provider, call *provider.Call, a *ask, send func(body []byte) (T, error)) (T, error) {
	remembered, _ := p.budgets.Load(call.Model)
	budget, _ := remembered.(bool)
	got, err := send(a.body(budget))
	if !a.thinks() || !refusesThinking(err) {
		return got, err
	}
	again, second := send(a.body(!budget))
	if second != nil && provider.ClassOf(second) == provider.Rejected {
		return got, err // it was something else: the first refusal says what
	}
	if second == nil {
		p.budgets.Store(call.Model, !budget)
	}
	return again, second
}

// refusesThinking knows refusals that may be about how thinking was asked for. Their
// wording is all that tells; a mistake costs one more refusal.
func refusesThinking(err error) bool {
	var e *provider.Error
	if !errors.As(err, &e) || e.Class != provider.Rejected || e.Status != http.StatusBadRequest {
		return false
	}
	message := strings.ToLower(e.Message)
	for _, word := range [...]string{"thinking", "adaptive", "effort", "output_config"} {
		if strings.Contains(message, word) {
			return true
		}
	}
	return false
}
