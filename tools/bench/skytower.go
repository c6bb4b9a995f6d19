package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"
)

// skytowerNames are the slugs of the models; as long as the upstream's own names, so that answers have one length.
var skytowerNames = names{"test-chat", "test-slow", "test-embed", "test-safe", "test-message"}

// settleSkytower is how long the server's background work is still counted after the last answer: it writes its
// request log every half a second.
const settleSkytower = 1200 * time.Millisecond

var (
	apiKeyPattern      = regexp.MustCompile(`\bsk-[0-9A-Za-z]+`)
	operatorKeyPattern = regexp.MustCompile(`\bop-[0-9A-Za-z]+`)
)

// skytower is a server of the binary under test, with a folder of its own.
type skytower struct {
	name        string
	binary      string
	dir         string
	address     string
	operations  string
	env         []string // further settings, such as the database
	apiKey      string
	operatorKey string
}

func newSkytower(name, binary, dir string, env ...string) (*skytower, error) {
	s := &skytower{name: name, binary: binary, dir: dir, env: env}
	var err error
	if s.address, err = freeAddress(); err != nil {
		return nil, err
	}
	if s.operations, err = freeAddress(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the server's folder: %w", err)
	}
	return s, nil
}

func (s *skytower) data() string { return filepath.Join(s.dir, "data") }
func (s *skytower) log() string  { return filepath.Join(s.dir, "server.log") }

// command has no more of the caller's environment than it needs; a real provider's key, say, stays out.
func (s *skytower) command(args ...string) *exec.Cmd {
	cmd := exec.Command(s.binary, args...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, "SKYTOWER_DRAIN_DELAY=0s"}, s.env...)
	return cmd
}

// serve starts the server and waits until it is ready. What it prints and logs goes to a file, as it does on a real
// machine, so that no pipe to this process takes part in the measurement.
func (s *skytower) serve() (*process, error) {
	out, err := os.OpenFile(s.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the server's log: %w", err)
	}
	defer out.Close()
	cmd := s.command("serve", "--data", s.data(), "--listen", s.address, "--operations-listen", s.operations)
	cmd.Stdout, cmd.Stderr = out, out
	p, err := startProcess(s.name, cmd)
	if err != nil {
		return nil, err
	}
	if err := p.await(s.ready); err != nil {
		p.stop()
		return nil, fmt.Errorf("%w\n%s", err, s.lastWords())
	}
	return p, nil
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

// lastWords is the end of the log, for an error text, without keys.
func (s *skytower) lastWords() []byte {
	const enough = 2000
	text, err := os.ReadFile(s.log())
	if err != nil {
		return nil
	}
	return redact(text[max(0, len(text)-enough):])
}

func redact(text []byte) []byte {
	text = apiKeyPattern.ReplaceAll(text, []byte("[redacted]"))
	return operatorKeyPattern.ReplaceAll(text, []byte("[redacted]"))
}

// initialise makes the first operator and key of a shared database, where no server does so by itself.
func (s *skytower) initialise() error {
	var out bytes.Buffer
	cmd := s.command("init", "--data", s.data())
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("skytower init: %w: %s", err, redact(out.Bytes()))
	}
	s.findKeys(out.Bytes())
	return nil
}

// readKeys finds what the first start on SQLite has left: the key in its output, the operator's in a file.
func (s *skytower) readKeys() error {
	out, err := os.ReadFile(s.log())
	if err != nil {
		return fmt.Errorf("read the server's output: %w", err)
	}
	operator, err := os.ReadFile(filepath.Join(s.data(), "operator.key"))
	if err != nil {
		return fmt.Errorf("read the operator key: %w", err)
	}
	s.findKeys(append(out, operator...))
	return nil
}

func (s *skytower) findKeys(text []byte) {
	s.apiKey = string(apiKeyPattern.Find(text))
	s.operatorKey = string(operatorKeyPattern.Find(text))
}

// apply loads the mock as a provider, and its models, through the operator's command. upstreams are the mock's
// address and, where it is there, that of the one over TLS.
func (s *skytower) apply(upstreams []string) error {
	file := filepath.Join(s.dir, "bench.yaml")
	if err := os.WriteFile(file, []byte(resources(upstreams)), 0o600); err != nil {
		return fmt.Errorf("write resources: %w", err)
	}
	return run(s.operate("apply", "-f", file, "--yes"))
}

// operate is a command that asks the server in the operator's name.
func (s *skytower) operate(args ...string) *exec.Cmd {
	cmd := s.command(args...)
	cmd.Env = append(cmd.Env, "SKYTOWER_URL=http://"+s.address, "SKYTOWER_OPERATOR_KEY="+s.operatorKey)
	return cmd
}

// enough is a limit that no measurement reaches.
const enough = "1000000000000"

// charge gives the account credit, and each call three scopes of limits to take from: the account's for the model, the
// account's for all models together, and the key's.
func (s *skytower) charge() error {
	out, err := s.operate("keys", "list", "--json").Output()
	if err != nil {
		return fmt.Errorf("list keys: %w", err)
	}
	var keys []struct{ ID, Account string }
	if err := json.Unmarshal(out, &keys); err != nil || len(keys) == 0 {
		return fmt.Errorf("find the account: %w: %s", err, out)
	}
	account, key := keys[0].Account, keys[0].ID
	limits := []string{"--requests", enough, "--tokens-in", enough, "--tokens-out", enough}
	for _, args := range [][]string{
		{"credits", "grant", account, "1000000", "--reason", "bench"},
		append([]string{"limits", "set", "--account", account}, limits...),
		append([]string{"limits", "set", "--account", account, "--model", "*"}, limits...),
		append([]string{"limits", "set", "--account", account, "--key", key}, limits...),
	} {
		if err := run(s.operate(args...)); err != nil {
			return err
		}
	}
	return nil
}

func resources(upstreams []string) string {
	provider := func(name, kind, address string) string {
		return fmt.Sprintf("  - name: %s\n    kind: %s\n    responses: chat\n    base_url: %s/v1\n", name, kind, address)
	}
	model := func(slug, api, provider, upstream string) string {
		return fmt.Sprintf("  - slug: %s\n    type: text\n    api: %s\n    pricing: {unit: million_token, input: 0.50, output: 1.50}\n    targets: [{provider: %s, model: %s}]\n", slug, api, provider, upstream)
	}
	providers := provider("mock", "openai", upstreams[0]) + provider("mock-messages", "anthropic", upstreams[0])
	models := model(skytowerNames.chat, "chat", "mock", upstreamChat) +
		model(skytowerNames.slow, "chat", "mock", upstreamSlow) +
		model(skytowerNames.embed, "embeddings", "mock", upstreamEmbed) +
		model(skytowerNames.messages, "chat", "mock-messages", upstreamMessages)
	if len(upstreams) > 1 {
		providers += provider("mock-tls", "openai", upstreams[1])
		models += model(skytowerNames.secure, "chat", "mock-tls", upstreamChat)
	}
	return "providers:\n" + providers + "models:\n" + models
}

// target starts the server once, to make its keys and models, and returns it as a target that is not running.
func (s *skytower) target(upstreams []string, shared bool) (*target, error) {
	if shared {
		if err := s.initialise(); err != nil {
			return nil, err
		}
	}
	p, err := s.serve()
	if err != nil {
		return nil, err
	}
	defer p.stop()
	if !shared {
		if err := s.readKeys(); err != nil {
			return nil, err
		}
	}
	if s.apiKey == "" || s.operatorKey == "" {
		return nil, fmt.Errorf("%s showed no API key or no operator key at its first start", s.name)
	}
	if err := s.apply(upstreams); err != nil {
		return nil, err
	}
	if err := s.charge(); err != nil {
		return nil, err
	}
	return &target{name: s.name, key: s.apiKey, models: skytowerNames, settle: settleSkytower,
		start: func() (*process, string, error) {
			p, err := s.serve()
			return p, s.address, err
		}}, nil
}
