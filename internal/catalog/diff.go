package catalog

import (
	"encoding/json"
	"fmt"
	"strings"

	"skytower/internal/skytells"
)

const (
	maxShownValue  = 120
	maxAuditDetail = 2000
)

// difference is one line of a diff: "field: old → new".
func difference(field, before, after string) string {
	return fmt.Sprintf("%s: %s → %s", field, shown(before), shown(after))
}

func shown(value string) string {
	if value == "" {
		return "(none)"
	}
	return shorten(value, maxShownValue)
}

func shorten(text string, most int) string {
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return string(runes[:most]) + "…"
}

// field is one field of a resource as a diff shows it.
type field struct{ name, value string }

func compareFields(before, after []field) []string {
	var differences []string
	for i := range after {
		switch {
		case before[i].value == after[i].value:
		case strings.HasSuffix(after[i].name, "_schema"): // both would fill the screen
			differences = append(differences, after[i].name+": changed")
		default:
			differences = append(differences, difference(after[i].name, before[i].value, after[i].value))
		}
	}
	return differences
}

// diffProvider lists the fields in which two providers differ. A credential
// shows as its reference or as "set".
func diffProvider(before, after providerRecord) []string {
	differences := compareFields(providerFields(before.show()), providerFields(after.show()))
	if before.sealed != after.sealed && before.sealed != "" && after.sealed != "" {
		differences = append(differences, "credential: set → set (another one)")
	}
	return differences
}

func providerFields(p skytells.ProviderSpec) []field {
	return []field{
		{"kind", p.Kind}, {"base_url", p.BaseURL}, {"credential", p.Credential},
		{"fetch_inputs", p.FetchInputs}, {"responses", p.Responses}, {"managed", p.Managed},
	}
}

// diffModel lists the fields in which two models differ.
func diffModel(before, after modelRecord) []string {
	return compareFields(modelFields(before.show()), modelFields(after.show()))
}

func modelFields(m skytells.ModelSpec) []field {
	return []field{
		{"name", m.Name}, {"description", m.Description}, {"type", m.Type}, {"api", m.API}, {"privacy", m.Privacy},
		{"img_url", m.ImgURL}, {"vendor", asJSON(m.Vendor)}, {"capabilities", strings.Join(m.Capabilities, ", ")},
		{"aliases", strings.Join(m.Aliases, ", ")}, {"free", yes(m.Free)}, {"pricing", pricingField(m.Pricing)},
		{"accounts", strings.Join(m.Accounts, ", ")}, {"edge", yes(m.Edge)}, {"offline", yes(m.Offline)},
		{"max_output", number(m.MaxOutput)}, {"context_length", number(m.ContextLength)}, {"targets", asJSON(m.Targets)},
		{"features", strings.Join(m.Features, ", ")}, {"router", asJSON(m.Router)},
		{"cache", asJSON(m.Cache)}, {"guards", strings.Join(m.Guards, ", ")},
		{"input_schema", string(m.InputSchema)}, {"output_schema", string(m.OutputSchema)},
		{"deadline", m.Deadline}, {"concurrency", number(int64(m.Concurrency))},
		{"open", yes(m.Open)}, {"managed", m.Managed},
	}
}

// pricingField leaves the version out: it says which price it is, not what it is.
func pricingField(s *skytells.PricingSpec) string {
	if s == nil {
		return ""
	}
	unnumbered := *s
	unnumbered.Version = 0
	return asJSON(unnumbered)
}

func yes(b bool) string {
	if b {
		return "true"
	}
	return ""
}

func number(n int64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

// asJSON is "" for the zero value; the types given here always marshal.
func asJSON(v any) string {
	text, err := toText(v)
	if err != nil {
		return err.Error()
	}
	return text
}

// sameJSON brings raw JSON that means nothing to its one form.
func sameJSON(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	return raw
}
