package inference_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/catalog"
	"skytower/internal/egress"
	"skytower/internal/fault"
	"skytower/internal/inference"
	"skytower/internal/provider"
)

// message puts content parts into a chat request.
func message(parts string) string {
	return `{"model":"m","messages":[{"role":"user","content":[` + parts + `]}]}`
}

const (
	metadataService = "http://169.254.169.254/latest/meta-data/"
	image           = `{"type":"image_url","image_url":{"url":"` + metadataService + `"}}`
)

// spellings are ways to name an address that some JSON reader of some upstream
// takes for one.
func spellings() map[string]string {
	return map[string]string{
		"plain":                message(image),
		"url as a string":      message(`{"type":"image_url","image_url":"` + metadataService + `"}`),
		"escaped key":          message(`{"type":"image_url","image\u005furl":{"\u0075rl":"` + metadataService + `"}}`),
		"capitals":             message(`{"type":"image_url","IMAGE_URL":"` + metadataService + `"}`),
		"capitals, escaped":    message(`{"type":"image_url","Image_Url":{"\u0055RL":"` + metadataService + `"}}`),
		"escaped value":        message(`{"type":"image_url","image_url":{"url":"http:\/\/169\u002e254.169.254\/latest\/meta-data\/"}}`),
		"twice":                message(`{"type":"image_url","image_url":{"url":"data:,x","url":"` + metadataService + `"}}`),
		"in a list":            message(`{"type":"image_url","image_url":["` + metadataService + `"]}`),
		"deeper":               message(`{"type":"x","a":[[{"b":{"image_url":{"url":"` + metadataService + `"}}}]]}`),
		"video":                message(`{"type":"video_url","video_url":{"url":"` + metadataService + `"}}`),
		"in a tool's result":   `{"model":"m","messages":[{"role":"tool","content":[` + image + `]}]}`,
		"at the top":           `{"model":"m","messages":[],"extra":{"url":"` + metadataService + `"}}`,
		"metadata deeper down": message(`{"metadata":{"image_url":"` + metadataService + `"}}`),
		"white space":          message(`{"type":"image_url","image_url":{"url":"\n ` + metadataService + ` "}}`),
	}
}

func TestAddressesAreFetchedHere(t *testing.T) {
	t.Parallel()
	for name, body := range spellings() {
		u := &upstream{answer: provider.Answer{Body: []byte("{}")}}
		d := newDesk(u)
		if _, err := d.call(t.Context(), t, inference.Chat, body); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		sent := string(u.calls[0].Body.Bytes())
		if !slices.Equal(d.fetched, []string{metadataService}) || strings.Contains(sent, "169") || !strings.Contains(sent, `"data:image/png;base64,UE5H"`) {
			t.Errorf("%s: fetched %q, sent %s", name, d.fetched, sent)
		}
	}
}

func TestAddressesAreRefusedWhereDenied(t *testing.T) {
	t.Parallel()
	for name, body := range spellings() {
		u := &upstream{}
		d := newDesk(u)
		d.targets[0].FetchInputs = catalog.FetchDeny
		if _, err := d.call(t.Context(), t, inference.Chat, body); !fault.Is(err, fault.SecurityViolation) || len(u.calls)+len(d.fetched) != 0 {
			t.Errorf("%s: got %v, %d calls, fetched %q", name, err, len(u.calls), d.fetched)
		}
	}
}

func TestAddressesPassUntouched(t *testing.T) {
	t.Parallel()
	for name, body := range spellings() {
		u := &upstream{}
		d := newDesk(u)
		d.targets[0].FetchInputs = catalog.FetchPass
		if _, err := d.call(t.Context(), t, inference.Chat, body); err != nil || string(u.calls[0].Body.Bytes()) != body || len(d.fetched) != 0 {
			t.Errorf("%s: %v, sent %s", name, err, u.calls[0].Body.Bytes())
		}
	}
}

func TestWhatIsNoAddress(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"a data URL":           message(`{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}`),
		"a data URL, capitals": message(`{"type":"image_url","image_url":{"url":"DATA:image/png;base64,AAAA"}}`),
		"in the text":          message(`{"type":"text","text":"see ` + metadataService + ` {\"image_url\":\"http://x\"}"}`),
		"the caller's own":     `{"model":"m","messages":[],"metadata":{"callback_url":"` + metadataService + `"}}`,
		"a schema's field":     `{"model":"m","messages":[],"tools":[{"function":{"parameters":{"properties":{"url":{"type":"string"}}}}}]}`,
		"no string":            message(`{"type":"image_url","image_url":{"url":null,"a_url":7}}`),
	} {
		u := &upstream{}
		d := newDesk(u)
		d.targets[0].FetchInputs = catalog.FetchDeny
		if _, err := d.call(t.Context(), t, inference.Chat, body); err != nil || string(u.calls[0].Body.Bytes()) != body {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestResponsesInputsAreFetchedToo(t *testing.T) {
	t.Parallel()
	const body = `{"model":"m","input":[{"role":"user","content":[{"type":"input_text","text":"what is it?"},{"type":"input_image","image_url":"https://example.com/a.png","detail":"low"}]}]}`
	native := &upstream{answer: provider.Answer{Body: []byte("{}")}}
	d := newDesk(responder{native: native})
	if _, err := d.call(t.Context(), t, inference.Responses, body); err != nil {
		t.Fatal(err)
	}
	if sent := string(native.calls[0].Body.Bytes()); sent != strings.Replace(body, "https://example.com/a.png", "data:image/png;base64,UE5H", 1) {
		t.Errorf("sent %s", sent)
	}
	chat := &upstream{answer: provider.Answer{Body: []byte(`{"choices":[{"message":{"content":"a tower"}}]}`)}}
	d = newDesk(chat)
	if _, err := d.call(t.Context(), t, inference.Responses, body); err != nil {
		t.Fatal(err)
	}
	want := `{"model":"up-a","messages":[{"role":"user","content":[{"type":"text","text":"what is it?"},{"type":"image_url","image_url":{"url":"data:image/png;base64,UE5H","detail":"low"}}]}]}`
	if sent := string(chat.calls[0].Body.Bytes()); sent != want {
		t.Errorf("sent %s", sent)
	}
}

func TestFetchedContentIsPlacedWhereItsAddressStood(t *testing.T) {
	t.Parallel()
	u := &upstream{}
	d := newDesk(u)
	d.contents = map[string]egress.Fetched{}
	var parts, want []string
	for i := range 16 {
		address, content := fmt.Sprintf("https://example.com/%d", i), fmt.Sprintf("content %d", i)
		d.contents[address] = egress.Fetched{Body: []byte(content), ContentType: "image/webp; q=1"}
		parts = append(parts, fmt.Sprintf(`{"type":"image_url","image_url":{"url":%q}}`, address))
		want = append(want, fmt.Sprintf(`{"type":"image_url","image_url":{"url":"data:image/webp;base64,%s"}}`, base64.StdEncoding.EncodeToString([]byte(content))))
	}
	if _, err := d.call(t.Context(), t, inference.Chat, message(strings.Join(parts, ","))); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(message(strings.Join(want, ",")), string(u.calls[0].Body.Bytes())); diff != "" {
		t.Error(diff)
	}
	parts = append(parts, image)
	if _, err := d.call(t.Context(), t, inference.Chat, message(strings.Join(parts, ","))); !fault.Is(err, fault.InvalidRequest) || !strings.Contains(err.Error(), "17 addresses") {
		t.Errorf("17 addresses: %v", err)
	}
}

func TestWhyAnAddressWasNotFetched(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err   error
		id    fault.ID
		holds string
	}{
		{&egress.Refused{Host: "169.254.169.254"}, fault.SecurityViolation, "may not be reached"},
		{fmt.Errorf("redirect: %w", &egress.Refused{}), fault.SecurityViolation, "may not be reached"},
		{egress.ErrTooLarge, fault.InvalidParameter, "20 MiB"},
		{egress.ErrContentType, fault.InvalidParameter, "neither an image"},
		{&egress.StatusError{Status: 404}, fault.InvalidParameter, "could not be fetched"},
		{errors.New("dial tcp 10.0.0.1:80: refused"), fault.InvalidParameter, "could not be fetched"},
	} {
		u := &upstream{}
		d := newDesk(u)
		d.targets = append(d.targets, catalog.Target{Provider: "a"})
		d.fetchErr = c.err
		_, err := d.call(t.Context(), t, inference.Chat, message(image))
		f := fault.From(err)
		if f.ID != c.id || !strings.Contains(f.Message, c.holds) || f.Param != "messages[0].content[0].image_url.url" || !strings.Contains(f.Message, f.Param) {
			t.Errorf("%v: got %+v", c.err, f)
		}
		if strings.Contains(f.Message, "10.0.0.1") || len(u.calls) != 0 || d.times("release") != 1 {
			t.Errorf("%v: %s, %d calls, steps %v", c.err, f.Message, len(u.calls), d.journal)
		}
	}
}

func TestContentIsFetchedOnceForAllTargets(t *testing.T) {
	t.Parallel()
	first, second, third := &upstream{err: failure(provider.Busy, 429)}, &upstream{err: failure(provider.Busy, 429)}, &upstream{answer: provider.Answer{Body: []byte("{}")}}
	d := newDesk(first)
	d.adapters["b"], d.adapters["c"] = second, third
	d.targets = append(d.targets,
		catalog.Target{Provider: "b", Model: "up-b", FetchInputs: catalog.FetchProxy}, catalog.Target{Provider: "c", Model: "up-c", FetchInputs: catalog.FetchPass})
	if _, err := d.call(t.Context(), t, inference.Chat, message(image)); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(d.fetched, []string{metadataService}) {
		t.Errorf("fetched %q, want it once", d.fetched)
	}
	if strings.Contains(string(second.calls[0].Body.Bytes()), "169.254") || !strings.Contains(string(third.calls[0].Body.Bytes()), "169.254") {
		t.Error("a target did not get the body of its own policy")
	}
}
