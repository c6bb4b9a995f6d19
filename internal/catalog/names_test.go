package catalog

import (
	"strings"
	"testing"
)

func TestValidSlug(t *testing.T) {
	t.Parallel()
	for slug, good := range map[string]bool{
		"truefusion-pro": true, "FLUX.2-pro": true, "llama3.2:3b": true, "a": true, "acme/model": true, "x_y": true,
		strings.Repeat("a", 128): true, strings.Repeat("a", 129): false,
		"": false, "/a": false, "a/": false, "a//b": false, "a/b/c": false, ".": false, "..": false, "a/..": false,
		"-a": false, "a b": false, "a%2Fb": false, "é": false, "a\n": false, "a?": false,
	} {
		if got := validSlug(slug); (got == "") != good {
			t.Errorf("validSlug(%q) = %q", slug, got)
		}
	}
}

func TestValidProviderName(t *testing.T) {
	t.Parallel()
	for name, good := range map[string]bool{
		"openai": true, "my-vllm-2": true, "": false, "Up": false, "a_b": false, strings.Repeat("a", 41): false,
	} {
		if got := validProviderName(name); (got == "") != good {
			t.Errorf("validProviderName(%q) = %q", name, got)
		}
	}
}

func TestSlugFor(t *testing.T) {
	t.Parallel()
	for upstream, want := range map[string]string{
		"gpt-4o":          "gpt-4o",
		"llama3.2:3b":     "llama3.2:3b",
		"meta/llama-3":    "meta/llama-3",
		"hf.co/me/M:Q4_K": "me/M:Q4_K",
		"models/gem@ini!": "models/gem-ini",
		"/data/m.gguf":    "data/m.gguf",
		"ft:gpt:org::abc": "ft:gpt:org::abc",
		"a b/c d":         "a-b/c-d",
		"./-/x":           "x",
		"///":             "",
		"漢字":              "",
	} {
		if got := slugFor(upstream); got != want {
			t.Errorf("slugFor(%q) = %q, want %q", upstream, got, want)
		}
	}
}

// FuzzSlugFor checks that a slug made from any name is one that the rule allows.
func FuzzSlugFor(f *testing.F) {
	for _, seed := range []string{"a/b/c", "..//x", "hf.co/me/M:Q4_K", "-", "漢/字"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, upstream string) {
		if slug := slugFor(upstream); slug != "" {
			if text := validSlug(slug); text != "" {
				t.Errorf("slugFor(%q) = %q: %s", upstream, slug, text)
			}
		}
	})
}

func TestGuessAPI(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"gpt-4o-mini": Chat, "llama3.2:3b": Chat, "Qwen/Qwen2.5-7B-Instruct": Chat, "o3": Chat,
		"text-embedding-3-small": Embeddings, "nomic-embed-text": Embeddings, "BAAI/bge-m3": Embeddings,
		"intfloat/multilingual-e5-large": Embeddings, "thenlper/gte-small": Embeddings, "all-minilm:l6": Embeddings,
		"mxbai-embed-large": Embeddings, "embeddinggemma": Embeddings,
		"whisper-1": "", "tts-1-hd": "", "dall-e-3": "", "gpt-image-1": "", "omni-moderation-latest": "",
		"BAAI/bge-reranker-v2-m3": "", "gpt-4o-mini-tts": "",
	} {
		if got := guessAPI(name); got != want {
			t.Errorf("guessAPI(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestNormalBaseURL(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"http://h:8000/v1/": "http://h:8000/v1", " https://h ": "https://h", "http://[::1]:1/v1": "http://[::1]:1/v1",
		"": "", "h/v1": "", "file:///x": "", "http://": "", "http://u@h/v1": "", "http://h/v1?k=1": "", "http://h/v1?": "",
		"http://h/#f": "", "http://h:bad/": "", "http://h/v1/chat/completions": "",
	} {
		got, wrong := normalBaseURL(raw)
		if got != want || (wrong == "") != (want != "") {
			t.Errorf("normalBaseURL(%q) = %q, %q; want %q", raw, got, wrong, want)
		}
	}
}

func TestBuiltinModelOfAnotherVersion(t *testing.T) {
	t.Parallel()
	st := newState(nil, nil)
	st.addModel(modelRecord{builtin: true, stored: true})
	if len(st.models) != 1 { // the router
		t.Error("a built-in model that this server does not have was taken in")
	}
}
