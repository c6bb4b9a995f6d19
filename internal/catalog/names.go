package catalog

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"skytower/internal/spelling"
)

// Router is the slug that always resolves (contract 14.1): to the default model
// of the route that was called.
const Router = "deepbrain-router"

const (
	maxSlug         = 128
	maxProviderName = 40
	maxUpstreamName = 512
)

// validSlug says what is wrong with a slug or an alias, or "". The rule: 1 to
// 128 characters of A-Z a-z 0-9 . _ : -, in one part or in two with a slash
// between them, each part beginning with a letter or a digit. So every slug is
// one path segment, or the two of `/models/{vendor}/{namespace}` (contract 4),
// and no part is `.` or `..`, which HTTP clients fold away.
func validSlug(s string) string {
	switch {
	case s == "":
		return "a slug is missing"
	case len(s) > maxSlug:
		return "a slug has at most 128 characters"
	case strings.Count(s, "/") > 1:
		return "a slug has at most one slash"
	}
	for part := range strings.SplitSeq(s, "/") {
		if part == "" || !isAlnum(part[0]) {
			return "a slug, and its part after a slash, begins with a letter or a digit"
		}
	}
	if i := strings.IndexFunc(s, func(r rune) bool { return !isSlugRune(r) }); i >= 0 {
		return "a slug is made of A-Z a-z 0-9 . _ : - and at most one /"
	}
	return ""
}

func isSlugRune(r rune) bool {
	return r < 128 && (isAlnum(byte(r)) || strings.ContainsRune("._:/-", r))
}

func isAlnum(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// validProviderName says what is wrong with a provider's name, or "".
func validProviderName(s string) string {
	if s == "" || len(s) > maxProviderName || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return "a provider's name is 1 to 40 characters of a-z 0-9 -"
	}
	return ""
}

// validUpstream reports whether an upstream's name of a model can be stored and
// shown. Upstreams use all sorts of names.
func validUpstream(name string) bool {
	return name != "" && len(name) <= maxUpstreamName && utf8.ValidString(name) && !strings.ContainsFunc(name, unicode.IsControl)
}

// fold is how names are compared where case does not count. Slugs are ASCII, so
// nothing beyond ASCII can fold into one.
func fold(s string) string { return strings.ToLower(s) }

// unprefixed is the name without one leading `vendor/` (contract 4).
func unprefixed(name string) (string, bool) {
	vendor, rest, ok := strings.Cut(name, "/")
	return rest, ok && vendor != "" && rest != ""
}

// slugFor makes a slug from an upstream's name: the last two parts of a path
// (hf.co/owner/model → owner/model), characters that a slug can't hold as `-`.
// It may be "" where the name holds nothing usable.
func slugFor(upstream string) string {
	parts := strings.Split(upstream, "/")
	parts = parts[max(0, len(parts)-2):]
	kept := parts[:0]
	for _, part := range parts {
		part = strings.Map(func(r rune) rune {
			if r == '/' || !isSlugRune(r) {
				return '-'
			}
			return r
		}, part)
		part = strings.TrimLeft(part, "._:-")
		if part = strings.TrimRight(part, "-"); part != "" {
			kept = append(kept, part)
		}
	}
	slug := strings.Join(kept, "/")
	if len(slug) > maxSlug {
		return ""
	}
	return slug
}

// vendorSlug makes a vendor's slug from its name.
func vendorSlug(name string) string {
	slug := strings.Map(func(r rune) rune {
		if r < 128 && isAlnum(byte(r)) {
			return unicode.ToLower(r)
		}
		return '-'
	}, name)
	return strings.Trim(slug, "-")
}

// quotable makes a name fit for a message: callers send anything as a model's
// name, and it comes back to them and stands in logs.
func quotable(name string) string {
	const most = 128
	name = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) && r != unicode.ReplacementChar {
			return r
		}
		return '?'
	}, name[:min(len(name), 4*most)])
	if runes := []rune(name); len(runes) > most {
		name = string(runes[:most]) + "…"
	}
	return name
}

// didYouMean is a sentence's end that names the nearest candidate, or "".
func didYouMean(name string, candidates []string) string {
	if near := spelling.Nearest(name, candidates); near != "" {
		return "; did you mean '" + near + "'?"
	}
	return ""
}
