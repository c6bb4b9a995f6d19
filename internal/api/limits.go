package api

import (
	"net/http"

	"skytower/internal/limit"
)

// LimitHeaders tells a caller what is left of the limits (contract section 10). All values
// stand in one array: they go out with nearly every answer.
func LimitHeaders(h http.Header, d limit.Decision) {
	v := new([7]string)
	v[0] = "60"
	v[1], v[2] = d.Requests.Values()
	v[3], v[4] = d.TokensIn.Values()
	v[5], v[6] = d.TokensOut.Values()
	for i, name := range limitHeaders() {
		h[name] = v[i : i+1 : i+1]
	}
}

func limitHeaders() [7]string {
	return [...]string{
		"X-Skytells-Ratelimit-Window",
		"X-Skytells-Ratelimit-Limit-Requests", "X-Skytells-Ratelimit-Remaining-Requests",
		"X-Skytells-Ratelimit-Limit-Tokens-In", "X-Skytells-Ratelimit-Remaining-Tokens-In",
		"X-Skytells-Ratelimit-Limit-Tokens-Out", "X-Skytells-Ratelimit-Remaining-Tokens-Out",
	}
}
