package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Argument is one element of a command's argv: fixed text and placeholders in turn.
type Argument []Piece

// Piece is a part of an argument: Text where Use is Fixed, else a placeholder.
type Piece struct {
	Use  Use
	Text string // of Fixed
	Name string // of the input that Input, File and Type are about
}

// Use is what a piece stands for.
type Use string

// The uses, as they stand in placeholders.
const (
	Fixed   Use = ""
	Input   Use = "input."  // {{input.NAME}}: the value of an input
	File    Use = "file:"   // {{file:NAME}}: the path of the file that an input brought
	Type    Use = "type:"   // {{type:NAME}}: the short name of its type, such as png
	Scratch Use = "scratch" // {{scratch}}: the path of the scratch folder
	Out     Use = "out"     // {{out}}: the path of the folder for output files
)

const (
	opening = "{{"
	closing = "}}"
)

// ParseArgument reads an element of argv.
func ParseArgument(text string) (Argument, error) {
	if len(text) > maxElement {
		return nil, fmt.Errorf("it is longer than %s", formatSize(maxElement))
	}
	if strings.ContainsRune(text, 0) {
		return nil, errors.New("it has a zero byte in it")
	}
	argument := Argument{}
	for text != "" {
		before, rest, found := strings.Cut(text, opening)
		if before != "" {
			argument = append(argument, Piece{Text: before})
		}
		if !found {
			break
		}
		inner, after, ended := strings.Cut(rest, closing)
		if !ended {
			return nil, errors.New("it has {{ without }} after it")
		}
		piece, err := parsePlaceholder(strings.TrimSpace(inner))
		if err != nil {
			return nil, err
		}
		argument, text = append(argument, piece), after
	}
	return argument, nil
}

func parsePlaceholder(inner string) (Piece, error) {
	switch Use(inner) {
	case Scratch, Out:
		return Piece{Use: Use(inner)}, nil
	}
	for _, use := range []Use{Input, File, Type} {
		if name, ok := strings.CutPrefix(inner, string(use)); ok && name != "" && !strings.ContainsAny(name, "{}") {
			return Piece{Use: use, Name: name}, nil
		}
	}
	return Piece{}, fmt.Errorf("{{%s}} is no placeholder; there are {{input.NAME}}, {{file:NAME}}, {{type:NAME}}, {{scratch}} and {{out}}", inner)
}

// String is the element as it is written.
func (a Argument) String() string {
	var text strings.Builder
	for _, piece := range a {
		if piece.Use == Fixed {
			text.WriteString(piece.Text)
		} else {
			text.WriteString(opening + string(piece.Use) + piece.Name + closing)
		}
	}
	return text.String()
}

// MarshalJSON is String, for printouts.
func (a Argument) MarshalJSON() ([]byte, error) { return json.Marshal(a.String()) }

// IsFixed reports whether the element holds no placeholder.
func (a Argument) IsFixed() bool { return len(a) == 0 || len(a) == 1 && a[0].Use == Fixed }

// startsOption reports whether a caller's value would be the name of an option.
func (a Argument) startsOption() bool {
	return len(a) > 1 && a[0].Use == Fixed && strings.Trim(a[0].Text, "-") == "" && a[1].Use == Input
}

// holdsInput reports whether the element holds a caller's value.
func (a Argument) holdsInput() bool {
	for _, piece := range a {
		if piece.Use == Input {
			return true
		}
	}
	return false
}
