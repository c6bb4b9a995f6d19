package openai

import (
	"skytower/internal/provider"
	"skytower/internal/rawjson"
)

// maxSoundSeconds bounds what is believed of a sound's length: a year.
const maxSoundSeconds = 366 * 24 * 3600

// counted is what doc, an answer or an event, says in `usage` that the work took, with what
// was counted before. The media routes have two forms of it: tokens, and the seconds of a
// sound (OpenAI's API, Images and Audio). Zeros alone count as not reported.
func counted(before *provider.Counts, doc []byte) *provider.Counts {
	usage, _ := rawjson.Get(doc, "usage")
	if rawjson.KindOf(usage) != rawjson.KindObject {
		return before
	}
	c := readCounts(usage)
	switch {
	case c.Input == 0 && c.Output == 0 && c.Total == 0 && c.Seconds == 0:
		return before
	case before != nil:
		c = before.Add(c)
	}
	return &c
}

func readCounts(usage []byte) (c provider.Counts) {
	rawjson.Top(usage, func(key, v []byte) bool {
		switch string(key) {
		case "input_tokens":
			c.Input = count(v)
		case "output_tokens":
			c.Output = count(v)
		case "total_tokens":
			c.Total = count(v)
		case "input_tokens_details", "input_token_details":
			c.InputOf = readKinds(v)
		case "output_tokens_details", "output_token_details":
			c.OutputOf = readKinds(v)
		case "seconds":
			if n, ok := rawjson.Float(v); ok && n > 0 && n < maxSoundSeconds {
				c.Seconds = n
			}
		}
		return true
	})
	if c.Seconds > 0 {
		return provider.Counts{Seconds: c.Seconds}
	}
	if c.Total == 0 {
		c.Total = c.Input + c.Output
	}
	return c
}

// readKinds reads what tokens are of.
func readKinds(details []byte) (kinds map[string]int64) {
	rawjson.Top(details, func(key, v []byte) bool {
		switch name := string(key); name {
		case "text_tokens", "image_tokens", "audio_tokens", "cached_tokens":
			if rawjson.KindOf(v) != rawjson.KindNumber {
				return true
			}
			if kinds == nil {
				kinds = map[string]int64{}
			}
			kinds[name] = count(v)
		}
		return true
	})
	return kinds
}
