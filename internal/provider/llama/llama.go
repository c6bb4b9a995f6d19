// Package llama serves GGUF files of this machine as chat and embeddings models: llama.cpp
// runs in a child process, one for each model, and is spoken to over a Unix socket.
//
// It starts, watches and ends those processes, and queues calls fairly; the library is
// never loaded into this process. Its one invariant: a crash of the library costs the
// calls that it was answering, and nothing else.
package llama
