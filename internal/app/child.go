package app

import "skytower/internal/provider/command"

// Child makes this process the program of a command, where it was started for that, and
// does not return then. main calls it before anything else.
func Child() { command.Child() }
