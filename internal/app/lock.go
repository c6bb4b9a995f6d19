package app

import "skytower/internal/store"

// folderLock makes this process the owner of its data folder.
type folderLock struct{ *store.FolderLock }

func lockFolder(path string) (*folderLock, error) {
	lock, err := store.LockFolder(path)
	if err != nil {
		return nil, err
	}
	return &folderLock{lock}, nil
}

func (l *folderLock) release() { l.Release() }
