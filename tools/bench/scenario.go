package main

import (
	"fmt"
	"strings"
)

// names are the models as one target calls them.
type names struct{ chat, slow, embed, secure, messages string }

var upstreamNames = names{upstreamChat, upstreamSlow, upstreamEmbed, upstreamChat, upstreamMessages}

// scenario is one kind of load.
type scenario struct {
	name        string
	about       string
	path        string
	body        func(names) string
	connections int
	chunks      int  // of each stream; 0 for plain answers and slow streams
	slow        bool // streams that stay open, fed slowly
	tls         bool // the upstream is reached over TLS
	// base is what Skytower alone is compared with, by itself: a scenario that neither the mock nor the reference
	// can serve.
	base *scenario
}

func (s scenario) stream() bool { return s.chunks > 0 || s.slow }

const (
	chatPath      = "/v1/chat/completions"
	embedPath     = "/v1/embeddings"
	responsesPath = "/v1/responses"
	messagesPath  = "/v1/messages"
	// busy is the number of connections that keeps the machine saturated.
	busy = 32
)

// scenarios are all of them, in the order in which they run and are reported. The slow streams are last, as they
// leave servers with thousands of idle connections.
func scenarios(slowStreams int) []scenario {
	chat := scenario{name: "chat", about: "plain chat, 1 KB answer, 32 connections", path: chatPath, body: plainBody, connections: busy}
	return []scenario{
		chat,
		{name: "stream", about: "streamed chat of 100 chunks, 32 connections", path: chatPath, body: streamBody, connections: busy, chunks: streamChunks},
		{name: "embeddings", about: "1,536 floats, 32 connections", path: embedPath, body: embedBody, connections: busy},
		{name: "chat1", about: "plain chat, one connection: the latency added", path: chatPath, body: plainBody, connections: 1},
		{name: "stream1", about: "streamed chat, one connection: the time to the first byte", path: chatPath, body: streamBody, connections: 1, chunks: streamChunks},
		{name: "tls", about: "plain chat over an upstream with TLS, 32 connections", path: chatPath, body: secureBody, connections: busy, tls: true},
		{name: "tlsstream", about: "streamed chat over an upstream with TLS, 32 connections", path: chatPath, body: secureStreamBody, connections: busy, chunks: streamChunks, tls: true},
		{name: "responses", about: "Responses translated from chat, against plain chat", path: responsesPath, body: responsesBody, connections: busy, base: &chat},
		{name: "messages", about: "Anthropic's Messages from an upstream that has them, 32 connections", path: messagesPath, body: messagesBody, connections: busy},
		{name: "messagesstream", about: "the same streamed, 103 events", path: messagesPath, body: messagesStreamBody, connections: busy, chunks: messageChunks},
		{name: "messageschat", about: "Messages translated from chat, 32 connections", path: messagesPath, body: messagesChatBody, connections: busy},
		{name: "messageschatstream", about: "the same streamed, 103 events", path: messagesPath, body: messagesChatStreamBody, connections: busy, chunks: messageChunks},
		{name: "slow", about: fmt.Sprintf("%d open streams, a chunk a second each", slowStreams), path: chatPath, body: slowBody, connections: slowStreams, slow: true},
	}
}

// scenarioNames lists them for the help.
func scenarioNames() string {
	var list []string
	for _, s := range scenarios(1) {
		list = append(list, s.name)
	}
	return strings.Join(list, ", ")
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

func secureBody(n names) string { return plainBody(names{chat: n.secure}) }

func secureStreamBody(n names) string { return streamBody(names{chat: n.secure}) }

// responsesBody asks what plainBody asks.
func responsesBody(n names) string {
	return fmt.Sprintf(`{"model":%q,"instructions":"You are a helpful assistant.","input":"Tell me about the quick brown fox, please.","temperature":0.7}`, n.chat)
}

// messagesOf asks what plainBody asks. The mock and the reference answer it in that form whatever the model is, so
// that a translation is compared with a proxy that has none to do.
func messagesOf(model, rest string) string {
	return fmt.Sprintf(`{"model":%q,"max_tokens":256,"system":"You are a helpful assistant.",`+
		`"messages":[{"role":"user","content":"Tell me about the quick brown fox, please."}],"temperature":0.7%s}`, model, rest)
}

func messagesBody(n names) string           { return messagesOf(n.messages, "") }
func messagesStreamBody(n names) string     { return messagesOf(n.messages, `,"stream":true`) }
func messagesChatBody(n names) string       { return messagesOf(n.chat, "") }
func messagesChatStreamBody(n names) string { return messagesOf(n.chat, `,"stream":true`) }

func slowBody(n names) string {
	return fmt.Sprintf(`{"model":%q,%s,"temperature":0.7,"stream":true}`, n.slow, conversation)
}

func embedBody(n names) string {
	return fmt.Sprintf(`{"model":%q,"input":"The quick brown fox jumps over the lazy dog.","encoding_format":"float"}`, n.embed)
}
