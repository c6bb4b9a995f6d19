package catalog

import (
	"errors"
	"strings"
	"time"

	"skytower/internal/rawjson"
	"skytower/internal/skytells"
)

// Bounds of a prediction model.
const (
	defaultDeadline = 30 * time.Minute
	minDeadline     = time.Second
	maxDeadline     = 24 * time.Hour
	maxConcurrency  = 1_000_000
)

// normalizePrediction checks what only prediction models have.
func (p *plan) normalizePrediction(path string, spec *skytells.ModelSpec) {
	spec.Deadline = strings.TrimSpace(spec.Deadline)
	spec.InputSchema, spec.OutputSchema = normalSchema(spec.InputSchema), normalSchema(spec.OutputSchema)
	if spec.API == Chat || spec.API == Embeddings {
		for _, f := range []field{
			{"input_schema", string(spec.InputSchema)}, {"output_schema", string(spec.OutputSchema)},
			{"deadline", spec.Deadline}, {"concurrency", number(int64(spec.Concurrency))},
		} {
			if f.value != "" {
				p.problem(path+"."+f.name, "is for models of api '%s' only", Prediction)
			}
		}
		return
	}
	if spec.API == Prediction && spec.Free && spec.Type == "" {
		p.problem(path+".type", "is missing: what it puts out, which is image, video, audio, music or text")
	}
	p.deadline(path+".deadline", spec.Deadline)
	if spec.Concurrency < 0 || spec.Concurrency > maxConcurrency {
		p.problem(path+".concurrency", "must be 0 (no limit of its own) to %d", maxConcurrency)
	}
	if err := checkInputSchema(spec.InputSchema); err != nil {
		p.problem(path+".input_schema", "%s", err)
	}
	if err := checkOutputSchema(spec.OutputSchema); err != nil {
		p.problem(path+".output_schema", "%s", err)
	}
}

func (p *plan) deadline(path, text string) {
	if text == "" {
		return
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < minDeadline || d > maxDeadline {
		p.problem(path, "must be a time of 1s to 24h, such as 10m")
	}
}

// deadlineOf reads a deadline that was checked.
func deadlineOf(text string) time.Duration {
	if d, err := time.ParseDuration(text); err == nil && d >= minDeadline && d <= maxDeadline {
		return d
	}
	return defaultDeadline
}

// normalSchema is the schema without white space; one that is no JSON stays, to be
// refused.
func normalSchema(s skytells.Schema) skytells.Schema {
	if len(s) == 0 || string(s) == "null" {
		return nil
	}
	if !rawjson.Valid(s) {
		return s
	}
	return rawjson.Compact(nil, s)
}

func checkInputSchema(s skytells.Schema) error {
	if len(s) == 0 {
		return nil
	}
	if _, err := newInputSchema(s); err != nil {
		return err
	}
	if kind, ok := rawjson.Get(s, "type"); ok && string(kind) != `"object"` {
		return errors.New(`must be of type "object": an input is one`)
	}
	return nil
}

func checkOutputSchema(s skytells.Schema) error {
	if len(s) == 0 {
		return nil
	}
	_, _, err := compileSchema(s)
	return err
}
