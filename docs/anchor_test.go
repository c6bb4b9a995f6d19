package docs_test

import (
	"testing"

	"skytower/docs"
)

func TestAnchorsAreThoseOfGitHub(t *testing.T) {
	t.Parallel()
	var page docs.Anchors
	for _, c := range []struct{ heading, want string }{
		{"Use it", "use-it"}, {"Use it?", "use-it-1"}, {"use IT", "use-it-2"}, {"Use it 1", "use-it-1-1"},
		{"`GET /v1/models`", "get-v1models"}, {"**Bold** [link](https://example.com/x)", "bold-link"},
		{"request_log & more", "request_log--more"}, {"Größe ändern", "größe-ändern"}, {"  ", ""}, {"--listen", "--listen"},
		{"Add an upstream", "add-an-upstream"}, {"`skytower serve`", "skytower-serve"}, {"What's new?", "whats-new"},
		{"A & B", "a--b"}, {"snake_case-kept", "snake_case-kept"}, {"Über uns", "über-uns"}, {"1.2 Versions", "12-versions"},
	} {
		if got := page.Next(c.heading); got != c.want {
			t.Errorf("%q: got %q, want %q", c.heading, got, c.want)
		}
	}
}
