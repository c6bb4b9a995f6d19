package llama

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// The variables that say where things are, for machines where they are not at their usual
// places.
const (
	ProgramVariable = "SKYTOWER_LLAMA"         // the program skytower-llama
	LibraryVariable = "SKYTOWER_LLAMA_LIBRARY" // the folder of llama.cpp's library
)

// programName is the program that loads the library.
const programName = "skytower-llama"

// Missing is something that an engine needs and that is not there, for who runs the server.
type Missing struct {
	What string
	Do   string
}

// Error is both sentences.
func (e *Missing) Error() string { return e.What + ". " + e.Do }

// FindProgram looks for skytower-llama: where the variable says, beside this program, in PATH.
func FindProgram(getenv func(string) string) (string, error) {
	if path := getenv(ProgramVariable); path != "" {
		if found, err := exec.LookPath(path); err == nil {
			return filepath.Abs(found)
		}
		return "", &Missing{
			What: fmt.Sprintf("%s names %s, which is no program", ProgramVariable, path),
			Do:   "Set it to where skytower-llama is, or unset it.",
		}
	}
	if own, err := os.Executable(); err == nil {
		if real, err := filepath.EvalSymlinks(own); err == nil {
			own = real
		}
		if found, err := exec.LookPath(filepath.Join(filepath.Dir(own), programName)); err == nil {
			return found, nil
		}
	}
	if found, err := exec.LookPath(programName); err == nil {
		return filepath.Abs(found)
	}
	return "", &Missing{
		What: "the program skytower-llama, which runs GGUF files, is not there",
		Do:   "Put it beside the program skytower (it is in the same release; 'make build' builds both), or name it in " + ProgramVariable + ".",
	}
}

// LibraryIn is the folder of the library: where the variable says, else within the data
// folder, where Install puts it.
func LibraryIn(data string, getenv func(string) string) string {
	if folder := getenv(LibraryVariable); folder != "" {
		return folder
	}
	return filepath.Join(data, "engine", "llama", LibraryVersion)
}

// mainLibrary is the file that must be there.
func mainLibrary() string {
	if runtime.GOOS == "darwin" {
		return "libllama.dylib"
	}
	return "libllama.so"
}

func checkLibrary(folder string) error {
	if _, err := os.Stat(filepath.Join(folder, mainLibrary())); err != nil {
		return &Missing{
			What: "llama.cpp's library is not installed: there is no " + mainLibrary() + " in " + folder,
			Do:   "Run 'skytower engine install' on the server, with the same --data; no restart is needed.",
		}
	}
	return nil
}

// unpathed is an error of the file system without the path, which is told elsewhere.
func unpathed(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}
