package openai

import (
	"context"

	"skytower/internal/provider"
	"skytower/internal/provider/remote"
	"skytower/internal/rawjson"
)

// Moderate asks for a judgement of each text (POST /moderations).
func (p *Provider) Moderate(ctx context.Context, model string, texts []string) ([]provider.Judgement, error) {
	if len(texts) == 0 {
		return nil, nil
	}
	body := append(rawjson.AppendQuote([]byte(`{"model":`), model), `,"input":[`...)
	for i, text := range texts {
		if i > 0 {
			body = append(body, ',')
		}
		body = rawjson.AppendQuote(body, text)
	}
	body = append(body, "]}"...)
	answer, err := p.whole(ctx, &provider.Call{Model: model, Show: model}, p.routes.moderations, body, nil)
	if err != nil {
		return nil, err
	}
	results, _ := rawjson.Get(answer, "results")
	if !rawjson.Valid(answer) || rawjson.KindOf(results) != rawjson.KindArray {
		return nil, remote.Broken("the answer is no list of judgements")
	}
	var judgements []provider.Judgement
	rawjson.Elements(results, func(result []byte) bool {
		judgements = append(judgements, judgement(result))
		return len(judgements) <= len(texts)
	})
	if len(judgements) != len(texts) {
		return nil, remote.Broken("the answer does not have one judgement for each text")
	}
	return judgements, nil
}

// judgement reads one result. What is no score or no truth value counts as none.
func judgement(result []byte) provider.Judgement {
	j := provider.Judgement{Scores: map[string]float64{}, Categories: map[string]bool{}}
	flagged, _ := rawjson.Get(result, "flagged")
	j.Flagged = rawjson.KindOf(flagged) == rawjson.KindTrue
	scores, _ := rawjson.Get(result, "category_scores")
	rawjson.Top(scores, func(key, value []byte) bool {
		if score, ok := rawjson.Float(value); ok {
			j.Scores[string(key)] = score
		}
		return true
	})
	categories, _ := rawjson.Get(result, "categories")
	rawjson.Top(categories, func(key, value []byte) bool {
		j.Categories[string(key)] = rawjson.KindOf(value) == rawjson.KindTrue
		return true
	})
	return j
}
