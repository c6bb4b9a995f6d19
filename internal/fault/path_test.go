package fault_test

import (
	"testing"

	"skytower/internal/fault"
)

func TestPath(t *testing.T) {
	t.Parallel()
	none := fault.Path("")
	for want, got := range map[fault.Path]fault.Path{
		"":                            none,
		"tools":                       none.In("tools"),
		"tools[3]":                    none.At(3).In("tools"),
		"tools[3].name":               none.In("name").At(3).In("tools"),
		"messages[0].content[1].text": none.In("text").At(1).In("content").At(0).In("messages"),
		"grid[2][1]":                  none.At(1).At(2).In("grid"),
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
