package chatform_test

import (
	"fmt"
	"strings"
	"testing"

	"skytower/internal/inference/chatform"
	"skytower/internal/provider"
)

// A document's pieces come in the order in which models make them, and count together as
// much as the document does, where that is known.
func TestSplit(t *testing.T) {
	t.Parallel()
	const all = `{"choices":[{"index":1,"delta":{"content":"other"}},{"delta":{"reasoning":"hm","content":"a\u00e9","refusal":"no","annotations":[1],` +
		`"tool_calls":[{"id":"c","function":{"id":"x","name":"f","arguments":{"a": 1}}},{"index":3,"function":{"arguments":"12"}}],"function_call":{"arguments":"3"}}}]}`
	for _, c := range []struct {
		doc   string
		plain bool
		total int
		want  string
	}{
		{all, false, 0, `0"hm"2 1"a\u00e9"3 2"no"2 3"[1]"0 4"{\"a\":1}"7@-1"c""f" 4"12"2@3 4"3"1@-2`},
		{all, true, 0, `0"hm"2 1"a\u00e9"3 1"no"2 4"{\"a\":1}"7@-1"c""f" 4"12"2@3 4"3"1@-2`},
		{all, true, 20, `0"hm"2 1"a\u00e9"3 1"no"2 4"{\"a\":1}"7@-1"c""f" 4"12"2@3 4"3"4@-2`}, // the rest is the last one's
		{all, true, 4, `0"hm"2 1"a\u00e9"2 1"no"1 4"{\"a\":1}"1@-1"c""f" 4"12"1@3 4"3"1@-2`},  // each has some
		{`{"choices":[{"delta":{"content":""},"finish_reason":"stop"}]}`, false, 0, ``},
		{`{"usage":{}}`, false, 5, ``},
	} {
		r := chatform.Reply{Plain: c.plain}
		if !r.Read([]byte(c.doc)) {
			t.Fatal(c.doc)
		}
		if err := r.Split(c.total); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, p := range r.Pieces {
			one := fmt.Sprintf(`%d"%s"%d`, p.Kind, p.Text, p.Bytes)
			if p.Kind == chatform.Call {
				one += fmt.Sprintf("@%d%s%s", p.Slot, p.ID, p.Name)
			}
			got = append(got, one)
		}
		if text := strings.Join(got, " "); text != c.want {
			t.Errorf("%s of %d\n got %s\nwant %s", c.doc, c.total, text, c.want)
		}
	}
}

// A text that is no JSON string would spoil what it is copied to.
func TestBroken(t *testing.T) {
	t.Parallel()
	for _, member := range []string{`"content":"\x"`, "\"refusal\":\"\x01\"", `"tool_calls":[{"id":"\x"}]`, `"function_call":{"name":"\x"}`} {
		var r chatform.Reply
		if !r.Read([]byte(`{"choices":[{"message":{` + member + `}}]}`)) {
			t.Fatal(member)
		}
		if err := r.Split(0); err == nil || provider.ClassOf(err) != provider.Broken {
			t.Errorf("%s: %v", member, err)
		}
	}
	if new(chatform.Reply).Read([]byte(`[]`)) {
		t.Error("read what is no object")
	}
}
