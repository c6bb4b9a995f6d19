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
	URL      string `name:"url" placeholder:"URL" help:"The server (SKYTOWER_URL, then the one of 'skytower login'; default http://127.0.0.1:8080)."`
	Data     string `placeholder:"DIR" help:"Data folder of a server on this machine, which holds the operator key (SKYTOWER_DATA; default ${data})."`
	Insecure bool   `help:"Send the key over plain http to another machine."`
	JSON     bool   `name:"json" help:"Print JSON."`
}

// keySource is a key, and where it came from.
type keySource struct{ key, from string }

// address is the server's, and where it was named.
func (s *session) address() (address, from string, err error) {
	switch {
	case s.URL != "":
		return s.URL, "--url", nil
	case s.Getenv("SKYTOWER_URL") != "":
		return s.Getenv("SKYTOWER_URL"), "SKYTOWER_URL", nil
	}
	kept, err := s.kept()
	if err != nil {
		return "", "", err
	}
	if kept.Current != "" {
		return kept.Current, "skytower login", nil
	}
	return defaultURL, "default", nil
}

// connect makes the client with an operator key, the one time.
func (s *session) connect() (*skytells.Client, error) {
	if s.client != nil {
		return s.client, nil
	}
	address, _, err := s.address()
	if err != nil {
		return nil, err
	}
	operator, err := s.operatorKey(address)
	if err != nil {
		return nil, err
	}
	s.client, err = s.newClient(address, operator.key)
	return s.client, err
}

func (s *session) newClient(address, key string) (*skytells.Client, error) {
	insecure := s.Insecure
	if !insecure && key != "" {
		kept, err := s.keptFor(address)
		if err != nil {
			return nil, err
		}
		insecure = kept.Insecure && (key == kept.APIKey || key == kept.OperatorKey)
	}
	client, err := skytells.NewClient(skytells.ClientOptions{
		BaseURL: address, Key: key, Insecure: insecure, UserAgent: "skytower/" + s.Version,
	})
	var plain *skytells.InsecureError
	if err != nil && !errors.As(err, &plain) {
		return nil, usageError{err}
	}
	return client, err
}

// accountKey is the flag of commands that act for an account rather than for operators.
type accountKey struct {
	Key string `placeholder:"sk-…" help:"API key of the account (SKYTOWER_API_KEY, which others on this machine can't see, or 'skytower login' is better)."`
}

// connect makes a client with an API key.
func (k accountKey) connect(s *session) (*skytells.Client, error) {
	address, _, err := s.address()
	if err != nil {
		return nil, err
	}
	found, err := k.find(s, address)
	if err != nil {
		return nil, err
	}
	if found.key == "" {
		return nil, usagef("no API key (sk-…) for %s: 'skytower login' keeps one, SKYTOWER_API_KEY or --key gives one\n"+
			"The console's page %s makes keys, as 'skytower keys create' does; the server's first start prints the first", address, keysPage(address))
	}
	s.keyHint = "The API key (" + found.from + ") is not one of this server's, or has ended; " + keysPage(address) + " or 'skytower keys create' makes one"
	return s.newClient(address, found.key)
}

// find is the API key for the server at the address; none where there is no key.
func (k accountKey) find(s *session, address string) (keySource, error) {
	found := keySource{strings.TrimSpace(k.Key), "--key"}
	for _, name := range []string{"SKYTOWER_API_KEY", "SKYTELLS_API_KEY"} {
		if found.key == "" {
			found = keySource{strings.TrimSpace(s.Getenv(name)), name}
		}
	}
	switch {
	case found.key == "":
		kept, err := s.keptFor(address)
		return keySource{kept.APIKey, "skytower login"}, err
	case strings.HasPrefix(found.key, "op-"):
		return found, usagef("%s holds an operator key (op-…); this command acts for an account and needs an API key (sk-…)", found.from)
	case !strings.HasPrefix(found.key, "sk-"):
		return found, usagef("%s holds no API key (sk-…)", found.from)
	}
	return found, nil
}

// keysPage is where the console makes keys.
func keysPage(address string) string { return strings.TrimRight(address, "/") + "/keys" }

// either makes the client of commands that show operators more than others: with the
// API key of --key, else with the operator key where there is one, else with an API key.
func (k accountKey) either(s *session) (c *skytells.Client, operator bool, err error) {
	if k.Key != "" {
		c, err = k.connect(s)
		return c, false, err
	}
	address, _, err := s.address()
	if err != nil {
		return nil, false, err
	}
	found, err := k.find(s, address)
	if err != nil || found.key == "" {
		c, err = s.connect() // whose advice is what is missing
		return c, true, err
	}
	if _, err := s.operatorKey(address); err != nil {
		c, err = k.connect(s)
		return c, false, err
	}
	c, err = s.connect()
	return c, true, err
}

// operatorKey is the environment's, else that of a data folder that was named, else what
// login keeps, else that of the data folder of this folder. The last holds for this
// machine alone, as any data folder: a file found by chance must not go to another machine.
func (s *session) operatorKey(address string) (keySource, error) {
	if key := strings.TrimSpace(s.Getenv("SKYTOWER_OPERATOR_KEY")); key != "" {
		return checkOperatorKey(key, "SKYTOWER_OPERATOR_KEY")
	}
	u, err := url.Parse(address)
	here := err == nil && skytells.IsLoopback(u)
	named := firstOf(s.Data, s.Getenv("SKYTOWER_DATA"))
	kept, err := s.keptFor(address)
	switch {
	case err != nil:
		return keySource{}, err
	case kept.OperatorKey != "" && (!here || named == ""):
		return keySource{kept.OperatorKey, "skytower login"}, nil
	case !here:
		return keySource{}, usagef("no operator key for that server: 'skytower login %s' keeps one, or put it into the environment as SKYTOWER_OPERATOR_KEY", address)
	}
	path := filepath.Join(firstOf(named, config.DefaultData), keyFile)
	key, err := readSmall(path)
	if errors.Is(err, fs.ErrNotExist) {
		return keySource{}, usagef("no operator key: %s does not exist\n"+
			"Name the server's data folder with --data or SKYTOWER_DATA, keep a key with 'skytower login', or put one into the environment as SKYTOWER_OPERATOR_KEY", path)
	}
	if err != nil {
		return keySource{}, usagef("read the operator key: %w", err)
	}
	return checkOperatorKey(strings.TrimSpace(key), path)
}

func checkOperatorKey(key, from string) (keySource, error) {
	switch {
	case strings.HasPrefix(key, "op-"):
		return keySource{key, from}, nil
	case strings.HasPrefix(key, "sk-"):
		return keySource{}, usagef("%s holds an API key (sk-…); this command needs an operator key (op-…)", from)
	}
	return keySource{}, usagef("%s holds no operator key (op-…)", from)
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
