package openai

import (
	"encoding/json"
	"slices"
	"strings"

	"skytower/internal/provider"
)

// describe says what a listed model is where it belongs to the media routes, which its
// name alone tells. The schemas of these routes are known.
func describe(l provider.Listed) provider.Listed {
	input := ""
	switch name := strings.ToLower(l.Name); {
	case strings.Contains(name, "realtime"):
		return l // speaks another protocol
	case strings.Contains(name, "dall-e-2"):
		l.Type, input = "image", dallE2Input
	case strings.Contains(name, "dall-e"):
		l.Type, input = "image", dallE3Input
	case strings.Contains(name, "gpt-image"):
		l.Type, input = "image", gptImageInput
	case hasWord(name, "tts"):
		l.Type, input = "audio", speechInput
	case hasWord(name, "whisper"):
		l.Type, input = "text", whisperInput
	case strings.Contains(name, "transcribe"):
		l.Type, input = "text", transcribeInput
	default:
		return l
	}
	output := map[string]string{"image": imageOutput, "audio": soundOutput, "text": textOutput}[l.Type]
	capability := map[string]string{"image": "text-to-image", "audio": "text-to-speech", "text": "speech-to-text"}[l.Type]
	l.API, l.Capabilities = "prediction", []string{capability}
	l.InputSchema, l.OutputSchema = json.RawMessage(input), json.RawMessage(output)
	return l
}

// hasWord reports whether one of the words of a name begins with word.
func hasWord(name, word string) bool {
	words := strings.FieldsFunc(name, func(r rune) bool { return !('a' <= r && r <= 'z' || '0' <= r && r <= '9') })
	return slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(w, word) })
}

// The schemas have no default but the one of a field that has to be sent: what a caller
// leaves out, the upstream decides.
const (
	promptField = `"prompt":{"type":"string","title":"Prompt","description":"What the picture shows.","minLength":1,`
	countField  = `"n":{"type":"integer","title":"Number","description":"How many pictures to make.","minimum":1,`

	gptImageInput = `{"type":"object","title":"Image","required":["prompt"],"properties":{` +
		promptField + `"maxLength":32000,"x-order":0},` +
		countField + `"maximum":10,"x-order":1},` +
		`"size":{"type":"string","title":"Size","description":"Width and height in pixels.","enum":["auto","1024x1024","1536x1024","1024x1536"],"x-order":2},` +
		`"quality":{"type":"string","title":"Quality","description":"More takes longer and costs more.","enum":["auto","low","medium","high"],"x-order":3},` +
		`"background":{"type":"string","title":"Background","description":"Transparent needs the format png or webp.","enum":["auto","transparent","opaque"],"x-order":4},` +
		`"output_format":{"type":"string","title":"Format","description":"Format of the files.","enum":["png","jpeg","webp"],"x-order":5},` +
		`"output_compression":{"type":"integer","title":"Compression","description":"Quality in percent of jpeg and webp files.","minimum":0,"maximum":100,"x-order":6},` +
		`"moderation":{"type":"string","title":"Moderation","description":"How strictly prompts are judged.","enum":["auto","low"],"x-order":7},` +
		`"image":{"type":"array","title":"Pictures","description":"What to change, or to go by: data URLs, or links of uploaded files.","items":{"type":"string","format":"uri"},"minItems":1,"maxItems":16,"x-order":8},` +
		`"mask":{"type":"string","format":"uri","title":"Mask","description":"A picture of the same size: where it is transparent, the first one is changed.","x-order":9},` +
		`"input_fidelity":{"type":"string","title":"Fidelity","description":"How closely faces and other features of the pictures are kept.","enum":["low","high"],"x-order":10},` +
		`"partial_images":{"type":"integer","title":"Partial pictures","description":"How many unfinished pictures to tell before the end.","minimum":0,"maximum":3,"x-order":11}}}`

	dallE3Input = `{"type":"object","title":"Image","required":["prompt"],"properties":{` +
		promptField + `"maxLength":4000,"x-order":0},` +
		countField + `"maximum":1,"x-order":1},` +
		`"size":{"type":"string","title":"Size","description":"Width and height in pixels.","enum":["1024x1024","1792x1024","1024x1792"],"x-order":2},` +
		`"quality":{"type":"string","title":"Quality","description":"hd has finer details.","enum":["standard","hd"],"x-order":3},` +
		`"style":{"type":"string","title":"Style","description":"vivid is dramatic, natural is calmer.","enum":["vivid","natural"],"x-order":4}}}`

	dallE2Input = `{"type":"object","title":"Image","required":["prompt"],"properties":{` +
		promptField + `"maxLength":1000,"x-order":0},` +
		countField + `"maximum":10,"x-order":1},` +
		`"size":{"type":"string","title":"Size","description":"Width and height in pixels.","enum":["256x256","512x512","1024x1024"],"x-order":2},` +
		`"image":{"type":"string","format":"uri","title":"Picture","description":"What to change: a data URL, or the link of an uploaded file. A square PNG.","x-order":3},` +
		`"mask":{"type":"string","format":"uri","title":"Mask","description":"A picture of the same size: where it is transparent, the other is changed.","x-order":4}}}`

	speechInput = `{"type":"object","title":"Speech","required":["text"],"properties":{` +
		`"text":{"type":"string","title":"Text","description":"What is spoken.","minLength":1,"maxLength":4096,"x-order":0},` +
		`"voice":{"type":"string","title":"Voice","description":"Name of a voice, such as alloy, ash, coral, echo, fable, nova, onyx, sage or shimmer.","default":"alloy","x-order":1},` +
		`"response_format":{"type":"string","title":"Format","description":"Format of the file; mp3 if it is left out.","enum":["mp3","opus","aac","flac","wav","pcm"],"x-order":2},` +
		`"speed":{"type":"number","title":"Speed","description":"1 is the voice's own.","minimum":0.25,"maximum":4,"x-order":3},` +
		`"instructions":{"type":"string","title":"Instructions","description":"How it is spoken; not every model minds them.","maxLength":4096,"x-order":4}}}`

	fileField     = `"file":{"type":"string","format":"uri","title":"File","description":"The sound: a data URL, or the link of an uploaded file.","x-order":0},`
	languageField = `"language":{"type":"string","title":"Language","description":"Two letters, such as en; found out if it is left out.","x-order":1},` +
		`"prompt":{"type":"string","title":"Prompt","description":"Words or a style to go by.","x-order":2},` +
		`"temperature":{"type":"number","title":"Temperature","description":"0 is the most literal.","minimum":0,"maximum":1,"x-order":3}`

	transcribeInput = `{"type":"object","title":"Transcription","required":["file"],"properties":{` + fileField + languageField +
		`,"stream":{"type":"boolean","title":"Stream","description":"Tells the text in pieces as it comes.","x-order":4}}}`
	whisperInput = `{"type":"object","title":"Transcription","required":["file"],"properties":{` + fileField + languageField +
		`,"response_format":{"type":"string","title":"Format","description":"Plain text, subtitles, or an object with times.","enum":["json","text","srt","vtt","verbose_json"],"x-order":4},` +
		`"timestamp_granularities":{"type":"array","title":"Times","description":"Of what verbose_json has times.","items":{"type":"string","enum":["word","segment"]},"x-order":5}}}`

	imageOutput = `{"type":"array","title":"Pictures","items":{"type":"string","format":"uri"}}`
	soundOutput = `{"type":"array","title":"Sound","items":{"type":"string","format":"uri"}}`
	textOutput  = `{"type":"string","title":"Text"}`
)
