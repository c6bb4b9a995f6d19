package api

import (
	"net/http"

	"skytower/internal/limit"
)

// LimitHeaders tells a caller what is left of the limits (contract section 10).
func LimitHeaders(h http.Header, d limit.Decision) {
	h["X-Skytells-Ratelimit-Window"] = []string{"60"}
	set := func(name string, q limit.Quota) {
		limit, remaining := q.Values()
		h["X-Skytells-Ratelimit-Limit-"+name] = []string{limit}
		h["X-Skytells-Ratelimit-Remaining-"+name] = []string{remaining}
	}
	set("Requests", d.Requests)
	set("Tokens-In", d.TokensIn)
	set("Tokens-Out", d.TokensOut)
}
