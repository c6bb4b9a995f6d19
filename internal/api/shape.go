package api

import (
	"reflect"

	"github.com/danielgtaylor/huma/v2"
)

// OneOf is a field that takes a value of either type, for the document.
type OneOf[A, B any] struct{}

// Schema is how OpenAPI writes a choice.
func (OneOf[A, B]) Schema(r huma.Registry) *huma.Schema {
	return &huma.Schema{OneOf: []*huma.Schema{shape[A](r), shape[B](r)}}
}

// Fields is an object whose fields the document does not name.
type Fields struct{}

// Schema is how OpenAPI writes any object.
func (Fields) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}
}

func shape[T any](r huma.Registry) *huma.Schema {
	t := reflect.TypeFor[T]()
	return r.Schema(t, true, t.Name())
}
