package catalog

import "strings"

// words are the features as operators write them.
func (f Features) words() []string {
	var out []string
	for i, word := range [...]string{"text", "tools", "images", "json_schema"} {
		if f&(1<<i) != 0 {
			out = append(out, word)
		}
	}
	return out
}

// String lists the features for people.
func (f Features) String() string { return strings.Join(f.words(), ", ") }

// Holds reports whether a request with these needs and so many tokens of input meets all
// of the rule's conditions.
func (r *Rule) Holds(needs Features, input int64) bool {
	return meets(r.Tools, needs&HasTools != 0) && meets(r.Images, needs&HasImages != 0) && meets(r.JSONSchema, needs&HasJSONSchema != 0) &&
		(r.InputOver == 0 || input > r.InputOver) && (r.InputUnder == 0 || input < r.InputUnder)
}

func meets(want *bool, is bool) bool { return want == nil || *want == is }
