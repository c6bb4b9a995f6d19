package remote

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"

	"skytower/internal/egress"
	"skytower/internal/provider"
	"skytower/internal/rawjson"
)

// kindText is the kind of models whose strings are text and not addresses.
const kindText = "text"

// maxFiles bounds how many files of one output are named.
const maxFiles = 1000

// Result reads the output of work that ended well. A text model's strings are text,
// joined where they came in pieces; only data URLs among them are files. Of any
// other model, every address in the output is a file, and an output without one is
// text where it is one string, else JSON.
//
// A model that should have made something and put out nothing has failed.
func (c *Client) Result(n Names, kind string, output []byte) (*provider.Result, error) {
	if files := c.files(kind, output); len(files) > 0 {
		return &provider.Result{Files: files}, nil
	}
	if s, ok := textOf(kind, output); ok {
		return &provider.Result{Text: &s}, nil
	}
	if nothing(output) {
		return nil, c.Failed(n, "The model ended without an output.")
	}
	return &provider.Result{JSON: rawjson.Compact(nil, output)}, nil
}

// textOf is an output that is text: one string of any model, and what a text model
// put out in pieces, or not at all.
func textOf(kind string, output []byte) (string, bool) {
	switch rawjson.KindOf(output) {
	case rawjson.KindString:
		s := Text(output)
		return s, kind == kindText || s != ""
	case rawjson.KindArray:
		s, ok := joined(output)
		return s, ok && kind == kindText
	case rawjson.Missing, rawjson.KindNull:
		return "", kind == kindText
	}
	return "", false
}

// joined is an array of strings as one.
func joined(array []byte) (string, bool) {
	var all strings.Builder
	ok := true
	rawjson.Elements(array, func(value []byte) bool {
		s, err := rawjson.Unquote(value)
		all.WriteString(s)
		ok = err == nil
		return ok
	})
	return all.String(), ok
}

// Joined is the strings of an array as one text.
func Joined(array []byte) string {
	s, _ := joined(array)
	return s
}

func nothing(output []byte) bool {
	switch rawjson.KindOf(output) {
	case rawjson.Missing, rawjson.KindNull:
		return true
	case rawjson.KindString, rawjson.KindArray, rawjson.KindObject:
		return len(rawjson.Compact(nil, output)) == len(`""`)
	}
	return false
}

// files are the files that the output names, in its order.
func (c *Client) files(kind string, output []byte) []provider.Output {
	if kind == kindText && rawjson.KindOf(output) == rawjson.KindObject {
		return nil // stays together, as JSON
	}
	var files []provider.Output
	rawjson.WalkStrings(output, func(_ *rawjson.Path, at rawjson.Span) bool {
		if f, ok := c.file(kind, Text(output[at.Start:at.End])); ok {
			files = append(files, f)
		}
		return len(files) < maxFiles
	})
	return files
}

// file reads an address. One at the upstream's own host may be out of reach for
// anybody else, so the adapter opens it itself.
//
// It sends no credential there: the address was written by a model, which could
// name any route of the upstream, and what answers would become its caller's file.
func (c *Client) file(kind, s string) (provider.Output, bool) {
	if isDataURL(s) {
		return provider.Output{URL: s}, true
	}
	u, ok := webAddress(s)
	if !ok || kind == kindText {
		return provider.Output{}, false
	}
	out := provider.Output{Name: fileName(u)}
	if u.Scheme != c.base.Scheme || u.Host != c.base.Host {
		out.URL = s
		return out, true
	}
	out.Open = func(ctx context.Context) (io.ReadCloser, error) {
		resp, err := c.Open(ctx, &Request{
			Method: http.MethodGet, URL: u, Bare: true, Header: egress.Header{{Name: "Accept-Encoding", Value: "identity"}},
		})
		if err != nil {
			return nil, err
		}
		return resp.Body, nil
	}
	return out, true
}

// maxMediaType bounds what stands between "data:" and the comma, in bytes.
const maxMediaType = 256

func isDataURL(s string) bool {
	const scheme = "data:"
	return len(s) > len(scheme) && strings.EqualFold(s[:len(scheme)], scheme) &&
		strings.Contains(s[:min(len(s), maxMediaType)], ",")
}

// webAddress reads a text that is an absolute http address and nothing else.
func webAddress(s string) (*url.URL, bool) {
	if !strings.HasPrefix(s, "http://") && !strings.HasPrefix(s, "https://") || strings.ContainsAny(s, " \t\r\n") {
		return nil, false
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil {
		return nil, false
	}
	return u, true
}

// fileName is the last step of an address, "" where it is none.
func fileName(u *url.URL) string {
	name := path.Base(u.Path)
	if name == "." || name == "/" {
		return ""
	}
	return name
}
