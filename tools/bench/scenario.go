package main

import (
	"fmt"
	"strings"
)

// names are the models as one target calls them.
type names struct{ chat, slow, embed string }

var upstreamNames = names{upstreamChat, upstreamSlow, upstreamEmbed}

// scenario is one kind of load.
type scenario struct {
	name        string
	about       string
	path        string
	body        func(names) string
	connections int
	chunks      int  // of each stream; 0 for plain answers and slow streams
	slow        bool // streams that stay open, fed slowly
}

func (s scenario) stream() bool { return s.chunks > 0 || s.slow }

const (
	chatPath  = "/v1/chat/completions"
	embedPath = "/v1/embeddings"
	// busy is the number of connections that keeps the machine saturated.
	busy = 32
)

// scenarios are all of them, in the order in which they run and are reported. The slow streams are last, as they
// leave servers with thousands of idle connections.
func scenarios(slowStreams int) []scenario {
	return []scenario{
		{name: "chat", about: "plain chat, 1 KB answer, 32 connections", path: chatPath, body: plainBody, connections: busy},
		{name: "stream", about: "streamed chat of 100 chunks, 32 connections", path: chatPath, body: streamBody, connections: busy, chunks: streamChunks},
		{name: "embeddings", about: "1,536 floats, 32 connections", path: embedPath, body: embedBody, connections: busy},
		{name: "chat1", about: "plain chat, one connection: the latency added", path: chatPath, body: plainBody, connections: 1},
		{name: "slow", about: fmt.Sprintf("%d open streams, a chunk a second each", slowStreams), path: chatPath, body: slowBody, connections: slowStreams, slow: true},
	}
}

// choose picks scenarios by a comma-separated list of names; empty means all.
func choose(all []scenario, list string) ([]scenario, error) {
	if list == "" {
		return all, nil
	}
	var chosen []scenario
	for _, name := range strings.Split(list, ",") {
		found := false
		for _, s := range all {
			if s.name == strings.TrimSpace(name) {
				chosen, found = append(chosen, s), true
			}
		}
		if !found {
			return nil, fmt.Errorf("unknown scenario %q", name)
		}
	}
	return chosen, nil
}

const conversation = `"messages":[{"role":"system","content":"You are a helpful assistant."},{"role":"user","content":"Tell me about the quick brown fox, please."}]`

func plainBody(n names) string {
	return fmt.Sprintf(`{"model":%q,%s,"temperature":0.7}`, n.chat, conversation)
}

func streamBody(n names) string {
	return fmt.Sprintf(`{"model":%q,%s,"temperature":0.7,"stream":true}`, n.chat, conversation)
}

func slowBody(n names) string {
	return fmt.Sprintf(`{"model":%q,%s,"temperature":0.7,"stream":true}`, n.slow, conversation)
}

func embedBody(n names) string {
	return fmt.Sprintf(`{"model":%q,"input":"The quick brown fox jumps over the lazy dog.","encoding_format":"float"}`, n.embed)
}
