package translate

import "strconv"

// Numbered makes the ids of items count instead of being random.
func (t *Translation) Numbered() {
	n := 0
	t.newID = func(prefix string) string {
		n++
		return prefix + strconv.Itoa(n)
	}
}
