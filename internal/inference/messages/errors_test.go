package messages_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"skytower/internal/fault"
	"skytower/internal/inference/chatform/chatformtest"
	"skytower/internal/inference/messages"
	"skytower/internal/provider"
)

// Each wrong request is refused with 400 and the field's name; what exists but chat does
// not carry leaves the way to another upstream open.
func TestRefusals(t *testing.T) {
	t.Parallel()
	in := func(blocks string) string { return `"messages":[{"role":"user","content":[` + blocks + `]}]` }
	for _, c := range []struct {
		members, param string
		foreign        bool
	}{
		{`"messages":7`, "messages", false},
		{`"messages":[]`, "messages", false},
		{`"messages":[{"role":"user","content":""}]`, "messages", false},
		{`"messages":[7]`, "messages[0]", false},
		{`"messages":[{"content":"x"}]`, "messages[0].role", false},
		{`"messages":[{"role":"user"}]`, "messages[0].content", false},
		{`"messages":[{"role":"tool","content":"x"}]`, "messages[0].role", false},
		{`"messages":[{"role":"user","content":7}]`, "messages[0].content", false},
		{in(`{"text":"x"}`), "messages[0].content[0].type", false},
		{in(`{"type":"text"}`), "messages[0].content[0].text", false},
		{in(`{"type":"text","text":"x"},{"type":"document","source":{"type":"base64","data":"JVBERi0="}}`), "messages[0].content[1]", true},
		{in(`{"type":"document"}`), "messages[0].content[0].source", false},
		{in(`{"type":"document","title":7,"source":{"type":"text","data":"x"}}`), "messages[0].content[0].title", false},
		{in(`{"type":"document","source":{"type":"text"}}`), "messages[0].content[0].source.data", false},
		{in(`{"type":"document","source":{"type":"content","content":[{"type":"text"}]}}`), "messages[0].content[0].source.content[0].text", false},
		{in(`{"type":"document","source":{"type":"content"}}`), "messages[0].content[0].source.content", false},
		{in(`{"type":"document","source":{"type":"file","file_id":"file_1"}}`), "messages[0].content[0]", true},
		{in(`{"type":"document","citations":{"enabled":true},"source":{"type":"text","data":"x"}}`), "messages[0].content[0].citations", true},
		{in(`{"type":"search_result"}`), "messages[0].content[0].source", false},
		{in(`{"type":"search_result","source":"x"}`), "messages[0].content[0].content", false},
		{in(`{"type":"container_upload"}`), "messages[0].content[0]", true},
		{in(`{"type":"image"}`), "messages[0].content[0].source", false},
		{in(`{"type":"image","source":{"type":"file","file_id":"file_1"}}`), "messages[0].content[0].source", true},
		{in(`{"type":"image","source":{"type":"base64","data":"AA=="}}`), "messages[0].content[0].source.media_type", false},
		{in(`{"type":"image","source":{"type":"url"}}`), "messages[0].content[0].source.url", false},
		{in(`{"type":"tool_result","content":"x"}`), "messages[0].content[0].tool_use_id", false},
		{in(`{"type":"tool_result","tool_use_id":"t","is_error":"yes"}`), "messages[0].content[0].is_error", false},
		{in(`{"type":"tool_result","tool_use_id":"t","content":[{"type":"tool_reference"}]}`), "messages[0].content[0].content[0]", true},
		{in(`{"type":"thinking","thinking":"x"}`), "messages[0].content[0]", true},
		{`"messages":[{"role":"assistant","content":[{"type":"tool_use","name":"f"}]}]`, "messages[0].content[0].id", false},
		{`"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":"x"}]}]`, "messages[0].content[0].input", false},
		{`"messages":[{"role":"assistant","content":[{"type":"server_tool_use","id":"t","name":"web_search"}]}]`, "messages[0].content[0]", true},
		{`"system":7`, "system", false},
		{`"system":[{"type":"image"}]`, "system[0]", true},
		{`"max_tokens":1.5`, "max_tokens", false},
		{`"top_k":"x"`, "top_k", false},
		{`"thinking":true`, "thinking", false},
		{`"thinking":{}`, "thinking.type", false},
		{`"thinking":{"type":"enabled","budget_tokens":"many"}`, "thinking.budget_tokens", false},
		{`"stop_sequences":"x"`, "stop_sequences", false},
		{`"stop_sequences":["x",7]`, "stop_sequences[1]", false},
		{`"metadata":{"user_id":7}`, "metadata.user_id", false},
		{`"output_config":{"effort":7}`, "output_config.effort", false},
		{`"output_config":{"format":{"type":"text"}}`, "output_config.format.type", false},
		{`"output_format":{"type":"json_schema"}`, "output_format.schema", false},
		{`"container":"c"`, "container", true},
		{`"mcp_servers":[{"type":"url"}]`, "mcp_servers", true},
		{`"inference_geo":"eu"`, "inference_geo", true},
		{`"tools":[{"type":"web_search_20250305","name":"web_search"}]`, "tools[0]", true},
		{`"tools":[{"name":"f"}]`, "tools[0].input_schema", false},
		{`"tools":[{"input_schema":{}}]`, "tools[0].name", false},
		{`"tool_choice":"any"`, "tool_choice", false},
		{`"tool_choice":{"type":"some"}`, "tool_choice.type", false},
		{`"tool_choice":{"type":"any"}`, "tool_choice", false},
		{`"tool_choice":{"type":"tool","name":"f"}`, "tool_choice", false},
		{`"tool_choice":{"type":"auto","disable_parallel_tool_use":1}`, "tool_choice.disable_parallel_tool_use", false},
	} {
		body := `{"model":"m","max_tokens":9,` + c.members
		if !strings.Contains(c.members, `"messages"`) {
			body += `,"messages":[{"role":"user","content":"hi"}]`
		}
		_, err := messages.New(request([]byte(body + "}")))
		var f *fault.Error
		if !errors.As(err, &f) || f.ID != fault.InvalidParameter || f.HTTPStatus() != 400 || f.Param != c.param || !strings.HasPrefix(f.Message, "'"+c.param+"' ") {
			t.Errorf("%s: %v", c.members, err)
			continue
		}
		var up *provider.Error
		if foreign := errors.As(err, &up) && up.Class == provider.Unsupported; foreign != c.foreign {
			t.Errorf("%s: foreign %v", c.members, foreign)
		}
	}
	if _, err := messages.New(request([]byte(`[]`))); !fault.Is(err, fault.InvalidParameter) {
		t.Errorf("no object: %v", err)
	}
}

// What can't be read is the upstream's fault, and spoils nothing that was told.
func TestBrokenAnswers(t *testing.T) {
	t.Parallel()
	for _, body := range []string{``, `[]`, `{}`, `{"choices":[]}`, "{\"choices\":[{\"message\":{\"content\":\"a\x01\"}}]}"} {
		if _, err := translation(t, []byte(hello)).Answer(&provider.Answer{Body: []byte(body)}); provider.ClassOf(err) != provider.Broken || err == nil {
			t.Errorf("%s: %v", body, err)
		}
	}
	cut := &provider.Error{Class: provider.Cut}
	for name, c := range map[string]struct {
		lines string
		end   error
		class provider.Class
	}{
		"cut":              {`{"choices":[{"delta":{"content":"Half"}}]}`, cut, provider.Cut},
		"garbage":          {"{\"choices\":[{\"delta\":{\"content\":\"Half\"}}]}\n7", io.EOF, provider.Broken},
		"after its end":    {`{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}},{"index":1,"id":"b","function":{"name":"f"}},{"index":0,"function":{"arguments":"x"}}]}}]}`, io.EOF, provider.Broken},
		"an open argument": {"{\"choices\":[{\"delta\":{\"content\":\"a\x01\"}}]}", io.EOF, provider.Broken},
	} {
		chat := &chatformtest.Chunks{End: c.end}
		for line := range strings.SplitSeq(c.lines, "\n") {
			chat.Events = append(chat.Events, provider.Event{Data: []byte(line)})
		}
		s := translation(t, []byte(hello)).Stream(chat)
		var err error
		for err == nil {
			_, err = s.Next()
		}
		if provider.ClassOf(err) != c.class || err == io.EOF {
			t.Errorf("%s: %v", name, err)
		}
		if err := s.Close(); err != nil || !chat.Closed {
			t.Errorf("%s: the chat stream stays open", name)
		}
	}
}
