package replicate

import (
	"bytes"
	"context"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"

	"skytower/internal/egress"
	"skytower/internal/provider"
	"skytower/internal/provider/remote"
	"skytower/internal/rawjson"
)

// maxInline is the largest data URL that the upstream takes in an input, in bytes.
const maxInline = 256 << 10

// upload gives the input's large data URLs to the upstream as files, and returns the
// input with their addresses in place. The upstream deletes them after a day.
//
// It comes before Submitting: a file costs nothing, and one sent twice does no harm.
func (w *run) upload(ctx context.Context) ([]byte, error) {
	var spans []rawjson.Span
	rawjson.WalkStrings(w.Input, func(_ *rawjson.Path, at rawjson.Span) bool {
		if at.End-at.Start > maxInline && isData(w.Input[at.Start:at.End]) {
			spans = append(spans, at)
		}
		return true
	})
	var with []rawjson.Replacement
	sent := map[string]string{} // the same picture twice is one file
	for _, at := range spans {
		s, err := rawjson.Unquote(w.Input[at.Start:at.End])
		if err != nil {
			return nil, remote.Broken("read a data URL: %w", err)
		}
		address, ok := sent[s]
		if !ok {
			if address, err = w.uploadOne(ctx, s, len(sent)+1); err != nil {
				return nil, err
			}
			sent[s] = address
		}
		with = append(with, rawjson.Replacement{Span: at, Raw: rawjson.AppendQuote(nil, address)})
	}
	if len(with) == 0 {
		return w.Input, nil
	}
	return rawjson.Splice(nil, w.Input, with), nil
}

// isData looks at a string with its quotes.
func isData(quoted []byte) bool {
	const scheme = `"data:`
	return len(quoted) > len(scheme) && strings.EqualFold(string(quoted[:len(scheme)]), scheme)
}

// uploadOne uploads the content of a data URL and returns the file's address.
func (w *run) uploadOne(ctx context.Context, s string, n int) (string, error) {
	kind, content, err := remote.DecodeDataURL(s)
	if err != nil {
		return "", &provider.Error{Class: provider.Rejected, Message: "A data URL in the input cannot be read: " + err.Error() + "."}
	}
	body, form, err := fileForm(fmt.Sprintf("input-%d%s", n, remote.Extension(kind)), kind, content)
	if err != nil {
		return "", remote.Broken("write the form of an input file: %w", err)
	}
	answer, err := w.p.client.Do(ctx, &remote.Request{
		Names: w.names, Method: http.MethodPost, URL: w.p.client.URL("files"), Body: body,
		Header: egress.Header{{Name: "Content-Type", Value: form}},
	})
	if err != nil {
		return "", err
	}
	if err := answer.Object(); err != nil {
		return "", err
	}
	address := remote.Member(answer.Body, "urls", "get")
	if address == "" {
		return "", remote.Broken("the uploaded file has no address")
	}
	return address, nil
}

// fileForm is a form with one file, and its type.
func fileForm(name, kind string, content []byte) (body []byte, form string, err error) {
	var buf bytes.Buffer
	w := multipart.NewWriter(&buf)
	part, err := w.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {`form-data; name="content"; filename="` + name + `"`},
		"Content-Type":        {kind},
	})
	if err != nil {
		return nil, "", err
	}
	if _, err := part.Write(content); err != nil {
		return nil, "", err
	}
	if err := w.Close(); err != nil {
		return nil, "", err
	}
	return buf.Bytes(), w.FormDataContentType(), nil
}
