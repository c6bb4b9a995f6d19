package messages

import (
	"skytower/internal/inference/chatform"
	"skytower/internal/rawjson"
)

// Budgets of thinking from which on a chat model is asked to try harder, in tokens. The
// adapter of Anthropic's API takes the same for these words.
const (
	mediumBudget = 4096
	highBudget   = 16384
)

// readThinking reads whether and how hard to think. Chat has words for it instead of a
// budget; those of output_config go first, since they are more exact. What the model thinks
// is told to those alone who asked for it: others take the first block for the answer.
func (a *asked) readThinking() *chatform.Problem {
	if p := chatform.IsObject("thinking", a.thinking); p != nil || a.thinking == nil {
		return p
	}
	var kind, budget, display []byte
	chatform.Members(a.thinking, func(key []byte) *[]byte {
		switch string(key) {
		case "type":
			return &kind
		case "budget_tokens":
			return &budget
		case "display":
			return &display
		}
		return nil
	})
	if p := chatform.NeedsText("type", kind); p != nil {
		return p.In("thinking")
	}
	if p := chatform.IsInteger("budget_tokens", budget); p != nil {
		return p.In("thinking")
	}
	a.tells = !chatform.Is(display, "omitted")
	switch {
	case chatform.Is(kind, "disabled"):
		a.effort, a.tells = []byte(`"none"`), false
	case chatform.Is(kind, "enabled") && a.effort == nil && budget != nil:
		a.effort = effortOf(budget)
	}
	return nil // adaptive, or a way that is new: as the model does by itself
}

// effortOf is chat's word for a budget.
func effortOf(budget []byte) []byte {
	switch n, _ := rawjson.Int(budget); {
	case n >= highBudget:
		return []byte(`"high"`)
	case n >= mediumBudget:
		return []byte(`"medium"`)
	}
	return []byte(`"low"`)
}
