package console

import (
	"testing"

	"skytower/docs"
	"skytower/internal/console/ui"
)

// Pages are parsed when they are shown: this is where a broken one is found.
func TestEveryPageIsParsed(t *testing.T) {
	t.Parallel()
	kit, err := ui.New()
	if err != nil {
		t.Fatal(err)
	}
	describe := func() ([]byte, []byte, error) { return []byte(`{"openapi":"3.1.0"}`), nil, nil }
	if _, err := (Options{Public: true, Manual: docs.Pages, Describe: describe}).rows(kit); err != nil {
		t.Fatal(err)
	}
	if err := kit.Check(); err != nil {
		t.Error(err)
	}
}
