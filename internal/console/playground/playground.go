// Package playground is where a person tries models: chats, two models side by side,
// and predictions by a form made from the model's schema.
//
// The server renders the frame and the forms; scripts call /v1 from the browser with a
// key that the desk gives them for a quarter of an hour. It refuses to relay anything
// itself: what is tried here is what programs call. What a model says never becomes
// markup, and no key ever gets into an address, a storage or a line of code.
package playground

import (
	"cmp"
	"embed"
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"skytower/internal/account"
	"skytower/internal/console/desk"
	"skytower/internal/console/ui"
	"skytower/internal/skytells"
)

//go:embed templates/*.html assets/*
var embedded embed.FS

// Pages are the room's pages.
type Pages struct{ room *ui.Room }

// New parses the pages.
func New(kit *ui.Kit) (*Pages, error) {
	room, err := kit.Room("playground", embedded)
	if err != nil {
		return nil, err
	}
	return &Pages{room: room}, nil
}

const (
	chatPath       = "/playground"
	predictionPath = "/playground/predictions"
)

// Rows are the pages.
func (p *Pages) Rows() []desk.Row {
	return []desk.Row{
		{Method: "GET", Pattern: chatPath, Need: desk.Member, Menu: "Build", Label: "Playground", Handle: p.chat},
		{Method: "GET", Pattern: predictionPath, Need: desk.Member, Handle: p.predictions},
	}
}

// modelChoice is a model to choose.
type modelChoice struct {
	Slug, Label, More string
	Chosen, Other     bool // of the first, of the second list
}

// common is what both pages show.
type common struct {
	Tabs    []ui.Link
	Models  []modelChoice
	Model   string
	Unknown string // a model that the address names and that is not there
	May     bool   // the person's role may call models
	Owner   string // whose memory of the tab it is
	Example string // the call for those without scripts
	Sample  []ui.Choice
}

func newCommon(d *desk.Desk, path string) common {
	return common{
		Tabs: []ui.Link{{Label: "Chat", Path: chatPath, Current: path == chatPath}, {Label: "Predictions", Path: predictionPath, Current: path == predictionPath}},
		May:  d.CanWrite() && d.Seat.Role.Scopes().Has(account.Inference|account.PredictionsCreate), Owner: d.Visitor.Person.ID + " " + d.Seat.Account,
		Sample: []ui.Choice{{Value: "curl", Label: "curl"}, {Value: "python", Label: "Python"}, {Value: "typescript", Label: "TypeScript"}, {Value: "go", Label: "Go"}},
	}
}

// chooses reports whether a model belongs to the page.
type chooses func(skytells.Model) bool

// chats takes words such as embeddings and text-embedding as a sign of the other kind of
// models that the inference routes serve.
func chats(m skytells.Model) bool {
	return m.Metadata.OpenAICompatible && !slices.ContainsFunc(m.Capabilities, func(word string) bool { return strings.Contains(word, "embedding") })
}

func predicts(m skytells.Model) bool { return !m.Metadata.OpenAICompatible }

// choose lists the page's models by name and picks the wanted one, or the first that
// serves.
func (c *common) choose(all []skytells.Model, fits chooses, want string) {
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b skytells.Model) int { return cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	first := ""
	for _, m := range all {
		if !fits(m) {
			continue
		}
		c.Models = append(c.Models, choiceOf(m))
		if first == "" && m.Status == "operational" {
			first = m.Namespace
		}
		if m.Namespace == want {
			c.Model = want
		}
	}
	if c.Model == "" {
		c.Unknown = want
		if c.Model = first; first == "" && len(c.Models) > 0 {
			c.Model = c.Models[0].Slug
		}
	}
	for i := range c.Models {
		c.Models[i].Chosen = c.Models[i].Slug == c.Model
	}
}

func choiceOf(m skytells.Model) modelChoice {
	more := []string{m.Namespace}
	if m.Vendor.Name != "" {
		more = append(more, m.Vendor.Name)
	}
	if m.Status != "operational" {
		more = append(more, m.Status)
	}
	return modelChoice{Slug: m.Namespace, Label: cmp.Or(m.Name, m.Namespace), More: strings.Join(more, " · ")}
}

type chatView struct {
	common
	Compare bool
	Efforts []ui.Choice
	Formats []ui.Choice
	Picks   []ui.Choice
}

// chat is a conversation with one model, or with two.
func (p *Pages) chat(d *desk.Desk) error {
	all, err := d.V1.Models(d.Ctx())
	if err != nil {
		return err
	}
	want := d.Query("model")
	if i := slices.IndexFunc(all, func(m skytells.Model) bool { return m.Namespace == want }); i >= 0 && predicts(all[i]) {
		return d.Redirect(predictionPath + "?" + url.Values{"model": {want}}.Encode())
	}
	v := chatView{common: newCommon(d, chatPath), Efforts: choices("", "none", "minimal", "low", "medium", "high"),
		Formats: []ui.Choice{{Value: "", Label: "As the model does"}, {Value: "text", Label: "Text"}, {Value: "json_object", Label: "A JSON object"}, {Value: "json_schema", Label: "JSON by a schema"}},
		Picks:   choices("", "auto", "none", "required")}
	v.choose(all, chats, want)
	v.second(d.Query("with"))
	v.Example = curl(d.Base, "/v1/chat/completions", `{"model": `+quoted(v.Model)+`, "messages": [{"role": "user", "content": "Hello!"}]}`)
	return d.Page(p.room, "chat", ui.View{Title: "Playground", Data: v, Styles: []string{"playground/playground.css"}, Scripts: []string{"playground/chat.js"}})
}

// second picks the model that the first is compared with.
func (v *chatView) second(with string) {
	at := slices.IndexFunc(v.Models, func(m modelChoice) bool { return m.Slug == with })
	v.Compare = at >= 0
	if at < 0 {
		at = slices.IndexFunc(v.Models, func(m modelChoice) bool { return !m.Chosen })
	}
	if at < 0 && len(v.Models) > 0 {
		at = 0
	}
	if at >= 0 {
		v.Models[at].Other = true
	}
}

func choices(words ...string) []ui.Choice {
	out := make([]ui.Choice, len(words))
	for i, w := range words {
		out[i] = ui.Choice{Value: w, Label: cmp.Or(w, "Not set")}
	}
	return out
}

type predictionView struct {
	common
	Name, Description, Type string
	Fields, Further         []field
	Whole                   bool // the schema says nothing of fields: the input is typed as JSON
}

// predictions is a form made from the model's schema.
func (p *Pages) predictions(d *desk.Desk) error {
	all, err := d.V1.Models(d.Ctx(), "input_schema")
	if err != nil {
		return err
	}
	want := d.Query("model")
	if i := slices.IndexFunc(all, func(m skytells.Model) bool { return m.Namespace == want }); i >= 0 && chats(all[i]) {
		return d.Redirect(chatPath + "?" + url.Values{"model": {want}}.Encode())
	}
	v := predictionView{common: newCommon(d, predictionPath)}
	v.choose(all, predicts, want)
	if i := slices.IndexFunc(all, func(m skytells.Model) bool { return m.Namespace == v.Model }); i >= 0 && v.Model != "" {
		m := all[i]
		v.Name, v.Description, v.Type = m.Name, m.Description, m.Type
		v.Fields, v.Further = split(fieldsOf(m.InputSchema))
		v.Whole = len(v.Fields) == 0
		v.Example = curl(d.Base, "/v1/predictions", `{"model": `+quoted(m.Namespace)+`, "input": `+exampleOf(append(v.Fields, v.Further...))+`, "await": true}`)
	}
	return d.Page(p.room, "predictions", ui.View{Title: "Playground: predictions", Data: v, Styles: []string{"playground/playground.css"}, Scripts: []string{"playground/predictions.js"}})
}

// many is the number of fields from which those that need not be set are folded away.
const many = 8

// split puts what need not be filled in behind the rest of a long form.
func split(all []field) (first, further []field) {
	if len(all) <= many {
		return all, nil
	}
	for i, f := range all {
		if f.Required || i < many-2 {
			first = append(first, f)
		} else {
			further = append(further, f)
		}
	}
	return first, further
}

// quoted is a text as JSON.
func quoted(s string) string {
	text, _ := json.Marshal(s) // a text always can
	return string(text)
}

// curl is a call for those without scripts.
func curl(base, path, body string) string {
	return "curl " + base + path + " \\\n  -H \"x-api-key: $SKYTOWER_API_KEY\" \\\n  -H \"Content-Type: application/json\" \\\n  -d '" + strings.ReplaceAll(body, "'", `'\''`) + "'"
}
