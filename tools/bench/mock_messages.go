package main

import (
	"bytes"
	"fmt"
	"io"
)

// messageChunks is how many events a stream of the Messages API has before its last: the beginning and a ping, the
// block's beginning and end, a delta for each chunk of chat that has text, and why it ended.
const messageChunks = streamChunks + 3

// messagesMock answers in the form of Anthropic's Messages API.
type messagesMock struct {
	whole  []byte
	stream [][]byte
}

func newMessagesMock() messagesMock {
	const usage = `"usage":{"input_tokens":12,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":%d}`
	message := func(content, reason string, output int) string {
		return fmt.Sprintf(`{"id":"msg_0123456789abcdef","type":"message","role":"assistant","model":%q,"content":[%s],"stop_reason":%s,"stop_sequence":null,`+usage+`}`,
			upstreamMessages, content, reason, output)
	}
	m := messagesMock{whole: jsonResponse("200 OK", message(fmt.Sprintf(`{"type":"text","text":%q}`, answerText()), `"end_turn"`, 170))}
	add := func(kind, rest string) {
		m.stream = append(m.stream, httpChunk("event: "+kind+"\ndata: {\"type\":\""+kind+"\""+rest+"}\n\n"))
	}
	add("message_start", `,"message":`+message("", "null", 1))
	add("content_block_start", `,"index":0,"content_block":{"type":"text","text":""}`)
	add("ping", "")
	for i := range streamChunks - 2 {
		add("content_block_delta", fmt.Sprintf(`,"index":0,"delta":{"type":"text_delta","text":" word%02d"}`, i))
	}
	add("content_block_stop", `,"index":0`)
	add("message_delta", `,"delta":{"stop_reason":"end_turn","stop_sequence":null},`+fmt.Sprintf(usage, 100))
	add("message_stop", "")
	return m
}

func (m messagesMock) answer(w io.Writer, body []byte) error {
	if !bytes.Contains(body, []byte(`"stream":true`)) {
		return write(w, m.whole)
	}
	if err := write(w, []byte(streamHead)); err != nil {
		return err
	}
	if err := writeChunks(w, m.stream); err != nil {
		return err
	}
	return write(w, []byte("0\r\n\r\n"))
}
