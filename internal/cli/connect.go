package cli

import (
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"skytower/internal/config"
	"skytower/internal/skytells"
)

const (
	defaultURL = "http://127.0.0.1:8080"
	keyFile    = "operator.key" // in the data folder, written at the first start
	maxKeyFile = 4 << 10
)

// connection are the flags of every command.
type connection struct {
	URL      string `name:"url" placeholder:"URL" help:"The server (SKYTOWER_URL; default http://127.0.0.1:8080)."`
	Data     string `placeholder:"DIR" help:"Data folder of a server on this machine, which holds the operator key (SKYTOWER_DATA; default ${data})."`
	Insecure bool   `help:"Send the key over plain http to another machine."`
	JSON     bool   `name:"json" help:"Print JSON."`
}

// connect makes the client, the one time.
func (s *session) connect() (*skytells.Client, error) {
	if s.client != nil {
		return s.client, nil
	}
	address := firstOf(s.URL, s.Getenv("SKYTOWER_URL"), defaultURL)
	key, err := s.operatorKey(address)
	if err != nil {
		return nil, err
	}
	s.client, err = s.newClient(address, key)
	return s.client, err
}

func (s *session) newClient(address, key string) (*skytells.Client, error) {
	client, err := skytells.NewClient(skytells.ClientOptions{
		BaseURL: address, Key: key, Insecure: s.Insecure, UserAgent: "skytower/" + s.Version,
	})
	var insecure *skytells.InsecureError
	if err != nil && !errors.As(err, &insecure) {
		return nil, usageError{err}
	}
	return client, err
}

// accountKey is the flag of commands that act for an account rather than for operators.
type accountKey struct {
	Key string `placeholder:"sk-…" help:"API key of the account (SKYTOWER_API_KEY, which others on this machine can't see, is better)."`
}

// connect makes a client with an API key. No key is stored on this machine, where the
// server keeps hashes alone, so that the person has to give one.
func (k accountKey) connect(s *session) (*skytells.Client, error) {
	key, from := strings.TrimSpace(k.Key), "--key"
	for _, name := range []string{"SKYTOWER_API_KEY", "SKYTELLS_API_KEY"} {
		if key == "" {
			key, from = strings.TrimSpace(s.Getenv(name)), name
		}
	}
	switch {
	case key == "":
		return nil, usagef("no API key: put one of the account (sk-…) into the environment as SKYTOWER_API_KEY, or give it with --key\n" +
			"The server's first start prints one; 'skytower keys create' makes more")
	case strings.HasPrefix(key, "op-"):
		return nil, usagef("%s holds an operator key (op-…); this command acts for an account and needs an API key (sk-…)", from)
	case !strings.HasPrefix(key, "sk-"):
		return nil, usagef("%s holds no API key (sk-…)", from)
	}
	s.keyHint = "The API key is not one of this server's, or has ended; 'skytower keys create' makes one"
	return s.newClient(firstOf(s.URL, s.Getenv("SKYTOWER_URL"), defaultURL), key)
}

// operatorKey is the environment's or, for this machine alone, the data folder's:
// a file found by chance must not go to another machine.
func (s *session) operatorKey(address string) (string, error) {
	if key := strings.TrimSpace(s.Getenv("SKYTOWER_OPERATOR_KEY")); key != "" {
		return checkOperatorKey(key, "SKYTOWER_OPERATOR_KEY")
	}
	if u, err := url.Parse(address); err != nil || !skytells.IsLoopback(u) {
		return "", usagef("no operator key for that server: put it into the environment as SKYTOWER_OPERATOR_KEY")
	}
	path := filepath.Join(firstOf(s.Data, s.Getenv("SKYTOWER_DATA"), config.Default().Data), keyFile)
	key, err := readSmall(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", usagef("no operator key: %s does not exist\n"+
			"Name the server's data folder with --data or SKYTOWER_DATA, or put the key into the environment as SKYTOWER_OPERATOR_KEY", path)
	}
	if err != nil {
		return "", usagef("read the operator key: %w", err)
	}
	return checkOperatorKey(strings.TrimSpace(key), path)
}

func checkOperatorKey(key, from string) (string, error) {
	switch {
	case strings.HasPrefix(key, "op-"):
		return key, nil
	case strings.HasPrefix(key, "sk-"):
		return "", usagef("%s holds an API key (sk-…); the command line needs an operator key (op-…)", from)
	}
	return "", usagef("%s holds no operator key (op-…)", from)
}

func readSmall(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close() //nolint:errcheck // only read
	text, err := readAll(file, maxKeyFile)
	return string(text), err
}

func firstOf(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}
