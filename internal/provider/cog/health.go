package cog

import (
	"context"
	"errors"
	"net/http"

	"skytower/internal/provider"
	"skytower/internal/provider/remote"
	"skytower/internal/rawjson"
)

// starting asks why the container took no work. It returns nil where the model is
// being set up, which is worth waiting for.
//
// The container is asked only then: a question before each work would cost a round
// trip and prove nothing about the moment after it.
func (w *run) starting(ctx context.Context, refusal error) error {
	answer, err := w.p.client.Do(ctx, &remote.Request{
		Names: w.names, Method: http.MethodGet, URL: w.p.client.URL("health-check"),
	})
	if err != nil || answer.Object() != nil {
		return busy(refusal)
	}
	switch remote.Member(answer.Body, "status") {
	case "STARTING":
		w.news.Say("The model is being set up.")
		w.news.Tell()
		return nil
	case "SETUP_FAILED":
		return w.defunct("The model could not be set up.", setupLog(answer.Body))
	case "DEFUNCT":
		return w.defunct("The model has stopped working.", setupLog(answer.Body))
	}
	return busy(refusal)
}

// busy is a refusal by a container that says no more: a conflict is another work,
// and by 503 it takes none.
func busy(refusal error) error {
	e := &provider.Error{Class: provider.Busy, Status: remote.StatusOf(refusal), Err: refusal}
	var told *provider.Error
	if errors.As(refusal, &told) {
		e.RetryAfter = told.RetryAfter
	}
	return e
}

// defunct is a container that will not work again by itself. Its log is for the
// operator.
func (w *run) defunct(message, log string) error {
	return &provider.Error{Class: provider.Failed, Message: message, Err: errors.New(log)}
}

// maxSetupLog is how much of the end of the set-up's log an error holds, in bytes.
const maxSetupLog = 2 << 10

// setupLog is the end of what the set-up wrote: a text, or a list of lines.
func setupLog(health []byte) string {
	log := remote.Member(health, "setup", "logs")
	if list, ok := rawjson.Get(health, "setup", "logs"); ok && rawjson.KindOf(list) == rawjson.KindArray {
		log = remote.Joined(list)
	}
	return "the set-up's log ends: " + log[max(0, len(log)-maxSetupLog):]
}
