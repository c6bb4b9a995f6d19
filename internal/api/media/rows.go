package media

import (
	"net/http"

	"skytower/internal/account"
	"skytower/internal/api"
	"skytower/internal/fault"
)

const (
	tag        = "Media"
	dryRunText = " With `dry_run: true` nothing runs: the answer is a DryRun object with what the call would cost."
	workText   = " Each call is a prediction, or several: the header `X-Skytells-Prediction` names them. A caller who leaves cancels them, unless the call has an `Idempotency-Key`."
)

func routeErrors() []fault.ID {
	return []fault.ID{
		fault.Unauthorized, fault.AccountSuspended, fault.PaymentRequired, fault.InsufficientCredits, fault.Forbidden, fault.SecurityViolation, fault.ModelNotFound,
		fault.InvalidRequest, fault.InvalidParameter, fault.ModelNotSupported, fault.RateLimited, fault.InternalError, fault.InferenceError, fault.ServiceUnavailable,
		fault.InferenceTimeout,
	}
}

// route is what the rows have in common.
func route(path, id, summary, description string) api.Route {
	return api.Route{
		Method: http.MethodPost, Pattern: path, Surface: api.Inference, ID: id, Tag: tag, Summary: summary, Description: description + workText + dryRunText,
		Scope: account.PredictionsCreate, Errors: routeErrors(),
	}
}

func (h *Handlers) generationsRow() api.Route {
	r := route("/v1/images/generations", "createImage", "Make pictures",
		"OpenAI's images route, for every model that makes pictures of a prompt. Fields go where the model's input schema has them, under its names; "+
			"fields of that schema are taken, too. What has no place there and would change the picture is refused.")
	r.Request, r.Response = ImageRequest{}, Pictures{}
	r.Streams, r.Events = true, pictureEvents("image_generation")
	r.Example = `{"model": "acme/painter", "prompt": "a lighthouse at dusk", "size": "1024x1024"}`
	r.Answer = `{"created": 1785000000, "data": [{"url": "https://tower.example.com/files/file-01/picture.png?expires=1785086400&signature=c2ln"}], "size": "1024x1024", "output_format": "png"}`
	r.Key = h.generate
	return r
}

func (h *Handlers) editsRow() api.Route {
	r := route("/v1/images/edits", "editImage", "Change pictures",
		"OpenAI's route of edits, for every model that takes a picture and makes one. Several pictures are sent as `image[]`. A model that reads no prompt, such as one that only enlarges, needs none.")
	r.Request, r.Multipart, r.Response = EditForm{}, true, Pictures{}
	r.Streams, r.Events = true, pictureEvents("image_edit")
	r.Key = h.edit
	return r
}

func pictureEvents(route string) []api.Event {
	return []api.Event{
		{Name: route + ".partial_image", Text: "A picture that is not done yet, where `partial_images` asks for some and the model gives any.", Data: PictureEvent{}},
		{Name: route + ".completed", Text: "A picture.", Data: PictureEvent{}},
	}
}

func (h *Handlers) speechRow() api.Route {
	r := route("/v1/audio/speech", "createSpeech", "Speak a text",
		"OpenAI's speech route, for every model that makes a sound of a text. The answer is the file, with its own content type; with `stream_format: sse` it comes in pieces, as events. "+
			"Where an upstream sends a sound while it makes it, so does this route; a caller who leaves then does not cancel it.")
	r.Request, r.Response = SpeechRequest{}, api.Binary{}
	r.Streams = true
	r.Events = []api.Event{
		{Name: "speech.audio.delta", Text: "The next piece of the file.", Data: SpeechEvent{}},
		{Name: "speech.audio.done", Text: "The end.", Data: SpeechEvent{}},
	}
	r.Example = `{"model": "acme/voice", "input": "Good evening.", "voice": "alloy"}`
	r.Key = h.speak
	return r
}

func (h *Handlers) transcriptionsRow() api.Route {
	r := route("/v1/audio/transcriptions", "createTranscription", "Write a sound down",
		"OpenAI's route of transcriptions, for every model that makes a text of a sound. `srt`, `vtt` and `verbose_json` need a model that gives times.")
	r.Request, r.Multipart, r.Response = TranscriptionForm{}, true, Transcript{}
	r.Streams = true
	r.Events = []api.Event{
		{Name: "transcript.text.delta", Text: "The next piece of the text.", Data: TranscriptEvent{}},
		{Name: "transcript.text.done", Text: "The end, with the whole text.", Data: TranscriptEvent{}},
	}
	r.Key = h.transcribe
	return r
}

// The types below are for the document alone.

// ImageRequest is the body that asks for pictures.
type ImageRequest struct {
	Model             string `json:"model" doc:"Slug or alias of a model that makes pictures."`
	Prompt            string `json:"prompt" doc:"What the picture shows."`
	N                 int64  `json:"n,omitempty" minimum:"1" maximum:"10" doc:"How many pictures; 1 if it is left out."`
	Size              string `json:"size,omitempty" doc:"Width and height such as 1024x1024, or auto."`
	Quality           string `json:"quality,omitempty"`
	Style             string `json:"style,omitempty"`
	Background        string `json:"background,omitempty"`
	OutputFormat      string `json:"output_format,omitempty" enum:"png,jpeg,webp"`
	OutputCompression int64  `json:"output_compression,omitempty" minimum:"0" maximum:"100"`
	ResponseFormat    string `json:"response_format,omitempty" enum:"url,b64_json" doc:"url if it is left out; b64_json in streams, and of models called gpt-image."`
	Seed              int64  `json:"seed,omitempty" doc:"Where the model has one; with several predictions each has the next."`
	Stream            bool   `json:"stream,omitempty"`
	PartialImages     int64  `json:"partial_images,omitempty" minimum:"0" maximum:"3" doc:"Of a stream: the most partial pictures of each prediction."`
	User              string `json:"user,omitempty"`
	DryRun            bool   `json:"dry_run,omitempty" doc:"Says what the call would cost, as a DryRun object, and runs nothing."`
}

// EditForm is the form that asks for changed pictures.
type EditForm struct {
	Image          api.Binary `json:"image" doc:"The picture, or an address; up to 16 as image[]."`
	Mask           api.Binary `json:"mask,omitempty" doc:"Where the model takes one: what is to be changed."`
	Model          string     `json:"model" doc:"Slug or alias of a model that takes pictures."`
	Prompt         string     `json:"prompt,omitempty" doc:"What is to be changed."`
	N              int64      `json:"n,omitempty" minimum:"1" maximum:"10"`
	Size           string     `json:"size,omitempty"`
	Quality        string     `json:"quality,omitempty"`
	Background     string     `json:"background,omitempty"`
	InputFidelity  string     `json:"input_fidelity,omitempty" enum:"high,low"`
	OutputFormat   string     `json:"output_format,omitempty" enum:"png,jpeg,webp"`
	ResponseFormat string     `json:"response_format,omitempty" enum:"url,b64_json"`
	Stream         bool       `json:"stream,omitempty"`
	PartialImages  int64      `json:"partial_images,omitempty" minimum:"0" maximum:"3"`
	User           string     `json:"user,omitempty"`
	DryRun         bool       `json:"dry_run,omitempty"`
}

// SpeechRequest is the body that asks for speech.
type SpeechRequest struct {
	Model          string  `json:"model" doc:"Slug or alias of a model that speaks."`
	Input          string  `json:"input" doc:"The text."`
	Voice          string  `json:"voice,omitempty" doc:"The name of a voice; a model that has but one speaks with that."`
	ResponseFormat string  `json:"response_format,omitempty" doc:"Format of the file, where the model has a choice."`
	Speed          float64 `json:"speed,omitempty"`
	Instructions   string  `json:"instructions,omitempty"`
	StreamFormat   string  `json:"stream_format,omitempty" enum:"audio,sse"`
	DryRun         bool    `json:"dry_run,omitempty"`
}

// TranscriptionForm is the form that asks for a transcript.
type TranscriptionForm struct {
	File                   api.Binary `json:"file" doc:"The sound, or an address."`
	Model                  string     `json:"model" doc:"Slug or alias of a model that writes sounds down."`
	Language               string     `json:"language,omitempty"`
	Prompt                 string     `json:"prompt,omitempty"`
	ResponseFormat         string     `json:"response_format,omitempty" enum:"json,text,srt,verbose_json,vtt"`
	Temperature            float64    `json:"temperature,omitempty"`
	TimestampGranularities []string   `json:"timestamp_granularities,omitempty" doc:"segment, word; as timestamp_granularities[] in the form."`
	Stream                 bool       `json:"stream,omitempty"`
	DryRun                 bool       `json:"dry_run,omitempty"`
}
