package faultsite

import (
	"net/http"
	"strconv"
)

// Secret stands in every text of an upstream that no caller may read.
const Secret = "inner secret 10.9.8.7"

// Told is a text about the request that its caller is to read.
const Told = "The temperature is too high."

// Bodies of refusals.
const (
	plainError   = `{"error":{"message":"` + Told + `","type":"invalid_request_error","param":null,"code":null}}`
	paramError   = `{"error":{"message":"` + Told + `","type":"invalid_request_error","param":"temperature","code":null}}`
	contextError = `{"error":{"message":"` + Told + `","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}`
	innerError   = `{"error":{"message":"` + Secret + `","type":"server_error","param":null,"code":null}}`
	page         = "<html><body><h1>" + Secret + "</h1></body></html>\n"
)

// refuse answers with an error's document.
func (c *call) refuse(status int, body string, fields ...string) {
	c.say(document(status, body, append(fields, typeJSON)...))
}

func refusal(status int, body string, fields ...string) func(*call) {
	return func(c *call) { c.refuse(status, body, fields...) }
}

// Statuses are the refusals of an upstream.
func Statuses() []Fault {
	list := []Fault{
		{Name: "status-302", serve: refusal(302, innerError, "Location: http://127.0.0.1:1/elsewhere")},
		{Name: "status-400", serve: refusal(400, plainError)},
		{Name: "status-400-param", serve: refusal(400, paramError)},
		{Name: "status-400-context", serve: refusal(400, contextError)},
		{Name: "status-400-page", serve: func(c *call) { c.say(document(400, page, typePage)) }},
		{Name: "status-413", serve: refusal(413, plainError)},
		{Name: "status-422", serve: refusal(422, paramError)},
		{Name: "status-429", serve: refusal(429, innerError)},
		{Name: "status-429-after", serve: refusal(429, innerError, "Retry-After: 7")},
		{Name: "status-429-long", serve: refusal(429, innerError, "Retry-After: 60")},
		{Name: "status-429-after-ms", serve: refusal(429, innerError, "Retry-After-Ms: 1500", "Retry-After: 9")},
		{Name: "status-500-page", serve: func(c *call) { c.say(document(500, page, typePage)) }},
		{Name: "status-500-cut", serve: func(c *call) { c.say(head(500, typeJSON, length(999)) + innerError) }},
		{Name: "status-500-hang", serve: func(c *call) { c.say(head(500, typeJSON, length(999)) + innerError); c.hang() }},
		{Name: "status-503-after", serve: refusal(503, innerError, "Retry-After: 7")},
	}
	for _, status := range [...]int{401, 402, 403, 404, 405, 408, 409, 500, 502, 503, 504, 529} {
		list = append(list, Fault{Name: "status-" + strconv.Itoa(status), serve: refusal(status, innerError)})
	}
	return list
}

// Kinds are answers of success that are not what was asked for.
func Kinds() []Fault {
	return []Fault{
		{Name: "type-text", serve: func(c *call) { c.mislabelled(typeText) }},
		{Name: "type-missing", serve: func(c *call) { c.mislabelled("X-Type: none") }},
		{Name: "type-json", serve: func(c *call) { c.mislabelled(typeJSON) }},
		{Name: "page", serve: func(c *call) { c.say(document(200, page, typePage)) }},
		{Name: "other-form", serve: (*call).otherForm},
		{Name: "half-a-document", serve: func(c *call) { c.say(document(200, c.Whole[:len(c.Whole)/2], typeJSON)) }},
		{Name: "list", serve: func(c *call) { c.say(document(200, "["+c.Whole+"]", typeJSON)) }},
		{Name: "hollow", serve: func(c *call) { c.say(document(200, `{"id":"x"}`, typeJSON)) }},
		{Name: "error-in-200", serve: func(c *call) { c.say(document(200, innerError, typeJSON)) }},
		{Name: "error-text-in-200", serve: func(c *call) { c.say(document(200, `{"error":"`+Secret+`"}`, typeJSON)) }},
	}
}

// mislabelled is the sound answer under another type.
func (c *call) mislabelled(kind string) {
	c.say(head(http.StatusOK, kind, inChunks, lastOne) + c.framed())
}

// otherForm is a document for who asked for a stream, and the other way round.
func (c *call) otherForm() {
	if c.streamed() {
		c.say(document(200, c.Whole, typeJSON))
		return
	}
	c.events([]string{"data: " + c.Whole + "\n\n", "data: [DONE]\n\n"})
	c.say(lastChunk)
}

// Keep are faults of a connection's second request: the first is answered soundly.
func Keep() []Fault {
	second := func(then func(*call)) func(*call) {
		return func(c *call) {
			if c.n == 1 {
				c.say(head(http.StatusOK, typeJSON, length(len(c.Whole))) + c.Whole)
				return
			}
			c.ended = true
			then(c)
		}
	}
	return []Fault{
		// Closed when nothing is on the way: a new connection is safe.
		{Name: "stale", keep: true, serve: func(c *call) {
			c.say(head(http.StatusOK, typeJSON, length(len(c.Whole))) + c.Whole)
			c.ended = true
		}},
		// Closed after the request came: it may have been acted on.
		{Name: "second-close", keep: true, serve: second(func(*call) {})},
		{Name: "second-reset", keep: true, serve: second((*call).reset)},
		{Name: "second-half-a-head", keep: true, serve: second(func(c *call) { c.say("HTTP/1.1 20") })},
	}
}

// All are the faults of all kinds but Keep.
func All() []Fault {
	var list []Fault
	for _, some := range [...][]Fault{Wire(), Cuts(), Statuses(), Kinds()} {
		list = append(list, some...)
	}
	return list
}

// Edit is a fault of content: the sound answer changed, and sent properly.
func Edit(name string, change func(Answer) Answer) Fault {
	return Fault{Name: name, serve: func(c *call) {
		c.Answer = change(c.Answer)
		c.sound()
	}}
}
