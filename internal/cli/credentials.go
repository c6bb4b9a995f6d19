package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"skytower/internal/skytells"
)

const (
	credentialsFile = "credentials.json"
	maxCredentials  = 256 << 10 // bytes of the file
)

// credentials are the keys that 'skytower login' keeps, by the server's address.
type credentials struct {
	Current string                `json:"current,omitempty"` // the address that commands use
	Servers map[string]keptServer `json:"servers"`
}

// keptServer is what is kept of one server.
type keptServer struct {
	APIKey      string `json:"api_key,omitempty"`
	OperatorKey string `json:"operator_key,omitempty"`
	Insecure    bool   `json:"insecure,omitempty"` // the person said that plain http will do
}

// credentialsPath is in the person's own folder for configuration, by the XDG base
// directory specification; "" where there is none.
func (s *session) credentialsPath() string {
	home := s.Getenv("HOME")
	folder := s.Getenv("XDG_CONFIG_HOME")
	switch {
	case filepath.IsAbs(folder): // relative ones are to be ignored, says the specification
	case runtime.GOOS == "windows" && s.Getenv("APPDATA") != "":
		folder = s.Getenv("APPDATA")
	case home != "":
		folder = filepath.Join(home, ".config")
	default:
		return ""
	}
	return filepath.Join(folder, "skytower", credentialsFile)
}

// kept reads the credentials, the one time. No file is no keys.
func (s *session) kept() (*credentials, error) {
	if s.keys != nil {
		return s.keys, nil
	}
	found := &credentials{}
	path := s.credentialsPath()
	if path != "" {
		if err := readCredentials(path, found); err != nil {
			return nil, usagef("%s: %w", path, err)
		}
	}
	if found.Servers == nil {
		found.Servers = map[string]keptServer{}
	}
	s.keys = found
	return found, nil
}

func readCredentials(path string, into *credentials) error {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return withoutPath(err)
	}
	defer file.Close() //nolint:errcheck // only read
	info, err := file.Stat()
	if err != nil {
		return withoutPath(err)
	}
	if info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows" {
		return fmt.Errorf("others on this machine can read the keys in it: chmod 600 %s", path)
	}
	text, err := readAll(file, maxCredentials)
	if err != nil {
		return err
	}
	if json.Unmarshal(text, into) != nil {
		return errors.New("it is not what 'skytower login' writes; remove it and log in again")
	}
	return nil
}

// keep writes the credentials as a whole, for this person alone. A reader sees the old
// file or the new one.
func (s *session) keep(all *credentials) (path string, err error) {
	if path = s.credentialsPath(); path == "" {
		return "", usagef("there is no folder to keep keys in: set HOME or XDG_CONFIG_HOME, or give the key as SKYTOWER_API_KEY")
	}
	text, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", fmt.Errorf("keep the key: %w", err)
	}
	if err := replaceFile(path, append(text, '\n')); err != nil {
		return "", fmt.Errorf("keep the key: %w", err)
	}
	s.keys = all
	return path, nil
}

// replaceFile puts a file that only this person can read in the place of what was there.
func replaceFile(path string, content []byte) error {
	temporary, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // 0600
	if err != nil {
		return err
	}
	_, err = temporary.Write(content)
	if err = errors.Join(err, temporary.Sync(), temporary.Close()); err == nil {
		err = os.Rename(temporary.Name(), path)
	}
	if err != nil {
		_ = os.Remove(temporary.Name())
	}
	return err
}

// serverName is an address in the one form that keys are kept under: without /v1, a slash
// at the end, or capitals in the host.
func serverName(address string) (string, error) {
	client, err := skytells.NewClient(skytells.ClientOptions{BaseURL: address})
	if err != nil {
		return "", usageError{err}
	}
	u, err := url.Parse(client.URL())
	if err != nil {
		return "", usageError{err}
	}
	u.Host = strings.ToLower(u.Host)
	return u.String(), nil
}

// keptFor is what is kept of the server at an address; nothing where none is.
func (s *session) keptFor(address string) (keptServer, error) {
	all, err := s.kept()
	if err != nil {
		return keptServer{}, err
	}
	name, err := serverName(address)
	if err != nil {
		return keptServer{}, err
	}
	return all.Servers[name], nil
}

// masked is enough of a key to know it by.
func masked(key string) string {
	const head, tail = 7, 4
	if len(key) < 2*(head+tail) {
		return key[:min(3, len(key))] + "…"
	}
	return key[:head] + "…" + key[len(key)-tail:]
}
