package cli

import (
	"io"
	"os"
)

// terminalOf is the file behind a reader or a writer, where that is a terminal.
func terminalOf(stream any) (*os.File, bool) {
	file, ok := stream.(*os.File)
	return file, ok && isTTY(file.Fd())
}

// isTerminal reports whether lines can be drawn over.
func isTerminal(w io.Writer) bool {
	_, ok := terminalOf(w)
	return ok
}

// columns is how wide standard output's terminal is; 0 where it is none, and lines may be
// as long as they are.
func (s *session) columns() int {
	file, ok := terminalOf(s.Stdout)
	if !ok {
		return 0
	}
	return terminalWidth(file.Fd())
}

// lively reports whether lines may be drawn over on standard error.
func (s *session) lively() bool { return isTerminal(s.Stderr) && s.Getenv("TERM") != "dumb" }

// colourful reports whether a stream may have colours (https://no-color.org).
func (s *session) colourful(w io.Writer) bool {
	return isTerminal(w) && s.Getenv("NO_COLOR") == "" && s.Getenv("TERM") != "dumb"
}

// The colours that are in use, as SGR parameters (ECMA-48 8.3.117).
const (
	green  = "32"
	yellow = "33"
	red    = "31"
	faint  = "2"
)

func coloured(text, colour string, on bool) string {
	if !on {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}
