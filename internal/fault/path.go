package fault

import "strconv"

// Path is where in a request something is: messages[0].content[1].url. It is put together
// from the inside out, on the way back from what was wrong, so that a good request pays
// nothing for it.
type Path string

// In is the path as seen from the object that has it in a member.
func (p Path) In(name string) Path {
	switch {
	case p == "":
		return Path(name)
	case p[0] == '[':
		return Path(name) + p
	default:
		return Path(name) + "." + p
	}
}

// At is the path as seen from the array that has it in an element.
func (p Path) At(index int) Path { return p.In("[" + strconv.Itoa(index) + "]") }
