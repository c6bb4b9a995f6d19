package secret

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// The two forms of a reference to a credential that is kept elsewhere.
const (
	envReference  = "env:"
	fileReference = "file:"
)

// maxCredential bounds a credential's file, in bytes.
const maxCredential = 64 << 10

// ownPrefix is of the variables that configure this process. A credential can't
// refer to them: who may edit a provider could else send the master key to a
// host of their choice.
const ownPrefix = "SKYTOWER_"

// IsReference reports whether ref names a place (`env:NAME`, `file:PATH`) rather
// than being the credential itself. References may be stored and shown;
// literals are sealed.
func IsReference(ref string) bool {
	return strings.HasPrefix(ref, envReference) || strings.HasPrefix(ref, fileReference)
}

// Resolve returns the credential that ref stands for: the value of a variable
// (`env:NAME`), the content of a file without surrounding white space
// (`file:PATH`), or ref itself. It is generic so that a text type that hides
// itself when printed stays one. Errors name the place, never a value; an empty
// credential is an error too.
func Resolve[S ~string](ref S) (S, error) {
	text, err := resolve(string(ref), os.LookupEnv)
	return S(text), err
}

func resolve(ref string, lookup func(string) (string, bool)) (string, error) {
	var text string
	var err error
	place := "the credential"
	if name, ok := strings.CutPrefix(ref, envReference); ok {
		place = "the environment variable " + name
		text, err = fromEnv(name, lookup)
	} else if path, ok := strings.CutPrefix(ref, fileReference); ok {
		place = "the file " + path
		text, err = fromFile(path)
	} else {
		text = ref
	}
	if err != nil {
		return "", fmt.Errorf("resolve a credential: %w", err)
	}
	text = strings.TrimSpace(text)
	if text == "" {
		return "", fmt.Errorf("resolve a credential: %s is empty", place)
	}
	// It will stand in a header line: a line break there would begin another.
	if strings.ContainsAny(text, "\r\n\x00") {
		return "", fmt.Errorf("resolve a credential: %s has more than one line", place)
	}
	return text, nil
}

func fromEnv(name string, lookup func(string) (string, bool)) (string, error) {
	if strings.HasPrefix(strings.ToUpper(name), ownPrefix) {
		return "", fmt.Errorf("%s belongs to the server itself: variables that begin with %s can't be credentials", name, ownPrefix)
	}
	text, ok := lookup(name)
	if !ok {
		return "", fmt.Errorf("the environment variable %s is not set", name)
	}
	return text, nil
}

func fromFile(path string) (string, error) {
	if path == "" {
		return "", errors.New("file: names no file")
	}
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	// Only a regular file: reading a pipe or a terminal could wait for ever.
	if info, err := file.Stat(); err != nil {
		return "", err
	} else if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is not a regular file", path)
	}
	data, err := io.ReadAll(io.LimitReader(file, maxCredential+1))
	if err != nil {
		return "", err
	}
	if len(data) > maxCredential {
		return "", fmt.Errorf("%s is larger than %d bytes", path, maxCredential)
	}
	return string(data), nil
}
