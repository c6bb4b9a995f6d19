package command

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"skytower/internal/config"
	"skytower/internal/provider"
)

const (
	maxValue     = 64 << 10  // bytes of a caller's value in an argument
	maxArguments = 512 << 10 // bytes of all arguments together
)

// input is a run's input on its way to the program.
type input struct {
	json   []byte // for standard input: the files' paths stand in the place of files
	values map[string]json.RawMessage
	files  map[string]inputFile
}

type inputFile struct {
	path string
	kind string // the type's short name
}

// rejected refuses an input.
func rejected(name, format string, args ...any) error {
	param := "input." + name
	return &provider.Error{Class: provider.Rejected, Param: param, Message: param + ": " + fmt.Sprintf(format, args...)}
}

// readInput writes the input's files into the folder, once their content is found to be
// of a type that the command lists.
func readInput(c config.Command, raw json.RawMessage, place *folder) (*input, error) {
	in := &input{files: map[string]inputFile{}}
	if err := json.Unmarshal(raw, &in.values); err != nil {
		return nil, &provider.Error{Class: provider.Rejected, Param: "input", Message: "input: it must be an object"}
	}
	number := 0
	for name, types := range c.FileInputs {
		value, given := in.values[name]
		if !given || string(value) == "null" {
			continue
		}
		number++
		file, err := readFile(name, value, types, number, place)
		if err != nil {
			return nil, err
		}
		in.files[name] = file
		in.values[name], _ = json.Marshal(file.path) // a text always encodes
	}
	var err error
	if in.json, err = json.Marshal(in.values); err != nil {
		return nil, broken("encode the input", err)
	}
	return in, nil
}

func readFile(name string, value json.RawMessage, types []string, number int, place *folder) (inputFile, error) {
	var address string
	if err := json.Unmarshal(value, &address); err != nil {
		return inputFile{}, rejected(name, "it must be the address of a file")
	}
	content, err := decodeDataURL(address)
	if err != nil {
		return inputFile{}, rejected(name, "%v", err)
	}
	found, ok := sniff(content)
	if !ok || !slices.Contains(types, found.mime) {
		return inputFile{}, rejected(name, "the file's content is none of %s", strings.Join(types, ", "))
	}
	path, err := place.put("file-"+strconv.Itoa(number)+"."+found.short, content)
	if err != nil {
		return inputFile{}, broken("write an input file", err)
	}
	return inputFile{path, found.short}, nil
}

// dataError says what is wrong with a data URL.
type dataError string

func (e dataError) Error() string { return string(e) }

// decodeDataURL reads RFC 2397. The type that it states does not count: content decides.
func decodeDataURL(address string) ([]byte, error) {
	rest, ok := cutScheme(address)
	if !ok {
		return nil, dataError("it must be a file that was uploaded, an address that can be fetched, or a data URL")
	}
	head, body, ok := strings.Cut(rest, ",")
	if !ok {
		return nil, dataError("the data URL has no comma")
	}
	if unescaped, err := url.PathUnescape(body); err == nil {
		body = unescaped
	} else {
		return nil, dataError("the data URL has a % that no two digits follow")
	}
	if parts := strings.Split(head, ";"); !strings.EqualFold(strings.TrimSpace(parts[len(parts)-1]), "base64") {
		return []byte(body), nil
	}
	content, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(body, "="))
	if err != nil {
		return nil, dataError("the data URL is not base64")
	}
	return content, nil
}

func cutScheme(address string) (string, bool) {
	const scheme = "data:"
	if len(address) < len(scheme) || !strings.EqualFold(address[:len(scheme)], scheme) {
		return "", false
	}
	return address[len(scheme):], true
}

// argv fills the placeholders in.
func (in *input) argv(template []config.Argument, place *folder) ([]string, error) {
	argv := make([]string, len(template))
	all, options := 0, true
	for i, argument := range template {
		text, err := in.fill(argument, place, options)
		if err != nil {
			return nil, err
		}
		if all += len(text); all > maxArguments {
			return nil, &provider.Error{Class: provider.Rejected, Param: "input", Message: "input: its texts are too long for this model"}
		}
		argv[i] = text
		if argument.IsFixed() && text == "--" {
			options = false
		}
	}
	return argv, nil
}

// fill makes one argument. options is set as long as the program may take an argument
// for an option: then a caller's value can't be at the start of one.
func (in *input) fill(argument config.Argument, place *folder, options bool) (string, error) {
	var text strings.Builder
	for _, piece := range argument {
		switch piece.Use {
		case config.Fixed:
			text.WriteString(piece.Text)
		case config.Scratch:
			text.WriteString(place.work)
		case config.Out:
			text.WriteString(place.out())
		case config.Input:
			value, err := in.value(piece.Name)
			if err != nil {
				return "", err
			}
			text.WriteString(value)
		default:
			file, ok := in.files[piece.Name]
			if !ok {
				return "", rejected(piece.Name, "it is missing")
			}
			if piece.Use == config.Type {
				text.WriteString(file.kind)
			} else {
				text.WriteString(file.path)
			}
		}
	}
	whole := text.String()
	if options && len(argument) > 0 && argument[0].Use == config.Input && strings.HasPrefix(whole, "-") {
		return "", rejected(argument[0].Name, "it can't begin with a hyphen")
	}
	return whole, nil
}

// value is an input as the text of an argument.
func (in *input) value(name string) (string, error) {
	raw := bytes.TrimSpace(in.values[name])
	if len(raw) == 0 || string(raw) == "null" {
		return "", rejected(name, "it is missing")
	}
	switch raw[0] {
	case '{', '[':
		return "", rejected(name, "it must be a text, a number, true or false")
	case '"':
	default:
		return string(raw), nil
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return "", rejected(name, "it is no proper text")
	}
	switch {
	case strings.ContainsRune(text, 0):
		return "", rejected(name, "it has a zero character in it")
	case len(text) > maxValue:
		return "", rejected(name, "it is longer than %d bytes", maxValue)
	}
	return text, nil
}
