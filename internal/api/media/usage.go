package media

import (
	"context"
	"math"

	"skytower/internal/prediction"
	"skytower/internal/provider"
)

// PictureUsage is what upstreams counted of pictures, in the form of OpenAI's API.
type PictureUsage struct {
	InputTokens   int64            `json:"input_tokens"`
	OutputTokens  int64            `json:"output_tokens"`
	TotalTokens   int64            `json:"total_tokens"`
	InputDetails  map[string]int64 `json:"input_tokens_details,omitempty" doc:"Of what the input's tokens are: text_tokens, image_tokens."`
	OutputDetails map[string]int64 `json:"output_tokens_details,omitempty" doc:"Likewise, of the output's."`
}

// pictureUsage is what the upstreams counted of all predictions of a list together; nil
// where one of them was not counted: a part would pass for the whole.
func (w *work) pictureUsage(ctx context.Context, done []prediction.Record) (*PictureUsage, error) {
	var sum provider.Counts
	for _, rec := range done {
		counts, err := w.h.Predictions.Counted(ctx, rec)
		if err != nil || counts == nil {
			return nil, err
		}
		sum = sum.Add(*counts)
	}
	return &PictureUsage{InputTokens: sum.Input, OutputTokens: sum.Output, TotalTokens: sum.Total, InputDetails: sum.InputOf, OutputDetails: sum.OutputOf}, nil
}

// Heard is what a transcript took: tokens where the upstream counts those, else how long
// the sound is, as OpenAI counts it: in seconds that have begun.
type Heard struct {
	Type         string           `json:"type" enum:"tokens,duration"`
	Seconds      int64            `json:"seconds,omitempty"`
	InputTokens  *int64           `json:"input_tokens,omitempty"`
	OutputTokens *int64           `json:"output_tokens,omitempty"`
	TotalTokens  *int64           `json:"total_tokens,omitempty"`
	InputDetails map[string]int64 `json:"input_token_details,omitempty" doc:"Of what the input's tokens are: text_tokens, audio_tokens."`
}

// heardFor is a sound of so many seconds; nil where that is not known.
func heardFor(seconds float64) *Heard {
	if seconds <= 0 {
		return nil
	}
	return &Heard{Type: "duration", Seconds: int64(math.Ceil(seconds))}
}

// heard is what the transcript took: what the upstream says, else the length of the sound
// as its file or the model tells it.
func (t *transcribing) heard(ctx context.Context, rec prediction.Record, said transcript) (*Heard, error) {
	counts, err := t.h.Predictions.Counted(ctx, rec)
	switch {
	case err != nil:
		return nil, err
	case counts == nil:
		length := t.length(ctx).Seconds()
		if length <= 0 {
			length = said.duration
		}
		return heardFor(length), nil
	case counts.Seconds > 0:
		return heardFor(counts.Seconds), nil
	}
	return &Heard{Type: "tokens", InputTokens: &counts.Input, OutputTokens: &counts.Output, TotalTokens: &counts.Total, InputDetails: counts.InputOf}, nil
}
