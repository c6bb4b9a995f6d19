package catalog

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"skytower/internal/fault"
)

// Bounds of what a refusal says.
const (
	maxViolations = 20
	maxPath       = 200
	maxWord       = 60 // a value or pattern of the schema
	maxListed     = 20 // values of an enum
)

// violation is one way in which a document does not fit its schema. Text ends the
// sentence that the path begins; it never repeats what the caller sent.
type violation struct {
	path, text string
	wanted     []string // types, where the value's type is what is wrong
	got        string
}

// Error makes it the error of a reader.
func (v violation) Error() string { return v.sentence() }

func (v violation) sentence() string {
	switch {
	case v.path == "":
		return v.text
	case strings.HasPrefix(v.text, "must "):
		return v.path + ": " + v.text
	}
	return v.path + " " + v.text
}

// sentences joins the first violations.
func sentences(all []violation) string {
	var parts []string
	for _, v := range all[:min(len(all), maxViolations)] {
		parts = append(parts, v.sentence())
	}
	if more := len(all) - maxViolations; more > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(parts, "; ")
}

func invalidInput(all []violation) error {
	return &fault.Error{
		ID: fault.InvalidInput, Param: all[0].path, Brief: "The input does not fit the model's schema.", Message: sentences(all),
	}
}

// violations says in plain words what a validation found, in the order of the paths.
// Root is what the document is called.
func violations(err error, doc any, root string) []violation {
	var found *jsonschema.ValidationError
	if !errors.As(err, &found) {
		return []violation{{path: root, text: "can't be checked against the schema"}}
	}
	x := explainer{doc: doc, root: root}
	all := x.explain(found)
	if len(all) == 0 {
		all = []violation{{path: root, text: "must fit the schema"}}
	}
	slices.SortStableFunc(all, func(a, b violation) int { return cmp.Or(cmp.Compare(a.path, b.path), cmp.Compare(a.text, b.text)) })
	return slices.CompactFunc(all, func(a, b violation) bool { return a.path == b.path && a.text == b.text })
}

type explainer struct {
	doc  any
	root string
}

// explain says what stands at the ends of a tree of errors.
func (x explainer) explain(e *jsonschema.ValidationError) []violation {
	switch k := e.ErrorKind.(type) {
	case *kind.AnyOf:
		return x.choice(e)
	case *kind.OneOf:
		if len(k.Subschemas) > 0 {
			return x.one(e, "must fit only one of the schema's forms, and fits several")
		}
		return x.choice(e)
	case *kind.Required:
		return x.missing(e, k.Missing, "is missing")
	case *kind.DependentRequired:
		return x.missing(e, k.Missing, "is missing: '"+quotable(k.Prop)+"' needs it")
	case *kind.Dependency:
		return x.missing(e, k.Missing, "is missing: '"+quotable(k.Prop)+"' needs it")
	case *kind.AdditionalProperties:
		return x.missing(e, k.Properties, "is not a field of this model")
	case *kind.Type:
		v := x.at(e, "must be "+oneOfWords(typeWords(k.Want))+", not "+gotWord(k))
		v.wanted, v.got = k.Want, gotWord(k)
		return []violation{v}
	case *kind.Schema, *kind.Group, *kind.AllOf, *kind.Reference:
		var all []violation
		for _, cause := range e.Causes {
			all = append(all, x.explain(cause)...)
		}
		return all
	}
	return x.one(e, words(e.ErrorKind))
}

func (x explainer) one(e *jsonschema.ValidationError, text string) []violation {
	return []violation{x.at(e, text)}
}

func (x explainer) at(e *jsonschema.ValidationError, text string) violation {
	return violation{path: x.path(e.InstanceLocation), text: text}
}

func (x explainer) missing(e *jsonschema.ValidationError, names []string, text string) []violation {
	var all []violation
	for _, name := range names {
		all = append(all, violation{path: x.path(append(slices.Clone(e.InstanceLocation), name)), text: text})
	}
	return all
}

// choice explains that no form of several fits. Forms for another type are left out,
// so that one that may also be null reads like one that may not.
func (x explainer) choice(e *jsonschema.ValidationError) []violation {
	here := x.path(e.InstanceLocation)
	var forms [][]violation // of the value's own type
	var wanted []string
	got := ""
	for _, cause := range e.Causes {
		form := x.explain(cause)
		if len(form) == 1 && form[0].path == here && form[0].wanted != nil {
			wanted, got = append(wanted, form[0].wanted...), form[0].got
			continue
		}
		forms = append(forms, form)
	}
	switch {
	case len(forms) == 1:
		return forms[0]
	case len(forms) == 0 && wanted != nil:
		slices.Sort(wanted)
		wanted = slices.Compact(wanted)
		v := x.at(e, "must be "+oneOfWords(typeWords(wanted))+", not "+got)
		v.wanted, v.got = wanted, got
		return []violation{v}
	}
	return x.one(e, "must fit one of the forms that the schema allows"+examples(forms))
}

// examples names what the first forms miss.
func examples(forms [][]violation) string {
	const most = 3
	var parts []string
	for _, form := range forms[:min(len(forms), most)] {
		if len(form) > 0 {
			parts = append(parts, form[0].sentence())
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", or ") + ")"
}

// path writes where a value stands: input.images[2].url.
func (x explainer) path(steps []string) string {
	text, at := x.root, x.doc
	for _, step := range steps {
		switch in := at.(type) {
		case []any:
			text += "[" + step + "]"
			at = nil
			if i, err := strconv.Atoi(step); err == nil && i >= 0 && i < len(in) {
				at = in[i]
			}
		case map[string]any:
			text += keyStep(step)
			at = in[step]
		default:
			text += keyStep(step)
		}
	}
	return shorten(strings.TrimPrefix(text, "."), maxPath)
}

// keyStep is an object's key as a step of a path.
func keyStep(key string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-$"
	if key != "" && strings.Trim(key, plain) == "" {
		return "." + quotable(key)
	}
	return "[" + strconv.Quote(quotable(key)) + "]"
}

// words ends the sentence for the kinds of errors that need nothing but themselves.
func words(k jsonschema.ErrorKind) string {
	switch k := k.(type) {
	case *kind.Enum:
		return "must be " + oneOfWords(values(k.Want))
	case *kind.Const:
		return "must be " + oneOfWords(values([]any{k.Want}))
	case *kind.Format:
		if k.Want == "regex" {
			return "must be a pattern of RE2's syntax (no look-around, no back-references), and not too large"
		}
		return "must be a valid " + quotable(k.Want)
	case *kind.Pattern:
		return "must match the pattern " + shorten(quotable(k.Want), maxWord)
	case *kind.Minimum:
		return "must be at least " + decimal(k.Want)
	case *kind.Maximum:
		return "must be at most " + decimal(k.Want)
	case *kind.ExclusiveMinimum:
		return "must be more than " + decimal(k.Want)
	case *kind.ExclusiveMaximum:
		return "must be less than " + decimal(k.Want)
	case *kind.MultipleOf:
		return "must be a multiple of " + decimal(k.Want)
	case *kind.FalseSchema:
		return "is not allowed"
	case *kind.RefCycle, *kind.InvalidJsonValue:
		return "can't be checked against the schema"
	}
	return sizeWords(k)
}

func sizeWords(k jsonschema.ErrorKind) string {
	switch k := k.(type) {
	case *kind.MinLength:
		return "must have at least " + count(k.Want, "character")
	case *kind.MaxLength:
		return "must have at most " + count(k.Want, "character")
	case *kind.MinItems:
		return "must have at least " + count(k.Want, "item")
	case *kind.MaxItems:
		return "must have at most " + count(k.Want, "item")
	case *kind.AdditionalItems:
		return "must have " + count(k.Count, "item") + " less"
	case *kind.MinProperties:
		return "must have at least " + count(k.Want, "field")
	case *kind.MaxProperties:
		return "must have at most " + count(k.Want, "field")
	case *kind.UniqueItems:
		return fmt.Sprintf("must not hold equal items, as %d and %d are", k.Duplicates[0], k.Duplicates[1])
	case *kind.Contains:
		return "must hold an item of the form that the schema names"
	case *kind.MinContains:
		return "must hold at least " + count(k.Want, "item") + " of the form that the schema names"
	case *kind.MaxContains:
		return "must hold at most " + count(k.Want, "item") + " of the form that the schema names"
	case *kind.PropertyNames:
		return "must not have a field called '" + quotable(k.Property) + "'"
	case *kind.Not:
		return "must not have a form that the schema excludes"
	}
	return "must fit the schema"
}

func count(n int, word string) string {
	if n != 1 {
		word += "s"
	}
	return fmt.Sprintf("%d %s", n, word)
}

// decimal writes a bound as people do.
func decimal(n *big.Rat) string {
	if n == nil {
		return "the schema's bound"
	}
	if n.IsInt() {
		return shorten(n.Num().String(), maxWord)
	}
	f, _ := n.Float64()
	return strconv.FormatFloat(f, 'g', -1, 64)
}

func values(list []any) []string {
	var out []string
	for _, v := range list[:min(len(list), maxListed)] {
		text, err := json.Marshal(v)
		if err != nil {
			text = []byte("a value of the schema")
		}
		out = append(out, shorten(quotable(string(text)), maxWord))
	}
	if more := len(list) - maxListed; more > 0 {
		out = append(out, fmt.Sprintf("%d other values", more))
	}
	return out
}

// oneOfWords lists alternatives: a, b or c.
func oneOfWords(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + " or " + list[len(list)-1]
}

// typeWords names types in the order of their names, null last.
func typeWords(types []string) []string {
	var out []string
	for _, t := range slices.Sorted(slices.Values(types)) {
		if t != "null" {
			out = append(out, kindWord(t))
		}
	}
	if slices.Contains(types, "null") {
		out = append(out, "null")
	}
	return out
}

func gotWord(k *kind.Type) string {
	if k.Got == "number" && slices.Contains(k.Want, "integer") {
		return "a number with a fraction"
	}
	return kindWord(k.Got)
}

// kindWord is a type's name with its article.
func kindWord(t string) string {
	switch t {
	case "null":
		return t
	case "true", "false":
		return "a boolean"
	case "integer", "array", "object":
		return "an " + t
	}
	return "a " + t
}
