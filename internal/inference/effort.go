package inference

import (
	"errors"
	"strings"
	"sync"

	"skytower/internal/provider"
)

// efforts remembers the words for how hard to think that chat models refused, until the
// process ends. It stays small: there are few such words, and models are an operator's.
type efforts struct{ refused sync.Map }

// effortWord is such a word at one model of a provider.
type effortWord struct{ provider, model, word string }

// willing asks a chat model. How hard it is to think is a wish, and nothing tells which
// words for it a model takes: where one refuses the word, so that no work was done, it is
// asked without it, and that is remembered.
func willing[T any](r *run, call *provider.Call, effort string, ask func() (T, error)) (T, error) {
	if effort == "" {
		return ask()
	}
	word := effortWord{r.target.Provider, call.Model, effort}
	if _, known := r.svc.efforts.refused.Load(word); !known {
		answer, err := ask()
		if !refusesEffort(err) {
			return answer, err
		}
	}
	var err error
	if call.Body, err = call.Body.Edit().Delete(effortField).Apply(); err != nil {
		var none T
		return none, err
	}
	answer, err := ask()
	if err == nil {
		r.svc.efforts.refused.Store(word, true)
	}
	return answer, err
}

// effortField is chat's name for how hard to think.
const effortField = "reasoning_effort"

// refusesEffort knows refusals that may be about that field. Servers word them in many
// ways; a mistake costs one more refusal.
func refusesEffort(err error) bool {
	var e *provider.Error
	if !errors.As(err, &e) || e.Class != provider.Rejected {
		return false
	}
	said := strings.ToLower(e.Param + " " + e.Message)
	for _, word := range [...]string{"reasoning", "effort", "think"} {
		if strings.Contains(said, word) {
			return true
		}
	}
	return false
}
