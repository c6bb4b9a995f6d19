package cli

import "skytower/internal/spelling"

// didYouMean is `; did you mean "x"?` where a known name is near, else "".
func didYouMean(name string, known []string) string {
	if near := spelling.Nearest(name, known); near != "" {
		return `; did you mean "` + near + `"?`
	}
	return ""
}
