package skytellstest_test

import (
	"strings"
	"testing"

	"skytower/internal/skytells/skytellstest"
)

// good is the answer of contract 6.1, whole.
const good = `{"id":"5f0c7d5e-8a70-4c3e-9a55-0d7a4b8d6d11","status":"succeeded","type":"inference","stream":false,
"input":{"prompt":"A lighthouse at dusk"},"output":["https://h/files/a/0.png"],"response":null,"error":null,
"created_at":"2026-03-04T21:20:58.000000Z","started_at":null,"completed_at":"2026-03-04T21:20:59.000000Z","updated_at":"2026-03-04T21:20:59.000000Z",
"privacy":"private","source":"api","model":{"name":"truefusion-pro","type":"image"},
"webhook":{"url":"https://app.example/hook","events":["completed"]},"metrics":{"image_count":1},
"metadata":{"billing":{"credits_used":0},"storage":{"files":[{"name":"0.png","type":"image/png","size":3,"url":"https://h/files/a/0.png"},
{"name":"1.png","type":"image/png","size":3,"url":"https://h/files/b/1.png"}]},"data_available":true},
"urls":{"get":"https://h/v1/predictions/x","cancel":"https://h/v1/predictions/x/cancel","stream":"https://h/v1/predictions/x/stream","delete":"https://h/v1/predictions/x/delete"}}`

func TestTheContractsExamplePasses(t *testing.T) {
	t.Parallel()
	if problems := skytellstest.CheckPrediction([]byte(good), skytellstest.SDK); problems != nil {
		t.Error(problems)
	}
}

func TestWhatBreaksClientsIsNoticed(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{
		{`"status":"succeeded"`, `"status":"queued"`},
		{`"status":"succeeded"`, `"status":"canceled"`},
		{`"status":"succeeded"`, `"status":"failed"`},
		{`"status":"succeeded"`, `"status":"processing"`},
		{`"source":"api"`, `"source":"dashboard"`},
		{`"type":"inference"`, `"type":"batch"`},
		{`"type":"inference"`, `"type":null`},
		{`"stream":false`, `"stream":null`},
		{`"privacy":"private",`, ``},
		{`"model":{"name":"truefusion-pro","type":"image"}`, `"model":"truefusion-pro"`},
		{`"type":"image"}`, `"type":"multimodal"}`},
		{`"get":"https://h/v1`, `"get":"/v1`},
		{`"error":null`, `"error":{"message":"x"}`},
		{`"error":null,`, ``},
		{`"created_at":"2026-03-04T21:20:58.000000Z"`, `"created_at":"2026-03-04T21:20:58+00:00"`},
		{`"output":["https://h/files/a/0.png"]`, `"output":{"a":1}`},
		{`"output":["https://h/files/a/0.png"]`, `"output":[1]`},
		{`"events":["completed"]`, `"events":null`},
		{`"size":3`, `"size":3.5`},
		{`https://h/files/b/1.png`, `https://h/files/b/0.png`},
		{`"credits_used":0`, `"credits_used":null`},
		{`"data_available":true`, `"data_available":1`},
	} {
		if !strings.Contains(good, c[0]) {
			t.Fatalf("the example has no %s", c[0])
		}
		if skytellstest.CheckPrediction([]byte(strings.ReplaceAll(good, c[0], c[1])), skytellstest.SDK) == nil {
			t.Errorf("%s passes", c[1])
		}
	}
	canceled := strings.Replace(strings.Replace(good, `"succeeded"`, `"canceled"`, 1), `"data_available":true`, `"data_available":false`, 1)
	if problems := skytellstest.CheckPrediction([]byte(canceled), skytellstest.CLI); problems != nil {
		t.Errorf("the command line's spelling: %v", problems)
	}
	for _, body := range []string{``, `[]`, `null`, `{}`} {
		if skytellstest.CheckPrediction([]byte(body), skytellstest.SDK) == nil {
			t.Errorf("%q passes", body)
		}
	}
}
