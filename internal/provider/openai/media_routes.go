package openai

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/textproto"
	"strings"

	"skytower/internal/egress"
	"skytower/internal/provider"
	"skytower/internal/provider/remote"
	"skytower/internal/rawjson"
)

const jsonType = "application/json"

// imageBody is the input as it is: its fields are the route's.
func (w *mediaRun) imageBody() (body []byte, contentType string, err error) {
	return w.edit().Append(nil), jsonType, nil
}

// editBody is a form with the pictures as files.
func (w *mediaRun) editBody() (body []byte, contentType string, err error) {
	return w.form(func(form *multipart.Writer) error {
		if err := w.pictures(form, "image"); err != nil {
			return err
		}
		return w.pictures(form, "mask")
	})
}

// pictures writes those of a field: one, or a list.
func (w *mediaRun) pictures(form *multipart.Writer, name string) error {
	value, _ := w.input.Raw(name)
	addresses, field := [][]byte{value}, name
	switch rawjson.KindOf(value) {
	case rawjson.Missing, rawjson.KindNull:
		return nil
	case rawjson.KindArray:
		addresses = nil
		rawjson.Elements(value, func(one []byte) bool {
			addresses = append(addresses, one)
			return true
		})
		if len(addresses) > 1 {
			field += "[]"
		}
	}
	for _, address := range addresses {
		s, err := rawjson.Unquote(address)
		if err != nil {
			return rejected("The field '%s' must be a data URL, or the link of an uploaded file.", name)
		}
		kind, content, err := remote.DecodeDataURL(s)
		if err != nil {
			return rejected("The field '%s' must be a data URL, or the link of an uploaded file: %s.", name, err)
		}
		if err := formFile(form, field, "picture", kind, content); err != nil {
			return err
		}
	}
	return nil
}

// imageEvents reads pictures as they come: partial ones, and the last.
func (w *mediaRun) imageEvents(events *remote.Events) (*provider.Result, error) {
	result := &provider.Result{}
	err := w.each(events, func(e remote.Event) error {
		kind := remote.Member(e.Data, "type")
		whole := strings.HasSuffix(kind, ".completed")
		if !whole && !strings.HasSuffix(kind, ".partial_image") {
			return nil
		}
		format := remote.Member(e.Data, "output_format")
		if format != "" {
			format = "image/" + format
		}
		out, err := w.picture(e.Data, format)
		switch {
		case err != nil:
			return err
		case whole:
			result.Files = append(result.Files, out)
			result.Counts = counted(result.Counts, e.Data)
		default:
			w.Watch.Progress(provider.Progress{Output: []provider.Output{out}})
		}
		return nil
	})
	if err == nil && len(result.Files) == 0 {
		err = remote.Broken("the stream has no picture")
	}
	return result, err
}

// each reads a stream to its end. An event that is an error is what went wrong.
func (w *mediaRun) each(events *remote.Events, visit func(remote.Event) error) error {
	for {
		e, err := events.Next()
		if errors.Is(err, io.EOF) || err == nil && string(e.Data) == "[DONE]" {
			return nil
		}
		if err != nil {
			return err
		}
		if !rawjson.Valid(e.Data) || rawjson.KindOf(e.Data) != rawjson.KindObject {
			return remote.Broken("an event of the stream is not a JSON object")
		}
		if err := w.failed(e.Data); err != nil {
			return err
		}
		if err := visit(e); err != nil {
			return err
		}
	}
}

// images reads the pictures, which stand in the answer or at an address.
func (w *mediaRun) images(answer *remote.Answer) (*provider.Result, error) {
	if err := answer.Object(); err != nil {
		return nil, err
	}
	if err := w.failed(answer.Body); err != nil {
		return nil, err
	}
	data, _ := rawjson.Get(answer.Body, "data")
	if rawjson.KindOf(data) != rawjson.KindArray {
		return nil, remote.Broken("the answer has no data")
	}
	kind := ""
	if format := remote.Member(answer.Body, "output_format"); format != "" {
		kind = "image/" + format
	}
	result := &provider.Result{Counts: counted(nil, answer.Body)}
	var err error
	rawjson.Elements(data, func(picture []byte) bool {
		var out provider.Output
		if out, err = w.picture(picture, kind); err == nil {
			result.Files = append(result.Files, out)
		}
		return err == nil
	})
	if err == nil && len(result.Files) == 0 {
		err = w.client.Failed(w.names, "The model ended without an output.")
	}
	return result, err
}

func (w *mediaRun) picture(picture []byte, kind string) (provider.Output, error) {
	if coded := remote.Member(picture, "b64_json"); coded != "" {
		content, err := base64.StdEncoding.DecodeString(coded)
		if err != nil {
			return provider.Output{}, remote.Broken("a picture is not base64: %w", err)
		}
		return provider.Output{Data: content, Type: kind}, nil
	}
	address, _ := rawjson.Get(picture, "url")
	result, err := w.client.Result(w.names, w.Kind, address)
	if err != nil || len(result.Files) != 1 {
		return provider.Output{}, remote.Broken("a picture has neither content nor an address")
	}
	return result.Files[0], nil
}

// speechBody puts the text where the route wants it: callers know it as text.
func (w *mediaRun) speechBody() (body []byte, contentType string, err error) {
	edit := w.edit()
	if w.text("input") == "" {
		text := w.text("text")
		if text == "" {
			return nil, "", rejected("The input has no 'text' to speak.")
		}
		edit.SetString("input", text)
	}
	return edit.Delete("text").Append(nil), jsonType, nil
}

// aloud has a sound told while it is read. Nothing else can follow it: whatever fails from
// here on is Ambiguous. What may be an error in place of a sound is not told.
func (w *mediaRun) aloud(resp *egress.Response) {
	kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err == nil && (strings.HasPrefix(kind, "text/") || kind == jsonType) {
		return
	}
	resp.Body = &spoken{Body: resp.Body, kind: kind, watch: w.Watch}
}

// spoken is the content of a sound, of which each piece is told.
type spoken struct {
	egress.Body
	kind  string
	watch provider.Watcher
	begun bool
	mute  bool
}

// Read tells what it reads, but for content that begins as JSON does.
func (t *spoken) Read(p []byte) (int, error) {
	n, err := t.Body.Read(p)
	if n > 0 {
		t.mute = t.mute || !t.begun && p[0] == '{'
		t.begun = true
	}
	if n > 0 && !t.mute {
		t.watch.Progress(provider.Progress{Sound: bytes.Clone(p[:n]), SoundType: t.kind})
	}
	return n, err
}

// speech takes the answer itself for the file.
func (w *mediaRun) speech(answer *remote.Answer) (*provider.Result, error) {
	kind, _, err := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if err != nil {
		kind = ""
	}
	if err := w.failed(answer.Body); err != nil {
		return nil, err
	}
	switch {
	case len(answer.Body) == 0:
		return nil, remote.Broken("the answer is empty")
	case strings.HasPrefix(kind, "text/"), kind == jsonType:
		return nil, remote.Broken("the answer is %s and not a sound", kind)
	}
	return &provider.Result{Files: []provider.Output{{Data: answer.Body, Type: kind, Name: w.soundName()}}}, nil
}

// soundName names the file by its format, mp3 unless the input asks for another.
func (w *mediaRun) soundName() string {
	switch format := w.text("response_format"); format {
	case "opus", "aac", "flac", "wav", "pcm":
		return "speech." + format
	}
	return "speech.mp3"
}

// transcriptionBody is a form with the sound as a file.
func (w *mediaRun) transcriptionBody() (body []byte, contentType string, err error) {
	field := "file"
	if w.text(field) == "" {
		field = "audio"
	}
	kind, sound, err := w.sound(field)
	if err != nil {
		return nil, "", err
	}
	return w.form(func(form *multipart.Writer) error { return formFile(form, "file", "sound", kind, sound) })
}

// form is a form of the input's fields, with files that write adds.
func (w *mediaRun) form(write func(*multipart.Writer) error) (body []byte, contentType string, err error) {
	var buf bytes.Buffer
	form := multipart.NewWriter(&buf)
	err = form.WriteField("model", w.Model)
	rawjson.Top(w.input.Bytes(), func(key, value []byte) bool {
		if err == nil {
			err = w.formField(form, string(key), value)
		}
		return err == nil
	})
	if err == nil && w.streams() {
		err = form.WriteField("stream", "true")
	}
	if err == nil {
		err = write(form)
	}
	if err == nil {
		err = form.Close()
	}
	var refused *provider.Error
	if err != nil && !errors.As(err, &refused) {
		err = remote.Broken("write the form: %w", err)
	}
	if err != nil {
		return nil, "", err
	}
	return buf.Bytes(), form.FormDataContentType(), nil
}

// sound reads the sound out of the input. Nothing is fetched here.
func (w *mediaRun) sound(field string) (kind string, content []byte, err error) {
	address := w.text(field)
	if address == "" {
		return "", nil, rejected("The input has no 'file' to write down.")
	}
	kind, content, err = remote.DecodeDataURL(address)
	if err != nil {
		return "", nil, rejected("The field '%s' must be a data URL, or the link of an uploaded file: %s.", field, err)
	}
	return kind, content, nil
}

// formField writes a field of the input as forms have it.
func (w *mediaRun) formField(form *multipart.Writer, name string, value []byte) error {
	switch name {
	case "model", "stream":
		return nil
	case "file", "audio", "image", "mask": // files
		return nil
	}
	switch rawjson.KindOf(value) {
	case rawjson.KindString:
		s, err := rawjson.Unquote(value)
		if err != nil {
			return err
		}
		return form.WriteField(name, s)
	case rawjson.KindNull:
		return nil
	case rawjson.KindArray:
		var err error
		rawjson.Elements(value, func(element []byte) bool {
			err = w.formField(form, name+"[]", element)
			return err == nil
		})
		return err
	}
	return form.WriteField(name, string(value))
}

// formFile writes a file. Its format is known by the name.
func formFile(form *multipart.Writer, field, name, kind string, content []byte) error {
	part, err := form.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {`form-data; name="` + field + `"; filename="` + name + remote.Extension(kind) + `"`},
		"Content-Type":        {kind},
	})
	if err != nil {
		return err
	}
	_, err = part.Write(content)
	return err
}

// transcript reads the text, which is the answer itself in formats such as srt.
func (w *mediaRun) transcript(answer *remote.Answer) (*provider.Result, error) {
	kind, _, err := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if err == nil && strings.HasPrefix(kind, "text/") && kind != "text/html" {
		text := string(answer.Body)
		return &provider.Result{Text: &text}, nil
	}
	if err := answer.Object(); err != nil {
		return nil, err
	}
	if err := w.failed(answer.Body); err != nil {
		return nil, err
	}
	if value, _ := rawjson.Get(answer.Body, "text"); rawjson.KindOf(value) != rawjson.KindString {
		return nil, remote.Broken("the answer has no text")
	}
	// Times of what is said stay with it.
	for _, name := range [...]string{"segments", "words"} {
		if list, _ := rawjson.Get(answer.Body, name); rawjson.KindOf(list) == rawjson.KindArray {
			return &provider.Result{JSON: rawjson.Compact(nil, answer.Body), Counts: counted(nil, answer.Body)}, nil
		}
	}
	text := remote.Member(answer.Body, "text")
	return &provider.Result{Text: &text, Counts: counted(nil, answer.Body)}, nil
}

// transcriptEvents reads a text as it comes. The end has the whole of it.
func (w *mediaRun) transcriptEvents(events *remote.Events) (*provider.Result, error) {
	var text *string
	var counts *provider.Counts
	err := w.each(events, func(e remote.Event) error {
		switch remote.Member(e.Data, "type") {
		case "transcript.text.delta":
			w.Watch.Progress(provider.Progress{Text: remote.Member(e.Data, "delta")})
		case "transcript.text.done":
			whole := remote.Member(e.Data, "text")
			text, counts = &whole, counted(nil, e.Data)
		}
		return nil
	})
	if err == nil && text == nil {
		err = remote.Broken("the stream has no end")
	}
	return &provider.Result{Text: text, Counts: counts}, err
}
