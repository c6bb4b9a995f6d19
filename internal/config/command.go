package config

import (
	"encoding/json"
	"time"
)

// Command is a program on this machine that serves as a prediction model. Commands
// stand in the file only: neither the environment, the command line nor a request
// can make a program run. All fields are valid and filled in after Load.
type Command struct {
	Name        string // the model's slug
	Title       string // what people read
	Description string
	Type        string          // what it puts out: image, video, audio, music or text
	InputSchema json.RawMessage // JSON Schema of the input, an object
	Output      string          // OutputFiles or OutputText
	Argv        []Argument      // the program and its arguments
	User        string          // whom it runs as; "" is nobody where we are root, else who we are
	Network     bool
	Env         map[string]Secret // besides PATH, HOME, TMPDIR and LANG
	Concurrency int               // runs at the same time, over all accounts
	Limits      Limits

	// FileInputs are the inputs that are files, with the MIME types that each may have
	// (the schema's word x-file-types).
	FileInputs map[string][]string
}

// Limits are what one run of a command may use.
type Limits struct {
	Time      time.Duration // from its start to its end
	CPU       time.Duration // of a processor, for each process
	Memory    int64         // address space of each process, in bytes
	Output    int64         // all that it writes, in bytes
	Files     int           // output files
	Processes int           // processes and threads at the same time
}

// Where a command's output comes from.
const (
	OutputFiles = "files" // every regular file in the folder {{out}}
	OutputText  = "text"  // what it writes to standard output
)

// FileTypes are the MIME types that x-file-types may name: those that can be told by
// their content.
func FileTypes() []string {
	return []string{
		"image/png", "image/jpeg", "image/webp", "image/gif",
		"video/mp4", "video/quicktime", "video/webm", "video/x-matroska",
		"audio/wav", "audio/mpeg", "audio/flac", "audio/ogg", "audio/mp4",
	}
}

const (
	keyCommands = "commands"

	maxCommands = 1000
	maxArgv     = 256      // elements
	maxElement  = 16 << 10 // bytes of one, before placeholders are filled in
	maxEnv      = 64       // variables
)

// field is one row of the table of a command's settings: of a plain value, or of one
// that has a structure of its own.
type field struct {
	Key      string // within limits: limits.KEY
	Default  string
	Kind     Kind
	Choices  []string
	Required bool
	Doc      string // one line

	plain func(*Command) value
	tree  func(*Command) tree
}

// The kinds of values with a structure.
const (
	Mapping  Kind = "mapping"
	Sequence Kind = "list"
)

const (
	fieldName   = "name"
	fieldType   = "type"
	fieldOutput = "output"
	fieldInput  = "input_schema"
	fieldArgv   = "argv"
	fieldLimits = "limits"
	limitPrefix = fieldLimits + "."
)

// fields returns the table, in the order of the manual's page.
func fields() []field { return append(commandFields(), limitFields()...) }

func commandFields() []field {
	types := []string{"image", "video", "audio", "music", "text"}
	outputs := []string{OutputFiles, OutputText}
	return []field{
		{Key: fieldName, Kind: Text, Required: true,
			Doc:   "The model's name, as callers write it: small letters, digits, `.`, `_` and `-`.",
			plain: func(c *Command) value { return &slugValue{&c.Name} }},
		{Key: "title", Kind: Text,
			Doc:   "The name that people read; the model's name if empty.",
			plain: func(c *Command) value { return &lineValue{&c.Title, 200} }},
		{Key: "description", Kind: Text,
			Doc:   "What the model does.",
			plain: func(c *Command) value { return &lineValue{&c.Description, 4000} }},
		{Key: fieldType, Kind: Choice, Choices: types, Required: true,
			Doc:   "What it puts out.",
			plain: func(c *Command) value { return &choiceValue{&c.Type, types} }},
		{Key: fieldInput, Kind: Mapping, Default: `{"type":"object"}`,
			Doc:  "JSON Schema of the input. The word `x-file-types` at a property makes it a file of one of the listed MIME types.",
			tree: func(c *Command) tree { return &schemaTree{&c.InputSchema} }},
		{Key: fieldOutput, Kind: Choice, Choices: outputs, Default: OutputFiles,
			Doc:   "Where the output comes from: every regular file in the folder `{{out}}`, or the text on standard output (needs the type `text`).",
			plain: func(c *Command) value { return &choiceValue{&c.Output, outputs} }},
		{Key: fieldArgv, Kind: Sequence, Required: true,
			Doc:  "The program and its arguments, with placeholders. No shell reads them.",
			tree: func(c *Command) tree { return &argvTree{&c.Argv} }},
		{Key: "user", Kind: Text,
			Doc:   "The user that it runs as, which only root can choose; `nobody` if empty and Skytower runs as root.",
			plain: func(c *Command) value { return &userValue{&c.User} }},
		{Key: "network", Kind: Boolean, Default: "false",
			Doc:   "Whether it may reach the network.",
			plain: func(c *Command) value { return &boolValue{&c.Network} }},
		{Key: "env", Kind: Mapping,
			Doc:  "Environment variables, besides `PATH`, `HOME` and `TMPDIR` (the scratch folder), and `LANG=C.UTF-8`. Values are never shown.",
			tree: func(c *Command) tree { return &envTree{&c.Env} }},
		{Key: "concurrency", Kind: Integer, Default: "2",
			Doc:   "How many predictions of it run at the same time, over all accounts.",
			plain: func(c *Command) value { return &intValue{&c.Concurrency, 1, 10_000} }},
	}
}

func limitFields() []field {
	return []field{
		{Key: limitPrefix + "time", Kind: Duration, Default: "5m",
			Doc:   "How long one run may take; the model's deadline.",
			plain: func(c *Command) value { return &durationValue{&c.Limits.Time, time.Second, day} }},
		{Key: limitPrefix + "cpu", Kind: Duration, Default: "10m",
			Doc:   "Processor time of each process, in whole seconds.",
			plain: func(c *Command) value { return &durationValue{&c.Limits.CPU, time.Second, 30 * day} }},
		{Key: limitPrefix + "memory", Kind: Size, Default: "1GiB",
			Doc:   "Address space of each process.",
			plain: func(c *Command) value { return &sizeValue{&c.Limits.Memory, 16 * mib, 1024 * gib} }},
		{Key: limitPrefix + "output", Kind: Size, Default: "256MiB",
			Doc:   "All that it writes: its files, or its text.",
			plain: func(c *Command) value { return &sizeValue{&c.Limits.Output, kib, 64 * gib} }},
		{Key: limitPrefix + "files", Kind: Integer, Default: "16",
			Doc:   "Output files.",
			plain: func(c *Command) value { return &intValue{&c.Limits.Files, 1, 1000} }},
		{Key: limitPrefix + "processes", Kind: Integer, Default: "64",
			Doc:   "Processes and threads at the same time.",
			plain: func(c *Command) value { return &intValue{&c.Limits.Processes, 1, 4096} }},
	}
}

// text is the value in c as it may be shown: canonical, secrets hidden.
func (f *field) text(c *Command) string {
	if f.tree != nil {
		return f.tree(c).text()
	}
	return f.plain(c).text()
}
