package translate_test

import (
	"encoding/json"
	"strings"
	"testing"

	"skytower/internal/fault"
	"skytower/internal/inference/translate"
)

// What can't be carried, or is of the wrong type, is named by its place.
func TestFaults(t *testing.T) {
	t.Parallel()
	const unsupported, invalid = fault.ModelNotSupported, fault.InvalidParameter
	for _, c := range []struct {
		body, param string
		id          fault.ID
	}{
		{`{"input":"x","conversation":"conv_1"}`, "conversation", unsupported},
		{`{"input":"x","prompt":{"id":"p"}}`, "prompt", unsupported},
		{`{}`, "input", invalid},
		{`{"input":null}`, "input", invalid},
		{`{"input":7}`, "input", invalid},
		{`{"input":[]}`, "input", invalid},
		{`{"input":[{"type":"reasoning","summary":[]}]}`, "input", invalid},
		{`{"input":[7]}`, "input[0]", invalid},
		{`{"input":["a"]}`, "input[0]", invalid},
		{`{"input":[{}]}`, "input[0].type", invalid},
		{`{"input":[{"type":7}]}`, "input[0].type", invalid},
		{`{"input":[{"role":"user","content":"a"},{"type":"web_search_call","id":"ws_1"}]}`, "input[1]", unsupported},
		{`{"input":[{"type":"item_reference","id":"msg_1"}]}`, "input[0]", invalid},
		{`{"input":[{"type":"message","content":"a"}]}`, "input[0].role", invalid},
		{`{"input":[{"role":"king","content":"x"}]}`, "input[0].role", invalid},
		{`{"input":[{"role":7,"content":"x"}]}`, "input[0].role", invalid},
		{`{"input":[{"role":"user"}]}`, "input[0].content", invalid},
		{`{"input":[{"role":"user","content":7}]}`, "input[0].content", invalid},
		{`{"input":[{"role":"user","content":{"type":"input_text","text":"x"}}]}`, "input[0].content", invalid},
		{`{"input":[{"role":"user","content":["x"]}]}`, "input[0].content[0]", invalid},
		{`{"input":[{"role":"user","content":[{"text":"x"}]}]}`, "input[0].content[0].type", invalid},
		{`{"input":[{"role":"user","content":[{"type":"input_text"}]}]}`, "input[0].content[0].text", invalid},
		{`{"input":[{"role":"user","content":[{"type":"input_text","text":7}]}]}`, "input[0].content[0].text", invalid},
		{`{"input":[{"role":"user","content":[{"type":"refusal","text":"x"}]}]}`, "input[0].content[0].refusal", invalid},
		{`{"input":[{"role":"user","content":[{"type":"input_video"}]}]}`, "input[0].content[0]", unsupported},
		{`{"input":[{"role":"user","content":[{"type":"input_text","text":"a"},{"type":"input_image"}]}]}`, "input[0].content[1].image_url", invalid},
		{`{"input":[{"role":"user","content":[{"type":"input_image","image_url":7}]}]}`, "input[0].content[0].image_url", invalid},
		{`{"input":[{"role":"user","content":[{"type":"input_image","image_url":{"detail":"low"}}]}]}`, "input[0].content[0].image_url.url", invalid},
		{`{"input":[{"role":"user","content":[{"type":"input_image","image_url":"u","detail":1}]}]}`, "input[0].content[0].detail", invalid},
		{`{"input":[{"role":"user","content":[{"type":"input_image","file_id":"file_1"}]}]}`, "input[0].content[0].file_id", unsupported},
		{`{"input":[{"role":"user","content":[{"type":"input_file","file_id":"file_1"}]}]}`, "input[0].content[0].file_id", unsupported},
		{`{"input":[{"role":"user","content":[{"type":"input_file","file_url":"u"}]}]}`, "input[0].content[0].file_url", unsupported},
		{`{"input":[{"role":"user","content":[{"type":"input_file"}]}]}`, "input[0].content[0].file_data", invalid},
		{`{"input":[{"role":"user","content":[{"type":"input_file","file_data":"x","filename":1}]}]}`, "input[0].content[0].filename", invalid},
		{`{"input":[{"role":"user","content":[{"type":"input_audio","input_audio":"x"}]}]}`, "input[0].content[0].input_audio", invalid},
		{`{"input":[{"type":"function_call","name":"f","arguments":"{}"}]}`, "input[0].call_id", invalid},
		{`{"input":[{"type":"function_call","call_id":"c","arguments":"{}"}]}`, "input[0].name", invalid},
		{`{"input":[{"type":"function_call","call_id":"c","name":"f","arguments":[]}]}`, "input[0].arguments", invalid},
		{`{"input":[{"type":"custom_tool_call","call_id":"c","name":"f"}]}`, "input[0].input", invalid},
		{`{"input":[{"type":"function_call_output","output":"x"}]}`, "input[0].call_id", invalid},
		{`{"input":[{"type":"function_call_output","call_id":"c"}]}`, "input[0].output", invalid},
		{`{"input":[{"type":"function_call_output","call_id":"c","output":[{"type":"input_video"}]}]}`, "input[0].output[0]", unsupported},
		{`{"input":"x","tools":{}}`, "tools", invalid},
		{`{"input":"x","tools":[1]}`, "tools[0]", invalid},
		{`{"input":"x","tools":[{"name":"f"}]}`, "tools[0].type", invalid},
		{`{"input":"x","tools":[{"type":"function","name":"f"},{"type":"web_search"}]}`, "tools[1]", unsupported},
		{`{"input":"x","tools":[{"type":"custom","name":"f"}]}`, "tools[0]", unsupported},
		{`{"input":"x","tools":[{"type":"function"}]}`, "tools[0].name", invalid},
		{`{"input":"x","tools":[{"type":"function","function":7}]}`, "tools[0].function", invalid},
		{`{"input":"x","tools":[{"type":"function","function":{"name":7}}]}`, "tools[0].function.name", invalid},
		{`{"input":"x","tools":[{"type":"function","name":"f","parameters":"x"}]}`, "tools[0].parameters", invalid},
		{`{"input":"x","tools":[{"type":"function","name":"f","strict":"x"}]}`, "tools[0].strict", invalid},
		{`{"input":"x","tool_choice":"any"}`, "tool_choice", invalid},
		{`{"input":"x","tool_choice":7}`, "tool_choice", invalid},
		{`{"input":"x","tool_choice":"required"}`, "tool_choice", invalid},
		{`{"input":"x","tool_choice":{}}`, "tool_choice.type", invalid},
		{`{"input":"x","tool_choice":{"type":"file_search"}}`, "tool_choice", unsupported},
		{`{"input":"x","tool_choice":{"type":"function"}}`, "tool_choice.name", invalid},
		{`{"input":"x","tools":[{"type":"function","name":"f"}],"tool_choice":{"type":"function","name":"g"}}`, "tool_choice", invalid},
		{`{"input":"x","tool_choice":{"type":"allowed_tools","mode":"none"}}`, "tool_choice.mode", invalid},
		{`{"input":"x","tool_choice":{"type":"allowed_tools","tools":[]}}`, "tool_choice.tools", invalid},
		{`{"input":"x","tool_choice":{"type":"allowed_tools","tools":[{"type":"mcp"}]}}`, "tool_choice.tools[0]", unsupported},
		{`{"input":"x","tool_choice":{"type":"allowed_tools","tools":[{"type":"function","name":"g"}]}}`, "tool_choice", invalid},
		{`{"input":"x","text":"x"}`, "text", invalid},
		{`{"input":"x","text":{"verbosity":1}}`, "text.verbosity", invalid},
		{`{"input":"x","text":{"format":1}}`, "text.format", invalid},
		{`{"input":"x","text":{"format":{}}}`, "text.format.type", invalid},
		{`{"input":"x","text":{"format":{"type":"xml"}}}`, "text.format.type", invalid},
		{`{"input":"x","text":{"format":{"type":"json_schema","schema":{}}}}`, "text.format.name", invalid},
		{`{"input":"x","text":{"format":{"type":"json_schema","name":"n"}}}`, "text.format.schema", invalid},
		{`{"input":"x","text":{"format":{"type":"json_schema","json_schema":{"name":"n"}}}}`, "text.format.json_schema.schema", invalid},
		{`{"input":"x","text":{"format":{"type":"json_schema","json_schema":{"type":7,"name":"n","schema":[]}}}}`, "text.format.json_schema.schema", invalid},
		{`{"input":"x","reasoning":"high"}`, "reasoning", invalid},
		{`{"input":"x","reasoning":{"effort":1}}`, "reasoning.effort", invalid},
		{`{"input":"x","reasoning":{"summary":true}}`, "reasoning.summary", invalid},
		{`{"input":"x","include":"x"}`, "include", invalid},
		{`{"input":"x","instructions":["a"]}`, "instructions", invalid},
		{`{"input":"x","temperature":"1"}`, "temperature", invalid},
		{`{"input":"x","max_output_tokens":1.5}`, "max_output_tokens", invalid},
		{`{"input":"x","max_output_tokens":"1"}`, "max_output_tokens", invalid},
		{`{"input":"x","parallel_tool_calls":1}`, "parallel_tool_calls", invalid},
		{`{"input":"x","stop":1}`, "stop", invalid},
		{`{"input":"x","metadata":[]}`, "metadata", invalid},
		{`{"input":"x","metadata":{"a":1}}`, `metadata["a"]`, invalid},
		{`[]`, "", invalid},
		{`{"input":"x"`, "", invalid},
		{``, "", invalid},
	} {
		_, err := translate.New(request([]byte(c.body)))
		f := fault.From(err)
		if f == nil || f.ID != c.id || f.Param != c.param || !strings.Contains(f.Message, c.param) || !strings.HasSuffix(f.Message, ".") {
			t.Errorf("%s: got %+v, want %s about %q", c.body, f, c.id, c.param)
		}
	}
}

// Items of earlier turns are not the caller's to count.
func TestFaultsOfStoredItems(t *testing.T) {
	t.Parallel()
	items := []json.RawMessage{[]byte(`{"role":"user","content":"a"}`), []byte(`{"type":"computer_call"}`), []byte(`{"role":"user"}`)}
	for _, c := range []struct {
		items   []json.RawMessage
		earlier int
		param   string
	}{
		{items, 2, "previous_response_id"},
		{items, 1, "input[0]"},
		{items[2:], 0, "input[0].content"},
		{[]json.RawMessage{items[0], items[2]}, 1, "input[0].content"},
		{[]json.RawMessage{[]byte(`{"role":`)}, 0, "input[0]"},
		{[]json.RawMessage{}, 0, "input"},
	} {
		r := request([]byte(`{"input":"unused"}`))
		r.Items, r.Earlier = c.items, c.earlier
		_, err := translate.New(r)
		if f := fault.From(err); f == nil || f.Param != c.param {
			t.Errorf("%s after %d: got %+v, want it about %q", c.items, c.earlier, f, c.param)
		}
	}
}

// A message repeats a little of what the caller wrote, and no more.
func TestFaultsAreShort(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 1<<16)
	for _, body := range []string{
		`{"input":[{"role":"` + long + `","content":""}]}`, `{"input":[{"type":"` + long + `"}]}`, `{"input":"x","tools":[{"type":"` + long + `"}]}`,
		`{"input":"x","metadata":{"` + long + `":1}}`, `{"input":"x","tool_choice":"` + long + `"}`,
	} {
		_, err := translate.New(request([]byte(body)))
		if f := fault.From(err); f == nil || len(f.Message)+len(f.Param) > 600 {
			t.Errorf("%.40s…: got a message of %d bytes", body, len(f.Message))
		}
	}
}
