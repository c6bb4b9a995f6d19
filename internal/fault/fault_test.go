package fault_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/fault"
)

// row is one line of the contract's table 9.4, without the prose.
type row struct {
	id       fault.ID
	status   int
	surface  fault.Surface
	kind     string
	code     string
	category string
	retry    fault.Retry
}

// contract is table 9.4, in its order. Ids of the REST surface have no type, code
// and category there, so those columns are not compared.
func contract() []row {
	const (
		both      = fault.Both
		rest      = fault.REST
		inference = fault.Inference
		never     = fault.Never
		later     = fault.Later
		after     = fault.AfterRetryAfter
	)
	return []row{
		{"UNAUTHORIZED", 401, both, "authentication_error", "invalid_api_key", "authentication", never},
		{"ACCOUNT_SUSPENDED", 401, both, "permission_error", "account_suspended", "authentication", never},
		{"PAYMENT_REQUIRED", 402, both, "billing_error", "payment_required", "billing", never},
		{"INSUFFICIENT_CREDITS", 402, both, "billing_error", "insufficient_credits", "billing", never},
		{"FORBIDDEN", 403, both, "permission_error", "forbidden", "permission", never},
		{"SECURITY_VIOLATION", 403, both, "permission_error", "security_violation", "policy", never},
		{"MODEL_NOT_FOUND", 404, both, "server_error", "model_not_found", "request", never},
		{"ENDPOINT_NOT_FOUND", 404, both, "invalid_request_error", "endpoint_not_found", "request", never},
		{"INVALID_REQUEST", 400, both, "invalid_request_error", "invalid_request", "request", never},
		{"INVALID_PARAMETER", 400, both, "invalid_request_error", "invalid_parameter", "request", never},
		{"INVALID_DATE_FORMAT", 400, rest, "", "", "", never},
		{"INVALID_DATE_RANGE", 400, rest, "", "", "", never},
		{"INVALID_PARAMETER_COMBINATION", 400, rest, "", "", "", never},
		{"VALIDATION_ERROR", 422, rest, "", "", "", never},
		{"INVALID_INPUT", 422, rest, "", "", "", never},
		{"MODEL_NOT_SUPPORTED", 422, both, "invalid_request_error", "model_not_supported", "request", never},
		{"RATE_LIMIT_EXCEEDED", 429, rest, "", "", "", after},
		{"RATE_LIMITED", 429, inference, "rate_limit_error", "rate_limit_exceeded", "rate_limit", after},
		{"INFERENCE_RATE_LIMITED", 429, inference, "rate_limit_error", "inference_rate_limited", "inference", after},
		{"CONTENT_POLICY_VIOLATION", 451, both, "invalid_request_error", "content_policy_violation", "policy", never},
		{"INTERNAL_ERROR", 500, both, "server_error", "internal_error", "infrastructure", later},
		{"INFERENCE_ERROR", 500, inference, "server_error", "service_error", "inference", later},
		{"PREDICTION_FAILED", 502, rest, "", "", "", later},
		{"SERVICE_UNAVAILABLE", 503, both, "server_error", "service_unavailable", "infrastructure", later},
		{"INFERENCE_TIMEOUT", 504, inference, "server_error", "inference_timeout", "inference", later},
	}
}

func TestTableIsTheContracts(t *testing.T) {
	t.Parallel()
	var got []row
	for _, e := range fault.Table() {
		r := row{e.ID, e.Status, e.Surface, e.Type, e.Code, e.Category, e.Retry}
		if r.surface == fault.REST {
			r.kind, r.code, r.category = "", "", ""
		}
		got = append(got, r)
	}
	if diff := cmp.Diff(contract(), got, cmp.AllowUnexported(row{})); diff != "" {
		t.Errorf("the table differs from contract 9.4 (-contract +table):\n%s", diff)
	}
}

// The manual's page of errors is made from the rows, and every row may reach the
// inference envelope through a shared room, so none may have a blank.
func TestEveryRowIsComplete(t *testing.T) {
	t.Parallel()
	for _, e := range fault.Table() {
		if e.Type == "" || e.Code == "" || e.Category == "" || e.Cause == "" || e.Cure == "" {
			t.Errorf("%s has a blank: %+v", e.ID, e)
		}
		if e.ID.Entry() != e {
			t.Errorf("%s does not find its own row", e.ID)
		}
	}
}

func TestUnknownIDReadsAsInternalError(t *testing.T) {
	t.Parallel()
	if got := fault.ID("NO_SUCH_ID").Entry().ID; got != fault.InternalError {
		t.Errorf("got row %s", got)
	}
}

func TestFrom(t *testing.T) {
	t.Parallel()
	own := fault.Invalid("n", "'%s' must be at least %d.", "n", 1)
	secret := errors.New("dial 10.0.0.7: refused")
	for name, c := range map[string]struct {
		err     error
		id      fault.ID
		message string
	}{
		"ours":         {own, fault.InvalidParameter, "'n' must be at least 1."},
		"ours wrapped": {fmt.Errorf("parse: %w", own), fault.InvalidParameter, "'n' must be at least 1."},
		"a stranger":   {secret, fault.InternalError, "The server met an unexpected condition."},
	} {
		got := fault.From(c.err)
		if got.ID != c.id || got.Message != c.message {
			t.Errorf("%s: got %s %q", name, got.ID, got.Message)
		}
		if !errors.Is(got, c.err) && !errors.Is(c.err, got) {
			t.Errorf("%s: the cause is lost", name)
		}
	}
	if fault.From(nil) != nil {
		t.Error("nil became an error")
	}
}

func TestErrorTellsTheLogItsCause(t *testing.T) {
	t.Parallel()
	cause := errors.New("disk full")
	err := fmt.Errorf("commit: %w", fault.Wrap(cause, fault.ServiceUnavailable, "Try later."))
	if got, want := err.Error(), "commit: SERVICE_UNAVAILABLE: Try later.: disk full"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if !errors.Is(err, cause) || !fault.Is(err, fault.ServiceUnavailable) || fault.Is(err, fault.InternalError) || fault.Is(cause, fault.InternalError) {
		t.Error("the wrapped error is not found")
	}
	if got := fault.New(fault.Forbidden, "No.").Error(); got != "FORBIDDEN: No." {
		t.Errorf("got %q", got)
	}
}

func TestStatusAndCodeCanBeReplaced(t *testing.T) {
	t.Parallel()
	plain := fault.Newf(fault.InvalidRequest, "bad %s", "body")
	large := &fault.Error{ID: fault.InvalidRequest, Status: 413, Code: "request_too_large"}
	if plain.HTTPStatus() != 400 || plain.InferenceCode() != "invalid_request" {
		t.Errorf("got %d %s", plain.HTTPStatus(), plain.InferenceCode())
	}
	if large.HTTPStatus() != 413 || large.InferenceCode() != "request_too_large" {
		t.Errorf("got %d %s", large.HTTPStatus(), large.InferenceCode())
	}
}
