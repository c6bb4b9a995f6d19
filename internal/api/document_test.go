package api_test

import (
	"encoding/json"
	"strings"
	"testing"

	"skytower/internal/api"
	"skytower/internal/api/admin"
	"skytower/internal/api/infer"
	"skytower/internal/api/rest"
	"skytower/internal/skytells"
)

func rows() []api.Route {
	out := append((&infer.Handlers{}).Rows(), (&rest.Handlers{}).Rows()...)
	return append(out, (&admin.Handlers{}).Rows()...)
}

func TestDocumentDescribesEveryPublicRow(t *testing.T) {
	t.Parallel()
	text, err := api.Document(rows(), "test")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		OpenAPI string
		Paths   map[string]map[string]struct {
			OperationID string
			Responses   map[string]any
			Security    []map[string][]string
		}
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	for _, row := range rows() {
		operation, ok := doc.Paths[row.Pattern][strings.ToLower(row.Method)]
		if public := row.Surface != api.Admin; ok != public {
			t.Errorf("%s %s in the document: %v, want %v", row.Method, row.Pattern, ok, public)
			continue
		}
		if !ok {
			continue
		}
		keys := 2 // ways to send one
		if row.Public != nil {
			keys = 0
		}
		if operation.OperationID == "" || operation.Responses["200"] == nil || (operation.Responses["401"] != nil) != (keys > 0) || len(operation.Security) != keys {
			t.Errorf("%s %s is described incompletely: %+v", row.Method, row.Pattern, operation)
		}
	}
	if strings.Contains(string(text), "/admin/") || strings.Contains(string(text), `"$schema"`) {
		t.Error("the document holds what it must not")
	}
}

// An amount is a number, though it is a string in Go; a schema is any JSON.
func TestAmountsAreNumbers(t *testing.T) {
	t.Parallel()
	text, err := api.Document([]api.Route{{
		Method: "GET", Pattern: "/v1/x", Surface: api.REST, ID: "x", Summary: "X", Response: skytells.ModelSpec{},
	}}, "test")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Components struct {
			Schemas map[string]struct {
				Properties map[string]struct{ Type any }
			}
		}
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	schemas := doc.Components.Schemas
	if got := schemas["PricingSpec"].Properties["amount"].Type; got != "number" {
		t.Errorf("an amount is %v", got)
	}
	if got := schemas["ModelSpec"].Properties["input_schema"].Type; got != nil {
		t.Errorf("a schema is %v", got)
	}
}

func TestEachRowSaysWhoMayCall(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, row := range rows() {
		n := 0
		for _, set := range []bool{row.Public != nil, row.Key != nil, row.Operator != nil} {
			if set {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%s %s has %d handlers, want 1", row.Method, row.Pattern, n)
		}
		if (row.Surface == api.Admin) != (row.Operator != nil) || (row.Surface == api.Admin) != strings.HasPrefix(row.Pattern, "/admin/v1/") {
			t.Errorf("%s %s: operators and /admin/v1 belong together", row.Method, row.Pattern)
		}
		if row.ID == "" || seen[row.ID] || row.Summary == "" || row.Response == nil || len(row.Errors) == 0 {
			t.Errorf("%s %s lacks an id of its own, a summary, a response or errors", row.Method, row.Pattern)
		}
		seen[row.ID] = true
	}
}
