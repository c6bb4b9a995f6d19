package secret

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// MasterKeyFile is the name of the master key's file in the data folder.
const MasterKeyFile = "master.key"

// LoadOrCreate reads the master key at DIR/master.key, and makes it (mode 0600)
// where there is none. Created tells which: a key made beside an existing
// database can't open what that database holds.
//
// A file that others than its owner may read or write is refused, not mended:
// somebody may have read it already, and its owner should know.
func LoadOrCreate(dir string) (key MasterKey, created bool, err error) {
	path := filepath.Join(dir, MasterKeyFile)
	key, err = load(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, false, err
	}
	created, err = create(dir, path)
	if err != nil {
		return MasterKey{}, false, fmt.Errorf("create the master key: %w", err)
	}
	// Read back also where another process was first: its key is the key.
	key, err = load(path)
	return key, created, err
}

// Load reads the master key at DIR/master.key, and makes none.
func Load(dir string) (MasterKey, error) { return load(filepath.Join(dir, MasterKeyFile)) }

// load reads a file of one key.
func load(path string) (MasterKey, error) {
	keys, err := readKeys(path)
	if err != nil {
		return MasterKey{}, err
	}
	if len(keys) != 1 {
		return MasterKey{}, fmt.Errorf("the master key %s is damaged: it must be %d hexadecimal digits", path, 2*Size)
	}
	return keys[0], nil
}

// maxKeyFile bounds a file of master keys, in bytes.
const maxKeyFile = 16 << 10

// readKeys reads the keys of a file, one a line.
func readKeys(path string) ([]MasterKey, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read the master key: %w", err)
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("read the master key: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("the master key %s is not a regular file", path)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf(
			"the master key %s can be reached by other users of this machine (mode %04o): run chmod 600 %s", path, mode, path)
	}
	text, err := io.ReadAll(io.LimitReader(file, maxKeyFile))
	if err != nil {
		return nil, fmt.Errorf("read the master key: %w", err)
	}
	var keys []MasterKey
	for line := range strings.FieldsSeq(string(text)) {
		raw, err := hex.DecodeString(line)
		if err != nil || len(raw) != Size { // hex's own error quotes the text
			return nil, fmt.Errorf("the master key %s is damaged: it must be %d hexadecimal digits", path, 2*Size)
		}
		key, err := NewMasterKey(raw)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// create writes a new key at path, whole or not at all. It is false without an
// error where the file has come to exist meanwhile.
func create(dir, path string) (bool, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return false, err
	}
	temp, err := writeKeys(dir, random())
	if err != nil {
		return false, err
	}
	defer func() { _ = os.Remove(temp) }()
	// A link, not a rename: it never replaces a key that is there already.
	if err := os.Link(temp, path); errors.Is(err, fs.ErrExist) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	return true, syncDir(dir)
}

func random() []byte {
	raw := make([]byte, Size)
	_, _ = rand.Read(raw)
	return raw
}

// writeKeys writes keys to a new file of the folder, one a line.
func writeKeys(dir string, keys ...[]byte) (path string, err error) {
	temp, err := os.CreateTemp(dir, MasterKeyFile+".*") // mode 0600
	if err != nil {
		return "", err
	}
	for _, raw := range keys {
		_, written := fmt.Fprintf(temp, "%x\n", raw)
		err = errors.Join(err, written)
	}
	if err = errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		_ = os.Remove(temp.Name())
		return "", err
	}
	return temp.Name(), nil
}

// syncDir makes the new name survive a power cut: values sealed under a lost key
// are lost too.
func syncDir(dir string) error {
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
