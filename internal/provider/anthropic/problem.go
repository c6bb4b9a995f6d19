package anthropic

import (
	"strconv"

	"skytower/internal/fault"
	"skytower/internal/provider"
)

// problem is what is wrong with a request, and where. Its path is put together on the way
// up, so that a good request pays nothing for it.
type problem struct {
	path    string // messages[0].content[1]
	text    string // what comes after the path in the message
	foreign bool   // it is right, but the API has nothing for it
}

func wrong(path, text string) *problem { return &problem{path: path, text: text} }

// uncarried is about something that another upstream may serve.
func uncarried(path, text string) *problem { return &problem{path: path, text: text, foreign: true} }

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
// What another upstream may serve is of class Unsupported, so that it is asked.
func (p *problem) error() error {
	if p == nil {
		return nil
	}
	message := "'" + p.path + "' " + p.text
	if p.foreign {
		return &provider.Error{Class: provider.Unsupported, Err: &fault.Error{ID: fault.InvalidParameter, Param: p.path, Message: message}}
	}
	return &provider.Error{Class: provider.Rejected, Param: p.path, Message: message}
}
