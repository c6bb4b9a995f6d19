// Package messages carries Anthropic's Messages API over chat completions: a request one
// way, an answer or a stream of chunks the other.
//
// It is a function of its input: it calls nothing, stores nothing and knows no account.
// What a chat model cannot carry is refused by name and never dropped silently. Its one
// invariant: a stream's content blocks begin and end one after the other, each once.
package messages
