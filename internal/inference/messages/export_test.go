package messages

import "fmt"

// Numbered makes ids that count from 1.
func (t *Translation) Numbered() {
	n := 0
	t.newID = func(prefix string) string {
		n++
		return fmt.Sprintf("%s%d", prefix, n)
	}
}
