package anthropic

import (
	"strconv"

	"skytower/internal/provider"
)

// problem is what is wrong with a request, and where. Its path is put together on the way
// up, so that a good request pays nothing for it.
type problem struct {
	path string // messages[0].content[1]
	text string // what comes after the path in the message
}

func wrong(path, text string) *problem { return &problem{path, text} }

// in puts the path into an object's member.
func (p *problem) in(name string) *problem {
	switch {
	case p.path == "":
		p.path = name
	case p.path[0] == '[':
		p.path = name + p.path
	default:
		p.path = name + "." + p.path
	}
	return p
}

// at puts the path into an array's element.
func (p *problem) at(index int) *problem { return p.in("[" + strconv.Itoa(index) + "]") }

// error says it to the caller. Which service stands behind the model is not his business.
func (p *problem) error() error {
	if p == nil {
		return nil
	}
	return &provider.Error{Class: provider.Rejected, Param: p.path, Message: "'" + p.path + "' " + p.text}
}
