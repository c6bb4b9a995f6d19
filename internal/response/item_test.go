package response

import (
	"strings"
	"testing"
)

func TestNamedGivesIDsToThoseWithout(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		`{"role":"user","content":"hi"}`:            "msg_",
		`{"type":"message"}`:                        "msg_",
		`{"type":"message","id":null}`:              "msg_",
		`{"type":"function_call","id":""}`:          "fc_",
		`{"type":"function_call_output"}`:           "fco_",
		`{"type":"reasoning","id":7}`:               "rs_",
		`{"type":"web_search_call","id":"a b"}`:     "item_",
		`{"id":"` + strings.Repeat("x", 300) + `"}`: "msg_",
		`{"id":"\u0000"}`:                           "msg_",
	} {
		item, err := Named([]byte(raw))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(item.ID, want) || len(item.ID) < len(want)+20 || field(t, item.Body, "id") != item.ID {
			t.Errorf("%s became %s with the id %s", raw, item.Body, item.ID)
		}
	}
}

func TestNamedKeepsWhatHasAnID(t *testing.T) {
	t.Parallel()
	const raw = ` {"type" : "message","id":"msg_\u0031", "x":1.0}`
	item, err := Named([]byte(raw))
	if err != nil || item.ID != "msg_1" || string(item.Body) != raw {
		t.Errorf("%+v, %v", item, err)
	}
	for _, bad := range []string{``, `[]`, `"x"`, `{"id":`, `{"type":3}`} {
		if _, err := Named([]byte(bad)); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}
