package anthropic

import (
	"skytower/internal/fault"
	"skytower/internal/provider"
)

// problem is what is wrong with a request, and where.
type problem struct {
	path    fault.Path
	text    string // what comes after the path in the message
	foreign bool   // it is right, but the API has nothing for it
}

func wrong(path, text string) *problem { return &problem{path: fault.Path(path), text: text} }

// uncarried is about something that another upstream may serve.
func uncarried(path, text string) *problem {
	return &problem{path: fault.Path(path), text: text, foreign: true}
}

// in puts the path into an object's member.
func (p *problem) in(name string) *problem {
	p.path = p.path.In(name)
	return p
}

// at puts the path into an array's element.
func (p *problem) at(index int) *problem {
	p.path = p.path.At(index)
	return p
}

// error says it to the caller. Which service stands behind the model is not his business.
// What another upstream may serve is of class Unsupported, so that it is asked.
func (p *problem) error() error {
	if p == nil {
		return nil
	}
	message := "'" + string(p.path) + "' " + p.text
	if p.foreign {
		return &provider.Error{Class: provider.Unsupported, Err: &fault.Error{ID: fault.InvalidParameter, Param: string(p.path), Message: message}}
	}
	return &provider.Error{Class: provider.Rejected, Param: string(p.path), Message: message}
}
