package command

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// identity is whom a program runs as.
type identity struct{ uid, gid int }

// nobody is the user of programs that name none, where we are root; numbers of systems
// without a list of users.
const (
	nobodyName   = "nobody"
	nobodyNumber = 65534
)

// identify finds a command's user. "" is nobody where we are root, else ourselves.
func identify(name string) (identity, error) {
	us := hostUser()
	if us.uid != 0 {
		if name == "" || name == strconv.Itoa(us.uid) {
			return us, nil
		}
		if u, err := user.Lookup(name); err == nil && u.Uid == strconv.Itoa(us.uid) {
			return us, nil
		}
		return us, errors.New("only root can run a program as another user; leave the setting out, or start Skytower as root")
	}
	if name == "" {
		name = nobodyName
	}
	who, err := lookUp(name)
	if err != nil && name == nobodyName {
		return identity{nobodyNumber, nobodyNumber}, nil
	}
	if err == nil && who.uid == 0 {
		err = fmt.Errorf("%s is root by another name, and a command never runs as root", name)
	}
	return who, err
}

func lookUp(name string) (identity, error) {
	u, err := user.Lookup(name)
	if err != nil {
		if u, err = user.LookupId(name); err != nil {
			return identity{}, fmt.Errorf("there is no user %s on this machine", name)
		}
	}
	uid, err1 := strconv.Atoi(u.Uid)
	gid, err2 := strconv.Atoi(u.Gid)
	return identity{uid, gid}, errors.Join(err1, err2)
}

// isOther reports whether who is not ourselves.
func (who identity) isOther() bool { return who.uid != hostUser().uid }

// passes reports whether who may go through a folder and all above it.
func (who identity) passes(dir string) bool {
	for {
		info, err := os.Stat(dir)
		if err != nil || !who.enters(info) {
			return false
		}
		up := filepath.Dir(dir)
		if up == dir {
			return true
		}
		dir = up
	}
}

// enters reads the folder's mode bits as the system does: the first class that fits
// decides.
func (who identity) enters(info os.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return false
	}
	switch mode := info.Mode().Perm(); {
	case int(stat.Uid) == who.uid:
		return mode&0o100 != 0
	case int(stat.Gid) == who.gid:
		return mode&0o010 != 0
	default:
		return mode&0o001 != 0
	}
}

// findProgram finds an executable file by its whole path, or by its name in the PATH
// that the program will have. Our own PATH does not count.
func findProgram(name string, env []string) (string, error) {
	if filepath.IsAbs(name) {
		return exec.LookPath(name)
	}
	for _, pair := range env {
		list, ok := strings.CutPrefix(pair, "PATH=")
		if !ok {
			continue
		}
		for _, dir := range filepath.SplitList(list) {
			if path := filepath.Join(dir, name); filepath.IsAbs(path) {
				if found, err := exec.LookPath(path); err == nil {
					return found, nil
				}
			}
		}
		return "", fmt.Errorf("there is no program %s in %s", name, list)
	}
	return "", fmt.Errorf("there is no program %s", name)
}
