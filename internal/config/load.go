package config

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"skytower/internal/spelling"
)

// EnvFile is the variable that names the configuration file where no flag does.
const EnvFile = "SKYTOWER_CONFIG"

// maxSecretFile bounds a file that holds one secret, maxFile the configuration
// file; in bytes.
const (
	maxSecretFile = 64 << 10
	maxFile       = 1 << 20
)

// Sources is where settings come from, in rising order: the defaults, the file,
// the environment, the command line.
type Sources struct {
	File  string            // path of the YAML file; "": what EnvFile says, or FileIn of the data folder if it is there
	Env   []string          // as os.Environ gives it
	Flags map[string]string // only the flags that were given, by name (ParseFlags)
}

// Place is a kind of source.
type Place int

// The places, in rising order.
const (
	PlaceDefault Place = iota
	PlaceFile
	PlaceEnv
	PlaceFlag
)

// Origin is where one value came from.
type Origin struct {
	Place Place
	Name  string // of the file, the variable or the flag
	Line  int    // in the file
}

// String is the origin as people write it: "skytower.yml line 3",
// "SKYTOWER_LISTEN", "--listen".
func (o Origin) String() string {
	switch {
	case o.Place == PlaceDefault:
		return "default"
	case o.Line > 0:
		return fmt.Sprintf("%s line %d", o.Name, o.Line)
	}
	return o.Name
}

// Problem is one thing that is wrong.
type Problem struct {
	Key     string // the setting, or "" where it is the file as a whole
	Origin  Origin
	Message string // what is wrong and what to do; never a secret
}

// String is the problem in one line.
func (p Problem) String() string {
	switch {
	case p.Key == "":
		return fmt.Sprintf("%s: %s", p.Origin, p.Message)
	case p.Origin.Place == PlaceDefault:
		return fmt.Sprintf("%s (not set): %s", p.Key, p.Message)
	}
	return fmt.Sprintf("%s (%s): %s", p.Key, p.Origin, p.Message)
}

// Problems is all that is wrong with a configuration; it is never empty where it
// is an error.
type Problems []Problem

// Error lists the problems, one a line.
func (p Problems) Error() string {
	var text strings.Builder
	if len(p) == 1 {
		text.WriteString("the configuration has a problem:")
	} else {
		_, _ = fmt.Fprintf(&text, "the configuration has %d problems:", len(p))
	}
	for _, problem := range p {
		text.WriteString("\n  " + problem.String())
	}
	return text.String()
}

// Load reads the sources and returns the whole configuration, or Problems. It
// opens the configuration file and the files that secrets are in, nothing else.
func Load(src Sources) (*Config, error) {
	env := environment(src.Env)
	l := &loader{table: Settings(), config: newConfig()}
	defaults := newConfig()
	for _, s := range l.table {
		l.apply(s, s.Default, Origin{})
		_ = s.set(defaults, s.Default)
	}
	if path, named := FileOf(src); named || exists(path) {
		l.file(path)
		if origin := l.config.origins[keyData]; !named && origin.Place == PlaceFile {
			l.fail(keyData, origin, "this file was found in the data folder, and so can't name another; take the line out")
		}
	}
	l.config.hash = hashOf(l.config, defaults)
	l.environment(env)
	l.flags(src.Flags)
	l.masterKeyFile()
	l.config.resolveDatabase()
	if err := l.config.resolveBlob(); err != nil {
		l.fail(keyBlob, Origin{}, "%v", err)
	}
	l.rules()
	if len(l.problems) == 0 {
		return l.config, nil
	}
	// A misspelled variable may be the reason for the rest.
	for _, warning := range l.config.Warnings {
		l.fail("", Origin{Place: PlaceEnv, Name: "environment"}, "%s", warning)
	}
	return nil, l.problems
}

// FileIn is the configuration file of a data folder: it is read where no other is named, so
// that a server without set-up can be given one.
func FileIn(data string) string { return filepath.Join(data, "skytower.yaml") }

// FileOf is the path of the configuration file, which need not be there, and whether a source
// names it.
func FileOf(src Sources) (path string, named bool) {
	env := environment(src.Env)
	if path := cmp.Or(src.File, env[EnvFile]); path != "" {
		return path, true
	}
	return FileIn(cmp.Or(src.Flags[keyData], env["SKYTOWER_DATA"], DefaultData)), false
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

func newConfig() *Config { return &Config{origins: map[string]Origin{}} }

func environment(environ []string) map[string]string {
	env := make(map[string]string, len(environ))
	for _, pair := range environ {
		if name, text, ok := strings.Cut(pair, "="); ok {
			env[name] = text
		}
	}
	return env
}

type loader struct {
	table    []Setting
	config   *Config
	problems Problems
}

func (l *loader) fail(key string, origin Origin, format string, args ...any) {
	l.problems = append(l.problems, Problem{key, origin, fmt.Sprintf(format, args...)})
}

// failed reports whether one of the keys has a problem already; rules over
// several settings then say nothing, as their reasons may be wrong.
func (l *loader) failed(keys ...string) bool {
	return slices.ContainsFunc(l.problems, func(p Problem) bool { return slices.Contains(keys, p.Key) })
}

func (l *loader) apply(s Setting, text string, origin Origin) {
	if err := s.set(l.config, text); err != nil {
		l.fail(s.Key, origin, "%v", err)
		return
	}
	if origin.Place != PlaceDefault {
		l.config.origins[s.Key] = origin
	}
}

func (l *loader) environment(env map[string]string) {
	for _, s := range l.table {
		text, given := env[s.Env]
		given = given && (text != "" || s.keepEmpty)
		if path := env[s.Env+"_FILE"]; path != "" && s.Secret && s.Key != keyMasterKey {
			origin := Origin{Place: PlaceEnv, Name: s.Env + "_FILE"}
			if given {
				l.fail(s.Key, origin, "%s is set too; keep one of them", s.Env)
				continue
			}
			l.secretFile(s, path, origin)
			continue
		}
		if given {
			l.apply(s, text, Origin{Place: PlaceEnv, Name: s.Env})
		}
	}
	l.misspelled(env)
}

// misspelled warns of variables that look like ours and are not. Not an error:
// container tools put in names of their own, such as SKYTOWER_SERVICE_HOST.
func (l *loader) misspelled(env map[string]string) {
	known := []string{EnvFile, "SKYTOWER_LLAMA", "SKYTOWER_LLAMA_LIBRARY"} // the last two: where engines find theirs
	for _, s := range l.table {
		known = append(known, s.Env)
		if s.Secret {
			known = append(known, s.Env+"_FILE")
		}
	}
	for name := range env {
		if !strings.HasPrefix(name, "SKYTOWER_") || slices.Contains(known, name) {
			continue
		}
		if near := spelling.Nearest(name, known); near != "" {
			l.config.Warnings = append(l.config.Warnings,
				fmt.Sprintf("the variable %s means nothing here; did you mean %s?", name, near))
		}
	}
	slices.Sort(l.config.Warnings)
}

func (l *loader) secretFile(s Setting, path string, origin Origin) {
	text, err := readSmall(path, maxSecretFile)
	if err != nil {
		l.fail(s.Key, origin, "%v", err)
		return
	}
	l.apply(s, strings.TrimSpace(text), origin)
}

func (l *loader) flags(flags map[string]string) {
	for _, s := range l.table {
		if text, ok := flags[s.Flag]; ok && s.Flag != "" {
			l.apply(s, text, Origin{Place: PlaceFlag, Name: "--" + s.Flag})
		}
	}
}

// masterKeyFile reads the file that master_key_file names, unless master_key came
// from a higher place.
func (l *loader) masterKeyFile() {
	c := l.config
	if c.MasterKeyFile == "" {
		return
	}
	direct, file := c.origins[keyMasterKey], c.origins[keyMasterKeyFile]
	switch {
	case c.MasterKey != "" && direct.Place == file.Place:
		l.fail(keyMasterKeyFile, file, "master_key is set too (%s); keep one of them", direct)
		return
	case c.MasterKey != "" && direct.Place > file.Place:
		c.MasterKeyFile = ""
		return
	}
	text, err := readSmall(c.MasterKeyFile, maxSecretFile)
	if err != nil {
		l.fail(keyMasterKeyFile, file, "%v", err)
		return
	}
	to := masterKeyValue{to: &c.MasterKey}
	if err := to.set(text); err != nil {
		l.fail(keyMasterKeyFile, file, "what %s holds: %v", c.MasterKeyFile, err)
	} else if c.MasterKey == "" {
		l.fail(keyMasterKeyFile, file, "%s is empty", c.MasterKeyFile)
	}
}

// rules are the checks over several settings.
func (l *loader) rules() {
	c := l.config
	l.rolesApart()
	if !l.failed(keyListen, keyPublicURL) && c.PublicURL == nil && !isLoopback(c.Listen) {
		l.fail(keyPublicURL, c.origins[keyPublicURL],
			"listen is %s (%s), which other machines may reach, so public_url must be set: links in answers are made from it, and clients send their keys there. "+
				"Set it to the address that clients use, such as https://ai.example.com, or listen on 127.0.0.1", c.Listen, c.origins[keyListen])
	}
	if !l.failed(keyDatabase, keyMasterKey, keyMasterKeyFile) && c.Database.Engine() == "postgres" && c.MasterKey == "" {
		l.fail(keyMasterKey, c.origins[keyMasterKey],
			"the database is PostgreSQL, so all nodes need the same master key: set SKYTOWER_MASTER_KEY or SKYTOWER_MASTER_KEY_FILE; openssl rand -base64 32 makes one")
	}
	l.moneyRules()
	l.consoleRules()
	if !l.failed(keyListen, keyOperationsListen) && c.Listen == c.OperationsListen && !strings.HasSuffix(c.Listen, ":0") {
		l.fail(keyOperationsListen, c.origins[keyOperationsListen], "listen has the same address; give another port")
	}
}

// readSmall reads a file of bounded size. Its errors name the path.
func readSmall(path string, most int64) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	data, err := io.ReadAll(io.LimitReader(file, most+1))
	if err != nil {
		return "", err
	}
	if int64(len(data)) > most {
		return "", errors.New(path + " is larger than " + formatSize(most))
	}
	return string(data), nil
}
