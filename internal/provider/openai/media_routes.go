package openai

import (
	"bytes"
	"encoding/base64"
	"mime"
	"mime/multipart"
	"net/textproto"
	"strings"

	"skytower/internal/provider"
	"skytower/internal/provider/remote"
	"skytower/internal/rawjson"
)

const jsonType = "application/json"

// imageBody is the input as it is: its fields are the route's.
func (w *mediaRun) imageBody() (body []byte, contentType string, err error) {
	return w.edit().Append(nil), jsonType, nil
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
		return nil, broken("the answer has no data")
	}
	kind := ""
	if format := remote.Member(answer.Body, "output_format"); format != "" {
		kind = "image/" + format
	}
	result := &provider.Result{}
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
			return provider.Output{}, broken("a picture is not base64: %w", err)
		}
		return provider.Output{Data: content, Type: kind}, nil
	}
	address, _ := rawjson.Get(picture, "url")
	result, err := w.client.Result(w.names, w.Kind, address)
	if err != nil || len(result.Files) != 1 {
		return provider.Output{}, broken("a picture has neither content nor an address")
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
		return nil, broken("the answer is empty")
	case strings.HasPrefix(kind, "text/"), kind == jsonType:
		return nil, broken("the answer is %s and not a sound", kind)
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
	var buf bytes.Buffer
	form := multipart.NewWriter(&buf)
	err = form.WriteField("model", w.Model)
	rawjson.Top(w.input.Bytes(), func(key, value []byte) bool {
		if err == nil {
			err = w.formField(form, string(key), value)
		}
		return err == nil
	})
	if err == nil {
		err = formFile(form, kind, sound)
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		return nil, "", broken("write the form: %w", err)
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
	case "model", "file", "audio", "stream":
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

// formFile writes the sound. Its format is known by the name.
func formFile(form *multipart.Writer, kind string, content []byte) error {
	part, err := form.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {`form-data; name="file"; filename="sound` + remote.Extension(kind) + `"`},
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
		return nil, broken("the answer has no text")
	}
	text := remote.Member(answer.Body, "text")
	return &provider.Result{Text: &text}, nil
}
