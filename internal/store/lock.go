package store

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// ErrFolderInUse reports that another process owns a data folder.
var ErrFolderInUse = errors.New("another Skytower is using this data folder")

// FolderLock makes one process the owner of a data folder: two servers on one SQLite
// file would each hold their own idea of keys and limits.
type FolderLock struct{ file *os.File }

// LockFolder takes the lock whose file is at path, or fails at once with ErrFolderInUse.
// It ends with the process.
func LockFolder(path string) (*FolderLock, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the lock of the data folder: %w", err)
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return &FolderLock{file}, nil
	}
	_ = file.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, fmt.Errorf("%w (%s is locked): stop it, or give --data another folder", ErrFolderInUse, path)
	}
	return nil, fmt.Errorf("lock the data folder: %w", err)
}

// Release gives the folder back.
func (l *FolderLock) Release() { _ = l.file.Close() }
