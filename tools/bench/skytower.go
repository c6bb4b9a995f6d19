package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"time"
)

// skytowerNames are the slugs of the models; as long as the upstream's own names, so that answers have one length.
var skytowerNames = names{"test-chat", "test-slow", "test-embed"}

// settleSkytower is how long the server's background work is still counted after the last answer.
const settleSkytower = 1500 * time.Millisecond

var keyPattern = regexp.MustCompile(`\bsk-[0-9A-Za-z_-]+`)

// skytower is a server of the binary under test, with a folder of its own.
type skytower struct {
	binary     string
	dir        string
	address    string
	operations string
	env        []string // further settings, such as the database
}

func newSkytower(binary, dir string, env ...string) (*skytower, error) {
	s := &skytower{binary: binary, dir: dir, env: env}
	var err error
	if s.address, err = freeAddress(); err != nil {
		return nil, err
	}
	if s.operations, err = freeAddress(); err != nil {
		return nil, err
	}
	return s, nil
}

// environment leaves out what the caller's own environment would add (a real provider's key, say).
func (s *skytower) environment() []string {
	return append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir,
		"SKYTOWER_OPERATIONS_LISTEN=" + s.operations,
		"SKYTOWER_URL=http://" + s.address,
	}, s.env...)
}

// serve starts the server and waits until it answers. What it prints is kept for the key and for error texts.
func (s *skytower) serve(name string) (*process, *transcript, error) {
	out := &transcript{}
	cmd := exec.Command(s.binary, "serve", "--data", s.dir, "--listen", s.address)
	cmd.Env, cmd.Stdout, cmd.Stderr = s.environment(), out, out
	p, err := startProcess(name, cmd)
	if err != nil {
		return nil, nil, err
	}
	if err := p.await(s.ready); err != nil {
		p.stop()
		return nil, nil, fmt.Errorf("%w\n%s", err, out.redacted())
	}
	return p, out, nil
}

func (s *skytower) ready() error {
	response, err := http.Get("http://" + s.operations + "/readyz")
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return errors.New("readyz says " + response.Status)
	}
	return nil
}

// apply loads the mock as a provider, and its models, through the operator's command.
func (s *skytower) apply(mock string) error {
	operator, err := os.ReadFile(filepath.Join(s.dir, "operator.key"))
	if err != nil {
		return fmt.Errorf("read the operator key: %w", err)
	}
	file := filepath.Join(s.dir, "bench.yaml")
	if err := os.WriteFile(file, []byte(resources(mock)), 0o600); err != nil {
		return fmt.Errorf("write resources: %w", err)
	}
	cmd := exec.Command(s.binary, "apply", "-f", file)
	cmd.Env = append(s.environment(), "SKYTOWER_OPERATOR_KEY="+string(bytes.TrimSpace(operator)))
	return run(cmd)
}

func resources(mock string) string {
	model := func(slug, api, upstream string) string {
		return fmt.Sprintf("  - slug: %s\n    type: text\n    api: %s\n    free: true\n    targets: [{provider: mock, model: %s}]\n", slug, api, upstream)
	}
	return "providers:\n  - name: mock\n    kind: openai\n    base_url: http://" + mock + "/v1\nmodels:\n" +
		model(skytowerNames.chat, "chat", upstreamChat) +
		model(skytowerNames.slow, "chat", upstreamSlow) +
		model(skytowerNames.embed, "embeddings", upstreamEmbed)
}

// skytowerTarget starts a server once, to make its key and models, and returns it as a target that is not running.
func skytowerTarget(name string, s *skytower, mock *target) (*target, error) {
	p, out, err := s.serve(name)
	if err != nil {
		return nil, err
	}
	defer p.stop()
	key := out.key()
	if key == "" {
		return nil, fmt.Errorf("%s printed no API key at its first start", name)
	}
	if err := s.apply(mock.address); err != nil {
		return nil, err
	}
	return &target{name: name, key: key, models: skytowerNames, settle: settleSkytower,
		start: func() (*process, string, error) {
			p, _, err := s.serve(name)
			return p, s.address, err
		}}, nil
}

// transcript keeps the beginning of what a process prints.
type transcript struct {
	mu   sync.Mutex
	text []byte
}

const maxTranscript = 1 << 20

func (t *transcript) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if room := maxTranscript - len(t.text); room > 0 {
		t.text = append(t.text, p[:min(room, len(p))]...)
	}
	return len(p), nil
}

func (t *transcript) key() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(keyPattern.Find(t.text))
}

func (t *transcript) redacted() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return keyPattern.ReplaceAll(t.text, []byte("[redacted]"))
}
