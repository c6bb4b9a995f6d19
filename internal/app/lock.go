package app

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// folderLock makes one process the owner of a data folder: two servers on one
// SQLite file would each hold their own idea of keys and limits.
type folderLock struct{ file *os.File }

func lockFolder(path string) (*folderLock, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the lock of the data folder: %w", err)
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return &folderLock{file}, nil
	}
	_ = file.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, fmt.Errorf("another Skytower is using this data folder (%s is locked): stop it, or give --data another folder", path)
	}
	return nil, fmt.Errorf("lock the data folder: %w", err)
}

func (l *folderLock) release() { _ = l.file.Close() }
