package blob

import (
	"path"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName bounds a file's name in bytes.
const maxName = 100

// safeName makes the wished name the last segment of a path, a name that no file system
// and no shell reads as something else, and one that no other file of the prediction's
// outputs has: an ordinal above 0 stands at its end, and a name that looks as if one did
// gets its own.
func safeName(n New, kind string) string {
	stem, ending := split(n.Name, kind)
	if stem == "" {
		stem = "file"
		if n.Role == Output || n.Role == Partial {
			stem = "output"
		}
	}
	number := ""
	if n.Prediction != "" && (n.Ordinal > 0 || endsInNumber(stem)) {
		number = "-" + strconv.FormatInt(n.Ordinal, 10)
	}
	return cut(stem, maxName-len(number)-len(ending)) + number + ending
}

// split takes a wished name apart, both parts safe, the ending one that fits the type.
func split(name, kind string) (stem, ending string) {
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	name = strings.Map(safeRune, strings.ToValidUTF8(name, "_"))
	ending = path.Ext(name)
	stem = strings.Trim(strings.TrimSuffix(name, ending), "._- ")
	if reserved(stem) {
		stem += "_"
	}
	return stem, fitEnding(strings.ToLower(ending), kind)
}

// safeRune leaves letters and digits of all scripts, and what is harmless between them.
func safeRune(r rune) rune {
	switch {
	case unicode.IsLetter(r), unicode.IsDigit(r), unicode.Is(unicode.Mn, r), r == '.', r == '-', r == '_':
		return r
	}
	return '_'
}

// reserved knows the names that Windows takes for devices.
func reserved(stem string) bool {
	switch s := strings.ToLower(stem); s {
	case "con", "prn", "aux", "nul":
		return true
	default:
		return len(s) == 4 && (strings.HasPrefix(s, "com") || strings.HasPrefix(s, "lpt")) && s[3] >= '0' && s[3] <= '9'
	}
}

func endsInNumber(stem string) bool {
	rest := strings.TrimRight(stem, "0123456789")
	return rest != stem && strings.HasSuffix(rest, "-")
}

// cut shortens s to at most n bytes, at the end of a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
