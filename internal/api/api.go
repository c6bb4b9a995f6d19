// Package api is the HTTP edge: the route rows, authentication of callers, the two
// error envelopes of the contract (section 9), and the OpenAPI document made from
// the rows. The handlers of each surface live in api/rest, api/infer and api/admin.
//
// It decodes, makes one call into a room, and encodes; it holds no product rule,
// opens no transaction and knows no adapter. Its one invariant: what is not a row
// does not exist, and every row says who may call it.
package api

import (
	"skytower/internal/account"
	"skytower/internal/fault"
	"skytower/internal/httpx"
)

// Surface picks the error envelope and the rules of a route.
type Surface int

// The surfaces.
const (
	REST      Surface = iota // contract 9.1
	Inference                // contract 9.2
	Admin                    // REST envelope, operator keys only
	Messages                 // inference in the form of Anthropic's API
)

// Param is a query or path parameter, for the document.
type Param struct {
	Name        string
	In          string // query or path
	Description string
	Enum        []string
	Required    bool
}

// Route is one row: what the mux, the authentication and /openapi.json need to
// know. Exactly one of Public, Key and Operator is set; it says who may call.
type Route struct {
	Method  string
	Pattern string   // for http.ServeMux, without the method
	Aliases []string // further patterns of the same handler (contract 1.3 to 1.5)
	Surface Surface

	ID          string // operationId
	Tag         string
	Summary     string
	Description string
	Scope       account.Scopes // what the key must be allowed to do
	Poll        bool           // it only reads: drawn from the account's bucket for polling
	Params      []Param
	Request     any  // a value of the body's type, for the document; nil: no body
	Multipart   bool // the body is a form, not JSON
	Response    any  // a value of the answer's type; Binary: not JSON
	Streams     bool
	Events      []Event // what a stream sends
	StreamEnd   string  // the last data of a stream, where it is no event: [DONE]
	Example     string  // a request body
	Answer      string  // an answer
	Errors      []fault.ID
	Hidden      bool // not in the document

	Public   func(*httpx.Call) error
	Key      func(*httpx.Call, account.Principal) error
	Operator func(*httpx.Call, account.Operator) error
}

// Event is one kind of a stream's events, for the document.
type Event struct {
	Name string // of the event's `event` line; "" where it has none
	Text string
	Data any // a value of the type of its data; nil: any JSON
}

// Binary is content of any type: an answer, or a file in a form.
type Binary struct{}
