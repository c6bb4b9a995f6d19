package inference_test

import (
	"strings"
	"testing"

	"skytower/internal/fault"
	"skytower/internal/inference"
)

// parse parses and checks, as Do does once the model is known.
func parse(api inference.API, body string, streamQuery bool) (*inference.Request, error) {
	r, err := inference.NewParser().Parse(api, []byte(body), streamQuery)
	if err != nil {
		return nil, err
	}
	return r, r.Check()
}

func TestParseReadsWhatTheServerActsOn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		api    inference.API
		body   string
		query  bool
		stream bool
		usage  bool
		tokens int64
	}{
		{inference.Chat, `{"model":"m","messages":[]}`, false, false, false, 0},
		{inference.Chat, `{"model":"m","messages":[]}`, true, true, false, 0},
		{inference.Chat, `{"model":"m","messages":[],"stream":false}`, true, true, false, 0},
		{inference.Chat, `{"messages":[],"stream":true,"stream_options":{"include_usage":true,"x":1},"max_tokens":5,"model":"m","unknown":[{}]}`, false, true, true, 5},
		{inference.Chat, `{"model":"m","messages":[],"max_tokens":5,"max_completion_tokens":7}`, false, false, false, 7},
		{inference.Chat, `{"model":"m","messages":[],"max_tokens":null,"stream":null,"stream_options":null,"n":null}`, false, false, false, 0},
		{inference.Responses, `{"model":"m","input":"x","stream":true,"max_output_tokens":9}`, false, true, false, 9},
		{inference.Responses, `{"model":"m","input":[]}`, false, false, false, 0},
		{inference.Responses, `{"model":"m","previous_response_id":"resp_1"}`, false, false, false, 0},
		{inference.Embeddings, `{"model":"m","input":[1,2],"encoding_format":"base64","dimensions":8}`, true, false, false, 0},
	} {
		r, err := parse(c.api, c.body, c.query)
		if err != nil {
			t.Errorf("%s: %v", c.body, err)
			continue
		}
		if r.Model != "m" || r.Stream != c.stream || r.IncludeUsage != c.usage || r.MaxTokens != c.tokens || string(r.Body.Bytes()) != c.body {
			t.Errorf("%s: got %+v", c.body, r)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	chat := func(more string) string { return `{"model":"m","messages":[]` + more + `}` }
	for _, c := range []struct {
		api   inference.API
		body  string
		id    fault.ID
		param string
	}{
		{inference.Chat, ``, fault.InvalidRequest, ""},
		{inference.Chat, `[]`, fault.InvalidRequest, ""},
		{inference.Chat, `{"model":"m","messages":[]`, fault.InvalidRequest, ""},
		{inference.Chat, `{"model":"m","messages":[]} x`, fault.InvalidRequest, ""},
		{inference.Chat, `{"messages":[]}`, fault.InvalidParameter, "model"},
		{inference.Chat, `{"model":"","messages":[]}`, fault.InvalidParameter, "model"},
		{inference.Chat, `{"model":null,"messages":[]}`, fault.InvalidParameter, "model"},
		{inference.Chat, `{"model":7,"messages":[]}`, fault.InvalidParameter, "model"},
		{inference.Chat, `{"model":"m"}`, fault.InvalidParameter, "messages"},
		{inference.Chat, `{"model":"m","messages":"hi"}`, fault.InvalidParameter, "messages"},
		{inference.Chat, chat(`,"stream":"yes"`), fault.InvalidParameter, "stream"},
		{inference.Chat, chat(`,"stream_options":[]`), fault.InvalidParameter, "stream_options"},
		{inference.Chat, chat(`,"stream_options":{"include_usage":1}`), fault.InvalidParameter, "stream_options.include_usage"},
		{inference.Chat, chat(`,"n":0`), fault.InvalidParameter, "n"},
		{inference.Chat, chat(`,"n":1.5`), fault.InvalidParameter, "n"},
		{inference.Chat, chat(`,"max_tokens":-1`), fault.InvalidParameter, "max_tokens"},
		{inference.Chat, chat(`,"max_completion_tokens":"5"`), fault.InvalidParameter, "max_completion_tokens"},
		{inference.Chat, chat(`,"temperature":"hot"`), fault.InvalidParameter, "temperature"},
		{inference.Chat, chat(`,"top_p":{}`), fault.InvalidParameter, "top_p"},
		{inference.Chat, chat(`,"tools":{}`), fault.InvalidParameter, "tools"},
		{inference.Responses, `{"model":"m"}`, fault.InvalidParameter, "input"},
		{inference.Responses, `{"model":"m","input":null}`, fault.InvalidParameter, "input"},
		{inference.Responses, `{"model":"m","input":5}`, fault.InvalidParameter, "input"},
		{inference.Responses, `{"model":"m","input":"x","max_output_tokens":0}`, fault.InvalidParameter, "max_output_tokens"},
		{inference.Embeddings, `{"model":"m"}`, fault.InvalidParameter, "input"},
		{inference.Embeddings, `{"model":"m","input":{}}`, fault.InvalidParameter, "input"},
		{inference.Embeddings, `{"model":"m","input":"x","encoding_format":"hex"}`, fault.InvalidParameter, "encoding_format"},
		{inference.Embeddings, `{"model":"m","input":"x","dimensions":0}`, fault.InvalidParameter, "dimensions"},
		{inference.Embeddings, `{"model":"m","input":"x","dimensions":"8"}`, fault.InvalidParameter, "dimensions"},
	} {
		_, err := parse(c.api, c.body, false)
		f := fault.From(err)
		if f == nil || f.ID != c.id || f.Param != c.param || !strings.Contains(f.Message, c.param) || f.HTTPStatus() != 400 {
			t.Errorf("%s %s: got %+v", c.api, c.body, f)
		}
	}
}

// What is told before the model is known, and what after (design, Errors).
func TestFieldsAreCheckedAfterTheModel(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		api   inference.API
		body  string
		early bool
	}{
		{inference.Chat, `{"model":"m"}`, false},
		{inference.Chat, `{"model":"m","messages":7,"n":0,"max_tokens":"x","stream_options":1}`, false},
		{inference.Responses, `{"model":"m","max_output_tokens":0}`, false},
		{inference.Embeddings, `{"model":"m","dimensions":0}`, false},
		{inference.Chat, `{"model":"m","messages":[],"stream":1}`, true},
		{inference.Chat, `{"model":"m","messages":[],"n":1,"n":2}`, true},
		{inference.Embeddings, `{"input":"x"}`, true},
	} {
		r, err := inference.NewParser().Parse(c.api, []byte(c.body), false)
		if (err != nil) != c.early || err == nil && r.Check() == nil {
			t.Errorf("%s: parsed with %v", c.body, err)
		}
	}
}

// A field that we act on and that an upstream may read otherwise than we did would
// bypass price, limits and allow-lists.
func TestAmbiguousFieldsAreRefused(t *testing.T) {
	t.Parallel()
	bodies := map[inference.API]string{
		inference.Chat: `{"model":"m","messages":[],"stream":false,"max_tokens":5`, inference.Responses: `{"model":"m","input":"x","stream":false`,
		inference.Embeddings: `{"model":"m","input":"x","dimensions":5`,
	}
	for api, body := range bodies {
		for _, more := range []string{`"model":"other"`, `"Model":"other"`, `"MODEL":"other"`, `"\u006dodel":"other"`, `"mod\u0065l":"other"`} {
			_, err := inference.NewParser().Parse(api, []byte(body+`,`+more+`}`), false)
			if f := fault.From(err); f == nil || f.HTTPStatus() != 400 || !strings.Contains(f.Message, "model") {
				t.Errorf("%s %s: got %v", api, more, err)
			}
		}
	}
	for _, more := range []string{`"stream":true`, `"Stream":true`, `"max_tokens":9999`, `"Max_Tokens":9999`, `"ſtream":true`, `"max_to\u212Aens":9`} {
		if _, err := inference.NewParser().Parse(inference.Chat, []byte(bodies[inference.Chat]+`,`+more+`}`), false); err == nil {
			t.Errorf("%s passed", more)
		}
	}
}
