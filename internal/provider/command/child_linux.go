package command

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"unsafe"
)

const (
	// childName is the name (argument 0) under which this program starts itself to
	// become a command's program.
	childName = "skytower-command"
	// childFlag comes first: a test program that does not call Child refuses it, and
	// does not run its tests once more, which would start it once more.
	childFlag = "-" + childName
	// childReady is what a child writes that was started to be tried.
	childReady = "ready"

	reportFD   = 3 // where the child writes why it could not become the program
	openFiles  = 256
	exitFailed = 127
)

// Child makes this process the program of a command, where it was started for that,
// and does not return then. The program's main (and TestMain of tests that run
// commands) calls it before anything else.
//
// It is here since Go can set neither resource limits nor no_new_privs between fork
// and exec, and setting them from outside would come too late for a quick program.
func Child() {
	if len(os.Args) < 4 || os.Args[0] != childName || os.Args[1] != childFlag {
		return
	}
	if os.Args[3] == "" {
		_, _ = os.Stdout.WriteString(childReady)
		os.Exit(0)
	}
	become(os.Args[2], os.Args[3], os.Args[4:])
}

// resource is a limit of setrlimit(2).
type resource struct {
	kind       uintptr
	soft, hard uint64
}

// The kinds that package syscall does not name. (RLIMIT_NPROC has another number on
// MIPS, which is not supported.)
const (
	rlimitCPU   = 0
	rlimitFSize = 1
	rlimitCore  = 4
	rlimitNProc = 6
	rlimitFiles = 7
	rlimitAS    = 9

	prSetPdeathsig  = 1
	prSetNoNewPrivs = 38
)

// resources reads what box.limits wrote. A limit that is 0 is left out. The address
// space comes last: from then on this process may not even get memory for itself.
func resources(text string) []resource {
	list := []resource{{rlimitCore, 0, 0}, {rlimitFiles, openFiles, openFiles}}
	kinds := []uintptr{rlimitCPU, rlimitFSize, rlimitNProc, rlimitAS}
	for i, field := range strings.Split(text, ",") {
		n, err := strconv.ParseUint(field, 10, 63)
		if err != nil || i >= len(kinds) {
			os.Exit(exitFailed)
		}
		if n > 0 {
			list = append(list, resource{kinds[i], n, n})
		}
	}
	return list
}

// become turns this process into the program. After the first limit is set it does
// nothing but system calls, as the Go runtime may get no memory and no thread any more.
func become(limits, path string, argv []string) {
	runtime.LockOSThread() // no_new_privs and the signal are the thread's that calls execve
	syscall.CloseOnExec(reportFD)
	list := resources(limits)
	file, err1 := syscall.BytePtrFromString(path)
	args, err2 := syscall.SlicePtrFromStrings(argv)
	env, err3 := syscall.SlicePtrFromStrings(os.Environ())
	if err1 != nil || err2 != nil || err3 != nil {
		refuse(syscall.EINVAL)
	}
	syscall.Umask(0o077)
	// The signal of our parent's death was set for the thread that this process began
	// with, and Go may have moved us to another one: the program would outlive the server.
	for option, value := range map[uintptr]uintptr{prSetPdeathsig: uintptr(syscall.SIGKILL), prSetNoNewPrivs: 1} {
		if _, _, errno := syscall.RawSyscall6(syscall.SYS_PRCTL, option, value, 0, 0, 0, 0); errno != 0 {
			refuse(errno)
		}
	}
	for i := range list {
		if errno := list[i].set(); errno != 0 {
			refuse(errno)
		}
	}
	_, _, errno := syscall.RawSyscall(syscall.SYS_EXECVE, uintptr(unsafe.Pointer(file)),
		uintptr(unsafe.Pointer(&args[0])), uintptr(unsafe.Pointer(&env[0])))
	refuse(errno)
}

// set sets the limit for this process, or the lower one that was given to us.
func (r *resource) set() syscall.Errno {
	var old [2]uint64
	if _, _, errno := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, 0, r.kind, 0, uintptr(unsafe.Pointer(&old)), 0, 0); errno != 0 {
		return errno
	}
	limit := [2]uint64{min(r.soft, old[1]), min(r.hard, old[1])}
	_, _, errno := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, 0, r.kind, uintptr(unsafe.Pointer(&limit)), 0, 0, 0)
	return errno
}

// refuse tells the parent why, and ends.
func refuse(errno syscall.Errno) {
	number := [1]byte{byte(errno)}
	_, _, _ = syscall.RawSyscall(syscall.SYS_WRITE, reportFD, uintptr(unsafe.Pointer(&number)), 1)
	for {
		_, _, _ = syscall.RawSyscall(syscall.SYS_EXIT_GROUP, exitFailed, 0, 0)
	}
}
