package explorer

import (
	"slices"
	"strconv"
	"strings"
)

// client is a TypeScript file with every type and a client: a method for each
// operation, and one more for each that streams. It needs fetch and nothing else.
func (s *spec) client(runtime, base string) string {
	var out strings.Builder
	out.WriteString(s.definitions())
	out.WriteString("\nconst DEFAULT_BASE_URL = " + strconv.Quote(base) + ";\n\n" + runtime)
	out.WriteString("\n/** The client: `new Skytower({ key: \"sk-…\" })`. */\nexport class Skytower extends Transport {\n")
	for i, o := range s.Operations {
		if i > 0 {
			out.WriteString("\n")
		}
		o.method(&out)
	}
	out.WriteString("}\n")
	return out.String()
}

// method writes the methods of one operation.
func (o *operation) method(out *strings.Builder) {
	id := strconv.Quote(o.ID)
	good := o.good()
	form := ""
	if o.Body != nil && o.Body.Type == "multipart/form-data" {
		form = ", form: true"
	}
	args := "args: Arguments<" + id + ">"
	if !o.needsArguments() {
		args += " = {}"
	}
	call := func(args string) string {
		return "{ method: " + strconv.Quote(o.Method) + ", path: " + strconv.Quote(o.Path) + ", args" + args + ", options" + form + " }"
	}
	kind := "json<Answer<" + id + ">>"
	if good.Type == "application/octet-stream" {
		kind = "blob"
	}
	out.WriteString("  /** " + o.Summary + " */\n  " + o.ID + "(" + args + ", options?: CallOptions): Promise<Answer<" + id + ">> {\n    return this." +
		kind + "(" + call("") + ");\n  }\n")
	if good.Stream == nil {
		return
	}
	out.WriteString("\n  /** " + o.Summary + ", as a stream of events. */\n  " + o.ID +
		"Events(" + args + ", options?: CallOptions): AsyncGenerator<StreamEvent<" + id + ">, void, void> {\n    return this.events<StreamEvent<" + id + ">>(" +
		call(o.streamed()) + ", " + strconv.Quote(good.Stream.End) + ");\n  }\n")
}

// good is the answer of a call that succeeded.
func (o *operation) good() answer {
	for _, a := range o.Answers {
		if a.Status < 300 {
			return a
		}
	}
	return answer{}
}

func (o *operation) needsArguments() bool {
	return o.Body != nil || slices.ContainsFunc(o.Parameters, func(p parameter) bool { return p.Required })
}

// asksInBody reports whether the stream is asked for in the body; the other
// operations have a parameter for it, or go by the header Accept alone.
func (o *operation) asksInBody() bool { return o.Tag == "Inference" && o.Body != nil }

func (o *operation) asksInQuery() bool {
	return !o.asksInBody() && slices.ContainsFunc(o.Parameters, func(p parameter) bool { return p.Name == "stream" && p.In == "query" })
}

// streamed are the arguments that ask for a stream.
func (o *operation) streamed() string {
	switch {
	case o.asksInBody():
		return ": { ...args, body: { ...args.body, stream: true } }"
	case o.asksInQuery():
		return `: { ...args, query: { ...args.query, stream: "true" } }`
	}
	return ""
}
