package secret

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// OldMasterKeyFile is the name of the file with the master keys before the one of
// MasterKeyFile, the latest first, one a line.
const OldMasterKeyFile = "master.key.old"

// LoadOld reads the earlier master keys at DIR/master.key.old. No file is none.
func LoadOld(dir string) ([]MasterKey, error) {
	keys, err := readKeys(filepath.Join(dir, OldMasterKeyFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return keys, err
}

// Rotate puts a new master key into DIR/master.key, after it has put the one before into
// DIR/master.key.old. Whatever interrupts it, the key that is in force stays readable:
// between the two steps one key stands in both files.
func Rotate(dir string) (now, before MasterKey, err error) {
	if before, err = Load(dir); err != nil {
		return now, before, err
	}
	old, err := LoadOld(dir)
	if err != nil {
		return now, before, err
	}
	lines := [][]byte{before.key()}
	for _, key := range old {
		if key.id != before.id {
			lines = append(lines, key.key())
		}
	}
	if err := replace(dir, OldMasterKeyFile, lines...); err != nil {
		return now, before, fmt.Errorf("keep the master key: %w", err)
	}
	raw := random()
	if now, err = NewMasterKey(raw); err != nil {
		return now, before, err
	}
	if err := replace(dir, MasterKeyFile, raw); err != nil {
		return now, before, fmt.Errorf("replace the master key: %w", err)
	}
	return now, before, nil
}

// replace puts a whole new file in place of another.
func replace(dir, name string, keys ...[]byte) error {
	temp, err := writeKeys(dir, keys...)
	if err != nil {
		return err
	}
	if err := os.Rename(temp, filepath.Join(dir, name)); err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	return syncDir(dir)
}

// NewKeyText makes a master key as settings take it: 64 hexadecimal digits.
func NewKeyText() (text string, key MasterKey, err error) {
	raw := random()
	key, err = NewMasterKey(raw)
	return fmt.Sprintf("%x", raw), key, err
}

// DropOld removes DIR/master.key.old. What its keys sealed, and nothing has sealed anew,
// is lost with it.
func DropOld(dir string) error {
	if err := os.Remove(filepath.Join(dir, OldMasterKeyFile)); err != nil {
		return fmt.Errorf("drop the earlier master keys: %w", err)
	}
	return syncDir(dir)
}
